"""Ollama's own chat API as its server speaks it.

Source: Ollama documentation, "API", "Generate a chat completion", "Streaming" and "Errors", as of 2026-11. Fields that
it does not know are ignored, as Ollama's server does.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from agentsea_gateway.testing.checks import is_base64, wrong_key
from agentsea_gateway.testing.counting import counted
from agentsea_gateway.testing.replies import pieces, to_json
from agentsea_gateway.testing.side import Refusal, Side
from agentsea_gateway.testing.wire import Frame

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from agentsea_gateway.testing.recorded import Request
    from agentsea_gateway.testing.replies import Reply
    from agentsea_gateway.testing.side import ErrorKind, Rules

CHAT, MODELS = "/api/chat", "/api/tags"
MOMENT = "2026-01-01T00:00:00Z"  # the same in every answer: tests compare them
_DONE = {"stop": "stop", "length": "length", "tool_use": "stop", "content_filter": "stop"}
_KINDS: dict[ErrorKind, Refusal] = {
    "bad_key": Refusal(401, "", "unauthorized"),
    "no_permission": Refusal(403, "", "you do not have access to this model"),
    "model_not_found": Refusal(404, "", "model 'x' not found"),
    "quota": Refusal(402, "", "you have used all available credits"),
    "rate_limit": Refusal(429, "", "too many concurrent requests"),
    "context_window": Refusal(400, "", "prompt too long; exceeded max context length by 1119046 tokens"),
    "content_policy": Refusal(400, "", "the request was refused by the content filter"),
    "server_error": Refusal(500, "", "internal server error"),
    "overloaded": Refusal(503, "", "server busy, please try again.  maximum pending requests exceeded"),
}
_ROLES = ("system", "user", "assistant", "tool")


class OllamaSide(Side):
    """The server's side of "ollama_chat"."""

    NAME = "ollama_chat"
    KINDS = _KINDS
    REQUEST_ID = ""
    STREAM_TYPE = "application/x-ndjson"
    PING = b"\n"

    def streams(self, path: str, body: Any) -> bool:
        return path == CHAT and isinstance(body, dict) and body.get("stream") is not False

    def is_listing(self, request: Request) -> bool:
        return request.method == "GET" and request.path == MODELS

    def listing(self, models: Sequence[str]) -> dict[str, Any]:
        return {"models": [{"name": name, "model": name, "modified_at": MOMENT, "size": 1} for name in models]}

    def refusal(self, request: Request, headers: Mapping[str, str], rules: Rules) -> Refusal | None:
        if wrong_key(headers.get("authorization"), rules) is not None:
            return _KINDS["bad_key"]
        if request.method != ("GET" if request.path == MODELS else "POST"):
            return Refusal(405, "", "405 method not allowed")
        return _wrong_body(request.body, rules) if request.path == CHAT else None

    def plain(self, reply: Reply, request: Request, ident: str) -> dict[str, Any]:
        message: dict[str, Any] = {"role": "assistant", "content": reply.text}
        if reply.thinking is not None:
            message["thinking"] = reply.thinking
        if reply.tool_calls:
            message["tool_calls"] = _calls(reply, ident)
        return _line(reply, request, message) | _end(reply, request)

    def stream(self, reply: Reply, request: Request, ident: str) -> Iterator[Frame]:
        for piece in pieces(reply.thinking or "", reply.chunks):
            yield _frame(_line(reply, request, {"role": "assistant", "content": "", "thinking": piece}), True)
        for piece in pieces(reply.text, reply.chunks):
            yield _frame(_line(reply, request, {"role": "assistant", "content": piece}), True)
        for call in _calls(reply, ident):
            message = {"role": "assistant", "content": "", "tool_calls": [call]}
            yield _frame(_line(reply, request, message), True)
        yield _frame(_line(reply, request, {"role": "assistant", "content": ""}) | _end(reply, request))

    def other(self, status: int) -> Refusal:
        return Refusal(status, "", "internal server error" if status >= 500 else "invalid request")

    def error_body(self, refusal: Refusal, request_id: str) -> dict[str, Any]:
        return {"error": refusal.message}

    def error_frame(self, refusal: Refusal, request_id: str) -> Frame:
        return _frame(self.error_body(refusal, request_id))


def _frame(line: dict[str, Any], content: bool = False) -> Frame:
    return Frame(to_json(line) + b"\n", content)


def _line(reply: Reply, request: Request, message: dict[str, Any]) -> dict[str, Any]:
    return {"model": reply.model or request.model, "created_at": MOMENT, "message": message, "done": False}


def _end(reply: Reply, request: Request) -> dict[str, Any]:
    found = counted(reply, request)
    counts = {"prompt_eval_count": found.read, "eval_count": found.written}
    times = dict.fromkeys(("total_duration", "load_duration", "prompt_eval_duration", "eval_duration"), 1_000_000)
    return {"done": True, "done_reason": _DONE[reply.stopped_by], **times, **counts}


def _calls(reply: Reply, ident: str) -> list[dict[str, Any]]:
    return [
        {
            "id": call.id or f"call_{ident}_{index}",
            "function": {"index": index, "name": call.name, "arguments": call.arguments or {}},
        }
        for index, call in enumerate(reply.tool_calls)
    ]


def _wrong_body(body: Any, rules: Rules) -> Refusal | None:
    if not isinstance(body, dict):
        return _invalid("invalid character in the request's body")
    model = body.get("model")
    if not isinstance(model, str) or not model:
        return _invalid("model is required")
    if rules.models is not None and model not in rules.models:
        return Refusal(404, "", f"model '{model}' not found")
    messages = body.get("messages")
    if not isinstance(messages, list):
        return _cannot("array" if messages is None else type(messages).__name__, "messages", "[]api.Message")
    return next((refusal for each in messages if (refusal := _wrong_message(each)) is not None), None)


def _wrong_message(message: Any) -> Refusal | None:
    if not isinstance(message, dict):
        return _cannot(type(message).__name__, "messages", "api.Message")
    if message.get("role") not in _ROLES:
        return _invalid(f"invalid role: {message.get('role')}, must be one of [{', '.join(_ROLES)}]")
    if not isinstance(message.get("content", ""), str):
        return _cannot("array", "messages.content", "string")
    for image in message.get("images") or ():
        if not is_base64(image):
            return _invalid("illegal base64 data at input byte 4")
    for call in message.get("tool_calls") or ():
        if not isinstance((call.get("function") or {}).get("arguments"), dict):
            return _cannot("string", "messages.tool_calls.function.arguments", "api.ToolCallFunctionArguments")
    return None


def _cannot(given: str, field: str, wanted: str) -> Refusal:
    """What Go's JSON decoder says of a field of another type."""
    return _invalid(f"json: cannot unmarshal {given} into Go struct field ChatRequest.{field} of type {wanted}")


def _invalid(message: str) -> Refusal:
    return Refusal(400, "", message)
