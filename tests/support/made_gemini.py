"""A whole answer of the Gemini API and the same answer as a stream, made from its documentation."""

from __future__ import annotations

import json
from typing import Any

ANSWER: dict[str, Any] = {
    "candidates": [
        {
            "content": {
                "role": "model",
                "parts": [
                    {"text": "Hm", "thought": True},
                    {"text": "Hello there"},
                    {"text": "!", "thoughtSignature": "c2ln"},
                    {"functionCall": {"name": "f", "args": {"x": 1}, "id": "a"}, "thoughtSignature": "bmF0"},
                ],
            },
            "finishReason": "STOP",
            "index": 0,
            "citationMetadata": {"citations": [{"uri": "https://a/1"}, {"uri": "https://a/2"}]},
        }
    ],
    "usageMetadata": {
        "promptTokenCount": 3,
        "candidatesTokenCount": 4,
        "thoughtsTokenCount": 2,
        "cachedContentTokenCount": 1,
        "totalTokenCount": 9,
    },
    "modelVersion": "gemini-3.6-flash",
    "responseId": "r1",
}


def sse(*events: dict[str, Any]) -> bytes:
    """The events as the API frames them, with CRLF."""
    return "".join(f"data: {json.dumps(each)}\r\n\r\n" for each in events).encode()


def chunk(*parts: dict[str, Any], **candidate: Any) -> dict[str, Any]:
    """One event with these parts."""
    usage = {"promptTokenCount": 3, "totalTokenCount": 3}
    found = {"content": {"role": "model", "parts": [*parts]}, "index": 0, **candidate}
    return {"candidates": [found], "usageMetadata": usage, "modelVersion": "gemini-3.6-flash", "responseId": "r1"}


_PARTS = ANSWER["candidates"][0]["content"]["parts"]
_CITED = ANSWER["candidates"][0]["citationMetadata"]["citations"]
STREAM = sse(
    chunk({"text": "H", "thought": True}),
    chunk({"text": "m", "thought": True}),
    chunk({"text": "Hello "}, citationMetadata={"citations": _CITED[:1]}),
    chunk({"text": "there"}, citationMetadata={"citations": _CITED[1:]}),
    chunk(_PARTS[2]),
    chunk(_PARTS[3]),
    {**chunk({"text": ""}, finishReason="STOP"), "usageMetadata": ANSWER["usageMetadata"]},
)


def expressible(messages: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """These messages in the one of their forms that this API can tell: contents are always parts there."""
    return [{**message, "content": _content(message)} if "content" in message else message for message in messages]


def _content(message: dict[str, Any]) -> Any:
    content = message["content"]
    if isinstance(content, str):
        return content
    texts = [part["text"] for part in content if part["type"] == "text"]
    if len(texts) == len(content) and (len(texts) == 1 or message["role"] == "tool"):
        return "\n".join(texts)
    if message["role"] == "tool" and texts:  # the result is one object, and media stand beside it
        media = [part for part in content if part["type"] != "text"]
        return [{"type": "text", "text": "\n".join(texts)}, *media]
    return content
