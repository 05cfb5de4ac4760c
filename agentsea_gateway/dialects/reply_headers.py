"""What the header fields of a reply say beside its body: the request's id and the rate limits, as numbers.

Sources: OpenAI "Rate limits" (`x-ratelimit-remaining-requests`), Anthropic "Rate limits"
(`anthropic-ratelimit-requests-remaining`), Mistral, Azure, OpenRouter; RFC 9110 for the syntax.
"""

from __future__ import annotations

import re
from functools import lru_cache, partial
from math import isfinite
from typing import TYPE_CHECKING

from agentsea_gateway.aside import load

if TYPE_CHECKING:
    from collections.abc import Mapping

_REQUEST_IDS = ("x-request-id", "request-id", "apim-request-id", "x-amzn-requestid")
_KINDS = ("limit", "remaining", "reset")
_DURATION = re.compile(r"(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m(?!s))?(?:(\d+(?:\.\d+)?)s)?(?:(\d+(?:\.\d+)?)ms)?")
_STEPS = (86400.0, 3600.0, 60.0, 1.0, 0.001)
_NONE: Mapping[str, str] = {}


def lowered(headers: Mapping[str, str] | None) -> Mapping[str, str]:
    """The header fields by lower-case name. A mapping that is no plain dict is one that ignores case already."""
    if not headers:
        return _NONE
    if type(headers) is dict:
        return {name.lower(): value for name, value in headers.items()}
    return headers


def request_id(headers: Mapping[str, str]) -> str | None:
    """The provider's id for the request, from lower-case header fields."""
    # Past the slower look-up of the transport's own fields, whose keys are lower-case.
    get = partial(dict.get, headers) if isinstance(headers, dict) else headers.get
    for name in _REQUEST_IDS:
        value = get(name)
        if value:
            return value
    return None


def rate_limits(headers: Mapping[str, str]) -> dict[str, float] | None:
    """What the rate-limit fields say, None where there are none.

    Names are one for all vendors: `limit_requests`, `remaining_input_tokens`, …; `reset_tokens` is in seconds from
    the reply on, `reset_at_tokens` (where the vendor gives a moment) in Unix time.
    """
    found: dict[str, float] | None = None
    for name in headers:
        if "ratelimit" in name or "RateLimit" in name:
            if found is None:
                found = {}
            kind, what = _meaning(name)
            number: float | None
            if kind == "reset_":
                kind, number = _reset(headers[name])
            else:
                number = _number(headers[name])
            if number is not None:
                found[kind + what] = number
    return found or None


@lru_cache(maxsize=256)
def _meaning(name: str) -> tuple[str, str]:
    """The kind ("limit_", "remaining_", "reset_" or "") and the resource that a field's name says."""
    words = name.lower().partition("ratelimit")[2].strip("-").split("-")
    kind = next((word for word in words if word in _KINDS), None)
    if kind is None:
        return "", "_".join(words)
    words.remove(kind)
    return f"{kind}_", "_".join(words) or "requests"


def _number(value: str) -> float | None:
    try:
        number = float(value)
    except ValueError:
        return None
    return number if isfinite(number) else None


@lru_cache(maxsize=1024)
def _reset(value: str) -> tuple[str, float | None]:
    number = _number(value)
    if number is not None:
        if number > 1e9:  # a moment, and in milliseconds (OpenRouter) where it would be after the year 5000
            return "reset_at_", number / 1000 if number > 1e11 else number
        return "reset_", number
    match = _DURATION.fullmatch(value.strip())
    if match and value.strip():
        amounts = zip(match.groups(), _STEPS, strict=True)
        return "reset_", sum(float(amount) * step for amount, step in amounts if amount)
    load("datetime")
    from datetime import datetime  # Anthropic's RFC 3339 moments

    try:
        return "reset_at_", datetime.fromisoformat(value.strip()).timestamp()
    except ValueError:
        return "reset_", None
