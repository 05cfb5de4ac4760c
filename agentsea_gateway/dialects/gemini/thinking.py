"""The portable reasoning options as Gemini's `thinkingConfig`, and back.

Gemini 2.5 thinks with a budget of tokens, later ones on a level. Source: Gemini API documentation, "Thinking", and the
table of efforts in "OpenAI compatibility", as of November 2026.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from agentsea_gateway.dialects.gemini.keys import camel_keys

if TYPE_CHECKING:
    from collections.abc import Mapping

    from agentsea_gateway.dialects.gemini.models import Gemini
    from agentsea_gateway.dialects.request_reading import Degraded

# Tokens of thinking that stand for an effort where the model wants a budget.
BUDGETS = {"minimal": 1024, "low": 1024, "medium": 8192, "high": 24_576, "xhigh": 24_576, "max": 24_576}
OPTIONS = ("reasoning_effort", "reasoning_budget")
_LEVELS = ("minimal", "low", "medium", "high")


def encode_thinking(given: Mapping[str, Any], gemini: Gemini, degraded: Degraded) -> dict[str, Any] | None:
    """The `thinkingConfig` that the reasoning options of a call ask for; None where they ask for none."""
    effort, budget = given.get("reasoning_effort"), given.get("reasoning_budget")
    if effort == "none" and budget is None:
        return _off(gemini, degraded)
    name = "reasoning_effort" if budget is None else "reasoning_budget"
    if name not in given:
        return None
    if not gemini.levels and gemini.budgets is None:  # a model that does not think
        degraded.note(name)
        return None
    if budget is None and gemini.levels:
        return _with_thoughts("thinkingLevel", _level(effort, gemini))
    return _with_thoughts("thinkingBudget", BUDGETS.get(str(effort), BUDGETS["high"]) if budget is None else budget)


def _with_thoughts(name: str, value: Any) -> dict[str, Any]:
    return {"includeThoughts": True, name: value}


def _off(gemini: Gemini, degraded: Degraded) -> dict[str, Any] | None:
    if gemini.can_rest:
        return {"thinkingBudget": 0}
    if gemini.levels:  # it always thinks: the least of it
        if gemini.levels[0] != "minimal":
            degraded.note("reasoning_effort")
        return {"thinkingLevel": gemini.levels[0]}
    if gemini.budgets is not None:
        degraded.note("reasoning_effort")
        return {"thinkingBudget": gemini.budgets[0]}
    return None


def _level(effort: Any, gemini: Gemini) -> str:
    """The model's level that is nearest to the portable effort."""
    if effort in gemini.levels:
        return str(effort)
    return gemini.levels[0] if effort == "minimal" else "high"


def decode_thinking(config: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """The portable options that a `thinkingConfig` says, and what of it has to stay as it is."""
    held = camel_keys(config)
    budget, level = held.get("thinkingBudget"), held.get("thinkingLevel")
    if held == {"thinkingBudget": 0}:
        return {"reasoning_effort": "none"}, {}
    if held == _with_thoughts("thinkingBudget", budget) and type(budget) is int and budget > 0:
        return {"reasoning_budget": budget}, {}
    plain = level.lower() if isinstance(level, str) else None
    if plain in _LEVELS and held == _with_thoughts("thinkingLevel", level):
        return {"reasoning_effort": plain}, {} if plain == level else {"thinkingLevel": level}
    return {}, held
