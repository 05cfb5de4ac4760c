"""Mistral's chat completions as the vendor's server speaks them.

Source: Mistral AI API reference, "Chat completion", and documentation, "Reasoning" and "Rate limits"; what it refuses
is in mistral-common (the vendor's own library), validation of instruct requests; as of 2026-11.
"""

from __future__ import annotations

import re
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from agentsea_gateway.testing.checks import chat_turns, image_type, unknown_field, unpaired, wrong_key
from agentsea_gateway.testing.counting import counted
from agentsea_gateway.testing.openai_side import CREATED
from agentsea_gateway.testing.replies import arguments_of, pieces, to_json
from agentsea_gateway.testing.side import Refusal, Side
from agentsea_gateway.testing.wire import Frame

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from agentsea_gateway.testing.checks import Known
    from agentsea_gateway.testing.recorded import Request
    from agentsea_gateway.testing.replies import Reply
    from agentsea_gateway.testing.side import ErrorKind, Rules

PREFIX = "/mistral/v1"  # apart from OpenAI's: path and key are the same
CHAT, MODELS = f"{PREFIX}/chat/completions", f"{PREFIX}/models"
ORDER, INVALID = "invalid_request_message_order", "invalid_request_error"
_FINISH = {"stop": "stop", "length": "length", "tool_use": "tool_calls", "content_filter": "content_filter"}
_KINDS: dict[ErrorKind, Refusal] = {
    "bad_key": Refusal(401, "unauthorized", "Invalid API Key"),
    "no_permission": Refusal(403, "forbidden", "You do not have access to this resource.", "1403"),
    "model_not_found": Refusal(404, "model_not_found", "Invalid model: x", "1500"),
    "quota": Refusal(402, "payment_required", "Your credit balance is too low.", "1402"),
    "rate_limit": Refusal(429, "rate_limited", "Rate limit exceeded", "1300"),
    "context_window": Refusal(400, "invalid_request_prompt", "Prompt contains too many tokens: 210000", "3051"),
    "content_policy": Refusal(403, "content_policy_violation", "The request was blocked by moderation.", "1901"),
    "server_error": Refusal(500, "internal_server_error", "Service unavailable.", "1000"),
    "overloaded": Refusal(503, "service_unavailable", "Service temporarily unavailable.", "3505"),
}
_CALL: Known = {"id": None, "type": None, "index": None, "function": dict.fromkeys(("name", "arguments"))}
_MESSAGES: dict[str, Known] = {
    "system": dict.fromkeys(("role", "content")),
    "user": dict.fromkeys(("role", "content")),
    "assistant": {**dict.fromkeys(("role", "content", "prefix")), "tool_calls": [_CALL]},
    "tool": dict.fromkeys(("role", "content", "tool_call_id", "name")),
}
_FUNCTION = dict.fromkeys(("name", "description", "parameters", "strict"))
_BODY: Known = {
    **dict.fromkeys(("model", "messages", "temperature", "top_p", "max_tokens", "stream", "stop", "random_seed")),
    **dict.fromkeys(("metadata", "response_format", "tool_choice", "presence_penalty", "frequency_penalty", "n")),
    **dict.fromkeys(("prediction", "parallel_tool_calls", "reasoning_effort", "prompt_mode", "guardrails")),
    **dict.fromkeys(("prompt_cache_key", "service_tier", "safe_prompt", "min_tokens", "repetition_penalty", "top_k")),
    **dict.fromkeys(("logprobs", "top_logprobs")),
}
_BODY |= {"tools": [{"type": None, "function": _FUNCTION}]}
_PARTS = ("text", "image_url", "document_url", "reference", "input_audio", "thinking", "file")
_IMAGES = ("image/png", "image/jpeg", "image/webp", "image/gif", "link")
_FOLLOWERS = {  # mistral-common: what may stand behind a role
    "system": ("user", "assistant", "system"),
    "user": ("assistant", "system", "user"),
    "assistant": ("assistant", "user", "tool"),
    "tool": ("assistant", "tool", "user"),  # the last one is answered since 2026, whatever the library says
}
_CALL_ID = re.compile(r"[a-zA-Z0-9]{9}")
_NAME = re.compile(r"[a-zA-Z0-9_-]{1,64}")


