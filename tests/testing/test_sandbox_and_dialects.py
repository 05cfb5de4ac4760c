"""What the sandbox says, the package's own dialects understand: plain as streamed, errors by their kind."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, get_args

import pytest

from agentsea_gateway import dialects, errors
from agentsea_gateway.response import Response, ToolCall, Usage
from agentsea_gateway.stream_events import Done
from agentsea_gateway.testing import Fault, Reply
from agentsea_gateway.testing.side import ErrorKind

if TYPE_CHECKING:
    from support.sandbox_client import Client, Dialect

ANSWERS = {
    "text": Reply("Hi there, ünï"),
    "empty": Reply(""),
    "thinking": Reply("yes", thinking="let me see"),
    "tools": Reply("look:", tool_calls=[ToolCall("a-1", "f", {"a": [1]}), ToolCall("a-2", "g", {})]),
    "length": Reply("so", stop_reason="length"),
    "filtered": Reply("", stop_reason="content_filter"),
    "usage": Reply("x", usage=Usage(100, 20, 60, None, 5)),
}
ERRORS: dict[ErrorKind, type[errors.ProviderError]] = {
    "bad_key": errors.AuthenticationError,
    "no_permission": errors.PermissionDeniedError,
    "model_not_found": errors.NotFoundError,
    "quota": errors.QuotaExceededError,
    "rate_limit": errors.RateLimitError,
    "context_window": errors.ContextWindowExceededError,
    "content_policy": errors.ContentPolicyViolationError,
    "server_error": errors.InternalServerError,
    "overloaded": errors.OverloadedError,
}


def both_ways(client: Client, reply: Reply) -> tuple[Response, Response]:
    """The same reply, decoded from a plain answer and from a stream."""
    client.box.script(reply, reply)
    wanted: dict[str, Any] = {"stream_options": {"include_usage": True}} if client.dialect.name == "openai_chat" else {}
    plain, streamed = client.ask(), client.ask(stream=True, **wanted)
    dialect = dialects.get(client.dialect.name)
    end = list(dialect.decode_stream([streamed.data], streamed.headers))[-1]
    assert isinstance(end, Done)
    return dialect.decode_response(plain.body, plain.headers), end.response


@pytest.mark.parametrize("name", ANSWERS)
def test_a_reply_arrives_as_it_was_written(client: Client, name: str) -> None:
    reply = ANSWERS[name]
    for response in both_ways(client, reply):
        assert (response.content, response.thinking) == (reply.text, reply.thinking)
        calls = [(call.id, call.name, call.arguments) for call in response.tool_calls]
        assert calls == [(call.id, call.name, call.arguments) for call in reply.tool_calls]
        assert response.stop_reason == reply.stopped_by
        assert response.usage.output_tokens == (20 if reply.usage else reply.output_tokens())


@pytest.mark.parametrize("name", ANSWERS)
def test_a_stream_ends_with_the_plain_answer(client: Client, name: str) -> None:
    plain, streamed = both_ways(client, ANSWERS[name])
    assert streamed.with_fields(id=None) == plain.with_fields(id=None)


@pytest.mark.parametrize("kind", ERRORS)
def test_an_error_is_understood_by_its_kind(client: Client, dialect: Dialect, kind: ErrorKind) -> None:
    client.box.script(Fault.status(kind))
    got = client.ask()
    error = dialects.get(dialect.name).decode_error(got.status, got.headers, got.data)
    assert type(error) is ERRORS[kind]
    assert error.request_id == "req_sandbox_1"


def test_every_kind_of_error_is_tried() -> None:
    assert set(ERRORS) == set(get_args(ErrorKind))
