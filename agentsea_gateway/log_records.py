"""What the package writes to the standard `logging`, under the name `agentsea_gateway`; loaded when there is something.

    WARNING  a candidate is benched for what somebody must look into (a wrong key, no credit, an unknown model), once
             for each kind; a strategy or listener raised, and the call was served without it
    INFO     a breaker blew, a candidate serves again
    DEBUG    a candidate rests (it was throttled, or asked for time), an attempt failed, a route ended

Every record has `agentsea_event`, the name of the event in `agentsea_gateway.telemetry` that it tells of, and what it
says in words once more in fields that begin with `agentsea_`. No record holds a prompt, an answer or a key.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from agentsea_gateway.telemetry import DEBUG, logger

if TYPE_CHECKING:
    from agentsea_gateway.route import Attempt
    from agentsea_gateway.telemetry import BreakerBlown, BreakerClosed, CandidateBenched, RouteStop

WARNING = 30  # logging's own level


def log_blown(event: BreakerBlown) -> None:
    """A breaker blew."""
    extra = _fields(event.name, candidate=event.candidate, until=event.open_until.isoformat())
    logger().info("%s is blown until %s", event.candidate, event.open_until, extra=extra)


def log_closed(event: BreakerClosed) -> None:
    """A candidate serves again."""
    logger().info("%s serves again", event.candidate, extra=_fields(event.name, candidate=event.candidate))


def log_benched(event: CandidateBenched, *, warn: bool) -> None:
    """A candidate is kept out; a warning where it is news, and somebody must look into it."""
    until = event.benched_until
    extra = _fields(event.name, candidate=event.candidate, until=until.isoformat(), reason=event.reason)
    level = WARNING if warn else DEBUG
    logger().log(level, "%s is benched until %s: %s", event.candidate, until, event.reason, extra=extra)


def log_attempt(attempt: Attempt) -> None:
    """An attempt failed."""
    extra = _fields(
        "agentsea.gateway.attempt.stop",
        candidate=attempt.candidate,
        provider=attempt.provider,
        model=attempt.model,
        outcome=attempt.outcome,
        latency_ms=attempt.latency_ms,
        error=attempt.error,
        status_code=attempt.status_code,
        patience=attempt.patience,
    )
    facts = attempt.candidate, attempt.outcome, attempt.latency_ms, attempt.error, attempt.message
    logger().debug("%s: %s after %.0f ms: %s: %s", *facts, extra=extra)


def log_route(event: RouteStop) -> None:
    """A route ended."""
    extra = _fields(
        event.name,
        served_by=event.provider,
        outcome=event.outcome,
        attempts=event.attempts,
        latency_ms=event.latency_ms,
        error=event.error,
    )
    if event.outcome == "ok":
        ended = f"served by {event.provider}"
    else:
        ended = event.outcome if event.error is None else f"{event.outcome} ({event.error})"
    logger().debug("%s in %.0f ms, attempts: %d", ended, event.latency_ms, event.attempts, extra=extra)


def _fields(event: str, **facts: Any) -> dict[str, Any]:
    return {"agentsea_event": event, **{f"agentsea_{name}": value for name, value in facts.items()}}
