"""The portable messages as a chat request has them, and back. They are nearly the same: the portable shape is OpenAI's.

What an answer held beside text and calls (reasoning, chunks of content, signatures of calls) rides in the private key
as fields that go over the message; a host that does not want its reasoning back says so in its `Quirks`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from agentsea_gateway.dialects.openai_chat.answer import NAME
from agentsea_gateway.dialects.pairing import keep_as_sent, paired
from agentsea_gateway.dialects.parts import CACHE_MARK, media_apart, plain_text
from agentsea_gateway.dialects.request_reading import without_native
from agentsea_gateway.dialects.tool_ids import legal_id
from agentsea_gateway.errors import UnsupportedRequestError
from agentsea_gateway.messages import NATIVE, native_parts, with_native

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from agentsea_gateway.dialects.openai_chat.quirks import Quirks
    from agentsea_gateway.dialects.request_reading import Degraded

# Parts that only one other dialect knows, and keys of such.
_FOREIGN_PARTS = {
    **dict.fromkeys(
        ("image", "document", "search_result", "container_upload", "tool_reference", "browser_state"),
        "anthropic_messages",
    ),
    "gemini_part": "gemini",
    "anthropic_block": "anthropic_messages",
}
_FOREIGN_PART_KEYS = ("citations", "context", "transformations", "media_resolution", "video_metadata")
_TOOL_MESSAGE_KEYS = ("is_error", "toolset_name")


def encode_messages(messages: Sequence[Mapping[str, Any]], quirks: Quirks, degraded: Degraded) -> list[dict[str, Any]]:
    """The messages on the wire, results of tools right behind their calls.

    Raises UnsupportedRequestError for parts that only another vendor knows, and for results and calls without each
    other.
    """
    wire: list[dict[str, Any]] = []
    moved: list[dict[str, Any]] = []  # media of tool results, which follow their turn in a user message
    for number, message in enumerate(paired(messages, NAME)):
        role = message["role"]
        if role != "tool" and moved:
            wire.append({"role": "user", "content": moved})
            moved = []
        if len(message) == 2 and isinstance(message.get("content"), str):  # the usual turn
            wire.append(dict(message))
        elif role == "assistant":
            wire.append(_assistant(message, quirks, degraded))
        else:
            wire.append(_other(message, f"messages[{number}]", quirks, degraded, moved))
    if moved:
        wire.append({"role": "user", "content": moved})
    if not (quirks.developer and quirks.names and quirks.message_fields is None):
        for message in wire:
            if len(message) > 2 or message["role"] == "developer":
                _plainer(message, quirks, degraded)
    return wire


def _plainer(wire: dict[str, Any], quirks: Quirks, degraded: Degraded) -> None:
    if wire["role"] == "developer" and not quirks.developer:
        wire["role"] = "system"
    if not quirks.names and wire.pop("name", None) is not None:
        degraded.note("name")
    if quirks.message_fields is not None:
        for key in wire.keys() - quirks.message_fields:
            if wire.pop(key) is not None:
                degraded.note(key)


def _assistant(message: Mapping[str, Any], quirks: Quirks, degraded: Degraded) -> dict[str, Any]:
    wire = without_native(message)
    calls = wire.pop("tool_calls", None)
    if calls:
        wire["tool_calls"] = [_call(call, quirks, degraded) for call in calls]
    overlay = native_parts(message, NAME) if NATIVE in message else None
    if isinstance(overlay, dict):
        unwanted = quirks.unwanted()
        wire |= {name: value for name, value in overlay.items() if name not in unwanted}
        if wire.get("tool_calls", ()) is None:  # of the form before tools, {"function_call": …}
            del wire["tool_calls"]
    elif wire.get("content") is None and not calls:
        wire["content"] = ""
    return _marked(wire, quirks, degraded)


def _call(call: Mapping[str, Any], quirks: Quirks, degraded: Degraded) -> dict[str, Any]:
    wire = {key: value for key, value in call.items() if key != CACHE_MARK}
    if len(wire) != len(call):
        degraded.note(CACHE_MARK)
    if quirks.longest_tool_id is not None:
        wire["id"] = _short_id(call.get("id"), quirks.longest_tool_id)
    return wire


def _short_id(given: Any, longest: int) -> Any:
    return legal_id(given, longest) if isinstance(given, str) and len(given) > longest else given


def _other(
    message: Mapping[str, Any], where: str, quirks: Quirks, degraded: Degraded, moved: list[dict[str, Any]]
) -> dict[str, Any]:
    wire = without_native(message)
    content = wire.get("content")
    if isinstance(content, (list, tuple)):
        wire["content"] = [_part(part, where, quirks, degraded) for part in content]
    if message["role"] == "tool":
        _tool_message(wire, quirks, degraded, moved)
        overlay = native_parts(message, NAME) if NATIVE in message else None
        if isinstance(overlay, dict):  # a result of the form before tools, {"role": "function"}, or without an id
            wire = {key: value for key, value in {**wire, **overlay}.items() if value is not None}
    return _marked(wire, quirks, degraded)


def _tool_message(wire: dict[str, Any], quirks: Quirks, degraded: Degraded, moved: list[dict[str, Any]]) -> None:
    for key in _TOOL_MESSAGE_KEYS:
        if wire.pop(key, None):
            degraded.note(key)
    if quirks.longest_tool_id is not None:
        wire["tool_call_id"] = _short_id(wire.get("tool_call_id"), quirks.longest_tool_id)
    if not quirks.tool_media and "content" in wire:
        wire["content"], media = media_apart(wire["content"], str(wire.get("tool_call_id")))
        moved += media


def _part(part: Mapping[str, Any], where: str, quirks: Quirks, degraded: Degraded) -> dict[str, Any]:
    owner = _FOREIGN_PARTS.get(part["type"])
    if owner is not None:
        raise UnsupportedRequestError(
            f"{where} has a part of type {part['type']!r}, which only {owner} knows; "
            'use "text", "image_url", "file" or "input_audio"'
        )
    wire = dict(part)
    for key in _FOREIGN_PART_KEYS:
        if wire.pop(key, None) is not None:
            degraded.note(key)
    return _marked(wire, quirks, degraded)


def _marked(wire: dict[str, Any], quirks: Quirks, degraded: Degraded) -> dict[str, Any]:
    if not quirks.cache_marks and CACHE_MARK in wire:
        del wire[CACHE_MARK]
        degraded.note(CACHE_MARK)
    return wire


def decode_messages(messages: Any) -> list[dict[str, Any]]:
    """The portable messages that a request's messages say."""
    return keep_as_sent([_decoded(message) for message in messages], NAME)


