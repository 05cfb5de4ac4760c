"""Cohere's chat API (v2) as the vendor's server speaks it.

Source: Cohere API reference, "Chat" and "Chat with Streaming" (v2), and documentation, "Errors" and "Tool use", as of
2026-11; the framing follows what the API sends.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from agentsea_gateway.testing.checks import Unpaired, chat_turns, image_type, unknown_field, unpaired, wrong_key
from agentsea_gateway.testing.counting import counted
from agentsea_gateway.testing.replies import arguments_of, pieces
from agentsea_gateway.testing.side import Refusal, Side, event
from agentsea_gateway.testing.wire import Frame

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from agentsea_gateway.testing.checks import Known
    from agentsea_gateway.testing.recorded import Request
    from agentsea_gateway.testing.replies import Reply
    from agentsea_gateway.testing.side import ErrorKind, Rules

CHAT = "/v2/chat"
INVALID = "INVALID_REQUEST"
_FINISH = {"stop": "COMPLETE", "length": "MAX_TOKENS", "tool_use": "TOOL_CALL", "content_filter": "ERROR_TOXIC"}
_KINDS: dict[ErrorKind, Refusal] = {
    "bad_key": Refusal(401, "UNAUTHORIZED", "invalid api token"),
    "no_permission": Refusal(403, "FORBIDDEN", "your organization does not have access to this model"),
    "model_not_found": Refusal(404, "NOT_FOUND", "model not found, make sure the correct model ID was used"),
    "quota": Refusal(402, "PAYMENT_REQUIRED", "you have reached your billing limit: please add credits"),
    "rate_limit": Refusal(429, "RATE_LIMITED", "You are past the per minute request limit, please wait and try again."),
    "context_window": Refusal(400, "TOO_MANY_TOKENS", "too many tokens: size limit exceeded by 25836 tokens."),
    "content_policy": Refusal(400, "CONTENT_FILTER", "the request was blocked by the safety filter"),
    "server_error": Refusal(500, "INTERNAL_ERROR", "internal server error, this has been reported to our developers."),
    "overloaded": Refusal(503, "SERVICE_UNAVAILABLE", "service unavailable, please try again later"),
}
_CALL: Known = {"id": None, "type": None, "function": dict.fromkeys(("name", "arguments"))}
_TOOL: Known = {"type": None, "function": dict.fromkeys(("name", "description", "parameters"))}
_BODY: Known = {
    **dict.fromkeys(("model", "stream", "strict_tools", "documents", "citation_options", "safety_mode", "max_tokens")),
    **dict.fromkeys(("stop_sequences", "temperature", "seed", "frequency_penalty", "presence_penalty", "k", "p")),
    **dict.fromkeys(("logprobs", "tool_choice", "priority")),
    "response_format": dict.fromkeys(("type", "json_schema")),
    "thinking": dict.fromkeys(("type", "token_budget")),
    "tools": [_TOOL],
}
_MESSAGES: dict[str, Known] = {
    "user": {"role": None, "content": None},
    "system": {"role": None, "content": None},
    "assistant": {"role": None, "content": None, "tool_calls": [_CALL], "tool_plan": None, "citations": None},
    "tool": {"role": None, "content": None, "tool_call_id": None},
}
_PARTS = {
    "user": ("text", "image_url"),
    "system": ("text",),
    "assistant": ("text", "thinking"),
    "tool": ("text", "document"),
}
_IMAGES = ("image/png", "image/jpeg", "image/webp", "image/gif", "link")
_RANGES = {"temperature": (0, 1), "p": (0.01, 0.99), "k": (0, 500), "frequency_penalty": (0, 1)}


class CohereSide(Side):
    """The server's side of "cohere_chat"."""

    NAME = "cohere_chat"
    KINDS = _KINDS
    REQUEST_ID = "x-debug-trace-id"
    STREAM_TYPE = "text/event-stream"

    def refusal(self, request: Request, headers: Mapping[str, str], rules: Rules) -> Refusal | None:
        found = wrong_key(headers.get("authorization"), rules)
        if found == "missing":
            return Refusal(401, "UNAUTHORIZED", "no api key supplied")
        if found is not None:
            return _KINDS["bad_key"]
        if request.method != "POST":
            return Refusal(405, "METHOD_NOT_ALLOWED", "method not allowed")
        return _wrong_body(request.body, rules)

    def plain(self, reply: Reply, request: Request, ident: str) -> dict[str, Any]:
        message: dict[str, Any] = {"role": "assistant"}
        content = [part for part, _ in _content(reply)]
        if content:
            message["content"] = content
        if reply.tool_calls:
            message["tool_calls"] = [_call(reply, ident, index) for index in range(len(reply.tool_calls))]
        ending = {"finish_reason": _FINISH[reply.stopped_by], "usage": _usage(reply, request)}
        return {"id": reply.id or f"c{ident}", "message": message, **ending}

    def stream(self, reply: Reply, request: Request, ident: str) -> Iterator[Frame]:
        empty = {"role": "assistant", "content": [], "tool_plan": "", "tool_calls": [], "citations": []}
        yield event("message-start", {"id": reply.id or f"c{ident}", "delta": {"message": empty}})
        for index, (part, texts) in enumerate(_content(reply)):
            kind = part["type"]
            yield _about("content-start", index, {"content": {"type": kind, kind: ""}})
            for text in texts:
                yield _about("content-delta", index, {"content": {kind: text}}, content=True)
            yield event("content-end", {"index": index})
        for index in range(len(reply.tool_calls)):
            call = _call(reply, ident, index)
            arguments = call["function"]["arguments"]
            begun = {**call, "function": {"name": call["function"]["name"], "arguments": ""}}
            yield _about("tool-call-start", index, {"tool_calls": begun}, content=True)
            for piece in pieces(arguments, 3):
                yield _about("tool-call-delta", index, {"tool_calls": {"function": {"arguments": piece}}}, content=True)
            yield event("tool-call-end", {"index": index})
        ending = {"finish_reason": _FINISH[reply.stopped_by], "usage": _usage(reply, request)}
        yield event("message-end", {"delta": ending})
        yield Frame(b"data: [DONE]\n\n")

    def other(self, status: int) -> Refusal:
        if status >= 500:
            return Refusal(status, "INTERNAL_ERROR", "internal server error")
        return Refusal(status, INVALID, "invalid request")

    def error_body(self, refusal: Refusal, request_id: str) -> dict[str, Any]:
        return {"error_type": refusal.type, "id": request_id, "message": refusal.message}

    def error_frame(self, refusal: Refusal, request_id: str) -> Frame:
        return event("message-end", {"delta": {"finish_reason": "ERROR", "error": refusal.message}})


