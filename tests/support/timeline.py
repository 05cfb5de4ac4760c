"""One candidate's state with a time that stands still until it is told otherwise."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from agentsea_gateway.breaker import BreakerPolicy
from agentsea_gateway.cell import wall_clock
from agentsea_gateway.permit import Permit, Refusal
from agentsea_gateway.state import LocalState
from support.breaker_machine import one_candidate

if TYPE_CHECKING:
    from agentsea_gateway.errors import Outcome
    from agentsea_gateway.health import ProviderHealth
    from agentsea_gateway.state import Change


class Timeline:
    """`now` in seconds, from 0; the state's one candidate is called "it"."""

    def __init__(self, policy: BreakerPolicy | None = None) -> None:
        self.now = 0.0
        self.state = LocalState(one_candidate(), policy or BreakerPolicy())

    @property
    def cell(self) -> Any:
        return self.state.cells["it"]

    def wait(self, seconds: float) -> None:
        self.now += seconds

    def begin(self, lease: float = 61.0) -> Permit:
        permit = self.state.admit("it", self.now, self.now + lease)
        assert isinstance(permit, Permit), f"refused: {permit.reason}"
        return permit

    def refused(self, lease: float = 61.0) -> Refusal:
        refusal = self.state.admit("it", self.now, self.now + lease)
        assert isinstance(refusal, Refusal), "admitted"
        return refusal

    def end(self, permit: Permit, outcome: Outcome, **facts: Any) -> Change | None:
        return self.state.settle(permit, outcome, self.now, **facts)

    def attempt(self, outcome: Outcome, took: float = 0.0, **facts: Any) -> Change | None:
        permit = self.begin()
        self.wait(took)
        return self.end(permit, outcome, **facts)

    def blow(self) -> None:
        """By an operator's two melts."""
        self.melt()
        self.melt()
        assert self.breaker == "open"

    def melt(self) -> Change | None:
        return self.state.melt("it", self.now)

    @property
    def blown(self) -> bool:
        return self.state.blown("it", self.now)

    @property
    def health(self) -> ProviderHealth:
        return self.state.snapshot(self.now, wall_clock(0, 0))["it"]

    @property
    def breaker(self) -> str:
        return self.health.breaker
