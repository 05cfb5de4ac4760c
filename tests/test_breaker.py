"""The breaker (G08 with guards): a state machine against an independent history, and every sentence as an example."""

from __future__ import annotations

import heapq
import math
import random

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from agentsea_gateway import Candidate, Gateway
from agentsea_gateway.breaker import TICK, Breaker, BreakerPolicy
from agentsea_gateway.errors import APIConnectionError, ConfigurationError, StreamInterruptedError
from agentsea_gateway.state import LocalState
from agentsea_gateway.testing import FakeClock, ScriptedProvider
from mutants import MUTANTS
from support.breaker_machine import BreakerMachine, machine_of
from support.timeline import Timeline

MACHINE = settings(max_examples=300, stateful_step_count=40, suppress_health_check=list(HealthCheck))
# Whether it fails is all that is asked of a mutant: no shrinking.
HUNT = settings(MACHINE, max_examples=600, phases=[Phase.generate], report_multiple_bugs=False, print_blob=False)


# -- the machine ---------------------------------------------------------------------------------------------------


def test_the_breaker_does_what_the_whole_history_says() -> None:
    """G08: whatever happens in whatever order, at ticks around its boundaries."""
    run_state_machine_as_test(BreakerMachine, settings=MACHINE)


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.__name__)
def test_the_machine_fails_on_a_state_that_is_wrong(mutant: type[LocalState]) -> None:
    with pytest.raises(AssertionError):
        run_state_machine_as_test(machine_of(mutant), settings=HUNT)


# -- it trips --------------------------------------------------------------------------------------------------------


def test_one_melt_is_tolerated() -> None:
    """G08."""
    it = Timeline()
    assert it.attempt("failure") is None
    assert not it.blown


def test_second_melt_inside_the_window_blows() -> None:
    """G08."""
    it = Timeline()
    it.attempt("failure")
    it.wait(3)
    change = it.attempt("failure")
    assert change is not None
    assert (change.kind, change.name, change.until) == ("blown", "it", 33)
    assert it.blown


def test_two_failures_exactly_ten_seconds_apart_blow() -> None:
    it = Timeline()
    it.attempt("failure")
    it.wait(10)
    it.attempt("failure")
    assert it.blown


def test_a_sum_of_floats_does_not_decide_what_exactly_ten_seconds_is() -> None:
    it = Timeline()
    it.now = 0.1
    it.attempt("failure")
    for _ in range(100):
        it.wait(0.1)  # a hundred times, which is not quite ten
    it.attempt("failure")
    assert it.blown


def test_failures_a_little_more_than_ten_seconds_apart_never_add_up() -> None:
    """Under one call in ten seconds nothing trips, as in G08."""
    it = Timeline()
    for _ in range(50):
        it.attempt("failure")
        it.wait(10.001)
    assert not it.blown


def test_the_window_reaches_back_from_the_start_of_an_attempt() -> None:
    it = Timeline()
    it.attempt("failure")
    it.wait(9)
    it.attempt("failure", took=5)  # ended 14 s after the first one, but began 9 s after it
    assert it.blown


def test_failures_longer_than_the_window_add_up() -> None:
    it = Timeline()
    it.attempt("failure", took=25)
    it.wait(20)  # within the second attempt's own length before its start
    it.attempt("failure", took=25)
    assert it.blown


def test_the_lookback_of_a_long_attempt_is_its_own_length_and_no_more() -> None:
    it = Timeline()
    it.attempt("failure", took=25)
    it.wait(25.001)
    it.attempt("failure", took=25)
    assert not it.blown
    it = Timeline()
    it.attempt("failure", took=25)
    it.wait(25)
    it.attempt("failure", took=25)
    assert it.blown


def test_the_share_protects_a_provider_that_mostly_serves() -> None:
    it = Timeline()
    for outcome in ("success", "success", "success", "failure", "failure"):
        it.attempt(outcome)
    assert not it.blown  # two of five
    it.attempt("failure")
    assert it.blown  # three of six are half


def test_the_share_looks_at_the_latest_twenty() -> None:
    it = Timeline()
    for _ in range(1_000):
        it.attempt("success")
    for _ in range(9):
        it.attempt("failure")
    assert not it.blown
    it.attempt("failure")
    assert it.blown  # ten of the latest twenty
    it = Timeline()
    for outcome in ("failure", *("success",) * 10, *("failure",) * 8):
        it.attempt(outcome)
    assert not it.blown  # nine of nineteen
    it.attempt("failure")
    assert it.blown  # the twentieth from the end is among them


