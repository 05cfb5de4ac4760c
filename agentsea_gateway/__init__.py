"""agentsea_gateway: which provider should serve this completion now, and what happens when it does not?

The public list. Importing this loads nothing else; each name is loaded on first use.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from agentsea_gateway.breaker import BreakerPolicy
    from agentsea_gateway.candidate import Candidate
    from agentsea_gateway.config import Config
    from agentsea_gateway.errors import GatewayError
    from agentsea_gateway.gateway import Gateway
    from agentsea_gateway.health import ProviderHealth
    from agentsea_gateway.response import Response, ToolCall, Usage
    from agentsea_gateway.retry_policy import RetryPolicy
    from agentsea_gateway.route import Attempt, Route
    from agentsea_gateway.store.cache import Cache
    from agentsea_gateway.stream import Stream

__version__ = "0.1.0"

_HOME = {
    "Attempt": "route",
    "BreakerPolicy": "breaker",
    "Cache": "store.cache",
    "Candidate": "candidate",
    "Config": "config",
    "Gateway": "gateway",
    "GatewayError": "errors",
    "ProviderHealth": "health",
    "Response": "response",
    "RetryPolicy": "retry_policy",
    "Route": "route",
    "Stream": "stream",
    "ToolCall": "response",
    "Usage": "response",
}

__all__ = [
    "Attempt",
    "BreakerPolicy",
    "Cache",
    "Candidate",
    "Config",
    "Gateway",
    "GatewayError",
    "ProviderHealth",
    "Response",
    "RetryPolicy",
    "Route",
    "Stream",
    "ToolCall",
    "Usage",
]


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    found = getattr(import_module(f"{__name__}.{_HOME[name]}"), name)
    globals()[name] = found  # the next look-up is a plain one
    return found


def __dir__() -> list[str]:
    return sorted([*__all__, "__version__"])
