"""Gemini's answers as Responses: text, thoughts, calls, usage, stop reasons, and what is no answer."""

from __future__ import annotations

import json
from typing import Any

import pytest

from agentsea_gateway import errors
from agentsea_gateway.dialects import get
from agentsea_gateway.response import Response, ToolCall, Usage
from support.made_gemini import ANSWER

gemini = get("gemini")


def answer(*parts: dict[str, Any], finish: str | None = "STOP", **more: Any) -> dict[str, Any]:
    candidate = {"content": {"role": "model", "parts": [*parts]}, "index": 0}
    return {"candidates": [candidate if finish is None else {**candidate, "finishReason": finish}], **more}


def response(*parts: dict[str, Any], **more: Any) -> Response:
    return gemini.decode_response(answer(*parts, **more))


def test_every_field_of_an_answer() -> None:
    found = gemini.decode_response(ANSWER, {"X-Request-Id": "q"})
    assert (found.content, found.thinking, found.stop_reason) == ("Hello there!", "Hm", "tool_use")
    assert found.tool_calls == (ToolCall("a", "f", {"x": 1}, '{"x":1}'),)
    assert found.usage == Usage(3, 6, 1, None, 2)
    assert (found.id, found.model, found.request_id, found.refusal) == ("r1", "gemini-3.6-flash", "q", None)
    assert [each["uri"] for each in found.citations] == ["https://a/1", "https://a/2"]
    assert found.raw is ANSWER


def test_plain_text_needs_nothing_that_only_its_maker_understands() -> None:
    assert response({"text": "Hi"}).message == {"role": "assistant", "content": "Hi"}
    assert response({"text": "Hi"}, {"text": ""}).native is None


def test_what_only_gemini_understands_rides_in_the_message() -> None:
    signed = [{"text": "Hi", "thoughtSignature": "c2ln"}, {"executableCode": {"code": "1+1", "language": "PYTHON"}}]
    found = response(*signed)
    assert found.native is not None
    assert found.native.parts == signed
    assert json.loads(json.dumps(found.message)) == found.message


def test_code_that_google_ran_itself_is_no_tool_call_of_the_callers() -> None:
    found = response({"executableCode": {"code": "1+1"}}, {"codeExecutionResult": {"output": "2"}}, {"text": "2"})
    assert (found.content, found.tool_calls, found.stop_reason) == ("2", (), "stop")


def test_calls_without_an_id_get_one_and_stay_without_for_gemini() -> None:
    calls = [{"functionCall": {"name": "f", "args": {}}}, {"functionCall": {"name": "f"}}]
    found = response(*calls)
    assert [(call.id, call.arguments) for call in found.tool_calls] == [("call_0", {}), ("call_1", {})]
    assert found.native is not None
    assert found.native.parts == calls


@pytest.mark.parametrize(
    ("finish", "reason"),
    [
        ("STOP", "stop"),
        ("MAX_TOKENS", "length"),
        ("SAFETY", "content_filter"),
        ("RECITATION", "content_filter"),
        ("PROHIBITED_CONTENT", "content_filter"),
        ("OTHER", "stop"),
        ("WHO_KNOWS", "stop"),
        ("FINISH_REASON_UNSPECIFIED", None),
        (None, None),
    ],
)
def test_stop_reasons(finish: str | None, reason: str | None) -> None:
    assert response({"text": "Hi"}, finish=finish).stop_reason == reason


@pytest.mark.parametrize(
    ("finish", "reason"), [(0, None), (1, "stop"), (2, "length"), (3, "content_filter"), (8, "content_filter")]
)
def test_stop_reasons_may_be_numbers(finish: int, reason: str | None) -> None:
    """`$alt=json;enum-encoding=int`."""
    assert response({"text": "x"}, finish=finish).stop_reason == reason  # type: ignore[arg-type]
    with pytest.raises(errors.ContentPolicyViolationError):
        gemini.decode_response({"promptFeedback": {"blockReason": 1}})


def test_of_several_candidates_the_first_counts_wherever_it_stands() -> None:
    body = answer({"text": "a"})
    body["candidates"].insert(0, {**answer({"text": "b"})["candidates"][0], "index": 1})
    assert gemini.decode_response(body).content == "a"


def test_a_list_of_chunks_is_a_stream_that_came_at_once() -> None:
    chunks = [answer({"text": "a"}, finish=None), answer({"text": "b"})]
    whole = gemini.decode_response(chunks)
    assert (whole.content, whole.stop_reason, whole.raw) == ("ab", "stop", chunks)
    for broken in ([], [1], chunks[:1], [{"candidates": 1}]):
        with pytest.raises(errors.MalformedResponseError):
            gemini.decode_response(broken)


def test_a_call_that_was_cut_off_or_filtered_is_no_tool_use() -> None:
    call = {"functionCall": {"name": "f", "args": {}}}
    assert response(call).stop_reason == "tool_use"
    assert response(call, finish="MAX_TOKENS").stop_reason == "length"


def test_an_answer_without_content_is_one_where_it_says_why() -> None:
    for content in ({}, {"content": {}}, {"content": {"role": "model"}}):
        found = gemini.decode_response({"candidates": [{**content, "finishReason": "SAFETY"}]})
        assert (found.content, found.stop_reason) == ("", "content_filter")