def test_the_share_looks_only_at_the_window() -> None:
    it = Timeline()
    for _ in range(20):
        it.attempt("success")
    it.wait(10.001)
    it.attempt("failure")
    it.attempt("failure")
    assert it.blown


def test_attempts_in_flight_count_as_if_they_might_serve() -> None:
    it = Timeline()
    flying = [it.begin() for _ in range(3)]
    it.attempt("failure")
    it.attempt("failure")
    assert not it.blown  # two of five
    it.end(flying.pop(), "neutral")
    it.attempt("failure")
    assert it.blown  # three of five


@pytest.mark.parametrize("outcome", ["throttled", "benched", "own_fault"])
def test_what_says_nothing_about_health_is_no_melt_but_an_attempt(outcome: str) -> None:
    it = Timeline()
    for _ in range(3):
        it.attempt(outcome, retry_after=0.0)  # type: ignore[arg-type]
        it.state.cells["it"].bench.reset()
    it.attempt("failure")
    it.attempt("failure")
    assert not it.blown  # two of five
    it.attempt("failure")
    assert it.blown


def test_a_neutral_end_is_no_attempt_at_all() -> None:
    it = Timeline()
    for _ in range(20):
        it.attempt("neutral")
    it.attempt("failure")
    it.attempt("failure")
    assert it.blown


# -- volume (the bracketed figures) ------------------------------------------------------------------------------------


class Crowd:
    """`threads` callers that each ask again as soon as they are answered. `fate` gives outcome and seconds."""

    def __init__(self, threads: int) -> None:
        self.it = Timeline()
        self.started = 0
        self.heap = [(0.0, number, None, "") for number in range(threads)]

    def run(self, until: float, fate) -> int | None:  # type: ignore[no-untyped-def]
        """Let them ask until then; how many failures it took to blow, or None where nothing did."""
        failures = 0
        while self.heap[0][0] < until:
            self.it.now, caller, permit, outcome = heapq.heappop(self.heap)
            if permit is not None:
                failures += outcome == "failure"
                if self.it.end(permit, outcome) is not None:
                    return failures
            outcome, seconds = fate(self.started)
            self.started += 1
            heapq.heappush(self.heap, (self.it.now + seconds, caller, self.it.begin(), outcome))
        return None


@pytest.mark.parametrize(("threads", "seconds"), [(1, 0.9), (1, 0.05), (8, 0.2), (64, 0.5), (64, 0.05)])
def test_a_provider_that_dies_after_healthy_traffic_is_out_after_about_ten_failures(
    threads: int, seconds: float
) -> None:
    """At any rate: ten and those that were in flight, not half of all that went well in the window."""
    crowd = Crowd(threads)
    assert crowd.run(60, lambda number: ("success", seconds)) is None
    failures = crowd.run(120, lambda number: ("failure", seconds))
    assert failures is not None
    assert failures <= 10 + threads


def test_a_tenth_of_quick_errors_under_64_threads_does_not_shut_a_provider_out() -> None:
    """Failures finish first: without those in flight the first ones would look like all there is."""
    crowd = Crowd(64)
    assert crowd.run(120, lambda number: ("failure", 0.01) if number % 10 == 9 else ("success", 1.0)) is None


def test_random_tenth_of_quick_errors_does_not_shut_a_busy_provider_out() -> None:
    rng = random.Random(1)
    crowd = Crowd(64)
    assert crowd.run(3, lambda number: ("success", rng.uniform(0.5, 1.5))) is None

    def fate(number: int) -> tuple[str, float]:
        return ("failure", 0.01) if rng.random() < 0.1 else ("success", rng.uniform(0.5, 1.5))

    assert crowd.run(60, fate) is None


def test_without_those_in_flight_quick_errors_would_shut_it_out() -> None:
    """The figure behind the rule: the same crowd at a breaker that does not count them."""

    class Blind(Breaker):
        __slots__ = ()

        def melt(self, started: float, ended: float, generation: int, token: object, *, in_flight: int) -> bool:
            return super().melt(started, ended, generation, token, in_flight=0)

    crowd = Crowd(64)
    crowd.it.cell.breaker = Blind(BreakerPolicy())
    assert crowd.run(120, lambda number: ("failure", 0.01) if number % 10 == 9 else ("success", 1.0)) is not None


def test_under_load_far_more_than_one_failure_in_five_is_out() -> None:
    rng = random.Random(2)
    crowd = Crowd(16)
    assert crowd.run(60, lambda number: ("failure" if rng.random() < 0.4 else "success", 0.2)) is not None


