"""Which Claude takes what, told from the model's name.

Sources: Anthropic documentation, "Thinking", "Effort", "Mid-conversation system messages" and "Models overview", as of
October 2026. A name that is no Claude's (a host that follows this API) is taken to know what Claude 3.7 to 4.5 knew.
"""

from __future__ import annotations

import re
from functools import lru_cache

from attrs import frozen

_NAME = re.compile(
    r"claude-(?:(?P<major>\d)(?:[-.](?P<minor>\d))?-)?(?P<family>opus|sonnet|haiku|fable|mythos)"
    r"(?:-(?P<major2>\d{1,2})(?!\d)(?:[-.](?P<minor2>\d{1,2})(?!\d))?)?"
)
_MANY_TOKENS, _FEW_TOKENS = 16_384, 4_096


@frozen
class Claude:
    """What one model takes.

    adaptive        thinking is adaptive and goes by effort; else, where there is any, by a budget of tokens
    budget          a budget is taken
    off             the `thinking` that turns thinking off; None where nothing does, or there is nothing to turn off
    efforts         the levels of effort, the weakest first
    inner_system    a system message may stand inside the conversation
    max_tokens      what to ask for where the caller names no limit, which the API demands
    """

    adaptive: bool = False
    budget: bool = True
    off: str | None = "disabled"
    efforts: tuple[str, ...] = ("low", "medium", "high", "max")
    inner_system: bool = False
    max_tokens: int = _FEW_TOKENS


_UNKNOWN = Claude()


@lru_cache(maxsize=256)
def rules(model: str | None) -> Claude:
    """What this model takes."""
    match = _NAME.search(model or "")
    if match is None:
        return _UNKNOWN
    family = match["family"]
    version = (int(match["major"] or match["major2"] or 3), int(match["minor"] or match["minor2"] or 0))
    adaptive = version >= ((5, 0) if family == "haiku" else (4, 6))
    return Claude(
        adaptive=adaptive,
        budget=version >= (3, 7) and version <= (4, 6),
        off=_off(family, version) if version >= (3, 7) else None,
        efforts=("low", "medium", "high", "xhigh", "max") if version >= (4, 7) else _UNKNOWN.efforts,
        inner_system=_inner_system(family, version),
        max_tokens=_FEW_TOKENS if version < (3, 5) else _MANY_TOKENS // 2 if version < (3, 7) else _MANY_TOKENS,
    )


def _off(family: str, version: tuple[int, int]) -> str | None:
    if family in ("fable", "mythos") or (family == "opus" and version >= (5, 5)):
        return None
    return "between_tools" if family == "sonnet" and version >= (5, 5) else "disabled"


def _inner_system(family: str, version: tuple[int, int]) -> bool:
    if family == "sonnet":
        return version >= (5, 5)
    return family in ("fable", "mythos") or (family == "opus" and version >= (4, 8))
