"""Answers that break: one typed error each, one hit, no replay, and the connection is never used again."""

from __future__ import annotations

import gzip
import os
import resource
import zlib
from typing import TYPE_CHECKING

import pytest

from agentsea_gateway.errors import APIConnectionError, APITimeoutError, MalformedResponseError, ProviderError
from agentsea_gateway.transport import Limits
from raw_server import FIN, HOLD, REQUEST, RST, RawServer, Repeat, Step, chunked, head, ok

if TYPE_CHECKING:
    from collections.abc import Callable

    from agentsea_gateway.call import Call
    from agentsea_gateway.transport import Transport

PACKED = gzip.compress(os.urandom(50) * 20)
CHUNKS = head(transfer_encoding="chunked")

# fault id -> (script behind the request, the error, what its message says)
BROKEN: dict[str, tuple[list[Step], type[ProviderError], str]] = {
    "F10 FIN before status": ([FIN], APIConnectionError, "closed before a status line by 127.0.0.1:"),
    "F11 RST before status": ([RST], APIConnectionError, "connection reset by peer while waiting for the answer of"),
    "F10 FIN inside the head": ([b"HTTP/1.1 200 OK\r\nconte", FIN], MalformedResponseError, "truncated"),
    "F11 RST inside the head": ([b"HTTP/1.1 200 OK\r\nconte", 0.05, RST], APIConnectionError, "reset"),
    "F14 short Content-Length": ([head(content_length="9") + b"abc", FIN], MalformedResponseError, "3 of 9 body bytes"),
    "F14 no byte of the body": ([head(content_length="9"), FIN], MalformedResponseError, "0 of 9 body bytes"),
    "F14 RST in the body": ([head(content_length="9") + b"abc", 0.05, RST], APIConnectionError, "reset"),
    "F15 cut chunk": ([CHUNKS + b"5\r\nhel", FIN], MalformedResponseError, "truncated"),
    "F15 no last chunk": ([CHUNKS + b"5\r\nhello\r\n", FIN], MalformedResponseError, "truncated"),
    "F15 cut trailers": ([CHUNKS + b"5\r\nhello\r\n0\r\nX: y\r\n", FIN], MalformedResponseError, "truncated"),
    "F15 no chunk size": ([CHUNKS + b"hello", HOLD], MalformedResponseError, "chunk"),
    "F17 truncated gzip": ([ok(PACKED[:-9], content_encoding="gzip"), FIN], MalformedResponseError, "truncated"),
    "F17 truncated gzip in chunks": (
        [head(transfer_encoding="chunked", content_encoding="gzip") + chunked(PACKED[:-9]), FIN],
        MalformedResponseError,
        "truncated",
    ),
    "corrupt gzip": ([ok(b"no gzip at all", content_encoding="gzip"), FIN], MalformedResponseError, "corrupt"),
    "unknown coding": ([ok(b"x", content_encoding="br"), HOLD], MalformedResponseError, "content-encoding"),
    "F19 101 headers": (
        [b"HTTP/1.1 200 OK\r\n" + b"a: b\r\n" * 101 + b"\r\n", HOLD],
        MalformedResponseError,
        "more than 100 header fields",
    ),
    "F19 70 KB header": ([head(x="y" * 70_000), HOLD], MalformedResponseError, "larger than 65536"),
    "F19 garbage status line": ([b"garbage\r\n\r\n", HOLD], MalformedResponseError, "status line"),
    "F19 another protocol": ([b"SSH-2.0-OpenSSH_9.9\r\n", HOLD], MalformedResponseError, "status line"),
    "F19 switched protocols": ([head("101 Switching"), HOLD], MalformedResponseError, "switches protocols"),
    "F54 a flood of 103": ([Repeat([head("103 Early Hints")])], MalformedResponseError, "1xx"),
    "conflicting lengths": (
        [head(headers={"content-length": "3", "Content-Length": "4"}) + b"abcd", HOLD],
        MalformedResponseError,
        "Content-Length",
    ),
}


@pytest.mark.parametrize("fault", BROKEN)
@pytest.mark.parametrize("warm", [False, True], ids=["fresh", "kept-alive"])
def test_a_broken_answer_is_one_typed_error_and_one_hit(
    transport: Transport, call: Call, fault: str, warm: bool
) -> None:
    """F10, F11, F14, F15, F17, F19, F54: no replay on the same provider, on a fresh and on a kept-alive connection."""
    steps, error, words = BROKEN[fault]
    first = [REQUEST, ok(), REQUEST, *steps] if warm else [REQUEST, *steps]
    with RawServer(first, [REQUEST, ok(b"healthy"), HOLD]) as server:
        endpoint = transport.endpoint(server.url, {"Authorization": "Bearer canary"})
        if warm:
            endpoint.post(b"{}", call).read()
        with pytest.raises(error, match=words) as caught:
            endpoint.post(b"{}", call).read()
        assert server.ended[0].wait(5)
        assert type(caught.value) is error
        assert (server.hits, server.connections) == (1 + warm, 1)
        assert endpoint.post(b"{}", call).read() == b"healthy"
        assert server.connections == 2
    assert caught.value.__suppress_context__ or caught.value.__context__ is None
    assert "canary" not in repr(caught.value) + str(caught.value)
    assert getattr(caught.value, "sent", True)


