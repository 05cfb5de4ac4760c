"""Prices: US dollars for a model's tokens, and what a usage costs by them."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any, NamedTuple

from attrs import field, frozen

from agentsea_gateway.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from agentsea_gateway.response import Usage

_MILLION = Decimal(1_000_000)
_THOUSAND = Decimal(1_000)
NOTHING = Decimal(0)


class Tiered(NamedTuple):
    """A price that depends on how long the input is: whoever is over a step pays its price for every token."""

    base: Decimal
    steps: tuple[tuple[int, Decimal], ...]

    def at(self, input_tokens: int) -> Decimal:
        """The price where the input has so many tokens."""
        return next((price for start, price in reversed(self.steps) if input_tokens > start), self.base)


Price = Decimal | Tiered


def _price(value: Any) -> Price | None:
    """A number, text, or [base, [more than so many input tokens, price], …]."""
    if value is None or isinstance(value, Tiered):
        return value
    if isinstance(value, (list, tuple)):
        base, *steps = value
        return Tiered(_amount(base), tuple(sorted((int(start), _amount(price)) for start, price in steps)))
    return _amount(value)


def _amount(value: Any) -> Decimal:
    try:
        amount = Decimal(str(value))
    except InvalidOperation:
        amount = Decimal("NaN")
    if isinstance(value, bool) or not amount.is_finite() or amount < 0:
        raise ConfigurationError(f"a price is {value!r}; give US dollars for a million tokens, 0 or more")
    return amount


@frozen(kw_only=True)
class Prices:
    """US dollars for a million tokens; None is unknown.

    A price is a number or text, or [base, [start, price], …]: with more than `start` tokens of input, every token costs
    that price.

    input, output   all tokens but those with a price of their own below
    cache_read      input that came from the prompt cache;   cache_write   input that was written to it
    reasoning       output that was reasoning
    requests        beside the tokens, for a thousand requests

    >>> from agentsea_gateway import Usage
    >>> Prices(input=2, output=8).cost(Usage(1000, 500))
    Decimal('0.006')
    """

    requests: Price | None = field(default=None, converter=_price)
    input: Price | None = field(default=None, converter=_price)
    cache_read: Price | None = field(default=None, converter=_price)
    cache_write: Price | None = field(default=None, converter=_price)
    reasoning: Price | None = field(default=None, converter=_price)
    output: Price | None = field(default=None, converter=_price)

    def cost(self, usage: Usage) -> Decimal | None:
        """What this usage costs in US dollars; None where its tokens or their price are not known."""
        read, written = usage.input_tokens, usage.output_tokens
        if read is None or written is None:
            return None
        cached = self._apart(self.cache_read, usage.cached_tokens)
        stored = self._apart(self.cache_write, usage.cache_write_tokens)
        thought = self._apart(self.reasoning, usage.reasoning_tokens)
        shares = (
            (self.input, read - cached - stored),
            (self.cache_read, cached),
            (self.cache_write, stored),
            (self.output, written - thought),
            (self.reasoning, thought),
        )
        total = NOTHING if self.requests is None else at(self.requests, read) / _THOUSAND
        for price, tokens in shares:
            if tokens < 0 or (tokens and price is None):
                return None
            if tokens and price is not None:
                total += at(price, read) * tokens / _MILLION
        return total

    @staticmethod
    def _apart(price: Price | None, tokens: int | None) -> int:
        """How many tokens have a price of their own."""
        return tokens if price is not None and tokens else 0

    def per_token(self, input_tokens: int = 0) -> tuple[float, float, float] | None:
        """Dollars for a token of input, for one of output, and for a request; None where one is not known."""
        if self.input is None or self.output is None:
            return None
        asked = 0.0 if self.requests is None else float(at(self.requests, input_tokens)) / 1e3
        return float(at(self.input, input_tokens)) / 1e6, float(at(self.output, input_tokens)) / 1e6, asked

    @property
    def first_step(self) -> int | None:
        """From how many tokens of input on other prices hold; None where they never change."""
        steps = [price.steps[0][0] for price in (self.input, self.output) if isinstance(price, Tiered) and price.steps]
        return min(steps, default=None)


def at(price: Price, input_tokens: int) -> Decimal:
    """The price where the input has so many tokens."""
    return price.at(input_tokens) if isinstance(price, Tiered) else price


def as_prices(value: Prices | Mapping[str, Any] | None) -> Prices | None:
    """Prices, from a mapping of its fields' names too. Raises ConfigurationError."""
    if value is None or isinstance(value, Prices):
        return value
    try:
        return Prices(**value)
    except (TypeError, ValueError) as error:
        raise ConfigurationError(f"prices: {error}; give Prices(input=…, output=…)") from None