class MistralSide(Side):
    """The server's side of "mistral_chat"."""

    NAME = "mistral_chat"
    KINDS = _KINDS
    REQUEST_ID = "mistral-correlation-id"

    def is_listing(self, request: Request) -> bool:
        return request.method == "GET" and request.path == MODELS

    def listing(self, models: Sequence[str]) -> dict[str, Any]:
        common = {"object": "model", "type": "base", "created": CREATED, "owned_by": "sandbox"}
        rows = [{"id": name, **common, "capabilities": {"completion_chat": True}} for name in models]
        return {"object": "list", "data": rows}

    def refusal(self, request: Request, headers: Mapping[str, str], rules: Rules) -> Refusal | None:
        found = wrong_key(headers.get("authorization"), rules)
        if found is not None:
            return Refusal(401, "unauthorized", "Unauthorized") if found == "missing" else _KINDS["bad_key"]
        if request.path not in (CHAT, MODELS):
            return Refusal(404, "not_found", "no Route matched with those values")
        if request.method != ("GET" if request.path == MODELS else "POST"):
            return Refusal(405, "method_not_allowed", "Method Not Allowed")
        return _wrong_body(request.body, rules) if request.path == CHAT else None

    def plain(self, reply: Reply, request: Request, ident: str) -> dict[str, Any]:
        calls = [_call(reply, ident, index) for index in range(len(reply.tool_calls))]
        content: Any = reply.text
        if reply.thinking:
            told = [{"type": "text", "text": reply.text}] if reply.text else []
            content = [_thinking(reply.thinking), *told]
        message = {"role": "assistant", "tool_calls": calls or None, "content": content}
        choice = {"index": 0, "finish_reason": _FINISH[reply.stopped_by], "message": message}
        return _envelope("chat.completion", reply, request, ident) | {
            "choices": [choice],
            "usage": _usage(reply, request),
        }

    def stream(self, reply: Reply, request: Request, ident: str) -> Iterator[Frame]:
        envelope = _envelope("chat.completion.chunk", reply, request, ident)

        def chunk(delta: dict[str, Any], content: bool = False, **last: Any) -> Frame:
            choice = {"index": 0, "delta": delta, "finish_reason": last.pop("finish_reason", None)}
            return Frame(b"data: %b\n\n" % to_json({**envelope, "choices": [choice], **last}), content)

        yield chunk({"role": "assistant", "content": ""})
        for piece in pieces(reply.thinking or "", reply.chunks):
            yield chunk({"content": [_thinking(piece)]}, content=True)
        for piece in pieces(reply.text, reply.chunks):
            yield chunk({"content": piece}, content=True)
        for index in range(len(reply.tool_calls)):
            yield chunk({"tool_calls": [{**_call(reply, ident, index), "index": index}]}, content=True)
        yield chunk({"content": ""}, finish_reason=_FINISH[reply.stopped_by], usage=_usage(reply, request))
        yield Frame(b"data: [DONE]\n\n")

    def other(self, status: int) -> Refusal:
        words = "The server had an error." if status >= 500 else "The request was refused."
        return Refusal(status, "internal_server_error" if status >= 500 else INVALID, words)

    def error_body(self, refusal: Refusal, request_id: str) -> dict[str, Any]:
        told = {"message": refusal.message, "type": refusal.type, "param": refusal.param, "code": refusal.code}
        return {"object": "error", **told}

    def rate_limit_headers(self, limit: int, remaining: int) -> list[tuple[str, str]]:
        return [
            ("x-ratelimit-limit-req-minute", str(limit)),
            ("x-ratelimit-remaining-req-minute", str(remaining)),
        ]


def _envelope(kind: str, reply: Reply, request: Request, ident: str) -> dict[str, Any]:
    found = reply.id or sha256(ident.encode()).hexdigest()[:32]
    return {"id": found, "object": kind, "created": CREATED, "model": reply.model or request.model}


def _thinking(text: str) -> dict[str, Any]:
    return {"type": "thinking", "thinking": [{"type": "text", "text": text}], "closed": True}


def _call(reply: Reply, ident: str, index: int) -> dict[str, Any]:
    call = reply.tool_calls[index]
    own = sha256(f"{ident} {index}".encode()).hexdigest()[:9]
    function = {"name": call.name, "arguments": arguments_of(call)}
    return {"id": call.id or own, "type": "function", "function": function}


def _usage(reply: Reply, request: Request) -> dict[str, Any]:
    found = counted(reply, request)
    return {
        "prompt_tokens": found.read,
        "total_tokens": found.read + found.written,
        "completion_tokens": found.written,
        "prompt_tokens_details": {"cached_tokens": found.cached},
    }


