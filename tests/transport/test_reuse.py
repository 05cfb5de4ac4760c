"""Kept-alive connections: used again when nothing speaks against it, and never when something does."""

from __future__ import annotations

import gc
import threading
import time
from typing import TYPE_CHECKING

import pytest

from agentsea_gateway.errors import APIConnectionError, MalformedResponseError
from agentsea_gateway.transport import pool as pool_module
from agentsea_gateway.transport.connection import IDLE
from raw_server import FIN, HOLD, REQUEST, RST, RawServer, Repeat, Step, chunked, head, ok
from support.loopback import new_call

if TYPE_CHECKING:
    from collections.abc import Callable

    from agentsea_gateway.call import Call
    from agentsea_gateway.transport import Transport
    from support.loopback import Certificate


def test_a_connection_serves_many_requests(transport: Transport, call: Call) -> None:
    with RawServer() as server:
        endpoint = transport.endpoint(server.url, {})
        for _ in range(20):
            endpoint.post(b"{}", call).read()
        assert (server.hits, server.connections) == (20, 1)


NEVER_AGAIN: dict[str, bytes] = {
    "Connection: close": ok(connection="close"),
    "HTTP/1.0": ok().replace(b"HTTP/1.1", b"HTTP/1.0"),
    "F53 surplus behind a length": ok() + ok(b"poison"),
    "F53 surplus behind the last chunk": head(transfer_encoding="chunked") + chunked(b"{}") + ok(b"poison"),
    "F53 one surplus byte": ok() + b"\n",
    "F53 surplus behind no body": head("204 No Content") + b"x",
    "length and chunks": head(transfer_encoding="chunked", content_length="2") + chunked(b"{}"),
}


@pytest.mark.parametrize("reason", NEVER_AGAIN)
def test_a_connection_with_something_against_it_is_never_used_again(
    transport: Transport, call: Call, reason: str
) -> None:
    """F53: a second answer behind the first is nobody's answer."""
    with RawServer([REQUEST, NEVER_AGAIN[reason], HOLD], [REQUEST, ok(b"fresh"), HOLD]) as server:
        endpoint = transport.endpoint(server.url, {})
        assert endpoint.post(b"{}", call).read() in (b"{}", b"")
        assert endpoint.post(b"{}", call).read() == b"fresh"
        assert server.connections == 2


@pytest.mark.parametrize("late", [b"HTTP/1.1 200 OK\r\ncontent-length: 6\r\n\r\npoison", b"x"])
@pytest.mark.parametrize("secure", [False, True], ids=["plain", "TLS"])
def test_bytes_that_come_while_a_connection_is_idle_end_it(
    make_transport: Callable[..., Transport], call: Call, certificate: Certificate, late: bytes, secure: bool
) -> None:
    """F53, a moment later."""
    sent, gate = threading.Event(), threading.Event()
    script: list[Step] = [REQUEST, ok(), gate, late, 0.0]
    tls = certificate.server if secure else None
    with RawServer([*script, HOLD], [REQUEST, ok(b"fresh"), HOLD], tls=tls) as server:
        endpoint = make_transport(verify=certificate.path).endpoint(server.url, {})
        endpoint.post(b"{}", call).read()
        gate.set()
        sent.wait(0.1)
        assert endpoint.post(b"{}", call).read() == b"fresh"
        assert server.connections == 2


@pytest.mark.parametrize("end", [FIN, RST])
@pytest.mark.parametrize("secure", [False, True], ids=["plain", "TLS"])
def test_an_idle_connection_closed_by_the_peer_is_replaced_unseen(
    make_transport: Callable[..., Transport], call: Call, certificate: Certificate, end: Step, secure: bool
) -> None:
    """F12: seen before anything was sent."""
    tls = certificate.server if secure else None
    with RawServer([REQUEST, ok(), end], [REQUEST, ok(b"second"), HOLD], tls=tls) as server:
        endpoint = make_transport(verify=certificate.path).endpoint(server.url, {})
        endpoint.post(b"{}", call).read()
        assert server.ended[0].wait(5)
        assert endpoint.post(b"{}", call).read() == b"second"
        assert server.hits == 2


def test_a_close_that_crosses_the_request_is_an_error_and_no_replay(transport: Transport, call: Call) -> None:
    """F12: after sending nobody can know, so nothing is sent twice."""
    with RawServer([REQUEST, ok(), REQUEST, FIN], [REQUEST, ok(), HOLD]) as server:
        endpoint = transport.endpoint(server.url, {})
        endpoint.post(b"{}", call).read()
        with pytest.raises(APIConnectionError) as caught:
            endpoint.post(b"{}", call)
        assert (server.hits, server.connections, caught.value.sent) == (2, 1, True)


def test_an_answer_that_was_not_read_to_its_end_keeps_its_connection_out(transport: Transport, call: Call) -> None:
    script = [REQUEST, head(content_length="4") + b"ab", HOLD]
    with RawServer(script, [REQUEST, ok(b"fresh"), HOLD]) as server:
        endpoint = transport.endpoint(server.url, {})
        reply = endpoint.post(b"{}", call)
        assert reply.read_some() == b"ab"
        assert endpoint.post(b"{}", call).read() == b"fresh"
        reply.close()
        reply.close()
        assert server.ended[0].wait(5)
        with pytest.raises(APIConnectionError):
            reply.read_some()