@pytest.mark.parametrize(
    ("usage", "expected"),
    [
        ({"promptTokenCount": 5, "candidatesTokenCount": 7, "totalTokenCount": 12}, Usage(5, 7)),
        ({"promptTokenCount": 5, "thoughtsTokenCount": 7, "totalTokenCount": 12}, Usage(5, 7, None, None, 7)),
        ({"promptTokenCount": 5, "totalTokenCount": 5}, Usage(5, 0)),
        ({"promptTokenCount": 5, "toolUsePromptTokenCount": 2, "candidatesTokenCount": 1}, Usage(7, 1)),
        ({"promptTokenCount": 5, "cachedContentTokenCount": 4, "candidatesTokenCount": 1}, Usage(5, 1, 4)),
        ({"promptTokenCount": -5, "candidatesTokenCount": 0.5}, Usage()),
        ({}, Usage()),
        ([], Usage()),
    ],
)
def test_thoughts_and_the_servers_own_reading_are_counted_beside_the_rest(usage: Any, expected: Usage) -> None:
    assert response({"text": "Hi"}, usageMetadata=usage).usage == expected


def test_citations_are_what_it_repeats_and_what_it_is_grounded_on() -> None:
    body = answer({"text": "Hi"})
    body["candidates"][0]["citationMetadata"] = {"citationSources": [{"uri": "a"}, {}]}
    body["candidates"][0]["groundingMetadata"] = {"groundingChunks": [{"web": {"uri": "b"}}]}
    assert gemini.decode_response(body).citations == ({"uri": "a"}, {"web": {"uri": "b"}})


def test_a_blocked_prompt_is_a_content_policy_violation() -> None:
    """The prompt's own fault: another vendor may take it."""
    body = {"promptFeedback": {"blockReason": "PROHIBITED_CONTENT"}, "usageMetadata": {"promptTokenCount": 5}}
    with pytest.raises(errors.ContentPolicyViolationError, match="blocked .PROHIBITED_CONTENT.") as caught:
        gemini.decode_response(body)
    assert (caught.value.status_code, caught.value.code) == (400, "PROHIBITED_CONTENT")
    assert caught.value.outcome == "own_fault"
    body["promptFeedback"]["blockReasonMessage"] = "Not that."  # type: ignore[index]
    with pytest.raises(errors.ContentPolicyViolationError, match=r"Not that\."):
        gemini.decode_response(body)


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({}, "no candidates"),
        ({"candidates": []}, "no candidates"),
        ({"candidates": [{}]}, "holds nothing"),
        ({"candidates": [{"content": {"parts": []}}]}, "holds nothing"),
        ({"candidates": [{"finishReason": "MALFORMED_FUNCTION_CALL"}]}, "MALFORMED_FUNCTION_CALL"),
        ({"candidates": [{"finishReason": "UNEXPECTED_TOOL_CALL", "finishMessage": "no f"}]}, "no f"),
        ({"candidates": 5}, "not of the shape"),
        ([], "not of the shape"),
        (None, "not of the shape"),
    ],
)
def test_what_is_no_answer(body: Any, words: str) -> None:
    """F30, F55."""
    with pytest.raises(errors.MalformedResponseError, match=words):
        gemini.decode_response(body)


@pytest.mark.parametrize(
    ("status", "error", "kind", "wait"),
    [
        (400, {"status": "INVALID_ARGUMENT", "details": [{"reason": "API_KEY_INVALID"}]}, "AuthenticationError", None),
        (400, {"status": "INVALID_ARGUMENT", "message": "Bad schema"}, "BadRequestError", None),
        (403, {"status": "PERMISSION_DENIED"}, "PermissionDeniedError", None),
        (404, {"status": "NOT_FOUND", "message": "models/x is not found"}, "NotFoundError", None),
        (429, {"status": "RESOURCE_EXHAUSTED", "details": [{"retryDelay": "7.5s"}]}, "RateLimitError", 7.5),
        (429, {"status": "RESOURCE_EXHAUSTED", "message": "Please retry in 3.25s."}, "RateLimitError", 3.25),
        (500, {"status": "INTERNAL"}, "InternalServerError", None),
        (503, {"status": "UNAVAILABLE", "message": "The model is overloaded."}, "OverloadedError", None),
        (504, {"status": "DEADLINE_EXCEEDED"}, "InternalServerError", None),
    ],
)
@pytest.mark.parametrize("listed", [False, True])
def test_errors(status: int, error: dict[str, Any], kind: str, wait: float | None, listed: bool) -> None:
    body: Any = {"error": {"code": status, **error}}
    found = gemini.decode_error(status, {}, [body] if listed else body)
    assert (type(found).__name__, found.status_code, found.retry_after) == (kind, status, wait)


def test_an_error_inside_a_200_has_the_status_of_its_code() -> None:
    with pytest.raises(errors.RateLimitError) as caught:
        gemini.decode_response({"error": {"code": 429, "status": "RESOURCE_EXHAUSTED", "message": "slow down"}})
    assert caught.value.status_code == 429


def test_a_lone_surrogate_in_an_answer_is_replaced() -> None:
    found = response({"text": "a\ud800"}, {"functionCall": {"name": "f", "args": {"x": "\ud800"}, "id": "i"}})
    assert found.content == "a\ufffd"
    assert found.tool_calls[0].arguments == {"x": "\ufffd"}
    json.dumps(found.message, ensure_ascii=False).encode()
