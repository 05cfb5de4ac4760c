"""Telemetry: the events that listeners receive, and how they are delivered without harm."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, ClassVar

from attrs import field, frozen

from agentsea_gateway.aside import load

if TYPE_CHECKING:
    import logging
    from collections.abc import Callable, Iterable
    from datetime import datetime

    from agentsea_gateway.request import Request
    from agentsea_gateway.response import Response
    from agentsea_gateway.route import Attempt, Route

DEBUG = 10  # logging's own level

# A fallback that keeps serving hides bugs: our own tests set this to raise what was swallowed.
on_fallback: Callable[[BaseException], None] | None = None


@frozen
class RouteStart:
    """A call was checked and is about to be planned. `request` holds its `messages` and `options`, which are not to be
    changed; it is the same object in all events of the call, and tells them apart from those of other calls."""

    name: ClassVar[str] = "agentsea.gateway.route.start"
    request: Request = field(repr=False)
    streaming: bool


@frozen
class RouteStop:
    """A route ended (G09). `attempts` counts them, `latency_ms` is of the whole call (a stream: until its end),
    `provider` names the candidate that served or None, `outcome` is "ok", "error" or "cancelled".

    `response` is what was served (of a stream that was left or broke, as far as it came), `error` the class name of
    what the call raised, or None.
    """

    name: ClassVar[str] = "agentsea.gateway.route.stop"
    attempts: int
    latency_ms: float
    provider: str | None
    outcome: str
    route: Route
    request: Request | None = field(default=None, repr=False)
    response: Response | None = field(default=None, repr=False)
    error: str | None = None

    @classmethod
    def of(
        cls, route: Route, outcome: str, request: Request, response: Response | None, error: str | None
    ) -> RouteStop:
        """The end of a route, whose own facts it tells."""
        return cls(len(route.attempts), route.latency_ms, route.served_by, outcome, route, request, response, error)


@frozen
class AttemptStop:
    """An attempt ended; for a stream that opened, at its end."""

    name: ClassVar[str] = "agentsea.gateway.attempt.stop"
    attempt: Attempt
    request: Request | None = field(default=None, repr=False)


@frozen
class BreakerBlown:
    """A candidate's breaker blew; it stays out until `open_until`."""

    name: ClassVar[str] = "agentsea.gateway.breaker.blown"
    candidate: str
    open_until: datetime


@frozen
class BreakerClosed:
    """A candidate's probe served: its breaker closed again."""

    name: ClassVar[str] = "agentsea.gateway.breaker.closed"
    candidate: str


@frozen
class CandidateBenched:
    """A candidate is kept out until `benched_until`, for `reason`, apart from its breaker."""

    name: ClassVar[str] = "agentsea.gateway.candidate.benched"
    candidate: str
    benched_until: datetime
    reason: str


Event = RouteStart | RouteStop | AttemptStop | BreakerBlown | BreakerClosed | CandidateBenched
Listener = "Callable[[Event], object]"


@cache  # getLogger takes logging's own lock in a way that an interrupt can leave locked for everybody
def logger() -> logging.Logger:
    """The library's logger, `agentsea_gateway`; silent unless the program configures logging."""
    load("logging")
    import logging  # on first use only: a call that goes well logs nothing

    found = logging.getLogger("agentsea_gateway")
    if not found.handlers:
        found.addHandler(logging.NullHandler())
    return found


def emit(listeners: Iterable[Callable[[Event], object]], event: Event) -> None:
    """Hand `event` to every listener; one that raises is logged and does not break the call."""
    for listener in listeners:
        try:
            listener(event)
        except Exception as error:
            fallback(error, f"a listener raised at {event.name}")


def fallback(error: Exception, what: str) -> None:
    """Log what was caught so that serving could go on."""
    if on_fallback is not None:
        on_fallback(error)
    logger().warning("%s: %s: %s", what, type(error).__name__, error, extra={"agentsea_fallback": what})
