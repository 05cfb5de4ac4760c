"""The portable reasoning options as Anthropic's `thinking` and `output_config.effort`, and back.

From Claude 4.6 on a model thinks adaptively and effort says how much; before, thinking has a budget of tokens (at least
1,024 and less than max_tokens). With thinking on, the API refuses a temperature, top_k, and a tool that is forced; with
a budget also to go on with calls that were made without thinking, as another vendor's were.
Source: Anthropic documentation, "Thinking", "Extended thinking" and "Effort", as of October 2026.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from agentsea_gateway.dialects.request_reading import Degraded

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from agentsea_gateway.dialects.anthropic_messages.models import Claude

LEAST_BUDGET = 1024
# Tokens of thinking that stand for an effort where the model wants a budget.
BUDGETS = {"minimal": 1024, "low": 2048, "medium": 8192, "high": 16_384, "xhigh": 20_480, "max": 24_576}
_SMALLEST_LIMIT = 32_000  # tokens of output that every Claude with a budget may write (Opus 4)
OPTIONS = ("reasoning_effort", "reasoning_budget")
_ON = ("enabled", "adaptive")
_ADAPTIVE = {"type": "adaptive"}


def add_reasoning(body: dict[str, Any], given: Mapping[str, Any], claude: Claude, degraded: Degraded) -> None:
    """Add what the reasoning options of a call ask for; `given` says whether max_tokens is the caller's own."""
    effort, budget = given.get("reasoning_effort"), given.get("reasoning_budget")
    if budget is not None and claude.budget:
        if budget < LEAST_BUDGET:
            degraded.note("reasoning_budget")
            budget = LEAST_BUDGET
        body["thinking"] = {"type": "enabled", "budget_tokens": budget}
        if "max_tokens" not in given:
            body["max_tokens"] = _room_for(budget, claude)
    elif effort is not None or budget is not None:
        if budget is not None:
            degraded.note("reasoning_budget")
        _add_effort(body, effort, "max_tokens" in given, claude, degraded)


def _add_effort(body: dict[str, Any], effort: str | None, limited: bool, claude: Claude, degraded: Degraded) -> None:
    if effort == "none":
        _turn_off(body, claude, degraded)
    elif claude.adaptive:
        body["thinking"] = {**_ADAPTIVE}
        if effort is not None:
            body.setdefault("output_config", {})["effort"] = _level(effort, claude)
    elif claude.budget and effort is not None:
        budget = BUDGETS.get(effort, BUDGETS["high"])
        if limited:
            budget = min(budget, max(LEAST_BUDGET, body["max_tokens"] * 4 // 5))
            if budget >= body["max_tokens"]:  # no room to think
                degraded.note("reasoning_effort")
                return
        else:
            body["max_tokens"] = _room_for(budget, claude)
        body["thinking"] = {"type": "enabled", "budget_tokens": budget}
    else:
        degraded.note("reasoning_effort")


def _room_for(budget: int, claude: Claude) -> int:
    wanted = budget + claude.max_tokens
    return wanted if budget >= _SMALLEST_LIMIT else min(wanted, _SMALLEST_LIMIT)


def _turn_off(body: dict[str, Any], claude: Claude, degraded: Degraded) -> None:
    if claude.off is not None:
        body["thinking"] = {"type": claude.off}
    elif claude.adaptive:  # it always thinks: the least of it
        body.setdefault("output_config", {})["effort"] = claude.efforts[0]
        degraded.note("reasoning_effort")


def _level(effort: str, claude: Claude) -> str:
    """The model's level of effort that is nearest to the portable one."""
    if effort in claude.efforts:
        return effort
    return "high" if effort == "xhigh" else claude.efforts[0]


def settle_conflicts(body: dict[str, Any], degraded: Degraded) -> None:
    """Leave out what the API refuses together: thinking gives way to a forced tool, sampling to thinking."""
    if not is_on(body.get("thinking")):
        return
    forced = body.get("tool_choice", {}).get("type") in ("any", "tool")
    if forced or (body["thinking"]["type"] == "enabled" and goes_on_unthought(body.get("messages", ()))):
        del body["thinking"]
        degraded.note("reasoning_effort")
        return
    if body.get("temperature", 1) != 1:
        del body["temperature"]
        degraded.note("temperature")
    if "top_k" in body:
        del body["top_k"]
        degraded.note("top_k")


def conflicts(body: Mapping[str, Any]) -> bool:
    """Whether `settle_conflicts` would leave something out of this body."""
    turns = [turn if isinstance(turn["content"], list) else {**turn, "content": [{}]} for turn in body["messages"]]
    told = {key: value for key, value in body.items() if value is not None}
    degraded = Degraded()
    settle_conflicts({**told, "messages": [turn for turn in turns if turn["content"]]}, degraded)
    return bool(degraded.names())


def goes_on_unthought(turns: Sequence[Mapping[str, Any]]) -> bool:
    """Whether the turns end in results of tools that were called without a thought in front."""
    answers: list[Any] = []  # of the assistant, since the user last said something
    for turn in turns:
        if turn["role"] == "assistant":
            answers.append(turn["content"])
        elif turn["role"] == "user" and not any(_is_result(block) for block in turn["content"]):
            answers = []
    return bool(answers) and turns[-1]["role"] != "assistant" and not _is_thought(answers[0][0])


def _is_result(block: Mapping[str, Any]) -> bool:
    return block.get("type") == "tool_result" or "toolResult" in block  # the latter: in Bedrock's form


def _is_thought(block: Mapping[str, Any]) -> bool:
    return block.get("type") in ("thinking", "redacted_thinking") or "reasoningContent" in block


def is_on(thinking: Any) -> bool:
    """Whether this `thinking` makes the model think."""
    return isinstance(thinking, dict) and thinking.get("type") in _ON


def decode_reasoning(thinking: Any, effort: Any, claude: Claude) -> dict[str, Any] | None:
    """The portable options that say the same as `thinking` and `output_config.effort`; None where none do."""
    if isinstance(thinking, dict):
        kind = thinking.get("type")
        budgeted = kind == "enabled" and thinking.keys() == {"type", "budget_tokens"}
        if budgeted and claude.budget and effort is None and thinking["budget_tokens"] >= LEAST_BUDGET:
            return {"reasoning_budget": thinking["budget_tokens"]}
        if thinking == _ADAPTIVE and claude.adaptive and effort in claude.efforts:
            return {"reasoning_effort": effort}
        if kind is not None and kind == claude.off and effort is None and len(thinking) == 1:
            return {"reasoning_effort": "none"}
    return None
