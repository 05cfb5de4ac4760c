"""What all calls of a gateway stand on: its configuration, the shared state, and the candidates made ready."""

from __future__ import annotations

from typing import TYPE_CHECKING

from agentsea_gateway import telemetry
from agentsea_gateway.calls.binding import Binding, known_options

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from agentsea_gateway.config import Config
    from agentsea_gateway.state import Change, LocalState


class Core:
    """One per gateway, derived ones included; immutable but for the state, which derived gateways share.

    silent, speechless   candidates that cannot stream, or only stream: name to the reason on a route
    """

    __slots__ = ("bindings", "config", "known", "silent", "speechless", "state", "strategy_name", "warned")

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

    def announce(self, change: Change | None, wall: Callable[[float], datetime]) -> None:
        """Log and tell listeners what a settled attempt changed for everybody."""
        if change is None:
            return
        event: telemetry.Event
        if change.kind == "blown":
            event = telemetry.BreakerBlown(change.name, wall(change.until))
            telemetry.logger().info("%s is blown until %s", change.name, event.open_until)
        elif change.kind == "closed":
            event = telemetry.BreakerClosed(change.name)
            telemetry.logger().info("%s serves again", change.name)
        else:
            event = telemetry.CandidateBenched(change.name, wall(change.until), change.reason)
            if change.kind == "benched":
                self._warn_once(event)
        telemetry.emit(self.config.listeners, event)

    def _warn_once(self, event: telemetry.CandidateBenched) -> None:
        kind = f"{event.candidate}: {event.reason.partition(':')[0]}"
        if kind not in self.warned:
            self.warned.add(kind)
            telemetry.logger().warning("%s is benched until %s: %s", event.candidate, event.benched_until, event.reason)

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
