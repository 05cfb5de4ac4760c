"""The route: what one call tried, what it skipped and why; stored as facts, rendered only when asked."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import frozen

if TYPE_CHECKING:
    from datetime import datetime

    from agentsea_gateway.errors import Outcome


SHOWN = 300  # characters of an error's message in an explanation


@frozen(slots=False)
class Attempt:
    """One try of one candidate.

    outcome      see `agentsea_gateway.errors`
    started_ms   from the call's beginning
    latency_ms   how long it ran
    error        the error's class name, with its `message` and `status_code`; None where it served
    patience     which time limit ended it, where one did ("share", "attempt", "connect", "first_token", "idle", …)
    retried      messages of the tries before the last one, where the same candidate was retried
    """

    candidate: str
    provider: str
    model: str | None
    outcome: Outcome
    started_ms: float
    latency_ms: float
    error: str | None = None
    message: str | None = None
    status_code: int | None = None
    patience: str | None = None
    retried: tuple[str, ...] = ()


@frozen
class Skipped:
    """A candidate that was not tried.

    reason    "excluded", "blown", "probing" (its breaker's one probe is out), "benched", "cannot stream",
              "only streams", "left out by the strategy" or (while waiting) "refused this request"
    ready_at  when it may be tried again, where known
    detail    why it is benched
    """

    candidate: str
    reason: str
    ready_at: datetime | None = None
    detail: str | None = None

    def __str__(self) -> str:
        detail = f" ({_one_line(self.detail)})" if self.detail else ""
        until = f" until {self.ready_at:%H:%M:%S} UTC" if self.ready_at is not None else ""
        return f"{self.candidate}: {self.reason}{until}{detail}"


class Explanation(str):
    """A route in words, one line per candidate. `str(route.explain())` is the text; notebooks show it as it is."""

    __slots__ = ()

    def __repr__(self) -> str:
        return str(self)


@frozen(slots=False, repr=False)
class Route:
    """All attempts of one call, plus the candidates that were skipped.

    strategy        the strategy's name
    order           the order it gave, by candidate name
    attempts        in the order they were made
    skipped         with reasons
    latency_ms      of the whole call so far (of a stream: until its first content, then until its end)
    served_by       who answered, or None
    strategy_error  what a strategy did wrong (configured order was used instead), or None
    waited_ms       of the call's time, spent waiting for a candidate to recover (see Config's `wait`)
    """

    strategy: str
    order: tuple[str, ...]
    attempts: tuple[Attempt, ...]
    skipped: tuple[Skipped, ...]
    latency_ms: float
    served_by: str | None = None
    strategy_error: str | None = None
    waited_ms: float = 0.0

    def explain(self) -> Explanation:
        """Every candidate: tried or skipped, why, and how long it took."""
        head = f"served by {self.served_by}" if self.served_by is not None else "not served"
        lines = [f"{head} in {self.latency_ms:.0f} ms, order by {self.strategy}: {', '.join(self.order) or 'nobody'}"]
        if self.strategy_error is not None:
            lines.append(f"  strategy failed, configured order used: {_one_line(self.strategy_error)}")
        if self.waited_ms:
            lines.append(f"  waited {self.waited_ms:.0f} ms for a candidate to recover")
        lines += [f"  {number}. {_described(attempt)}" for number, attempt in enumerate(self.attempts, 1)]
        lines += [f"  -  {skipped}" for skipped in self.skipped]
        seen = {attempt.candidate for attempt in self.attempts} | {skipped.candidate for skipped in self.skipped}
        lines += [f"  -  {name}: not needed" for name in self.order if name not in seen]
        return Explanation("\n".join(lines))

    def __repr__(self) -> str:
        tried = ", ".join(f"{attempt.candidate} {attempt.outcome}" for attempt in self.attempts)
        return f"Route(served_by={self.served_by!r}, attempts=[{tried}], skipped={len(self.skipped)})"


def _one_line(text: str) -> str:
    words = " ".join(text.split())
    return words if len(words) <= SHOWN else words[: SHOWN - 3] + "..."


def _described(attempt: Attempt) -> str:
    model = f" ({attempt.model})" if attempt.model else ""
    took = f"after {attempt.started_ms:.0f} ms, took {attempt.latency_ms:.0f} ms"
    if attempt.error is None:
        why = ""
    else:
        status = f" {attempt.status_code}" if attempt.status_code is not None else ""
        limit = f" [{attempt.patience} time]" if attempt.patience else ""
        why = f": {attempt.error}{status}{limit}: {_one_line(attempt.message or '')}"
    retried = f" ({len(attempt.retried)} retries before)" if attempt.retried else ""
    return f"{attempt.candidate}{model} {attempt.outcome}, {took}{retried}{why}"