def _about(kind: str, index: int, message: dict[str, Any], content: bool = False) -> Frame:
    return event(kind, {"index": index, "delta": {"message": message}}, content)


def _content(reply: Reply) -> Iterator[tuple[dict[str, Any], list[str]]]:
    if reply.thinking is not None:
        yield {"type": "thinking", "thinking": reply.thinking}, pieces(reply.thinking, reply.chunks)
    if reply.text or not reply.tool_calls:
        yield {"type": "text", "text": reply.text}, pieces(reply.text, reply.chunks)


def _call(reply: Reply, ident: str, index: int) -> dict[str, Any]:
    call = reply.tool_calls[index]
    function = {"name": call.name, "arguments": arguments_of(call)}
    return {"id": call.id or f"{call.name}_{ident}_{index}", "type": "function", "function": function}


def _usage(reply: Reply, request: Request) -> dict[str, Any]:
    found = counted(reply, request)
    tokens = {"input_tokens": found.read, "output_tokens": found.written}
    if found.reasoned:
        tokens["reasoning_tokens"] = found.reasoned
    billed = {"input_tokens": found.read, "output_tokens": found.written}
    return {"billed_units": billed, "tokens": tokens, "cached_tokens": found.cached}


def _wrong_body(body: Any, rules: Rules) -> Refusal | None:
    if not isinstance(body, dict):
        return _invalid("invalid request: the body is not a JSON object")
    model = body.get("model")
    if not isinstance(model, str) or not model:
        return _invalid("invalid request: model is required")
    if rules.models is not None and model not in rules.models:
        return Refusal(404, "NOT_FOUND", f"model '{model}' not found, make sure the correct model ID was used")
    found = unknown_field({name: value for name, value in body.items() if name != "messages"}, _BODY)
    if found is not None:
        return _unknown(".".join(filter(None, found)))
    return _wrong_messages(body.get("messages")) or _wrong_parameter(body)


