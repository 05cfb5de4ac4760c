"""The models that a command asks: those it is given, else those of the environment."""

from __future__ import annotations

import os

VARIABLE = "AGENTSEA_MODELS"


def given_by(environment: str | None = None) -> list[str]:
    """The names in the variable, in order, or in `environment` as if it stood there.

    >>> given_by("openai/gpt-4.1, anthropic/claude-opus-4-8,")
    ['openai/gpt-4.1', 'anthropic/claude-opus-4-8']
    """
    text = os.environ.get(VARIABLE, "") if environment is None else environment
    return [name.strip() for name in text.split(",") if name.strip()]


def hint() -> str:
    """What to say where there is no model: how to name one, and whose keys are set."""
    from agentsea_gateway.commands.words import listed  # only where there is none
    from agentsea_gateway.providers.catalogue import services

    ready = [service.name for service in services() if service.variables and service.configured()]
    known = f"keys are set for {listed(ready)}" if ready else "no key is set"
    return f"no model; give -m PROVIDER/MODEL or set {VARIABLE} ({known}; see 'agentsea providers')"
