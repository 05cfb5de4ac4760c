"""A stream that one thread reads and another one closes."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any

import pytest

from agentsea_gateway import Candidate, Gateway, Response, Stream
from agentsea_gateway.errors import GatewayError, StreamInterruptedError
from agentsea_gateway.stream_events import Content, Done
from support.threads import pause, together


class Talking:
    def __init__(self) -> None:
        self.open = 0
        self._lock = threading.Lock()

    def complete(self, messages: Any) -> Response:
        return Response("ok")

    def stream(self, messages: Any) -> Iterator[Any]:
        with self._lock:
            self.open += 1
        try:
            for number in range(5):
                pause()
                yield Content(f"{number} ")
            yield Done.of(Response("all"))
        finally:
            with self._lock:
                self.open -= 1


def test_closing_while_it_is_read_ends_it_once_and_leaves_nothing() -> None:
    """G09: one event a route, whoever is first: the reader at the end, or the one who closes."""
    talking, heard = Talking(), []
    gateway = Gateway([Candidate(name="it", provider=talking)], listeners=[heard.append])
    rounds = 150
    for _ in range(rounds):
        stream = gateway.stream("Hi")

        def work(number: int, stream: Any = stream) -> None:
            if number:
                stream.close()
                return
            try:
                for _ in stream:
                    pass
            except StreamInterruptedError:
                pass

        together(3, work)
        stream.close()
        assert gateway.health()["it"].in_flight == 0
    del stream
    assert talking.open == 0
    stops = [event for event in heard if event.name == "agentsea.gateway.route.stop"]
    attempts = [event.attempt for event in heard if event.name == "agentsea.gateway.attempt.stop"]
    assert len(stops) == len(attempts) == gateway.health()["it"].calls == rounds
    assert {stop.outcome for stop in stops} <= {"ok", "cancelled"}
    ended = ["ok" if attempt.outcome == "success" else "cancelled" for attempt in attempts]
    assert ended == [stop.outcome for stop in stops]
    assert (gateway.health()["it"].errors, gateway.health()["it"].breaker) == (0, "closed")


def test_a_second_reader_is_told_so_and_harms_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    """One consumer per stream: two that ask a generator at once would look like its own failure."""
    limit = Stream._limit
    monkeypatch.setattr(Stream, "_limit", lambda stream: [pause(), limit(stream), pause()])  # between check and use
    gateway = Gateway([Candidate(name="it", provider=Talking())])
    for _ in range(300):
        with gateway.stream("Hi") as stream:

            def work(_: int, stream: Any = stream) -> None:
                try:
                    for _ in stream:
                        pass
                except GatewayError:
                    pass

            together(2, work)
        assert gateway.health()["it"].in_flight == 0
    health = gateway.health()["it"]
    assert (health.calls, health.errors, health.breaker) == (300, 0, "closed")