def test_a_close_right_after_the_request_is_an_error_and_not_repeated(transport: Transport, call: Call) -> None:
    """F13."""
    with RawServer([REQUEST, FIN]) as server:
        with pytest.raises(APIConnectionError, match="closed before a status line") as caught:
            transport.endpoint(server.url, {}).post(b"{}", call)
        assert (server.hits, caught.value.sent) == (1, True)


def test_a_peer_that_reads_nothing_of_a_large_body_and_resets_is_an_error(transport: Transport, call: Call) -> None:
    with RawServer([0.05, RST]) as server:
        with pytest.raises(APIConnectionError) as caught:
            transport.endpoint(server.url, {}).post(b"x" * 20_000_000, call)
        assert (caught.value.sent, server.connections) == (True, 1)


def test_a_broken_pipe_leaves_time_to_hear_the_answer(transport: Transport, call: Call) -> None:
    """A refusal (413 and the like) sent before the body was read is heard, where the reset does not swallow it."""
    with RawServer([ok(b"refused", connection="close"), HOLD]) as server:
        reply = transport.endpoint(server.url, {}).post(b"x" * 100_000, call)
        assert reply.read() == b"refused"


@pytest.mark.parametrize("framing", ["length", "chunked", "close"])
@pytest.mark.parametrize("coding", ["gzip", "deflate"])
def test_a_decompression_bomb_is_a_typed_error_with_flat_memory(
    make_transport: Callable[..., Transport], call: Call, framing: str, coding: str
) -> None:
    """F18."""
    packer = zlib.compressobj(1, wbits=31 if coding == "gzip" else 15)
    bomb = b"".join(packer.compress(bytes(1_000_000)) for _ in range(100)) + packer.flush()
    wire = {
        "length": ok(bomb, content_encoding=coding),
        "chunked": head(transfer_encoding="chunked", content_encoding=coding) + chunked(bomb),
        "close": head(content_encoding=coding) + bomb,
    }[framing]
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with RawServer([REQUEST, wire]) as server:
        endpoint = make_transport(limits=Limits(body=4_000_000)).endpoint(server.url, {})
        with pytest.raises(MalformedResponseError, match="larger than 4000000 bytes"):
            endpoint.post(b"{}", call).read()
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 40_000  # KiB


def test_a_bomb_in_a_stream_comes_in_bounded_pieces_until_its_cap(
    make_transport: Callable[..., Transport], call: Call
) -> None:
    """F59."""
    bomb = gzip.compress(bytes(30_000_000))
    wire = head(transfer_encoding="chunked", content_encoding="gzip") + chunked(bomb)
    with RawServer([REQUEST, wire, HOLD]) as server:
        reply = make_transport(limits=Limits(stream=10_000_000)).endpoint(server.url, {}).post(b"{}", call)
        sizes: list[int] = []

        def read_all() -> None:
            while piece := reply.read_some():
                sizes.append(len(piece))

        with pytest.raises(MalformedResponseError, match="larger than 10000000 bytes"):
            read_all()
    assert max(sizes) <= 262_144
    assert 9_000_000 < sum(sizes) <= 10_000_000


def test_a_body_over_the_cap_is_refused_without_compression_too(
    make_transport: Callable[..., Transport], call: Call
) -> None:
    with RawServer([Repeat([REQUEST, ok(b"x" * 1001)])]) as server:
        endpoint = make_transport(limits=Limits(body=1000)).endpoint(server.url, {})
        with pytest.raises(MalformedResponseError, match="larger than 1000 bytes"):
            endpoint.post(b"{}", call).read()
        assert len(make_transport(limits=Limits(body=1001)).endpoint(server.url, {}).post(b"{}", call).read()) == 1001


def test_what_is_read_after_an_error_is_no_end(transport: Transport, call: Call) -> None:
    """An error is not forgotten: reading on never looks like the body's proven end."""
    with RawServer([REQUEST, head(content_length="9") + b"abc"]) as server:
        reply = transport.endpoint(server.url, {}).post(b"{}", call)
        assert reply.read_some() == b"abc"
        for _ in range(2):
            with pytest.raises((MalformedResponseError, APIConnectionError)):
                reply.read_some()


def test_a_call_without_time_sends_nothing(transport: Transport, call: Call) -> None:
    call.limit = call.clock.monotonic()
    with RawServer() as server:
        with pytest.raises(APITimeoutError, match=r"out of time .* before anything was sent") as caught:
            transport.endpoint(server.url, {}).post(b"{}", call)
        assert (server.connections, caught.value.sent, caught.value.patience) == (0, False, "deadline")
