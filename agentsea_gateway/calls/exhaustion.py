"""What a call raises when nobody served it: which error, why, and when to come back (G04)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from agentsea_gateway.calls.abilities import TOO_LONG
from agentsea_gateway.errors import (
    AllProvidersUnavailableError,
    ContextWindowExceededError,
    DeadlineExceededError,
    GatewayError,
    InvalidAnswerError,
    NoStreamingProviderError,
    UnsupportedRequestError,
)

if TYPE_CHECKING:
    from agentsea_gateway.calls.attempts import Attempts


def exhausted(attempts: Attempts[Any]) -> GatewayError:
    """The error of a call that has tried everybody it might."""
    first = attempts.first_fault
    if first is not None and all(attempt.outcome == "own_fault" for attempt in attempts.made):
        fault = attempts.fault if isinstance(attempts.fault, InvalidAnswerError) else first  # its answer is the latest
        fault.route = attempts.route(None)
        return fault
    if attempts.deadline.remaining() <= 0:
        return out_of_time(attempts)
    nobody_left = all(name in attempts.exclude for name in attempts.core.bindings)
    if nobody_left and attempts.request.unable and not attempts.made:
        return _nobody_able(attempts)
    if nobody_left and attempts.streaming:
        message = "no streaming provider: none of the candidates this call may use has stream()"
        return NoStreamingProviderError(message, route=attempts.route(None))
    return _caused(_unavailable(attempts), attempts)


def _nobody_able(attempts: Attempts[Any]) -> GatewayError:
    """Everybody that this call might ask is known to be unable to take it."""
    unable = attempts.request.unable
    too_long = all(reason.startswith(TOO_LONG) for reason in unable.values())
    kind = ContextWindowExceededError if too_long else UnsupportedRequestError
    why = "; ".join(f"{name}: {reason}" for name, reason in unable.items())
    return kind(
        f"no candidate can take this request: {why} (say better with a Candidate's context_window= and capabilities=, "
        "or ask all the same with check_capabilities=False)",
        route=attempts.route(None),
    )


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
