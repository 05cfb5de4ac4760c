"""Deadlines on real sockets: whatever trickles, stalls or is never read, the limit holds to a tenth of a second."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest

from agentsea_gateway.errors import APITimeoutError
from raw_server import HOLD, REQUEST, Drip, RawServer, Step, head, ok
from support.loopback import new_call

if TYPE_CHECKING:
    from collections.abc import Callable

    from agentsea_gateway.transport import Transport
    from support.loopback import Certificate

pytestmark = pytest.mark.realtime

CHUNKS = head(transfer_encoding="chunked")
SLOW: dict[str, list[Step]] = {
    "F05 header stall": [HOLD],
    "F05 stall inside the head": [b"HTTP/1.1 200 OK\r\n", HOLD],
    "F06 header drip": [b"HTTP/1.1 200 OK\r\n", Drip(b"x-slow: y\r\n", 0.01, forever=True)],
    "F07 body stall": [head(content_length="9") + b"abc", HOLD],
    "F08 body drip": [head(content_length="999999"), Drip(b"x", 0.01, forever=True)],
    "F08 body drip until close": [head(), Drip(b"x", 0.01, forever=True)],
    "F08 chunk drip": [CHUNKS, Drip(b"1\r\nx\r\n", 0.01, forever=True)],
    "F09 whitespace drip": [CHUNKS, Drip(b"1\r\n \r\n", 0.005, forever=True)],
    "a drip in a chunk's size": [CHUNKS, Drip(b"0" * 15, 0.03)],
    "a drip of trailers": [CHUNKS + b"0\r\n", Drip(b"x: y\r\n", 0.01, forever=True)],
    "F54 a drip of 100s": [Drip(b"HTTP/1.1 100 Continue\r\n\r\n", 0.02, forever=True)],
}


@pytest.mark.parametrize("fault", SLOW)
@pytest.mark.parametrize("secure", [False, True], ids=["plain", "TLS"])
def test_a_slow_peer_cannot_outlive_the_limit(
    make_transport: Callable[..., Transport], certificate: Certificate, fault: str, secure: bool
) -> None:
    """F05, F06, F07, F08, F09."""
    tls = certificate.server if secure else None
    with RawServer([REQUEST, *SLOW[fault]], tls=tls) as server:
        endpoint = make_transport(verify=certificate.path).endpoint(server.url, {})
        begun = time.monotonic()
        with pytest.raises(APITimeoutError, match=f"127.0.0.1:{server.port}") as caught:
            endpoint.post(b"{}", new_call(0.3, patience="share")).read()
        assert 0.29 < time.monotonic() - begun < 0.4
        assert (caught.value.patience, caught.value.sent) == ("share", True)
        assert server.ended[0].wait(2), "the connection was closed"
        assert (server.hits, server.connections) == (1, 1)


@pytest.mark.parametrize("secure", [False, True], ids=["plain", "TLS"])
def test_a_peer_that_reads_nothing_cannot_outlive_the_limit(
    make_transport: Callable[..., Transport], certificate: Certificate, secure: bool
) -> None:
    with RawServer([5.0], tls=certificate.server if secure else None) as server:
        endpoint = make_transport(verify=certificate.path).endpoint(server.url, {})
        body = b"x" * 30_000_000
        begun = time.monotonic()
        with pytest.raises(APITimeoutError, match="while sending to"):
            endpoint.post(body, new_call(0.3))
        assert 0.29 < time.monotonic() - begun < 0.4


def test_a_stream_waits_as_long_as_its_moving_limit_says(transport: Transport) -> None:
    """The limit is looked at before each wait: a stream moves it on at every event."""
    call = new_call(10.0)
    steps: list[Step] = [head(transfer_encoding="chunked"), *([b"1\r\nx\r\n", 0.15] * 4), HOLD]
    with RawServer([REQUEST, *steps]) as server:
        reply = transport.endpoint(server.url, {}).post(b"{}", call)
        begun = time.monotonic()
        for _ in range(4):
            call.limit, call.patience = call.clock.monotonic() + 0.3, "idle"
            assert reply.read_some() == b"x"
        with pytest.raises(APITimeoutError) as caught:
            reply.read_some()
        assert 0.6 < time.monotonic() - begun < 0.9
        assert caught.value.patience == "idle"


def test_a_flood_that_never_ends_stops_at_the_limit(transport: Transport) -> None:
    """Bytes that are always there never make a wait; the limit is looked at all the same."""
    flood = b"1\r\nx\r\n" * 10_000
    with RawServer([REQUEST, CHUNKS, *([flood] * 20_000)]) as server:
        begun = time.monotonic()
        with pytest.raises(APITimeoutError):
            transport.endpoint(server.url, {}).post(b"{}", new_call(0.3)).read()
        assert time.monotonic() - begun < 0.4


def test_an_answer_in_time_is_not_disturbed(transport: Transport) -> None:
    with RawServer([REQUEST, 0.1, ok(b"in time")]) as server:
        assert transport.endpoint(server.url, {}).post(b"{}", new_call(0.5)).read() == b"in time"
