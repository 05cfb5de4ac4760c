"""Lines of JSON: however the bytes come, the lines are the same."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agentsea_gateway.errors import MalformedResponseError
from agentsea_gateway.ndjson import NDJSONDecoder

STREAM = '\ufeff{"a": 1}\r\n\n  \n{"b": "東京 🎈"}\n{"c": 3}'.encode()
LINES = [("", '{"a": 1}'), ("", '{"b": "東京 🎈"}'), ("", '{"c": 3}')]


def test_lines_come_without_what_stands_between_them() -> None:
    decoder = NDJSONDecoder()
    assert decoder.feed(STREAM) == LINES[:2]
    assert decoder.flush() == LINES[2:]
    assert decoder.flush() == []


@given(cuts=st.lists(st.integers(0, len(STREAM)), max_size=8).map(sorted))
def test_every_way_to_cut_the_bytes_gives_the_same_lines(cuts: list[int]) -> None:
    """F38."""
    decoder = NDJSONDecoder()
    found = []
    for begin, end in zip([0, *cuts], [*cuts, len(STREAM)], strict=True):
        found += decoder.feed(STREAM[begin:end])
    assert found + decoder.flush() == LINES


def test_a_line_over_the_cap_is_an_error_behind_the_lines_in_front_of_it() -> None:
    """F40."""
    decoder = NDJSONDecoder(max_event=10)
    assert decoder.feed(b'{"a":1}\n' + b"x" * 11) == [("", '{"a":1}')]
    with pytest.raises(MalformedResponseError, match="longer than 10 bytes"):
        decoder.feed(b"")


def test_a_line_that_grows_over_many_reads_is_capped_too() -> None:
    decoder = NDJSONDecoder(max_event=100)
    assert [decoder.feed(b"xxxxxxxxxx") for _ in range(10)] == [[]] * 10
    with pytest.raises(MalformedResponseError, match="longer than 100 bytes"):
        decoder.feed(b"x")


def test_invalid_utf_8_is_an_error() -> None:
    with pytest.raises(MalformedResponseError, match="invalid UTF-8"):
        NDJSONDecoder().feed(b'{"a": "\xff"}\n')


def test_a_long_line_in_small_reads_takes_no_more_than_its_length() -> None:
    """F59."""
    decoder, begun = NDJSONDecoder(), time.process_time()
    for _ in range(20_000):
        decoder.feed(b"x" * 10)
    assert decoder.feed(b"\n") == [("", "x" * 200_000)]
    assert time.process_time() - begun < 1


def test_very_many_blank_lines_cost_nothing_each() -> None:
    begun = time.process_time()
    assert NDJSONDecoder().feed(b"\n" * 10_000_000) == []
    assert time.process_time() - begun < 1
