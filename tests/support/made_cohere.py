"""A whole answer of Cohere's chat API and the same answer as a stream, made from its documentation."""

from __future__ import annotations

import json
from typing import Any

CALL = {"id": "a", "type": "function", "function": {"name": "f", "arguments": '{"x": 1}'}}
CITATION = {"start": 0, "end": 5, "text": "Hello", "sources": [{"type": "tool", "id": "t"}], "type": "TEXT_CONTENT"}
ANSWER: dict[str, Any] = {
    "id": "c",
    "finish_reason": "TOOL_CALL",
    "message": {
        "role": "assistant",
        "content": [{"type": "thinking", "thinking": "H"}, {"type": "text", "text": "Hello there"}],
        "tool_plan": "m",
        "tool_calls": [CALL],
        "citations": [CITATION],
    },
    "usage": {
        "billed_units": {"input_tokens": 1, "output_tokens": 2},
        "tokens": {"input_tokens": 3, "output_tokens": 4, "reasoning_tokens": 1},
        "cached_tokens": 1,
    },
}


def event(kind: str, index: int | None = None, /, **message: Any) -> dict[str, Any]:
    """An event about the message."""
    found: dict[str, Any] = {"type": kind}
    if index is not None:
        found["index"] = index
    return {**found, "delta": {"message": message}} if message else found


def sse(*events: dict[str, Any]) -> bytes:
    """The events as the API frames them."""
    return "".join(f"event: {each['type']}\ndata: {json.dumps(each)}\n\n" for each in events).encode()


BEGUN: list[dict[str, Any]] = [
    {"id": "c", **event("message-start", role="assistant", content=[], tool_plan="", tool_calls=[], citations=[])},
    event("content-start", 0, content={"type": "thinking", "thinking": ""}),
    event("content-delta", 0, content={"thinking": "H"}),
    event("content-end", 0),
    event("content-start", 1, content={"type": "text", "text": ""}),
    event("content-delta", 1, content={"text": "Hello "}),
    event("content-delta", 1, content={"text": "there"}),
    event("citation-start", 0, citations=CITATION),
    event("citation-end", 0),
    event("content-end", 1),
    event("tool-plan-delta", tool_plan="m"),
    event("tool-call-start", 0, tool_calls={**CALL, "function": {"name": "f", "arguments": ""}}),
    event("tool-call-delta", 0, tool_calls={"function": {"arguments": '{"x"'}}),
    event("tool-call-delta", 0, tool_calls={"function": {"arguments": ": 1}"}}),
    event("tool-call-end", 0),
]
END = {"type": "message-end", "delta": {"finish_reason": "TOOL_CALL", "usage": ANSWER["usage"]}}
STREAM = sse(*BEGUN, END) + b"data: [DONE]\n\n"


def expressible(messages: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """These messages without what the API has no place for: files, and images in the results of tools."""
    return [_expressible(message) if isinstance(message.get("content"), list) else message for message in messages]


def _expressible(message: dict[str, Any]) -> dict[str, Any]:
    taken = ("text",) if message["role"] == "tool" else ("text", "image_url")
    parts = [part for part in message["content"] if part["type"] in taken]
    return {**message, "content": parts or [{"type": "text", "text": "x"}]}
