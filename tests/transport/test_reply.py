"""A Reply without sockets: whole and in pieces, unpacked, capped, closed where it broke, and never past its time."""

from __future__ import annotations

import gzip
import zlib
from typing import Any

import pytest

from agentsea_gateway.call import Call
from agentsea_gateway.clock import Deadline
from agentsea_gateway.errors import APIConnectionError, APITimeoutError, MalformedResponseError
from agentsea_gateway.testing import FakeClock
from agentsea_gateway.transport.headers import Headers
from agentsea_gateway.transport.inflate import STEP, inflater_of
from agentsea_gateway.transport.limits import Limits
from agentsea_gateway.transport.reply import Reply

RESET = APIConnectionError("connection reset")


class Source:
    """Brings these pieces (raises those that are errors), then its end."""

    def __init__(self, *pieces: Any) -> None:
        self.pieces = [*pieces]
        self.calls: list[Any] = []
        self.log: list[str] = []

    def receive(self, call: Any) -> bytes:
        self.calls.append(call)
        piece = self.pieces.pop(0) if self.pieces else b""
        if isinstance(piece, Exception):
            raise piece
        found: bytes = piece
        return found

    def finish(self, call: Any) -> None:
        self.calls.append(call)
        self.log.append("finished")

    def close(self) -> None:
        self.log.append("closed")


def reply(ready: bytes, source: Source | None, *, coding: str | None = None, **limits: int) -> tuple[Reply, Call]:
    call = Call(Deadline.after(10, FakeClock()), patience="share")
    inflater = inflater_of(coding)
    return Reply(429, Headers(), ready, source, limits=Limits(**limits), call=call, inflater=inflater), call


def test_what_came_with_the_head_comes_first_and_once() -> None:
    source = Source(b"cd", b"e")
    it, call = reply(b"ab", source)
    assert [it.read_some() for _ in range(5)] == [b"ab", b"cd", b"e", b"", b""]
    assert source.calls == [call] * 4
    assert source.log == []
    it, _ = reply(b"ab", Source(b"cd"))
    assert (it.read(), it.read()) == (b"abcd", b"")
    it, _ = reply(b"ab", None)
    assert (it.read_some(), it.read_some(), it.read()) == (b"ab", b"", b"")


def test_a_body_that_came_with_its_head_is_had_at_once() -> None:
    it, _ = reply(b"abc", None, body=3)
    assert (it.read(), it.read(), it.read_some()) == (b"abc", b"", b"")
    it, _ = reply(b"abcd", None, body=3)
    with pytest.raises(MalformedResponseError, match="larger than 3 bytes"):
        it.read()


@pytest.mark.parametrize("coding", [None, "gzip"])
def test_the_cap_of_a_body_is_no_streams_and_counts_what_is_unpacked(coding: str | None) -> None:
    """F18: just the cap is taken, one byte more is not, and then the connection is closed."""

    def body(size: int) -> list[bytes]:
        whole = bytes(size) if coding is None else gzip.compress(bytes(size))
        return [whole[:2], whole[2:]]

    source = Source(*body(100))
    assert reply(b"", source, coding=coding, body=100, stream=1)[0].read() == bytes(100)
    assert source.log == []
    source = Source(*body(101))
    it, _ = reply(b"", source, coding=coding, body=100, stream=1000)
    with pytest.raises(MalformedResponseError, match="^429: the answer's body is larger than 100 bytes$") as caught:
        it.read()
    assert (caught.value.status_code, source.log) == (429, ["closed"])
    source = Source(*body(101))
    it, _ = reply(b"", source, coding=coding, body=1, stream=100)
    with pytest.raises(MalformedResponseError, match="larger than 100 bytes"):
        [it.read_some() for _ in range(4)]
    it, _ = reply(b"", Source(*body(101)), coding=coding, body=1, stream=101)
    assert sum(len(it.read_some()) for _ in range(4)) == 101


def test_a_packed_body_ends_where_its_packing_does() -> None:
    """F17. An empty one is none at all."""
    packed = gzip.compress(b"hello")
    it, _ = reply(packed[:5], Source(packed[5:]), coding="gzip")
    assert it.read() == b"hello"
    source = Source(packed[:-1])
    it, _ = reply(b"", source, coding="gzip")
    with pytest.raises(MalformedResponseError, match="^truncated: the answer's gzip body ends too early$"):
        it.read()
    assert source.log == ["closed"]
    assert reply(b"", Source(), coding="gzip")[0].read() == b""
    assert reply(b"", None, coding="deflate")[0].read_some() == b""


def test_what_goes_on_unpacking_waits_for_nobody_and_ends_with_the_calls_time() -> None:
    """F18: a bomb of a few bytes takes many steps."""
    source = Source(zlib.compress(bytes(STEP * 4)))
    it, call = reply(b"", source, coding="deflate")
    assert len(it.read_some()) == STEP
    call.clock.sleep(9.9)
    assert len(it.read_some()) == STEP
    assert len(source.calls) == 1
    call.clock.sleep(0.1)
    with pytest.raises(APITimeoutError, match=r"^out of time \(share\) while unpacking the answer$") as caught:
        it.read_some()
    assert (caught.value.patience, source.log) == ("share", ["closed"])


def test_a_body_that_takes_many_steps_and_many_reads_is_whole() -> None:
    body = bytes(range(256)) * (STEP // 64)
    packed = zlib.compress(body)
    for at in (100, len(packed) // 2, len(packed) - 100):
        assert reply(b"", Source(packed[:at], packed[at:]), coding="deflate")[0].read() == body


def test_what_breaks_is_closed() -> None:
    source = Source(b"ab", RESET)
    it, _ = reply(b"", source)
    with pytest.raises(APIConnectionError):
        it.read()
    assert source.log == ["closed"]


def test_of_what_breaks_the_part_that_came_can_be_had() -> None:
    for pieces, coding, had in (
        ((b"ab", b"c", RESET), None, b"abc"),
        ((b"ab", b"c"), None, b"abc"),
        ((RESET,), None, b""),
        ((gzip.compress(b"hello")[:-3],), "gzip", b"hello"),
        ((b"no gzip",), "gzip", b""),
        ((b"a" * 60, b"b" * 60), None, b"a" * 60),
    ):
        source = Source(*pieces)
        it, _ = reply(b"", source, coding=coding, body=100, stream=1)
        assert it.salvage() == had
        assert source.log == ["closed"] * (source.log != [])


def test_an_interrupt_is_none_of_what_is_salvaged() -> None:
    class Interrupted(Source):
        def receive(self, call: Any) -> bytes:
            raise KeyboardInterrupt

    source = Interrupted()
    with pytest.raises(KeyboardInterrupt):
        reply(b"", source)[0].salvage()
    assert source.log == ["closed"]


def test_the_end_is_the_sources_affair_where_there_is_one() -> None:
    source = Source()
    it, call = reply(b"ab", source)
    it.finish()
    it.close()
    assert (source.log, source.calls) == (["finished", "closed"], [call])
    it, _ = reply(b"ab", None)
    it.finish()
    it.close()
    assert (it.read(), it.status, it.status_code, it.headers) == (b"ab", 429, 429, {})
    assert repr(it) == "Reply(status=429)"
