"""The result of a tool as a `functionResponse`, and back.

Google wants an object: one that says "error" failed, any other is what the tool gave. A text that holds an object is
that object; any other text stands under "result". Source: Gemini API reference, "Caching", FunctionResponse (2026-11).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from agentsea_gateway.dialects import tool_arguments
from agentsea_gateway.dialects.gemini.keys import camel_keys
from agentsea_gateway.dialects.gemini.parts import decode_part, encode_content
from agentsea_gateway.dialects.parts import text_part

if TYPE_CHECKING:
    from collections.abc import Mapping

    from agentsea_gateway.dialects.request_reading import Degraded

KEPT = ("willContinue", "scheduling")  # of a response; they ride in the private key


def encode_result(
    message: Mapping[str, Any], where: str, degraded: Degraded
) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """The `response` of a tool message, and what of it is no text."""
    content = message.get("content")
    parts = encode_content(content, where, degraded)
    texts = [part["text"] for part in parts if part.keys() == {"text"}]
    media = [part for part in parts if part.keys() != {"text"}]
    text = "\n".join(texts)
    if message.get("is_error"):
        return {"error": text}, media
    found = tool_arguments.parsed(text) if text else None
    if found is not None:
        return found, media
    return {} if media and not texts else {"result": text}, media


def decode_result(response: Mapping[str, Any], tool_call_id: str) -> dict[str, Any]:
    """The tool message that a `functionResponse` (with names in camel case) says."""
    held = response.get("response")
    message: dict[str, Any] = {"role": "tool", "tool_call_id": tool_call_id, "content": ""}
    if isinstance(held, dict) and held.keys() == {"error"} and isinstance(held["error"], str):
        message |= {"content": held["error"], "is_error": True}
    else:
        message["content"] = _text(held or {})
    media = [decode_part(camel_keys(part)) for part in response.get("parts") or ()]
    if media:
        texts = [text_part(message["content"])] if held else []
        message["content"] = [*texts, *media]
    return message


def _text(response: Any) -> str:
    if isinstance(response, dict) and response.keys() == {"result"}:
        text = response["result"]
        if isinstance(text, str) and tool_arguments.parsed(text) is None:
            return text
    return tool_arguments.as_text(response)
