"""Strategies that look only at the configured sequence."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import frozen

if TYPE_CHECKING:
    from collections.abc import Sequence

    from agentsea_gateway.candidate import Candidate
    from agentsea_gateway.routing.strategy import RoutingContext


@frozen
class Failover:
    """Configured order: the first that may be tried serves, the others are its backups."""

    def order(self, candidates: Sequence[Candidate], context: RoutingContext) -> Sequence[Candidate]:
        """The candidates as they are."""
        return candidates


@frozen
class RoundRobin:
    """Everybody in turn: the sequence rotated by the call's counter."""

    def order(self, candidates: Sequence[Candidate], context: RoutingContext) -> Sequence[Candidate]:
        """The candidates, beginning with the one whose turn it is."""
        turn = context.counter % len(candidates) if candidates else 0
        return [*candidates[turn:], *candidates[:turn]]
