"""The portable messages in the order and with the fields that Mistral takes, for the dialect that its own builds on.

Results stand behind their calls, turns without content fall out, a system message that would stand behind an answer
moves in front, and an answer at the end is a prefix to go on with. Source: Mistral AI API reference, "Chat completion",
AssistantMessage (prefix), and mistral-common, validation of the order of messages, as of November 2026.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from agentsea_gateway.dialects.mistral_chat.answer import NAME
from agentsea_gateway.dialects.mistral_chat.ids import ShortIds
from agentsea_gateway.dialects.mistral_chat.parts import encode_part
from agentsea_gateway.dialects.openai_chat.answer import NAME as CHAT
from agentsea_gateway.dialects.pairing import is_as_sent, keep_as_sent, paired
from agentsea_gateway.dialects.parts import CACHE_MARK, note_others
from agentsea_gateway.errors import UnsupportedRequestError
from agentsea_gateway.messages import NATIVE, native_parts, with_native

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from agentsea_gateway.dialects.request_reading import Degraded

_SYSTEM_ROLES = ("system", "developer")
# Fields that Mistral takes, and those that the dialect below leaves out and notes itself.
_KNOWN_KEYS = frozenset(
    ("role", "content", "tool_calls", "tool_call_id", "prefix", "refusal", "is_error", "toolset_name", CACHE_MARK)
)


def encode_messages(messages: Sequence[Mapping[str, Any]], degraded: Degraded) -> list[dict[str, Any]]:
    """The messages as the dialect that Mistral's builds on has to see them.

    Raises UnsupportedRequestError for results and calls without each other, and where no message is left.
    """
    ids = ShortIds()
    taken: list[dict[str, Any]] = []
    leading = 0  # system messages in front
    for message in paired(messages, NAME):
        found = _message(message, ids, degraded)
        if found is None:
            continue
        if found["role"] in _SYSTEM_ROLES and (not taken or taken[-1]["role"] in (*_SYSTEM_ROLES, "assistant", "tool")):
            taken.insert(leading, found)
            leading += 1
        else:
            taken.append(found)
    if not taken:
        raise UnsupportedRequestError("no message is left for Mistral: it needs a message with content")
    if taken[-1]["role"] == "assistant" and not taken[-1].get("tool_calls"):
        taken[-1] = _prefix(taken[-1])
    return keep_as_sent(taken, CHAT) if is_as_sent(messages, NAME) else taken


def _message(message: Mapping[str, Any], ids: ShortIds, degraded: Degraded) -> dict[str, Any] | None:
    """The message; None for a turn of the assistant without anything in it, which would be refused."""
    own = native_parts(message, NAME) if NATIVE in message else None
    role = message["role"]
    found: dict[str, Any] = {}
    for key, value in message.items():
        if key in _KNOWN_KEYS or (key == "name" and role == "tool"):
            found[key] = value
        elif key != NATIVE and value is not None:
            degraded.note(key)
    refusal = found.pop("refusal", None)
    if role == "assistant" and not found.get("content"):
        found["content"] = refusal or ""
    if isinstance(found.get("content"), (list, tuple)):
        for part in found["content"]:
            if part.get("type") in ("file", "input_audio"):  # other parts go as they are
                note_others(part, degraded, tuple(part))
        found["content"] = [encode_part(part) for part in found["content"]]
    if found.get("tool_calls"):
        found["tool_calls"] = [{**call, "id": ids.call(call.get("id"))} for call in found["tool_calls"]]
    if role == "tool":
        found["tool_call_id"] = ids.result(found.get("tool_call_id"))
    if own is not None:
        return with_native(found, CHAT, own)
    return None if role == "assistant" and not found["content"] and not found.get("tool_calls") else found


def _prefix(message: dict[str, Any]) -> dict[str, Any]:
    native = native_parts(message, CHAT) if NATIVE in message else None
    found = {key: value for key, value in message.items() if key != NATIVE}
    return with_native(found, CHAT, {"prefix": True, **(native or {})})
