"""Cheapest first: by own cost, else by coarse tiers of the models' names."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from agentsea_gateway import Candidate
from agentsea_gateway.pricing import tier
from agentsea_gateway.routing import CostOptimized, RoutingContext
from agentsea_gateway.testing import ScriptedProvider

CHEAP, USUAL, DEAR = range(3)
TIERS = {
    "claude-haiku-4-5": CHEAP,
    "gpt-4.1-mini": CHEAP,
    "gpt-4o-mini-2024-07-18": CHEAP,
    "GPT-4.1-Nano": CHEAP,
    "gemini-2.5-flash": CHEAP,
    "gemini-2.5-flash-lite": CHEAP,
    "mistral-small-latest": CHEAP,
    "gemini-3": USUAL,
    "minimax-m2": USUAL,
    "gpt-4.1": USUAL,
    "claude-sonnet-4-5": USUAL,
    "grok-4-prompt": USUAL,
    None: USUAL,
    "": USUAL,
    "claude-opus-4-8": DEAR,
    "gemini-2.5-pro": DEAR,
    "gemini-ultra": DEAR,
    "mistral-large-latest": DEAR,
}


@pytest.mark.parametrize(("model", "expected"), TIERS.items())
def test_models_have_tiers_by_whole_words(model: str | None, expected: int) -> None:
    """G07: "gemini" is not "mini"."""
    assert tier(model) == expected


def order(*given: tuple[str, str | None, Any]) -> str:
    candidates = [Candidate(name, ScriptedProvider(), model, cost=cost) for name, model, cost in given]
    return "".join(it.name for it in CostOptimized().order(candidates, RoutingContext(0, {})))


def test_tiers_decide_and_equals_keep_their_order() -> None:
    """G07: stable."""
    assert order(("a", "opus", None), ("b", "gpt-4.1", None), ("c", "x", None), ("d", "haiku", None)) == "dbca"


def test_own_costs_decide_whatever_the_models_are() -> None:
    assert order(("a", "haiku", 3), ("b", "opus", 0.5), ("c", None, Decimal("0.25")), ("d", None, 0.5)) == "cbda"


def test_a_known_cost_comes_before_a_guess() -> None:
    assert order(("a", "haiku", None), ("b", "llama", 0)) == "ba"
