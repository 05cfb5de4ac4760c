"""Strict JSON: one typed error for everything that is none, and never another."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agentsea_gateway import strict_json
from agentsea_gateway.errors import InvalidRequestError, MalformedResponseError

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"   ",
        b"NaN",
        b'{"a": NaN}',
        b"[Infinity]",
        b"-Infinity",
        b"[" * 100_000 + b"]" * 100_000,
        b'{"a":' * 100_000,
        b'{"n": ' + b"7" * 5_000 + b"}",
        b'{"a": "\xff\xfe"}',
        b'{"a": 1} trailing',
        b' {"a": 1} trailing',
        '{"a": 1}\u00a0'.encode(),  # white space to Python, not to JSON
        b' {"a": 1}\x0b',
        b"{'a': 1}",
        b'{"a": 1,}',
        b'{"a"',
        b'{"a": "\x01"}',
        "\x00{}".encode("utf-16"),
        b"<html>",
    ],
    ids=lambda data: repr(data[:20]),
)
def test_what_is_no_json_is_one_typed_error(data: bytes) -> None:
    """F30: NaN, nesting, long integers, invalid UTF-8."""
    with pytest.raises(MalformedResponseError, match="no JSON"):
        strict_json.loads(data)


@pytest.mark.parametrize(
    "data", [b'\xef\xbb\xbf{"a": 1}', b' \r\n\t{"a": 1}\n ', b'{"a": 1}\n ', b' {"a": 1}', '\ufeff{"a": 1}', '{"a": 1}']
)
def test_a_byte_order_mark_and_white_space_around_are_tolerated(data: bytes | str) -> None:
    """F30: BOM."""
    assert strict_json.loads(data) == {"a": 1}


def test_of_duplicate_keys_the_last_one_wins() -> None:
    """F30: refusing them would double the time of a large body."""
    assert strict_json.loads(b'{"a": 1, "a": 2}') == {"a": 2}


@given(VALUES)
def test_what_was_dumped_is_loaded_again(value: Any) -> None:
    try:
        data = strict_json.dumps(value)
    except InvalidRequestError:  # lone surrogates
        assert "\\ud" in json.dumps(value).lower()
        return
    assert strict_json.loads(data) == value == json.loads(data)


@given(st.binary(max_size=60) | VALUES.map(lambda value: json.dumps(value).encode()))
def test_loads_agrees_with_the_standard_library_or_raises_its_one_error(data: bytes) -> None:
    try:
        found = strict_json.loads(data)
    except MalformedResponseError:
        return
    assert json.dumps(found) == json.dumps(json.loads(data.decode("utf-8-sig")))


@given(VALUES, st.data())
def test_cut_json_is_never_taken_for_whole(value: Any, data: st.DataObject) -> None:
    whole = json.dumps([value]).encode()
    cut = data.draw(st.integers(0, len(whole) - 1))
    with pytest.raises(MalformedResponseError):
        strict_json.loads(whole[:cut])


class _Own:
    pass


def _circle() -> list[Any]:
    ring: list[Any] = []
    ring.append(ring)
    return ring


def _nest() -> list[Any]:
    nest: list[Any] = []
    for _ in range(100_000):
        nest = [nest]
    return nest


@pytest.mark.parametrize(
    "value", [float("nan"), float("inf"), {"a": {1, 2}}, _Own(), "\ud800", {"\udfff": 1}, b"bytes", _circle(), _nest()]
)
def test_what_no_json_can_hold_is_refused_before_it_is_sent(value: Any) -> None:
    with pytest.raises(InvalidRequestError):
        strict_json.dumps(value)


def test_text_is_sent_as_compact_utf8() -> None:
    assert strict_json.dumps({"a": ["ü", 1]}) == '{"a":["ü",1]}'.encode()
