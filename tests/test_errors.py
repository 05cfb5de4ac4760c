"""Errors in words: who, which status, what to do; and no more of a body than is of use."""

from __future__ import annotations

from typing import Any

import pytest

from agentsea_gateway.errors import BODY_SHOWN, APITimeoutError, GatewayError, ProviderError, RateLimitError


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({}, "slow down"),
        ({"candidate": "a"}, "a: slow down"),
        ({"provider": "openai"}, "openai: slow down"),
        ({"status_code": 429}, "429: slow down"),
        ({"candidate": "a", "provider": "openai", "status_code": 429}, "a 429: slow down"),
    ],
)
def test_a_providers_error_says_who_and_which_status(given: dict[str, Any], words: str) -> None:
    error = RateLimitError("slow down", **given)
    assert str(error) == words
    assert error.message == "slow down"


def test_a_body_is_kept_in_part() -> None:
    error = ProviderError("x", body="y" * 10_000)
    assert error.body is not None
    assert len(error.body) == BODY_SHOWN


def test_an_error_without_words_is_one() -> None:
    assert GatewayError().message == ""
    assert str(ProviderError()) == ""


def test_a_timeout_says_which_patience_and_whether_it_was_sent() -> None:
    error = APITimeoutError("late", patience="connect", sent=False)
    assert (error.patience, error.sent, error.outcome) == ("connect", False, "failure")
