"""What a candidate costs: by the price table, and where that knows nothing, by coarse tiers of its model's name."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from agentsea_gateway import telemetry
from agentsea_gateway.models.tariff import Tariff

if TYPE_CHECKING:
    from collections.abc import Callable

    from agentsea_gateway.candidate import Candidate
    from agentsea_gateway.models.info import ModelInfo

# Whole words only: "gemini" is not "mini".
_CHEAP = re.compile("(?<![a-z])(haiku|mini|nano|flash|lite|small)(?![a-z])")
_DEAR = re.compile("(?<![a-z])(opus|pro|ultra|large)(?![a-z])")
HOUR = 3600.0  # seconds for which prices are kept: some change with the hour
# What the models of a tier cost, about, in dollars for a token of input and of output: so that a model nobody knows has
# a place among those with a price.
_OF_TIER = ((0.15e-6, 0.6e-6, 0.0), (2.5e-6, 10e-6, 0.0), (15e-6, 75e-6, 0.0))


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


def tariff_of(candidate: Candidate) -> Tariff:
    """What the candidate's model takes and costs; nothing is looked up before somebody asks."""
    where = getattr(candidate.provider, "base_url", None)
    url = where if isinstance(where, str) else None
    return Tariff(candidate.provider_name, candidate.model, url, candidate.facts, _told_by(candidate))


def _told_by(candidate: Candidate) -> Callable[[str | None], ModelInfo] | None:
    """Its provider's `model_info`, where it has one; what is wrong with it is logged, and then it knows nothing."""
    tell: Any = getattr(candidate.provider, "model_info", None)
    if not callable(tell):
        return None
    from agentsea_gateway.models.info import UNKNOWN, as_info  # lightness: few providers tell

    def told(model: str | None) -> ModelInfo:
        try:
            return as_info(tell(model), "its provider")
        except Exception as error:
            telemetry.fallback(error, f"model_info() of {candidate.name} failed, its model is unknown")
            return UNKNOWN

    return told


class Rates:
    """What a token of one candidate costs, at a moment.

    per_token    dollars for a token of input, one of output, and a request
    first_step   from how many tokens of input on that is not so any more; None: never
    max_tokens   output that its own options allow: (what wins over the call's, what stands in for it)
    """

    __slots__ = ("_prices", "first_step", "hour", "max_tokens", "per_token")

    def __init__(self, candidate: Candidate, at: float) -> None:
        self.hour = at // HOUR
        self._prices = tariff_of(candidate).info(at).prices
        known = None if self._prices is None else self._prices.per_token()
        self.per_token = _OF_TIER[tier(candidate.model)] if known is None else known
        self.first_step = None if self._prices is None or known is None else self._prices.first_step
        self.max_tokens = candidate.overrides.get("max_tokens"), candidate.options.get("max_tokens")

    def at(self, input_tokens: int) -> tuple[float, float, float]:
        """The dollars where the input has so many tokens."""
        if self._prices is None or self.first_step is None or input_tokens <= self.first_step:
            return self.per_token
        return self._prices.per_token(input_tokens) or self.per_token
