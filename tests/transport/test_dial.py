"""Dialing without sockets: which patience it is, whom it asks, and what is said when nobody takes the connection."""

from __future__ import annotations

import errno
import socket
from math import inf
from typing import Any

import pytest

from agentsea_gateway.call import Call
from agentsea_gateway.clock import Deadline
from agentsea_gateway.errors import APIConnectionError
from agentsea_gateway.testing import FakeClock
from agentsea_gateway.transport import dial
from agentsea_gateway.transport.dial import ConnectBudget, Dialer
from agentsea_gateway.transport.limits import Limits
from agentsea_gateway.transport.origin import Origin
from agentsea_gateway.transport.proxy import Proxy


def new_call(timeout: float | None, limit: float = 10.0) -> Call:
    return Call(Deadline.after(limit, FakeClock()), patience="share", connect_timeout=timeout)


@pytest.mark.parametrize(
    ("timeout", "left", "patience"), [(None, 10, "share"), (4, 4, "connect"), (10, 10, "share"), (40, 10, "share")]
)
def test_connecting_may_take_the_shorter_of_its_own_time_and_the_calls(
    timeout: float | None, left: float, patience: str
) -> None:
    call = new_call(timeout)
    budget = ConnectBudget(call)
    assert (budget.remaining(), budget.patience, budget.cancelled) == (left, patience, False)
    call.clock.sleep(1)
    assert budget.remaining() == left - 1
    call.cancelled = True
    assert budget.cancelled
    assert ConnectBudget(new_call(None))._until == inf


class Tried:
    """A connection that its address decides about."""

    made: list[Tried] = []

    def __init__(self, sock: Any, peer: str) -> None:
        self.sock, self.peer, self.fate = sock, peer, ""
        self.made.append(self)

    def left(self, budget: ConnectBudget) -> float:
        return budget.remaining()

    def connect(self, address: Any, budget: ConnectBudget, share: float) -> str | None:
        self.share = share
        return None if address[0] == "good" else f"refused {address[0]}"

    def discard(self) -> None:
        self.fate = "discarded"

    def close(self) -> None:
        self.fate = "closed"


@pytest.fixture
def tried(monkeypatch: pytest.MonkeyPatch) -> list[Tried]:
    def new_socket(family: int, kind: int, protocol: int) -> Any:
        if family == socket.AF_INET6:
            raise OSError(errno.EAFNOSUPPORT, "Address family not supported by protocol")
        return family, kind, protocol

    monkeypatch.setattr(Tried, "made", [])
    monkeypatch.setattr(dial, "Connection", Tried)
    monkeypatch.setattr(dial, "_new_socket", new_socket)
    return Tried.made


def dialer(*hosts: str, proxy: Proxy | None = None) -> tuple[Dialer, list[Any]]:
    asked: list[Any] = []

    def resolve(*facts: Any) -> Any:
        asked.append(facts)
        if hosts == ("unknown",):
            raise socket.gaierror(-2, "Name or service not known")
        family = {"six": socket.AF_INET6}
        return [(family.get(host, socket.AF_INET), 1, 6, "canonical", (host, 80)) for host in hosts]

    trust: Any = None
    return Dialer(Origin(False, "h.test", 8080, proxy), resolve, trust, Limits()), asked


def test_each_address_has_a_fair_share_of_what_is_left_and_the_first_that_takes_it_serves(tried: list[Tried]) -> None:
    call = new_call(6.0)
    it, asked = dialer("one", "six", "good", "never")
    connection: Any = it.dial(call)
    assert asked == [("h.test", 8080, 0, socket.SOCK_STREAM)]
    assert [each.share for each in tried] == [6.0 / 4, 6.0 / 2]
    assert [each.fate for each in tried] == ["discarded", ""]
    assert connection is tried[-1]
    assert (connection.peer, connection.sock) == ("h.test:8080", (socket.AF_INET, 1, 6))
    assert call._attached is connection


def test_who_took_it_not_is_told_the_last_three_of_them(tried: list[Tried]) -> None:
    with pytest.raises(APIConnectionError) as caught:
        dialer("one", "two", "three", "six")[0].dial(new_call(6.0))
    assert caught.value.message == (
        "refused two by two:80; refused three by three:80; address family not supported by protocol for six:80"
    )
    assert caught.value.sent is False


