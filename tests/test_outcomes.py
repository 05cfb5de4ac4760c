"""Outcomes: status first, then the body's code, the message text last; and how long to wait."""

from __future__ import annotations

import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agentsea_gateway import errors, outcomes
from agentsea_gateway.errors import ProviderError

NOW = 1_800_000_000.0


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        (401, "AuthenticationError"),
        (407, "AuthenticationError"),
        (498, "AuthenticationError"),
        (402, "QuotaExceededError"),
        (403, "PermissionDeniedError"),
        (404, "NotFoundError"),
        (405, "NotFoundError"),
        (429, "RateLimitError"),
        (400, "BadRequestError"),
        (413, "BadRequestError"),
        (422, "BadRequestError"),
        (451, "BadRequestError"),
        (503, "OverloadedError"),
        (529, "OverloadedError"),
        (500, "InternalServerError"),
        *((status, "InternalServerError") for status in (100, 103, 301, 302, 307, 308)),
        *((status, "InternalServerError") for status in (408, 409, 418, 421, 424, 425, 499, 502, 504, 520, 599, 999)),
    ],
)
def test_the_status_decides(status: int, expected: str) -> None:
    """F20-F23, and a status nobody defined."""
    assert outcomes.classify(status, None, "").__name__ == expected


@pytest.mark.parametrize(
    ("status", "code", "message", "expected"),
    [
        (429, "insufficient_quota", "You exceeded your current quota", "QuotaExceededError"),
        (429, "rate_limit_exceeded", "Rate limit reached", "RateLimitError"),
        # Google says this of a mere rate limit; only a code tells exhausted credit from it
        (429, "RESOURCE_EXHAUSTED", "You exceeded your current quota, please check your plan", "RateLimitError"),
        (429, "1113", "Insufficient balance or no resource package. Please recharge.", "QuotaExceededError"),
        (400, "invalid_request_error", "Your credit balance is too low to access the API.", "QuotaExceededError"),
        (403, "billing_error", "", "QuotaExceededError"),
        (403, None, "Your team has used all available credits", "QuotaExceededError"),
        (403, None, "The input was flagged: violence", "ContentPolicyViolationError"),
        (403, None, "Rate limit 0: not in your plan", "PermissionDeniedError"),
        (429, None, "Too many input tokens per minute", "RateLimitError"),
        (400, "context_length_exceeded", "", "ContextWindowExceededError"),
        (
            400,
            "invalid_request_error",
            "prompt is too long: 210000 tokens > 200000 maximum",
            "ContextWindowExceededError",
        ),
        (400, "TOO_MANY_TOKENS", "", "ContextWindowExceededError"),
        # one phrase of each vendor that has no code for it
        (429, None, "You are out of credits.", "QuotaExceededError"),
        (429, None, "No resource package", "QuotaExceededError"),
        (403, None, "Your account is in arrears, please recharge", "QuotaExceededError"),
        (400, None, "Monthly spending limit reached", "QuotaExceededError"),
        (400, None, "CREDIT BALANCE TOO LOW", "QuotaExceededError"),
        (400, None, "The request exceeds the model's Maximum Context of 8192", "ContextWindowExceededError"),
        (400, None, "Azure OpenAI's content management policy filtered the prompt", "ContentPolicyViolationError"),
        (400, None, "Rejected as a result of our Safety System.", "ContentPolicyViolationError"),
        (400, None, "The prompt was blocked: prohibited content", "ContentPolicyViolationError"),
        (400, None, "Throttling: too many requests", "RateLimitError"),
        (413, None, "exceeds the maximum number of tokens", "ContextWindowExceededError"),
        (422, "context_length_exceeded", "", "ContextWindowExceededError"),
        (413, "context_length_exceeded", "", "ContextWindowExceededError"),
        (451, "content_policy_violation", "", "ContentPolicyViolationError"),
        (400, "content_filter", "", "ContentPolicyViolationError"),
        (400, "invalid_prompt", "Your prompt was flagged as violating our usage policy", "ContentPolicyViolationError"),
        (400, "API_KEY_INVALID", "", "AuthenticationError"),
        (400, "invalid-argument", "Incorrect API key provided.", "AuthenticationError"),
        (400, "ThrottlingException", "", "RateLimitError"),
        (400, "model_not_found", "", "NotFoundError"),
        (
            400,
            None,
            "max_tokens: 100000 > 64000, which is the maximum allowed number of output tokens",
            "BadRequestError",
        ),
        (400, None, "messages: text content blocks must be non-empty", "BadRequestError"),
        (500, "overloaded_error", "", "OverloadedError"),
        # the status is first: a text does not turn a server's failure into the caller's
        (500, None, "context length exceeded", "InternalServerError"),
        (401, "rate_limit_error", "rate limit", "AuthenticationError"),
        (300, "rate_limit_error", "rate limit", "InternalServerError"),
        (199, "rate_limit_error", "rate limit", "InternalServerError"),
        (503, "rate_limit_exceeded", "", "OverloadedError"),
    ],
)
def test_code_and_text_refine_a_status(status: int, code: str | None, message: str, expected: str) -> None:
    assert outcomes.classify(status, code, message).__name__ == expected


