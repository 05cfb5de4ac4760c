"""Each dialect as a server says it, byte by byte: the table from which the fault suite makes its answers.

A new dialect joins with one entry in SPOKEN: see tests/faults/conftest.py.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from attrs import evolve, frozen

from agentsea_gateway.providers import Bedrock, Cohere, Mistral, Ollama, OpenAI, OpenAIResponses
from agentsea_gateway.providers.anthropic import Anthropic
from raw_server import answer, chunked, head
from support.event_stream import event, exception, resealed

if TYPE_CHECKING:
    from collections.abc import Callable

    from raw_server import Received

KEY = "sk-canary-0123456789abcdef"
# Characters of one to four bytes, so that every cut of a stream somewhere is a cut inside one.
PIECES = ("Grüße", " aus ", "東京 🎈")
TEXT = "".join(PIECES)
WRITTEN = 4711  # output tokens; no other number of an answer reads like it
ANSWER_ID, MODEL = "answer-1", "model-x"


@frozen
class Spoken:
    """What one dialect's server says.

    provider    a provider that speaks it to a server's root ("http://127.0.0.1:1234"); keywords go to HTTPProvider
    answer      the body of a good plain answer: TEXT, as ANSWER_ID from MODEL, with WRITTEN output tokens
    silent      the same body with neither content nor a stop reason
    wordless    the same body with content "" and a stop reason
    calling     the same body with a tool call and no text at all
    opening     the events of a good stream before its first content; together with the rest the same as `answer`
    contents    the events that say PIECES
    closing     the events up to the one that gives a stop reason: the end is proven
    after       the events behind that one
    ping        an event that says nothing
    refusals    error bodies by the status that they come with (a code of its own: "quota")
    told        an error body as an event of a stream
    binary      its streams are Amazon's binary ones: an event that a test changes has to be `sealed`
    credential  the request's header that carries the key, and what it holds
    keyless     it may be asked without a key
    """

    name: str
    provider: Callable[..., Any]
    answer: bytes
    silent: bytes
    wordless: bytes
    calling: bytes
    opening: tuple[bytes, ...]
    contents: tuple[bytes, ...]
    closing: tuple[bytes, ...]
    after: tuple[bytes, ...]
    ping: bytes
    refusals: dict[Any, bytes]
    told: Callable[[bytes], bytes]
    credential: tuple[str, str]
    plain_type: str = "application/json"
    stream_type: str = "text/event-stream"
    keyless: bool = False
    binary: bool = False

    def events(self) -> tuple[bytes, ...]:
        """A good stream, whole."""
        return (*self.opening, *self.contents, *self.closing, *self.after)

    def stream(self) -> bytes:
        """The bytes of a good stream."""
        return b"".join(self.events())

    def refusal(self, status: Any) -> bytes:
        """The error body that comes with this status, or the nearest to it."""
        return self.refusals.get(status) or self.refusals[400 if status < 500 else 500]

    def good(self, mode: str) -> bytes:
        """A whole answer with its head, as `mode` asks for it."""
        return self.whole(self.answer) if mode == "plain" else self.streamed(*self.events())

    def echo(self, mode: str, request: Received) -> bytes:
        """A good answer whose text is the word behind "say:" in this request."""
        said = re.search(rb"say:([\w-]+)", request.body)
        assert said is not None
        if mode == "plain":
            return self.whole(self.answer.replace(TEXT.encode(), said[1]))
        first = self.contents[0].replace(PIECES[0].encode(), said[1])
        return self.streamed(*self.opening, first, *self.closing, *self.after)

    def whole(self, body: bytes, status: str = "200 OK", **headers: str) -> bytes:
        """A plain answer with its head."""
        return answer(status, body, content_type=self.plain_type, **headers)

    def stream_head(self, **headers: str) -> bytes:
        """The head of a stream in chunks."""
        return head("200 OK", content_type=self.stream_type, transfer_encoding="chunked", **headers)

    def streamed(self, *events: bytes, **headers: str) -> bytes:
        """A whole stream of these events, one to a chunk."""
        return self.stream_head(**headers) + chunked(*map(self.sealed, events))

    def sealed(self, event: bytes) -> bytes:
        """An event whose payload was changed, fit to be sent: in a binary stream its lengths and checksums follow."""
        return resealed(event) if self.binary else event

    def begun(self, mode: str) -> bytes:
        """A head, as `mode` asks for it, and the beginning of a body without any content."""
        if mode == "plain":
            return head("200 OK", content_type=self.plain_type, content_length="100000") + self.answer[:5]
        return self.stream_head() + chunked(*self.opening, end=b"")

    def carries_the_key(self, request: Received) -> bool:
        """Whether the request came with our credential, and with no other."""
        name, value = self.credential
        others = {"authorization", "x-api-key", "cookie", "x-goog-api-key"} - {name}
        return request.headers.get(name) == value and not others & request.headers.keys()


def _json(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False).encode()


# -- OpenAI chat completions -------------------------------------------------------------------------------------------


def _chat(message: dict[str, Any], finish: str | None) -> bytes:
    choice = {"index": 0, "message": {"role": "assistant", **message}, "finish_reason": finish}
    usage = {"prompt_tokens": 17, "completion_tokens": WRITTEN, "total_tokens": 17 + WRITTEN}
    return _json({"id": ANSWER_ID, "object": "chat.completion", "model": MODEL, "choices": [choice], "usage": usage})


def _chunk(delta: dict[str, Any] | None, finish: str | None = None, **more: Any) -> bytes:
    choices = [] if delta is None else [{"index": 0, "delta": delta, "finish_reason": finish}]
    body = {"id": ANSWER_ID, "object": "chat.completion.chunk", "model": MODEL, "choices": choices, **more}
    return b"data: " + _json(body) + b"\n\n"


def _chat_error(message: str, kind: str, code: str | None = None) -> bytes:
    return _json({"error": {"message": message, "type": kind, "param": None, "code": code}})


_LOOK_UP = {"name": "look_up", "arguments": '{"word": "sky"}'}

OPENAI_CHAT = Spoken(
    name="openai_chat",
    provider=lambda root, **given: OpenAI(**{"api_key": KEY, "base_url": f"{root}/v1", **given}),
    answer=_chat({"content": TEXT}, "stop"),
    silent=_chat({"content": None}, None),
    wordless=_chat({"content": ""}, "stop"),
    calling=_chat(
        {"content": None, "tool_calls": [{"id": "call-1", "type": "function", "function": _LOOK_UP}]}, "tool_calls"
    ),
    opening=(_chunk({"role": "assistant", "content": ""}),),
    contents=tuple(_chunk({"content": piece}) for piece in PIECES),
    closing=(_chunk({}, "stop"),),
    after=(
        _chunk(None, usage={"prompt_tokens": 17, "completion_tokens": WRITTEN, "total_tokens": 17 + WRITTEN}),
        b"data: [DONE]\n\n",
    ),
    ping=b": keep-alive\n\n",
    refusals={
        400: _chat_error("max_tokens is too large", "invalid_request_error"),
        401: _chat_error("Incorrect API key provided", "invalid_request_error", "invalid_api_key"),
        402: _chat_error("Payment required", "billing_error"),
        403: _chat_error("You may not use this model", "permission_error"),
        404: _chat_error("The model does not exist", "invalid_request_error", "model_not_found"),
        429: _chat_error("Slow down", "requests", "rate_limit_exceeded"),
        "quota": _chat_error("You exceeded your current quota", "insufficient_quota", "insufficient_quota"),
        500: _chat_error("The server had an error", "server_error"),
        503: _chat_error("The engine is currently overloaded", "service_unavailable_error"),
    },
    told=lambda body: b"data: " + body + b"\n\n",
    credential=("authorization", f"Bearer {KEY}"),
)


# -- Anthropic messages ------------------------------------------------------------------------------------------------

_READ = {"input_tokens": 17, "cache_creation_input_tokens": 0, "cache_read_input_tokens": 0}


def _message(blocks: list[dict[str, Any]], stop: str | None, written: int = WRITTEN) -> dict[str, Any]:
    message = {"id": ANSWER_ID, "type": "message", "role": "assistant", "model": MODEL, "content": blocks}
    return {**message, "stop_reason": stop, "stop_sequence": None, "usage": {**_READ, "output_tokens": written}}


def _event(kind: str, **fields: Any) -> bytes:
    return f"event: {kind}\ndata: ".encode() + _json({"type": kind, **fields}) + b"\n\n"


def _message_error(kind: str, message: str) -> bytes:
    return _json({"type": "error", "error": {"type": kind, "message": message}, "request_id": None})


ANTHROPIC_MESSAGES = Spoken(
    name="anthropic_messages",
    provider=lambda root, **given: Anthropic(**{"api_key": KEY, "base_url": root, **given}),
    answer=_json(_message([{"type": "text", "text": TEXT}], "end_turn")),
    silent=_json(_message([], None)),
    wordless=_json(_message([], "end_turn")),
    calling=_json(
        _message([{"type": "tool_use", "id": "call-1", "name": "look_up", "input": {"word": "sky"}}], "tool_use")
    ),
    opening=(
        _event("message_start", message=_message([], None, 1)),
        _event("content_block_start", index=0, content_block={"type": "text", "text": ""}),
    ),
    contents=tuple(
        _event("content_block_delta", index=0, delta={"type": "text_delta", "text": piece}) for piece in PIECES
    ),
    closing=(
        _event("content_block_stop", index=0),
        _event(
            "message_delta",
            delta={"stop_reason": "end_turn", "stop_sequence": None},
            usage={"output_tokens": WRITTEN},
        ),
    ),
    after=(_event("message_stop"),),
    ping=_event("ping"),
    refusals={
        400: _message_error("invalid_request_error", "max_tokens is too large"),
        401: _message_error("authentication_error", "invalid x-api-key"),
        402: _message_error("billing_error", "Payment required"),
        403: _message_error("permission_error", "You may not use this model"),
        404: _message_error("not_found_error", "model: model-x"),
        429: _message_error("rate_limit_error", "Slow down"),
        "quota": _message_error("billing_error", "Your credit balance is too low"),
        500: _message_error("api_error", "Internal server error"),
        503: _message_error("overloaded_error", "Overloaded"),
    },
    told=lambda body: b"event: error\ndata: " + body + b"\n\n",
    credential=("authorization", f"Bearer {KEY}"),
)

# -- OpenAI responses --------------------------------------------------------------------------------------------------


def _response(*items: dict[str, Any], status: str | None = "completed", written: int | None = WRITTEN) -> Any:
    usage = {"input_tokens": 17, "output_tokens": written, "total_tokens": 17 + (written or 0)}
    body = {"id": ANSWER_ID, "object": "response", "status": status, "error": None, "model": MODEL, "store": False}
    return {**body, "output": [*items], "usage": None if written is None else usage}


def _said(text: str) -> dict[str, Any]:
    parts = [{"type": "output_text", "text": text, "annotations": []}] if text else []
    return {"type": "message", "id": "msg-1", "status": "completed", "role": "assistant", "content": parts}


_PLACE = {"item_id": "msg-1", "output_index": 0, "content_index": 0}

OPENAI_RESPONSES = Spoken(
    name="openai_responses",
    provider=lambda root, **given: OpenAIResponses(**{"api_key": KEY, "base_url": f"{root}/v1", **given}),
    answer=_json(_response(_said(TEXT))),
    silent=_json(_response(status=None)),
    wordless=_json(_response()),
    calling=_json(_response({"type": "function_call", "id": "fc-1", "call_id": "call-1", **_LOOK_UP})),
    opening=(
        _event("response.created", response=_response(status="in_progress", written=None)),
        _event("response.output_item.added", output_index=0, item=_said("")),
    ),
    contents=tuple(_event("response.output_text.delta", **_PLACE, delta=piece) for piece in PIECES),
    # As from the hosts that leave the output out of the last event: what counts is what the contents said.
    closing=(_event("response.completed", response=_response()),),
    after=(b"data: [DONE]\n\n",),
    ping=_event("keepalive", sequence_number=3),
    refusals=OPENAI_CHAT.refusals,
    told=lambda body: b"event: error\ndata: " + body + b"\n\n",
    credential=("authorization", f"Bearer {KEY}"),
)

# -- Cohere chat -------------------------------------------------------------------------------------------------------

_COUNTED = {
    "billed_units": {"input_tokens": 3, "output_tokens": 2},
    "tokens": {"input_tokens": 17, "output_tokens": WRITTEN},
}


def _cohere(message: dict[str, Any], finish: str | None) -> bytes:
    body = {"id": ANSWER_ID, "finish_reason": finish, "message": {"role": "assistant", **message}, "usage": _COUNTED}
    return _json(body)


def _cohere_event(kind: str, message: dict[str, Any], **more: Any) -> bytes:
    return _event(kind, **more, delta={"message": message})


def _cohere_error(message: str, kind: str | None = None) -> bytes:
    return _json({"id": "x", "message": message, **({"error_type": kind} if kind else {})})


COHERE_CHAT = Spoken(
    name="cohere_chat",
    provider=lambda root, **given: Cohere(**{"api_key": KEY, "base_url": root, **given}),
    answer=_cohere({"content": [{"type": "text", "text": TEXT}]}, "COMPLETE"),
    silent=_cohere({}, None),
    wordless=_cohere({"content": [{"type": "text", "text": ""}]}, "COMPLETE"),
    calling=_cohere({"tool_calls": [{"id": "call-1", "type": "function", "function": _LOOK_UP}]}, "TOOL_CALL"),
    opening=(
        _cohere_event("message-start", {"role": "assistant", "content": []}, id=ANSWER_ID),
        _cohere_event("content-start", {"content": {"type": "text", "text": ""}}, index=0),
    ),
    contents=tuple(_cohere_event("content-delta", {"content": {"text": piece}}, index=0) for piece in PIECES),
    closing=(
        _event("content-end", index=0),
        _event("message-end", delta={"finish_reason": "COMPLETE", "usage": _COUNTED}),
    ),
    after=(b"data: [DONE]\n\n",),
    ping=b": keep-alive\n\n",
    refusals={
        400: _cohere_error("max_tokens is too large", "INVALID_REQUEST"),
        401: _cohere_error("invalid api token", "UNAUTHORIZED"),
        402: _cohere_error("Payment required", "PAYMENT_REQUIRED"),
        403: _cohere_error("You may not use this model", "FORBIDDEN"),
        404: _cohere_error("model 'model-x' not found", "NOT_FOUND"),
        429: _cohere_error("Slow down", "RATE_LIMITED"),
        "quota": _cohere_error("You are out of credit", "INSUFFICIENT_CREDITS"),
        500: _cohere_error("internal server error", "INTERNAL_ERROR"),
        503: _cohere_error("service unavailable", "SERVICE_UNAVAILABLE"),
    },
    told=lambda body: b"event: error\ndata: " + body + b"\n\n",
    credential=("authorization", f"Bearer {KEY}"),
)

# -- Mistral chat ------------------------------------------------------------------------------------------------------


def _mistral_error(message: str, kind: str, code: str) -> bytes:
    return _json({"object": "error", "message": message, "type": kind, "param": None, "code": code})


MISTRAL_CHAT = evolve(
    OPENAI_CHAT,
    name="mistral_chat",
    provider=lambda root, **given: Mistral(**{"api_key": KEY, "base_url": f"{root}/v1", **given}),
    answer=_chat({"content": [{"type": "text", "text": TEXT}]}, "stop"),
    contents=tuple(_chunk({"content": [{"type": "text", "text": piece}]}) for piece in PIECES),
    closing=(
        _chunk(
            {"content": ""}, "stop", usage={"prompt_tokens": 17, "completion_tokens": WRITTEN, "total_tokens": 4728}
        ),
    ),
    after=(b"data: [DONE]\n\n",),
    refusals={
        400: _mistral_error("max_tokens is too large", "invalid_request_error", "3051"),
        401: _mistral_error("Unauthorized", "unauthorized", "1401"),
        402: _mistral_error("Payment required", "billing_error", "1402"),
        403: _mistral_error("You may not use this model", "forbidden", "1403"),
        404: _mistral_error("Invalid model: model-x", "invalid_model", "1500"),
        429: _mistral_error("Rate limit exceeded", "rate_limited", "1300"),
        "quota": _mistral_error("You exceeded your current quota", "insufficient_quota", "1301"),
        500: _mistral_error("Internal server error", "internal_server_error", "1000"),
        503: _mistral_error("Service unavailable", "service_unavailable_error", "1100"),
    },
)

# -- Ollama chat -------------------------------------------------------------------------------------------------------


def _ollama(message: dict[str, Any], reason: str | None) -> bytes:
    body = {"model": MODEL, "created_at": "2026-11-04T19:22:44.1Z", "message": {"role": "assistant", **message}}
    if reason is None:
        return _json({**body, "done": False})
    return _json({**body, "done": True, "done_reason": reason, "prompt_eval_count": 17, "eval_count": WRITTEN})


def _ollama_error(message: str, status: int) -> bytes:
    return _json({"error": message, "status": status})  # the status is made: a server says no more than the words


OLLAMA_CHAT = Spoken(
    name="ollama_chat",
    provider=lambda root, **given: Ollama(**{"api_key": KEY, "base_url": root, **given}),
    answer=_ollama({"content": TEXT}, "stop"),
    silent=_ollama({"content": ""}, None),
    wordless=_ollama({"content": ""}, "stop"),
    calling=_ollama(
        {"content": "", "tool_calls": [{"function": {"name": "look_up", "arguments": {"word": "sky"}}}]}, "stop"
    ),
    opening=(_ollama({"content": ""}, None) + b"\n",),
    contents=tuple(_ollama({"content": piece}, None) + b"\n" for piece in PIECES),
    closing=(_ollama({"content": ""}, "stop") + b"\n",),
    after=(b" " * 19 + b"\n",),
    ping=_ollama({"content": ""}, None) + b"\n",
    refusals={
        400: _ollama_error("max_tokens is too large", 400),
        401: _ollama_error("unauthorized", 401),
        402: _ollama_error("payment required", 402),
        403: _ollama_error("you may not use this model", 403),
        404: _ollama_error("model 'model-x' not found", 404),
        429: _ollama_error("too many requests", 429),
        "quota": _ollama_error("insufficient quota", 429),
        500: _ollama_error("llama runner process has terminated", 500),
        503: _ollama_error("server busy, please try again.  maximum pending requests exceeded", 503),
    },
    told=lambda body: body + b"\n",
    credential=("authorization", f"Bearer {KEY}"),
    stream_type="application/x-ndjson",
    keyless=True,
)

# -- Bedrock Converse --------------------------------------------------------------------------------------------------

_CONVERSED = {"inputTokens": 17, "outputTokens": WRITTEN, "totalTokens": 17 + WRITTEN}


def _conversed(blocks: list[dict[str, Any]], stop: str | None) -> bytes:
    output = {"message": {"role": "assistant", "content": blocks}}
    return _json({"output": output, "stopReason": stop, "usage": _CONVERSED, "metrics": {"latencyMs": 9}})


def _aws_error(message: str, kind: str) -> bytes:
    return _json({"message": message, "__type": kind})


def _aws_told(body: bytes) -> bytes:
    """An exception inside the stream; what is no error, as an event."""
    kind = re.search(rb'"__type": "(\w+)"', body)
    if kind is None:
        return event("contentBlockDelta", body)
    name = kind[1].decode()
    return exception(name[0].lower() + name[1:], body)


BEDROCK_CONVERSE = Spoken(
    name="bedrock_converse",
    provider=lambda root, **given: Bedrock(**{"api_key": KEY, "base_url": root, **given}),
    answer=_conversed([{"text": TEXT}], "end_turn"),
    silent=_conversed([], None),
    wordless=_conversed([], "end_turn"),
    calling=_conversed([{"toolUse": {"toolUseId": "call-1", "name": "look_up", "input": {"word": "sky"}}}], "tool_use"),
    opening=(event("messageStart", {"role": "assistant", "p": "abc"}),),
    contents=tuple(
        event("contentBlockDelta", {"contentBlockIndex": 0, "delta": {"text": piece}, "p": "abc"}) for piece in PIECES
    ),
    closing=(
        event("contentBlockStop", {"contentBlockIndex": 0, "p": "abc"}),
        event("messageStop", {"stopReason": "end_turn", "p": "abc"}),
    ),
    after=(event("metadata", {"usage": _CONVERSED, "metrics": {"latencyMs": 9}, "p": "abc"}),),
    ping=event("heartbeat", {}),
    refusals={
        400: _aws_error("max_tokens is too large", "ValidationException"),
        401: _aws_error("The security token included in the request is invalid", "UnrecognizedClientException"),
        402: _aws_error("Payment required", "PaymentRequired"),
        403: _aws_error("You don't have access to the model", "AccessDeniedException"),
        404: _aws_error("The model does not exist", "ResourceNotFoundException"),
        429: _aws_error("Too many tokens, please wait before trying again.", "ThrottlingException"),
        "quota": _aws_error("Your account is out of credit", "InsufficientCredits"),
        500: _aws_error("The system encountered an unexpected error", "InternalServerException"),
        503: _aws_error("Bedrock is unable to process your request", "ServiceUnavailableException"),
    },
    told=_aws_told,
    credential=("authorization", f"Bearer {KEY}"),
    stream_type="application/vnd.amazon.eventstream",
    binary=True,
)

SPOKEN = {
    each.name: each
    for each in (
        OPENAI_CHAT,
        ANTHROPIC_MESSAGES,
        OPENAI_RESPONSES,
        COHERE_CHAT,
        MISTRAL_CHAT,
        OLLAMA_CHAT,
        BEDROCK_CONVERSE,
    )
}
