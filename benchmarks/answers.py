"""The answers of the loopback server, made beforehand: a completion, streams of it and an error, in both dialects."""

from __future__ import annotations

import json
from typing import Any

MODEL = "gpt-4.1-mini"
KEY = "sk-bench-0123456789abcdef0123456789abcdef"
PIECES = [f" word{number % 10}" for number in range(498)]  # with the role and the finish: 500 events
SHORT = PIECES[:18]
PAUSED = PIECES[:98]
TEXT = "The sky is blue because air scatters short waves more than long ones, which is Rayleigh scattering."

# A head of the usual size: what a hosted service sends with every answer.
FIELDS = {
    "date": "Wed, 24 Nov 2027 12:00:00 GMT",
    "content-type": "application/json",
    "connection": "keep-alive",
    "access-control-expose-headers": "X-Request-ID",
    "openai-organization": "bench",
    "openai-processing-ms": "240",
    "openai-version": "2020-10-01",
    "x-ratelimit-limit-requests": "10000",
    "x-ratelimit-limit-tokens": "200000",
    "x-ratelimit-remaining-requests": "9999",
    "x-ratelimit-remaining-tokens": "199968",
    "x-ratelimit-reset-requests": "6ms",
    "x-ratelimit-reset-tokens": "9ms",
    "x-request-id": "req_0123456789abcdef0123456789abcdef",
    "strict-transport-security": "max-age=31536000; includeSubDomains; preload",
    "cf-cache-status": "DYNAMIC",
    "server": "cloudflare",
}


def answers() -> dict[str, bytes]:
    """Every answer by its key; see loopback.c."""
    return {
        "ok/completions": whole(completion()),
        "ok/messages": whole(message()),
        "500/completions": whole({"error": {"message": "bench", "type": "server_error"}}, "500 Internal Server Error"),
        "500/messages": whole({"type": "error", "error": {"type": "api_error", "message": "bench"}}, "500 Broken"),
        "short/completions": whole(completion()),
        "begun/completions": whole(completion()),
        "begun/completions+stream": streamed(_together(chat_events(SHORT)), pause=b"\0"),
        "paused/completions": whole(completion()),
        "ok/completions+stream": streamed(chat_events(PIECES)),
        "ok/messages+stream": streamed(message_events(PIECES)),
        "short/completions+stream": streamed(chat_events(SHORT)),
        "paused/completions+stream": streamed(chat_events(PAUSED), pause=b"\0"),
        "paused/messages": whole(message()),
        "paused/messages+stream": streamed(message_events(PAUSED), pause=b"\0"),
    }


def _together(events: list[bytes]) -> list[bytes]:
    """The first two events in one: the role and the first text."""
    return [events[0] + events[1], *events[2:]]


def whole(body: Any, status: str = "200 OK") -> bytes:
    """A plain answer."""
    data = json.dumps(body, separators=(",", ":")).encode()
    return _head(status, {**FIELDS, "content-length": str(len(data))}) + data


def streamed(events: list[bytes], pause: bytes = b"") -> bytes:
    """A streamed answer, one HTTP chunk per event."""
    fields = {**FIELDS, "content-type": "text/event-stream; charset=utf-8", "transfer-encoding": "chunked"}
    chunks = [b"%x\r\n%s\r\n" % (len(event), event) for event in events]
    return _head("200 OK", fields) + pause.join(chunks) + b"0\r\n\r\n"


def _head(status: str, fields: dict[str, str]) -> bytes:
    lines = [f"HTTP/1.1 {status}", *[f"{name}: {value}" for name, value in fields.items()], "", ""]
    return "\r\n".join(lines).encode()


def completion(text: str = TEXT) -> dict[str, Any]:
    """A chat completion as OpenAI has it."""
    return {
        "id": "chatcmpl-bench0123456789",
        "object": "chat.completion",
        "created": 1827057600,
        "model": MODEL,
        "choices": [
            {
                "index": 0,
                "message": {"role": "assistant", "content": text, "refusal": None, "annotations": []},
                "logprobs": None,
                "finish_reason": "stop",
            }
        ],
        "usage": {
            "prompt_tokens": 19,
            "completion_tokens": 21,
            "total_tokens": 40,
            "prompt_tokens_details": {"cached_tokens": 0, "audio_tokens": 0},
            "completion_tokens_details": {"reasoning_tokens": 0, "audio_tokens": 0, "accepted_prediction_tokens": 0},
        },
        "service_tier": "default",
        "system_fingerprint": "fp_bench",
    }


def message(text: str = TEXT) -> dict[str, Any]:
    """A message as Anthropic has it."""
    return {
        "id": "msg_bench0123456789",
        "type": "message",
        "role": "assistant",
        "model": MODEL,
        "content": [{"type": "text", "text": text}],
        "stop_reason": "end_turn",
        "stop_sequence": None,
        "usage": {"input_tokens": 19, "output_tokens": 21},
    }


def chat_events(pieces: list[str]) -> list[bytes]:
    """A chat completion's stream: the role, the pieces, the finish, the usage."""
    deltas: list[dict[str, Any]] = [{"role": "assistant", "content": "", "refusal": None}]
    deltas += [{"content": piece} for piece in pieces]
    events = [_chunk([{"index": 0, "delta": delta, "logprobs": None, "finish_reason": None}]) for delta in deltas]
    events.append(_chunk([{"index": 0, "delta": {}, "logprobs": None, "finish_reason": "stop"}]))
    usage = {"prompt_tokens": 19, "completion_tokens": len(pieces), "total_tokens": 19 + len(pieces)}
    return [*map(_data, [*events, {**_chunk([]), "usage": usage}]), b"data: [DONE]\n\n"]


def _chunk(choices: list[Any]) -> dict[str, Any]:
    return {
        "id": "chatcmpl-bench0123456789",
        "object": "chat.completion.chunk",
        "created": 1827057600,
        "model": MODEL,
        "service_tier": "default",
        "system_fingerprint": "fp_bench",
        "choices": choices,
    }


def message_events(pieces: list[str]) -> list[bytes]:
    """A message's stream: its start, the pieces, its end."""
    start = {**message(), "content": [], "stop_reason": None, "usage": {"input_tokens": 19, "output_tokens": 1}}
    events: list[dict[str, Any]] = [
        {"type": "message_start", "message": start},
        {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}},
        *[
            {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": piece}}
            for piece in pieces
        ],
        {"type": "content_block_stop", "index": 0},
        {
            "type": "message_delta",
            "delta": {"stop_reason": "end_turn", "stop_sequence": None},
            "usage": {"output_tokens": len(pieces)},
        },
        {"type": "message_stop"},
    ]
    return [b"event: " + event["type"].encode() + b"\n" + _data(event) for event in events]


def _data(event: Any) -> bytes:
    return b"data: " + json.dumps(event, separators=(",", ":")).encode() + b"\n\n"
