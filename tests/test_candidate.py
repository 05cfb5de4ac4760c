"""Candidates: what they are built from, and what they refuse."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from types import SimpleNamespace
from typing import Any

import pytest

from agentsea_gateway import Candidate
from agentsea_gateway.errors import ConfigurationError
from agentsea_gateway.testing import ScriptedProvider

PROVIDER = ScriptedProvider()

REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "an empty name": ({"name": ""}, "a candidate's name is a non-empty string"),
    "no name": ({"name": None}, "a candidate's name is a non-empty string"),
    "a class": (
        {"provider": ScriptedProvider},
        "candidate 'a': provider is the class ScriptedProvider; give an instance",
    ),
    "no provider": ({"provider": object()}, r"provider is a object; give an object with complete\(messages"),
    "a string": ({"provider": "openai"}, "provider is a str"),
    "a complete that is none": ({"provider": SimpleNamespace(complete=1)}, "give an object with complete"),
    "a model that is none": ({"model": 5}, "candidate 'a': model is a int; give a string"),
    "options that are none": ({"options": [("seed", 1)]}, "candidate 'a': options is a dict"),
    "names that are none": ({"overrides": {1: 2}}, "candidate 'a': overrides is a dict of option names"),
    "messages": ({"options": {"messages": []}}, "messages is no option; they come with each call"),
    "a model in the options": ({"options": {"model": "x"}}, "model is no option; give it as the candidate's model="),
    "a call": ({"overrides": {"call": 1}}, "call is no option"),
    **{
        f"cost {bad!r}": ({"cost": bad}, "cost is .*; give a finite number, 0 or more")
        for bad in ("cheap", -1, True, float("nan"), float("inf"), Decimal("NaN"), [1])
    },
}


@pytest.mark.parametrize(("given", "words"), REFUSED.values(), ids=REFUSED)
def test_what_makes_no_sense_is_refused(given: dict[str, Any], words: str) -> None:
    with pytest.raises(ConfigurationError, match=words):
        Candidate(**({"name": "a", "provider": PROVIDER} | given))


@pytest.mark.parametrize("cost", [None, 0, 1, 0.5, Decimal("0.5"), Fraction(1, 2)])
def test_a_cost_is_any_finite_number(cost: Any) -> None:
    assert Candidate("a", PROVIDER, cost=cost).cost == cost


def test_options_are_copied() -> None:
    options = {"seed": 1}
    candidate = Candidate("a", PROVIDER, "m", options)
    options["seed"] = 2
    assert candidate.options == {"seed": 1}


def test_a_candidate_is_itself_and_nobody_else() -> None:
    """Two of one name in two gateways are two."""
    one, two = Candidate("a", PROVIDER), Candidate("a", PROVIDER)
    assert one != two
    assert len({one, two}) == 2


@pytest.mark.parametrize(
    ("provider", "name"),
    [
        (ScriptedProvider(name="acme"), "acme"),
        (SimpleNamespace(complete=print), "SimpleNamespace"),
        (SimpleNamespace(complete=print, name=5), "SimpleNamespace"),
    ],
)
def test_the_kind_of_service_has_a_name(provider: Any, name: str) -> None:
    assert Candidate("a", provider).provider_name == name
