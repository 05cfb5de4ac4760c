"""What all calls of a gateway stand on: its configuration, the shared state, and the candidates made ready."""

from __future__ import annotations

from typing import TYPE_CHECKING

from agentsea_gateway import log_records, telemetry
from agentsea_gateway.calls.abilities import SAFE_CHARACTERS, Abilities
from agentsea_gateway.calls.binding import Binding, known_options
from agentsea_gateway.tokens import MANY_CHARACTERS

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from agentsea_gateway.config import Config
    from agentsea_gateway.state import Change, LocalState


class Core:
    """One per gateway, derived ones included; immutable but for the state, which derived gateways share.

    silent, speechless   candidates that cannot stream, or only stream: name to the reason on a route
    safe_characters      of text that every candidate can take, whatever it is
    is_logged            whether the program wants a level of this package in its log: the one call that it costs
    """

    __slots__ = (
        "_abilities",
        "bindings",
        "config",
        "is_logged",
        "known",
        "safe_characters",
        "silent",
        "speechless",
        "state",
        "strategy_name",
        "warned",
    )

    def __init__(
        self, config: Config, state: LocalState, warned: set[str], bindings: dict[str, Binding] | None = None
    ) -> None:
        self.config = config
        self.state = state
        if bindings is None:
            bindings = {candidate.name: Binding(candidate, config.options) for candidate in config.candidates}
        self.bindings = bindings
        self.known = known_options(self.bindings)
        self.silent = {name: "cannot stream" for name, binding in self.bindings.items() if not binding.can_stream}
        self.speechless = {name: "only streams" for name, binding in self.bindings.items() if not binding.can_complete}
        self.strategy_name = type(config.strategy).__name__
        self.warned = warned
        windows = [candidate.context_window for candidate in config.candidates if candidate.context_window is not None]
        self.safe_characters = min((MANY_CHARACTERS * window for window in windows), default=SAFE_CHARACTERS)
        self.safe_characters = min(self.safe_characters, SAFE_CHARACTERS)
        self._abilities: Abilities | None = None
        self.is_logged = telemetry.logger().isEnabledFor
        self.is_logged(telemetry.DEBUG)  # the first time it takes logging's lock, where an interrupt would do harm

    def abilities(self) -> Abilities:
        """What the candidates are known to be unable to; worked out by the first call that needs to know."""
        if self._abilities is None:
            self._abilities = Abilities(self.bindings, self.config.clock.time())
        return self._abilities

    def announce(self, change: Change | None, wall: Callable[[float], datetime]) -> None:
        """Log and tell listeners what a settled attempt changed for everybody."""
        if change is None:
            return
        event: telemetry.Event
        if change.kind == "blown":
            event = telemetry.BreakerBlown(change.name, wall(change.until))
            log_records.log_blown(event)
        elif change.kind == "closed":
            event = telemetry.BreakerClosed(change.name)
            log_records.log_closed(event)
        else:
            event = telemetry.CandidateBenched(change.name, wall(change.until), change.reason)
            log_records.log_benched(event, warn=change.kind == "benched" and self._is_news(event))
        telemetry.emit(self.config.listeners, event)

    def _is_news(self, event: telemetry.CandidateBenched) -> bool:
        kind = f"{event.candidate}: {event.reason.partition(':')[0]}"
        if kind in self.warned:
            return False
        self.warned.add(kind)
        return True

    def is_heard(self) -> bool:
        """Whether somebody wants to know of a route's end: a listener, or the log."""
        return bool(self.config.listeners) or self.is_logged(telemetry.DEBUG)

    def tell_attempt(self, event: telemetry.AttemptStop) -> None:
        """Log, where it failed, and tell listeners that an attempt ended."""
        if event.attempt.error is not None and self.is_logged(telemetry.DEBUG):
            log_records.log_attempt(event.attempt)
        telemetry.emit(self.config.listeners, event)

    def tell_end(self, event: telemetry.RouteStop) -> None:
        """Log and tell listeners that a route ended."""
        if self.is_logged(telemetry.DEBUG):
            log_records.log_route(event)
        telemetry.emit(self.config.listeners, event)

    def announce_dropped(self) -> None:
        """Tell of the streams that were abandoned without a word; their tickets left what to say, and to whom."""
        notes = self.state.notes
        while notes:
            try:
                listeners, events = notes.popleft()
            except IndexError:  # another thread was faster
                return
            for event in events:
                telemetry.emit(listeners, event)
