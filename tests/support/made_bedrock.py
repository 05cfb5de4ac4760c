"""A whole answer of Converse and the same answer as a stream, made from its documentation."""

from __future__ import annotations

from typing import Any

from support.event_stream import event

ANSWER: dict[str, Any] = {
    "output": {
        "message": {
            "role": "assistant",
            "content": [
                {"reasoningContent": {"reasoningText": {"text": "Hm", "signature": "c2ln"}}},
                {"reasoningContent": {"redactedContent": "cmVkYWN0ZWQ="}},
                {"text": "Hello "},
                {
                    "citationsContent": {
                        "content": [{"text": "there"}],
                        "citations": [{"title": "a", "location": {"documentChar": {"documentIndex": 0, "start": 0}}}],
                    }
                },
                {"toolUse": {"toolUseId": "a", "name": "f", "input": {"x": 1}}},
            ],
        }
    },
    "stopReason": "tool_use",
    "usage": {"inputTokens": 3, "outputTokens": 4, "totalTokens": 8, "cacheReadInputTokens": 1},
    "metrics": {"latencyMs": 12},
    "additionalModelResponseFields": {"stop_sequence": None},
}

_BLOCKS = ANSWER["output"]["message"]["content"]
_CITED = _BLOCKS[3]["citationsContent"]["citations"][0]


def delta(index: int, told: dict[str, Any]) -> bytes:
    """The next piece of a block."""
    return event("contentBlockDelta", {"contentBlockIndex": index, "delta": told, "p": "abc"})


def stop(index: int) -> bytes:
    """The end of a block."""
    return event("contentBlockStop", {"contentBlockIndex": index, "p": "abcdef"})


EVENTS = (
    event("messageStart", {"role": "assistant", "p": "a"}),
    delta(0, {"reasoningContent": {"text": "H"}}),
    delta(0, {"reasoningContent": {"text": "m"}}),
    delta(0, {"reasoningContent": {"signature": "c2ln"}}),
    stop(0),
    delta(1, {"reasoningContent": {"redactedContent": "cmVk"}}),
    delta(1, {"reasoningContent": {"redactedContent": "YWN0ZWQ="}}),
    stop(1),
    delta(2, {"text": "Hel"}),
    delta(2, {"text": "lo "}),
    stop(2),
    delta(3, {"text": "there"}),
    delta(3, {"citation": _CITED}),
    stop(3),
    event("contentBlockStart", {"contentBlockIndex": 4, "start": {"toolUse": {"toolUseId": "a", "name": "f"}}}),
    delta(4, {"toolUse": {"input": '{"x"'}}),
    delta(4, {"toolUse": {"input": ": 1}"}}),
    stop(4),
    event("messageStop", {"stopReason": "tool_use", "additionalModelResponseFields": {"stop_sequence": None}}),
    event("metadata", {"usage": ANSWER["usage"], "metrics": ANSWER["metrics"], "p": "ab"}),
)
STREAM = b"".join(EVENTS)

_IMAGE = {"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA"}}


def expressible(messages: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """These messages in the one of their forms that this API can tell: files inline, and with text beside them."""
    names = (f"a{number}.pdf" for number in range(1000))
    return [{**message, "content": _content(message["content"], names)} for message in messages]


def _content(content: Any, names: Any) -> Any:
    if isinstance(content, str):
        return content
    parts = [_part(part, names) for part in content]
    if all(part["type"] != "text" for part in parts):
        parts.append({"type": "text", "text": "Look!"})
    return parts


def _part(part: dict[str, Any], names: Any) -> dict[str, Any]:
    if part["type"] == "text":
        return part
    if part["type"] == "image_url":
        return _IMAGE
    return {"type": "file", "file": {"file_data": "data:application/pdf;base64,AAAA", "filename": next(names)}}