def _wrong_messages(messages: Any) -> Refusal | None:
    if not isinstance(messages, list) or not messages:
        return _invalid("invalid request: messages must be a list of at least one message")
    for index, message in enumerate(messages):
        refusal = _wrong_message(message, f"messages[{index}]")
        if refusal is not None:
            return refusal
    found = unpaired(chat_turns(messages))
    return _unpaired(found) if found is not None else None


def _wrong_message(message: Any, where: str) -> Refusal | None:
    role = message.get("role") if isinstance(message, dict) else None
    if role not in _MESSAGES:
        return _invalid(f"invalid request: {where}.role must be one of user, assistant, system, tool")
    found = unknown_field(message, _MESSAGES[role], where)
    if found is not None:
        return _unknown(f"{found[0]}.{found[1]}")
    content = message.get("content")
    if not content:
        if role == "tool" or (role == "assistant" and message.get("tool_calls")):
            return None
        return _invalid(f"invalid request: {where} must have non-empty content")
    return _wrong_content(content, role, where)


def _wrong_content(content: Any, role: str, where: str) -> Refusal | None:
    if isinstance(content, str):
        return None
    if not isinstance(content, list):
        return _invalid(f"invalid type: parameter {where}.content should be a string or a list")
    for part in content:
        kind = part.get("type") if isinstance(part, dict) else None
        if kind not in _PARTS[role]:
            return _invalid(f"invalid request: {where}.content has a part of type {kind!r}; {role} messages take none")
        if kind == "text" and not part.get("text"):
            return _invalid(f"invalid request: {where}.content has a text part without text")
        if kind == "image_url" and image_type((part.get("image_url") or {}).get("url")) not in _IMAGES:
            return _invalid(f"invalid request: {where}.content has an image that is no PNG, JPEG, WebP or GIF")
    return None


def _unpaired(found: Unpaired) -> Refusal:
    if found.orphan is not None:
        return _invalid(f"invalid request: messages[{found.index}] has the unknown tool_call_id {found.orphan!r}")
    missing = ", ".join(found.unanswered)
    return _invalid(f"invalid request: missing tool results for the tool calls {missing}")


def _wrong_parameter(body: dict[str, Any]) -> Refusal | None:
    if body.get("tool_choice") not in (None, "REQUIRED", "NONE"):
        return _invalid("invalid request: tool_choice must be one of REQUIRED, NONE")
    if body.get("tool_choice") == "REQUIRED" and not body.get("tools"):
        return _invalid("invalid request: tool_choice REQUIRED needs tools")
    for name, (least, most) in _RANGES.items():
        value = body.get(name)
        if value is not None and (isinstance(value, bool) or not isinstance(value, (int, float))):
            return _invalid(f"invalid type: parameter {name} should be a number")
        if value is not None and not least <= value <= most:
            return _invalid(f"invalid request: {name} must be between {least} and {most} inclusive")
    return None


def _unknown(name: str) -> Refusal:
    return _invalid(f"unknown field: parameter '{name}' is not a valid field")


def _invalid(message: str) -> Refusal:
    return Refusal(400, INVALID, message)
