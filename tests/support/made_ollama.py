"""A whole answer of Ollama's chat API and the same answer as a stream, made from its documentation."""

from __future__ import annotations

import json
from typing import Any

_TOOK = {
    "total_duration": 5043500667,
    "load_duration": 5025959,
    "prompt_eval_count": 3,
    "prompt_eval_duration": 325953000,
    "eval_count": 4,
    "eval_duration": 4709213000,
}
CALL = {"function": {"name": "f", "arguments": {"x": 1}}}
ANSWER: dict[str, Any] = {
    "model": "qwen3",
    "created_at": "2026-11-04T19:22:45.499127Z",
    "message": {"role": "assistant", "content": "Hello there", "thinking": "Hm", "tool_calls": [CALL]},
    "done": True,
    "done_reason": "stop",
    **_TOOK,
}


def ndjson(*lines: dict[str, Any]) -> bytes:
    """The lines as the API frames them."""
    return "".join(json.dumps(each) + "\n" for each in lines).encode()


def line(**message: Any) -> dict[str, Any]:
    """One line with this piece of the message."""
    content = {"role": "assistant", "content": "", **message}
    return {"model": "qwen3", "created_at": "2026-11-04T19:22:44.1Z", "message": content, "done": False}


LAST = {**ANSWER, "message": {"role": "assistant", "content": ""}}
STREAM = ndjson(
    line(thinking="H"),
    line(thinking="m"),
    line(content="Hello "),
    line(content="there"),
    line(tool_calls=[CALL]),
    LAST,
)


def expressible(messages: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """These messages as the API has them: inline images behind one text, no files, calls numbered from 0, and each
    turn's calls of another name, since a result is told by its tool's name."""
    found: list[dict[str, Any]] = []
    ids: dict[str, str] = {}
    for each in messages:
        message = {**each, "content": _content(each["content"])}
        if each.get("tool_calls"):
            message["tool_calls"] = [_call(call, ids) for call in each["tool_calls"]]
        if each["role"] == "tool":
            message["tool_call_id"] = ids[each["tool_call_id"]]
        found.append(message)
    return found


def _content(content: Any) -> Any:
    if isinstance(content, str):
        return content
    text = "\n".join(part["text"] for part in content if part["type"] == "text")
    images = [part for part in content if part["type"] == "image_url" and part["image_url"]["url"].startswith("data:")]
    parts = [*([{"type": "text", "text": text}] if text else []), *images]
    return parts if images else text


def _call(call: dict[str, Any], ids: dict[str, str]) -> dict[str, Any]:
    ids[call["id"]] = f"call_{len(ids)}"
    function = {**call["function"], "name": f"{call['function']['name']}_{len(ids)}"}
    return {**call, "id": ids[call["id"]], "function": function}