def _decoded(message: Mapping[str, Any]) -> dict[str, Any]:
    role = message["role"]
    if role == "assistant":
        return _decoded_assistant(message)
    portable = {key: value for key, value in message.items() if value is not None}
    content = portable.setdefault("content", "")
    if isinstance(content, list):
        portable["content"] = [_decoded_part(part) for part in content]
    if role == "function":  # the form before tools
        portable = {"role": "tool", "tool_call_id": str(message.get("name")), "content": portable["content"]}
        overlay = {"role": "function", "name": message.get("name"), "tool_call_id": None}
        return _with_overlay(portable, overlay)
    if role == "tool" and not isinstance(portable.get("tool_call_id"), str):
        given = message.get("tool_call_id")
        told = str(message.get("name") if given is None else given)
        return _with_overlay({**portable, "tool_call_id": told}, {"tool_call_id": given})
    return portable


def _decoded_part(part: Mapping[str, Any]) -> dict[str, Any]:
    if isinstance(part.get("image_url"), str):
        return {**part, "image_url": {"url": part["image_url"]}}
    return dict(part)


def _decoded_assistant(message: Mapping[str, Any]) -> dict[str, Any]:
    overlay: dict[str, Any] = {}
    portable: dict[str, Any] = {"role": "assistant", "content": message.get("content")}
    for key, value in message.items():
        if key in ("role", "content", "tool_calls") or value is None:
            continue
        (portable if key in ("name", "refusal", CACHE_MARK) else overlay)[key] = value
    content, calls = message.get("content"), message.get("tool_calls")
    if isinstance(content, list) and any(part.get("type") not in ("text", "refusal", "image_url") for part in content):
        overlay["content"] = content
        portable["content"] = plain_text(content)
    elif isinstance(content, list):
        portable["content"] = [_decoded_part(part) for part in content]
    elif content is None:
        portable["content"] = ""
        if not calls:
            overlay["content"] = None
    if calls:
        found = [_decoded_call(call) for call in calls if call.get("function") or call.get("custom")]
        if found:  # and not only what the host ran itself
            portable["tool_calls"] = found
        if found != calls:
            overlay["tool_calls"] = calls
    elif calls is not None:
        overlay["tool_calls"] = calls
    elif isinstance(overlay.get("function_call"), dict) and overlay["function_call"].get("name"):
        function = overlay["function_call"]
        portable["tool_calls"] = [{"id": str(function.get("name")), "type": "function", "function": dict(function)}]
        overlay["tool_calls"] = None
    return _with_overlay(portable, overlay)


def _decoded_call(call: Mapping[str, Any]) -> dict[str, Any]:
    function = call.get("function")
    custom = call.get("custom")
    if not isinstance(function, dict) and isinstance(custom, dict):
        function = {"name": custom.get("name"), "arguments": custom.get("input")}
    return {"id": call.get("id"), "type": "function", "function": function}


def _with_overlay(portable: dict[str, Any], overlay: dict[str, Any]) -> dict[str, Any]:
    return with_native(portable, NAME, overlay) if overlay else portable
