"""The portable messages as Cohere has them, and back. Roles and calls are OpenAI's; parts are text and images only.

What an answer held beside text and calls (thinking, the plan for its tools, citations) rides in the private key as
fields that go over the message.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from agentsea_gateway.dialects import tool_arguments
from agentsea_gateway.dialects.cohere_chat.answer import NAME
from agentsea_gateway.dialects.pairing import is_as_sent, keep_as_sent, paired
from agentsea_gateway.dialects.parts import (
    CACHE_MARK,
    image_url,
    inline,
    inline_text,
    media_apart,
    note_others,
    plain_text,
    text_part,
)
from agentsea_gateway.dialects.tool_ids import ToolIds
from agentsea_gateway.errors import UnsupportedRequestError
from agentsea_gateway.messages import NATIVE, native_parts, with_native

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from agentsea_gateway.dialects.request_reading import Degraded

_KNOWN_KEYS = frozenset(("role", "content", "tool_calls", "tool_call_id", "refusal", NATIVE))
_LONGEST_ID = 256  # characters; no limit is documented


class Messages:
    """The messages of one request, built one by one."""

    def __init__(self, degraded: Degraded) -> None:
        self.wire: list[dict[str, Any]] = []
        self._degraded = degraded
        self._ids = ToolIds(_LONGEST_ID, any_letter=True)
        self._moved: list[dict[str, Any]] = []  # images of tool results, which follow their turn in a user message

    def add_all(self, messages: Sequence[Mapping[str, Any]]) -> None:
        """Take the whole conversation."""
        self._ids.as_sent = is_as_sent(messages, NAME)
        for number, message in enumerate(paired(messages, NAME)):
            where = f"messages[{number}]"
            role = message["role"]
            self._degraded.note_message(message, _KNOWN_KEYS)
            if role == "tool":
                self._add_result(message, where)
                continue
            self._ids.check_answered(where)
            self._settle_moved()
            if role == "assistant":
                self._add_assistant(message, where)
            else:
                self._add_plain("system" if role == "developer" else role, message, where)
        self._ids.check_answered("the end")
        self._settle_moved()
        if not self.wire:
            raise UnsupportedRequestError("no message is left for Cohere: it needs a message with content")

    def _add_plain(self, role: str, message: Mapping[str, Any], where: str) -> None:
        content = self._content(message.get("content"), where)
        if content:  # the API refuses a message without
            self.wire.append({"role": role, "content": content})

    def _settle_moved(self) -> None:
        if self._moved:
            self.wire.append({"role": "user", "content": self._moved})
            self._moved = []

    def _content(self, content: Any, where: str) -> str | list[dict[str, Any]]:
        if content is None or isinstance(content, str):
            return content or ""
        return [self._part(part, where) for part in content if part.get("type") != "text" or part["text"]]

    def _part(self, part: Mapping[str, Any], where: str) -> dict[str, Any]:
        note_others(part, self._degraded)
        if part.get(CACHE_MARK) is not None:
            self._degraded.note(CACHE_MARK)
        kind = part.get("type")
        if kind == "text":
            return text_part(part["text"])
        if kind == "refusal":
            return text_part(str(part.get("refusal", "")))
        if kind == "image_url":
            url, detail = image_url(part, where)
            return {
                "type": "image_url",
                "image_url": {"url": url} if detail is None else {"url": url, "detail": detail},
            }
        if kind == "document":
            document = part.get("document")
            if isinstance(document, dict):  # Cohere's own: data to cite
                return {"type": "document", "document": document}
        if kind == "file":
            return _text_file(part, where)
        raise UnsupportedRequestError(f"{where} has a part of type {kind!r}, which cohere_chat cannot express")

    def _add_assistant(self, message: Mapping[str, Any], where: str) -> None:
        wire: dict[str, Any] = {"role": "assistant"}
        content = self._content(message.get("content") or message.get("refusal"), where)
        calls = [self._call(call) for call in message.get("tool_calls") or ()]
        if content:
            wire["content"] = content
        if calls:
            wire["tool_calls"] = calls
        overlay = native_parts(message, NAME) if NATIVE in message else None
        if isinstance(overlay, dict):
            wire |= {name: value for name, value in overlay.items() if name in ("content", "tool_plan", "citations")}
        if len(wire) > 1:  # a turn without anything would be refused
            self.wire.append(wire)

    def _call(self, call: Mapping[str, Any]) -> dict[str, Any]:
        note_others(call, self._degraded, ("id", "index"))
        if call.get(CACHE_MARK) is not None:
            self._degraded.note(CACHE_MARK)
        function = call["function"]
        wire = {"name": function["name"], "arguments": function.get("arguments") or "{}"}
        return {"id": self._ids.call(call.get("id")), "type": "function", "function": wire}

    def _add_result(self, message: Mapping[str, Any], where: str) -> None:
        call_id = self._ids.result(message.get("tool_call_id"), where)
        own = native_parts(message, NAME) if NATIVE in message else None
        given = own["content"] if isinstance(own, dict) and "content" in own else message.get("content")
        content, moved = media_apart(self._content(given, where), call_id, ("text", "document"))
        self._moved += moved
        self.wire.append({"role": "tool", "tool_call_id": call_id, "content": content or ""})


def _text_file(part: Mapping[str, Any], where: str) -> dict[str, Any]:
    """A file of text as text: the API takes no files."""
    file = part.get("file")
    data = file.get("file_data") if isinstance(file, dict) else None
    held = inline(data) if isinstance(data, str) else None
    if held is None or not held.media_type.startswith("text/"):
        raise UnsupportedRequestError(f"{where} has a file that is no inline text; Cohere takes text and images")
    return text_part(inline_text(held))


def decode_messages(messages: Any) -> list[dict[str, Any]]:
    """The portable messages that a request's messages say."""
    decoded = [_decoded(message) for message in messages]
    return keep_as_sent(decoded, NAME, ToolIds(_LONGEST_ID, any_letter=True))


