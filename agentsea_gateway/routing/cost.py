"""The strategy that prefers whoever is cheapest for this request."""

from __future__ import annotations

from operator import itemgetter
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

from attrs import field, frozen

from agentsea_gateway.pricing import HOUR, Rates
from agentsea_gateway.tokens import expected_input

if TYPE_CHECKING:
    from collections.abc import Sequence

    from agentsea_gateway.candidate import Candidate
    from agentsea_gateway.routing.strategy import RoutingContext

DEFAULT_OUTPUT = 500  # tokens that an answer is expected to have, where nobody sets max_tokens


class Ranking:
    """Candidates made ready to be compared: their rates, worked out once for all calls that may ask the same.

    owned   those with a `cost` of their own, the cheapest first;   others, rates   everybody else
    """

    __slots__ = ("candidates", "first_step", "fixed", "hour", "others", "owned", "per_token", "rates")

    def __init__(self, candidates: Sequence[Candidate], at: float, known: WeakKeyDictionary[Candidate, Rates]) -> None:
        self.candidates = candidates
        self.hour = at // HOUR
        costs = [(it.cost, it) for it in candidates if it.cost is not None]
        self.owned = [it for _, it in sorted(costs, key=itemgetter(0))]
        self.others = [it for it in candidates if it.cost is None]
        self.rates = [_rates(it, at, known) for it in self.others]
        self.per_token = [it.per_token for it in self.rates]
        self.first_step = min((it.first_step for it in self.rates if it.first_step is not None), default=None)
        self.fixed = any(limit != (None, None) for limit in (it.max_tokens for it in self.rates))

    def order(self, read: int, limit: int | None) -> list[Candidate]:
        """The candidates, cheapest first for so many tokens of input and the call's `max_tokens`."""
        rates = self.per_token
        if self.first_step is not None and read > self.first_step:
            rates = [it.at(read) for it in self.rates]
        if self.fixed:
            written = [
                over or limit or default or DEFAULT_OUTPUT for over, default in (it.max_tokens for it in self.rates)
            ]
            costs = [read * i + w * o + r for (i, o, r), w in zip(rates, written, strict=True)]
        else:
            output = limit or DEFAULT_OUTPUT
            costs = [read * i + output * o + r for i, o, r in rates]
        return [*self.owned, *map(self.others.__getitem__, sorted(range(len(costs)), key=costs.__getitem__))]


def _rates(candidate: Candidate, at: float, known: WeakKeyDictionary[Candidate, Rates]) -> Rates:
    """A candidate's rates; `known` are those that were worked out for others who may be asked with it."""
    found = known.get(candidate)
    if found is None or found.hour != at // HOUR:
        found = known[candidate] = Rates(candidate, at)
    return found


@frozen
class CostOptimized:
    """Cheapest first, for this request: its tokens of input times their price, and `max_tokens` (else 500) of output.

    Tokens are counted by tiktoken where it is installed and has its vocabulary, else estimated: four characters each.
    Prices are a candidate's own (`prices=`), else its provider's, else the table's (see `agentsea_gateway.models`). A
    model without a price has the place of a coarse tier by its name: haiku, mini, nano, flash, lite, small before
    everything else before opus, pro, ultra, large.

    A candidate's `cost` goes before all that: it is in a unit of your own, so give one to every candidate, or to none.
    """

    _kept: list[Ranking] = field(factory=list, init=False, eq=False, repr=False)  # at most the latest
    _known: WeakKeyDictionary[Candidate, Rates] = field(factory=WeakKeyDictionary, init=False, eq=False, repr=False)

    def __reduce__(self) -> tuple[type[CostOptimized], tuple[()]]:
        return type(self), ()  # what it has worked out stays here

    def order(self, candidates: Sequence[Candidate], context: RoutingContext) -> Sequence[Candidate]:
        """The candidates by cost; equals keep their configured order."""
        ranking = self._kept[0] if self._kept else None
        if ranking is None or ranking.candidates is not candidates or ranking.hour != context.time // HOUR:
            ranking = Ranking(candidates, context.time, self._known)
            self._kept[:] = (ranking,)
        if not ranking.others:
            return ranking.owned
        read = expected_input(context.messages, context.options)
        return ranking.order(read, context.options.get("max_tokens"))
