"""The answers of Bedrock's Converse: what a body says, and what an error stands for."""

from __future__ import annotations

import json
from typing import Any

import pytest

from agentsea_gateway.dialects.bedrock_converse import decode_error, decode_response
from agentsea_gateway.errors import (
    AuthenticationError,
    BadRequestError,
    ContextWindowExceededError,
    InternalServerError,
    MalformedResponseError,
    NotFoundError,
    OverloadedError,
    PermissionDeniedError,
    ProviderError,
    QuotaExceededError,
    RateLimitError,
)
from agentsea_gateway.response import Usage
from support.made_bedrock import ANSWER


def body(*blocks: dict[str, Any], stop: Any = "end_turn", **more: Any) -> dict[str, Any]:
    return {"output": {"message": {"role": "assistant", "content": [*blocks]}}, "stopReason": stop, **more}


def test_an_answer_loses_nothing() -> None:
    headers = {"x-amzn-RequestId": "r1"}
    response = decode_response(ANSWER, headers)
    assert (response.content, response.thinking, response.stop_reason) == ("Hello there", "Hm", "tool_use")
    assert [(call.id, call.name, call.arguments) for call in response.tool_calls] == [("a", "f", {"x": 1})]
    assert response.citations[0]["title"] == "a"
    assert response.usage == Usage(input_tokens=4, output_tokens=4, cached_tokens=1)
    assert (response.request_id, response.id, response.model) == ("r1", None, None)
    assert response.raw is ANSWER
    assert "cmVkYWN0ZWQ=" in json.dumps(response.message)
    assert "c2ln" in json.dumps(response.message)


@pytest.mark.parametrize(
    ("reason", "stop"),
    [
        ("end_turn", "stop"),
        ("stop_sequence", "stop"),
        ("tool_use", "tool_use"),
        ("max_tokens", "length"),
        ("model_context_window_exceeded", "length"),
        ("guardrail_intervened", "content_filter"),
        ("content_filtered", "content_filter"),
        ("a reason of next year", "stop"),
        (7, "stop"),
        (None, None),
    ],
)
def test_stop_reasons(reason: Any, stop: str | None) -> None:
    assert decode_response(body({"text": "x"}, stop=reason)).stop_reason == stop


def test_calls_are_a_stop_reason_of_their_own() -> None:
    use = {"toolUse": {"toolUseId": "a", "name": "f", "input": {}}}
    assert decode_response(body(use)).stop_reason == "tool_use"
    assert decode_response(body(use, stop="max_tokens")).stop_reason == "length"


@pytest.mark.parametrize("reason", ["malformed_model_output", "malformed_tool_use"])
def test_what_bedrock_could_not_read_is_no_answer(reason: str) -> None:
    with pytest.raises(MalformedResponseError, match=f"no readable answer: {reason}") as caught:
        decode_response(body({"text": "half"}, stop=reason))
    assert caught.value.code == reason


@pytest.mark.parametrize("content", [[], None])
def test_no_words_with_a_stop_reason_are_an_answer_and_without_one_none(content: Any) -> None:
    """F28."""
    said = {"output": {"message": {"role": "assistant", "content": content}}, "stopReason": "end_turn"}
    assert decode_response(said).content == ""
    with pytest.raises(MalformedResponseError, match="holds nothing, and no reason why it stopped"):
        decode_response({**said, "stopReason": None})


def test_a_call_without_an_id_gets_one_and_one_without_arguments_has_none() -> None:
    (call,) = decode_response(body({"toolUse": {"name": "f", "input": None}})).tool_calls
    assert (call.id, call.arguments, call.raw_arguments) == ("call_0", {}, "{}")
    (broken,) = decode_response(body({"toolUse": {"toolUseId": "a", "name": "f", "input": '{"x'}})).tool_calls
    assert (broken.arguments, broken.raw_arguments) == (None, '{"x')


@pytest.mark.parametrize(
    ("usage", "known"),
    [
        (
            {"inputTokens": 3, "outputTokens": 4, "cacheReadInputTokens": 10, "cacheWriteInputTokens": 5},
            Usage(18, 4, 10, 5),
        ),
        ({"inputTokens": 3, "outputTokens": 4, "cacheReadInputTokenCount": 10}, Usage(13, 4, 10)),
        ({"inputTokens": -3, "outputTokens": 1.5}, Usage()),
        (None, Usage()),
        ([], Usage()),
    ],
)
def test_usage_counts_what_the_cache_gave_and_took(usage: Any, known: Usage) -> None:
    """F55."""
    assert decode_response(body({"text": "x"}, usage=usage)).usage == known


