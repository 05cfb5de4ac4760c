"""What looks wrong with a key: found by its form, and never shown."""

from __future__ import annotations

import pytest

from agentsea_gateway.commands.keys import BEGINNINGS, REQUIRED, faults_of

TAIL = "Ab3dEf6hIj9lMn2pQr5tUv8x"


@pytest.mark.parametrize(("begin", "vendor"), BEGINNINGS.items())
def test_a_key_of_its_own_vendor_looks_right(begin: str, vendor: str) -> None:
    assert faults_of(begin + TAIL, vendor) == []


@pytest.mark.parametrize("vendor", ["mistral", "deepseek", "cohere", "zai"])
def test_a_key_without_a_mark_is_taken_as_it_is(vendor: str) -> None:
    assert faults_of(TAIL, vendor) == []


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (f" sk-{TAIL}", "white space"),
        (f"sk-{TAIL}\n", "line break"),
        (f'"sk-{TAIL}"', "quotes"),
        (f"'sk-{TAIL}'", "quotes"),
        (f"\u201csk-{TAIL}\u201d", "quotes"),
        (f"OPENAI_API_KEY=sk-{TAIL}", "assignment"),
        (f"export OPENAI_API_KEY=sk-{TAIL}", "assignment"),
        (f"Bearer sk-{TAIL}", "Bearer"),
        (f"sk-{TAIL} {TAIL}", "white space inside"),
        (f"sk-\u00e9{TAIL}", "ASCII"),
        ("sk-...", "placeholder"),
        ("sk-xxxxxxxxxxxxxxxx", "placeholder"),
        ("your-api-key-here", "placeholder"),
        ("<insert key>", "placeholder"),
        ("$OPENAI_API_KEY", "placeholder"),
        ("changeme", "placeholder"),
        ("test", "placeholder"),
        ("sk-1", "only 4 characters"),
        (f"sk-ant-{TAIL}", "looks like a key of anthropic, not of openai"),
        (f"gsk_{TAIL}", "looks like a key of groq"),
        (TAIL, "does not begin with 'sk-'"),
    ],
)
def test_what_is_wrong_is_said_without_the_key(value: str, words: str) -> None:
    faults = faults_of(value, "openai")
    assert any(words in fault for fault in faults), faults
    assert TAIL not in str(faults)


def test_a_proxys_keys_may_look_as_they_like() -> None:
    assert faults_of(TAIL, "openai", moved=True) == []
    assert faults_of(f"gsk_{TAIL}", "openai", moved=True) == []
    assert faults_of("none", "openai", moved=True) == []
    assert faults_of(f'"{TAIL}"', "openai", moved=True) != []


def test_another_api_of_the_same_vendor_takes_the_same_keys() -> None:
    assert faults_of(f"sk-proj-{TAIL}", "openai-responses") == []
    assert faults_of(f"xai-{TAIL}", "xai-responses") == []


def test_required_beginnings_are_of_vendors_that_are_known() -> None:
    assert set(REQUIRED) <= set(BEGINNINGS.values())
