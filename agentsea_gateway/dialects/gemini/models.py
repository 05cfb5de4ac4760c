"""Which Gemini takes what, told from the model's name.

Sources: Gemini API documentation, "Thinking", "Thought signatures" and "Function calling" (multimodal function
responses); Gemini Enterprise Agent Platform documentation, "Thinking", table of levels; as of November 2026. A name
that is no Gemini's is taken to know what the newest one does.
"""

from __future__ import annotations

import re
from functools import lru_cache

from attrs import frozen

_NAME = re.compile(r"gemini-(?P<major>\d+)(?:\.(?P<minor>\d+))?(?!\d)(?:-(?P<family>[a-z]+(?:-lite)?))?")


@frozen
class Gemini:
    """What one model takes.

    levels          how much it may think, the least first; none where it has no levels
    budgets         the smallest and the largest number of tokens to think with; None where it has no budget
    can_rest        its thinking can be turned off
    json_schema     structured output from a JSON schema, else from a subset of OpenAPI's
    result_media    the result of a function may hold images and files; else they stand behind it
    wants_signature a function call without a thought signature is refused
    """

    levels: tuple[str, ...] = ("low", "medium", "high")
    budgets: tuple[int, int] | None = None
    can_rest: bool = True
    json_schema: bool = True
    result_media: bool = True
    wants_signature: bool = False


_UNKNOWN = Gemini()


@lru_cache(maxsize=256)
def rules(model: str | None) -> Gemini:
    """What this model takes."""
    match = _NAME.search(model or "")
    if match is None:
        return _UNKNOWN
    version = (int(match["major"]), int(match["minor"] or 0))
    family = match["family"] or ""
    if version < (2, 5):
        return Gemini(levels=(), can_rest=False, json_schema=False, result_media=False)
    if version < (3, 0):
        budgets = (128, 32_768) if family == "pro" else (512 if family.endswith("lite") else 1, 24_576)
        return Gemini(levels=(), budgets=budgets, can_rest=family != "pro", result_media=False)
    return Gemini(levels=_levels(family, version), can_rest=False, wants_signature=True)


def _levels(family: str, version: tuple[int, int]) -> tuple[str, ...]:
    if family.startswith("flash") and (version < (3, 7) or family.endswith("lite")):
        return ("minimal", "low", "medium", "high")
    return ("low", "high") if family == "pro" and version < (3, 1) else ("low", "medium", "high")
