"""States with one thing wrong each. The breaker's state machine must fail on every one, or it proves nothing."""

from __future__ import annotations

from math import inf
from typing import TYPE_CHECKING, Any

import attrs

from agentsea_gateway.breaker import Breaker, BreakerPolicy
from agentsea_gateway.state import LocalState

if TYPE_CHECKING:
    from collections.abc import Iterable

    from agentsea_gateway.candidate import Candidate
    from agentsea_gateway.errors import Outcome
    from agentsea_gateway.permit import Permit
    from agentsea_gateway.state import Change

TICK = 0.001  # the machine's


class _Off(LocalState):
    """Boundaries that are off by some seconds."""

    window = reset_time = 0.0

    def __init__(self, candidates: Iterable[Candidate], policy: BreakerPolicy) -> None:
        super().__init__(
            candidates,
            attrs.evolve(policy, window=policy.window + self.window, reset=policy.reset + self.reset_time),
        )


class WindowTickShort(_Off):
    """Exactly 10 s is outside."""

    window = -TICK


class WindowTickLong(_Off):
    window = TICK


class ResetTickLate(_Off):
    """30 s after it blew, exactly, it is not usable yet."""

    reset_time = TICK


class ResetTickEarly(_Off):
    reset_time = -TICK


class _OtherBreaker(LocalState):
    breaker: type[Breaker]

    def __init__(self, candidates: Iterable[Candidate], policy: BreakerPolicy) -> None:
        super().__init__(candidates, policy)
        for cell in self.cells.values():
            cell.breaker = self.breaker(policy)


class _Herding(Breaker):
    __slots__ = ()

    def usable_at(self, now: float) -> float:
        until = self.phase[1]
        return until if until is not None and self.is_open(now) else -inf


class Herd(_OtherBreaker):
    """After the reset time everybody is let through."""

    breaker = _Herding


class _Leaseless(Breaker):
    __slots__ = ()

    def admit(self, now: float, token: Any, lease_until: float) -> bool:
        return super().admit(now, token, inf)


class NoLease(_OtherBreaker):
    """A probe that never comes back blocks recovery for ever."""

    breaker = _Leaseless


class _Ageless(Breaker):
    __slots__ = ()

    def succeed(self, ended: float, generation: int, token: Any) -> bool:
        return super().succeed(ended, self.phase[0], token)

    def melt(self, started: float, ended: float, generation: int, token: Any, *, in_flight: int) -> bool:
        return super().melt(started, ended, self.phase[0], token, in_flight=in_flight)

    def note(self, ended: float, generation: int) -> None:
        super().note(ended, self.phase[0])


class NoGeneration(_OtherBreaker):
    """Late results of an older generation count."""

    breaker = _Ageless


class NeutralIsFailure(LocalState):
    """Whoever leaves early blames the candidate."""

    def settle(self, permit: Permit, outcome: Outcome, ended: float, **facts: Any) -> Change | None:
        return super().settle(permit, "failure" if outcome == "neutral" else outcome, ended, **facts)


class LeakedPermit(LocalState):
    """A permit that is given up without a word stays out."""

    def __init__(self, candidates: Iterable[Candidate], policy: BreakerPolicy) -> None:
        super().__init__(candidates, policy)
        self._on_drop = _ignore


def _ignore(_ticket: object) -> None:
    return None


MUTANTS: tuple[type[LocalState], ...] = (
    WindowTickShort,
    WindowTickLong,
    ResetTickLate,
    ResetTickEarly,
    Herd,
    NoLease,
    NoGeneration,
    NeutralIsFailure,
    LeakedPermit,
)
