"""Strict JSON: one typed error for everything that is none, and never another."""

from __future__ import annotations

import dataclasses
import datetime
import enum
import json
from collections.abc import Callable
from typing import Any, NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agentsea_gateway import strict_json
from agentsea_gateway.errors import InvalidRequestError, MalformedResponseError


@pytest.fixture(autouse=True, params=["standard library", "orjson"])
def decoder(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """All of this holds with the extra "fast" and without."""
    monkeypatch.setattr(strict_json, "_orjson", None)
    if request.param == "orjson":
        pytest.importorskip("orjson")
        strict_json.prefer_orjson()


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


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "no JSON: empty"),
        ("\ufeff \n", "no JSON: empty"),
        (b"  <html>", "no JSON at 2"),
        (b"[1, NaN]", "no JSON: NaN is no JSON"),
        (b"[" * 100_000, "no JSON: nested too deeply"),
        (b"{} x", "no JSON: more text behind the value at 2"),
        (b" {} x", "no JSON: more text behind the value at 3"),
        (b'{"a" 1}', "no JSON: Expecting ':' delimiter at 5"),
        (b'{"a": "\xff"}', "no JSON: invalid UTF-8 at byte 7"),
    ],
    ids=lambda value: repr(value[:20]),
)
def test_the_error_says_what_is_wrong_and_where(data: bytes | str, words: str) -> None:
    with pytest.raises(MalformedResponseError) as caught:
        strict_json.loads(data)
    assert caught.value.message == words


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


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (_nest(), "the request is nested too deeply for JSON"),
        (_circle(), "no JSON can hold the request: Circular reference detected"),
        ("x" * 30 + "\ud800", "the request holds a lone surrogate near 'xxxxxxxxxxxxxxxxxxxx'"),
        ({1, 2}, "no JSON can hold the request: Object of type set is not JSON serializable"),
    ],
    ids=lambda value: type(value).__name__,
)
def test_the_refusal_says_why(value: Any, words: str) -> None:
    with pytest.raises(InvalidRequestError) as caught:
        strict_json.dumps(value)
    assert caught.value.message == words


def test_text_is_sent_as_compact_utf8() -> None:
    assert strict_json.dumps({"a": ["ü", 1]}) == '{"a":["ü",1]}'.encode()


class _Text(str):
    __slots__ = ()


class _Fields(dict[str, Any]):
    __slots__ = ()


@dataclasses.dataclass
class _Data:
    a: int = 1


class _Pair(NamedTuple):
    a: int


class _Number(enum.IntEnum):
    ONE = 1


OWN_KINDS = [
    _Text("x"),
    _Fields(a=1),
    _Data(),
    _Pair(1),
    _Number.ONE,
    datetime.datetime.now(datetime.UTC),
    {_Text("k"): 1},
]


@pytest.mark.parametrize("value", OWN_KINDS, ids=lambda value: type(value).__name__)
def test_orjson_takes_no_kind_of_value_that_the_standard_library_refuses(value: Any) -> None:
    """It knows dataclasses and dates of its own accord; what is sent must not depend on what is installed."""
    without, with_it = both(strict_json.dumps, [value])
    assert with_it == without


class FakeOrjson:
    """Says who was asked."""

    def loads(self, data: bytes) -> Any:
        return "loaded by it"

    def dumps(self, value: Any, default: None, option: int) -> bytes:
        assert option == strict_json._passed_through
        return b'"dumped by it"' if value else b"null"


def test_orjson_goes_first_over_whole_bodies_that_it_sees_as_everybody(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(strict_json, "_orjson", FakeOrjson())
    strict_json.prefer_orjson()  # thrown already
    assert strict_json.loads(b'{"a": 123456789012345678}') == "loaded by it"
    assert strict_json.loads('{"a": 1}') == {"a": 1}
    assert strict_json.loads(b'{"a": 1234567890123456789}') == {"a": 1234567890123456789}
    assert strict_json.dumps([1]) == b'"dumped by it"'
    assert strict_json.dumps([]) == b"[]"  # a null may have been NaN


TRICKY = [
    b"123456789012345678901",
    b"-9999999999999999999",
    b"[18446744073709551615, 9223372036854775808]",
    b'{"big": 1e400, "small": 1e-400, "zero": -0, "minus": -0.0}',
    b'["\\ud800", "\\udfff\\ud800", "\\ud83d\\ude00", "\\u0000", "\x7f"]',
    b"[" * 2000 + b"]" * 2000,
    b"01",
    b"-",
    b"1.",
    b'"\t"',
    b"nul",
    b"[1e5, 1E5, 1.0, 0.1e1]",
    b'{"a": 1, "a": [2]}',
]


def outcome(function: Callable[[Any], Any], given: Any) -> tuple[str, str]:
    """What came of it, the types of numbers included."""
    try:
        return "value", repr(function(given))
    except (MalformedResponseError, InvalidRequestError) as error:
        return type(error).__name__, str(error)


def both(function: Callable[[Any], Any], given: Any) -> tuple[tuple[str, str], tuple[str, str]]:
    """What came of it without orjson, and with it."""
    pytest.importorskip("orjson")
    strict_json.prefer_orjson()
    with_it = outcome(function, given)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(strict_json, "_orjson", None)
        return outcome(function, given), with_it


@pytest.mark.parametrize("data", TRICKY, ids=lambda data: repr(data[:20]))
def test_orjson_changes_neither_answer_nor_error_of_tricky_text(data: bytes) -> None:
    without, with_it = both(strict_json.loads, data)
    assert with_it == without


@given(st.binary(max_size=60) | VALUES.map(lambda value: json.dumps(value).encode()), st.data())
def test_orjson_changes_neither_answer_nor_error(data: bytes, draw: st.DataObject) -> None:
    """Whole texts, and texts of which a piece is missing or doubled."""
    first, second = sorted(draw.draw(st.tuples(st.integers(0, len(data)), st.integers(0, len(data)))))
    for text in (data, data[:first] + data[second:], data[:second] + data[first:]):
        without, with_it = both(strict_json.loads, text)
        assert with_it == without


SENT = st.recursive(
    VALUES | st.floats() | st.text(st.characters(codec=None)) | st.just(_Own()) | st.binary(max_size=3),
    lambda inner: st.tuples(inner, inner) | st.dictionaries(st.text() | st.integers(), inner, max_size=3),
    max_leaves=6,
)


@given(SENT)
def test_orjson_sends_the_same_value_or_refuses_it_with_the_same_words(value: Any) -> None:
    def sent(value: Any) -> Any:
        return json.loads(strict_json.dumps(value))

    without, with_it = both(sent, value)
    assert with_it == without
