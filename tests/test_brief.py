"""Reprs stay short, whatever a value holds, and say what it has to say."""

from __future__ import annotations

import inspect
from datetime import UTC, datetime
from decimal import Decimal

import attrs
import pytest

import agentsea_gateway
from agentsea_gateway import Attempt, Candidate, Gateway, ProviderHealth, Response, Route, ToolCall, Usage
from agentsea_gateway import stream_events as events
from agentsea_gateway.route import Skipped
from agentsea_gateway.testing import Fault, Reply, ScriptedProvider

LONG = "long " * 2_000
MOMENT = datetime(2025, 1, 2, 3, 4, 5, tzinfo=UTC)
ATTEMPT = Attempt("primary", "openai", LONG, "failure", 1.0, 2.34567, LONG, LONG, 503, "share", (LONG,) * 9)

VALUES = [
    ATTEMPT,
    Skipped("primary", "benched", MOMENT, LONG),
    Route("Failover", ("a",) * 99, (ATTEMPT,) * 99, (), 1.0, "a"),
    Usage(1, 2, 3, 4, 5),
    ToolCall("id", "name", {"text": LONG}, LONG),
    ToolCall("id", "name", None, LONG),
    Response(LONG, tool_calls=(ToolCall("id", "name", {}),), cost=Decimal(1), raw={"text": LONG}),
    ProviderHealth(1.23456, 2.34567, 3, 4, "open", MOMENT, MOMENT, LONG, 5),
    events.Content(LONG),
    events.Thinking(LONG),
    events.ToolCallDelta(0, "id", "name", LONG),
    events.Done("stop", Usage(), Response(LONG)),
    Candidate("primary", ScriptedProvider(LONG), "m", {"user": LONG}),
    Gateway([Candidate(f"candidate {number}", ScriptedProvider(), "m") for number in range(999)]),
    Reply(LONG, thinking=LONG),
    Fault.body(LONG),
]


@pytest.mark.parametrize("value", VALUES, ids=lambda value: type(value).__name__)
def test_a_repr_is_short_whatever_it_holds(value: object) -> None:
    assert len(repr(value)) < 500
    assert "\n" not in repr(value)


def test_a_repr_leaves_out_what_is_unknown() -> None:
    assert repr(Usage(3, 40)) == "Usage(input_tokens=3, output_tokens=40)"
    assert repr(Usage(0)) == "Usage(input_tokens=0)"
    assert repr(ProviderHealth(calls=1, open_until=MOMENT)) == (
        "ProviderHealth(calls=1, errors=0, in_flight=0, breaker='closed', open_until=03:04:05 UTC)"
    )
    assert repr(ToolCall("1", "f", {"a": 1}, '{"a":1}')) == "ToolCall(id='1', name='f', arguments={'a': 1})"


def test_every_public_value_has_a_repr_of_its_own() -> None:
    kinds = [getattr(agentsea_gateway, name) for name in agentsea_gateway.__all__]
    plain = [kind for kind in kinds if inspect.isclass(kind) and kind.__repr__ is object.__repr__]
    assert not plain


def test_the_values_above_are_the_public_ones() -> None:
    shown = {type(value).__name__ for value in VALUES}
    public = {name for name in agentsea_gateway.__all__ if attrs.has(getattr(agentsea_gateway, name))}
    settings = {"BreakerPolicy", "Config", "RetryPolicy"}  # numbers alone
    assert public - settings <= shown
