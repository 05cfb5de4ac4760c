"""Models: what is known of them, and what their tokens cost. Unknown is None, never zero.

    info.py          ModelInfo: what is known of one model
    prices.py        Prices: US dollars for tokens, and the cost of a usage
    matching.py      the rules by which the table knows a model by its name
    table.py         the table itself (table.json, written from the package `genai-prices`), read when first needed
    capabilities.py  what models take, from their vendors' documentation
    tariff.py        a candidate's prices and facts: its own, its provider's, the table's

>>> from agentsea_gateway import models
>>> models.find("openai", "gpt-4.1-mini").context_window
1000000
>>> models.find("openai", "my-own-model").context_window is None
True
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from agentsea_gateway.models.info import ModelInfo
    from agentsea_gateway.models.prices import Prices
    from agentsea_gateway.models.table import find, source

_HOME = {"ModelInfo": "info", "Prices": "prices", "find": "table", "source": "table"}

__all__ = ["ModelInfo", "Prices", "find", "source"]


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOME[name]}"), name)


def __dir__() -> list[str]:
    return __all__
