"""Ollama's messages as the portable ones: images become parts, calls get ids, and results the id of their call."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from agentsea_gateway.dialects.ollama_chat.answer import NAME, is_plain
from agentsea_gateway.dialects.parts import data_url, text_part
from agentsea_gateway.dialects.tool_arguments import as_text, new_id
from agentsea_gateway.messages import with_native

if TYPE_CHECKING:
    from collections.abc import Mapping

# How the base64 of an image begins, which comes without its media type.
_BEGINNINGS = {"iVBOR": "image/png", "/9j/": "image/jpeg", "R0lG": "image/gif", "UklG": "image/webp"}
_PORTABLE = ("role", "content", "images", "tool_calls", "tool_name")


class History:
    """The messages of one request, decoded one by one."""

    def __init__(self) -> None:
        self._calls = 0
        self._waiting: list[tuple[str, str]] = []  # id and name of the calls that have no result yet

    def decode(self, message: Mapping[str, Any]) -> dict[str, Any]:
        """The next message."""
        role = message["role"]
        overlay = {
            key: value for key, value in message.items() if value == [] or (key not in _PORTABLE and value is not None)
        }
        portable: dict[str, Any] = {"role": role, "content": _content(message)}
        calls = message.get("tool_calls")
        if calls:
            portable["tool_calls"] = [self._call(call) for call in calls]
            if not all(map(is_plain, calls)):
                overlay["tool_calls"] = calls
        if role == "tool":
            self._settle(message, portable, overlay)
        return with_native(portable, NAME, overlay) if overlay else portable

    def _call(self, call: Mapping[str, Any]) -> dict[str, Any]:
        given, function = call.get("id"), call["function"]
        call_id = given if isinstance(given, str) and given else new_id(self._calls)
        self._calls += 1
        self._waiting.append((call_id, function["name"]))
        arguments = function.get("arguments")
        text = arguments if isinstance(arguments, str) else as_text(arguments)
        return {"id": call_id, "type": "function", "function": {"name": function["name"], "arguments": text or "{}"}}

    def _settle(self, message: Mapping[str, Any], portable: dict[str, Any], overlay: dict[str, Any]) -> None:
        """Find the call that a result answers: by its id, by its tool's name, else the first that waits."""
        given, name = message.get("tool_call_id"), message.get("tool_name")
        found = next((call for call in self._waiting if call[0] == given), None)
        found = found or next((call for call in self._waiting if call[1] == name), None)
        if found is None and name is None and self._waiting:
            found = self._waiting[0]
        if found is not None:
            self._waiting.remove(found)
        portable["tool_call_id"] = found[0] if found else given if isinstance(given, str) else new_id(self._calls)
        if found is None or found[1] != name or given is not None:
            overlay |= {"tool_name": name, "tool_call_id": given}


def _content(message: Mapping[str, Any]) -> Any:
    text, images = message.get("content") or "", message.get("images")
    if not images:
        return text
    parts = [text_part(text)] if text else []
    return [*parts, *({"type": "image_url", "image_url": {"url": _url(image)}} for image in images)]


def _url(image: str) -> str:
    kind = next((kind for begins, kind in _BEGINNINGS.items() if image.startswith(begins)), "image/png")
    return data_url(kind, image)