def test_a_dropped_reply_closes_its_socket_without_the_collector(transport: Transport, call: Call) -> None:
    """F41 at the wire: no cycle keeps it, though the call lives on."""
    with RawServer([REQUEST, head(content_length="4") + b"ab", HOLD]) as server:
        gc.disable()
        try:
            reply = transport.endpoint(server.url, {}).post(b"{}", call)
            assert reply.read_some() == b"ab"
            del reply
            assert server.ended[0].wait(5)
        finally:
            gc.enable()


@pytest.mark.parametrize("tail", [b"", b"0\r\n\r\n"], ids=["end still to come", "end already there"])
def test_finishing_keeps_the_connection_only_where_the_end_is_there(
    transport: Transport, call: Call, tail: bytes
) -> None:
    """The consumer saw its own proof of the end ([DONE]); nobody waits for the rest."""
    arrived = threading.Event()
    script: list[Step] = [REQUEST, head(transfer_encoding="chunked"), b"6\r\n[DONE]\r\n", arrived, tail, 0.0]
    with RawServer([*script, REQUEST, ok(b"same"), HOLD], [REQUEST, ok(b"new"), HOLD]) as server:
        endpoint = transport.endpoint(server.url, {})
        reply = endpoint.post(b"{}", call)
        assert reply.read_some() == b"[DONE]"
        arrived.set()
        time.sleep(0.1)
        begun = time.monotonic()
        reply.finish()
        assert time.monotonic() - begun < 0.05
        assert endpoint.post(b"{}", call).read() == (b"same" if tail else b"new")


def test_finishing_what_is_broken_or_over_raises_nothing(transport: Transport, call: Call) -> None:
    script: list[Step] = [REQUEST, head(transfer_encoding="chunked") + b"6\r\n[DONE]\r\nno size", HOLD]
    with RawServer(script, [REQUEST, ok(), HOLD]) as server:
        endpoint = transport.endpoint(server.url, {})
        with pytest.raises(MalformedResponseError):
            endpoint.post(b"{}", call).read()
        reply = endpoint.post(b"{}", call)
        reply.read()
        reply.finish()
        reply.finish()
        reply.close()
        reply.finish()


def test_threads_get_connections_of_their_own_and_the_pool_keeps_no_more_than_its_size(
    make_transport: Callable[..., Transport], call: Call
) -> None:
    barrier = threading.Event()
    with RawServer([Repeat([REQUEST, barrier, ok()])]) as server:
        endpoint = make_transport(pool_size=3).endpoint(server.url, {})
        threads = [threading.Thread(target=lambda: endpoint.post(b"{}", new_call()).read()) for _ in range(8)]
        for thread in threads:
            thread.start()
        while server.hits < 8:
            time.sleep(0.005)
        barrier.set()
        for thread in threads:
            thread.join()
        assert server.connections == 8
        deadline = time.monotonic() + 5
        while sum(not ended.is_set() for ended in server.ended) > 3 and time.monotonic() < deadline:
            time.sleep(0.005)
        assert sum(not ended.is_set() for ended in server.ended) == 3
        endpoint.post(b"{}", call).read()
        assert server.connections == 8


def test_the_latest_connection_is_used_first_and_old_ones_are_not_used_at_all(
    transport: Transport, call: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = time.monotonic()
    monkeypatch.setattr(pool_module, "monotonic", lambda: now)
    with RawServer() as server:
        endpoint = transport.endpoint(server.url, {})
        endpoint.post(b"{}", call).read()
        now += IDLE - 1
        endpoint.post(b"{}", call).read()
        assert server.connections == 1
        now += IDLE + 1
        endpoint.post(b"{}", call).read()
        assert server.connections == 2
        assert server.ended[0].wait(5)


@pytest.mark.parametrize(("field", "limit"), [("timeout=5, max=100", 4.5), ("max=100", IDLE), ("Timeout=600", IDLE)])
def test_a_peer_says_how_long_it_keeps_a_connection(
    transport: Transport, call: Call, monkeypatch: pytest.MonkeyPatch, field: str, limit: float
) -> None:
    """A request that crosses the peer's close would be lost."""
    now = time.monotonic()
    monkeypatch.setattr(pool_module, "monotonic", lambda: now)
    with RawServer([Repeat([REQUEST, ok(keep_alive=field)])]) as server:
        endpoint = transport.endpoint(server.url, {})
        for pause, connections in ((0.0, 1), (limit - 0.1, 1), (limit + 0.1, 2)):
            now += pause
            endpoint.post(b"{}", call).read()
            assert server.connections == connections


def test_connections_that_grew_old_under_a_busy_one_are_closed(
    transport: Transport, call: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = time.monotonic()
    monkeypatch.setattr(pool_module, "monotonic", lambda: now)
    gate = threading.Event()
    slow: list[Step] = [REQUEST, head(content_length="2") + b"{", gate, b"}", Repeat([REQUEST, ok()])]
    with RawServer(slow) as server:
        endpoint = transport.endpoint(server.url, {})
        replies = [endpoint.post(b"{}", call) for _ in range(2)]
        gate.set()
        for reply in replies:
            reply.read()
        for _ in range(3):
            now += IDLE * 0.6
            endpoint.post(b"{}", call).read()
        assert server.ended[0].wait(5)
        assert (server.connections, server.ended[1].is_set()) == (2, False)


def test_a_closed_transport_keeps_no_connection_and_still_serves(transport: Transport, call: Call) -> None:
    with RawServer() as server:
        endpoint = transport.endpoint(server.url, {})
        endpoint.post(b"{}", call).read()
        transport.close()
        assert server.ended[0].wait(5)
        endpoint.post(b"{}", call).read()
        assert server.ended[1].wait(5)
        transport.close()
