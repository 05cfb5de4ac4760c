"""Which model on Bedrock takes what, told from its id.

Sources: Amazon Bedrock User Guide, "Prompt caching" and "Inference request parameters"; Amazon Bedrock API reference,
ToolResultBlock and ToolResultContentBlock (Nova and Claude only); Amazon Nova 2 User Guide, "Extended thinking";
November 2026. An id that tells nothing (a profile of one's own, an endpoint) is taken to know all that costs nothing.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING

from attrs import frozen

from agentsea_gateway.dialects.anthropic_messages.models import rules as claude_rules

if TYPE_CHECKING:
    from agentsea_gateway.dialects.anthropic_messages.models import Claude

# The maker stands in front, or behind a region ("us.anthropic.claude-…"), or at the end of an ARN.
_ID = re.compile(
    r"(?:^|[./])(?P<vendor>ai21|amazon|anthropic|cohere|deepseek|google|meta|minimax|mistral|moonshot(?:ai)?|nvidia"
    r"|openai|qwen|twelvelabs|writer|zai)\.(?P<name>[a-z0-9.-]+)"
)
_THREE = ("low", "medium", "high")
_SIX = ("none", "low", "medium", "high", "xhigh", "max")


@frozen
class Model:
    """What one model takes.

    vendor        who made it; None where the id does not say
    claude        what this Claude takes; None for every other model
    cache_points  it takes them;   tool_points  among the tools, too
    rich_results  the result of a tool may say that it is an error, and hold images
    effort_field  the additional field that says how much to reason, where it goes by effort
    efforts       the levels of effort, the weakest first
    top_k         the additional field that limits how many candidates there are for a token
    """

    vendor: str | None = None
    claude: Claude | None = None
    cache_points: bool = True
    tool_points: bool = True
    rich_results: bool = True
    effort_field: str | None = None
    efforts: tuple[str, ...] = ()
    top_k: str | None = "top_k"


_UNKNOWN = Model()


@lru_cache(maxsize=256)
def rules(model: str | None) -> Model:
    """What this model takes."""
    match = _ID.search(model or "")
    if match is None:
        return Model("anthropic", claude_rules(model)) if "claude-" in (model or "") else _UNKNOWN
    vendor, name = match["vendor"], match["name"]
    if vendor == "anthropic":
        return Model(vendor, claude_rules(name))
    field, efforts = _reasoning(vendor, name)
    if vendor == "amazon":
        return Model(vendor, tool_points=False, effort_field=field, efforts=efforts, top_k="topK")
    return Model(
        vendor,
        cache_points=False,
        tool_points=False,
        rich_results=False,
        effort_field=field,
        efforts=efforts,
        top_k={"cohere": "k", "mistral": "top_k"}.get(vendor),
    )


def _reasoning(vendor: str, name: str) -> tuple[str | None, tuple[str, ...]]:
    if vendor == "amazon" and name.startswith("nova-2"):
        return "reasoningConfig", _THREE
    if vendor == "openai" and not name.startswith("gpt-oss"):
        return "reasoning", _SIX
    if name.startswith(("gpt-oss", "kimi-k2", "v3")):  # OpenAI, Moonshot, DeepSeek
        return "reasoning_effort", _THREE
    return None, ()
