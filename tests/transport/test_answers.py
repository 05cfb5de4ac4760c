"""Whole answers over real sockets: what is sent, what comes back, and that nothing is followed or remembered."""

from __future__ import annotations

import gzip
import threading
import zlib
from typing import TYPE_CHECKING

import pytest

from raw_server import HOLD, REQUEST, RawServer, Repeat, answer, chunked, head, ok

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from agentsea_gateway.call import Call
    from agentsea_gateway.transport import Transport


def test_a_post_sends_one_request_and_reads_its_answer(transport: Transport, call: Call) -> None:
    with RawServer([REQUEST, ok(b'{"a": 1}', x_request_id="r1")]) as server:
        endpoint = transport.endpoint(server.url + "?api-version=2", {"Authorization": "Bearer k", "X-Version": "3"})
        reply = endpoint.post(b'{"b": 2}', call)
        assert (reply.status, reply.read()) == (200, b'{"a": 1}')
    assert reply.headers["X-Request-Id"] == reply.headers.get("x-request-ID") == "r1"
    (request,) = server.requests
    assert request.line == "POST /v1/chat?api-version=2 HTTP/1.1"
    assert request.body == b'{"b": 2}'
    assert request.headers == {
        "host": f"127.0.0.1:{server.port}",
        "user-agent": "agentsea-gateway",
        "accept": "*/*",
        "accept-encoding": "gzip, deflate",
        "authorization": "Bearer k",
        "x-version": "3",
        "content-length": "8",
    }


def test_headers_of_a_call_override_those_of_the_endpoint(transport: Transport, call: Call) -> None:
    with RawServer() as server:
        endpoint = transport.endpoint(server.url, {"Authorization": "Bearer k", "Accept": "application/json"})
        endpoint.post(b"", call, {"accept": "text/event-stream", "X-Extra": "1"}).read()
        endpoint.post(b"", call).read()
    first, second = (request.headers for request in server.requests)
    assert (first["accept"], first["x-extra"], first["authorization"]) == ("text/event-stream", "1", "Bearer k")
    assert (second["accept"], "x-extra" in second) == ("application/json", False)


