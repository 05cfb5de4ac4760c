"""The names in a host's list of its models, in the few shapes that such lists have."""

from __future__ import annotations

from typing import Any

from agentsea_gateway.errors import MalformedResponseError

_PLACE = "models/"  # Gemini's names say where they stand


def listed_models(body: Any) -> tuple[str, ...]:
    """The models' names, in the host's order.

    {"data": [{"id": …}]} is OpenAI's and Anthropic's shape (Models API references, 2026-11), {"models": [{"name": …}]}
    Gemini's and Cohere's; Together sends a bare list. Raises MalformedResponseError for anything else.
    """
    entries = body if isinstance(body, list) else None
    if isinstance(body, dict):
        entries = body.get("data", body.get("models"))
    if not isinstance(entries, list):
        raise MalformedResponseError("what came is no list of models")
    names = [entry.get("id") or entry.get("name") for entry in entries if isinstance(entry, dict)]
    return tuple([name.removeprefix(_PLACE) for name in names if isinstance(name, str)])
