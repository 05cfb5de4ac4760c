"""A cell: everything the state knows of one candidate."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from agentsea_gateway.bench import Bench
from agentsea_gateway.breaker import TICK, Breaker, BreakerPolicy
from agentsea_gateway.health import ProviderHealth, Record, ema

if TYPE_CHECKING:
    from collections.abc import Callable

    from agentsea_gateway.candidate import Candidate
    from agentsea_gateway.health import BreakerState
    from agentsea_gateway.permit import Ticket

RETRY_TOKENS = 10.0  # a full retry budget; a retry costs one,
RETRY_REFUND = 0.1  # and a success gives a tenth back

_record = tuple.__new__  # what Record(...) does, without its Python frame


class Cell:
    """One candidate's facts. Guarded by the state's lock; `record`, `phase` and `until` are replaced as wholes, so that
    a strategy may read them without it."""

    __slots__ = ("bench", "breaker", "candidate", "live", "name", "record", "retry_tokens")

    def __init__(self, candidate: Candidate, policy: BreakerPolicy) -> None:
        self.candidate = candidate
        self.name = candidate.name
        self.live: set[Ticket] = set()
        self.record = Record()
        self.breaker = Breaker(policy)
        self.bench = Bench()
        self.retry_tokens = RETRY_TOKENS

    def usable_at(self, now: float) -> float:
        """The monotonic moment from which it may be tried: -inf where it may at `now`."""
        return max(self.bench.usable_at(now), self.breaker.usable_at(now))

    def standing(self, now: float) -> tuple[str, float, str | None]:
        """Why it may not be tried now, until when, and the detail: of bench and breaker, whichever lasts longer."""
        benched, blown = self.bench.usable_at(now), self.breaker.usable_at(now)
        if benched > now and benched >= blown:
            return "benched", benched, self.bench.reason
        return "blown" if self.breaker.is_open(now) else "probing", blown, None

    def count(self, latency_ms: float | None, *, error: bool) -> None:
        """One more attempt ended; a latency only where it served a plain call."""
        old, first, calls, errors = self.record
        latency = old if latency_ms is None else ema(old, latency_ms)
        self.record = _record(Record, (latency, first, calls + 1, errors + error))

    def count_first_token(self, first_token_ms: float) -> None:
        """A stream brought its first content."""
        latency, old, calls, errors = self.record
        self.record = _record(Record, (latency, ema(old, first_token_ms), calls, errors))

    def earn_retries(self) -> None:
        """A success refills the retry budget a little."""
        if self.retry_tokens < RETRY_TOKENS:
            self.retry_tokens = min(RETRY_TOKENS, self.retry_tokens + RETRY_REFUND)

    def spend_retry(self) -> bool:
        """Take one retry from the budget; False where it is used up."""
        if self.retry_tokens < 1 - TICK:  # ten tenths are a little less than one
            return False
        self.retry_tokens = max(0.0, self.retry_tokens - 1)
        return True

    def health(self, now: float, wall: Callable[[float], datetime]) -> ProviderHealth:
        """This moment's health; `wall` turns a monotonic moment into an aware datetime."""
        latency, first, calls, errors = self.record
        until = self.breaker.phase[1]
        benched = self.bench.usable_at(now) > now
        state: BreakerState = "closed" if until is None else "open" if self.breaker.is_open(now) else "half_open"
        return ProviderHealth(
            latency_ms=latency,
            first_token_ms=first,
            calls=calls,
            errors=errors,
            breaker=state,
            open_until=None if until is None else wall(until),
            benched_until=wall(self.bench.until) if benched else None,
            bench_reason=self.bench.reason if benched else None,
            in_flight=len(self.live),
        )


def wall_clock(monotonic: float, time: float) -> Callable[[float], datetime]:
    """A function from monotonic moments to aware datetimes, given both clocks' readings now."""
    return lambda moment: datetime.fromtimestamp(time + moment - monotonic, UTC)
