"""The bench: Retry-After, pushback and refusals keep a candidate out, apart from its breaker."""

from __future__ import annotations

import math

import pytest

from agentsea_gateway import Candidate, Gateway
from agentsea_gateway.bench import Bench
from agentsea_gateway.breaker import TICK
from agentsea_gateway.errors import AllProvidersUnavailableError, AuthenticationError, OverloadedError, RateLimitError
from agentsea_gateway.testing import FakeClock, ScriptedProvider
from support.timeline import Timeline


def benched_for(it: Timeline) -> float | None:
    """Seconds until it may be tried again; None where it may now."""
    plan, _ = it.state.plan(it.now)
    if plan.ready:
        assert it.health.benched_until is None
        return None
    assert [left.reason for left in plan.left] == ["benched"]
    assert it.health.benched_until is not None
    assert it.health.benched_until.timestamp() == pytest.approx(plan.ready_at)
    assert it.refused().reason == "benched"
    assert it.refused().ready_at == plan.ready_at
    return plan.ready_at - it.now


# -- pushback ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("retry_after", "seconds"),
    [
        (30, 30),
        (0.5, 0.5),
        (600, 600),
        (3_600, 600),
        (1e99, 600),
        (0, None),
        (0.0, None),
        (None, 2),
        (-1, 2),
        (-0.001, 2),
        (math.nan, 2),
        (math.inf, 2),
        (-math.inf, 2),
        ("30", 2),
        (10**400, 600),
    ],
)
def test_a_throttled_candidate_is_benched_until_retry_after(retry_after: float | None, seconds: float | None) -> None:
    """F24: capped at 600 s; what is not finite or negative counts as if it was not there, whoever says it."""
    it = Timeline()
    change = it.attempt("throttled", retry_after=retry_after, reason="RateLimitError: slow down")
    assert benched_for(it) == seconds
    if seconds is None:
        assert change is None
    else:
        assert change is not None
        assert (change.kind, change.until, change.reason) == ("resting", seconds, "RateLimitError: slow down")
        assert it.health.bench_reason == "RateLimitError: slow down"


def test_pushback_without_retry_after_doubles_from_two_seconds_to_sixty_while_it_goes_on() -> None:
    it = Timeline()
    seen = []
    for _ in range(12):
        it.attempt("throttled")
        seen.append(benched_for(it))
        it.wait(seen[-1] or 0)
    assert seen == [2, 4, 8, 16, 32, 60, 60, 60, 60, 60, 60, 60]


def test_a_success_ends_the_doubling() -> None:
    it = Timeline()
    for _ in range(3):
        it.attempt("throttled")
        it.wait(benched_for(it) or 0)
    it.attempt("success")
    it.wait(1)
    it.attempt("throttled")
    assert benched_for(it) == 2


@pytest.mark.parametrize("outcome", ["failure", "neutral", "own_fault"])
def test_anything_but_a_success_lets_the_doubling_go_on(outcome: str) -> None:
    it = Timeline()
    it.attempt("throttled")
    it.wait(2)
    it.attempt(outcome)  # type: ignore[arg-type]
    it.wait(1)
    it.attempt("throttled")
    assert benched_for(it) == 4


def test_pushback_with_a_retry_after_counts_for_the_doubling_too() -> None:
    it = Timeline()
    it.attempt("throttled", retry_after=5)
    it.wait(5)
    it.attempt("throttled")
    assert benched_for(it) == 4


def test_a_burst_of_pushback_counts_once() -> None:
    """64 threads that were under way when the first one was pushed back did not ignore it."""
    it = Timeline()
    burst = [it.begin() for _ in range(64)]
    for permit in burst:
        it.wait(0.001)
        it.end(permit, "throttled")
    it.wait(benched_for(it) or 0)
    it.attempt("throttled")
    assert benched_for(it) == 4


def test_a_burst_within_one_tick_of_the_clock_counts_once() -> None:
    it = Timeline()
    for _ in range(64):
        permit = it.cell and it.state.admit("it", it.now, 1)
        if it.health.benched_until is None:
            it.end(permit, "throttled", retry_after=0.0)
    it.wait(1)
    it.attempt("throttled")
    assert benched_for(it) == 4


