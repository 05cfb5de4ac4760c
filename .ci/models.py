"""Writes the table of models and prices that the package carries, from the package `genai-prices`.

    pip install genai-prices && python .ci/models.py

It asks nobody over the network: the facts are those of the installed `genai-prices`, whose version and the day of
writing stand in the table, in the provenance of every cost, and on the page docs/models.md.
"""

from __future__ import annotations

import datetime
import json
import re
import sys
from importlib.metadata import files, version
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
TABLE = ROOT / "agentsea_gateway" / "models" / "table.json"
LICENSE = TABLE.with_name("table.LICENSE")  # the facts are taken over whole, so its notice goes with them
PAGE = ROOT / "docs" / "models.md"
SIZE = 300_000  # bytes that the table may have: it is read by whoever asks for a price

# No chat models that a gateway could ask, or no prices of a service of its own.
LEFT_OUT = frozenset(
    ("cursor", "elevenlabs", "github-copilot", "openai-decisions", "quicksilverpro", "typesafe", "voyageai")
)
CLAUSES = {"starts_with": "^", "ends_with": "$", "contains": "~", "regex": "re", "or_": "|", "and_": "&"}
PRICES = {
    "input_mtok": "in",
    "output_mtok": "out",
    "cache_read_mtok": "read",
    "cache_write_mtok": "write",
    "output_reasoning_mtok": "reasoning",
    "requests_kcount": "requests",
}


def clause(match: Any) -> Any:
    """A rule of matching as JSON: a text is one that is equal, everything else a list that begins with its sign."""
    if match is None:
        return None
    ((name, value),) = vars(match).items()
    if name == "equals":
        return value.lower()
    if isinstance(value, list):
        return [CLAUSES[name], *map(clause, value)]
    return [CLAUSES[name], value if name == "regex" else value.lower()]


def price(value: Any) -> Any:
    """US dollars for a million (of requests: for a thousand), as text; tiers by input tokens behind the base."""
    if hasattr(value, "tiers"):
        return [str(value.base), *([tier.start, str(tier.price)] for tier in value.tiers)]
    return str(value)


def prices(given: Any) -> dict[str, Any]:
    """The prices of tokens and requests; those of minutes, pages and searches are left out."""
    return {
        ours: price(getattr(given, theirs)) for theirs, ours in PRICES.items() if getattr(given, theirs) is not None
    }


def since(constraint: Any) -> Any:
    """When a price holds: from a date on, or between two times of the day (UTC)."""
    if constraint is None:
        return None
    if hasattr(constraint, "start_date"):
        return constraint.start_date.isoformat()
    return [utc(constraint.start_time), utc(constraint.end_time)]


def utc(moment: datetime.time) -> str:
    """A time of the day in UTC."""
    zoned = moment if moment.tzinfo is not None else moment.replace(tzinfo=datetime.UTC)
    return datetime.datetime.combine(datetime.date(1970, 1, 1), zoned).astimezone(datetime.UTC).strftime("%H:%M:%S")


def model(given: Any) -> list[Any] | None:
    """A model's row: id, rule, prices in time, context window, deprecated; None where it has no price of a token."""
    several = given.prices if isinstance(given.prices, list) else None
    held = (
        [[since(each.constraint), prices(each.prices)] for each in several]
        if several
        else [[None, prices(given.prices)]]
    )
    if not any(found for _, found in held):
        return None
    return [
        given.id,
        clause(given.match),
        held if len(held) > 1 else held[0][1],
        given.context_window or 0,
        int(bool(given.deprecated)),
    ]


def provider(given: Any) -> dict[str, Any]:
    """A provider's rules and its models' rows."""
    rows = [row for row in map(model, given.models) if row is not None]
    found = {
        "match": clause(given.provider_match),
        "makes": clause(given.model_match),
        "url": given.api_pattern,
        "fallback": [name for name in given.fallback_model_providers or () if name not in LEFT_OUT],
        "models": rows,
    }
    return {name: value for name, value in found.items() if value}


def table(providers: list[Any], source: str, date: str) -> dict[str, Any]:
    """The whole table."""
    kept = {given.id: provider(given) for given in providers if given.id not in LEFT_OUT}
    return {
        "source": source,
        "date": date,
        "providers": {name: found for name, found in kept.items() if "models" in found},
    }


def license_text() -> str:
    """The notice of `genai-prices`, as it is distributed."""
    found = next(path for path in files("genai-prices") or () if path.name == "LICENSE")
    return f"table.json is written from the package genai-prices, under this license:\n\n{found.read_text()}"


def main() -> int:
    """Write the table and its date on the page."""
    from genai_prices.data import providers

    found = table(
        providers, f"genai-prices {version('genai-prices')}", datetime.datetime.now(datetime.UTC).date().isoformat()
    )
    text = json.dumps(found, separators=(",", ":"), ensure_ascii=True) + "\n"
    if len(text) > SIZE:
        sys.stderr.write(f"the table has {len(text)} bytes, more than {SIZE}: leave something out\n")
        return 1
    TABLE.write_text(text, encoding="ascii")
    LICENSE.write_text(license_text(), encoding="utf-8")
    rows = sum(len(each["models"]) for each in found["providers"].values())
    stamp = f"{found['source']}, {found['date']}: {rows} models of {len(found['providers'])} providers"
    if PAGE.exists():
        page = PAGE.read_text(encoding="utf-8")
        PAGE.write_text(re.sub(r"(?<=<!-- table -->)[^<]*", stamp, page), encoding="utf-8")
    sys.stdout.write(f"{stamp}, {len(text)} bytes\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
