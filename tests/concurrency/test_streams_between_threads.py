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


def test_what_comes_after_another_thread_closed_is_not_handed_out() -> None:
    class Closed:
        """Its stream is closed by somebody else in the moment in which the next content arrives."""

        def stream(self, messages: Any) -> Iterator[Any]:
            yield Content("a")
            closing = threading.Thread(target=stream.close)
            closing.start()
            closing.join()
            yield Content("b")
            yield Done.of(Response("ab"))

    stream = Gateway([Candidate(name="it", provider=Closed())]).stream("Hi")
    assert next(stream) == Content("a")
    for _ in range(3):
        with pytest.raises(StreamInterruptedError):
            next(stream)


def beside(work: Any) -> None:
    """Have another thread do it, to its end."""
    other = threading.Thread(target=work)
    other.start()
    other.join()


def test_who_asks_while_another_thread_hands_out_the_end_is_told_so(monkeypatch: pytest.MonkeyPatch) -> None:
    gateway = Gateway([Candidate(name="it", provider=Talking())])
    stream = gateway.stream("Hi")
    finish, told = Stream._finish, []

    def second() -> None:
        with pytest.raises(GatewayError, match="two threads") as caught:
            next(stream)
        told.append(caught.value)

    monkeypatch.setattr(Stream, "_finish", lambda stream, done: [beside(second), finish(stream, done)][1])
    assert type(list(stream)[-1]) is Done
    assert (len(told), stream.response.content) == (1, "all")
    health = gateway.health()["it"]
    assert (health.calls, health.errors, health.in_flight) == (1, 0, 0)


def test_who_takes_its_turn_after_another_thread_has_read_does_not_wait_for_more() -> None:
    talking, asked = Talking(), []

    class Counting(Talking):
        def stream(self, messages: Any) -> Iterator[Any]:
            for event in talking.stream(messages):
                asked.append(event)
                yield event

    class Turn(list[bool]):
        """Another thread reads in the moment before this one takes its turn."""

        def __delitem__(self, index: Any) -> None:
            stream._turn = [True]
            beside(stream._pull)
            super().__delitem__(index)

    with Gateway([Candidate(name="it", provider=Counting())]).stream("Hi") as stream:
        assert next(stream) == Content("0 ")
        stream._turn = Turn([True])
        assert (next(stream), len(asked)) == (Content("1 "), 2)
