"""The table says what the package it was written from says, by the same rules, and is no larger than it was allowed."""

from __future__ import annotations

import importlib.util
import json
from datetime import UTC, datetime
from decimal import Decimal
from itertools import product
from pathlib import Path
from typing import Any

import pytest

import agentsea_gateway
from agentsea_gateway import Usage, models
from agentsea_gateway.models import capabilities, table
from agentsea_gateway.models.matching import matches, spellings

DATA = Path(agentsea_gateway.__file__).parent / "models" / "table.json"
SCRIPT = Path(__file__).parents[2] / ".ci" / "models.py"
NOON = datetime(2026, 11, 25, 12, tzinfo=UTC)


def test_the_table_is_small_and_says_what_it_is() -> None:
    text = DATA.read_bytes()
    assert len(text) <= 300_000
    found = json.loads(text)
    assert models.source() == f"{found['source']}, {found['date']}"
    assert found["source"].startswith("genai-prices ")
    datetime.fromisoformat(found["date"])


def test_nothing_is_read_before_somebody_asks() -> None:
    for kept in (table._table, table._row, table._known):
        kept.cache_clear()
    assert not table._table.cache_info().currsize
    models.find("openai", None)
    assert not table._table.cache_info().currsize
    models.find("openai", "gpt-4.1")
    assert table._table.cache_info().currsize == 1


@pytest.mark.parametrize(
    ("provider", "model", "context", "cost"),
    [
        ("openai", "gpt-4.1", 1_000_000, "0.01"),
        ("openai", "gpt-4.1-2025-04-14", 1_000_000, "0.01"),
        ("openai-responses", "gpt-4.1-mini", 1_000_000, "0.002"),
        ("anthropic", "claude-opus-4-8", 1_000_000, "0.03"),
        ("gemini", "models/gemini-2.5-flash", 1_048_576, "0.0028"),
        ("vertex", "publishers/google/models/gemini-2.5-flash", 1_048_576, "0.0028"),
        ("bedrock", "us.anthropic.claude-sonnet-4-5-20250929-v1:0", 200_000, "0.0198"),
        ("openrouter", "openai/gpt-4.1", 1_047_576, "0.01"),
        ("xai", "grok-4-fast-reasoning", 2_000_000, "0.0007"),
    ],
)
def test_models_are_found_by_the_names_that_programs_use(provider: str, model: str, context: int, cost: str) -> None:
    found = models.find(provider, model)
    assert found.context_window == context
    assert found.prices is not None
    assert found.prices.cost(Usage(1000, 1000)) == Decimal(cost)
    assert models.source() in found.source


def test_a_plain_provider_is_billed_like_the_maker_of_the_model() -> None:
    assert models.find("MyWrapper", "claude-haiku-4-5").prices == models.find("anthropic", "claude-haiku-4-5").prices


def test_a_server_that_the_table_does_not_know_has_no_price() -> None:
    assert models.find("llamacpp", "gpt-4.1", base_url="http://127.0.0.1:8080/v1").prices is None


@pytest.mark.parametrize("url", ["http://127.0.0.1:8080/v1", "https://mine.openai.azure.com/openai/v1"])
def test_where_models_are_named_freely_a_name_says_nothing_of_what_they_take(url: str) -> None:
    found = models.find("llamacpp", "gpt-3.5-turbo", base_url=url)
    assert (found.context_window, found.vision, found.structured_output) == (None, None, None)
    assert (found.prices is None) is ("azure" not in url)


def test_a_server_is_known_by_its_address_before_its_name() -> None:
    elsewhere = models.find("openai", "llama-3.1-8b-instant", base_url="https://api.groq.com/openai/v1")
    assert elsewhere.prices == models.find("groq", "llama-3.1-8b-instant").prices != None  # noqa: E711


@pytest.mark.parametrize(
    ("provider", "model"), [("openai", "my-own"), (None, "nobody-knows"), ("nobody", None), ("", "")]
)
def test_what_is_unknown_is_none(provider: str | None, model: str | None) -> None:
    found = models.find(provider, model)
    assert (found.prices, found.context_window, found.tools, found.source) == (None, None, None, "unknown")


def test_prices_follow_their_dates() -> None:
    """OpenAI lowered o3's on 10 June 2025."""
    at = datetime(2025, 6, 10, tzinfo=UTC).timestamp()
    before, after = (models.find("openai", "o3", at=moment).prices for moment in (at - 1, at))
    assert before is not None
    assert after is not None
    assert (before.input, after.input) == (10, 2)


def test_prices_follow_the_hour_of_the_day() -> None:
    assert table._holds(["16:30:00", "00:30:00"], NOON.replace(hour=23))
    assert table._holds(["16:30:00", "00:30:00"], NOON.replace(hour=0, minute=29))
    assert not table._holds(["16:30:00", "00:30:00"], NOON.replace(hour=0, minute=30))
    assert table._holds(["00:30:00", "16:30:00"], NOON)
    assert not table._holds(["00:30:00", "16:30:00"], NOON.replace(hour=16, minute=30))


