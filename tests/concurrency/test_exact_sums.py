"""Exact sums under threads, and proof that they are not exact without the lock."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from itertools import count
from typing import Any

import pytest

from agentsea_gateway import Candidate, Gateway, Response
from agentsea_gateway.breaker import BreakerPolicy
from agentsea_gateway.errors import (
    AuthenticationError,
    BadRequestError,
    GatewayError,
    RateLimitError,
)
from agentsea_gateway.routing import RoundRobin
from agentsea_gateway.state import LocalState
from agentsea_gateway.stream_events import Content, Done, Start
from support.threads import BROKEN, PausingState, UnlockedState, together, with_state

NEVER = BreakerPolicy(melts=10_000, ring=10_000)  # breakers of their own are not what these are about
KINDS = pytest.mark.parametrize("kind", [LocalState, PausingState])


class Counting:
    """Answers at once and counts; `fate` gets the number of the attempt and may raise."""

    def __init__(self, fate: Any = None) -> None:
        self._numbers = count()  # next() of it is atomic
        self._fate = fate

    @property
    def hits(self) -> int:
        """To be read once, at the end."""
        return next(self._numbers)

    def complete(self, messages: Any) -> Response:
        number = next(self._numbers)
        if self._fate is not None:
            self._fate(number)
        return Response("ok")

    def stream(self, messages: Any) -> Iterator[Any]:
        number = next(self._numbers)
        yield Start()
        if self._fate is not None and number % 2:
            self._fate(number)
        yield Content("a")
        if self._fate is not None:
            self._fate(number)
        yield Content("b")
        yield Done.of(Response("ab"))


def three(*fates: Any, **settings: Any) -> tuple[Gateway, list[Counting]]:
    providers = [Counting(fate) for fate in (fates or (None,) * 3)]
    candidates = [Candidate(name=name, provider=provider) for name, provider in zip("abc", providers, strict=True)]
    return Gateway(candidates, strategy=RoundRobin(), breaker=NEVER, **settings), providers


# -- round robin -------------------------------------------------------------------------------------------------------


def shares_of_a_round_robin(kind: type[LocalState], threads: int, calls: int) -> list[int]:
    gateway, providers = three()
    with_state(gateway, kind)

    def work(_: int) -> None:
        for _ in range(calls):
            gateway.completion("Hi")

    together(threads, work)
    hits = [provider.hits for provider in providers]
    health = gateway.health()
    assert [health[name].calls for name in "abc"] == hits
    assert all((found.errors, found.in_flight) == (0, 0) for found in health.values())
    return hits


def test_the_shares_of_a_round_robin_are_exact_to_one() -> None:
    """G01: 64 threads, 1,000 calls each, three candidates."""
    assert shares_of_a_round_robin(LocalState, 64, 1_000) == [21_334, 21_333, 21_333]


def test_a_pause_between_check_and_set_changes_nothing_under_the_lock() -> None:
    assert shares_of_a_round_robin(PausingState, 16, 20) == [107, 107, 106]


def test_without_the_lock_the_shares_are_not_exact() -> None:
    with pytest.raises(BROKEN):
        assert shares_of_a_round_robin(UnlockedState, 16, 20) == [107, 107, 106]


def test_the_counters_of_a_round_robin_are_all_different() -> None:
    """Each planned call has one to itself."""
    gateway, _ = three()
    seen: list[list[int]] = [[] for _ in range(32)]
    together(32, lambda number: seen[number].extend(gateway._core.state.plan(0.0)[1] for _ in range(500)))
    assert sorted(counter for counters in seen for counter in counters) == [*range(16_000)]


# -- calls are attempts ------------------------------------------------------------------------------------------------


def _sometimes(every: int, error: type[Exception], **details: Any) -> Any:
    def fate(number: int) -> None:
        if number % every == 0:
            raise error("no", **details)  # a new one each time: its traceback holds the frames of its call

    return fate


def calls_and_attempts(kind: type[LocalState], threads: int, calls: int) -> None:
    """Every attempt on every route is one call in health, and the other way round."""
    gateway, providers = three(
        _sometimes(3, ConnectionError), _sometimes(4, BadRequestError), _sometimes(5, TimeoutError)
    )
    with_state(gateway, kind)
    attempts: list[Counter[tuple[str, str]]] = [Counter() for _ in range(threads)]

    def work(number: int) -> None:
        for _ in range(calls):
            try:
                route = gateway.completion("Hi").route
            except GatewayError as error:
                route = error.route
            assert route is not None
            attempts[number].update((attempt.candidate, attempt.outcome) for attempt in route.attempts)

    together(threads, work)
    told: Counter[tuple[str, str]] = sum(attempts, Counter())
    health = gateway.health()
    for name, provider in zip("abc", providers, strict=True):
        of_it = {outcome: number for (candidate, outcome), number in told.items() if candidate == name}
        assert health[name].calls == provider.hits == sum(of_it.values())
        assert health[name].errors == sum(of_it.values()) - of_it["success"]
        assert (health[name].in_flight, health[name].breaker) == (0, "closed")


@KINDS
def test_calls_in_health_are_attempts_on_routes(kind: type[LocalState]) -> None:
    """G03, G06."""
    calls_and_attempts(kind, 16, 200 if kind is LocalState else 20)


def test_without_the_lock_calls_are_not_attempts() -> None:
    with pytest.raises(BROKEN):
        calls_and_attempts(UnlockedState, 16, 20)


# -- streams and plain calls -------------------------------------------------------------------------------------------


def mixed(kind: type[LocalState], threads: int, calls: int) -> None:
    """Plain calls, streams to the end, streams left and streams dropped, of which some break."""
    fate = _sometimes(5, ConnectionError)
    ended: list[Any] = []
    wrong: list[Response] = []
    gateway, providers = three(fate, fate, fate, listeners=[ended.append])
    with_state(gateway, kind)

    def work(number: int) -> None:
        for turn in range(calls):
            try:
                if (number + turn) % 4 == 0:
                    gateway.completion("Hi")
                    continue
                stream = gateway.stream("Hi")
                if (number + turn) % 4 == 1:
                    assert [*stream.text] == ["a", "b"]
                elif (number + turn) % 4 == 2:
                    with stream:
                        next(stream)
                del stream
            except GatewayError as error:
                partial = getattr(error, "partial", None)
                wrong.extend([] if partial is None or partial.content == "a" else [partial])

    together(threads, work)
    with suppress(GatewayError):
        gateway.completion("Hi")  # tells of what was dropped
    assert wrong == []
    health = gateway.health()
    attempts = [event.attempt for event in ended if event.name == "agentsea.gateway.attempt.stop"]
    routes = [event for event in ended if event.name == "agentsea.gateway.route.stop"]
    assert len(routes) == threads * calls + 1
    for name, provider in zip("abc", providers, strict=True):
        of_it = [attempt.outcome for attempt in attempts if attempt.candidate == name]
        assert health[name].calls == provider.hits == len(of_it)
        assert health[name].errors == of_it.count("failure")
        assert health[name].in_flight == 0


@KINDS
def test_streams_and_plain_calls_add_up(kind: type[LocalState]) -> None:
    """G03, G05, G09: one event a route, and one call an attempt."""
    mixed(kind, 16, 100 if kind is LocalState else 10)


def test_without_the_lock_streams_and_plain_calls_do_not_add_up() -> None:
    with pytest.raises(BROKEN):
        mixed(UnlockedState, 16, 20)


# -- the retry budget --------------------------------------------------------------------------------------------------


def spent(kind: type[LocalState], threads: int) -> int:
    gateway, _ = three()
    state = with_state(gateway, kind)._core.state
    granted = count()

    def work(_: int) -> None:
        for _ in range(5):
            if state.spend_retry("a"):
                next(granted)

    together(threads, work)
    return next(granted)


@KINDS
def test_a_retry_budget_is_spent_once(kind: type[LocalState]) -> None:
    assert spent(kind, 32) == 10


def test_without_the_lock_a_retry_budget_is_spent_more_than_once() -> None:
    assert spent(UnlockedState, 32) > 10


# -- everything at once ------------------------------------------------------------------------------------------------


def test_operators_and_callers_do_not_disturb_each_other() -> None:
    """melt, reset, ask, health and exclude, while others call; nothing raises what it should not."""
    gateway, providers = three(
        _sometimes(7, RateLimitError, retry_after=0.001), _sometimes(11, AuthenticationError), None
    )
    gateway = gateway.with_options(listeners=[lambda event: None])
    stop = threading.Event()

    def call() -> None:
        for number in range(300):
            gateway.completion("Hi", exclude="a" if number % 5 == 0 else ())  # c serves whatever happens
        stop.set()

    def operate() -> None:
        while not stop.is_set():
            for name in "ab":
                gateway.melt(name)
                gateway.ask(name)
                gateway.reset(name)
            assert [*gateway.health()] == ["a", "b", "c"]

    together(16, lambda number: operate() if number % 4 == 0 else call())
    health = gateway.health()
    assert [health[name].calls for name in "abc"] == [provider.hits for provider in providers]
    assert [found.in_flight for found in health.values()] == [0, 0, 0]