def test_the_model_is_known_where_a_router_chose_it() -> None:
    trace = {"promptRouter": {"invokedModelId": "arn:aws:bedrock:us-east-1::foundation-model/x"}}
    assert decode_response(body({"text": "x"}, trace=trace)).model == trace["promptRouter"]["invokedModelId"]
    for odd in (None, [], {"promptRouter": 7}, {"promptRouter": {"invokedModelId": 7}}):
        assert decode_response(body({"text": "x"}, trace=odd)).model is None


def test_plain_answers_need_no_private_key() -> None:
    use = {"toolUse": {"toolUseId": "a", "name": "f", "input": {}}}
    assert "_native" not in decode_response(body({"text": "x"}, use)).message
    assert "_native" in decode_response(body(use, {"text": "x"})).message
    assert "_native" in decode_response(body({"text": "x"}, {"text": "y"})).message


# -- errors ------------------------------------------------------------------------------------------------------------

CORAL = ":http://internal.amazon.com/coral/com.amazon.bedrock/"


@pytest.mark.parametrize(
    ("status", "kind", "error", "outcome"),
    [
        (400, "ValidationException", BadRequestError, "own_fault"),
        (400, "ThrottlingException", RateLimitError, "throttled"),
        (429, "ThrottlingException", RateLimitError, "throttled"),
        (429, "ModelNotReadyException", RateLimitError, "throttled"),
        (400, "ServiceQuotaExceededException", RateLimitError, "throttled"),
        (400, "ExpiredTokenException", AuthenticationError, "benched"),
        (400, "IncompleteSignatureException", AuthenticationError, "benched"),
        (403, "UnrecognizedClientException", PermissionDeniedError, "benched"),
        (403, "ExpiredTokenException", PermissionDeniedError, "benched"),
        (403, "AccessDeniedException", PermissionDeniedError, "benched"),
        (404, "ResourceNotFoundException", NotFoundError, "benched"),
        (408, "ModelTimeoutException", InternalServerError, "failure"),
        (424, "ModelErrorException", InternalServerError, "failure"),
        (500, "InternalServerException", InternalServerError, "failure"),
        (503, "ServiceUnavailableException", OverloadedError, "failure"),
    ],
)
@pytest.mark.parametrize("where", ["header", "__type", "code"])
def test_an_error_is_told_by_its_status_and_its_type(
    status: int, kind: str, error: type[ProviderError], outcome: str, where: str
) -> None:
    """Bedrock throttles with a 400, too; the type stands in a header, or in the body."""
    headers = {"x-amzn-RequestId": "r1", "retry-after": "3"}
    told: dict[str, str] = {"Message": "No"}
    if where == "header":
        headers["x-amzn-ErrorType"] = kind + CORAL
    else:
        told[where] = f"com.amazon.coral.service#{kind}" if where == "__type" else kind
    found = decode_error(status, headers, json.dumps(told).encode())
    assert (type(found), found.outcome) == (error, outcome)
    assert (found.status_code, found.code, found.request_id, found.retry_after) == (status, kind, "r1", 3.0)
    assert found.message.startswith("No")


def test_a_prompt_that_is_too_long_is_told_as_such() -> None:
    words = {"message": "Input is too long for requested model."}
    found = decode_error(400, {"x-amzn-errortype": "ValidationException" + CORAL}, words)
    assert type(found) is ContextWindowExceededError


@pytest.mark.parametrize(
    ("said", "error", "status"),
    [
        ({"message": "Slow down", "__type": "ThrottlingException"}, RateLimitError, 429),
        ({"Message": "No", "__type": "AccessDeniedException"}, PermissionDeniedError, 403),
        ({"__type": "com.amazon.coral.service#InternalFailure"}, InternalServerError, 500),
        ({"error": {"message": "out of credit"}}, QuotaExceededError, 429),
        ({}, MalformedResponseError, None),
        ({"output": []}, MalformedResponseError, None),
        ([], MalformedResponseError, None),
        ({"output": {"message": []}}, MalformedResponseError, None),
        ({"output": {"message": {"content": [7]}}, "stopReason": "x"}, MalformedResponseError, None),
        ({"output": {"message": {"content": [{"text": 7}]}}, "stopReason": "x"}, MalformedResponseError, None),
    ],
)
def test_an_error_inside_a_200_has_the_status_of_its_type(
    said: Any, error: type[ProviderError], status: int | None
) -> None:
    """F27, F56."""
    with pytest.raises(error) as caught:
        decode_response(said)
    assert type(caught.value) is error
    assert caught.value.status_code == status
