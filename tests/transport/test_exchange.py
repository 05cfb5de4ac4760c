"""One request and its answer without sockets: what is sent, what is waited for, and what becomes of the connection."""

from __future__ import annotations

import gzip
from typing import Any

import pytest

from agentsea_gateway.call import Call
from agentsea_gateway.clock import Deadline
from agentsea_gateway.errors import APIConnectionError, APITimeoutError, MalformedResponseError
from agentsea_gateway.testing import FakeClock
from agentsea_gateway.transport.connection import IDLE
from agentsea_gateway.transport.exchange import exchange
from agentsea_gateway.transport.limits import Limits
from raw_server import chunked, head, ok

RESET = APIConnectionError("connection reset")


class Played:
    """A connection whose peer says these pieces; `ready` ones are there without waiting."""

    peer = "peer:80"

    def __init__(self, *pieces: Any, ready: tuple[bytes, ...] = ()) -> None:
        self.pieces = [*pieces]
        self.ready = [*ready]
        self.wire = b""
        self.sent = False
        self.busy = True
        self.doing = ""
        self.idle_limit = IDLE
        self.log: list[str] = []
        self.waits: list[tuple[str, Any, bool, Any]] = []

    def send(self, parts: tuple[bytes, ...], call: Any) -> None:
        self._note(call)
        self.wire += b"".join(parts)

    def receive(self, call: Any) -> bytes:
        self._note(call)
        piece = self.pieces.pop(0) if self.pieces else b""
        if isinstance(piece, BaseException):
            raise piece
        found: bytes = piece
        return found

    def _note(self, call: Any) -> None:
        assert self.sent
        self.waits.append((self.doing, call, self.busy, call._attached))

    def receive_ready(self) -> bytes:
        assert self.busy
        return self.ready.pop(0) if self.ready else b""

    def rest(self) -> bool:
        self.busy = False
        return True

    def discard(self) -> None:
        self.log.append("discarded")

    def close(self) -> None:
        self.log.append("closed")


class OnePool:
    """Gives one connection and notes when it comes back."""

    def __init__(self, connection: Played) -> None:
        self.connection = connection
        self.calls: list[Any] = []

    def take(self, call: Any) -> Any:
        self.calls.append(call)
        return self.connection

    def put(self, connection: Any) -> None:
        assert connection is self.connection
        connection.log.append("kept")


def posted(*pieces: Any, ready: tuple[bytes, ...] = (), **limits: int) -> tuple[Any, Played, Call]:
    connection = Played(*pieces, ready=ready)
    call = Call(Deadline.after(10, FakeClock()))
    pool: Any = OnePool(connection)
    reply = exchange(pool, Limits(**limits), b"POST / HTTP/1.1\r\nContent-Length: ", b"{...}", call)
    assert pool.calls == [call]
    return reply, connection, call


def test_a_request_is_its_head_its_length_and_its_body() -> None:
    _, connection, call = posted(ok(b"hi"))
    assert connection.wire == b"POST / HTTP/1.1\r\nContent-Length: 5\r\n\r\n{...}"
    assert connection.waits == [
        ("sending to", call, True, connection),
        ("waiting for the answer of", call, True, connection),
    ]
    assert call._attached is None


def test_an_answer_that_comes_in_one_read_leaves_its_connection_for_the_next() -> None:
    reply, connection, _ = posted(ok(b"hi", x_more="1"))
    assert (reply.status, reply.headers["X-More"], connection.log) == (200, "1", ["kept"])
    assert reply.read() == b"hi"
    reply.close()
    assert connection.log == ["kept"]