@pytest.mark.parametrize("status", [200, 201, 299, None])
@pytest.mark.parametrize(
    ("code", "expected", "stands_for"),
    [
        ("rate_limit_error", "RateLimitError", 429),
        ("429", "RateLimitError", 429),
        ("insufficient_quota", "QuotaExceededError", 429),
        ("billing_error", "QuotaExceededError", 402),
        ("invalid_api_key", "AuthenticationError", 401),
        ("not_found_error", "NotFoundError", 404),
        ("overloaded_error", "OverloadedError", 529),
        ("context_length_exceeded", "ContextWindowExceededError", 400),
        ("invalid_request_error", "BadRequestError", 400),
        ("api_error", "InternalServerError", 500),
        ("timeout_error", "InternalServerError", 504),
        ("request_too_large", "BadRequestError", 413),
        ("service_unavailable", "OverloadedError", 503),
        ("502", "InternalServerError", 502),
        ("something new", "InternalServerError", 500),
    ],
)
def test_an_error_inside_a_success_counts_as_what_its_code_stands_for(
    status: int | None, code: str, expected: str, stands_for: int
) -> None:
    """F27, F56."""
    assert outcomes.classify(status, code, "").__name__ == expected
    assert outcomes.status_of(code) == stands_for


@pytest.mark.parametrize("status", [None, 200])
def test_an_error_inside_a_success_without_a_code_counts_as_what_its_words_stand_for(status: int | None) -> None:
    """F27, F56."""
    assert outcomes.classify(status, None, "Rate limit reached").__name__ == "RateLimitError"
    assert outcomes.classify(status, (), "Your credit balance is too low").__name__ == "QuotaExceededError"


@pytest.mark.parametrize(
    ("code", "message", "expected"),
    [
        ("300", "", 300),
        ("599", "", 599),
        ("299", "", 500),
        ("600", "", 500),
        ("0429", "", 500),
        ("4290", "", 500),
        ("\u0664\u0662\u0669", "", 500),  # digits, but nobody's status
        ("\u2074\u00b2\u2079", "", 500),
        (("invalid_request_error", "insufficient_quota"), "", 429),
        (("invalid_request_error", "nothing known"), "", 400),
        (None, "Rate limit exceeded", 429),
        (None, "Incorrect API key provided", 401),
        (None, "", 500),
    ],
)
def test_the_status_that_codes_and_words_stand_for(code: Any, message: str, expected: int) -> None:
    assert outcomes.status_of(code, message) == expected


@pytest.mark.parametrize(
    ("status", "expected"),
    [(403, "failure"), (404, "failure"), (520, "failure"), (200, "failure"), (401, "benched"), (429, "throttled")],
)
def test_a_web_page_with_a_403_or_404_is_a_failure(status: int, expected: str) -> None:
    """F26, F58."""
    assert outcomes.classify(status, None, "", html=True).outcome == expected


@pytest.mark.parametrize("status", [200, None])
def test_a_web_page_that_claims_success_is_no_answer_at_all(status: int | None) -> None:
    """F26."""
    assert outcomes.classify(status, "rate_limit_error", "", html=True) is errors.MalformedResponseError


