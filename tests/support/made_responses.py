"""A whole answer of the Responses API and the same answer as a stream, made from its documentation."""

from __future__ import annotations

import json
from typing import Any

RESPONSE: dict[str, Any] = {
    "id": "resp_1",
    "object": "response",
    "status": "completed",
    "model": "gpt-5",
    "store": False,
    "error": None,
    "incomplete_details": None,
    "output": [
        {
            "type": "reasoning",
            "id": "rs_1",
            "encrypted_content": "e",
            "summary": [{"type": "summary_text", "text": "H"}, {"type": "summary_text", "text": "m"}],
        },
        {
            "type": "message",
            "id": "msg_1",
            "status": "completed",
            "role": "assistant",
            "content": [{"type": "output_text", "text": "Hello there", "annotations": [{"type": "url_citation"}]}],
        },
        {
            "type": "function_call",
            "id": "fc_1",
            "status": "completed",
            "call_id": "a",
            "name": "f",
            "arguments": '{"x": 1}',
        },
    ],
    "usage": {
        "input_tokens": 3,
        "input_tokens_details": {"cached_tokens": 1},
        "output_tokens": 4,
        "output_tokens_details": {"reasoning_tokens": 1},
        "total_tokens": 7,
    },
}


def sse(*events: dict[str, Any]) -> bytes:
    """The events as the API frames them."""
    return "".join(f"event: {each['type']}\ndata: {json.dumps(each)}\n\n" for each in events).encode()


def events_of(response: dict[str, Any]) -> list[dict[str, Any]]:
    """The events of a stream whose last one holds this response."""
    begun = {**response, "status": "in_progress", "output": [], "usage": None}
    events: list[dict[str, Any]] = [
        {"type": "response.created", "response": begun},
        {"type": "response.in_progress", "response": begun},
    ]
    for index, item in enumerate(response["output"]):
        at = {"item_id": item["id"], "output_index": index}
        empty = {"content": [], "summary": [], "arguments": "", "encrypted_content": ""}
        start = {key: empty.get(key, value) for key, value in item.items()}
        events.append({"type": "response.output_item.added", "output_index": index, "item": start})
        for number, part in enumerate(item.get("summary") or ()):
            delta = {"summary_index": number, "delta": part["text"]}
            events.append({"type": "response.reasoning_summary_text.delta", **at, **delta})
        for number, part in enumerate(item.get("content") or ()):
            delta = {"type": "response.output_text.delta", **at, "content_index": number}
            events += [{**delta, "delta": piece} for piece in (part["text"][:6], part["text"][6:])]
            for annotation in part["annotations"]:
                added = {"content_index": number, "annotation_index": 0, "annotation": annotation}
                events.append({"type": "response.output_text.annotation.added", **at, **added})
        arguments = item.get("arguments") or ""
        delta = {"type": "response.function_call_arguments.delta", **at}
        events += [{**delta, "delta": piece} for piece in (arguments[:4], arguments[4:]) if piece]
        events.append({"type": "response.output_item.done", "output_index": index, "item": item})
    return [*events, {"type": "response.completed", "response": response}]


STREAM = sse(*events_of(RESPONSE))
