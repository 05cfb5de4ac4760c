"""Tokens before anybody has counted them: by characters, or by tiktoken where it need not fetch anything."""

from __future__ import annotations

import sys
from hashlib import sha1
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from agentsea_gateway import tokens

TEXT = [{"role": "user", "content": "four letters and more"}]


@pytest.fixture(autouse=True)
def fresh(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Any:
    """Nobody has looked for tiktoken yet, and its cache is empty."""
    monkeypatch.setenv("TIKTOKEN_CACHE_DIR", str(tmp_path))
    tokens._encoding.cache_clear()
    yield tmp_path
    tokens._encoding.cache_clear()


def test_texts_and_tool_calls_are_counted() -> None:
    call = {"id": "1", "type": "function", "function": {"name": "f", "arguments": "12345"}}
    parts = [{"type": "text", "text": "abc"}, {"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA"}}]
    messages = [{"role": "user", "content": parts}, {"role": "assistant", "content": None, "tool_calls": [call]}, *TEXT]
    assert tokens.characters(messages) == 3 + 5 + 21
    assert tokens.expected_input(messages, {}) == 8


@pytest.mark.parametrize(
    ("messages", "most", "short"),
    [
        (TEXT, 21, True),
        (TEXT, 20, False),
        (TEXT * 2, 41, False),
        ([{"role": "user", "content": [{"type": "text"}]}], 99, False),
    ],
)
def test_a_short_text_is_told_from_everything_else(messages: Any, most: int, short: bool) -> None:
    assert tokens.is_short_text(messages, most) is short


def encoder(directory: Path, monkeypatch: pytest.MonkeyPatch, **module: Any) -> list[list[str]]:
    """A tiktoken whose vocabulary is on the disk."""
    asked: list[list[str]] = []

    def encode(texts: list[str], num_threads: int) -> list[list[int]]:
        asked.append(texts)
        return [[0] * len(text.split()) for text in texts]

    given = {"get_encoding": lambda name: SimpleNamespace(encode_ordinary_batch=encode, name=name), **module}
    monkeypatch.setitem(sys.modules, "tiktoken", SimpleNamespace(**given))
    (directory / sha1(tokens._VOCABULARY.encode()).hexdigest()).write_bytes(b"")
    return asked


def test_tiktoken_counts_where_its_vocabulary_is_at_hand(fresh: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = encoder(fresh, monkeypatch)
    assert tokens.expected_input(TEXT, {"tools": ["x" * 34]}) == 4 + 10
    assert asked == [["four letters and more"]]


def test_tiktoken_is_not_asked_where_it_would_have_to_fetch_something(monkeypatch: pytest.MonkeyPatch) -> None:
    def fetch(name: str) -> Any:
        raise AssertionError("the network was asked in the middle of a call")

    monkeypatch.setitem(sys.modules, "tiktoken", SimpleNamespace(get_encoding=fetch))
    assert tokens.expected_input(TEXT, {}) == 6


def test_what_is_long_or_no_text_is_estimated(fresh: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = encoder(fresh, monkeypatch)
    assert tokens.expected_input([{"role": "user", "content": "x" * 200_000}], {}) == 50_000
    assert tokens.expected_input([{"role": "user", "content": [{"type": "text", "text": "abcd"}]}], {}) == 1
    assert asked == []


def test_a_tiktoken_that_cannot_be_used_is_an_estimate(fresh: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    encoder(fresh, monkeypatch, get_encoding=lambda name: 1 / 0)
    assert tokens.expected_input(TEXT, {}) == 6
    monkeypatch.setitem(sys.modules, "tiktoken", None)
    tokens._encoding.cache_clear()
    assert tokens.expected_input(TEXT, {}) == 6
