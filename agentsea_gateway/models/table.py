"""The table of models and prices, read when somebody first asks.

It is written from the package `genai-prices`, whose maintainers read the vendors' price pages, by `.ci/models.py`. Its
version and the day of writing stand in it: see `source()`.
"""

from __future__ import annotations

import json
import os
import re
from datetime import UTC, datetime
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Any

from attrs import evolve

from agentsea_gateway.clock import SYSTEM
from agentsea_gateway.models import capabilities
from agentsea_gateway.models.info import UNKNOWN, ModelInfo
from agentsea_gateway.models.matching import matches, spellings
from agentsea_gateway.models.prices import Prices

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

# Kinds of service here, where the table has another name for who sends the bill.
_BILLED_BY = {
    "bedrock": "aws",
    "gemini": "google",
    "openai-responses": "openai",
    "vertex": "google",
    "xai": "x-ai",
    "xai-responses": "x-ai",
}
# Where a model may be called anything: a deployment at Azure, a server that the table does not know (which may well
# call its own model "gpt-3.5-turbo"). There a name says nothing of what the model takes.
_NAMED_FREELY = ("azure", "")
_FIELDS = {
    "in": "input",
    "out": "output",
    "read": "cache_read",
    "write": "cache_write",
    "reasoning": "reasoning",
    "requests": "requests",
}
_ID, _RULE, _PRICES, _CONTEXT, _DEPRECATED = range(5)  # of a row


@cache
def _table() -> dict[str, Any]:
    loader: Any = __spec__.loader  # a package in a zip file has one too
    found: dict[str, Any] = json.loads(loader.get_data(os.path.join(os.path.dirname(__file__), "table.json")))
    return found


def source() -> str:
    """Where the prices are from, and of what day: "genai-prices 0.2.3, 2026-11-25"."""
    return f"{_table()['source']}, {_table()['date']}"


def find(provider: str | None, model: str | None, *, at: float | None = None, base_url: str | None = None) -> ModelInfo:
    """What is known of a provider's model; a ModelInfo of unknowns where nothing is.

    provider   a kind of service ("openai", "gemini", …) or a name of the table; None: whoever makes the model
    at         Unix time at which its prices are asked for; None: now
    base_url   where it is, for a provider that may be elsewhere than its name says
    """
    if not model:
        return UNKNOWN
    _, row = _row(provider, model, base_url)
    when = 0 if row is None or isinstance(row[_PRICES], dict) else _in_force(row[_PRICES], at)
    return _known(provider, model, base_url, when)


@lru_cache(maxsize=4096)
def _known(provider: str | None, model: str, base_url: str | None, when: int) -> ModelInfo:
    """What `find` says, with the prices that are number `when` in their row."""
    seller, row = _row(provider, model, base_url)
    named_freely = base_url is not None and seller in _NAMED_FREELY
    known = UNKNOWN if named_freely else capabilities.known(row[_ID] if row else model, model)
    if row is None:
        return known
    prices = row[_PRICES] if isinstance(row[_PRICES], dict) else row[_PRICES][when][1]
    return evolve(
        known,
        context_window=None if named_freely else row[_CONTEXT] or None,
        prices=Prices(**{_FIELDS[name]: value for name, value in prices.items()}) if prices else None,
        deprecated=True if row[_DEPRECATED] else None,
        source=f"{source()} ({seller}/{row[_ID]})",
    )


@lru_cache(maxsize=4096)
def _row(provider: str | None, model: str, base_url: str | None) -> tuple[str, list[Any] | None]:
    """Who sells the model, by the table's name, and its row there; None where it has none."""
    seller = _seller(provider, model, base_url)
    if seller is None:
        return "", None
    for name in spellings(model):
        for row in _rows(seller):
            if matches(row[_RULE], name):
                return seller, row
    return seller, None


def _rows(seller: str) -> Iterator[list[Any]]:
    """The rows of a seller, and behind them those of the makers whose models it sells too."""
    providers = _table()["providers"]
    yield from providers[seller]["models"]
    for maker in providers[seller].get("fallback", ()):
        yield from providers[maker]["models"]


def _seller(provider: str | None, model: str, base_url: str | None) -> str | None:
    providers: Mapping[str, Any] = _table()["providers"]
    if base_url is not None:
        by_url = next((name for name, each in providers.items() if re.match(each["url"], base_url)), None)
        if by_url is not None:
            return by_url
    name = (provider or "").lower()
    name = _BILLED_BY.get(name, name)
    if name in providers:
        return name
    if name:
        by_rule = next((each for each in providers if _is(providers[each].get("match"), name)), None)
        if by_rule is not None:
            return by_rule
    if base_url is not None:  # a server that the table does not know has prices of its own
        return None
    return next((each for each in providers if _is(providers[each].get("makes"), model.lower())), None)


def _is(rule: Any, name: str) -> bool:
    return rule is not None and matches(rule, name)


def _in_force(prices: list[Any], at: float | None) -> int:
    """Which prices hold at a moment: the last whose condition does, else the first."""
    moment = datetime.fromtimestamp(SYSTEM.time() if at is None else at, UTC)
    later = (index for index in range(len(prices) - 1, -1, -1) if _holds(prices[index][0], moment))
    return next(later, 0)


def _holds(condition: str | list[str] | None, moment: datetime) -> bool:
    """Whether a price holds: always, from a date on, or between two times of the day (UTC)."""
    if condition is None:
        return True
    if isinstance(condition, str):
        return moment.date().isoformat() >= condition
    begin, end = condition
    clock = moment.time().isoformat()
    return begin <= clock < end if begin <= end else clock >= begin or clock < end
