"""Gateways of scripted providers on a clock that stands still, for tests of what a user sees."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from agentsea_gateway import Candidate, Gateway
from agentsea_gateway.testing import FakeClock, ScriptedProvider

if TYPE_CHECKING:
    from agentsea_gateway.health import ProviderHealth
    from agentsea_gateway.testing import ScriptedCompletions

NAMES = "abcdefgh"


def gateway(*providers: Any, **settings: Any) -> Gateway:
    """A gateway over `providers`, as candidates named a, b, c, …; strings and errors are what a scripted one gives."""
    settings.setdefault("clock", FakeClock())
    return Gateway([as_candidate(name, it) for name, it in zip(NAMES, providers, strict=False)], **settings)


def as_candidate(name: str, provider: Any) -> Candidate:
    """A candidate of that name over a provider, or over a scripted one that always gives this."""
    if isinstance(provider, Candidate):
        return provider
    usable = hasattr(provider, "complete") or hasattr(provider, "stream")
    return Candidate(name, provider if usable else ScriptedProvider(default=provider), f"model-{name}")


def clock_of(gw: Gateway) -> FakeClock:
    """The fake clock that `gateway` gave it."""
    clock = gw._core.config.clock
    assert isinstance(clock, FakeClock)
    return clock


def hits(*providers: ScriptedCompletions) -> list[int]:
    """How often each was asked."""
    return [provider.hits for provider in providers]


def counts(health: dict[str, ProviderHealth]) -> dict[str, tuple[int, int]]:
    """Calls and errors by candidate."""
    return {name: (seen.calls, seen.errors) for name, seen in health.items()}
