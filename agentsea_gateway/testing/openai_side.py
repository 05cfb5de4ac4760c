"""OpenAI chat completions as the vendor's server speaks them.

Source: OpenAI API reference, "Chat completions" (create, the chunk object, list models), "Error codes" and "Rate
limits", as of 2026-11; the framing follows what the API sends. Azure's paths are served too.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from agentsea_gateway.testing.counting import counted
from agentsea_gateway.testing.openai_refusals import CHAT, INVALID, KINDS, MODELS, refusal_of
from agentsea_gateway.testing.replies import arguments_of, pieces, to_json
from agentsea_gateway.testing.side import Refusal, Side
from agentsea_gateway.testing.wire import Frame

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from agentsea_gateway.response import ToolCall
    from agentsea_gateway.testing.recorded import Request
    from agentsea_gateway.testing.replies import Reply
    from agentsea_gateway.testing.side import Rules

CREATED = 1_750_000_000  # the same in every answer: tests compare them
FINISH = {"stop": "stop", "length": "length", "tool_use": "tool_calls", "content_filter": "content_filter"}


class OpenAISide(Side):
    """The server's side of "openai_chat"."""

    NAME = "openai_chat"
    KINDS = KINDS

    def speaks(self, headers: Mapping[str, str]) -> bool:
        return "authorization" in headers

    def model(self, path: str, body: Any) -> str | None:
        chat = CHAT.fullmatch(path)
        return unquote(chat["deployment"]) if chat and chat["deployment"] else super().model(path, body)

    def is_listing(self, request: Request) -> bool:
        return request.method == "GET" and MODELS.fullmatch(request.path) is not None

    def listing(self, models: Sequence[str]) -> dict[str, Any]:
        rows = [{"id": name, "object": "model", "created": CREATED, "owned_by": "sandbox"} for name in models]
        return {"object": "list", "data": rows}

    def refusal(self, request: Request, headers: Mapping[str, str], rules: Rules) -> Refusal | None:
        return refusal_of(request, headers, rules)

    def plain(self, reply: Reply, request: Request, ident: str) -> dict[str, Any]:
        message: dict[str, Any] = {"role": "assistant", "content": reply.text, "refusal": None, "annotations": []}
        if reply.tool_calls:
            message["content"] = reply.text or None
            message["tool_calls"] = [_tool_call(call, ident, i) for i, call in enumerate(reply.tool_calls)]
        if reply.thinking is not None:
            message["reasoning_content"] = reply.thinking
        choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": FINISH[reply.stopped_by]}
        return _envelope("chat.completion", reply, request, ident) | {
            "choices": [choice],
            "usage": _usage(reply, request),
        }

    def stream(self, reply: Reply, request: Request, ident: str) -> Iterator[Frame]:
        with_usage = (request.body.get("stream_options") or {}).get("include_usage") is True
        envelope = _envelope("chat.completion.chunk", reply, request, ident) | ({"usage": None} if with_usage else {})
        opened = to_json(envelope)[:-1] + b',"choices":[{"index":0,"delta":'

        def chunk(delta: dict[str, Any], finish: str | None = None) -> bytes:
            return b'data: %b%b,"logprobs":null,"finish_reason":%b}]}\n\n' % (opened, to_json(delta), to_json(finish))

        first = {"role": "assistant", "content": None if reply.tool_calls and not reply.text else "", "refusal": None}
        yield Frame(chunk(first))
        for delta in _deltas(reply, ident):
            yield Frame(chunk(delta), content=True)
        yield Frame(chunk({}, FINISH[reply.stopped_by]))
        if with_usage:
            yield Frame(b"data: %b\n\n" % to_json(envelope | {"choices": [], "usage": _usage(reply, request)}))
        yield Frame(b"data: [DONE]\n\n")

    def other(self, status: int) -> Refusal:
        words = "The server had an error." if status >= 500 else "The request was refused."
        return Refusal(status, "server_error" if status >= 500 else INVALID, words)

    def error_body(self, refusal: Refusal, request_id: str) -> dict[str, Any]:
        fields = {"message": refusal.message, "type": refusal.type, "param": refusal.param, "code": refusal.code}
        return {"error": fields}

    def rate_limit_headers(self, limit: int, remaining: int) -> list[tuple[str, str]]:
        return [
            ("x-ratelimit-limit-requests", str(limit)),
            ("x-ratelimit-remaining-requests", str(remaining)),
            ("x-ratelimit-reset-requests", "60s"),
        ]


def _envelope(kind: str, reply: Reply, request: Request, ident: str) -> dict[str, Any]:
    return {
        "id": reply.id or f"chatcmpl-{ident}",
        "object": kind,
        "created": CREATED,
        "model": reply.model or request.model,
        "service_tier": "default",
        "system_fingerprint": "fp_sandbox",
    }


def _tool_call(call: ToolCall, ident: str, index: int) -> dict[str, Any]:
    function = {"name": call.name, "arguments": arguments_of(call)}
    return {"id": call.id or f"call_{ident}_{index}", "type": "function", "function": function}


def _deltas(reply: Reply, ident: str) -> Iterator[dict[str, Any]]:
    """The deltas that a caller sees: reasoning, then text, then every tool call as its head and its arguments."""
    for piece in pieces(reply.thinking or "", reply.chunks):
        yield {"reasoning_content": piece}
    for piece in pieces(reply.text, reply.chunks):
        yield {"content": piece}
    for index, call in enumerate(reply.tool_calls):
        whole = _tool_call(call, ident, index)
        head = {"index": index, **whole, "function": {"name": call.name, "arguments": ""}}
        yield {"tool_calls": [head]}
        for piece in pieces(whole["function"]["arguments"], 3):
            yield {"tool_calls": [{"index": index, "function": {"arguments": piece}}]}


def _usage(reply: Reply, request: Request) -> dict[str, Any]:
    found = counted(reply, request)
    return {
        "prompt_tokens": found.read,
        "completion_tokens": found.written,
        "total_tokens": found.read + found.written,
        "prompt_tokens_details": {"cached_tokens": found.cached, "audio_tokens": 0},
        "completion_tokens_details": {"reasoning_tokens": found.reasoned, "audio_tokens": 0},
    }
