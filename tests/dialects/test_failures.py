"""Error answers in every vendor's shape, as the typed error they stand for.

The bodies are made from the vendors' documentation ("Error codes", "Errors"); recorded ones are in test_wire.
"""

from __future__ import annotations

import json
import pickle
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agentsea_gateway import dialects
from agentsea_gateway.dialects.failures import decode_error
from agentsea_gateway.errors import ProviderError

CASES: list[tuple[int, Any, str, str | None]] = [
    (
        401,
        {"error": {"message": "Incorrect API key", "type": "invalid_request_error", "code": "invalid_api_key"}},
        "AuthenticationError",
        "invalid_api_key",
    ),
    (
        429,
        {"error": {"message": "quota", "type": "insufficient_quota", "code": "insufficient_quota"}},
        "QuotaExceededError",
        "insufficient_quota",
    ),
    (
        529,
        {"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}},
        "OverloadedError",
        "overloaded_error",
    ),
    (500, {"type": "error", "error": {"type": "api_error", "message": "x"}}, "InternalServerError", "api_error"),
    (
        400,
        {
            "type": "error",
            "error": {
                "type": "invalid_request_error",
                "message": "no",
                "details": {"error_code": "enforced_spend_limit_reached"},
            },
        },
        "QuotaExceededError",
        "enforced_spend_limit_reached",
    ),
    (
        404,
        {"type": "error", "error": {"type": "not_found_error", "message": "model: x"}},
        "NotFoundError",
        "not_found_error",
    ),
    (
        400,
        {"code": "invalid-argument", "error": "Incorrect API key provided."},
        "AuthenticationError",
        "invalid-argument",
    ),
    (401, {"detail": "Invalid API Key"}, "AuthenticationError", None),
    (500, {"error": {"message": "no", "code": 0}}, "InternalServerError", "0"),
    (
        400,  # about a parameter, whatever its name
        {"error": {"message": "Unknown parameter: 'moderation'.", "param": "moderation", "code": "unknown_parameter"}},
        "BadRequestError",
        "unknown_parameter",
    ),
    (
        422,
        {"detail": [{"loc": ["body", "model"], "msg": "field required", "type": "missing"}]},
        "BadRequestError",
        None,
    ),
    (
        400,
        {"message": "too many tokens", "error_type": "TOO_MANY_TOKENS"},
        "ContextWindowExceededError",
        "TOO_MANY_TOKENS",
    ),
    (
        400,
        {"__type": "com.amazon#ThrottlingException", "message": "Slow down"},
        "RateLimitError",
        "ThrottlingException",
    ),
    (
        400,
        {
            "error": {
                "message": "filtered",
                "code": "content_filter",
                "innererror": {"code": "ResponsibleAIPolicyViolation"},
            }
        },
        "ContentPolicyViolationError",
        "content_filter",
    ),
    (
        400,
        {
            "error": {
                "code": 400,
                "message": "Provider returned error",
                "metadata": {"raw": "prompt is too long: 3 > 2"},
            }
        },
        "ContextWindowExceededError",
        "400",
    ),
    (402, {"error": {"message": "Insufficient credits", "code": 402}}, "QuotaExceededError", "402"),
    (418, {}, "InternalServerError", None),
    (500, b"", "InternalServerError", None),
    (502, b"Bad Gateway", "InternalServerError", None),
    (
        400,
        [{"error": {"code": 400, "message": "API key not valid. Please pass one.", "status": "INVALID_ARGUMENT"}}],
        "AuthenticationError",
        "INVALID_ARGUMENT",
    ),
    (503, "upstream connect error", "OverloadedError", None),
]


@pytest.mark.parametrize(("status", "body", "kind", "code"), CASES)
@pytest.mark.parametrize("name", dialects.NAMES)
def test_every_vendors_error_shape(status: int, body: Any, kind: str, code: str | None, name: str) -> None:
    """F21-F25: as bytes, as text, and as what its JSON holds."""
    forms = [body] if isinstance(body, (bytes, str)) else [json.dumps(body).encode(), json.dumps(body), body]
    for form in forms:
        error = dialects.get(name).decode_error(status, {"X-Request-ID": "req_1"}, form)
        assert type(error).__name__ == kind
        assert (error.status_code, error.code, error.request_id) == (status, code, "req_1")
        assert error.message


def test_the_message_says_what_the_vendor_said_and_the_next_step() -> None:
    error = decode_error(401, {}, b'{"error": {"message": "No such key."}}')
    assert str(error) == "401: No such key. (check the API key)"


@pytest.mark.parametrize(
    ("body", "kind", "status"),
    [
        ({"error": {"type": "rate_limit_error", "message": "slow"}}, "RateLimitError", 429),
        ({"error": {"code": "insufficient_quota", "message": "x"}}, "QuotaExceededError", 429),
        ({"error": {"code": 401, "message": "x"}}, "AuthenticationError", 401),
        ({"error": {"code": "invalid_api_key"}}, "AuthenticationError", 401),
        ({"type": "error", "error": {"type": "overloaded_error"}}, "OverloadedError", 529),
        ({"error": "Rate limit exceeded"}, "RateLimitError", 429),
        ({"error": {"message": "something broke"}}, "InternalServerError", 500),
        ({"error": {"type": "invalid_request_error", "message": "x"}}, "BadRequestError", 400),
    ],
)
@pytest.mark.parametrize("claimed", [200, None])
def test_an_error_inside_a_200_has_the_status_its_code_stands_for(
    body: Any, kind: str, status: int, claimed: int | None
) -> None:
    """F27, F56."""
    error = decode_error(claimed, {}, body)
    assert (type(error).__name__, error.status_code) == (kind, status)


PAGE = b"<!DOCTYPE html>\n<html><head><title>Attention Required! | Cloudflare</title></head><body>x</body></html>"


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (200, "MalformedResponseError"),
        (403, "InternalServerError"),
        (404, "InternalServerError"),
        (520, "InternalServerError"),
        (522, "InternalServerError"),
        (503, "OverloadedError"),
        (429, "RateLimitError"),
    ],
)
def test_a_web_page_says_nothing_about_the_key(status: int, kind: str) -> None:
    """F26, F58."""
    error = decode_error(status, {"content-type": "text/html"}, PAGE)
    assert type(error).__name__ == kind
    assert "web page" in error.message
    assert "Cloudflare" in error.message
    assert type(decode_error(403, {}, b"error code: 1020")).__name__ == "InternalServerError"


