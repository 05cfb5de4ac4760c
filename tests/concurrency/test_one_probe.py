"""At most one live probe, ever, and proof that there are more without the lock."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from itertools import count
from typing import Any

import pytest

from agentsea_gateway import Candidate, Gateway, Response
from agentsea_gateway.breaker import BreakerPolicy
from agentsea_gateway.errors import AllProvidersUnavailableError, BadRequestError
from agentsea_gateway.state import LocalState
from agentsea_gateway.stream_events import Content, Done
from agentsea_gateway.testing import FakeClock
from support.threads import BROKEN, PausingState, UnlockedState, together, with_state

THREADS = 24


class Probed:
    """Holds whoever comes until all the others were refused, and counts who was there at once."""

    def __init__(self) -> None:
        self.refused = count()
        self.at_once = self.most = self.hits = 0
        self._lock = threading.Lock()
        self.fails = True

    def _probe(self) -> None:
        with self._lock:
            self.hits += 1
            self.at_once += 1
            self.most = max(self.most, self.at_once)
        time.sleep(0.005)
        with self._lock:
            self.at_once -= 1
        if self.fails:
            raise ConnectionError("still dead")

    def complete(self, messages: Any) -> Response:
        self._probe()
        return Response("ok")

    def stream(self, messages: Any) -> Iterator[Any]:
        self._probe()
        yield Content("ok")
        yield Done.of(Response("ok"))


def blown(kind: type[LocalState], **settings: Any) -> tuple[Gateway, FakeClock, Probed]:
    clock, probed = FakeClock(), Probed()
    gateway = Gateway([Candidate(name="it", provider=probed)], clock=clock, **settings)
    with_state(gateway, kind)
    gateway.melt("it")
    gateway.melt("it")
    return gateway, clock, probed


def probes(kind: type[LocalState], rounds: int) -> Probed:
    """In every round everybody comes at the very moment at which it is usable again."""
    gateway, clock, probed = blown(kind)
    for _ in range(rounds):
        clock.advance(30)
        assert gateway.health()["it"].breaker == "half_open"

        def work(number: int) -> None:
            try:
                gateway.stream("Hi") if number % 2 else gateway.completion("Hi")
            except AllProvidersUnavailableError:
                pass

        together(THREADS, work)
        assert gateway.health()["it"].in_flight == 0
    return probed


@pytest.mark.parametrize("kind", [LocalState, PausingState])
def test_there_is_never_more_than_one_live_probe(kind: type[LocalState]) -> None:
    """Streams and plain calls; the probe fails every time, so every round has exactly one."""
    probed = probes(kind, 10)
    assert (probed.hits, probed.most) == (10, 1)


def test_without_the_lock_there_are_herds() -> None:
    def one_each() -> None:
        probed = probes(UnlockedState, 5)
        assert (probed.hits, probed.most) == (5, 1)

    with pytest.raises(BROKEN):
        one_each()


def test_the_probe_that_serves_lets_everybody_in() -> None:
    gateway, clock, probed = blown(LocalState)
    clock.advance(30)
    probed.fails = False
    served = count()

    def work(_: int) -> None:
        for _ in range(20):
            try:
                gateway.completion("Hi")
                next(served)
                return
            except AllProvidersUnavailableError:
                time.sleep(0.001)

    together(THREADS, work)
    assert next(served) == THREADS
    assert gateway.health()["it"].breaker == "closed"


def test_probes_that_give_up_make_room_one_at_a_time() -> None:
    """F49: whoever leaves without a result lets the next one probe, and nobody else."""
    gateway, clock, probed = blown(LocalState)
    clock.advance(30)
    left = count()

    def work(_: int) -> None:
        for _ in range(10):
            permit: Any = gateway._core.state.admit("it", clock.monotonic(), clock.monotonic() + 60)
            if hasattr(permit, "ticket"):
                with probed._lock:
                    probed.at_once += 1
                    probed.most = max(probed.most, probed.at_once)
                time.sleep(0)
                with probed._lock:
                    probed.at_once -= 1
                next(left)
            del permit

    together(THREADS, work)
    assert probed.most == 1
    assert next(left) >= 1
    assert (gateway.health()["it"].in_flight, gateway.health()["it"].breaker) == (0, "half_open")


def test_all_who_wait_for_a_recovery_are_served_by_it() -> None:
    """`wait=`: everybody wakes at the same moment, one probes, and its success lets the others in: nobody is told that
    nobody is available, whoever looks between the plan and the recovery."""
    probed = Probed()
    probed.fails = False
    for _ in range(10):
        gateway = Gateway([Candidate(name="it", provider=probed)], breaker=BreakerPolicy(reset=0.02))
        gateway.melt("it")
        gateway.melt("it")
        served = count()

        def work(_: int, gateway: Gateway = gateway, served: Any = served) -> None:
            gateway.completion("Hi", wait=True, timeout=20)
            next(served)

        together(THREADS, work)
        assert next(served) == THREADS
        assert gateway.health()["it"].breaker == "closed"


def test_who_waits_misses_no_recovery_between_the_plan_and_the_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    """The moment at which another thread's probe serves, while this one has a plan of nobody in its hands."""
    gateway, clock, probed = blown(LocalState)
    probed.fails = False
    state = gateway._core.state
    plan = state.plan

    def plan_and_recover(*facts: Any) -> Any:
        found = plan(*facts)
        state.reset("it")
        return found

    monkeypatch.setattr(state, "plan", plan_and_recover)
    began = clock.monotonic()
    assert gateway.completion("Hi", wait=True, timeout=20).content == "ok"
    assert clock.monotonic() == began


def test_who_does_not_wait_is_told_so_even_then(monkeypatch: pytest.MonkeyPatch) -> None:
    gateway, _, _ = blown(LocalState)
    state = gateway._core.state
    plan = state.plan
    monkeypatch.setattr(state, "plan", lambda *facts: (plan(*facts), state.reset("it"))[0])
    with pytest.raises(AllProvidersUnavailableError):
        gateway.completion("Hi")


def test_those_who_wait_take_turns_when_probes_say_nothing() -> None:
    """A probe that ends as the call's own fault leaves the breaker as it was; the next who waits is woken, not left to
    sleep out a lease of a minute. Who was refused does not ask the same candidate again."""

    class Picky:
        def complete(self, messages: Any) -> Response:
            time.sleep(0.001)
            raise BadRequestError("no")

    gateway = Gateway([Candidate(name="it", provider=Picky())], breaker=BreakerPolicy(reset=0.02))
    gateway.melt("it")
    gateway.melt("it")
    began = time.monotonic()

    def work(_: int) -> None:
        with pytest.raises(BadRequestError):
            gateway.completion("Hi", wait=True, timeout=20)

    together(8, work)
    assert time.monotonic() - began < 10
    assert gateway.health()["it"].calls == 8
