"""Cheapest first: by own cost, else by what this request costs at each, else by coarse tiers of the models' names."""

from __future__ import annotations

import copy
import pickle
import sys
from decimal import Decimal
from typing import Any

import pytest

from agentsea_gateway import Candidate
from agentsea_gateway.pricing import Rates, tier
from agentsea_gateway.routing import CostOptimized, RoutingContext, cost
from agentsea_gateway.testing import ScriptedProvider
from support.gateways import gateway

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


# -- by the table's prices ---------------------------------------------------------------------------------------------


class Service:
    """A plain provider of some kind of service."""

    def __init__(self, name: str = "plain", **told: Any) -> None:
        self.name = name
        if told:
            self.model_info = lambda model: told

    def complete(self, messages: Any) -> Any:
        raise NotImplementedError


def priced(*given: tuple[str, str, dict[str, Any]], text: str = "Hi", **context: Any) -> str:
    candidates = [Candidate(name, Service(), model, **facts) for name, model, facts in given]
    messages = [{"role": "user", "content": text}]
    context.setdefault("time", 1_790_000_000.0)
    found = CostOptimized().order(candidates, RoutingContext(0, {}, messages=messages, **context))
    return "".join(it.name for it in found)


def test_prices_decide_and_a_model_without_one_has_a_tiers_place() -> None:
    models = (("a", "claude-opus-4-8"), ("b", "my-own-mini"), ("c", "gpt-4.1"), ("d", "gpt-4.1-nano"), ("e", "my-own"))
    assert priced(*((name, model, {}) for name, model in models)) == "dbcea"


def test_the_request_decides_between_cheap_input_and_cheap_output() -> None:
    reads = {"prices": {"input": 1, "output": 100}}
    writes = {"prices": {"input": 10, "output": 20}}
    given = (("r", "m", reads), ("w", "m", writes))
    assert priced(*given, text="x" * 4_000, options={"max_tokens": 50}) == "rw"
    assert priced(*given, text="x" * 4_000, options={"max_tokens": 1000}) == "wr"
    assert priced(*given) == "wr"  # an answer of 500 tokens is expected


def test_a_candidates_own_max_tokens_count() -> None:
    same = {"prices": {"input": 1, "output": 10}}
    short = {**same, "overrides": {"max_tokens": 10}}
    given = (("a", "m", same), ("b", "m", short), ("c", "m", {**same, "options": {"max_tokens": 100}}))
    assert priced(*given) == "bca"
    assert priced(*given, options={"max_tokens": 50}) == "bac"


def test_a_long_input_is_compared_by_its_own_tier() -> None:
    stepped = {"prices": {"input": [1, [1_000, 10]], "output": 1}}
    flat = {"prices": {"input": 5, "output": 1}}
    given = (("s", "m", stepped), ("f", "m", flat))
    assert priced(*given) == "sf"
    assert priced(*given, text="x" * 8_000) == "fs"


def test_tools_are_input_too() -> None:
    reads = {"prices": {"input": 1, "output": 100}}
    writes = {"prices": {"input": 20, "output": 90}}
    given = (("r", "m", reads), ("w", "m", writes))
    tools = [{"type": "function", "function": {"name": "f", "description": "x" * 2_000}}]
    assert priced(*given, options={"max_tokens": 100}) == "wr"
    assert priced(*given, options={"max_tokens": 100, "tools": tools}) == "rw"


def test_own_costs_come_first_and_a_providers_own_knowledge_counts() -> None:
    told = Candidate("t", Service(prices={"input": 0, "output": 0}), "gpt-4.1")
    others = [Candidate("o", Service(), "gpt-4.1-nano"), told, Candidate("c", Service(), "opus", cost=9)]
    found = CostOptimized().order(others, RoutingContext(0, {}))
    assert [it.name for it in found] == ["c", "t", "o"]


def test_a_model_info_that_is_broken_is_told_of_and_the_model_unknown(fallbacks_keep_serving: None) -> None:
    broken = Candidate("b", Service(prices="much"), "gpt-4.1-nano")
    found = CostOptimized().order([Candidate("o", Service(), "opus"), broken], RoutingContext(0, {}))
    assert [it.name for it in found] == ["b", "o"]


def test_prices_are_looked_up_once_for_all_calls_of_an_hour(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[str] = []
    monkeypatch.setattr(cost, "Rates", lambda it, at: made.append(it.name) or Rates(it, at))
    candidates = (Candidate("a", Service(), "gpt-4.1"), Candidate("b", Service(), "gpt-4.1-nano"))
    strategy = CostOptimized()
    for moment in (0, 60, 3599, 3600):
        strategy.order(candidates, RoutingContext(0, {}, time=moment))
        strategy.order(candidates[1:], RoutingContext(0, {}, time=moment))  # a call that excludes somebody
    assert made == ["a", "b"] * 2


def test_through_a_gateway_the_call_and_its_defaults_are_seen() -> None:
    reads = Candidate("r", ScriptedProvider(default="r"), "m", prices={"input": 1, "output": 100})
    writes = Candidate("w", ScriptedProvider(default="w"), "m", prices={"input": 10, "output": 20})
    gw = gateway(reads, writes, strategy=CostOptimized(), options={"max_tokens": 50})
    assert gw.completion("x" * 4_000).served_by == "r"
    assert gw.completion("x" * 4_000, max_tokens=1_000).served_by == "w"


def test_strategies_are_equal_whatever_they_have_seen() -> None:
    used = CostOptimized()
    used.order([Candidate("a", Service(), "m")], RoutingContext(0, {}))
    assert used == pickle.loads(pickle.dumps(used)) == copy.deepcopy(used) == CostOptimized()
    assert repr(used) == "CostOptimized()"


def test_a_thousand_candidates_cost_a_handful_of_calls() -> None:
    """Rates are worked out once; what is left to each call is multiplying and sorting."""
    candidates = tuple(Candidate(f"c{number}", Service(), "gpt-4.1") for number in range(1_000))
    strategy, context = CostOptimized(), RoutingContext(0, {}, messages=[{"role": "user", "content": "Hi"}])
    strategy.order(candidates, context)
    called: list[str] = []
    sys.setprofile(lambda frame, event, _: called.append(frame.f_code.co_name) if event == "call" else None)
    try:
        strategy.order(candidates, context)
    finally:
        sys.setprofile(None)
    assert len(called) <= 15
