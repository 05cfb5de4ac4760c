"""How hard to think, as Ollama's `think`, and back.

Source: Ollama documentation, "Thinking" (November 2026): most models take true or false; gpt-oss takes "low",
"medium" or "high" and always thinks.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from agentsea_gateway.dialects.request_reading import Degraded

_LEVELS = {"none": "low", "minimal": "low", "low": "low", "medium": "medium", "high": "high", "xhigh": "high"}
_PLAIN = "medium"  # the effort that "true" stands for


def _takes_levels(model: Any) -> bool:
    return isinstance(model, str) and "gpt-oss" in model


def encode_effort(effort: str, model: str | None, degraded: Degraded) -> bool | str:
    """`think` for this effort, or the nearest to it that the model knows."""
    if _takes_levels(model):
        found: bool | str = _LEVELS.get(effort, "high")
        exact = found == effort
    else:
        found = effort != "none"
        exact = effort in ("none", _PLAIN)
    if not exact:
        degraded.note("reasoning_effort")
    return found


def decode_think(think: Any, model: Any) -> str | None:
    """The effort that `think` stands for; None where no effort says the same."""
    if _takes_levels(model):
        return think if think in ("low", "medium", "high") else None
    return {True: _PLAIN, False: "none"}.get(think) if isinstance(think, bool) else None
