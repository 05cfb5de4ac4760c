"""A stream that is one JSON array: however the bytes come, the elements are the same."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agentsea_gateway.errors import MalformedResponseError
from agentsea_gateway.json_array import JSONArrayDecoder

STREAM = '\ufeff[{"a": [1, {}]}\n,\r\n{"b": "東京 🎈 ]}\\\\\\" {"},\n  {"c": 3}\n]\n'.encode()
ELEMENTS = [("", '{"a": [1, {}]}'), ("", '{"b": "東京 🎈 ]}\\\\\\" {"}'), ("", '{"c": 3}')]


@given(cuts=st.lists(st.integers(0, len(STREAM)), max_size=8).map(sorted))
def test_every_way_to_cut_the_bytes_gives_the_same_elements(cuts: list[int]) -> None:
    """F38."""
    decoder = JSONArrayDecoder()
    found = []
    for begin, end in zip([0, *cuts], [*cuts, len(STREAM)], strict=True):
        found += decoder.feed(STREAM[begin:end])
    assert found + decoder.flush() == ELEMENTS


def test_byte_by_byte_each_comes_with_its_last_byte() -> None:
    decoder = JSONArrayDecoder()
    seen = [(at, element) for at in range(len(STREAM)) for element in decoder.feed(STREAM[at : at + 1])]
    assert [element for _, element in seen] == ELEMENTS
    assert all(STREAM[at : at + 1] == b"}" for at, _ in seen)


def test_an_element_over_the_cap_is_an_error_behind_those_in_front_of_it() -> None:
    """F40."""
    decoder = JSONArrayDecoder(max_event=10)
    assert decoder.feed(b'[{"a":1},{"' + b"x" * 11) == [("", '{"a":1}')]
    with pytest.raises(MalformedResponseError, match="longer than 10 bytes"):
        decoder.feed(b"")


def test_invalid_utf_8_is_an_error() -> None:
    with pytest.raises(MalformedResponseError, match="invalid UTF-8"):
        JSONArrayDecoder().feed(b'[{"a": "\xff"}')


def test_a_long_element_in_small_reads_takes_no_more_than_its_length() -> None:
    """F59."""
    decoder, begun = JSONArrayDecoder(), time.process_time()
    decoder.feed(b'[{"a":"')
    for _ in range(20_000):
        assert decoder.feed(b"x" * 10) == []
    assert decoder.feed(b'"}') == [("", '{"a":"' + "x" * 200_000 + '"}')]
    assert time.process_time() - begun < 2
