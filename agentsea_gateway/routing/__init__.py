"""Strategies: in which order the available candidates are tried (G07). Loaded on first use."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from agentsea_gateway.routing.cost import CostOptimized
    from agentsea_gateway.routing.latency import LatencyOptimized
    from agentsea_gateway.routing.sequence import Failover, RoundRobin
    from agentsea_gateway.routing.strategy import RoutingContext, Strategy

_HOME = {
    "CostOptimized": "cost",
    "Failover": "sequence",
    "LatencyOptimized": "latency",
    "RoundRobin": "sequence",
    "RoutingContext": "strategy",
    "Strategy": "strategy",
}

__all__ = ["CostOptimized", "Failover", "LatencyOptimized", "RoundRobin", "RoutingContext", "Strategy"]


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOME[name]}"), name)


def __dir__() -> list[str]:
    return __all__