def test_the_rest_of_a_body_is_waited_for_piece_by_piece_and_then_the_connection_is_kept() -> None:
    reply, connection, call = posted(head(content_length="6") + b"ab", b"cd", b"ef")
    assert (connection.busy, connection.log, call._attached) == (False, [], None)
    assert reply.read_some() == b"ab"
    assert reply.read_some() == b"cd"
    assert (connection.busy, connection.log, call._attached) == (False, [], None)
    assert [reply.read_some(), reply.read_some()] == [b"ef", b""]
    assert connection.log == ["kept"]
    assert connection.waits[2:] == [("reading the answer of", call, True, connection)] * 2


def test_an_answer_is_unpacked_wherever_its_body_came() -> None:
    packed = gzip.compress(b"hello" * 200_000)
    whole = ok(packed, content_encoding="gzip")
    for pieces in ((whole,), (whole[:-10], whole[-10:]), (whole[: -len(packed)], packed)):
        reply, _, call = posted(*pieces)
        assert (reply.status, reply.headers["Content-Encoding"]) == (200, "gzip")
        assert reply.read() == b"hello" * 200_000
        reply, _, call = posted(*pieces)
        reply.read_some()
        call.clock.sleep(10)
        with pytest.raises(APITimeoutError, match="while unpacking"):
            reply.read()


def test_an_answer_that_can_have_no_body_has_none() -> None:
    reply, connection, _ = posted(head("204 No Content"))
    assert (reply.status, reply.read(), connection.log) == (204, b"", ["kept"])


def test_what_brings_no_byte_of_the_body_is_not_its_end() -> None:
    reply, connection, _ = posted(head(transfer_encoding="chunked"), b"5", b"\r\n", b"hello", b"\r\n0\r\n", b"\r\n")
    assert [reply.read_some(), reply.read_some()] == [b"hello", b""]
    assert connection.log == ["kept"]


@pytest.mark.parametrize(
    "pieces",
    [
        (ok(b"hi", connection="close"),),
        (b"HTTP/1.0 200 OK\r\ncontent-length: 2\r\n\r\nhi",),
        (ok(b"hi") + b"surplus",),
        (head(content_length="2"), b"hi surplus"),
        (head(), b"hi"),
        (head(content_length="2", transfer_encoding="chunked") + chunked(b"hi"),),
    ],
    ids=["close", "HTTP/1.0", "surplus", "surplus later", "until it closes", "two framings"],
)
def test_a_connection_that_something_speaks_against_is_never_used_again(pieces: tuple[bytes, ...]) -> None:
    """F53."""
    reply, connection, _ = posted(*pieces)
    assert reply.read() == b"hi"
    assert connection.log == ["discarded"]


def test_after_a_cancel_or_a_close_the_connection_is_not_kept() -> None:
    reply, connection, call = posted(head(content_length="4") + b"ab", b"cd")
    call.cancelled = True
    assert reply.read() == b"abcd"
    assert connection.log == ["closed", "discarded"]
    reply, connection, _ = posted(head(content_length="4") + b"ab", b"cd")
    reply.close()
    assert connection.log == ["closed"]
    reply.close()
    reply.finish()
    assert connection.log == ["closed"]
    assert reply.read_some() == b"ab"
    with pytest.raises(APIConnectionError, match="^the answer was closed before its end$"):
        reply.read_some()


def test_a_close_in_the_middle_of_a_read_is_seen_at_its_end() -> None:
    class Closing(Played):
        def receive(self, call: Any) -> bytes:
            found = super().receive(call)
            if len(self.waits) == 3:
                reply._source._closed = True
            return found

    connection = Closing(head(content_length="4") + b"ab", b"cd")
    reply = exchange(OnePool(connection), Limits(), b"", b"", Call(Deadline.after(10, FakeClock())))  # type: ignore[arg-type]
    assert reply.read() == b"abcd"
    assert connection.log == ["discarded"]