def test_a_name_without_an_address_and_one_that_nobody_knows(tried: list[Tried]) -> None:
    for hosts, words in (
        ((), "h.test:8080 has no address"),
        (("unknown",), "name or service not known: the name h.test"),
    ):
        with pytest.raises(APIConnectionError) as caught:
            dialer(*hosts)[0].dial(new_call(6.0))
        assert caught.value.message.startswith(words)
        assert caught.value.sent is False


def test_where_there_is_a_proxy_it_is_the_one_that_is_dialed(tried: list[Tried]) -> None:
    it, asked = dialer("good", proxy=Proxy("proxy.test", 3128))
    it.dial(new_call(6.0))
    assert asked == [("proxy.test", 3128, 0, socket.SOCK_STREAM)]


def test_an_interrupt_while_connecting_leaves_no_connection(
    tried: list[Tried], monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(Tried, "connect", interrupted)
    with pytest.raises(KeyboardInterrupt):
        dialer("good")[0].dial(new_call(6.0))
    assert [each.fate for each in tried] == ["discarded"]


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        (("127.0.0.1", 80), "127.0.0.1:80"),
        (("::1", 80, 0, 0), "[::1]:80"),
        (("alone",), "('alone',)"),
        ("a path", "'a path'"),
    ],
)
def test_an_address_is_shown_as_far_as_it_is_one(address: Any, shown: str) -> None:
    assert dial._shown(address) == shown


def test_a_new_socket_never_blocks_and_keeps_its_connection_alive(monkeypatch: pytest.MonkeyPatch) -> None:
    with dial._new_socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP) as sock:
        assert (sock.getblocking(), sock.proto) == (False, socket.IPPROTO_TCP)
        assert sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
        assert sock.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE)
        for option, value in (("TCP_KEEPIDLE", 60), ("TCP_KEEPINTVL", 60), ("TCP_KEEPCNT", 5)):
            if hasattr(socket, option):  # not everywhere
                assert sock.getsockopt(socket.IPPROTO_TCP, getattr(socket, option)) == value
        assert type(sock) is dial._Socket

    class Theirs(socket.socket):
        pass

    monkeypatch.setattr(socket, "socket", Theirs)  # as pytest-socket does
    with dial._new_socket(socket.AF_INET, socket.SOCK_STREAM, 0) as sock:
        assert type(sock) is Theirs


class Tunnel(Tried):
    """A proxy's end that says one thing."""

    sent = False

    def __init__(self, said: bytes) -> None:
        super().__init__(None, "h.test:443")
        self.said = said
        self.wire: list[Any] = []

    def send(self, parts: tuple[bytes, ...], budget: Any) -> None:
        self.wire.append((self.doing, bytes(parts[0]), budget))

    def receive(self, budget: Any) -> bytes:
        said, self.said = self.said, b""
        return said


@pytest.mark.parametrize(
    ("said", "words"),
    [
        (b"HTTP/1.1 300 No\r\n\r\n", "tunnel refused (300) by the proxy of h.test:443"),
        (b"HTTP/1.1 407 No\r\n\r\n", "tunnel refused (407) by the proxy of h.test:443"),
        (b"HTTP/1.1 200 OK\r\n\r\nmore", "tunnel refused (200) by the proxy of h.test:443"),
        (b"nonsense\r\n\r\n", "the answer does not begin with an HTTP/1 status line, from the proxy of h.test:443"),
        (b"HTTP/1.1 200 OK\r\n\r\n", None),
        (b"HTTP/1.1 299 OK\r\n\r\n", None),
    ],
)
def test_a_tunnel_is_there_or_nothing_was_sent(said: bytes, words: str | None) -> None:
    trust: Any = None
    it = Dialer(
        Origin(True, "h.test", 443, Proxy("proxy.test", 3128, "Basic eA==")), socket.getaddrinfo, trust, Limits()
    )
    connection: Any = Tunnel(said)
    budget = ConnectBudget(new_call(6.0))
    if words is None:
        it._tunnel(connection, budget)
    else:
        with pytest.raises(APIConnectionError) as caught:
            it._tunnel(connection, budget)
        assert (caught.value.message, caught.value.sent) == (words, False)
    request = b"CONNECT h.test:443 HTTP/1.1\r\nHost: h.test:443\r\nProxy-Authorization: Basic eA==\r\n\r\n"
    assert connection.wire == [("asking the proxy for a tunnel to", request, budget)]
