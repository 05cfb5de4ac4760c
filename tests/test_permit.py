"""Permits return themselves, however they are given up: by exception, in a cycle, by a dead thread, under the lock."""

from __future__ import annotations

import gc
import threading
import weakref
from collections.abc import Iterator
from typing import Any

import pytest

from agentsea_gateway import Candidate, Gateway, Response
from agentsea_gateway.errors import APIConnectionError, GatewayError
from agentsea_gateway.permit import Permit, Ticket
from agentsea_gateway.stream_events import Content, Done
from agentsea_gateway.testing import FakeClock, ScriptedProvider
from support.timeline import Timeline


@pytest.fixture(autouse=True)
def nothing_unraisable(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """What a finalizer raises is printed and lost: here it fails the test."""
    seen: list[Any] = []
    monkeypatch.setattr("sys.unraisablehook", seen.append)
    gc.freeze()  # the tests below collect time and again, and what was there before is not theirs
    yield
    gc.collect()
    gc.unfreeze()
    assert not seen


class Slow:
    """A stream whose provider notices when it is left."""

    def __init__(self) -> None:
        self.left = 0

    def complete(self, messages: Any) -> Response:
        return Response("ok")

    def stream(self, messages: Any) -> Iterator[Any]:
        try:
            for number in range(100):
                yield Content(f"{number} ")
            yield Done.of(Response("all"))
        finally:
            self.left += 1


def slow_gateway(**settings: Any) -> tuple[Gateway, Slow]:
    provider = Slow()
    return Gateway([Candidate(name="it", provider=provider)], **settings), provider


def in_flight(gateway: Gateway) -> int:
    return gateway.health()["it"].in_flight


# -- by the state's own verbs ------------------------------------------------------------------------------------------


def test_a_permit_that_is_dropped_returns_itself() -> None:
    it = Timeline()
    permit = it.begin()
    assert it.health.in_flight == 1
    del permit
    assert (it.health.in_flight, it.health.calls, it.health.errors) == (0, 1, 0)


def test_a_dropped_permit_blames_nobody() -> None:
    it = Timeline()
    for _ in range(50):
        it.begin()
    assert it.breaker == "closed"
    assert it.attempt("failure") is None
    assert it.attempt("failure") is not None  # they do not protect it either


def test_a_dropped_probe_makes_room_at_the_next_verb() -> None:
    """F49."""
    for verb in ("plan", "admit", "settle", "blown", "snapshot"):
        it = Timeline()
        other = it.begin()
        it.blow()
        it.wait(30)
        probe = it.begin()
        assert it.refused().reason == "probing"
        del probe
        if verb == "plan":
            assert it.state.plan(it.now)[0].names == ("it",)
        elif verb == "settle":
            it.end(other, "neutral")
            assert it.state.is_ready("it", it.now)
        elif verb == "blown":
            assert not it.blown
        elif verb == "snapshot":
            assert it.health.in_flight == 1
        assert it.begin().probe


def test_a_permit_in_a_cycle_returns_itself_when_the_collector_finds_it() -> None:
    """Held by the permit itself, the collector would drop its ticket without a word."""
    it = Timeline()
    for _ in range(10):
        cycle: list[Any] = [it.begin()]
        cycle.append(cycle)
    del cycle
    gc.collect()
    assert it.health.in_flight == 0


def test_a_permit_that_is_dropped_while_the_lock_is_held_returns_itself_afterwards() -> None:
    """F42: no Python code runs in the callback, so nothing waits for the lock."""
    it = Timeline()
    permit = it.begin()
    cycle: list[Any] = [it.begin()]
    cycle.append(cycle)
    with it.state._lock:
        del permit, cycle
        gc.collect()
    assert it.health.in_flight == 0


def test_a_permit_settles_once() -> None:
    it = Timeline()
    permit = it.begin()
    assert it.end(permit, "failure") is None
    for _ in range(5):
        assert it.end(permit, "failure") is None
        assert it.end(permit, "success") is None
    health = it.health
    assert (health.calls, health.errors, health.in_flight, health.breaker) == (1, 1, 0, "closed")


def test_a_settled_permit_is_not_returned_a_second_time_when_it_is_dropped() -> None:
    it = Timeline()
    permit = it.begin()
    it.end(permit, "success")
    del permit
    gc.collect()
    assert not it.state._dropped
    assert it.health.calls == 1


def test_first_content_of_a_settled_stream_says_nothing() -> None:
    it = Timeline()
    permit = it.begin()
    it.end(permit, "neutral")
    assert it.state.progress(permit, it.now, 5.0) is None
    assert it.health.first_token_ms is None


def test_a_ticket_is_what_it_is_after_its_permit_is_gone() -> None:
    """A dead weak reference would be unhashable, or equal to any other one."""
    dropped: list[Ticket] = []
    permit = Permit(Timeline().cell, 0.0, 1.0)
    first, second = Ticket(permit, dropped.append), Ticket(permit, dropped.append)
    assert first != second
    tickets = {first, second}
    del permit
    assert [ticket in tickets for ticket in (first, second)] == [True, True]
    assert {*dropped} == tickets
    assert isinstance(first, weakref.ref)


@pytest.mark.parametrize("outcome", ["success", "failure", "throttled", "benched", "own_fault", "neutral"])
def test_a_settling_that_is_cut_short_leaves_no_probe_behind(outcome: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """An interrupt between two steps of it; afterwards its caller settles again, or just goes away."""
    for again in (True, False):
        it = Timeline()
        it.blow()
        it.wait(30)
        permit = it.begin()

        def interrupted(*_: Any, **__: Any) -> None:
            raise KeyboardInterrupt

        with monkeypatch.context() as patched:
            patched.setattr("agentsea_gateway.cell.Cell.count", interrupted)
            with pytest.raises(KeyboardInterrupt):
                it.end(permit, outcome)  # type: ignore[arg-type]
        if again:
            it.end(permit, "neutral")
        else:
            del permit
        assert it.health.in_flight == 0
        assert it.begin().probe


def test_a_permit_is_not_lost_when_taking_it_back_is_cut_short(monkeypatch: pytest.MonkeyPatch) -> None:
    it = Timeline()
    it.begin()

    def interrupted(*_: Any, **__: Any) -> None:
        raise KeyboardInterrupt

    for target in ("agentsea_gateway.cell.Cell.count", "agentsea_gateway.breaker.Breaker.release"):
        with monkeypatch.context() as patched:
            patched.setattr(target, interrupted)
            with pytest.raises(KeyboardInterrupt):
                it.state.plan(it.now)
    assert it.health.in_flight == 0


# -- through the gateway -----------------------------------------------------------------------------------------------


def test_a_dropped_stream_returns_its_permit_and_stops_its_provider_at_once() -> None:
    """F41: no collector is needed, so nothing of it is in a cycle."""
    gateway, provider = slow_gateway()
    gc.disable()
    try:
        stream = gateway.stream("Hi")
        next(stream)
        assert in_flight(gateway) == 1
        del stream
        assert (in_flight(gateway), provider.left) == (0, 1)
        pieces = gateway.stream("Hi").text
        next(pieces)
        del pieces
        assert (in_flight(gateway), provider.left) == (0, 2)
    finally:
        gc.enable()
    health = gateway.health()["it"]
    assert (health.calls, health.errors, health.breaker) == (2, 0, "closed")


def test_a_stream_in_a_cycle_is_returned_by_the_collector() -> None:
    gateway, provider = slow_gateway()
    for _ in range(3):
        cycle: dict[str, Any] = {"stream": gateway.stream("Hi")}
        cycle["self"] = cycle
        del cycle
    gc.collect()
    assert (in_flight(gateway), provider.left) == (0, 3)


def test_a_stream_that_is_collected_while_the_lock_is_held_deadlocks_nobody() -> None:
    """F42."""
    gateway, provider = slow_gateway(listeners=[lambda event: None])
    stream = gateway.stream("Hi")
    cycle: dict[str, Any] = {"text": gateway.stream("Hi").text}
    cycle["self"] = cycle
    done = threading.Event()

    def collect_under_the_lock() -> None:
        nonlocal stream, cycle
        with gateway._core.state._lock:
            del stream, cycle
            gc.collect()
        done.set()

    thread = threading.Thread(target=collect_under_the_lock, daemon=True)
    thread.start()
    assert done.wait(10), "deadlock"
    thread.join()
    assert (in_flight(gateway), provider.left) == (0, 2)


def test_streams_that_are_collected_at_any_allocation_under_the_lock_deadlock_nobody() -> None:
    """F42: the collector runs after every few allocations, so in the middle of every verb."""
    gateway, _ = slow_gateway()
    threshold = gc.get_threshold()
    done = threading.Event()

    def churn() -> None:
        for _ in range(300):
            cycle: dict[str, Any] = {"stream": gateway.stream("Hi")}
            cycle["self"] = cycle
            del cycle
            gateway.completion("Hi")
            gateway.health()
        done.set()

    try:
        gc.set_threshold(3, 1, 1)
        threading.Thread(target=churn, daemon=True).start()
        assert done.wait(30), "deadlock"
    finally:
        gc.set_threshold(*threshold)
    gc.collect()
    assert in_flight(gateway) == 0
    assert gateway.health()["it"].calls == 600


@pytest.mark.parametrize("death", [None, SystemExit, ValueError])
def test_a_dead_thread_returns_the_permit_of_its_stream(
    death: type[BaseException] | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    gateway, provider = slow_gateway()
    monkeypatch.setattr(threading, "excepthook", lambda _told: None)

    def work() -> None:
        stream = gateway.stream("Hi")
        next(stream)
        if death is not None:
            raise death

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    gc.collect()
    assert (in_flight(gateway), provider.left) == (0, 1)


def test_the_listeners_hear_of_an_abandoned_stream_with_the_next_call() -> None:
    """G09: every route ends in one event."""
    heard: list[Any] = []
    gateway, _ = slow_gateway(listeners=[heard.append])
    next(gateway.stream("Hi"))
    assert gateway.health()["it"].in_flight == 0  # which takes the permit back, and tells nobody
    assert [event.name for event in heard] == ["agentsea.gateway.route.start"]
    gateway.completion("Hi")
    stops = [event for event in heard if event.name == "agentsea.gateway.route.stop"]
    assert [(stop.outcome, stop.provider) for stop in stops] == [("cancelled", "it"), ("ok", "it")]
    assert [attempt.outcome for attempt in stops[0].route.attempts] == ["neutral"]


def test_a_closed_stream_is_told_once() -> None:
    """G09."""
    heard: list[Any] = []
    gateway, provider = slow_gateway(listeners=[heard.append])
    stream = gateway.stream("Hi")
    for _ in range(3):
        stream.close()
    del stream
    gateway.completion("Hi")
    stops = [event.outcome for event in heard if event.name == "agentsea.gateway.route.stop"]
    assert stops == ["cancelled", "ok"]
    assert (gateway.health()["it"].calls, provider.left) == (2, 1)


def test_a_failed_call_whose_error_is_kept_keeps_no_permit() -> None:
    provider = ScriptedProvider(default=APIConnectionError("no"))
    gateway = Gateway([Candidate(name="it", provider=provider)], clock=FakeClock())
    with pytest.raises(GatewayError) as kept:
        gateway.completion("Hi")
    assert in_flight(gateway) == 0
    assert kept.value.__cause__ is not None


class Broken(Slow):
    """Fails, and its streams break after content."""

    def complete(self, messages: Any) -> Response:
        raise APIConnectionError("no")

    def stream(self, messages: Any) -> Iterator[Any]:
        yield Content("a")
        raise APIConnectionError("cut")


@pytest.mark.parametrize("way", ["served", "failed over", "all failed", "stream", "stream broke", "stream left"])
def test_a_call_leaves_no_cycle_behind(way: str) -> None:
    """Cycles would keep sockets and permits until the collector comes."""
    candidates = [Candidate(name="it", provider=Broken()), Candidate(name="other", provider=Slow())]
    gateway = Gateway(candidates, listeners=[lambda event: None])

    def call() -> None:
        gateway.reset("it")
        if way == "served":
            gateway.completion("Hi", exclude="it")
        elif way == "failed over":
            gateway.completion("Hi")
        elif way == "stream left":
            next(gateway.stream("Hi", exclude="it"))
        elif way == "stream":
            assert len([*gateway.stream("Hi", exclude="it").text]) == 100
        else:
            try:
                gateway.completion("Hi", exclude="other") if way == "all failed" else [*gateway.stream("Hi")]
            except GatewayError:
                return
            raise AssertionError("served")

    call()  # whatever is made once is made now
    gc.collect()
    gc.disable()
    try:
        call()
        assert [kind for kind in map(_ours, _garbage()) if kind] == []
    finally:
        gc.enable()


def _garbage() -> list[Any]:
    gc.set_debug(gc.DEBUG_SAVEALL)
    try:
        gc.collect()
        return [*gc.garbage]
    finally:
        gc.set_debug(0)
        gc.garbage.clear()


def _ours(thing: Any) -> str | None:
    kind = type(thing)
    ours = kind.__module__.startswith("agentsea_gateway") or kind.__name__ in ("frame", "traceback")
    return kind.__qualname__ if ours else None
