"""Cancelling: any thread ends the wait of another, at every point of a request, and harms nobody else."""

from __future__ import annotations

import random
import sys
import threading
import time
from typing import TYPE_CHECKING

import pytest

from agentsea_gateway.errors import APIConnectionError
from raw_server import HOLD, REQUEST, RawServer, Repeat, Step, full_backlog, head
from support.loopback import new_call

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from agentsea_gateway.call import Call
    from agentsea_gateway.transport import Transport
    from support.loopback import Certificate


def in_a_moment(action: Callable[[], object]) -> threading.Thread:
    def later() -> None:
        time.sleep(0.05)
        action()

    thread = threading.Thread(target=later)
    thread.start()
    return thread


WAITS: dict[str, list[Step]] = {
    "for the head": [REQUEST, HOLD],
    "for the body": [REQUEST, head(content_length="9") + b"abc", HOLD],
    "for chunks": [REQUEST, head(transfer_encoding="chunked"), HOLD],
    "until the peer reads": [1.0, HOLD],
}


@pytest.mark.parametrize("wait", WAITS)
@pytest.mark.parametrize("secure", [False, True], ids=["plain", "TLS"])
def test_a_cancel_ends_the_wait(
    make_transport: Callable[..., Transport], certificate: Certificate, wait: str, secure: bool
) -> None:
    call = new_call(30)
    with RawServer(WAITS[wait], tls=certificate.server if secure else None) as server:
        endpoint = make_transport(verify=certificate.path).endpoint(server.url, {})
        body = b"x" * (30_000_000 if "reads" in wait else 2)
        begun = time.monotonic()
        thread = in_a_moment(call.cancel)
        with pytest.raises(APIConnectionError, match="cancelled while") as caught:
            endpoint.post(body, call).read()
        thread.join()
        assert time.monotonic() - begun < 5
        assert type(caught.value) is APIConnectionError
        assert server.ended[0].wait(5)


def test_a_cancel_ends_connecting(transport: Transport) -> None:
    call = new_call(30, connect_timeout=None)
    with full_backlog() as port:
        thread = in_a_moment(call.cancel)
        begun = time.monotonic()
        with pytest.raises(APIConnectionError, match="cancelled while connecting to") as caught:
            transport.endpoint(f"http://127.0.0.1:{port}/", {}).post(b"{}", call)
        thread.join()
        assert time.monotonic() - begun < 5
        assert not caught.value.sent


def test_a_cancelled_call_sends_nothing(transport: Transport, call: Call) -> None:
    call.cancel()
    with RawServer() as server:
        with pytest.raises(APIConnectionError, match="cancelled before anything was sent") as caught:
            transport.endpoint(server.url, {}).post(b"{}", call)
        assert (server.connections, caught.value.sent) == (0, False)


def test_a_cancel_between_two_reads_is_seen_at_the_next(transport: Transport, call: Call) -> None:
    with RawServer([REQUEST, head(content_length="9") + b"abc", HOLD]) as server:
        reply = transport.endpoint(server.url, {}).post(b"{}", call)
        assert reply.read_some() == b"abc"
        call.cancel()
        with pytest.raises(APIConnectionError, match="cancelled"):
            reply.read_some()
        assert server.ended[0].wait(5)


def test_a_cancel_after_the_answer_harms_no_connection(transport: Transport) -> None:
    """The connection may serve somebody else by then."""
    with RawServer() as server:
        endpoint = transport.endpoint(server.url, {})
        for _ in range(3):
            call = new_call()
            endpoint.post(b"{}", call).read()
            call.cancel()
        assert (server.hits, server.connections) == (3, 1)


@pytest.mark.parametrize("secure", [False, True], ids=["plain", "TLS"])
def test_closing_a_reply_from_another_thread_ends_its_read(
    make_transport: Callable[..., Transport], call: Call, certificate: Certificate, secure: bool
) -> None:
    steps: list[Step] = [REQUEST, head(content_length="9") + b"abc", HOLD]
    with RawServer(steps, tls=certificate.server if secure else None) as server:
        reply = make_transport(verify=certificate.path).endpoint(server.url, {}).post(b"{}", call)
        thread = in_a_moment(reply.close)
        with pytest.raises(APIConnectionError, match="closed on this side"):
            reply.read()
        thread.join()
        assert server.ended[0].wait(5)


@pytest.fixture
def hasty_threads() -> Iterator[None]:
    """Threads take turns as often as they can."""
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(interval)


@pytest.mark.usefixtures("hasty_threads")
@pytest.mark.parametrize("stop", ["cancel", "close"])
def test_stopping_at_any_moment_never_harms_another_call(transport: Transport, stop: str) -> None:
    """Races a stop against the end of the answer: who is not stopped is always served, and by its own answer."""
    rng = random.Random(7)
    with RawServer([Repeat([REQUEST, head(content_length="4") + b"ab", b"cd"])]) as server:
        endpoint = transport.endpoint(server.url, {})
        problems: list[APIConnectionError] = []
        bodies: set[bytes] = set()
        stops: list[float] = []

        def innocent() -> None:
            for _ in range(150):
                try:
                    bodies.add(endpoint.post(b"{}", new_call()).read())
                except APIConnectionError as error:
                    problems.append(error)

        def stopped() -> None:
            for _ in range(100):
                call, pause = new_call(), rng.random() * 3e-4
                actions: list[Callable[[], object]] = [call.cancel if stop == "cancel" else bool]
                stopper = threading.Thread(target=stop_after, args=(pause, actions))
                stopper.start()
                try:
                    reply = endpoint.post(b"{}", call)
                    if stop == "close":
                        actions[0] = reply.close
                    reply.read()
                except APIConnectionError:
                    stops.append(pause)
                stopper.join()

        def stop_after(pause: float, actions: list[Callable[[], object]]) -> None:
            time.sleep(pause)
            actions[0]()

        threads = [threading.Thread(target=target) for target in (innocent, innocent, stopped)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert (problems, bodies) == ([], {b"abcd"})
        assert stops or stop == "close", "no stop ever came in time"
        assert endpoint.post(b"{}", new_call()).read() == b"abcd"