# -- open, half open, closed -------------------------------------------------------------------------------------------


def test_thirty_seconds_after_it_blew_exactly_it_is_usable() -> None:
    it = Timeline()
    it.blow()
    it.wait(29.999)
    assert (it.blown, it.breaker) == (True, "open")
    refusal = it.refused()
    assert (refusal.reason, refusal.ready_at) == ("blown", 30)
    it.wait(0.001)
    assert (it.blown, it.breaker) == (False, "half_open")
    assert it.begin().probe


def test_after_the_reset_time_one_probe_goes_through_and_everybody_else_elsewhere() -> None:
    it = Timeline()
    it.blow()
    it.wait(30)
    probe = it.begin(lease=5)
    assert probe.probe
    assert it.blown  # `ask` tells: its probe is out
    refusal = it.refused()
    assert (refusal.reason, refusal.ready_at) == ("probing", 35)
    plan, _ = it.state.plan(it.now)
    assert (plan.ready, [left.reason for left in plan.left]) == ((), ["probing"])


def test_a_probe_that_serves_closes_the_breaker() -> None:
    it = Timeline()
    it.blow()
    it.wait(30)
    probe = it.begin()
    change = it.end(probe, "success")
    assert change is not None
    assert change.kind == "closed"
    assert (it.blown, it.breaker) == (False, "closed")
    assert not it.begin().probe


def test_a_probe_that_fails_reopens_for_another_thirty_seconds() -> None:
    it = Timeline()
    it.blow()
    it.wait(30)
    change = it.attempt("failure", took=2)
    assert change is not None
    assert (change.kind, change.until) == ("blown", 62)
    it.wait(29.999)
    assert it.refused().reason == "blown"
    it.wait(0.001)
    assert it.begin().probe


@pytest.mark.parametrize("outcome", ["neutral", "own_fault", "throttled"])
def test_a_probe_that_says_nothing_makes_room_for_the_next(outcome: str) -> None:
    it = Timeline()
    it.blow()
    it.wait(30)
    assert it.attempt(outcome, retry_after=0.0) is None  # type: ignore[arg-type]
    assert it.breaker == "half_open"
    assert it.begin().probe


def test_a_closed_breaker_has_forgotten_what_was_before() -> None:
    it = Timeline()
    it.blow()
    it.wait(30)
    it.attempt("success")
    assert it.attempt("failure") is None
    assert not it.blown


def test_a_breaker_that_recovered_tolerates_one_melt_again_although_a_probe_failed_just_before() -> None:
    it = Timeline(BreakerPolicy(reset=1))
    it.blow()
    it.wait(1)
    it.attempt("failure")
    it.wait(1)
    it.attempt("success")
    it.attempt("failure")
    assert not it.blown


# -- leases and late results -------------------------------------------------------------------------------------------


def test_both_ends_are_exact_to_a_microsecond() -> None:
    """A sum of floats loses less than that."""
    breaker = Breaker(BreakerPolicy())
    assert (breaker.melt_by_operator(0), breaker.melt_by_operator(0)) == (False, True)
    assert (breaker.usable_at(29.9999), breaker.is_open(29.9999)) == (30, True)
    for now in (30 - 9e-7, 30):
        assert (breaker.usable_at(now), breaker.is_open(now)) == (-math.inf, False)
    probe = object()
    assert breaker.admit(30, probe, 37)
    assert breaker.usable_at(36.9999) == 37
    assert [breaker.usable_at(now) for now in (37 - 9e-7, 37, 38)] == [-math.inf] * 3
    assert breaker.succeed(37 + 9e-7, 1, probe)


def test_a_microsecond_itself_is_no_time_at_all() -> None:
    """Neither for the reset time nor for a lease, nor for the window that melts add up in."""
    breaker = Breaker(BreakerPolicy())
    assert (breaker.melt_by_operator(0), breaker.melt_by_operator(10 + TICK)) == (False, True)
    until = 40 + TICK
    assert (breaker.usable_at(until - TICK), breaker.is_open(until - TICK)) == (-math.inf, False)
    probe = object()
    assert breaker.admit(until, probe, 50)
    assert breaker.usable_at(50 - TICK) == -math.inf
    assert breaker.succeed(50 + TICK, 1, probe)
    assert not breaker.melt(100, 100, 2, None, in_flight=0)
    assert breaker.melt(110 + TICK, 110 + TICK, 2, None, in_flight=0)
    assert not Breaker(BreakerPolicy()).melt_by_operator(0)