@pytest.mark.parametrize(
    ("rule", "name", "expected"),
    [
        ("a", "a", True),
        ("a", "ab", False),
        (["^", "a"], "ab", True),
        (["$", "b"], "ab", True),
        (["~", "b"], "abc", True),
        (["re", "^o[134]"], "o3-mini", True),
        (["re", "^o[134]"], "gpt-o3", False),
        (["|", "x", ["^", "a"]], "ab", True),
        (["&", ["^", "a"], ["$", "b"]], "ac", False),
    ],
)
def test_rules_mean_what_they_say(rule: Any, name: str, expected: bool) -> None:
    assert matches(rule, name) is expected


def test_a_compact_date_that_is_none_stays() -> None:
    assert spellings("x-20251399") == ("x-20251399",)


@pytest.mark.parametrize(
    ("model", "facts"),
    [
        ("gpt-4o", (True, True, True)),
        ("o1-mini", (False, False, False)),
        ("gpt-4", (None, False, False)),
        ("claude-3-5-sonnet-20241022", (True, True, False)),
        ("claude-sonnet-4-20250514", (True, True, False)),
        ("claude-sonnet-4-5", (True, True, True)),
        ("us.anthropic.claude-opus-4-1-20250805-v1:0", (True, True, True)),
        ("anthropic/claude-sonnet-4", (True, True, False)),
        ("gemini-2.5-flash", (True, True, True)),
        ("gemini-2.5-flash-preview-tts", (None, None, None)),
        ("command-a-vision-07-2025", (False, True, None)),
        ("command-r-plus", (None, False, None)),
        ("gpt-6-sol", (None, None, None)),
        ("llama-3.3-70b", (None, None, None)),
    ],
)
def test_capabilities_are_the_vendors_words_or_unknown(model: str, facts: tuple[bool | None, ...]) -> None:
    found = capabilities.known(model)
    assert (found.tools, found.vision, found.structured_output) == facts


def script() -> Any:
    """The script that writes the table."""
    spec = importlib.util.spec_from_file_location("write_models", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


# -- against the package it was written from ---------------------------------------------------------------------------


@pytest.fixture
def origin() -> Any:
    """The package's data, where it is installed in the version that the table names."""
    package = pytest.importorskip("genai_prices", reason="the extra `dev` brings genai-prices")
    from importlib.metadata import version

    if f"genai-prices {version('genai-prices')}" != json.loads(DATA.read_bytes())["source"]:
        pytest.skip("another version of genai-prices than the table was written from")
    del package
    from genai_prices.data import providers

    return providers


@pytest.mark.skipif(not SCRIPT.exists(), reason="the scripts are in the checkout alone")
def test_the_script_writes_the_table_that_is_here(origin: Any) -> None:
    found = json.loads(DATA.read_bytes())
    assert script().table(origin, found["source"], found["date"]) == found


def prices_at_noon(row: list[Any]) -> models.Prices | None:
    """The prices at noon in a row of the table."""
    given = row[2] if isinstance(row[2], dict) else row[2][table._in_force(row[2], NOON.timestamp())][1]
    return models.Prices(**{table._FIELDS[name]: value for name, value in given.items()}) if given else None


@pytest.mark.slow
def test_every_model_costs_what_the_package_says(origin: Any) -> None:
    """Tiers, cache prices, dates and hours: the same amount for every model that it knows, or unknown here.

    A row without a price for what was used is unknown here; the package counts such tokens as free.
    """
    from genai_prices.types import Usage as Theirs

    usages = [Usage(1000, 200), Usage(300_000, 5_000, 100_000, 50_000, 1_000), Usage(0, 10)]
    compared = 0
    held = table._table()["providers"]
    for provider in origin:
        rows = {row[0]: prices_at_noon(row) for row in held.get(provider.id, {}).get("models", ())}
        for model, usage in product(provider.models, usages):
            mine = rows.get(model.id)
            amount = None if mine is None else mine.cost(usage)
            if amount is not None:
                theirs = Theirs(
                    input_tokens=usage.input_tokens,
                    output_tokens=usage.output_tokens,
                    cache_read_tokens=usage.cached_tokens or 0,
                    cache_write_tokens=usage.cache_write_tokens or 0,
                    output_reasoning_tokens=usage.reasoning_tokens or 0,
                )
                expected = model.calc_price(theirs, provider, genai_request_timestamp=NOON).total_price
                assert amount == expected, (provider.id, model.id, usage)
                compared += 1
    assert compared > 4_000


@pytest.mark.slow
def test_every_model_is_found_by_its_name_as_the_package_finds_it(origin: Any) -> None:
    held = table._table()["providers"]
    missed = []
    for provider in origin:
        if provider.id not in held:
            continue
        ids = {row[0] for row in held[provider.id]["models"]}
        for model in provider.models:
            theirs = provider.find_model(model.id, all_providers=origin)
            _, mine = table._row(provider.id, model.id, None)
            if theirs is not None and theirs.id in ids and (mine is None or mine[0] != theirs.id):
                missed.append((provider.id, model.id, theirs.id, mine and mine[0]))
    assert not missed


@pytest.mark.skipif(not SCRIPT.exists(), reason="the pages are in the checkout alone")
def test_the_page_names_the_table_that_is_here() -> None:
    page = SCRIPT.parents[1] / "docs" / "models.md"
    assert f"<!-- table -->{models.source()}: " in page.read_text(encoding="utf-8")
