"""A route as a table with a bar for each attempt: who, how it ended, when, and why."""

from __future__ import annotations

from typing import TYPE_CHECKING

from agentsea_gateway.show.bars import axis, bar
from agentsea_gateway.show.markup import (
    bold,
    faint,
    frame,
    line,
    message,
    ms,
    one_line,
    rows_of,
    table,
    tagged,
    text,
    words,
)

if TYPE_CHECKING:
    from agentsea_gateway.route import Attempt, Route, Skipped

WIDTHS = ("20%", "10%", "30%", "40%")


def html(route: Route) -> str:
    """The whole picture."""
    return frame(line(bold(headline(route)), *[faint(note) for note in notes(route)]), picture(route))


def picture(route: Route) -> str:
    """The table alone."""
    if route.cached_at is not None:
        return ""
    rows = [_tried(attempt, route.latency_ms) for attempt in route.attempts]
    rows += [(text(out.candidate), tagged("skipped"), "", message(why_not(out))) for out in route.skipped]
    rows += [(text(name), tagged("not needed"), "", "") for name in unneeded(route)]
    return table(("candidate", "outcome", axis(route.latency_ms), "why"), rows, widths=WIDTHS)


def markdown(route: Route) -> str:
    """The same in words."""
    head = " · ".join([f"**{words(headline(route))}**", *[words(note) for note in notes(route)]])
    if route.cached_at is not None:
        return f"{head}\n"
    rows: list[tuple[str, ...]] = [
        (tried.candidate, tried.outcome.replace("_", " "), ms(tried.started_ms), ms(tried.latency_ms), said(tried))
        for tried in route.attempts
    ]
    rows += [(out.candidate, "skipped", "", "", why_not(out)) for out in route.skipped]
    rows += [(name, "not needed", "", "", "") for name in unneeded(route)]
    return f"{head}\n\n{rows_of(('candidate', 'outcome', 'after', 'took', 'why'), rows)}\n"


def headline(route: Route) -> str:
    """Who served, and how long it took."""
    who = "not served" if route.served_by is None else f"served by {route.served_by}"
    return f"{who}{' out of the cache' if route.cached_at is not None else ''} in {ms(route.latency_ms)}"


def notes(route: Route) -> list[str]:
    """What else is to be said of the whole."""
    if route.cached_at is not None:
        return [f"the answer of {route.cached_at:%Y-%m-%d %H:%M:%S} UTC"]
    found = [f"order by {route.strategy}"]
    if route.waited_ms:
        found.append(f"waited {ms(route.waited_ms)}")
    if route.strategy_error is not None:
        found.append(f"strategy failed, configured order used: {one_line(route.strategy_error)}")
    if route.cache_error is not None:
        found.append(f"cache failed, asked without it: {one_line(route.cache_error)}")
    return found


def why(attempt: Attempt) -> str:
    """What went wrong in an attempt, or ""."""
    if attempt.error is None:
        return ""
    status = f" {attempt.status_code}" if attempt.status_code is not None else ""
    limit = f" [{attempt.patience} time]" if attempt.patience else ""
    return f"{attempt.error}{status}{limit}: {one_line(attempt.message or '')}"


def said(attempt: Attempt) -> str:
    """What is known of an attempt beside its outcome: what went wrong or how long it took, tokens, cost."""
    first = attempt.first_token_ms
    facts = [why(attempt) or f"took {ms(attempt.latency_ms)}"]
    if first is not None and attempt.error is None:
        facts.append(f"first content after {ms(first)}")
    usage = attempt.usage
    if usage is not None and usage.total_tokens is not None:
        facts.append(f"{usage.input_tokens:,} + {usage.output_tokens:,} tokens")
    if attempt.cost is not None:
        facts.append(f"${attempt.cost:f}")
    return ", ".join(facts)


def why_not(out: Skipped) -> str:
    """Why a candidate was skipped, and until when."""
    until = f" until {out.ready_at:%H:%M:%S} UTC" if out.ready_at is not None else ""
    detail = f": {one_line(out.detail)}" if out.detail else ""
    return f"{out.reason}{until}{detail}"


def unneeded(route: Route) -> list[str]:
    """Those behind the one that served."""
    seen = {tried.candidate for tried in route.attempts} | {out.candidate for out in route.skipped}
    return [name for name in route.order if name not in seen]


def _tried(attempt: Attempt, whole_ms: float) -> tuple[str, str, str, str]:
    model = f"<br>{faint(attempt.model)}" if attempt.model and attempt.model not in attempt.candidate else ""
    retried = f"{len(attempt.retried)} retries before; " if attempt.retried else ""
    return (
        text(attempt.candidate) + model,
        tagged(attempt.outcome),
        bar(attempt, whole_ms),
        message(f"{retried}{said(attempt)}"),
    )