@pytest.mark.parametrize("body", [b"", b"OK", b"{", b"\xff\xfe", "null", "3"])
def test_a_200_that_holds_no_json_object_is_malformed_or_broken(body: Any) -> None:
    assert decode_error(200, {}, body).outcome == "failure"


def test_retry_after_comes_from_the_headers_else_from_googles_details() -> None:
    """F24, F25."""
    google = {
        "error": {
            "code": 429,
            "status": "RESOURCE_EXHAUSTED",
            "message": "Quota exceeded. Please retry in 48.9s.",
            "details": [{"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "48s"}],
        }
    }
    assert decode_error(429, {"Retry-After": "7"}, google).retry_after == 7.0
    assert decode_error(429, {}, google).retry_after == 48.0
    del google["error"]["details"]
    assert decode_error(429, {}, [google]).retry_after == 48.9
    assert (
        decode_error(503, {"retry-after": "Fri, 15 Jan 2027 08:01:30 GMT"}, b"", now=1_800_000_000.0).retry_after == 90
    )
    assert decode_error(500, {}, b"").retry_after is None


def test_neither_message_nor_body_keeps_a_key() -> None:
    """F51: also one that has no known form, where the caller names it."""
    body = {"error": {"message": "Incorrect API key provided: sk-canary-0123456789ab. You sent canary-of-mine."}}
    error = decode_error(401, {}, body, secrets=["canary-of-mine"])
    shown = " ".join([str(error), repr(error), str(error.body), repr(pickle.loads(pickle.dumps(error)).__dict__)])
    assert "sk-canary" not in shown
    assert "canary-of-mine" not in shown


def test_a_body_of_megabytes_is_capped() -> None:
    """F61."""
    error = decode_error(400, {}, json.dumps({"error": {"message": "x" * 3_000_000}}).encode())
    assert len(error.body or "") <= 2_000
    assert len(error.message) <= 1_100


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["error", "message", "code", "type", "details", "detail", "status", "metadata", "errors", "x"]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@given(st.integers(0, 700) | st.none(), JSON)
def test_no_body_makes_decode_error_raise(status: int | None, body: Any) -> None:
    assert isinstance(decode_error(status, {}, body), ProviderError)
    text = json.dumps(body)
    again = decode_error(status, {"retry-after": text[:10]}, text)
    assert isinstance(again, ProviderError)
    str(again).encode()


@given(st.binary(max_size=80))
def test_no_bytes_make_decode_error_raise(body: bytes) -> None:
    assert isinstance(decode_error(400, {}, body), ProviderError)
