"""Cost: what an attempt cost in US dollars, and where the figure is from. Unknown is None, never zero."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from attrs import frozen

from agentsea_gateway.models.table import find
from agentsea_gateway.models.tariff import ANYWHERE

if TYPE_CHECKING:
    from decimal import Decimal

    from agentsea_gateway.models.info import ModelInfo
    from agentsea_gateway.route import Attempt

CostSource = Literal["reported", "estimated", "cached", "unknown"]


@frozen
class Cost:
    """What something cost.

    amount   US dollars, None where it is not known
    source   "reported": the provider said so; "estimated": its tokens times their price; "cached": an answer that was
             kept costs nothing; "unknown"
    basis    in words: whose prices and whose tokens, or what is missing
    """

    amount: Decimal | None
    source: CostSource
    basis: str


def cost_of(attempt: Attempt) -> Cost:
    """What an attempt cost, from the facts that it stores."""
    if attempt.charged is not None:
        return Cost(attempt.charged, "reported", f"reported by {attempt.provider}")
    usage = attempt.usage
    if usage is None or usage.input_tokens is None or usage.output_tokens is None:
        return Cost(None, "unknown", "the tokens are not known")
    info = _info(attempt)
    if info.prices is None:
        model = attempt.served_model or attempt.model or "a model without a name"
        return Cost(None, "unknown", f"no price is known of {model} from {attempt.provider}")
    amount = info.prices.cost(usage)
    if amount is None:
        return Cost(None, "unknown", f"{info.source} has no price for all of these tokens")
    return Cost(amount, "estimated", f"tokens {attempt.usage_source}, prices of {info.source}")


def _info(attempt: Attempt) -> ModelInfo:
    at = attempt.at or None
    if attempt.tariff is not None:
        return attempt.tariff.info(at, attempt.served_model)
    return find(attempt.provider, attempt.served_model or attempt.model, at=at, base_url=ANYWHERE)
