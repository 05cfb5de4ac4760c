"""A batch: many rows asked in threads, a bounded number of them at a time. `Gateway.map` starts one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from agentsea_gateway.batch.result import Result
    from agentsea_gateway.batch.results import Results

__all__ = ["Result", "Results"]


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f"{__name__}.{name.lower()}"), name)


def __dir__() -> list[str]:
    return __all__
