"""What you need to prove your own failover in your own tests: a loopback server that speaks the vendors' languages and
misbehaves on request, a provider that follows a script, and a clock that you move.

    from agentsea_gateway.testing import Fault, Reply, Sandbox

    with Sandbox() as dying, Sandbox() as healthy:
        dying.always(Fault.status(503))
        gateway = Gateway([
            Candidate("a", OpenAI(base_url=dying.openai_url, api_key=dying.api_key), "any-model"),
            Candidate("b", Anthropic(base_url=healthy.anthropic_url, api_key=healthy.api_key), "any-model"),
        ])
        assert gateway.completion("Hello").served_by == "b"

With pytest, put `pytest_plugins = ["agentsea_gateway.testing.fixtures"]` into your root conftest.py.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from agentsea_gateway.testing.fake_clock import FakeClock
    from agentsea_gateway.testing.faults import Fault
    from agentsea_gateway.testing.recorded import Request
    from agentsea_gateway.testing.replies import Reply
    from agentsea_gateway.testing.sandbox import Sandbox
    from agentsea_gateway.testing.scripted import ScriptedCompletions, ScriptedProvider

_HOMES = {
    "FakeClock": "fake_clock",
    "Fault": "faults",
    "Reply": "replies",
    "Request": "recorded",
    "Sandbox": "sandbox",
    "ScriptedCompletions": "scripted",
    "ScriptedProvider": "scripted",
}

__all__ = ["FakeClock", "Fault", "Reply", "Request", "Sandbox", "ScriptedCompletions", "ScriptedProvider"]


def __getattr__(name: str) -> Any:
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = globals()[name] = getattr(import_module(f"{__name__}.{home}"), name)
    return value


def __dir__() -> list[str]:
    return [*__all__]
