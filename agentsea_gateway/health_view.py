"""The lazy picture of everybody's health that a strategy looks at: whom it does not ask about costs nothing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from datetime import datetime

    from agentsea_gateway.candidate import Candidate
    from agentsea_gateway.cell import Cell
    from agentsea_gateway.health import ProviderHealth, Record


class HealthView(Mapping[str, "ProviderHealth"]):
    """Candidate name to ProviderHealth, read without the lock from values that are replaced as wholes."""

    __slots__ = ("_cells", "_now", "_wall")

    def __init__(self, cells: Mapping[str, Cell], now: float, wall: Callable[[float], datetime]) -> None:
        self._cells = cells
        self._now = now
        self._wall = wall

    def __getitem__(self, name: str) -> ProviderHealth:
        return self._cells[name].health(self._now, self._wall)

    def records(self, candidates: Sequence[Candidate]) -> list[Record]:
        """The counters alone (`latency_ms`, `first_token_ms`, `calls`, `errors`): what most strategies need, of each
        of a thousand in a few dozen nanoseconds."""
        cells = self._cells
        return [cells[candidate.name].record for candidate in candidates]

    def in_flight(self, name: str) -> int:
        """How many attempts at a candidate are under way."""
        return len(self._cells[name].live)

    def __iter__(self) -> Iterator[str]:
        return iter(self._cells)

    def __len__(self) -> int:
        return len(self._cells)
