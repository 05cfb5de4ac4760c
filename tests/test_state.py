"""The state: plan, admit, settle, melt, reset, snapshot over several candidates."""

from __future__ import annotations

from datetime import UTC, datetime
from math import inf
from typing import Any

import pytest

from agentsea_gateway import Candidate
from agentsea_gateway.breaker import BreakerPolicy
from agentsea_gateway.cell import wall_clock
from agentsea_gateway.health_view import HealthView
from agentsea_gateway.permit import Permit, Refusal
from agentsea_gateway.state import Change, Left, LocalState
from support.breaker_machine import Nobody
from support.timeline import Timeline


def state_of(*names: str) -> LocalState:
    return LocalState([Candidate(name=name, provider=Nobody()) for name in names], BreakerPolicy())


def names(state: LocalState, now: float = 0.0, **exclude: str) -> list[str]:
    plan, _ = state.plan(now, exclude)
    assert plan.names == tuple(candidate.name for candidate in plan.ready)
    return [*plan.names]


def blow(state: LocalState, name: str, now: float = 0.0) -> None:
    state.melt(name, now)
    assert state.melt(name, now) is not None


def end(state: LocalState, name: str, outcome: Any, now: float = 0.0, **facts: Any) -> Any:
    permit = state.admit(name, now, now + 60)
    assert isinstance(permit, Permit)
    return state.settle(permit, outcome, now, **facts)


# -- plan --------------------------------------------------------------------------------------------------------------


def test_a_plan_keeps_configured_order_and_counts_by_one() -> None:
    """G01."""
    state = state_of("c", "a", "b")
    assert [state.plan(0.0)[1] for _ in range(5)] == [0, 1, 2, 3, 4]
    assert state.plan(0.0, {"a": "excluded"})[1] == 5  # whoever is excluded
    assert names(state) == ["c", "a", "b"]


def test_excluded_and_blown_and_benched_ones_are_left_out_with_the_reason() -> None:
    """G01."""
    state = state_of("fine", "out", "blown", "benched", "probing")
    blow(state, "probing", -30.0)
    probe = state.admit("probing", 0.0, 7.0)
    blow(state, "blown")
    end(state, "benched", "benched", reason="AuthenticationError: no")
    plan, _ = state.plan(0.0, {"out": "cannot stream"})
    assert plan.names == ("fine",)
    assert plan.left == (
        Left("out", "cannot stream", inf, None),
        Left("blown", "blown", 30.0, None),
        Left("benched", "benched", 300.0, "AuthenticationError: no"),
        Left("probing", "probing", 7.0, None),
    )
    assert plan.ready_at == 7.0
    assert isinstance(probe, Permit)


def test_a_plan_of_nobody_is_empty() -> None:
    state = state_of()
    plan, counter = state.plan(0.0)
    assert (plan.ready, plan.left, plan.ready_at, counter) == ((), (), inf, 0)


def test_calls_share_a_plan_until_somebodys_standing_changes() -> None:
    """So planning costs the same for 2 and for 1,000 candidates."""
    state = state_of("a", "b")
    first, _ = state.plan(0.0)
    for outcome in ("success", "neutral", "own_fault", "failure"):
        end(state, "a", outcome)
    assert state.plan(1_000.0)[0] is first
    blow(state, "a", 1_000.0)
    second, _ = state.plan(1_000.0)
    assert second is not first
    assert state.plan(1_029.9)[0] is second
    assert state.plan(1_030.0)[0] is not second


@pytest.mark.parametrize(
    "change",
    [
        lambda state: blow(state, "a"),
        lambda state: end(state, "a", "benched"),
        lambda state: end(state, "a", "throttled", retry_after=5),
        lambda state: end(state, "a", "failure", retry_after=5),
        lambda state: [end(state, "a", "failure") for _ in range(2)],
    ],
)
def test_whatever_takes_a_candidate_out_is_in_the_next_plan(change: Any) -> None:
    state = state_of("a", "b")
    assert names(state) == ["a", "b"]
    change(state)
    assert names(state) == ["b"]
    state.reset("a")
    assert names(state) == ["a", "b"]


