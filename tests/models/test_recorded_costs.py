"""Recorded exchanges of real providers: what hosts said they charged is read, and what they did not say is priced."""

from __future__ import annotations

import re
from collections import Counter
from decimal import Decimal
from typing import Any
from urllib.parse import unquote

import pytest

from agentsea_gateway.dialects import get
from agentsea_gateway.models.tariff import Tariff
from agentsea_gateway.response import Response
from support.wire import DIALECTS, FOLDER, WHY_SKIPPED, answered, data_events, stream_bytes

pytestmark = pytest.mark.skipif(not FOLDER.is_dir(), reason=WHY_SKIPPED)

SAYING = {"openrouter": 98, "perplexity": 14, "vercel_gateway": 33, "xai": 60}  # plain answers in which they say it
ELSEWHERE = ("huggingface", "ollama", "other", "vercel_gateway")  # open weights at hosts without a price in the table
UNPRICED = {
    "command-a-plus-05-2026",
    "command-a-reasoning-08-2025",
    "glm-4.7-flash",
    "openai.gpt-oss-20b",
    "x-ai/grok-4.1-fast",
}


def said(usage: dict[str, Any]) -> Decimal | None:
    """What a usage object says that the answer cost."""
    if "cost_in_usd_ticks" in usage:
        return Decimal(usage["cost_in_usd_ticks"]) / 10**10
    cost = usage.get("cost")
    amount = cost["total_cost"] if isinstance(cost, dict) else cost
    if amount is None:
        return None
    byok = (usage.get("cost_details") or {}).get("upstream_inference_cost") if usage.get("is_byok") else None
    return Decimal(repr(amount)) + Decimal(repr(byok or 0))


def decoded(case: dict[str, Any], dialect: str, *, stream: bool) -> Response:
    """The recording's answer."""
    if not stream:
        return get(dialect).decode_response(case["response"]["body"])
    *_, done = get(dialect).decode_stream([stream_bytes(case["response"])])
    response: Response = done.response  # type: ignore[union-attr]
    return response


def usage_of(case: dict[str, Any], *, stream: bool) -> dict[str, Any]:
    """The last usage object in the recording."""
    bodies = data_events(case["response"]["raw"]) if stream else [case["response"]["body"]]
    found: dict[str, Any] = {}
    for body in bodies:
        found = body.get("usage") or (body.get("response") or {}).get("usage") or found
    return found


@pytest.mark.parametrize("kind", ["chat", "responses"])
@pytest.mark.parametrize("stream", [False, True])
def test_what_a_host_said_it_charged_is_what_the_answer_cost(kind: str, stream: bool) -> None:
    for case in answered(kind, stream=stream):
        if case["provider"] in SAYING:
            usage = usage_of(case, stream=stream)
            assert decoded(case, DIALECTS[kind], stream=stream).cost == said(usage), case["id"]


def test_the_hosts_that_say_it_are_heard() -> None:
    heard = Counter(
        case["provider"]
        for kind in ("chat", "responses")
        for case in answered(kind, stream=False)
        if decoded(case, DIALECTS[kind], stream=False).cost is not None
    )
    assert heard == SAYING


def asked_for(case: dict[str, Any]) -> str:
    """The model that a recording asked for: in its body, or in its path."""
    named = re.search(r"/model(?:s)?/([^/:]+(?::\d+)?)", unquote(case["request"]["path"]))
    body = case["request"].get("body")
    model = body.get("model") if isinstance(body, dict) else None
    return str(model or (named[1] if named else ""))


def test_every_answer_of_a_vendor_has_a_price_but_for_these_models() -> None:
    """Tokens and prices of what was really answered, found by the address that was asked."""
    priced, without = Counter[str](), set()
    for kind, dialect in DIALECTS.items():
        for case in answered(kind, stream=False):
            response = decoded(case, dialect, stream=False)
            url = f"{case['request']['scheme']}://{case['request']['host']}{case['request']['path']}"
            tariff = Tariff(case["provider"], asked_for(case), url)
            prices = tariff.info(model=response.model).prices
            if prices is not None and prices.cost(response.usage) is not None:
                priced[case["provider"]] += 1
            elif case["provider"] not in ELSEWHERE:
                without.add(tariff.model)
    assert without == UNPRICED
    assert sum(priced.values()) > 800
