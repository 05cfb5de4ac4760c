"""With `wait`, a call sleeps until the first candidate recovers; without it, the error says when that will be."""

from __future__ import annotations

from typing import Any

import pytest

from agentsea_gateway.errors import AllProvidersUnavailableError, InternalServerError, RateLimitError
from agentsea_gateway.permit import Permit
from agentsea_gateway.testing import FakeClock, ScriptedProvider
from support.gateways import clock_of, gateway

DOWN = InternalServerError("down", status_code=500)


def pushed_back(seconds: float = 10.0) -> ScriptedProvider:
    return ScriptedProvider(RateLimitError("slow down", retry_after=seconds), default="at last")


def test_without_wait_the_error_says_when_to_come_back() -> None:
    gw = gateway(pushed_back(10), pushed_back(5))
    with pytest.raises(AllProvidersUnavailableError):
        gw.completion("Hi")
    clock_of(gw).advance(1)
    with pytest.raises(AllProvidersUnavailableError) as caught:
        gw.completion("Hi")
    assert caught.value.retry_at is not None
    assert caught.value.retry_at.tzinfo is not None
    assert caught.value.retry_at.timestamp() - clock_of(gw).time() == pytest.approx(4)
    assert clock_of(gw).slept == []


@pytest.mark.parametrize("wait", [True, 5.001, 100])
@pytest.mark.parametrize("verb", ["completion", "stream"])
def test_with_wait_the_earliest_recovery_is_waited_for(verb: str, wait: Any) -> None:
    gw = gateway(pushed_back(10), pushed_back(5))
    began = clock_of(gw).monotonic()
    reply = getattr(gw, verb)("Hi", wait=wait)
    assert reply.served_by == "b"
    assert clock_of(gw).monotonic() - began == pytest.approx(5)
    assert reply.route.waited_ms == pytest.approx(5000)
    assert "waited 5000 ms" in reply.route.explain()


@pytest.mark.parametrize(("wait", "timeout"), [(True, 4.9), (4.9, 60), (False, 60), (None, 60)])
def test_a_recovery_that_comes_too_late_is_not_waited_for(wait: Any, timeout: float) -> None:
    gw = gateway(pushed_back(10), pushed_back(5))
    began = clock_of(gw).monotonic()
    with pytest.raises(AllProvidersUnavailableError) as caught:
        gw.completion("Hi", wait=wait, timeout=timeout)
    assert clock_of(gw).monotonic() == began
    assert caught.value.retry_at is not None


def test_waiting_is_a_default_that_a_call_can_switch_off() -> None:
    gw = gateway(pushed_back(5), wait=True)
    with pytest.raises(AllProvidersUnavailableError):
        gw.completion("Hi", wait=False)
    assert gw.completion("Hi").content == "at last"


def test_who_is_excluded_is_not_waited_for() -> None:
    gw = gateway(pushed_back(10), pushed_back(5))
    assert gw.completion("Hi", exclude="b", wait=True).served_by == "a"
    assert clock_of(gw).monotonic() == pytest.approx(1010)


def test_a_blown_candidate_is_waited_for_too() -> None:
    """G08."""
    provider = ScriptedProvider(DOWN, DOWN, default="well again")
    gw = gateway(provider)
    for _ in range(2):
        with pytest.raises(AllProvidersUnavailableError):
            gw.completion("Hi")
    assert gw.completion("Hi", wait=True).content == "well again"
    assert clock_of(gw).monotonic() == pytest.approx(1030)


def test_an_operators_reset_wakes_who_waits() -> None:
    """G08: a waiter does not sleep on once its candidate is usable."""

    class Resetting(FakeClock):
        def wait(self, event: Any, timeout: float) -> bool:
            self.advance(3)
            gw.reset("a")
            assert event.is_set()
            return True

    clock = Resetting()
    gw = gateway(pushed_back(10), clock=clock)
    assert gw.completion("Hi", wait=True).content == "at last"
    assert clock.monotonic() == pytest.approx(1003)


@pytest.mark.parametrize("noticed_by_another", [False, True])
def test_a_probe_that_is_dropped_without_a_word_is_not_waited_for(noticed_by_another: bool) -> None:
    """F49: neither to the end of its lease, nor where another thread took it back meanwhile."""
    held: list[Any] = []

    class Dropping(FakeClock):
        def wait(self, event: Any, timeout: float) -> bool:
            self.advance(timeout)
            if self.monotonic() >= 1040:
                held.clear()
                if noticed_by_another:
                    gw.health()
            return event.is_set()

    gw = gateway("at last", clock=Dropping())
    gw.melt("a")
    gw.melt("a")
    clock_of(gw).advance(30)
    permit = gw._core.state.admit("a", 1030.0, 1091.0)
    assert isinstance(permit, Permit)
    assert permit.probe
    held.append(permit)
    del permit
    reply = gw.completion("Hi", wait=True)
    assert reply.content == "at last"
    assert 1040 <= clock_of(gw).monotonic() < 1041
    assert reply.route is not None
    assert reply.route.waited_ms == pytest.approx(10_000, abs=1_000)
