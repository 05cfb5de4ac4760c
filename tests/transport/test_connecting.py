"""Connecting: over all addresses, inside one patience, and what is said when nobody takes the connection."""

from __future__ import annotations

import contextlib
import socket
import time
from typing import TYPE_CHECKING, Any

import pytest

from agentsea_gateway.errors import APIConnectionError, APITimeoutError
from agentsea_gateway.transport import dial
from raw_server import REQUEST, RawServer, closed_port, full_backlog, ok
from support.loopback import new_call

if TYPE_CHECKING:
    from collections.abc import Callable

    from agentsea_gateway.call import Call
    from agentsea_gateway.transport import Transport


def resolver_of(*addresses: tuple[Any, ...]) -> Callable[..., list[tuple[Any, ...]]]:
    """Every name leads to these addresses, in this order."""

    def resolve(*_: object, **__: object) -> list[tuple[Any, ...]]:
        return [
            (socket.AF_INET6 if ":" in address[0] else socket.AF_INET, socket.SOCK_STREAM, 0, "", address)
            for address in addresses
        ]

    return resolve


def test_a_closed_port_is_a_refused_connection(transport: Transport, call: Call) -> None:
    """F01."""
    with closed_port() as port:
        with pytest.raises(APIConnectionError, match=f"connection refused by 127.0.0.1:{port}") as caught:
            transport.endpoint(f"http://127.0.0.1:{port}/", {}).post(b"{}", call)
        assert not isinstance(caught.value, APITimeoutError)
        assert not caught.value.sent


@pytest.mark.realtime
@pytest.mark.parametrize(
    ("connect", "limit", "patience"), [(0.2, 5.0, "connect"), (5.0, 0.2, "attempt"), (None, 0.2, "attempt")]
)
def test_a_full_backlog_costs_the_shorter_of_both_patiences(
    transport: Transport, connect: float | None, limit: float, patience: str
) -> None:
    """F02."""
    call = new_call(limit, connect_timeout=connect, patience="attempt")
    with full_backlog() as port:
        begun = time.monotonic()
        with pytest.raises(APITimeoutError, match=f"out of time .{patience}. while connecting to") as caught:
            transport.endpoint(f"http://127.0.0.1:{port}/", {}).post(b"{}", call)
        assert 0.19 < time.monotonic() - begun < 0.3
        assert (caught.value.patience, caught.value.sent) == (patience, False)


@pytest.mark.realtime
def test_dead_addresses_share_one_patience_and_the_live_one_behind_them_serves(
    make_transport: Callable[..., Transport],
) -> None:
    """Closed ports cost nothing; two that never answer cost a fair share each; the last has what is left."""
    with contextlib.ExitStack() as stack:
        refused = stack.enter_context(closed_port())
        silent = [stack.enter_context(full_backlog(host)) for host in ("127.0.0.2", "127.0.0.3")]
        server = stack.enter_context(RawServer([REQUEST, ok(b"served")]))
        resolver = resolver_of(
            ("127.0.0.1", refused), ("127.0.0.2", silent[0]), ("127.0.0.3", silent[1]), server.address
        )
        call = new_call(5.0, connect_timeout=0.6)
        begun = time.monotonic()
        endpoint = make_transport(resolver=resolver).endpoint("http://many.test/v1", {})
        assert endpoint.post(b"{}", call).read() == b"served"
        assert 0.35 < time.monotonic() - begun < 0.5  # a third of 0.6, then half of the 0.4 that are left
        assert server.requests[0].headers["host"] == "many.test"


@pytest.mark.realtime
def test_addresses_that_are_all_silent_cost_the_patience_once(make_transport: Callable[..., Transport]) -> None:
    with full_backlog("127.0.0.2") as first, full_backlog("127.0.0.3") as second:
        transport = make_transport(resolver=resolver_of(("127.0.0.2", first), ("127.0.0.3", second)))
        begun = time.monotonic()
        with pytest.raises(APITimeoutError) as caught:
            transport.endpoint("http://many.test/", {}).post(b"{}", new_call(5.0, connect_timeout=0.3))
        assert 0.29 < time.monotonic() - begun < 0.4
        assert caught.value.patience == "connect"


