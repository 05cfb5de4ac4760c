"""The state machine that drives a state and the history side by side and compares whatever can be seen."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from agentsea_gateway import Candidate
from agentsea_gateway.breaker import BreakerPolicy
from agentsea_gateway.cell import wall_clock
from agentsea_gateway.permit import Permit, Refusal
from agentsea_gateway.state import LocalState
from support.breaker_history import RESET, BreakerHistory

if TYPE_CHECKING:
    from collections.abc import Callable

    from agentsea_gateway.state import Change

EDGES = (9_999, 10_000, 10_001, 29_999, 30_000)  # milliseconds
TICKS = st.one_of(
    st.sampled_from(EDGES), st.sampled_from(EDGES), st.sampled_from((1, 100, 1_000, 5_000)), st.integers(0, 70_000)
)
LEASES = st.sampled_from((1_000, 10_000, 10_001, 40_000, 61_000))
OUTCOMES = st.sampled_from(("success", "failure", "failure", "failure", "throttled", "own_fault", "neutral"))
TOLD = {"blown": "blew", "closed": "closed"}


class Nobody:
    """A provider that is never asked."""

    def complete(self, messages: object) -> None:
        raise AssertionError("rules ask nobody")


def one_candidate() -> list[Candidate]:
    return [Candidate(name="it", provider=Nobody())]


class BreakerMachine(RuleBasedStateMachine):
    """`state_of` builds the state under test."""

    state_of: Callable[..., LocalState] = LocalState

    def __init__(self) -> None:
        super().__init__()
        self.ms = 0
        self.state = type(self).state_of(one_candidate(), BreakerPolicy())
        self.history = BreakerHistory()
        self.live: dict[int, Permit] = {}
        self.look_from: dict[int, int] = {}
        self.number = 0

    @property
    def now(self) -> float:
        return 1_000 + self.ms / 1_000

    # -- rules -------------------------------------------------------------------------------------------------------

    @rule(ms=TICKS)
    def tick(self, ms: int) -> None:
        self.ms += ms

    @rule(lease=LEASES)
    def admit(self, lease: int) -> None:
        self._admit(lease)

    @precondition(lambda self: self.live)
    @rule(data=st.data(), outcome=OUTCOMES)
    def settle(self, data: st.DataObject, outcome: str) -> None:
        self._settle(self._one_of(data), outcome)

    @rule(ms=st.one_of(st.just(0), TICKS), outcome=OUTCOMES)
    def whole_attempt(self, ms: int, outcome: str) -> None:
        self.ms += ms
        who = self._admit(5_000)
        if who is not None:
            self._settle(who, outcome)

    @rule(count=st.integers(1, 24), outcome=st.sampled_from(("success", "failure")))
    def many_at_once(self, count: int, outcome: str) -> None:
        for who in [self._admit(5_000) for _ in range(count)]:
            if who is not None:
                self._settle(who, outcome)

    @precondition(lambda self: self.live)
    @rule(data=st.data())
    def first_content(self, data: st.DataObject) -> None:
        who = self._one_of(data)
        self.look_from[who] = self.ms  # a break from here on looks back from the last event
        told = self.state.progress(self.live[who], self.now, 1.0)
        assert _told(told) == self.history.content(who, self.ms)

    @precondition(lambda self: self.live)
    @rule(data=st.data())
    def give_up_without_a_word(self, data: st.DataObject) -> None:
        who = self._one_of(data)
        del self.live[who]
        self.history.dropped(who, self.ms)

    @precondition(lambda self: self.history.blew_at() is not None)
    @rule(late=st.sampled_from((-1, 0, 1)), lease=LEASES)
    def try_about_when_it_is_usable(self, late: int, lease: int) -> None:
        blew = self.history.blew_at()
        assert blew is not None
        self.ms = max(self.ms, blew + RESET + late)
        self._admit(lease)

    @precondition(lambda self: self.history.live_probe(self.ms) is not None)
    @rule(late=st.sampled_from((-1, 0, 1)), outcome=OUTCOMES, another=st.booleans())
    def settle_the_probe_about_when_its_lease_ends(self, late: int, outcome: str, another: bool) -> None:
        probe = self.history.live_probe(self.ms)
        assert probe is not None
        self.ms = max(self.ms, probe.lease + late)
        if another:
            self._admit(5_000)
        self._settle(probe.who, outcome)

    @rule()
    def operator_melts(self) -> None:
        assert _told(self.state.melt("it", self.now)) == self.history.operator(self.ms)

    @rule()
    def operator_resets(self) -> None:
        self.state.reset("it")
        self.history.reset(self.ms)

    # -- what must be the same ---------------------------------------------------------------------------------------

    @invariant()
    def both_say_the_same(self) -> None:
        usable = self.history.is_usable(self.ms)
        assert self.state.blown("it", self.now) is not usable
        assert self.state.is_ready("it", self.now) is usable  # asked second: it takes no dropped permit back
        plan, _ = self.state.plan(self.now)
        assert [candidate.name for candidate in plan.ready] == (["it"] if usable else [])
        health = self.state.snapshot(self.now, wall_clock(0, 0))["it"]
        assert health.breaker == self.history.state(self.ms)
        assert (health.in_flight, health.calls, health.errors) == (
            self.history.in_flight(),
            self.history.calls(),
            self.history.errors(),
        )

    # -- smaller steps -----------------------------------------------------------------------------------------------

    def _one_of(self, data: st.DataObject) -> int:
        return data.draw(st.sampled_from(sorted(self.live)))

    def _admit(self, lease: int) -> int | None:
        answer = self.state.admit("it", self.now, self.now + lease / 1_000)
        assert isinstance(answer, Permit) is self.history.is_usable(self.ms)
        if isinstance(answer, Refusal):
            return None
        self.number += 1
        self.live[self.number] = answer
        self.look_from[self.number] = self.ms
        assert answer.probe is self.history.admitted(self.number, self.ms, self.ms + lease)
        return self.number

    def _settle(self, who: int, outcome: str) -> None:
        started = self.look_from[who]
        told = self.state.settle(
            self.live.pop(who),
            outcome,  # type: ignore[arg-type]
            self.now,
            retry_after=0.0 if outcome == "throttled" else None,  # no bench: this is about the breaker
            started=1_000 + started / 1_000,
        )
        assert _told(told) == self.history.ended(who, self.ms, outcome, started)


def _told(change: Change | None) -> str | None:
    return None if change is None else TOLD[change.kind]


def machine_of(state_of: Callable[..., LocalState]) -> type[BreakerMachine]:
    """The machine for another state, such as a mutant."""
    return type(f"{BreakerMachine.__name__}Of{state_of.__name__}", (BreakerMachine,), {"state_of": state_of})