def test_pushback_is_no_melt() -> None:
    it = Timeline()
    for _ in range(5):
        it.attempt("throttled", retry_after=1)
        it.wait(1)
    assert it.breaker == "closed"
    assert it.health.errors == 5


# -- refusals ----------------------------------------------------------------------------------------------------------


def test_a_refusal_benches_for_five_minutes() -> None:
    """F22: a bad key, a missing model, exhausted credit."""
    it = Timeline()
    change = it.attempt("benched", retry_after=1, reason="AuthenticationError: no")
    assert change is not None
    assert (change.kind, change.until) == ("benched", 300)
    it.wait(299.999)
    assert benched_for(it) == pytest.approx(0.001)
    it.wait(0.001)
    assert benched_for(it) is None
    assert it.breaker == "closed"


def test_only_the_first_of_many_refusals_is_news() -> None:
    it = Timeline()
    burst = [it.begin() for _ in range(5)]
    changes = []
    for permit in burst:
        changes.append(it.end(permit, "benched"))
        it.wait(1)
    assert [change is not None for change in changes] == [True, False, False, False, False]
    assert benched_for(it) == 299  # the last one counts


def test_a_refusal_after_the_bench_is_news_again() -> None:
    it = Timeline()
    it.attempt("benched")
    it.wait(300)
    assert it.attempt("benched") is not None


# -- failures that name a time -----------------------------------------------------------------------------------------


def test_a_failure_with_retry_after_is_a_melt_and_a_bench() -> None:
    """F25, F57."""
    it = Timeline()
    change = it.attempt("failure", retry_after=5, reason="OverloadedError: busy")
    assert change is not None
    assert (change.kind, change.until) == ("resting", 5)
    assert benched_for(it) == 5
    assert it.health.bench_reason == "OverloadedError: busy"
    it.wait(5)
    change = it.attempt("failure", retry_after=5)
    assert change is not None
    assert change.kind == "blown"
    it.wait(4)
    assert it.refused().ready_at == 35  # the later of both


@pytest.mark.parametrize("retry_after", [None, -1, 0, math.nan, math.inf, "soon"])
def test_a_failure_that_names_no_sensible_time_is_a_melt_only(retry_after: float | None) -> None:
    it = Timeline()
    assert it.attempt("failure", retry_after=retry_after) is None
    assert benched_for(it) is None


def test_a_failures_retry_after_is_capped() -> None:
    it = Timeline()
    it.attempt("failure", retry_after=86_400)
    assert benched_for(it) == 600


# -- together ----------------------------------------------------------------------------------------------------------


def test_a_shorter_bench_does_not_end_a_longer_one() -> None:
    it = Timeline()
    first, second = it.begin(), it.begin()
    it.end(first, "throttled", retry_after=100, reason="long")
    it.wait(1)
    assert it.end(second, "throttled", retry_after=5, reason="short") is None
    assert benched_for(it) == 99
    assert it.health.bench_reason == "long"


def test_of_two_benches_that_end_together_the_first_ones_reason_is_told() -> None:
    it = Timeline()
    first, second = it.begin(), it.begin()
    it.end(first, "throttled", retry_after=5, reason="first")
    it.end(second, "throttled", retry_after=5, reason="second")
    assert it.health.bench_reason == "first"


def test_a_bench_that_is_over_has_no_reason_any_more() -> None:
    it = Timeline()
    assert (it.health.benched_until, it.health.bench_reason) == (None, None)
    it.attempt("benched", reason="no credit")
    assert it.health.bench_reason == "no credit"
    it.wait(300)
    assert (it.health.benched_until, it.health.bench_reason) == (None, None)


def test_a_longer_bench_prolongs_a_shorter_one_and_nobody_is_planned_between() -> None:
    it = Timeline()
    first, second = it.begin(), it.begin()
    it.end(first, "throttled", retry_after=5, reason="short")
    assert benched_for(it) == 5
    it.wait(1)
    it.end(second, "benched", reason="long")
    it.wait(4)
    assert benched_for(it) == 296
    assert it.health.bench_reason == "long"


