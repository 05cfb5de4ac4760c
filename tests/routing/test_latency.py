"""Lowest observed latency first, and nobody stays unmeasured for ever."""

from __future__ import annotations

from typing import Any

from agentsea_gateway import Candidate, ProviderHealth
from agentsea_gateway.errors import InternalServerError
from agentsea_gateway.routing import LatencyOptimized, RoutingContext
from agentsea_gateway.testing import ScriptedProvider
from support.gateways import gateway

UNTRIED = ProviderHealth()
FAILED = ProviderHealth(calls=3, errors=3)


def at(latency_ms: float, first_token_ms: float | None = None) -> ProviderHealth:
    return ProviderHealth(latency_ms=latency_ms, first_token_ms=first_token_ms, calls=1)


def order(*health: ProviderHealth, counter: int = 0, streaming: bool = False) -> str:
    by_name = dict(zip("abcd", health, strict=False))
    candidates = [Candidate(name, ScriptedProvider()) for name in by_name]
    found = LatencyOptimized().order(candidates, RoutingContext(counter, by_name, streaming))
    return "".join(it.name for it in found)


def test_the_fastest_is_first_and_equals_keep_their_order() -> None:
    """G07."""
    assert order(at(300), at(100), at(200), at(100)) == "bdca"


def test_streams_go_by_their_first_token() -> None:
    assert order(at(100, 90), at(900, 10), streaming=True) == "ba"


def test_who_was_never_tried_is_first() -> None:
    assert order(at(100), UNTRIED, at(50)) == "bca"


def test_who_is_being_tried_for_the_first_time_is_not_tried_by_everybody() -> None:
    assert order(at(100), ProviderHealth(in_flight=1), at(50)) == "cab"


def test_who_never_served_is_last_but_for_one_call_in_twenty() -> None:
    firsts = "".join(order(FAILED, at(100), counter=counter)[0] for counter in range(40))
    assert firsts == ("b" * 19 + "a") * 2


def test_through_a_gateway_a_fast_failure_does_not_look_fast() -> None:
    provider: Any = ScriptedProvider(default=InternalServerError("down"))
    gw = gateway(provider, ScriptedProvider(latency=0.5), strategy=LatencyOptimized())
    assert [gw.completion("Hi").served_by for _ in range(5)] == ["b"] * 5
    assert provider.hits == 1