def test_a_probe_that_never_comes_back_loses_its_place_when_its_lease_ends() -> None:
    it = Timeline()
    it.blow()
    it.wait(30)
    lost = it.begin(lease=7)
    it.wait(6.999)
    assert it.refused().reason == "probing"
    it.wait(0.001)
    probe = it.begin()
    assert probe.probe
    assert it.health.in_flight == 2
    it.end(lost, "neutral")
    assert it.refused().reason == "probing"  # what becomes of the first one is of no interest any more


@pytest.mark.parametrize("outcome", ["success", "failure"])
def test_a_result_after_its_lease_updates_health_and_never_the_breaker(outcome: str) -> None:
    it = Timeline()
    it.blow()
    it.wait(30)
    slow = it.begin(lease=7)
    it.wait(7.001)
    assert it.end(slow, outcome, latency_ms=7_001.0) is None  # type: ignore[arg-type]
    assert it.breaker == "half_open"
    assert (it.health.calls, it.health.errors) == (1, int(outcome == "failure"))
    assert it.begin().probe


def test_a_late_result_does_not_take_the_place_of_the_probe_after_it() -> None:
    it = Timeline()
    it.blow()
    it.wait(30)
    slow = it.begin(lease=7)
    it.wait(7)
    probe = it.begin(lease=7)
    assert it.end(slow, "success") is None
    assert it.refused().reason == "probing"  # the second one is still out
    change = it.end(probe, "success")
    assert change is not None
    assert change.kind == "closed"


def test_results_of_an_older_generation_update_health_and_never_the_breaker() -> None:
    it = Timeline()
    late = [it.begin() for _ in range(6)]
    it.blow()
    for outcome in ("success", "failure"):
        assert it.end(late.pop(), outcome) is None  # type: ignore[arg-type]
    assert it.breaker == "open"
    it.wait(30)
    it.end(late.pop(), "success")
    assert it.breaker == "half_open"  # only a probe's success closes
    it.attempt("success")
    for _ in range(3):
        assert it.end(late.pop(), "failure") is None
    assert it.breaker == "closed"
    assert (it.health.calls, it.health.errors) == (7, 4)


@pytest.mark.parametrize("outcome", ["success", "failure", "own_fault", "throttled", "benched"])
def test_results_of_an_older_generation_are_not_in_the_ring(outcome: str) -> None:
    it = Timeline()
    late = [it.begin() for _ in range(10)]
    it.state.reset("it")
    for permit in late:
        it.end(permit, outcome, retry_after=0.0)  # type: ignore[arg-type]
    it.wait(300)
    assert len(it.cell.breaker.recent) == 0
    it.attempt("failure")
    it.attempt("failure")
    assert it.blown  # two of two


# -- an operator -------------------------------------------------------------------------------------------------------


def test_an_operators_second_melt_blows_whatever_went_well() -> None:
    """G08: the share does not protect from an operator."""
    it = Timeline()
    for _ in range(100):
        it.attempt("success")
    assert it.melt() is None
    change = it.melt()
    assert change is not None
    assert (change.kind, change.until) == ("blown", 30)


def test_an_operators_melts_add_up_under_any_load() -> None:
    """A thousand calls between them do not make them forgotten."""
    it = Timeline()
    it.melt()
    for _ in range(1_000):
        it.attempt("success")
    it.wait(10)
    assert it.melt() is not None


def test_an_operators_melts_more_than_ten_seconds_apart_do_not_add_up() -> None:
    it = Timeline()
    it.melt()
    it.wait(10.001)
    assert it.melt() is None
    it.wait(10)
    assert it.melt() is not None


def test_an_operators_melts_are_remembered_no_longer_than_they_could_add_up() -> None:
    it = Timeline()
    for _ in range(100):
        it.melt()
        it.wait(10.001)
    assert len(it.cell.breaker.asked) == 2


def test_an_operators_melt_adds_to_a_failure() -> None:
    it = Timeline()
    it.attempt("failure")
    assert it.melt() is not None
    it = Timeline()
    it.melt()
    assert it.attempt("failure") is not None


def test_an_operators_melt_while_it_is_open_changes_nothing() -> None:
    it = Timeline()
    it.blow()
    it.wait(20)
    assert it.melt() is None
    assert it.melt() is None
    it.wait(10)
    assert it.breaker == "half_open"
    it.attempt("success")
    assert it.melt() is None


