"""What the sandbox says, the package's own dialects understand: plain as streamed, errors by their kind."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING, Any, get_args

import pytest

from agentsea_gateway import dialects, errors
from agentsea_gateway.response import ToolCall, Usage
from agentsea_gateway.stream_events import Done
from agentsea_gateway.testing import Fault, Reply, Sandbox
from agentsea_gateway.testing.side import ErrorKind
from support.sandbox_client import Client, Dialect

if TYPE_CHECKING:
    from agentsea_gateway.response import Response

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


def both_ways(dialect: Dialect, reply: Reply) -> tuple[Response, Response]:
    """The same reply, decoded from a plain answer and from a stream; each the first of a sandbox: with the same ids."""
    wanted: dict[str, Any] = {"stream_options": {"include_usage": True}} if dialect.name == "openai_chat" else {}
    found = []
    for changes in ({}, {"stream": True, **wanted}):
        with Sandbox([reply]) as box, closing(Client(box, dialect)) as client:
            found.append(client.ask(**changes))
    plain, streamed = found
    decoding = dialects.get(dialect.name)
    end = list(decoding.decode_stream([streamed.data], streamed.headers))[-1]
    assert isinstance(end, Done)
    return decoding.decode_response(plain.body, plain.headers), end.response


@pytest.mark.parametrize("name", ANSWERS)
def test_a_reply_arrives_as_it_was_written(dialect: Dialect, name: str, no_leaks: None) -> None:
    reply = ANSWERS[name]
    for response in both_ways(dialect, reply):
        assert (response.content, response.thinking) == (reply.text, reply.thinking)
        calls = [(call.id, call.name, call.arguments) for call in response.tool_calls]
        assert calls == [(call.id, call.name, call.arguments) for call in reply.tool_calls]
        filtered = reply.stopped_by == "content_filter" and dialect.name == "ollama_chat"  # it has no word for that
        assert response.stop_reason == ("stop" if filtered else reply.stopped_by)
        assert response.usage.output_tokens == (20 if reply.usage else reply.output_tokens())


@pytest.mark.parametrize("name", ANSWERS)
def test_a_stream_ends_with_the_plain_answer(dialect: Dialect, name: str, no_leaks: None) -> None:
    plain, streamed = both_ways(dialect, ANSWERS[name])
    assert streamed == plain
    assert streamed.message == plain.message


@pytest.mark.parametrize("kind", ERRORS)
def test_an_error_is_understood_by_its_kind(client: Client, dialect: Dialect, kind: ErrorKind) -> None:
    client.box.script(Fault.status(kind))
    got = client.ask()
    decoding = dialects.get(dialect.name)
    if got.status == 200:  # a prompt that Google blocks
        with pytest.raises(ERRORS[kind]):
            decoding.decode_response(got.body, got.headers)
        return
    error = decoding.decode_error(got.status, got.headers, got.data)
    wanted = ERRORS[kind]
    if (dialect.name, kind) == ("bedrock_converse", "bad_key"):  # which comes with 403
        wanted = errors.PermissionDeniedError
    assert type(error) is wanted
    assert error.request_id in ("req_sandbox_1", None)


def test_every_kind_of_error_is_tried() -> None:
    assert set(ERRORS) == set(get_args(ErrorKind))