@pytest.mark.parametrize("size", [0, 1, 65_536, 12_000_000])  # the last is more than a socket takes at once
def test_bodies_of_any_size_arrive_whole_in_both_directions(transport: Transport, call: Call, size: int) -> None:
    body = bytes(range(256)) * (size // 256) + b"x" * (size % 256)
    with RawServer([REQUEST, ok(body), HOLD]) as server:
        assert transport.endpoint(server.url, {}).post(body, call).read() == body
    assert server.requests[0].body == body


@pytest.mark.parametrize("status", [300, 301, 302, 303, 305, 307, 308])
def test_redirects_are_answers_and_never_followed(transport: Transport, call: Call, status: int) -> None:
    """F20: the target sees no request."""
    with (
        RawServer() as target,
        RawServer([REQUEST, answer(f"{status} Elsewhere", b"moved", location=target.url)]) as server,
    ):
        reply = transport.endpoint(server.url, {}).post(b"{}", call)
        assert (reply.status, reply.read(), reply.headers["location"]) == (status, b"moved", target.url)
    assert (target.connections, server.hits) == (0, 1)


def test_cookies_are_never_sent_back(transport: Transport, call: Call) -> None:
    """F60."""
    with RawServer([Repeat([REQUEST, ok(set_cookie="session=1; Path=/")])]) as server:
        endpoint = transport.endpoint(server.url, {})
        for _ in range(3):
            endpoint.post(b"{}", call).read()
    assert (server.hits, server.connections) == (3, 1)
    assert not any("cookie" in request.headers for request in server.requests)


def test_our_credential_is_sent_and_not_the_one_in_netrc(
    transport: Transport, call: Call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """F45."""
    (tmp_path / ".netrc").write_text("machine 127.0.0.1 login other password other\n")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("NETRC", str(tmp_path / ".netrc"))
    with RawServer() as server:
        transport.endpoint(server.url, {"Authorization": "Bearer ours"}).post(b"{}", call).read()
    assert server.requests[0].headers["authorization"] == "Bearer ours"


@pytest.mark.parametrize("status", ["204 No Content", "304 Not Modified"])
def test_answers_without_a_body_end_at_their_head(transport: Transport, call: Call, status: str) -> None:
    with RawServer([Repeat([REQUEST, head(status)])]) as server:
        endpoint = transport.endpoint(server.url, {})
        assert [endpoint.post(b"{}", call).read() for _ in range(2)] == [b"", b""]
    assert server.connections == 1


@pytest.mark.parametrize(
    ("coding", "packed"),
    [
        ("gzip", gzip.compress(b"hello " * 100, mtime=0)),
        ("x-gzip", gzip.compress(b"hello " * 50, mtime=0) + gzip.compress(b"hello " * 50, mtime=0)),
        ("GZIP", gzip.compress(b"hello " * 100, mtime=0) + b"\0\0\0padding"),
        ("deflate", zlib.compress(b"hello " * 100)),
        ("deflate", zlib.compress(b"hello " * 100, wbits=-15)),
        ("identity", b"hello " * 100),
    ],
)
@pytest.mark.parametrize("framing", ["length", "chunked", "close"])
def test_compressed_bodies_are_decompressed(
    transport: Transport, call: Call, coding: str, packed: bytes, framing: str
) -> None:
    pieces = [packed[at : at + 7] for at in range(0, len(packed), 7)]
    wire = {
        "length": ok(packed, content_encoding=coding),
        "chunked": head(content_encoding=coding, transfer_encoding="chunked") + chunked(*pieces),
        "close": head(content_encoding=coding) + packed,
    }[framing]
    with RawServer([REQUEST, wire]) as server:
        assert transport.endpoint(server.url, {}).post(b"{}", call).read() == b"hello " * 100


def test_an_empty_body_may_call_itself_compressed(transport: Transport, call: Call) -> None:
    with RawServer([REQUEST, ok(b"", content_encoding="gzip")]) as server:
        assert transport.endpoint(server.url, {}).post(b"{}", call).read() == b""


def test_pieces_come_as_they_are_sent(transport: Transport, call: Call) -> None:
    gate = threading.Event()
    first, second = chunked(b"data: 1\n\n", end=b""), chunked(b"data: 2\n\n")
    with RawServer([REQUEST, head(transfer_encoding="chunked"), first, gate, second, HOLD]) as server:
        reply = transport.endpoint(server.url, {}).post(b"{}", call)
        assert reply.read_some() == b"data: 1\n\n"
        gate.set()
        assert (reply.read_some(), reply.read_some(), reply.read_some()) == (b"data: 2\n\n", b"", b"")


def test_informational_answers_are_passed_over(transport: Transport, call: Call) -> None:
    """F54: 100 and 103 come before the answer and are none."""
    early = head("103 Early Hints", link="</a>") + b"HTTP/1.1 100 Continue\r\n\r\n"
    with RawServer([REQUEST, early, ok(b"final"), REQUEST, early * 4 + ok(b"again"), HOLD]) as server:
        endpoint = transport.endpoint(server.url, {})
        assert [endpoint.post(b"{}", call).read() for _ in range(2)] == [b"final", b"again"]
    assert server.connections == 1


def test_an_answer_given_before_the_request_was_read_is_taken(transport: Transport, call: Call) -> None:
    """A server that refuses a large body and closes is heard, as far as its answer survives the reset."""
    with RawServer([ok(b"too large", connection="close")]) as server:
        reply = transport.endpoint(server.url, {}).post(b"", call)
        assert reply.read() == b"too large"


def test_an_endpoint_of_the_same_origin_shares_its_connections(
    make_transport: Callable[..., Transport], call: Call
) -> None:
    transport = make_transport()
    with RawServer() as server:
        for path in ("", "/embeddings"):
            transport.endpoint(server.url + path, {}).post(b"{}", call).read()
    assert (server.hits, server.connections) == (2, 1)
