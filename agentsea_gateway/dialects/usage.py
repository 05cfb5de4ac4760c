"""Token counts as they come: whatever is no count is unknown, never zero."""

from __future__ import annotations

from math import inf
from typing import TYPE_CHECKING, Any

from agentsea_gateway.aside import load

if TYPE_CHECKING:
    from collections.abc import Mapping
    from decimal import Decimal


def count(value: Any) -> int | None:
    """`value` as a number of tokens; None for what is negative, fractional or no number.

    >>> count(3), count(3.0), count(-1), count(0.5), count("3"), count([3]), count(True)
    (3, 3, None, None, None, None, None)
    """
    if type(value) is int:
        return value if value >= 0 else None
    if type(value) is float and value >= 0 and value.is_integer():
        return int(value)
    return None


def first_count(*values: Any) -> int | None:
    """The first of these that is a count."""
    for value in values:
        found = count(value)
        if found is not None:
            return found
    return None


def charged(usage: Mapping[str, Any]) -> Decimal | None:
    """What a host says that the answer cost, in US dollars.

    Sources: OpenRouter "Usage accounting" (`cost`; with a key of one's own, what the vendor takes stands beside it),
    Vercel AI Gateway (`cost`), Perplexity API reference (`cost.total_cost`), xAI "Cost tracking" (`cost_in_usd_ticks`,
    of which 10¹⁰ are a dollar).
    """
    ticks = count(usage.get("cost_in_usd_ticks"))
    if ticks is not None:
        return _amount(ticks, 10_000_000_000)
    cost = usage.get("cost")
    if isinstance(cost, dict):
        return _amount(cost.get("total_cost"))
    amount = _amount(cost)
    if amount is not None and usage.get("is_byok") is True:
        amount += _amount(part(usage, "cost_details").get("upstream_inference_cost")) or 0
    return amount


def _amount(value: Any, units: int = 1) -> Decimal | None:
    if type(value) not in (int, float) or not 0 <= value < inf:
        return None
    load("decimal")
    from decimal import Decimal  # few hosts say it

    return Decimal(repr(value)) / units


def part(usage: Any, name: str) -> dict[str, Any]:
    """The object that a usage object holds under this name; an empty one where it is none."""
    value = usage.get(name)
    return value if isinstance(value, dict) else {}