@pytest.mark.parametrize(
    ("seconds", "reason", "ready_at"), [(5, "blown", 30), (30, "benched", 30), (40, "benched", 40)]
)
def test_of_bench_and_breaker_whichever_lasts_longer_is_the_reason(
    seconds: float, reason: str, ready_at: float
) -> None:
    it = Timeline()
    it.attempt("throttled", retry_after=seconds, reason="slow")
    it.blow()
    for _ in range(2):
        plan, _ = it.state.plan(it.now)
        assert plan.left == (("it", reason, ready_at, "slow" if reason == "benched" else None),)
        it.wait(6)
    it.now = ready_at
    assert it.begin().probe


def test_ask_tells_the_breaker_only() -> None:
    it = Timeline()
    it.attempt("benched")
    assert not it.blown


def test_reset_takes_it_off_the_bench_and_forgets_the_doubling() -> None:
    it = Timeline()
    for _ in range(3):
        it.attempt("throttled")
        it.wait(it.health.benched_until is not None and 60)
    it.attempt("throttled", retry_after=100)
    it.state.reset("it")
    assert benched_for(it) is None
    assert it.health.bench_reason is None
    it.wait(1)
    it.attempt("throttled")
    assert benched_for(it) == 2


def test_a_probe_that_is_pushed_back_makes_room_and_is_benched() -> None:
    it = Timeline()
    it.blow()
    it.wait(30)
    change = it.attempt("throttled", retry_after=3)
    assert change is not None
    assert change.kind == "resting"
    assert benched_for(it) == 3
    it.wait(3)
    assert it.breaker == "half_open"
    assert it.begin().probe


def test_exactly_at_its_end_a_bench_is_over() -> None:
    bench = Bench()
    bench.refuse(100, "no")
    assert bench.usable_at(399.9999) == 400
    assert bench.usable_at(400) == -math.inf
    assert bench.usable_at(400 - 1e-7) == -math.inf  # within what a sum of floats may lose
    assert bench.usable_at(400 - TICK) == -math.inf
    assert bench.refuse(400, "no")


# -- through the gateway -----------------------------------------------------------------------------------------------


def test_while_another_is_ready_nobody_sleeps_for_a_retry_after() -> None:
    """F24."""
    clock = FakeClock()
    throttled = ScriptedProvider(RateLimitError("slow down", retry_after=30), default="back")
    gateway = Gateway(
        [Candidate(name="a", provider=throttled), Candidate(name="b", provider=ScriptedProvider())], clock=clock
    )
    assert gateway.completion("Hi").served_by == "b"
    assert clock.slept == []
    assert gateway.completion("Hi").route.skipped[0].reason == "benched"  # type: ignore[union-attr]
    assert throttled.hits == 1
    clock.advance(30)
    assert gateway.completion("Hi").content == "back"


@pytest.mark.parametrize(
    ("fault", "seconds"),
    [
        (RateLimitError("slow", retry_after=7), 7),
        (AuthenticationError("no"), 300),
        (OverloadedError("", retry_after=9), 9),
    ],
)
def test_retry_at_is_when_the_bench_ends(fault: Exception, seconds: float) -> None:
    clock = FakeClock()
    gateway = Gateway([Candidate(name="a", provider=ScriptedProvider(default=fault))], clock=clock)
    with pytest.raises(AllProvidersUnavailableError) as raised:
        gateway.completion("Hi")
    assert raised.value.retry_at is not None
    assert raised.value.retry_at.timestamp() == pytest.approx(clock.time() + seconds)
    with pytest.raises(AllProvidersUnavailableError, match="benched"):
        gateway.completion("Hi")


def test_a_refused_candidate_is_warned_of_once(caplog: pytest.LogCaptureFixture) -> None:
    """F22."""
    clock = FakeClock()
    bad = ScriptedProvider(default=AuthenticationError("no such key"))
    gateway = Gateway(
        [Candidate(name="a", provider=bad), Candidate(name="b", provider=ScriptedProvider())], clock=clock
    )
    for _ in range(3):
        assert gateway.completion("Hi").served_by == "b"
        clock.advance(301)
    assert bad.hits == 3
    assert [record.levelname for record in caplog.records] == ["WARNING"]
    assert "a is benched until" in caplog.text