@pytest.mark.parametrize("broken", [RESET, KeyboardInterrupt(), b"garbage\r\n\r\n"])
def test_what_breaks_in_the_head_costs_the_connection(broken: Any) -> None:
    connection = Played(broken)
    call = Call(Deadline.after(10, FakeClock()))
    with pytest.raises(BaseException) as caught:  # noqa: PT011
        exchange(OnePool(connection), Limits(), b"", b"", call)  # type: ignore[arg-type]
    assert caught.value is broken or isinstance(caught.value, MalformedResponseError)
    assert (connection.log, call._attached) == (["discarded"], None)


@pytest.mark.parametrize("broken", [RESET, KeyboardInterrupt(), b""])
def test_what_breaks_in_the_body_costs_the_connection(broken: Any) -> None:
    reply, connection, call = posted(head(content_length="4") + b"ab", broken)
    assert reply.read_some() == b"ab"
    with pytest.raises(BaseException) as caught:  # noqa: PT011
        reply.read_some()
    assert caught.value is broken or str(caught.value) == "truncated: 2 of 4 body bytes came"
    assert (connection.log[0], call._attached) == ("discarded", None)
    with pytest.raises(APIConnectionError, match="closed before its end"):
        reply.read_some()


def test_what_is_wrong_behind_the_first_piece_is_told_behind_it() -> None:
    reply, connection, _ = posted(head(transfer_encoding="chunked") + b"2\r\nhi\r\nXX")
    assert reply.read_some() == b"hi"
    with pytest.raises(MalformedResponseError, match="where a chunk's size should be"):
        reply.read_some()
    assert connection.log[0] == "discarded"


@pytest.mark.parametrize("status", [300, 401, 503])
@pytest.mark.parametrize(
    "fields", [{"content_encoding": "zstd"}, {"transfer_encoding": "gzip"}, {"content_length": "1, 2"}]
)
def test_of_an_error_whose_body_nobody_can_read_the_status_is_had(status: int, fields: dict[str, str]) -> None:
    for success in ("200 OK", "299 OK"):
        with pytest.raises(MalformedResponseError):
            posted(head(success, **fields) + b"??")
    reply, connection, call = posted(head(f"{status} No", **fields) + b"??")
    assert (reply.status, reply.read(), reply.salvage(), connection.log) == (status, b"", b"", ["discarded"])
    assert call._attached is None


@pytest.mark.parametrize(
    ("field", "limit"), [("timeout=5, max=100", 4.5), ("max=100", IDLE), ("Timeout=600", IDLE), ("timeout=0", -0.5)]
)
def test_a_peer_says_how_long_its_connections_may_rest(field: str, limit: float) -> None:
    assert posted(ok(keep_alive=field))[1].idle_limit == limit


def test_what_is_there_of_the_rest_is_taken_without_waiting() -> None:
    for ready, fate in (
        ((b"cd",), "kept"),
        ((b"c", b"d"), "kept"),
        ((b"c",), "discarded"),
        ((), "discarded"),
        ((b"cd surplus",), "discarded"),
    ):
        reply, connection, _ = posted(head(content_length="4") + b"ab", ready=ready)
        reply.finish()
        assert connection.log == [fate]
        assert len(connection.waits) == 2
        reply.finish()
        assert connection.log == [fate]


def test_finishing_takes_sixteen_reads_at_most_and_no_error_to_heart() -> None:
    opening = head(content_length="17") + b"a"
    assert posted(opening, ready=(b"b",) * 16)[0].finish() is None
    for count, fate in ((16, "kept"), (17, "discarded")):
        reply, connection, _ = posted(head(content_length=str(count)), ready=(b"b",) * count)
        reply.finish()
        assert connection.log == [fate]
    reply, connection, _ = posted(head(transfer_encoding="chunked"), ready=(b"XX",))
    reply.finish()
    assert connection.log == ["discarded"]


def test_the_end_of_the_connection_is_the_end_of_a_body_without_framing() -> None:
    reply, connection, _ = posted(head(), b"ab", b"cd")
    assert [reply.read_some() for _ in range(4)] == [b"ab", b"cd", b"", b""]
    assert connection.log == ["discarded"]
