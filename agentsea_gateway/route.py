"""The route: what one call tried, what it skipped and why; stored as facts, rendered only when asked."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from attrs import field, frozen

from agentsea_gateway.brief import brief, listed

if TYPE_CHECKING:
    from datetime import datetime
    from decimal import Decimal

    from agentsea_gateway.cost import Cost
    from agentsea_gateway.errors import Outcome
    from agentsea_gateway.models.tariff import Tariff
    from agentsea_gateway.response import Usage


UsageSource = Literal["reported", "estimated"]

SHOWN = 300  # characters of an error's message in an explanation


@frozen(slots=False)
class Attempt:
    """One try of one candidate.

    outcome      see `agentsea_gateway.errors`; "streaming" while a stream is open
    started_ms   from the call's beginning
    latency_ms   how long it ran
    error        the error's class name, with its `message` and `status_code`; None where it served
    patience     which time limit ended it, where one did ("share", "attempt", "connect", "first_token", "idle", …)
    retried      messages of the tries before the last one, where the same candidate was retried
    first_token_ms  from the attempt's beginning until a stream's first content; None where none came, or no stream
    usage        tokens, as far as they are known (of a broken stream: estimated, see `usage_source`), or None
    charged      what the provider said that it cost, in US dollars; see `cost` for what is known besides
    served_model the model that the answer named, where it named one
    at           when it ended, in Unix time: prices change
    tariff       what the candidate says of its prices
    """

    candidate: str
    provider: str
    model: str | None
    outcome: Outcome | Literal["streaming"]
    started_ms: float
    latency_ms: float
    error: str | None = None
    message: str | None = None
    status_code: int | None = None
    patience: str | None = None
    retried: tuple[str, ...] = ()
    first_token_ms: float | None = None
    usage: Usage | None = None
    charged: Decimal | None = None
    served_model: str | None = None
    at: float = 0.0
    usage_source: UsageSource = "reported"
    tariff: Tariff | None = field(default=None, eq=False, repr=False)

    def __repr__(self) -> str:
        return brief(self, "candidate", "model", "outcome", "latency_ms", "error", "status_code", "message", "patience")

    @property
    def priced(self) -> Cost:
        """What it cost and where the figure is from; worked out when first asked."""
        found: Cost | None = self.__dict__.get("_priced")
        if found is None:
            from agentsea_gateway.cost import cost_of  # with the price table, only where somebody asks

            found = self.__dict__["_priced"] = cost_of(self)
        return found

    @property
    def cost(self) -> Decimal | None:
        """US dollars, or None where the tokens or their price are not known."""
        return self.priced.amount


@frozen
class Skipped:
    """A candidate that was not tried.

    reason    "excluded", "blown", "probing" (its breaker's one probe is out), "benched", "cannot stream",
              "only streams", "left out by the strategy", (while waiting) "refused this request", or in words what its
              model is known to be unable to
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

    def __repr__(self) -> str:
        return brief(self, "candidate", "reason", "ready_at", "detail")


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
    cached_at       when the answer was given, where it came out of the response cache; None: it was asked for now
    cache_error     why the response cache was of no use (the call went on without it), or None
    """

    strategy: str
    order: tuple[str, ...]
    attempts: tuple[Attempt, ...]
    skipped: tuple[Skipped, ...]
    latency_ms: float
    served_by: str | None = None
    strategy_error: str | None = None
    waited_ms: float = 0.0
    cached_at: datetime | None = None
    cache_error: str | None = None

    def explain(self) -> Explanation:
        """Every candidate: tried or skipped, why, and how long it took."""
        if self.cached_at is not None:
            given = f"the answer of {self.cached_at:%Y-%m-%d %H:%M:%S} UTC"
            return Explanation(f"served by {self.served_by} out of the cache in {self.latency_ms:.0f} ms: {given}")
        head = f"served by {self.served_by}" if self.served_by is not None else "not served"
        lines = [f"{head} in {self.latency_ms:.0f} ms, order by {self.strategy}: {', '.join(self.order) or 'nobody'}"]
        if self.strategy_error is not None:
            lines.append(f"  strategy failed, configured order used: {_one_line(self.strategy_error)}")
        if self.cache_error is not None:
            lines.append(f"  cache failed, asked without it: {_one_line(self.cache_error)}")
        if self.waited_ms:
            lines.append(f"  waited {self.waited_ms:.0f} ms for a candidate to recover")
        lines += [f"  {number}. {_described(attempt)}" for number, attempt in enumerate(self.attempts, 1)]
        lines += [f"  -  {skipped}" for skipped in self.skipped]
        seen = {attempt.candidate for attempt in self.attempts} | {skipped.candidate for skipped in self.skipped}
        lines += [f"  -  {name}: not needed" for name in self.order if name not in seen]
        return Explanation("\n".join(lines))

    def __repr__(self) -> str:
        tried = listed([f"{attempt.candidate} {attempt.outcome}" for attempt in self.attempts])
        return f"Route(served_by={self.served_by!r}, attempts=[{tried}], skipped={len(self.skipped)})"

    def _repr_html_(self) -> str:
        from agentsea_gateway.show import of_route  # only a notebook asks

        return of_route.html(self)

    def _repr_markdown_(self) -> str:
        from agentsea_gateway.show import of_route

        return of_route.markdown(self)


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
    return f"{attempt.candidate}{model} {attempt.outcome}, {took}{retried}{_spent(attempt)}{why}"


def _spent(attempt: Attempt) -> str:
    """Tokens and cost, where something is known of them."""
    usage = attempt.usage
    if attempt.charged is None and (usage is None or usage.total_tokens is None):
        return ""
    tokens = "" if usage is None else f", {usage.input_tokens} + {usage.output_tokens} tokens"
    cost = attempt.priced
    return f"{tokens}, cost unknown" if cost.amount is None else f"{tokens}, ${cost.amount:f} {cost.source}"
