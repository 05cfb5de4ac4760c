"""The strategy that prefers whoever is cheapest."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import frozen

from agentsea_gateway.pricing import relative_cost

if TYPE_CHECKING:
    from collections.abc import Sequence

    from agentsea_gateway.candidate import Candidate
    from agentsea_gateway.routing.strategy import RoutingContext


@frozen
class CostOptimized:
    """Cheapest first: candidates with a `cost` of their own by that, then the others by coarse tiers of their models'
    names (haiku, mini, nano, flash, lite, small before everything else before opus, pro, ultra, large).

    A `cost` cannot be compared with a tier: give one to every candidate, or to none.
    """

    def order(self, candidates: Sequence[Candidate], context: RoutingContext) -> Sequence[Candidate]:
        """The candidates by cost; equals keep their configured order."""
        return sorted(candidates, key=relative_cost)
