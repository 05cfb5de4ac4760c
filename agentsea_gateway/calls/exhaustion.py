"""What a call raises when nobody served it: which error, why, and when to come back (G04)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from agentsea_gateway.errors import (
    AllProvidersUnavailableError,
    DeadlineExceededError,
    GatewayError,
    NoStreamingProviderError,
)

if TYPE_CHECKING:
    from agentsea_gateway.calls.attempts import Attempts


def exhausted(attempts: Attempts[Any]) -> GatewayError:
    """The error of a call that has tried everybody it might."""
    first = attempts.first_fault
    if first is not None and all(attempt.outcome == "own_fault" for attempt in attempts.made):
        first.route = attempts.route(None)
        return first
    if attempts.deadline.remaining() <= 0:
        return out_of_time(attempts)
    if attempts.streaming and all(name in attempts.exclude for name in attempts.core.bindings):
        message = "no streaming provider: none of the candidates this call may use has stream()"
        return NoStreamingProviderError(message, route=attempts.route(None))
    return _caused(_unavailable(attempts), attempts)


def out_of_time(attempts: Attempts[Any]) -> GatewayError:
    """The error of a call whose own time ran out, whoever was left."""
    seconds = attempts.deadline.at - attempts.began
    tried = ", ".join(dict.fromkeys(attempt.candidate for attempt in attempts.made)) or "nobody"
    message = f"the call's {seconds:g} s ran out (tried: {tried}); give it a longer timeout= or faster candidates"
    return _caused(DeadlineExceededError(message, route=attempts.route(None)), attempts)


def _unavailable(attempts: Attempts[Any]) -> GatewayError:
    route = attempts.route(None)
    now = attempts.clock.monotonic()
    waits = [cell.usable_at(now) for name, cell in attempts.state.cells.items() if name not in attempts.exclude]
    later = min((at for at in waits if at > now), default=None)
    why = [f"{tried.candidate}: {tried.error}: {tried.message}" for tried in route.attempts]
    why += [str(skipped) for skipped in route.skipped]
    return AllProvidersUnavailableError(
        "all providers unavailable: " + ("; ".join(why) or "the gateway has no candidates"),
        route=route,
        retry_at=None if later is None else attempts.wall(now)(later),
    )


def _caused(error: GatewayError, attempts: Attempts[Any]) -> GatewayError:
    error.__cause__ = attempts.fault
    return error
