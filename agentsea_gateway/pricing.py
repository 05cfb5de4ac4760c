"""What a candidate costs relative to the others, where nobody gave a price: coarse tiers by the model's name."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from agentsea_gateway.candidate import Candidate

# Whole words only: "gemini" is not "mini".
_CHEAP = re.compile("(?<![a-z])(haiku|mini|nano|flash|lite|small)(?![a-z])")
_DEAR = re.compile("(?<![a-z])(opus|pro|ultra|large)(?![a-z])")


def tier(model: str | None) -> int:
    """0 for the small models of a family, 2 for its largest, 1 for everything else.

    >>> tier("claude-haiku-4-5"), tier("gpt-4.1"), tier("claude-opus-4-8")
    (0, 1, 2)
    >>> tier("gemini-2.5-pro")
    2
    """
    name = (model or "").lower()
    if _CHEAP.search(name):
        return 0
    return 2 if _DEAR.search(name) else 1


def relative_cost(candidate: Candidate) -> tuple[int, float]:
    """A sort key: its own `cost` where it has one, before everybody else's tier."""
    if candidate.cost is not None:
        return (-1, float(candidate.cost))
    return (tier(candidate.model), 0.0)
