"""Requests are read from bytes in any pieces."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agentsea_gateway.testing.http_reader import BadRequest, HTTPReader, Incoming

PLAIN = b"POST /v1/x?y HTTP/1.1\r\nHost: a\r\nX-One: 1\r\nx-one: 2\r\nContent-Length: 5\r\n\r\nhello"
CHUNKED = b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n3;ext=1\r\nabc\r\n2\r\nde\r\n0\r\n\r\n"
TRAILED = b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\nX-T: 1\r\nX-U: 2\r\n\r\n"
BARE = b"GET / HTTP/1.0\r\n\r\n"


def read(*pieces: bytes) -> list[Incoming]:
    """All requests in these pieces."""
    reader, found = HTTPReader(), []
    for piece in pieces:
        reader.feed(piece)
        while (request := reader.next()) is not None:
            found.append(request)
    return found


def test_head_and_body_are_read() -> None:
    (request,) = read(PLAIN)
    assert (request.method, request.target, request.version, request.data) == ("POST", "/v1/x?y", "HTTP/1.1", b"hello")
    assert request.headers == {"host": "a", "x-one": "1, 2", "content-length": "5"}


def test_chunks_and_trailers_are_read() -> None:
    assert [request.data for request in read(CHUNKED + TRAILED)] == [b"abcde", b"a"]


@given(st.lists(st.integers(1, 300), max_size=6))
def test_how_the_bytes_are_cut_does_not_matter(cuts: list[int]) -> None:
    whole = PLAIN + CHUNKED + BARE + TRAILED + PLAIN
    edges = [0, *sorted({min(cut, len(whole)) for cut in cuts}), len(whole)]
    assert read(*[whole[a:b] for a, b in pairwise(edges)]) == read(whole)


@pytest.mark.parametrize(
    ("head", "keep_alive"),
    [
        (b"GET / HTTP/1.1\r\n\r\n", True),
        (b"GET / HTTP/1.1\r\nConnection: Close\r\n\r\n", False),
        (b"GET / HTTP/1.0\r\n\r\n", False),
        (b"GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n", True),
    ],
)
def test_who_wants_to_stay_is_kept(head: bytes, keep_alive: bool) -> None:
    assert read(head)[0].keep_alive is keep_alive


def test_a_client_that_waits_is_told_once_to_go_on() -> None:
    reader, told, found = HTTPReader(), [], []
    for piece in (b"POST / HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n", b"o", b"k"):
        reader.feed(piece)
        found.append(reader.next())
        told.append(reader.wants_continue)
    assert told == [True, False, False]
    assert [request is not None for request in found] == [False, False, True]


@pytest.mark.parametrize(
    ("data", "status"),
    [
        (b"nonsense\r\n\r\n", 400),
        (b"GET / HTTP/2.0\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nno colon\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\n folded: x\r\n\r\n", 400),
        (b"POST / HTTP/1.1\r\nContent-Length: -1\r\n\r\n", 400),
        (b"POST / HTTP/1.1\r\nContent-Length: 9999999999999\r\n\r\n", 400),
        (b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", 400),
        (b"x" * 70_000, 431),
    ],
)
def test_what_is_no_request_is_refused(data: bytes, status: int) -> None:
    with pytest.raises(BadRequest) as caught:
        read(data)
    assert caught.value.status == status
