"""Anthropic messages as the vendor's server speaks them.

Source: Anthropic API documentation, "Messages", "Streaming messages", "Errors" and "Rate limits", as of 2026-11, API
versions 2023-06-01 and 2026-10-21 (which answer alike); the framing follows what the API sends. Google Cloud's paths
("Request predictions with Claude models") are served too.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from agentsea_gateway.testing.anthropic_refusals import (
    INVALID,
    KINDS,
    MODELS,
    TYPE_OF_STATUS,
    VERTEX,
    refusal_of,
    signature_of,
)
from agentsea_gateway.testing.counting import counted
from agentsea_gateway.testing.replies import arguments_of, pieces, to_json
from agentsea_gateway.testing.side import Refusal, Side, event
from agentsea_gateway.testing.wire import Frame

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from agentsea_gateway.testing.recorded import Request
    from agentsea_gateway.testing.replies import Reply
    from agentsea_gateway.testing.side import Rules

RESET = "2026-01-01T00:01:00Z"  # the same in every answer: tests compare them
NOT_STOPPED = {"stop_reason": None, "stop_sequence": None, "stop_details": None}
STOP = {"stop": "end_turn", "length": "max_tokens", "tool_use": "tool_use", "content_filter": "refusal"}
TEXT_FIELDS = {"text_delta": "text", "thinking_delta": "thinking", "input_json_delta": "partial_json"}


class AnthropicSide(Side):
    """The server's side of "anthropic_messages"."""

    NAME = "anthropic_messages"
    KINDS = KINDS
    REQUEST_ID = "request-id"
    PING = b'event: ping\ndata: {"type": "ping"}\n\n'

    def speaks(self, headers: Mapping[str, str]) -> bool:
        return "anthropic-version" in headers or "x-api-key" in headers

    def model(self, path: str, body: Any) -> str | None:
        hosted = VERTEX.fullmatch(path)
        return unquote(hosted["model"]) if hosted else super().model(path, body)

    def is_listing(self, request: Request) -> bool:
        return request.method == "GET" and request.path == MODELS

    def listing(self, models: Sequence[str]) -> dict[str, Any]:
        rows = [{"type": "model", "id": name, "display_name": name, "created_at": RESET} for name in models]
        ends = {"first_id": models[0], "last_id": models[-1]} if models else {"first_id": None, "last_id": None}
        return {"data": rows, "has_more": False, **ends}

    def refusal(self, request: Request, headers: Mapping[str, str], rules: Rules) -> Refusal | None:
        return refusal_of(request, headers, rules)

    def plain(self, reply: Reply, request: Request, ident: str) -> dict[str, Any]:
        return _envelope(reply, request, ident) | {
            "content": [block for block, _, _ in _parts(reply, ident)],
            **_stop(reply),
            "usage": _usage(reply, request),
        }

    def stream(self, reply: Reply, request: Request, ident: str) -> Iterator[Frame]:
        usage = _usage(reply, request)
        begun = _envelope(reply, request, ident) | {"content": [], **NOT_STOPPED}
        yield event("message_start", {"message": begun | {"usage": usage | {"output_tokens": 1}}})
        for index, (block, kind, texts) in enumerate(_parts(reply, ident)):
            start = {"index": index, "content_block": _opened(block)}
            yield event("content_block_start", start, content=block["type"] == "tool_use")
            if index == 0:
                yield Frame(self.PING)
            yield from _texts(index, kind, texts)
            if "signature" in block:
                signed = {"type": "signature_delta", "signature": block["signature"]}
                yield event("content_block_delta", {"index": index, "delta": signed})
            yield event("content_block_stop", {"index": index})
        counted = {name: usage[name] for name in usage if name != "service_tier"}
        yield event("message_delta", {"delta": _stop(reply), "usage": counted})
        yield event("message_stop", {})

    def other(self, status: int) -> Refusal:
        kind = TYPE_OF_STATUS.get(status) or ("api_error" if status >= 500 else INVALID)
        return Refusal(status, kind, kind.replace("_", " ").capitalize())

    def error_body(self, refusal: Refusal, request_id: str) -> dict[str, Any]:
        error = {"type": refusal.type, "message": refusal.message}
        return {"type": "error", "error": error, "request_id": request_id}

    def error_frame(self, refusal: Refusal, request_id: str) -> Frame:
        return Frame(b"event: error\ndata: %b\n\n" % to_json(self.error_body(refusal, request_id)))

    def rate_limit_headers(self, limit: int, remaining: int) -> list[tuple[str, str]]:
        return [
            ("anthropic-ratelimit-requests-limit", str(limit)),
            ("anthropic-ratelimit-requests-remaining", str(remaining)),
            ("anthropic-ratelimit-requests-reset", RESET),
        ]


def _envelope(reply: Reply, request: Request, ident: str) -> dict[str, Any]:
    return {
        "model": reply.model or request.model,
        "id": reply.id or f"msg_{ident}",
        "type": "message",
        "role": "assistant",
    }


def _stop(reply: Reply) -> dict[str, Any]:
    refused = {"type": "refusal", "category": None, "explanation": None}
    details = refused if reply.stopped_by == "content_filter" else None
    return {"stop_reason": STOP[reply.stopped_by], "stop_sequence": None, "stop_details": details}


def _parts(reply: Reply, ident: str) -> Iterator[tuple[dict[str, Any], str, list[str]]]:
    """The blocks of an answer, in order: each whole, with the kind and the texts of its deltas in a stream."""
    if reply.thinking is not None:
        block = {"type": "thinking", "thinking": reply.thinking, "signature": signature_of(reply.thinking)}
        yield block, "thinking_delta", pieces(reply.thinking, reply.chunks)
    if reply.text:
        yield {"type": "text", "text": reply.text}, "text_delta", pieces(reply.text, reply.chunks)
    for index, call in enumerate(reply.tool_calls):
        named = {"type": "tool_use", "id": call.id or f"toolu_{ident}_{index}", "name": call.name}
        yield named | {"input": call.arguments or {}}, "input_json_delta", ["", *pieces(arguments_of(call), 3)]


def _opened(block: dict[str, Any]) -> dict[str, Any]:
    """A block as its start event has it: without what the deltas bring."""
    empty = {"text": "", "thinking": "", "signature": "", "input": {}}
    return {name: empty.get(name, value) for name, value in block.items()}


def _texts(index: int, kind: str, texts: list[str]) -> Iterator[Frame]:
    opened = (
        b'event: content_block_delta\ndata: {"type":"content_block_delta","index":%d,"delta":{"type":"%b","%b":'
        % (index, kind.encode(), TEXT_FIELDS[kind].encode())
    )
    for text in texts:
        yield Frame(b"%b%b}}\n\n" % (opened, to_json(text)), content=text != "")


def _usage(reply: Reply, request: Request) -> dict[str, Any]:
    """Anthropic counts what came from its cache, and what went into it, apart from `input_tokens`."""
    found = counted(reply, request)
    own = reply.usage is not None and reply.usage.input_tokens is not None
    return {
        "input_tokens": found.read - found.cached - found.stored if own else found.read,
        "cache_creation_input_tokens": found.stored,
        "cache_read_input_tokens": found.cached,
        "output_tokens": found.written,
        "output_tokens_details": {"thinking_tokens": found.reasoned},
        "service_tier": "standard",
    }