def test_reset_closes_and_ignores_what_is_under_way() -> None:
    """G08."""
    it = Timeline()
    late = [it.begin(), it.begin()]
    it.blow()
    it.state.reset("it")
    assert (it.blown, it.breaker) == (False, "closed")
    for permit in late:
        it.end(permit, "failure")
    assert not it.blown


def test_a_probe_that_was_out_at_a_reset_is_in_nobodys_way_later() -> None:
    it = Timeline()
    it.blow()
    it.wait(30)
    forgotten = it.begin(lease=3_600)
    it.state.reset("it")
    it.blow()
    it.wait(30)
    assert it.begin().probe
    assert it.end(forgotten, "success") is None
    assert it.breaker == "half_open"


def test_reset_makes_the_first_melt_the_first_again() -> None:
    it = Timeline()
    it.melt()
    it.state.reset("it")
    assert it.melt() is None
    it.state.reset("it")
    it.attempt("failure")
    it.state.reset("it")
    assert it.attempt("failure") is None


# -- the original ------------------------------------------------------------------------------------------------------


def test_the_original_blows_on_two_melts_in_ten_seconds_however_much_goes_well() -> None:
    """G08 as it was: it ignores volume."""
    it = Timeline(BreakerPolicy.original())
    it.attempt("failure")
    for _ in range(1_000):
        it.attempt("success")
        it.attempt("own_fault")
    it.wait(10)
    it.attempt("failure")
    assert it.blown


def test_the_original_looks_back_from_the_end() -> None:
    """Failures that take longer than the window never add up to two."""
    it = Timeline(BreakerPolicy.original())
    for _ in range(5):
        it.attempt("failure", took=10.001)
    assert not it.blown
    it.attempt("failure", took=10)
    assert it.blown


def test_the_original_readmits_everybody_at_once() -> None:
    it = Timeline(BreakerPolicy.original())
    it.blow()
    it.wait(29.999)
    assert it.refused().reason == "blown"
    it.wait(0.001)
    herd = [it.begin() for _ in range(5)]
    assert not any(permit.probe for permit in herd)
    assert it.breaker == "closed"
    it.end(herd[0], "failure")
    assert not it.blown
    it.end(herd[1], "failure")
    assert it.blown


def test_late_results_from_before_the_original_blew_do_not_count_after_it() -> None:
    """A divergence that stays: a generation is no guard that one could want to be without."""
    it = Timeline(BreakerPolicy.original())
    late = [it.begin() for _ in range(4)]
    it.blow()
    it.wait(30)
    assert it.begin() is not None
    for permit in late:
        it.end(permit, "failure")
    assert it.breaker == "closed"


def test_a_closed_breaker_has_no_probes() -> None:
    assert not Breaker(BreakerPolicy()).admit(0.0, object(), 1.0)


def test_each_guard_can_be_switched_off_alone() -> None:
    no_share = Timeline(BreakerPolicy(share=0))
    for outcome in ("success", "success", "success", "failure", "failure"):
        no_share.attempt(outcome)  # type: ignore[arg-type]
    assert no_share.blown

    no_lookback = Timeline(BreakerPolicy(lookback=False))
    no_lookback.attempt("failure", took=25)
    no_lookback.attempt("failure", took=25)
    assert not no_lookback.blown

    no_probe = Timeline(BreakerPolicy(probe=False))
    no_probe.blow()
    no_probe.wait(30)
    assert [no_probe.begin().probe for _ in range(3)] == [False] * 3


def test_other_numbers_are_honoured() -> None:
    it = Timeline(BreakerPolicy(melts=3, window=1, reset=5, ring=4, share=1.0))
    it.attempt("failure")
    it.attempt("failure")
    it.attempt("success")
    it.attempt("failure")
    assert not it.blown  # three of four are not all
    for _ in range(3):
        it.attempt("failure")
    assert it.blown
    it.wait(5)
    assert it.begin().probe


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("melts", 0),
        ("melts", 1.5),
        ("melts", True),
        ("melts", 21),
        ("window", 0),
        ("window", float("nan")),
        ("window", float("inf")),
        ("reset", -1),
        ("reset", 1.1e9),
        ("reset", 1_000_000_000.5),
        ("reset", "30"),
        ("share", 1.1),
        ("share", -0.1),
        ("share", float("nan")),
        ("share", True),
        ("share", "half"),
        ("ring", 0),
        ("ring", 1),
        ("ring", 20.0),
    ],
)
def test_a_policy_that_makes_no_sense_is_refused(field: str, value: object) -> None:
    with pytest.raises(ConfigurationError, match=r"BreakerPolicy\.(ring|" + field + ")"):
        BreakerPolicy(**{field: value})  # type: ignore[arg-type]


