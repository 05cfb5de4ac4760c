"""Telemetry: the events that listeners receive, by name, and how they are delivered without harm."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

from agentsea_gateway.aside import load

if TYPE_CHECKING:
    import logging
    from collections.abc import Callable, Iterable

    from agentsea_gateway.route_events import (
        AttemptStop,
        BreakerBlown,
        BreakerClosed,
        CandidateBenched,
        Event,
        RouteStart,
        RouteStop,
    )

DEBUG = 10  # logging's own level

__all__ = [
    "AttemptStop",
    "BreakerBlown",
    "BreakerClosed",
    "CandidateBenched",
    "Event",
    "RouteStart",
    "RouteStop",
]

# A fallback that keeps serving hides bugs: our own tests set this to raise what was swallowed.
on_fallback: Callable[[BaseException], None] | None = None


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    load("agentsea_gateway.route_events")  # building these classes takes 2 ms, and most programs are told of nothing
    from agentsea_gateway import route_events

    found = globals()[name] = getattr(route_events, name)
    return found


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})


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
