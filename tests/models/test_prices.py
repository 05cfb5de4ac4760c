"""What a usage costs: shares with prices of their own, tiers, and what is unknown."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from agentsea_gateway import Usage, models
from agentsea_gateway.errors import ConfigurationError
from agentsea_gateway.models import ModelInfo, Prices
from agentsea_gateway.models.info import as_info
from agentsea_gateway.models.prices import as_prices

M = 1_000_000


def test_shares_with_a_price_of_their_own_are_taken_out_of_the_whole() -> None:
    prices = Prices(input=10, output=100, cache_read=1, cache_write="12.5", reasoning=50)
    assert prices.cost(Usage(4 * M, 2 * M, M, 2 * M, M)) == 10 + 1 + 25 + 100 + 50


def test_shares_without_a_price_of_their_own_cost_what_the_others_cost() -> None:
    assert Prices(input=10, output=100).cost(Usage(2 * M, M, M, M, M)) == 120


def test_more_input_than_a_step_makes_every_token_dearer() -> None:
    prices = Prices(input=["1", [200_000, "2"]], output=["4", [200_000, "6"], [500_000, "8"]])
    costs = [prices.cost(Usage(tokens, M)) for tokens in (200_000, 200_001, 600_000)]
    assert costs == [Decimal("4.2"), Decimal("6.400002"), Decimal("9.2")]
    assert prices.first_step == 200_000
    assert prices.per_token(600_000) == (2e-6, 8e-6, 0.0)


def test_requests_have_a_price_too() -> None:
    assert Prices(input=0, output=0, requests=5).cost(Usage(1, 1)) == Decimal("0.005")


@pytest.mark.parametrize("usage", [Usage(), Usage(1), Usage(None, 1), Usage(5, 1, 9)])
def test_an_unknown_usage_has_an_unknown_cost(usage: Usage) -> None:
    assert Prices(input=1, output=1, cache_read=1).cost(usage) is None


def test_tokens_without_a_price_have_an_unknown_cost_and_are_never_free() -> None:
    assert Prices(input=1).cost(Usage(10, 1)) is None
    assert Prices(input=1).cost(Usage(10, 0)) == Decimal("0.00001")


@pytest.mark.parametrize("bad", [-1, "much", float("nan"), float("inf"), True, {}])
def test_a_price_is_a_number_that_is_not_negative(bad: Any) -> None:
    with pytest.raises(ConfigurationError, match="give US dollars"):
        Prices(input=bad, output=1)


def test_prices_come_from_a_dict_too() -> None:
    assert as_prices({"input": 1, "output": "2"}) == Prices(input=1, output=2)
    with pytest.raises(ConfigurationError, match="unexpected keyword argument 'inptu'"):
        as_prices({"inptu": 1})


def test_what_is_known_nearer_wins_and_the_rest_comes_from_below() -> None:
    own = ModelInfo(context_window=1000, source="the candidate")
    below = models.find("openai", "gpt-4.1")
    found = own.over(below)
    assert (found.context_window, found.tools, found.prices) == (1000, True, below.prices)
    assert found.source == f"the candidate, {below.source}"


def test_a_false_is_a_fact_and_a_none_is_not() -> None:
    assert ModelInfo(tools=False).over(ModelInfo(tools=True, vision=True)) == ModelInfo(tools=False, vision=True)


@pytest.mark.parametrize("bad", [{"context_window": 0}, {"tools": 1}, {"context": 5}, 7, {"prices": {"input": -1}}])
def test_facts_are_checked(bad: Any) -> None:
    with pytest.raises(ConfigurationError):
        as_info(bad, "the provider")


def test_the_names_of_the_package_load_on_first_use() -> None:
    assert dir(models) == models.__all__
    assert all(getattr(models, name).__name__ == name for name in models.__all__)
    with pytest.raises(AttributeError, match="Pricse"):
        _ = models.Pricse  # type: ignore[attr-defined]