def test_a_breaker_may_stay_open_for_decades() -> None:
    it = Timeline(BreakerPolicy(reset=1e9))
    it.blow()
    assert it.health.open_until is not None
    assert it.health.open_until.year == 2001


def test_a_policy_of_as_many_melts_as_the_ring_holds_can_blow() -> None:
    it = Timeline(BreakerPolicy(melts=3, ring=3))
    for _ in range(3):
        it.attempt("failure")
    assert it.blown


# -- streams -----------------------------------------------------------------------------------------------------------


def streaming_gateway(*script: object) -> tuple[Gateway, FakeClock]:
    clock = FakeClock()
    provider = ScriptedProvider(*script)  # type: ignore[arg-type]
    return Gateway([Candidate(name="it", provider=provider)], clock=clock), clock


def blow(gateway: Gateway) -> None:
    gateway.melt("it")
    gateway.melt("it")
    assert gateway.ask("it") == "blown"


def test_a_streaming_probe_closes_at_its_first_content() -> None:
    """It would block recovery for minutes otherwise."""
    gateway, clock = streaming_gateway("one two three")
    heard: list[str] = []
    gateway = gateway.with_options(listeners=[lambda event: heard.append(event.name)])
    blow(gateway)
    clock.advance(30)
    stream = gateway.stream("Hi")
    told = [name for name in heard if ".breaker." in name]
    assert told == ["agentsea.gateway.breaker.blown", "agentsea.gateway.breaker.closed"]
    assert gateway.health()["it"].breaker == "closed"
    assert gateway.completion("Hi").content == "ok"
    assert [*stream.text] == ["one", " two", " three"]


def test_a_streaming_probe_that_breaks_before_content_reopens() -> None:
    gateway, clock = streaming_gateway([APIConnectionError("gone")])
    blow(gateway)
    clock.advance(30)
    with pytest.raises(Exception, match="all providers unavailable"):
        gateway.stream("Hi")
    assert gateway.health()["it"].breaker == "open"


def test_a_streaming_probes_permit_takes_the_new_generation() -> None:
    """So a break after content is a melt of the closed breaker: the first one, which is tolerated."""
    gateway, clock = streaming_gateway(["one ", 1.0, APIConnectionError("cut")], [APIConnectionError("gone")])
    blow(gateway)
    clock.advance(30)
    with pytest.raises(StreamInterruptedError):
        [*gateway.stream("Hi")]
    assert gateway.health()["it"].breaker == "closed"
    with pytest.raises(Exception, match="all providers unavailable"):
        gateway.stream("Hi")
    assert gateway.health()["it"].breaker == "open"


def test_a_break_after_content_is_a_melt_that_began_at_its_last_event() -> None:
    gateway, clock = streaming_gateway(
        ValueError("first"),
        ["one ", 29.0, "two ", 29.0, "three ", 1.0, APIConnectionError("cut")],
    )
    with pytest.raises(Exception, match="all providers unavailable"):
        gateway.completion("Hi")
    with pytest.raises(StreamInterruptedError):
        [*gateway.stream("Hi")]
    assert clock.monotonic() - 1000 == 59
    # From the stream's start, or by its whole length, the first failure would be inside the window.
    assert gateway.ask("it") == "ok"


def test_breaks_soon_after_content_add_up() -> None:
    gateway, _ = streaming_gateway(
        ["one ", 8.0, APIConnectionError("cut")],
        ["one ", 8.0, APIConnectionError("cut")],
    )
    for _ in range(2):
        with pytest.raises(StreamInterruptedError):
            [*gateway.stream("Hi")]
    assert gateway.ask("it") == "blown"


def test_a_streams_probe_whose_content_comes_after_its_lease_closes_nothing() -> None:
    it = Timeline()
    it.blow()
    it.wait(30)
    slow = it.begin(lease=5)
    it.wait(5.001)
    assert it.state.progress(slow, it.now, 5_001.0) is None
    assert it.breaker == "half_open"
    assert it.health.first_token_ms == 5_001


def test_first_content_of_a_stream_that_is_no_probe_changes_nothing() -> None:
    it = Timeline()
    stream = it.begin()
    it.blow()
    assert it.state.progress(stream, it.now, 10.0) is None
    assert it.breaker == "open"
    assert it.end(stream, "failure") is None
