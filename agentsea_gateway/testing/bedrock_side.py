"""Amazon Bedrock's Converse and ConverseStream as the vendor's servers speak them.

Source: Amazon Bedrock API reference, "Converse", "ConverseStream" and their types, and the service model in botocore
1.44 (constraints); Smithy specification, "Amazon Event Stream" (frames); as of 2026-11.
"""

from __future__ import annotations

import re
from binascii import crc32
from typing import TYPE_CHECKING, Any

from agentsea_gateway.testing.bedrock_refusals import KINDS, PATH, refusal_of
from agentsea_gateway.testing.checks import signature
from agentsea_gateway.testing.counting import counted
from agentsea_gateway.testing.replies import arguments_of, pieces, to_json
from agentsea_gateway.testing.side import Refusal, Side
from agentsea_gateway.testing.wire import Frame

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from agentsea_gateway.testing.recorded import Request
    from agentsea_gateway.testing.replies import Reply
    from agentsea_gateway.testing.side import Rules

_STOP = {"stop": "end_turn", "length": "max_tokens", "tool_use": "tool_use", "content_filter": "content_filtered"}
_TEXT = 7  # the type of a header that holds text
_NAMES = {
    401: "UnrecognizedClientException",
    403: "AccessDeniedException",
    408: "ModelTimeoutException",
    413: "RequestEntityTooLargeException",
    424: "ModelErrorException",
    429: "ThrottlingException",
}


class BedrockSide(Side):
    """The server's side of "bedrock_converse"."""

    NAME = "bedrock_converse"
    KINDS = KINDS
    REQUEST_ID = "x-amzn-requestid"
    STREAM_TYPE = "application/vnd.amazon.eventstream"

    def __init__(self) -> None:
        self.PING = message({}, ":event-type", "ping")  # of a type that no client knows

    def speaks(self, headers: Mapping[str, str]) -> bool:
        return headers.get("authorization", "").startswith("AWS4-HMAC-SHA256")

    def streams(self, path: str, body: Any) -> bool:
        return path.endswith("/converse-stream")

    def model(self, path: str, body: Any) -> str | None:
        from urllib.parse import unquote

        match = PATH.fullmatch(path)
        return unquote(match["model"]) if match else None

    def refusal(self, request: Request, headers: Mapping[str, str], rules: Rules) -> Refusal | None:
        return refusal_of(request, headers, rules)

    def plain(self, reply: Reply, request: Request, ident: str) -> dict[str, Any]:
        content = [block for block, _, _ in _blocks(reply, ident)]
        return {
            "output": {"message": {"role": "assistant", "content": content}},
            "stopReason": _STOP[reply.stopped_by],
            "usage": _usage(reply, request),
            "metrics": {"latencyMs": 1},
        }

    def stream(self, reply: Reply, request: Request, ident: str) -> Iterator[Frame]:
        yield _event("messageStart", {"role": "assistant"})
        for index, (_, start, deltas) in enumerate(_blocks(reply, ident)):
            place = {"contentBlockIndex": index}
            if start is not None:
                yield _event("contentBlockStart", {**place, "start": start}, content=True)
            for delta in deltas:
                seen = "signature" not in delta.get("reasoningContent", {})
                yield _event("contentBlockDelta", {**place, "delta": delta}, content=seen)
            yield _event("contentBlockStop", place)
        yield _event("messageStop", {"stopReason": _STOP[reply.stopped_by]})
        yield _event("metadata", {"usage": _usage(reply, request), "metrics": {"latencyMs": 1}})

    def other(self, status: int) -> Refusal:
        name = _NAMES.get(status, "InternalServerException" if status >= 500 else "ValidationException")
        return Refusal(status, name, "The request could not be processed.")

    def error_body(self, refusal: Refusal, request_id: str) -> dict[str, Any]:
        return {"message": refusal.message}

    def error_headers(self, refusal: Refusal) -> tuple[tuple[str, str], ...]:
        space = ":http://internal.amazon.com/coral/com.amazon.bedrock/"
        return (("x-amzn-errortype", refusal.type + space),)

    def error_frame(self, refusal: Refusal, request_id: str) -> Frame:
        name = refusal.type[:1].lower() + refusal.type[1:]
        return Frame(message(self.error_body(refusal, request_id), ":exception-type", name))


def message(payload: dict[str, Any], kind: str, name: str) -> bytes:
    """One message of an event stream: lengths, their checksum, headers, payload, and the checksum of it all."""
    told = "exception" if kind == ":exception-type" else "event"
    headers = _header(kind, name) + _header(":content-type", "application/json") + _header(":message-type", told)
    data = to_json(payload)
    lengths = (16 + len(headers) + len(data)).to_bytes(4) + len(headers).to_bytes(4)
    whole = lengths + crc32(lengths).to_bytes(4) + headers + data
    return whole + crc32(whole).to_bytes(4)


def _header(name: str, value: str) -> bytes:
    return bytes([len(name)]) + name.encode() + bytes([_TEXT]) + len(value).to_bytes(2) + value.encode()


def _event(name: str, fields: dict[str, Any], content: bool = False) -> Frame:
    return Frame(message(fields, ":event-type", name), content)


_Block = tuple[dict[str, Any], dict[str, Any] | None, list[dict[str, Any]]]


def _blocks(reply: Reply, ident: str) -> Iterator[_Block]:
    """The blocks of an answer, in order: each whole, and in a stream what its start says (None: it has none) and its
    deltas."""
    if reply.thinking is not None:
        signed = signature("bedrock", reply.thinking)
        deltas: list[dict[str, Any]] = [
            {"reasoningContent": {"text": piece}} for piece in pieces(reply.thinking, reply.chunks)
        ]
        whole = {"reasoningText": {"text": reply.thinking, "signature": signed}}
        yield {"reasoningContent": whole}, None, [*deltas, {"reasoningContent": {"signature": signed}}]
    if reply.text:
        yield {"text": reply.text}, None, [{"text": piece} for piece in pieces(reply.text, reply.chunks)]
    for index, call in enumerate(reply.tool_calls):
        own = re.sub(r"[^a-zA-Z0-9_.:-]", "_", ident)
        named = {"toolUseId": call.id or f"tooluse_{own}_{index}", "name": call.name}
        deltas = [{"toolUse": {"input": piece}} for piece in pieces(arguments_of(call), 3)]
        yield {"toolUse": {**named, "input": call.arguments or {}}}, {"toolUse": named}, deltas


def _usage(reply: Reply, request: Request) -> dict[str, Any]:
    """Bedrock counts what came from the cache, and what went into it, apart from `inputTokens`."""
    found = counted(reply, request)
    own = reply.usage is not None and reply.usage.input_tokens is not None
    return {
        "inputTokens": found.read - found.cached - found.stored if own else found.read,
        "outputTokens": found.written,
        "totalTokens": found.read + found.written,
        "cacheReadInputTokens": found.cached,
        "cacheWriteInputTokens": found.stored,
    }
