"""The events that listeners receive: what happened to a route, an attempt, a candidate. Loaded when one is told."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from attrs import field, frozen

if TYPE_CHECKING:
    from datetime import datetime

    from agentsea_gateway.request import Request
    from agentsea_gateway.response import Response
    from agentsea_gateway.route import Attempt, Route


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
