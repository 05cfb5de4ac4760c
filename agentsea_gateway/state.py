"""The shared state of a gateway: the one lock, and the verbs that are its whole protocol.

    plan      who may be tried now, who not and why; advances the round-robin counter by one (G01)
    admit     the right to make one attempt (a Permit), or a Refusal
    settle    how the attempt ended; `progress` is its first half for a stream, at the first content
    melt      an operator's melt;   reset   an operator's reset
    snapshot  health and breaker of every candidate

Under the lock only arithmetic and dict updates: `now` is passed in. What an interrupt could split is written in one
store: an attempt is under way exactly as long as its ticket is in its cell's `live`.
"""

from __future__ import annotations

import os
import threading
import weakref
from collections import deque
from math import inf
from typing import TYPE_CHECKING, Any, NamedTuple

from agentsea_gateway.breaker import TICK
from agentsea_gateway.cell import Cell
from agentsea_gateway.permit import Permit, Refusal, Ticket

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from datetime import datetime

    from agentsea_gateway.breaker import BreakerPolicy
    from agentsea_gateway.candidate import Candidate
    from agentsea_gateway.errors import Outcome
    from agentsea_gateway.health import ProviderHealth

NOBODY: Mapping[str, str] = {}


class Left(NamedTuple):
    """A candidate that a plan leaves out: why, and when it may be tried again (monotonic; inf: not by waiting)."""

    name: str
    reason: str
    ready_at: float
    detail: str | None


class Plan:
    """Who may be tried, in configured order, and who not. Shared by all calls until somebody's standing changes."""

    __slots__ = ("left", "names", "ready", "ready_at")

    def __init__(self, ready: tuple[Candidate, ...], left: tuple[Left, ...]) -> None:
        self.ready = ready
        self.names = tuple(candidate.name for candidate in ready)
        self.left = left
        self.ready_at = min((out.ready_at for out in left), default=inf)


class Change(NamedTuple):
    """What a settled attempt changed for everybody: "blown", "closed", "benched" or "resting" (pushed back, or
    told to retry later), until when and why."""

    kind: str
    name: str
    until: float = inf
    reason: str = ""


