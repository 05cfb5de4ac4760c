"""Health: what a candidate's past attempts say about it (G06)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple

from attrs import frozen

from agentsea_gateway.brief import brief

if TYPE_CHECKING:
    from datetime import datetime

BreakerState = Literal["closed", "open", "half_open"]

OLD, NEW = 0.7, 0.3  # weights of the latency EMA


class Record(NamedTuple):
    """A candidate's counters, replaced as a whole: a reader without the lock sees one moment."""

    latency_ms: float | None = None
    first_token_ms: float | None = None
    calls: int = 0
    errors: int = 0


@frozen
class ProviderHealth:
    """A candidate's health at one moment.

    latency_ms      EMA over successful plain calls (0.7 old + 0.3 new, first sample raw); None before the first
    first_token_ms  the same over the first content of streams
    calls, errors   attempts that ended; those of them that did not serve (neutral ones are no errors)
    breaker         "closed", "open", "half_open" (usable for one probe)
    open_until      when a blown breaker may be probed, aware UTC datetime
    benched_until   until when it is benched, with `bench_reason`
    in_flight       attempts under way
    """

    latency_ms: float | None = None
    first_token_ms: float | None = None
    calls: int = 0
    errors: int = 0
    breaker: BreakerState = "closed"
    open_until: datetime | None = None
    benched_until: datetime | None = None
    bench_reason: str | None = None
    in_flight: int = 0

    def __repr__(self) -> str:
        numbers = ("latency_ms", "first_token_ms", "calls", "errors", "in_flight")
        return brief(self, *numbers, "breaker", "open_until", "benched_until", "bench_reason")


class Health(dict[str, ProviderHealth]):
    """Candidate name to ProviderHealth, as `gw.health()` gives it: a dict that notebooks show as a table."""

    __slots__ = ()

    def _repr_html_(self) -> str:
        from agentsea_gateway.show import of_health  # only a notebook asks

        return of_health.html(self)

    def _repr_markdown_(self) -> str:
        from agentsea_gateway.show import of_health

        return of_health.markdown(self)


def ema(old: float | None, sample: float) -> float:
    """The exponential moving average after one more sample; the first one counts raw."""
    return sample if old is None else OLD * old + NEW * sample
