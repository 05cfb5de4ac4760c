"""Strategies that look at the configured sequence alone."""

from __future__ import annotations

from agentsea_gateway import Candidate
from agentsea_gateway.routing import Failover, RoundRobin, RoutingContext
from agentsea_gateway.testing import ScriptedProvider

THREE = [Candidate(name, ScriptedProvider()) for name in "abc"]


def names(strategy: Failover | RoundRobin, counter: int, candidates: list[Candidate] = THREE) -> str:
    return "".join(it.name for it in strategy.order(candidates, RoutingContext(counter, {})))


def test_failover_keeps_configured_order() -> None:
    """G07."""
    assert [names(Failover(), counter) for counter in range(3)] == ["abc", "abc", "abc"]


def test_round_robin_rotates_by_the_counter() -> None:
    """G07."""
    assert [names(RoundRobin(), counter) for counter in range(4)] == ["abc", "bca", "cab", "abc"]


def test_round_robin_over_nobody_is_nobody() -> None:
    assert names(RoundRobin(), 7, []) == ""


def test_strategies_change_nothing_they_are_given() -> None:
    given = [*THREE]
    RoundRobin().order(given, RoutingContext(1, {}))
    assert given == THREE


def test_strategies_are_values() -> None:
    assert Failover() == Failover()
    assert repr(RoundRobin()) == "RoundRobin()"