def _wrong_body(body: Any, rules: Rules) -> Refusal | None:
    if not isinstance(body, dict):
        return _unfit("body", "JSON decode error")
    model = body.get("model")
    if not isinstance(model, str):
        return _unfit("body.model", "Field required")
    if rules.models is not None and model not in rules.models:
        return Refusal(404, "model_not_found", f"Invalid model: {model}", "1500")
    found = unknown_field(body, _BODY, "body")
    if found is not None:
        return _unfit(f"{found[0]}.{found[1]}", "Extra inputs are not permitted")
    return _wrong_messages(body.get("messages")) or _wrong_parameter(body)


def _wrong_messages(messages: Any) -> Refusal | None:
    if not isinstance(messages, list):
        return _unfit("body.messages", "Field required")
    if not messages:
        return _refused("Conversation must have at least one message", ORDER, "3230")
    before = None
    for index, message in enumerate(messages):
        refusal = _wrong_message(message, index, before)
        if refusal is not None:
            return refusal
        before = message["role"]
    if before == "assistant" and not messages[-1].get("prefix"):
        words = "Expected last role User or Tool (or Assistant with prefix True) for serving but got assistant"
        return _refused(words, ORDER, "3230")
    return _wrong_calls(messages)


def _wrong_message(message: Any, index: int, before: str | None) -> Refusal | None:
    role = message.get("role") if isinstance(message, dict) else None
    if role not in _MESSAGES:
        return _unfit(f"body.messages.{index}", f"Input tag '{role}' does not match any of the expected tags")
    found = unknown_field(message, _MESSAGES[role], f"body.messages.{index}.{role}")
    if found is not None:
        return _unfit(f"{found[0]}.{found[1]}", "Extra inputs are not permitted")
    if before is not None and role not in _FOLLOWERS[before]:
        return _refused(f"Unexpected role '{role}' after role '{before}'", ORDER, "3230")
    return _wrong_content(message, index)


def _wrong_content(message: dict[str, Any], index: int) -> Refusal | None:
    content, role = message.get("content"), message["role"]
    if role == "assistant" and not content and not message.get("tool_calls"):
        words = "Assistant message must have either content or tool_calls, but not none."
        return _refused(words, "invalid_request_assistant_message", "3240")
    if content is None and role in ("user", "system"):
        return _unfit(f"body.messages.{index}.{role}.content", "Field required")
    for number, part in enumerate(content if isinstance(content, list) else ()):
        kind, place = part.get("type"), f"body.messages.{index}.{role}.content.{number}"
        if kind not in _PARTS:
            return _unfit(place, f"Input tag '{kind}' does not match any of the expected tags")
        held = part.get("image_url")
        if kind == "image_url" and image_type(held.get("url") if isinstance(held, dict) else held) not in _IMAGES:
            return _refused(
                "Image could not be loaded, must be a PNG, JPEG, WEBP or GIF.", "invalid_request_file", "3310"
            )
    return None


def _wrong_calls(messages: list[dict[str, Any]]) -> Refusal | None:
    for message in messages:
        for call in message.get("tool_calls") or ():
            if not _CALL_ID.fullmatch(str(call.get("id"))):
                words = f"Tool call id was {call.get('id')} but must be a-z, A-Z, 0-9, with a length of 9."
                return _refused(words, "invalid_function_call", "3280")
            name = call["function"].get("name")
            if not _NAME.fullmatch(str(name)):
                words = "must be a-z, A-Z, 0-9, or contain underscores and dashes, with a maximum length of 64."
                return _refused(f"Function name was {name} but {words}", "invalid_function_call", "3280")
    found = unpaired(chat_turns(messages))
    if found is None:
        return None
    if found.orphan is not None:
        return _refused(f"Unexpected tool call id {found.orphan} in tool results", ORDER, "3230")
    return _refused("Not the same number of function calls and responses", ORDER, "3230")


def _wrong_parameter(body: dict[str, Any]) -> Refusal | None:
    heat = body.get("temperature")
    if heat is not None and not 0 <= heat <= 1.5:
        return _unfit("body.temperature", "Input should be between 0 and 1.5")
    choice = body.get("tool_choice")
    if isinstance(choice, str) and choice not in ("auto", "none", "any", "required"):
        return _unfit("body.tool_choice", "Input should be 'auto', 'none', 'any' or 'required'")
    return None


def _unfit(place: str, message: str) -> Refusal:
    """What does not fit the schema of a request."""
    return Refusal(422, INVALID, f"{place}: {message}")


def _refused(message: str, kind: str, code: str) -> Refusal:
    return Refusal(400, kind, message, code)
