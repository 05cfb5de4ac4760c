"""The portable messages as Ollama has them: text and images apart, calls without ids, results by their tool's name.

What an answer held beside text and calls (thinking, ids of calls) rides in the private key as fields that go over the
message.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from agentsea_gateway.dialects import tool_arguments
from agentsea_gateway.dialects.ollama_chat.answer import NAME
from agentsea_gateway.dialects.parts import CACHE_MARK, image_url, inline, inline_text, note_others
from agentsea_gateway.errors import UnsupportedRequestError
from agentsea_gateway.messages import NATIVE, native_parts

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from agentsea_gateway.dialects.request_reading import Degraded

_KNOWN_KEYS = frozenset(("role", "content", "tool_calls", "tool_call_id", "refusal", NATIVE))


def encode_messages(messages: Sequence[Mapping[str, Any]], degraded: Degraded) -> list[dict[str, Any]]:
    """The messages on the wire. Raises UnsupportedRequestError for parts that Ollama does not take."""
    names: dict[Any, str] = {}  # of the tools that were called, by the id of the call
    return [_message(message, f"messages[{number}]", names, degraded) for number, message in enumerate(messages)]


def _message(message: Mapping[str, Any], where: str, names: dict[Any, str], degraded: Degraded) -> dict[str, Any]:
    role = message["role"]
    degraded.note_message(message, _KNOWN_KEYS)
    content = message.get("content")
    if not content and role == "assistant":
        content = message.get("refusal")
    wire: dict[str, Any] = {"role": "system" if role == "developer" else role, **_content(content, where, degraded)}
    calls = message.get("tool_calls")
    if calls:
        wire["tool_calls"] = [_call(call, names, degraded) for call in calls]
    own = native_parts(message, NAME) if NATIVE in message else None
    overlay = own if isinstance(own, dict) else {}
    if role == "tool" and not overlay.keys() & {"tool_name", "tool_call_id"}:
        wire["tool_name"] = _tool_name(message, where, names)
    return {key: value for key, value in {**wire, **overlay}.items() if value is not None}


def _content(content: Any, where: str, degraded: Degraded) -> dict[str, Any]:
    if content is None or isinstance(content, str):
        return {"content": content or ""}
    texts: list[str] = []
    images: list[str] = []
    for part in content:
        note_others(part, degraded)
        if part.get(CACHE_MARK) is not None:
            degraded.note(CACHE_MARK)
        if part.get("type") == "image_url":
            images.append(_image(part, where, degraded))
        else:
            texts.append(_text(part, where))
    found: dict[str, Any] = {"content": "\n".join(texts)}
    return {**found, "images": images} if images else found


def _image(part: Mapping[str, Any], where: str, degraded: Degraded) -> str:
    url, detail = image_url(part, where)
    if detail not in (None, "auto"):
        degraded.note("image_url.detail")
    held = inline(url)
    if held is None:
        raise UnsupportedRequestError(f"{where} has an image by its address, which ollama_chat cannot express")
    return held.data


def _text(part: Mapping[str, Any], where: str) -> str:
    kind = part.get("type")
    if kind == "text":
        return str(part["text"])
    if kind == "refusal":
        return str(part.get("refusal", ""))
    file = part.get("file") if kind == "file" else None
    data = file.get("file_data") if isinstance(file, dict) else None
    held = inline(data) if isinstance(data, str) else None
    if held is not None and held.media_type.startswith("text/"):
        return inline_text(held)
    raise UnsupportedRequestError(f"{where} has a part of type {kind!r}, which ollama_chat cannot express")


def _call(call: Mapping[str, Any], names: dict[Any, str], degraded: Degraded) -> dict[str, Any]:
    note_others(call, degraded, ("id", "index"))
    if call.get(CACHE_MARK) is not None:
        degraded.note(CACHE_MARK)
    function = call["function"]
    names[call.get("id")] = function["name"]
    given = function.get("arguments") or "{}"
    arguments = given if isinstance(given, dict) else tool_arguments.parsed(given)
    if arguments is None:  # the API takes an object only
        arguments = {"INVALID_JSON": given}
        degraded.note("arguments")
    return {"function": {"name": function["name"], "arguments": arguments}}


def _tool_name(message: Mapping[str, Any], where: str, names: Mapping[Any, str]) -> str:
    name = names.get(message.get("tool_call_id")) or message.get("name")
    if not isinstance(name, str):
        raise UnsupportedRequestError(
            f"{where} is the result of tool call {message.get('tool_call_id')!r}, which no assistant turn in front of "
            "it made; keep the assistant message with its tool_calls, or drop the result"
        )
    return name