def test_every_refusal_is_told(make_transport: Callable[..., Transport], call: Call) -> None:
    with closed_port() as first, closed_port() as second:
        transport = make_transport(resolver=resolver_of(("127.0.0.1", first), ("127.0.0.1", second)))
        with pytest.raises(APIConnectionError, match=f"refused by 127.0.0.1:{first}; .* by 127.0.0.1:{second}"):
            transport.endpoint("http://many.test/", {}).post(b"{}", call)


@pytest.mark.skipif(not hasattr(socket, "TCP_KEEPIDLE"), reason="this system has other options")
def test_a_connection_sends_at_once_and_stays_known_to_what_forwards_it() -> None:
    """Small requests are not held back, and a silent wait of minutes is not forgotten by a NAT."""
    with dial._new_socket(socket.AF_INET, socket.SOCK_STREAM, 0) as sock:
        assert not sock.getblocking()
        assert sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
        assert sock.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE)
        options = (socket.TCP_KEEPIDLE, socket.TCP_KEEPINTVL, socket.TCP_KEEPCNT)
        assert [sock.getsockopt(socket.IPPROTO_TCP, option) for option in options] == [60, 60, 5]


def test_ipv6_is_spoken(make_transport: Callable[..., Transport], call: Call) -> None:
    try:
        server = RawServer(host="::1")
    except OSError:
        pytest.skip("this machine has no IPv6 loopback")
    with server, closed_port() as port:
        assert make_transport().endpoint(server.url, {}).post(b"{}", call).read() == b"{}"
        assert server.requests[0].headers["host"] == f"[::1]:{server.port}"
        both = make_transport(resolver=resolver_of(("127.0.0.1", port), ("::1", server.port, 0, 0)))
        assert both.endpoint("http://many.test/", {}).post(b"{}", call).read() == b"{}"


@pytest.mark.parametrize(
    "resolver",
    [
        resolver_of(),
        lambda *_: [(socket.AF_INET, socket.SOCK_STREAM, 0, "", ("no address", 1))],
        lambda *_: [(socket.AF_INET, socket.SOCK_STREAM, 0, "", ("127.0.0.1", 99_999))],
        lambda *_: [(socket.AF_INET, socket.SOCK_STREAM, 0, "", None)],
        lambda *_: [(12_345, socket.SOCK_STREAM, 0, "", ("127.0.0.1", 1))],
        lambda *_: [()],
        lambda *_: 1 / 0,
    ],
)
def test_whatever_a_resolver_does_is_one_typed_error(
    make_transport: Callable[..., Transport], call: Call, resolver: Callable[..., Any]
) -> None:
    with pytest.raises(APIConnectionError) as caught:
        make_transport(resolver=resolver).endpoint("http://name.test/", {}).post(b"{}", call)
    assert not caught.value.sent


def test_a_name_that_does_not_exist_says_so(make_transport: Callable[..., Transport], call: Call) -> None:
    def resolve(*_: object) -> list[tuple[Any, ...]]:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    with pytest.raises(APIConnectionError, match=r"name or service not known: the name nowhere.test") as caught:
        make_transport(resolver=resolve).endpoint("http://nowhere.test/", {}).post(b"{}", call)
    assert not caught.value.sent


def test_time_that_a_resolver_takes_counts(make_transport: Callable[..., Transport]) -> None:
    """Resolution itself cannot be cut short, but what it took is gone from the patience."""
    call = new_call(5.0, connect_timeout=0.05)

    def resolve(*_: object) -> list[tuple[Any, ...]]:
        time.sleep(0.06)
        return resolver_of(("127.0.0.1", 9))()

    with pytest.raises(APITimeoutError) as caught:
        make_transport(resolver=resolve).endpoint("http://slow.test/", {}).post(b"{}", call)
    assert (caught.value.patience, caught.value.sent) == ("connect", False)


def test_no_descriptor_left_is_a_typed_error(transport: Transport, call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    def no_socket(*_: object) -> socket.socket:
        raise OSError(24, "Too many open files")

    endpoint = transport.endpoint("http://127.0.0.1:9/", {})
    monkeypatch.setattr("agentsea_gateway.transport.dial.socket.socket", no_socket)
    with pytest.raises(APIConnectionError, match="too many open files") as caught:
        endpoint.post(b"{}", call)
    assert not caught.value.sent
