"""Races played step by step: whoever stops a request between two instructions of its owner harms nobody else."""

from __future__ import annotations

import socket
import ssl
from typing import TYPE_CHECKING, Any

import pytest

from agentsea_gateway.call import Call
from agentsea_gateway.clock import Deadline
from agentsea_gateway.errors import APIConnectionError
from agentsea_gateway.transport import dial
from agentsea_gateway.transport.connection import Connection, SecureConnection
from agentsea_gateway.transport.exchange import Incoming
from raw_server import HOLD, REQUEST, RawServer, head
from support.loopback import new_call

if TYPE_CHECKING:
    from collections.abc import Callable

    from agentsea_gateway.transport import Transport
    from support.loopback import Certificate


class CancelledAtTheEnd(Call):
    """Another thread's cancel() has stored its flag and found the connection, and is not scheduled until later."""

    __slots__ = ("found",)

    def attach(self, closeable: Any) -> None:
        if closeable is None and self._attached is not None:
            self.cancelled, self.found = True, self._attached
        super().attach(closeable)


def test_a_cancel_that_found_the_connection_before_its_release_keeps_it_out_of_the_pool(transport: Transport) -> None:
    with RawServer() as server:
        endpoint = transport.endpoint(server.url, {})
        call = CancelledAtTheEnd(Deadline.after(10))
        assert endpoint.post(b"{}", call).read() == b"{}"
        reply = endpoint.post(b"{}", new_call())
        call.found.close()
        assert reply.read() == b"{}"
        assert server.connections == 2
        del call


def test_a_close_that_found_the_connection_before_its_release_keeps_it_out_of_the_pool(
    transport: Transport, monkeypatch: pytest.MonkeyPatch
) -> None:
    found: list[Connection | None] = []
    release = Incoming.release

    def closed_meanwhile(incoming: Incoming, call: Call) -> None:
        if not found:
            incoming._closed = True
            found.append(incoming._connection)
        release(incoming, call)

    monkeypatch.setattr(Incoming, "release", closed_meanwhile)
    with RawServer() as server:
        endpoint = transport.endpoint(server.url, {})
        endpoint.post(b"{}", new_call()).read()
        reply = endpoint.post(b"{}", new_call())
        (connection,) = found
        assert connection is not None
        connection.close()
        assert reply.read() == b"{}"
        assert server.connections == 2
        found.clear()


@pytest.fixture
def pair(no_leaks: None) -> Any:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        yield ours, theirs


def test_a_close_while_the_owner_is_busy_leaves_the_descriptor_to_the_owner(
    pair: tuple[socket.socket, socket.socket],
) -> None:
    connection = Connection(pair[0], "peer")
    connection.close()
    assert (pair[0].fileno() >= 0, pair[1].recv(1)) == (True, b"")
    connection.discard()
    assert pair[0].fileno() == -1


def test_a_close_while_the_owner_is_away_closes_the_descriptor(pair: tuple[socket.socket, socket.socket]) -> None:
    connection = Connection(pair[0], "peer")
    assert connection.rest()
    connection.close()
    assert pair[0].fileno() == -1
    assert not connection.rest()


def test_the_owner_does_not_close_the_descriptor_under_somebody_who_is_shutting_down(
    pair: tuple[socket.socket, socket.socket],
) -> None:
    connection = Connection(pair[0], "peer")
    connection._closed = True
    connection._token.pop()  # another thread took it and is inside shutdown()
    connection.discard()
    assert pair[0].fileno() >= 0
    connection._shut = True
    connection.close()
    assert pair[0].fileno() == -1


def test_a_closed_connection_waits_for_nothing(pair: tuple[socket.socket, socket.socket]) -> None:
    connection = Connection(pair[0], "peer")
    connection.close()
    with pytest.raises(APIConnectionError, match="closed on this side"):
        connection.receive(new_call())
    connection.discard()


def test_a_connection_that_was_closed_before_tls_begins_is_a_typed_error(
    pair: tuple[socket.socket, socket.socket],
) -> None:
    connection = Connection(pair[0], "peer")
    connection.close()
    connection.discard()
    with pytest.raises(APIConnectionError, match="closed on this side while connecting to peer") as caught:
        connection.wrapped(ssl.create_default_context(), "localhost", new_call())
    assert caught.value.sent is False


def test_a_close_does_not_drop_the_tls_layer_under_a_reader(
    make_transport: Callable[..., Transport], certificate: Certificate, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A reader without it would take raw bytes for the answer."""
    versions: list[str | None] = []
    receive = SecureConnection.receive

    def closed_at_once(connection: SecureConnection, budget: Any) -> bytes:
        connection.close()
        versions.append(connection._socket.version())
        return receive(connection, budget)

    with RawServer([REQUEST, head(), HOLD], tls=certificate.server) as server:
        monkeypatch.setattr(SecureConnection, "receive", closed_at_once)
        with pytest.raises(APIConnectionError, match="closed on this side"):
            make_transport(verify=certificate.path).endpoint(server.url, {}).post(b"{}", new_call())
    assert versions == ["TLSv1.3"]


def test_a_port_that_is_connected_to_itself_is_closed(
    transport: Transport, call: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The system may choose the very port we dial as our own end, and connect the socket to itself."""
    new_socket = dial._new_socket

    def bound(*kind: int) -> socket.socket:
        sock = new_socket(*kind)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.bind(("127.0.0.1", port))
        return sock

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    monkeypatch.setattr(dial, "_new_socket", bound)
    with pytest.raises(APIConnectionError, match="connection refused") as caught:
        transport.endpoint(f"http://127.0.0.1:{port}/", {}).post(b"{}", call)
    assert not caught.value.sent