@given(
    st.integers(-5, 2000) | st.none(),
    st.text() | st.none() | st.lists(st.text(), max_size=3),
    st.text(),
    st.booleans(),
)
def test_every_answer_has_an_error_class(
    status: int | None, code: str | list[str] | None, words: str, html: bool
) -> None:
    kind = outcomes.classify(status, code, words, html)
    assert issubclass(kind, ProviderError)
    assert kind.outcome in ("failure", "throttled", "benched", "own_fault")
    assert 300 <= outcomes.status_of(code, words) < 600


def test_every_code_stands_for_an_error_of_its_own_kind() -> None:
    for code, (kind, status) in outcomes._CODES.items():
        assert outcomes.classify(None, code, "") is kind, code
        assert outcomes.status_of(code) == status, code


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({}, None),
        ({"retry-after": "30"}, 30.0),
        ({"retry-after": " 1.5 "}, 1.5),
        ({"retry-after": "0"}, 0.0),
        ({"retry-after": "3600"}, 600.0),
        ({"retry-after": "1e99"}, 600.0),
        ({"retry-after": "-1"}, None),
        ({"retry-after": "nan"}, None),
        ({"retry-after": "inf"}, None),
        ({"retry-after": "soon"}, None),
        ({"retry-after": "1_000"}, None),
        ({"retry-after": ""}, None),
        ({"retry-after-ms": "250"}, 0.25),
        ({"retry-after-ms": "250", "retry-after": "1"}, 0.25),
        ({"retry-after-ms": "0"}, 0.0),
        ({"retry-after-ms": "0", "retry-after": "1"}, 1.0),
        ({"retry-after-ms": "0", "retry-after": "nonsense"}, 0.0),
        ({"retry-after-ms": "nan", "retry-after": "7"}, 7.0),
        ({"retry-after-ms": "-5"}, None),
        ({"retry-after-ms": "1e12"}, 600.0),
        ({"retry-after": "Fri, 15 Jan 2027 08:01:30 GMT"}, 90.0),
        ({"retry-after": "Fri, 15 Jan 2027 07:00:00 GMT"}, 0.0),
        ({"retry-after": "Fri, 15 Jan 2027 23:00:00 GMT"}, 600.0),
        ({"retry-after": "Friday, 15-Jan-27 08:01:30 GMT"}, 90.0),
        ({"retry-after": "Fri Jan 15 08:01:30 2027"}, 90.0),
        ({"retry-after": "Fri, 15 Jan 2027 08:01:30 -0000"}, 90.0),
        ({"retry-after": "Fri, 15 Jan 2027 09:01:30 +0100"}, 90.0),
        ({"retry-after": "Fri, 99 Jan 2027 08:01:30 GMT"}, None),
        ({"retry-after": "Fri, 15 Jan 999999 08:01:30 GMT"}, None),
    ],
)
def test_retry_after(headers: dict[str, str], expected: float | None) -> None:
    """F24: capped, never negative, never in the past; nonsense as if absent."""
    found = outcomes.retry_after(headers, NOW)
    assert found is None if expected is None else found == pytest.approx(expected)


def test_a_date_without_a_zone_is_utc_wherever_we_are(monkeypatch: pytest.MonkeyPatch) -> None:
    """RFC 5322, 3.3: "-0000"."""
    with monkeypatch.context() as elsewhere:
        elsewhere.setenv("TZ", "XYZ-7")
        time.tzset()
        found = outcomes.retry_after({"retry-after": "Fri, 15 Jan 2027 08:01:30 -0000"}, NOW)
    time.tzset()
    assert found == pytest.approx(90)


@given(st.text(max_size=40), st.text(max_size=20))
def test_no_header_makes_retry_after_raise_or_leave_its_bounds(value: str, exact: str) -> None:
    found = outcomes.retry_after({"retry-after": value, "retry-after-ms": exact}, NOW)
    assert found is None or 0 <= found <= 600


def test_the_tree_of_errors_covers_every_outcome() -> None:
    kinds = {kind for kind, _ in outcomes._CODES.values()} | set(outcomes.BY_STATUS.values())
    assert {kind.outcome for kind in kinds} == {"failure", "throttled", "benched", "own_fault"}
    assert errors.MalformedResponseError.outcome == "failure"