def _decoded(message: Mapping[str, Any]) -> dict[str, Any]:
    role, content = message["role"], message.get("content")
    if role == "assistant":
        return _decoded_assistant(message)
    portable: dict[str, Any] = {"role": role, "content": _decoded_content(content)}
    if role == "tool":
        portable["tool_call_id"] = message["tool_call_id"]
        if isinstance(content, list) and any(part.get("type") == "document" for part in content):
            portable["content"] = [_document_text(part) for part in content]
            return with_native(portable, NAME, {"content": content})
    return portable


def _document_text(part: Mapping[str, Any]) -> dict[str, Any]:
    """A document in a result as the text that other vendors take; any other part as it is."""
    if part.get("type") != "document":
        return dict(part)
    data = part["document"].get("data")
    return text_part(data if isinstance(data, str) else tool_arguments.as_text(data))


def _decoded_content(content: Any) -> str | list[dict[str, Any]]:
    if content is None or isinstance(content, str):
        return content or ""
    return [dict(part) for part in content]


def _decoded_assistant(message: Mapping[str, Any]) -> dict[str, Any]:
    content, calls = message.get("content"), message.get("tool_calls")
    overlay = {name: message[name] for name in ("tool_plan", "citations") if message.get(name)}
    if isinstance(content, list) and any(part.get("type") != "text" for part in content):
        overlay["content"] = content
    portable: dict[str, Any] = {"role": "assistant"}
    if isinstance(content, list) and len(content) > 1 and "content" not in overlay:
        portable["content"] = _decoded_content(content)
    else:
        portable["content"] = plain_text(content)
    if calls:
        portable["tool_calls"] = [
            {"id": call.get("id"), "type": "function", "function": dict(call["function"])} for call in calls
        ]
    return with_native(portable, NAME, overlay) if overlay else portable
