"""A whole answer of Mistral's chat API and the same answer as a stream, made from its documentation."""

from __future__ import annotations

import json
from typing import Any

CALL = {"id": "D681PevKs", "type": "function", "function": {"name": "f", "arguments": '{"x": 1}'}}
REFERENCE = {"type": "reference", "reference_ids": [0, 2]}
USAGE = {"prompt_tokens": 3, "completion_tokens": 4, "total_tokens": 7}
THOUGHT = {"type": "thinking", "thinking": [{"type": "text", "text": "Hm"}], "signature": "s", "closed": True}
ANSWER: dict[str, Any] = {
    "id": "c",
    "object": "chat.completion",
    "created": 1,
    "model": "magistral-medium-latest",
    "choices": [
        {
            "index": 0,
            "message": {
                "role": "assistant",
                "content": [THOUGHT, {"type": "text", "text": "Hello there"}, REFERENCE],
                "tool_calls": [CALL],
            },
            "finish_reason": "tool_calls",
        }
    ],
    "usage": USAGE,
}


def chunk(delta: dict[str, Any], finish: str | None = None, **more: Any) -> dict[str, Any]:
    """One event with this delta."""
    choices = [{"index": 0, "delta": delta, "finish_reason": finish}]
    return {"id": "c", "object": "chat.completion.chunk", "model": ANSWER["model"], "choices": choices, **more}


def sse(*events: dict[str, Any]) -> bytes:
    """The events as the API frames them."""
    return b"".join(b"data: " + json.dumps(each).encode() + b"\n\n" for each in events) + b"data: [DONE]\n\n"


def _thinking(text: str, **more: Any) -> dict[str, Any]:
    return {"content": [{"type": "thinking", "thinking": [{"type": "text", "text": text}], **more}]}


STREAM = sse(
    chunk({"role": "assistant", "content": ""}),
    chunk(_thinking("H")),
    chunk(_thinking("m", signature="s", closed=True)),
    chunk({"content": [{"type": "text", "text": "Hello "}]}),
    chunk({"content": "there"}),
    chunk({"content": [REFERENCE]}),
    chunk({"content": "", "tool_calls": [{**CALL, "index": 0}]}, "tool_calls", usage=USAGE),
)


def expressible(messages: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """These messages with ids of calls as the API demands them."""
    found: list[dict[str, Any]] = []
    ids: dict[str, str] = {}
    for message in messages:
        if message.get("tool_calls"):
            calls = [{**call, "id": ids.setdefault(call["id"], f"call{len(ids):05}")} for call in message["tool_calls"]]
            found.append({**message, "tool_calls": calls})
        elif message["role"] == "tool":
            found.append({**message, "tool_call_id": ids[message["tool_call_id"]]})
        else:
            found.append(message)
    return found
