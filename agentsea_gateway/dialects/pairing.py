"""Results of tools right behind the calls that they answer, for vendors that want them there and nowhere else."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from agentsea_gateway.errors import UnsupportedRequestError
from agentsea_gateway.messages import NATIVE, native_parts

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


# In the native parts of a message: the history was read from a body of this dialect, and stands as it stood there.
AS_SENT = "as_sent"


def paired(messages: Sequence[Mapping[str, Any]], dialect: str | None = None) -> Sequence[Mapping[str, Any]]:
    """The messages, with every result behind the turn that made its call: the same sequence where that is so already.

    Or where it was read so from a body of `dialect`. Raises UnsupportedRequestError for a result whose call is not
    there, and for a call that has no result.
    """
    for message in messages:
        if message["role"] == "tool" or message.get("tool_calls"):
            return messages if is_paired(messages) or _is_as_sent(messages, dialect) else _sorted(messages)
    return messages


def _is_as_sent(messages: Sequence[Mapping[str, Any]], dialect: str | None) -> bool:
    natives = (native_parts(each, dialect) for each in messages if dialect and NATIVE in each)
    return any(isinstance(native, dict) and native.get(AS_SENT) for native in natives)


def _ids(message: Mapping[str, Any]) -> list[Any]:
    return [call.get("id") for call in message.get("tool_calls") or ()]


def is_paired(messages: Sequence[Mapping[str, Any]]) -> bool:
    """Whether every result stands behind its call, and every call has one."""
    waiting: list[Any] = []
    for message in messages:
        if message["role"] == "tool":
            if message.get("tool_call_id") not in waiting:
                return False
            waiting.remove(message.get("tool_call_id"))
        elif waiting:
            return False
        else:
            waiting = _ids(message)
    return not waiting


class _Asked:
    """A turn and the results that belong to it."""

    __slots__ = ("results", "turn", "waiting")

    def __init__(self, turn: Mapping[str, Any]) -> None:
        self.turn = turn
        self.waiting = _ids(turn)
        self.results: list[Mapping[str, Any]] = []


def _sorted(messages: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    turns: list[_Asked] = []
    for number, message in enumerate(messages):
        if message["role"] != "tool":
            turns.append(_Asked(message))
            continue
        given = message.get("tool_call_id")
        asked = next((turn for turn in turns if given in turn.waiting), None)
        if asked is None:
            raise orphaned(given, f"messages[{number}]")
        asked.waiting.remove(given)
        asked.results.append(message)
    waiting = [call_id for turn in turns for call_id in turn.waiting]
    if waiting:
        raise unanswered(waiting)
    return [message for turn in turns for message in (turn.turn, *turn.results)]


def orphaned(given: object, where: str) -> UnsupportedRequestError:
    """For a result whose call is not there."""
    return UnsupportedRequestError(
        f"{where} is the result of tool call {given!r}, which the assistant turn in front of it did not make; "
        "keep the assistant message with its tool_calls, or drop the result"
    )


def unanswered(waiting: Sequence[object], where: str = "the end") -> UnsupportedRequestError:
    """For calls that have no result where there should be one."""
    return UnsupportedRequestError(
        f"{where} comes before the results of the tool calls {', '.join(map(repr, waiting))}; "
        'add a {"role": "tool", "tool_call_id": …} message for each'
    )