class LocalState:
    """The state of one gateway in one process.

    Guarded by `_lock`: the counter, the current plan and every cell; what a cell replaces as a whole may be read
    without it. `_dropped` is appended to by weak references'
    callbacks at any moment, from any thread, and drained under the lock.
    """

    def __init__(self, candidates: Iterable[Candidate], policy: BreakerPolicy) -> None:
        self._lock = threading.Lock()
        self.cells = {candidate.name: Cell(candidate, policy) for candidate in candidates}
        self._counter = 0
        self._plan = Plan((), ())
        self._plan_until = -inf  # the plan holds until then; -inf: somebody's standing changed
        self._dropped: deque[Ticket] = deque()
        self._on_drop: Callable[[Any], None] = self._dropped.append
        self._changed: threading.Event | None = None
        self.notes: deque[Any] = deque()  # what dropped permits leave to be told to listeners
        _states.add(weakref.ref(self, _states.discard))

    # -- the verbs ---------------------------------------------------------------------------------------------------

    def plan(self, now: float, exclude: Mapping[str, str] = NOBODY) -> tuple[Plan, int]:
        """The plan at `now` without those in `exclude` (name to reason), and this call's own counter."""
        with self._lock:
            if self._dropped:
                self._drain_locked()
            counter = self._counter
            self._counter = counter + 1
            if exclude:
                return self._sort_out_locked(now, exclude), counter
            if now >= self._plan_until:
                self._plan = self._sort_out_locked(now, NOBODY)
                self._plan_until = self._plan.ready_at - TICK
            return self._plan, counter

    def admit(self, name: str, now: float, lease_until: float) -> Permit | Refusal:
        """The right to try `name` once, its result counting for the breaker's probe until `lease_until`."""
        cell = self.cells[name]
        breaker = cell.breaker
        permit = None
        try:
            with self._lock:
                if self._dropped:
                    self._drain_locked()
                guarded = breaker.phase[1] is not None
                if (guarded or cell.bench.until > now) and cell.usable_at(now) > now:
                    reason, ready_at, _ = cell.standing(now)
                    return Refusal(reason, ready_at)
                permit = Permit(cell, now, lease_until)
                ticket = permit.ticket = Ticket(permit, self._on_drop)
                ticket.cell = cell
                ticket.note = None
                cell.live.add(ticket)  # from here on the permit's end, however it comes, is noticed
                if guarded:
                    permit.probe = breaker.admit(now, ticket, lease_until)
                    self._plan_until = -inf
                permit.generation = breaker.phase[0]
                return permit
        except BaseException:  # who keeps an interrupt keeps this frame, which must not keep the permit
            permit = None
            raise

    def settle(
        self,
        permit: Permit,
        outcome: Outcome,
        ended: float,
        *,
        latency_ms: float | None = None,
        retry_after: float | None = None,
        started: float | None = None,
        reason: str = "",
    ) -> Change | None:
        """The attempt ended. `latency_ms` counts for a plain success; `started` is where a melt looks back from, if
        not from the attempt's start (a stream that breaks: its last event). Only the first call for a permit counts."""
        cell = permit.cell
        with self._lock:
            if self._dropped:
                self._drain_locked()
            if permit.ticket not in cell.live:
                self._release_locked(cell, permit.ticket)  # an interrupt may have cut the first settling short
                return None
            cell.live.discard(permit.ticket)
            if outcome == "success":
                cell.count(latency_ms, error=False)
                cell.earn_retries()
                cell.bench.streak = 0
                change = self._succeeded_locked(permit, ended)
            else:
                cell.count(None, error=outcome != "neutral")
                since = permit.started if started is None else started
                change = self._ended_locked(permit, outcome, (since, ended), retry_after, reason)
            permit.ticket = None
            changed = self._take_changed_locked() if change is not None or permit.probe else None
        if changed is not None:
            changed.set()
        return change

    def progress(self, permit: Permit, now: float, first_token_ms: float) -> Change | None:
        """A stream brought its first content: its probe closes the breaker now, not in minutes, and the permit goes on
        under the new generation."""
        with self._lock:
            if permit.ticket not in permit.cell.live:
                return None
            permit.cell.count_first_token(first_token_ms)
            change = self._succeeded_locked(permit, now) if permit.probe else None
            if change is not None:
                permit.probe = False
                permit.generation = permit.cell.breaker.phase[0]
            changed = self._take_changed_locked() if change is not None else None
        if changed is not None:
            changed.set()
        return change

    def melt(self, name: str, now: float) -> Change | None:
        """An operator's melt: counts like a failure that ended now, whatever the share of failures."""
        with self._lock:
            breaker = self.cells[name].breaker
            if not breaker.melt_by_operator(now):
                return None
            self._plan_until = -inf
            return Change("blown", name, now + breaker.policy.reset)

    def reset(self, name: str) -> None:
        """Clear the breaker and the bench of `name`, not its health."""
        with self._lock:
            cell = self.cells[name]
            self._plan_until = -inf
            cell.breaker.reset()
            cell.bench.reset()
            changed = self._take_changed_locked()
        if changed is not None:
            changed.set()

    def snapshot(self, now: float, wall: Callable[[float], datetime]) -> dict[str, ProviderHealth]:
        """Everybody's health at one moment."""
        with self._lock:
            if self._dropped:
                self._drain_locked()
            return {name: cell.health(now, wall) for name, cell in self.cells.items()}

    # -- smaller questions -------------------------------------------------------------------------------------------

    def __contains__(self, name: object) -> bool:
        return name in self.cells

    def blown(self, name: str, now: float) -> bool:
        """Whether the breaker alone keeps `name` out."""
        with self._lock:
            if self._dropped:
                self._drain_locked()
            return self.cells[name].breaker.usable_at(now) > now

    def is_ready(self, name: str, now: float) -> bool:
        """Whether `name` may probably be tried: read without the lock, so `admit` has the last word."""
        cell = self.cells[name]
        healthy = cell.breaker.phase[1] is None and cell.bench.until <= now  # nearly always, and in one step
        return healthy or cell.usable_at(now) <= now

    def has_dropped(self) -> bool:
        """Whether somebody gave a permit up without a word; the next verb takes it back."""
        return bool(self._dropped)

    def spend_retry(self, name: str) -> bool:
        """Take one retry from the budget of `name`; False where it is used up."""
        with self._lock:
            return self.cells[name].spend_retry()

    def changed(self) -> threading.Event:
        """An event that is set when somebody becomes usable earlier than announced."""
        with self._lock:
            if self._changed is None:
                self._changed = threading.Event()
            return self._changed

    # -- under the lock ----------------------------------------------------------------------------------------------

    def _sort_out_locked(self, now: float, exclude: Mapping[str, str]) -> Plan:
        ready, left = [], []
        for name, cell in self.cells.items():
            if name in exclude:
                left.append(Left(name, exclude[name], inf, None))
            elif cell.usable_at(now) <= now:
                ready.append(cell.candidate)
            else:
                left.append(Left(name, *cell.standing(now)))
        return Plan(tuple(ready), tuple(left))

    def _succeeded_locked(self, permit: Permit, ended: float) -> Change | None:
        if not permit.cell.breaker.succeed(ended, permit.generation, permit.ticket):
            return None
        self._plan_until = -inf
        return Change("closed", permit.cell.name)

    def _ended_locked(
        self, permit: Permit, outcome: Outcome, span: tuple[float, float], retry_after: float | None, reason: str
    ) -> Change | None:
        started, ended = span
        cell = permit.cell
        breaker, bench = cell.breaker, cell.bench
        benched = blown = False
        if outcome == "failure":
            blown = breaker.melt(started, ended, permit.generation, permit.ticket, in_flight=len(cell.live))
            benched = bench.rest(ended, retry_after, reason)
        elif outcome == "throttled":
            benched = bench.throttle(permit.started, ended, retry_after, reason)
        elif outcome == "benched":
            benched = bench.refuse(ended, reason)
        if outcome in ("throttled", "benched", "own_fault"):
            breaker.note(ended, permit.generation)
        breaker.release(permit.ticket)
        if permit.probe or benched or blown:
            self._plan_until = -inf
        if blown:
            return Change("blown", cell.name, ended + breaker.policy.reset)
        kind = "benched" if outcome == "benched" else "resting"
        return Change(kind, cell.name, bench.until, reason) if benched else None

    def _drain_locked(self) -> None:
        """Take back the permits that were given up without a word."""
        while self._dropped:
            ticket = self._dropped[0]  # taken away last: an interrupt must not lose it
            cell = ticket.cell
            if ticket in cell.live:
                cell.live.discard(ticket)
                cell.count(None, error=False)
                if ticket.note is not None:
                    self.notes.append(ticket.note)
            self._release_locked(cell, ticket)
            self._dropped.popleft()

    def _release_locked(self, cell: Cell, ticket: Ticket | None) -> None:
        """Whoever holds it no longer probes."""
        if ticket is not None:
            self._plan_until = -inf
            cell.breaker.release(ticket)

    def _take_changed_locked(self) -> threading.Event | None:
        changed, self._changed = self._changed, None
        return changed

    # -- fork --------------------------------------------------------------------------------------------------------

    def forget_parent(self) -> None:
        """In a forked child: a fresh lock, and none of the parent's attempts under way (its threads are not here)."""
        self._lock = threading.Lock()
        self._dropped.clear()
        self.notes.clear()
        self._changed = None
        self._plan_until = -inf
        for cell in self.cells.values():
            cell.live.clear()
            cell.breaker.probe = None


# Not a WeakSet: its callbacks are Python code, in which an interrupt would be lost.
_states: set[weakref.ref[LocalState]] = set()


def _after_fork_in_child() -> None:
    for known in [*_states]:
        state = known()
        if state is not None:
            state.forget_parent()


os.register_at_fork(after_in_child=_after_fork_in_child)
