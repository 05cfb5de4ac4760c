"""Redaction: what looks like a credential is blanked in what errors keep, in linear time."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest

from agentsea_gateway.redaction import BLANK, redact, shortened

if TYPE_CHECKING:
    from collections.abc import Callable


@pytest.mark.parametrize(
    "text",
    [
        "Incorrect API key provided: {}.",
        "invalid key {}",
        '{{"api_key": "{}"}}',
        "Authorization: Bearer {}",
        "x-api-key: {}",
        "https://host/path?api_key={}&x=1",
    ],
)
@pytest.mark.parametrize(
    "key",
    [
        "sk-proj-abcDEF123456ghiJKL789",
        "sk-ant-api03-AAAA_bbbb-cccc1111",
        "gsk_abcdef1234567890abcdef",
        "xai-abcdef1234567890",
        "AIzaSyA1234567890abcdefghijklmnopqrstuv",
        "hf_abcdefghijklmnop",
        "AKIAIOSFODNN7EXAMPLE",
        "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.abc-def_123",
    ],
)
def test_keys_of_known_forms_are_blanked_wherever_they_stand(text: str, key: str) -> None:
    """F51."""
    assert key not in redact(text.format(key))
    assert BLANK in redact(text.format(key))


def test_a_bearer_token_of_no_known_form_is_blanked() -> None:
    assert "hunterhunter" not in redact("you sent Authorization: Bearer hunterhunter, which is wrong")


ANNOUNCED = (
    "bearer {}", "basic {}", "x-api-key: {}", "api key={}", "apikey: {}", "x-goog-api-key: {}", "Authorization: {}",
    "access_token={}", "auth-token: {}", "client secret: {}", "secret={}", "password: {}", "token provided: {}",
)  # fmt: skip


@pytest.mark.parametrize("text", [*ANNOUNCED, "pa\u017fsword: {}", "to\u212aen: {}", "author\u0131zation: {}"])
@pytest.mark.parametrize("change", [str, str.upper, str.title])
def test_what_a_word_announces_is_blanked_in_whatever_letters(text: str, change: Callable[[str], str]) -> None:
    said = change(text).replace("{}", "hunter-22")
    assert redact(f"it said {said} and no more") == f"it said {said.replace('hunter-22', BLANK)} and no more"


def test_a_secret_that_the_caller_names_is_blanked() -> None:
    assert redact("no: my own pass phrase", ["own pass phrase"]) == f"no: my {BLANK}"


@pytest.mark.parametrize(
    "text",
    [
        "max_tokens: 100000 is too large",
        "This model's maximum context length is 8192 tokens. However, you requested 10000 tokens.",
        "Rate limit reached for requests per min (RPM): Limit 3, Used 3.",
        "The model `gpt-4.1` does not exist or you do not have access to it.",
        "prompt too long; exceeded max context length by 1119046 tokens (ref: 96164522-08b2-4cbf)",
    ],
)
def test_ordinary_error_texts_stay_as_they_are(text: str) -> None:
    assert redact(text) == text


def test_a_key_that_the_limit_cuts_does_not_show_its_first_half() -> None:
    key = "sk-proj-" + "a1" * 30
    for lead in range(150, 200):
        assert "sk-proj" not in shortened("x " * (lead // 2) + key + " tail " * 100, 100)


@pytest.mark.parametrize("unit", ["sk-", "Bearer ", "api_key=", "key provided ", "a", "eyJaaaaaaaaa.", "token:  "])
def test_a_body_of_megabytes_costs_no_more_than_its_start(unit: str) -> None:
    """F61."""
    text = unit * (3_000_000 // len(unit))
    began = time.thread_time()
    shortened(text, 2_000)
    assert time.thread_time() - began < 0.5