@pytest.mark.parametrize("way", ["success", "failure", "neutral", "content", "dropped", "lease"])
def test_whatever_becomes_of_a_probe_is_in_the_next_plan(way: str) -> None:
    state = state_of("a", "b")
    blow(state, "a")
    assert names(state, 29.999) == ["b"]
    assert names(state, 30.0) == ["a", "b"]
    probe: Any = state.admit("a", 30.0, 37.0)
    assert names(state, 30.0) == ["b"]
    now = 31.0
    if way == "content":
        state.progress(probe, now, 1_000.0)
    elif way == "dropped":
        del probe
    elif way == "lease":
        now = 37.0
    else:
        state.settle(probe, way, now)
    assert names(state, now) == (["b"] if way == "failure" else ["a", "b"])


def test_an_exclusion_is_the_calls_own() -> None:
    state = state_of("a", "b")
    assert names(state, a="excluded") == ["b"]
    assert names(state) == ["a", "b"]
    assert names(state, b="excluded") == ["a"]


# -- admit -------------------------------------------------------------------------------------------------------------


def test_a_permit_says_what_its_result_may_count_for() -> None:
    state = state_of("a")
    permit = state.admit("a", 3.0, 64.0)
    assert isinstance(permit, Permit)
    assert (permit.cell.name, permit.started, permit.lease_until) == ("a", 3.0, 64.0)
    assert (permit.generation, permit.probe) == (0, False)
    state.reset("a")
    later = state.admit("a", 3.0, 64.0)
    assert isinstance(later, Permit)
    assert later.generation == 1


def test_a_refusal_says_why_and_until_when() -> None:
    state = state_of("a")
    end(state, "a", "throttled", retry_after=5)
    refusal = state.admit("a", 1.0, 60.0)
    assert isinstance(refusal, Refusal)
    assert (refusal.reason, refusal.ready_at) == ("benched", 5.0)
    assert isinstance(state.admit("a", 5.0, 60.0), Permit)


def test_an_unknown_name_is_no_business_of_the_state() -> None:
    state = state_of("a")
    assert "a" in state
    assert "b" not in state
    with pytest.raises(KeyError):
        state.admit("b", 0.0, 1.0)


def test_candidates_do_not_share_anything_but_the_lock() -> None:
    state = state_of("a", "b")
    blow(state, "a")
    end(state, "b", "failure")
    assert not state.blown("b", 0.0)
    assert state.blown("a", 0.0)
    state.reset("b")
    assert state.blown("a", 0.0)


# -- waiting for a change ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("way", ["success", "neutral", "own_fault", "failure", "reset", "content"])
def test_who_waits_is_woken_when_somebody_becomes_usable_earlier_than_announced(way: str) -> None:
    """A probe that ends, however, makes room; so does an operator."""
    state = state_of("a")
    blow(state, "a")
    probe: Any = state.admit("a", 30.0, 90.0)
    changed = state.changed()
    assert state.changed() is changed
    if way == "reset":
        state.reset("a")
    elif way == "content":
        state.progress(probe, 31.0, 1_000.0)
    else:
        state.settle(probe, way, 31.0)
    assert changed.is_set()
    assert not state.changed().is_set()


def test_ordinary_ends_wake_nobody() -> None:
    state = state_of("a", "b")
    changed = state.changed()
    for outcome in ("success", "failure", "own_fault", "neutral"):
        end(state, "a", outcome)
    assert not changed.is_set()


# -- retries -----------------------------------------------------------------------------------------------------------


def test_a_retry_budget_is_ten_and_ten_successes_earn_one() -> None:
    state = state_of("a", "b")
    assert [state.spend_retry("a") for _ in range(12)] == [True] * 10 + [False] * 2
    assert state.spend_retry("b")
    for _ in range(9):
        end(state, "a", "success")
    assert not state.spend_retry("a")
    end(state, "a", "failure")
    end(state, "a", "neutral")
    assert not state.spend_retry("a")
    for _ in range(2):
        end(state, "a", "success")
    assert state.spend_retry("a")
    assert not state.spend_retry("a")


def test_a_retry_budget_is_never_more_than_full() -> None:
    state = state_of("a")
    for _ in range(1_000):
        end(state, "a", "success")
    assert [state.spend_retry("a") for _ in range(11)] == [True] * 10 + [False]


# -- snapshot and what a strategy sees ---------------------------------------------------------------------------------


def test_a_snapshot_has_everybody_in_order() -> None:
    state = state_of("c", "a", "b")
    assert [*state.snapshot(0.0, wall_clock(0, 0))] == ["c", "a", "b"]


