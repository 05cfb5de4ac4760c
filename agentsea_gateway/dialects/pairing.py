"""Results of tools right behind the calls that they answer, for vendors that want them there and nowhere else."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from agentsea_gateway.errors import UnsupportedRequestError
from agentsea_gateway.messages import NATIVE, with_native

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from agentsea_gateway.dialects.tool_ids import ToolIds

_AS_SENT = "as_sent"  # in the private key of one message


def paired(messages: Sequence[Mapping[str, Any]], dialect: str) -> Sequence[Mapping[str, Any]]:
    """The messages, with every result behind the turn that made its call: the same sequence where that is so already,
    or where it was read from a body of `dialect` that had them otherwise.

    Raises UnsupportedRequestError for a result whose call is not there, and for a call that has no result.
    """
    for message in messages:
        if message["role"] == "tool" or message.get("tool_calls"):
            return messages if _is_paired(messages) or is_as_sent(messages, dialect) else _sorted(messages)
    return messages


def keep_as_sent(messages: list[dict[str, Any]], dialect: str, ids: ToolIds | None = None) -> list[dict[str, Any]]:
    """The messages that a body of `dialect` says. Where we would have made another one of them they are marked, and go
    back to this dialect as they were.

    That is where calls and results are no pairs, where `ids` would change the id of a call, and where the assistant
    begins. Hosts take some of it, and what they refused is worth a look, too.
    """
    begins = next((message["role"] for message in messages if message["role"] not in ("system", "developer")), None)
    called = [call_id for message in messages for call_id in _ids(message)]
    changed = ids is not None and any(ids.call(call_id) != call_id for call_id in called)
    if begins == "assistant" or changed or not _is_paired(messages):
        first = messages[0]
        if NATIVE not in first:
            with_native(first, dialect, None)
        first[NATIVE][_AS_SENT] = True
    return messages


def is_as_sent(messages: Sequence[Mapping[str, Any]], dialect: str) -> bool:
    """Whether `keep_as_sent` marked them."""
    for message in messages:
        native = message.get(NATIVE)
        if isinstance(native, dict) and native.get(_AS_SENT) and native.get("dialect") == dialect:
            return True
    return False


def _ids(message: Mapping[str, Any]) -> list[Any]:
    return [call.get("id") for call in message.get("tool_calls") or ()]


def _is_paired(messages: Sequence[Mapping[str, Any]]) -> bool:
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
