"""What the items of an answer hold: text, thinking, the caller's tool calls, and whether that is all.

Source: OpenAI API reference, "Responses", output: message, reasoning, function_call, custom_tool_call, and a type for
each tool that the server runs itself. Those are no calls of the caller's.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from attrs import frozen

from agentsea_gateway.dialects.text import mended, mended_value
from agentsea_gateway.dialects.tool_arguments import new_id, tool_call
from agentsea_gateway.response import ToolCall

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

NAME = "openai_responses"

CALLS = ("function_call", "custom_tool_call")
_SERVERS = "xs_call"  # begins the call_id of xAI's own searches on X, which come as custom_tool_call
# Keys that a message or a call has beside what the portable form holds, and that mean nothing in a history.
_STRAY = frozenset(("type", "id", "status", "item_id", "output_index"))  # the last two: DeepSeek
_MESSAGE_KEYS = _STRAY | {"role", "content"}
_CALL_KEYS = _STRAY | {"call_id", "name", "arguments"}
_OUTPUT_TEXTS = ("output_text", "text")


@frozen
class Held:
    """What a list of items holds; `refusal` and `thinking` are "" where there is none."""

    text: str
    thinking: str
    refusal: str
    calls: tuple[ToolCall, ...]
    citations: tuple[Mapping[str, Any], ...]


def held_in(items: Sequence[Any]) -> Held:
    """Read the items. Raises AttributeError, KeyError or TypeError for what are none."""
    texts: list[str] = []
    thoughts: list[str] = []
    refusals: list[str] = []
    calls: list[ToolCall] = []
    citations: list[Any] = []
    for item in items:
        kind = item.get("type")
        if kind == "message":
            for part in _parts(item.get("content")):
                if part.get("type") in _OUTPUT_TEXTS:
                    texts.append(part["text"])
                    citations += [each for each in part.get("annotations") or () if isinstance(each, dict)]
                elif part.get("type") == "refusal":
                    refusals.append(part["refusal"])
        elif kind == "reasoning":
            thoughts += thoughts_of(item)
        elif is_call(item):
            calls.append(call_of(item, len(calls)))
    return Held(
        mended("".join(texts)),
        mended("".join(thoughts)),
        mended("".join(refusals)),
        tuple(calls),
        tuple(map(mended_value, citations)),
    )


def _parts(content: Any) -> Sequence[Any]:
    return [{"type": "output_text", "text": content}] if isinstance(content, str) else content or ()


def thoughts_of(item: Mapping[str, Any]) -> list[str]:
    """The pieces of reasoning text in an item: the summary, and the reasoning itself where the host shows it."""
    parts = [*(item.get("summary") or ()), *(item.get("content") or ())]
    return [part["text"] for part in parts if isinstance(part.get("text"), str)]


def is_call(item: Mapping[str, Any]) -> bool:
    """Whether an item is a call of the caller's, and not one that the server runs itself."""
    return item.get("type") in CALLS and not str(item.get("call_id")).startswith(_SERVERS)


def call_of(item: Mapping[str, Any], ordinal: int) -> ToolCall:
    """The caller's call; its id is `call_id`, which the result has to name."""
    call_id = mended(item.get("call_id") or item.get("id") or new_id(ordinal))
    name = mended(item.get("name") or "")
    if item["type"] == "custom_tool_call":  # a free-form tool: its input is text
        return ToolCall(call_id, name, None, mended(item.get("input") or ""))
    return tool_call(call_id, name, item.get("arguments"))


def needs_native(items: Sequence[Mapping[str, Any]], *, several_texts: bool = False) -> bool:
    """Whether a portable assistant message would lose something of these items.

    It holds one text or refusal, then functions to call; `several_texts` where it may hold the texts one by one.
    """
    calls = messages = 0
    for item in items:
        kind = item.get("type", "message")
        keys = {key for key, value in item.items() if value is not None}
        if kind == "message" and not calls and not messages and keys <= _MESSAGE_KEYS:
            messages += 1
            if not _portable_content(item.get("content"), several_texts):
                return True
        elif kind == "function_call" and keys <= _CALL_KEYS and item.get("call_id"):
            calls += 1
        else:
            return True
    return not items


def _portable_content(content: Any, several_texts: bool) -> bool:
    parts = _parts(content)
    for part in parts:
        rest = {key: value for key, value in part.items() if value not in (None, [])}
        if part.get("type") in _OUTPUT_TEXTS:
            if rest.keys() != {"type", "text"} or not part["text"]:
                return False
        elif part.get("type") != "refusal" or len(parts) > 1 or not part.get("refusal"):
            return False
    return len(parts) == 1 or (several_texts and len(parts) > 1)


def cleaned(item: Mapping[str, Any]) -> Any:
    """An item fit to be sent back: without keys that hold nothing, which the API refuses."""
    return mended_value({key: value for key, value in item.items() if value is not None})