def test_moments_are_aware_datetimes() -> None:
    state = state_of("a")
    blow(state, "a", 100.0)
    end_of_bench = datetime(2026, 1, 1, 0, 0, 40, tzinfo=UTC)
    state.reset("a")
    end(state, "a", "throttled", 100.0, retry_after=40)
    blow(state, "a", 100.0)
    health = state.snapshot(100.0, wall_clock(100.0, datetime(2026, 1, 1, tzinfo=UTC).timestamp()))["a"]
    assert health.benched_until == end_of_bench
    assert health.open_until == datetime(2026, 1, 1, 0, 0, 30, tzinfo=UTC)


def test_a_strategys_view_of_health_is_read_only_when_it_looks() -> None:
    state = state_of("a", "b")
    view = HealthView(state.cells, 0.0, wall_clock(0, 0))
    end(state, "a", "success", latency_ms=7.0)
    blow(state, "b")
    assert ([*view], len(view)) == (["a", "b"], 2)
    assert (view["a"].latency_ms, view["b"].breaker) == (7.0, "open")
    held = state.admit("a", 0.0, 60.0)
    assert isinstance(held, Permit)
    assert (view.in_flight("a"), view["a"].in_flight, view.in_flight("b")) == (1, 1, 0)
    assert [record.calls for record in view.records([cell.candidate for cell in state.cells.values()])] == [1, 0]
    with pytest.raises(KeyError):
        view["c"]
    with pytest.raises(TypeError):
        view["a"] = view["b"]  # type: ignore[index]


def test_what_a_strategy_reads_needs_no_lock() -> None:
    """It may call `health()` of its own gateway, or take its time."""
    it = Timeline()
    it.blow()
    with it.state._lock:
        view = HealthView(it.state.cells, it.now, wall_clock(0, 0))
        assert view["it"].breaker == "open"
        assert not it.state.is_ready("it", it.now)


def test_a_reset_does_not_touch_health() -> None:
    it = Timeline()
    it.attempt("success", latency_ms=5.0)
    it.attempt("failure")
    it.state.reset("it")
    assert (it.health.latency_ms, it.health.calls, it.health.errors) == (5.0, 2, 1)


# -- what changed ------------------------------------------------------------------------------------------------------


def test_what_changed_for_everybody_is_told_with_name_moment_and_reason() -> None:
    state = state_of("a", "b")
    assert state.melt("a", 0.0) is None
    assert state.melt("a", 1.0) == Change("blown", "a", 31.0)
    assert end(state, "a", "success", 31.0) == Change("closed", "a")
    assert end(state, "a", "failure", 40.0) is None
    assert end(state, "a", "failure", 41.0, retry_after=50.0) == Change("blown", "a", 71.0)
    assert end(state, "b", "throttled", 0.0, retry_after=5.0, reason="slow down") == Change(
        "resting", "b", 5.0, "slow down"
    )
    assert end(state, "b", "failure", 10.0, retry_after=6.0, reason="busy") == Change("resting", "b", 16.0, "busy")
    assert end(state, "b", "benched", 20.0, reason="no key") == Change("benched", "b", 320.0, "no key")
    for outcome in ("success", "own_fault", "neutral"):
        assert end(state, "b", outcome, 320.0) is None


def test_at_the_very_moment_of_a_recovery_everybody_is_planned_again() -> None:
    state = state_of("a", "b")
    end(state, "b", "benched", 0.0)
    until = state.snapshot(0.0, wall_clock(0, 0))["b"].benched_until
    assert until == datetime.fromtimestamp(300, UTC)
    assert names(state, 299.0) == ["a"]
    assert names(state, 300.0 - 1e-6) == ["a", "b"]


# -- fork --------------------------------------------------------------------------------------------------------------


def test_a_child_plans_anew_and_waits_for_events_of_its_own() -> None:
    """F48: its parent's probe is out in the parent, and so is whoever would set the parent's event."""
    state = state_of("a")
    blow(state, "a")
    probe = state.admit("a", 30.0, 90.0)
    assert isinstance(probe, Permit)
    assert probe.probe
    assert names(state, 31.0) == []
    lock, event = state._lock, state.changed()
    state.forget_parent()
    assert names(state, 31.0) == ["a"]
    assert state.changed() is state.changed()
    assert state.changed() is not event
    assert not state.changed().is_set()
    assert state._lock is not lock
    assert isinstance(state.admit("a", 31.0, 90.0), Permit)
