"""Dialing: a new connection to an origin, over all its addresses, its proxy and TLS, inside one patience."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING, Any

from agentsea_gateway.errors import APIConnectionError, MalformedResponseError
from agentsea_gateway.transport.answer_head import receive_head
from agentsea_gateway.transport.connection import Connection, SelfClosing, told
from agentsea_gateway.transport.origin import authority
from agentsea_gateway.transport.request_head import Secret

if TYPE_CHECKING:
    from collections.abc import Callable

    from agentsea_gateway.call import Call
    from agentsea_gateway.transport.limits import Limits
    from agentsea_gateway.transport.origin import Origin
    from agentsea_gateway.transport.tls import Trust

    Resolver = Callable[..., list[tuple[Any, ...]]]


# An answer may take minutes to begin, and what forwards packets in between forgets a silent connection before that.
_KEEP_ALIVE = [
    (getattr(socket, name), value)
    for name, value in (("TCP_KEEPIDLE", 60), ("TCP_KEEPINTVL", 60), ("TCP_KEEPCNT", 5))
    if hasattr(socket, name)
]


class ConnectBudget:
    """What connecting may take of a Call: `connect_timeout` for everything together, within the call's own limit."""

    __slots__ = ("_call", "_until")

    def __init__(self, call: Call) -> None:
        self._call = call
        timeout = call.connect_timeout
        self._until = float("inf") if timeout is None else call.clock.monotonic() + timeout

    @property
    def cancelled(self) -> bool:
        return self._call.cancelled

    @property
    def patience(self) -> str:
        return "connect" if self._until < self._call.limit else self._call.patience

    def remaining(self) -> float:
        return min(self._until, self._call.limit) - self._call.clock.monotonic()


class Dialer:
    """Opens connections to one origin."""

    __slots__ = ("_limits", "_origin", "_resolver", "_trust")

    def __init__(self, origin: Origin, resolver: Resolver, trust: Trust, limits: Limits) -> None:
        self._origin = origin
        self._resolver = resolver
        self._trust = trust
        self._limits = limits

    def dial(self, call: Call) -> Connection:
        """A connection that is ready for a request. Raises APIConnectionError (APITimeoutError), `sent` False."""
        budget = ConnectBudget(call)
        connection = self._connected(call, budget)
        try:
            if self._origin.proxy is not None and self._origin.secure:
                self._tunnel(connection, budget)
            if self._origin.secure:
                connection = self._secured(connection, call, budget)
        except BaseException:
            connection.discard()
            raise
        return connection

    def _connected(self, call: Call, budget: ConnectBudget) -> Connection:
        addresses = self._addresses()
        refusals = []
        for index, (family, kind, protocol, address) in enumerate(addresses):
            try:
                connection = Connection(_new_socket(family, kind, protocol), self._origin.peer)
            except (OSError, TypeError, ValueError) as error:  # no such family here, or no descriptor left
                refusals.append(f"{told(error)} for {_shown(address)}")
                continue
            call.attach(connection)
            try:
                # A fair share of what is left for each address; the last one has all of it.
                share = connection.left(budget) / (len(addresses) - index)
                refusal = connection.connect(address, budget, share)
            except BaseException:
                connection.discard()
                raise
            if refusal is None:
                return connection
            connection.discard()
            refusals.append(f"{refusal} by {_shown(address)}")
        raise APIConnectionError("; ".join(refusals[-3:]) or f"{self._origin.peer} has no address", sent=False)

    def _addresses(self) -> list[tuple[Any, ...]]:
        host, port = self._origin.host, self._origin.port
        if self._origin.proxy is not None:
            host, port = self._origin.proxy.host, self._origin.proxy.port
        try:
            found = self._resolver(host, port, 0, socket.SOCK_STREAM)
            return [(family, kind, protocol, address) for family, kind, protocol, _, address in found]
        except Exception as error:  # an injected resolver may raise anything
            failure = APIConnectionError(f"{told(error)}: the name {host} was not resolved", sent=False)
        raise failure

    def _tunnel(self, connection: Connection, budget: ConnectBudget) -> None:
        proxy, target = self._origin.proxy, authority(self._origin.host, self._origin.port)
        assert proxy is not None
        connection.doing = "asking the proxy for a tunnel to"
        secret = f"Proxy-Authorization: {proxy.authorization}\r\n" if proxy.authorization else ""
        request = Secret(f"CONNECT {target} HTTP/1.1\r\nHost: {target}\r\n{secret}\r\n".encode())
        connection.send((request,), budget)
        try:
            status, _, _, rest = receive_head(connection, budget, self._limits)
        except MalformedResponseError as error:
            raise APIConnectionError(f"{error.message}, from the proxy of {connection.peer}", sent=False) from None
        if not 200 <= status < 300 or rest:
            raise APIConnectionError(f"tunnel refused ({status}) by the proxy of {connection.peer}", sent=False)

    def _secured(self, connection: Connection, call: Call, budget: ConnectBudget) -> Connection:
        secure = connection.wrapped(self._trust.context(), self._origin.host, budget)
        call.attach(secure)  # again: a cancel in between closed the one that is no more
        try:
            secure.handshake(budget)
        except BaseException:
            secure.discard()
            raise
        return secure


_SOCKET = socket.socket


class _Socket(SelfClosing, socket.socket):
    pass


def _new_socket(family: int, kind: int, protocol: int) -> socket.socket:
    # Who put something else there (pytest-socket: no network in this test) means us too.
    sock = (_Socket if socket.socket is _SOCKET else socket.socket)(family, kind, protocol)
    try:
        _set_up(sock)
    except BaseException:
        sock.close()
        raise
    return sock


def _set_up(sock: socket.socket) -> None:
    sock.setblocking(False)
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for option, value in _KEEP_ALIVE:
        sock.setsockopt(socket.IPPROTO_TCP, option, value)


def _shown(address: Any) -> str:
    return authority(*address[:2]) if isinstance(address, tuple) and len(address) > 1 else repr(address)
