"""The portable reasoning options, and top_k, as the additional fields of a model's maker, and back.

A Claude is asked as its own API is. Whoever writes such a field himself (extra_body) is not contradicted.
Sources: Amazon Bedrock User Guide, "Extended thinking" and "Adaptive thinking"; Amazon Bedrock API reference,
OutputConfig; Amazon Nova 2 User Guide, "Extended thinking"; November 2026.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from agentsea_gateway.dialects.anthropic_messages import thinking as anthropic
from agentsea_gateway.dialects.usage import part

if TYPE_CHECKING:
    from collections.abc import Mapping

    from agentsea_gateway.dialects.anthropic_messages.models import Claude
    from agentsea_gateway.dialects.bedrock_converse.models import Model
    from agentsea_gateway.dialects.request_reading import Degraded

FIELDS = "additionalModelRequestFields"
_REASONING = frozenset(("thinking", "reasoning_config", "reasoningConfig", "reasoning", "reasoning_effort"))
_TOP_K = frozenset(("top_k", "k", "inferenceConfig"))
_FORCED = {"any": {"type": "any"}, "tool": {"type": "tool"}}


def add_fields(body: dict[str, Any], given: Mapping[str, Any], model: Model, degraded: Degraded) -> None:
    """Add what the options ask for beyond the fields that every model knows."""
    own = (given.get("extra_body") or {}).get(FIELDS)
    own = own if isinstance(own, dict) else {}
    if "top_k" in given and not own.keys() & _TOP_K:
        _add_top_k(body, given["top_k"], model, degraded)
    effort, budget = given.get("reasoning_effort"), given.get("reasoning_budget")
    if (effort is None and budget is None) or own.keys() & _REASONING:
        return
    if model.claude is not None:
        _ask_claude(body, given, model.claude, degraded)
    elif model.effort_field is not None:
        _add_effort(body, effort, model, degraded)
        if budget is not None:
            degraded.note("reasoning_budget")
    elif model.vendor is None and budget is not None:  # of those that might stand behind such an id, a Claude
        _field(body, "thinking", {"type": "enabled", "budget_tokens": budget})
    elif model.vendor is None and effort == "none":
        _field(body, "thinking", {"type": "disabled"})
    else:
        degraded.note("reasoning_effort" if budget is None else "reasoning_budget")


def _field(body: dict[str, Any], name: str, value: Any) -> None:
    body.setdefault(FIELDS, {})[name] = value


def _add_top_k(body: dict[str, Any], value: int, model: Model, degraded: Degraded) -> None:
    if model.top_k is None:
        degraded.note("top_k")
    elif model.top_k == "topK":  # Nova's
        _field(body, "inferenceConfig", {"topK": value})
    else:
        _field(body, model.top_k, value)


def _ask_claude(body: dict[str, Any], given: Mapping[str, Any], claude: Claude, degraded: Degraded) -> None:
    """As Anthropic's own API is asked, with the answer put where Converse has it."""
    inference, fields = body.get("inferenceConfig", {}), body.get(FIELDS, {})
    asked: dict[str, Any] = {"max_tokens": given.get("max_tokens", claude.max_tokens), "messages": body["messages"]}
    asked |= {"temperature": inference["temperature"]} if "temperature" in inference else {}
    asked |= {"top_k": fields["top_k"]} if "top_k" in fields else {}
    for kind in body.get("toolConfig", {}).get("toolChoice", ()):
        asked["tool_choice"] = _FORCED.get(kind, {})
    anthropic.add_reasoning(asked, given, claude, degraded)
    anthropic.settle_conflicts(asked, degraded)
    if "temperature" not in asked:
        inference.pop("temperature", None)
    if "top_k" not in asked:
        fields.pop("top_k", None)
    if "thinking" in asked:
        _field(body, "thinking", asked["thinking"])
    if "output_config" in asked:
        body.setdefault("outputConfig", {})["effort"] = asked["output_config"]["effort"]


def _add_effort(body: dict[str, Any], effort: str | None, model: Model, degraded: Degraded) -> None:
    if effort is None:
        return
    if model.effort_field == "reasoningConfig":
        _add_nova_effort(body, effort, degraded)
        return
    if effort not in model.efforts and effort != "minimal":
        if effort == "none":  # it always reasons: the least of it
            degraded.note("reasoning_effort")
        effort = model.efforts[0] if effort == "none" else model.efforts[-1]
    level = "low" if effort == "minimal" else effort
    if model.effort_field == "reasoning":
        _field(body, "reasoning", {"effort": level})
    else:
        _field(body, str(model.effort_field), level)


def _add_nova_effort(body: dict[str, Any], effort: str, degraded: Degraded) -> None:
    """Nova refuses its highest effort together with a limit of tokens, and with sampling."""
    if effort == "none":
        _field(body, "reasoningConfig", {"type": "disabled"})
        return
    level = {"minimal": "low", "low": "low", "medium": "medium"}.get(effort, "high")
    inference = body.get("inferenceConfig", {})
    if level == "high" and "maxTokens" in inference:
        level = "medium"
        degraded.note("reasoning_effort")
    if level == "high":
        for ours, theirs in (("temperature", "temperature"), ("top_p", "topP")):
            if inference.pop(theirs, None) is not None:
                degraded.note(ours)
    _field(body, "reasoningConfig", {"type": "enabled", "maxReasoningEffort": level})


def decode_fields(fields: Any, effort: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    """The portable options that the additional fields say, and those of them that have to stay as they are.

    `effort` is the one of `outputConfig`. Only a Claude's budget, and its thinking turned off, are told without
    knowing the model; whatever else is said stays, too.
    """
    kept = dict(fields) if isinstance(fields, dict) else {}
    options: dict[str, Any] = {}
    thinking = kept.get("thinking")
    if isinstance(thinking, dict) and effort is None:
        if thinking.keys() == {"type", "budget_tokens"} and thinking["type"] == "enabled":
            options["reasoning_budget"] = thinking["budget_tokens"]
            del kept["thinking"]
        elif thinking == {"type": "disabled"}:
            options["reasoning_effort"] = "none"
            del kept["thinking"]
    if not options:
        options = _told(kept, effort)
    top_k = kept.get("top_k")
    if type(top_k) is int and top_k > 0:
        options["top_k"] = kept.pop("top_k")
    elif isinstance(kept.get("inferenceConfig"), dict) and type(kept["inferenceConfig"].get("topK")) is int:
        options["top_k"] = kept["inferenceConfig"]["topK"]
    return options, kept


def _told(fields: Mapping[str, Any], effort: Any) -> dict[str, Any]:
    """What fields that stay as they are mean in the portable options."""
    thinking = fields.get("reasoning_config") or fields.get("thinking")
    if isinstance(thinking, dict):
        if thinking.get("type") == "enabled" and type(thinking.get("budget_tokens")) is int:
            return {"reasoning_budget": thinking["budget_tokens"]}
        if thinking.get("type") != "adaptive":
            return {}
        effort = effort or part(fields, "output_config").get("effort")
        return {"reasoning_effort": effort} if isinstance(effort, str) else {}
    for found in (
        part(fields, "reasoningConfig").get("maxReasoningEffort"),
        part(fields, "reasoning").get("effort"),
        fields.get("reasoning_effort"),
    ):
        if isinstance(found, str):
            return {"reasoning_effort": found}
    return {}
