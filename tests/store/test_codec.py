"""Responses as text and back: equal, whole but for what was of the moment, and no text is trusted."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from agentsea_gateway import Attempt, Response, Route, ToolCall, Usage
from agentsea_gateway.cost import Cost
from agentsea_gateway.errors import StoreError
from agentsea_gateway.response import Native
from agentsea_gateway.route import Skipped
from agentsea_gateway.store import codec
from agentsea_gateway.store.codec import KINDS, LEFT_OUT, decoded, encoded

AT = datetime(2026, 11, 25, 12, 0, 0, 250_000, tzinfo=UTC)
SCHEMA_LIKE = {"$ref": "#/x", "$value": "Response", "": [1, None, {"a": -1.5}], "ü": "é\u2028"}


def whole() -> Response:
    """A Response with every field filled in."""
    attempts = (
        Attempt(
            "a", "openai", "m", "failure", 0.0, 8.5, "OverloadedError", "busy", 503, retried=("APIConnectionError: x",)
        ),
        Attempt("b", "anthropic", "n", "success", 8.5, 20.25, usage=Usage(1, 2), charged=Decimal("0.10"), at=1.5e9),
    )
    route = Route("Failover", ("a", "b"), attempts, (Skipped("c", "benched", AT, "no key"),), 30.0, "b", "boom", 1.5)
    return Response(
        content="Grüße, \u4e16\u754c",
        thinking="hm",
        tool_calls=(ToolCall("1", "look", SCHEMA_LIKE, '{"raw": 1}'), ToolCall("2", "bad", None, "{")),
        stop_reason="tool_use",
        usage=Usage(10, 20, 3, 4, 5),
        model="m-2026",
        id="x",
        refusal="no",
        citations=({"url": "https://example.org", "$tuple": [1]},),
        raw={"big": 1},
        request_id="req_1",
        rate_limits={"remaining": 1.0},
        cost=Decimal("0.1000"),
        degraded=("seed",),
        native=Native("anthropic_messages", [{"type": "thinking", "signature": "s"}]),
        served_by="b",
        route=route,
    )


def test_what_comes_back_is_equal_and_its_message_too() -> None:
    first, again = whole(), decoded(encoded(whole()))
    assert again == first
    assert again.message == first.message
    assert again.request_id == first.request_id
    assert again.route == first.route
    assert str(again.route and again.route.explain()) == str(first.route and first.route.explain())


def test_what_was_of_the_moment_is_left_out() -> None:
    again = decoded(encoded(whole()))
    assert (again.raw, again.rate_limits, again.parsed) == (None, None, None)


def test_every_field_is_kept_or_left_out_by_name() -> None:
    """A field that is added must survive, or be named here."""
    response = whole()
    assert response.route is not None
    for value in (response, response.usage, response.tool_calls[0], response.native, response.route):
        again: Any = decoded(encoded(response))
        for field in attrs.fields(type(response)):
            if ("Response", field.name) not in LEFT_OUT:
                assert getattr(again, field.name) == getattr(response, field.name), field.name
        assert value is not None
    names = {kind.__name__: {field.name for field in attrs.fields(kind)} for kind in KINDS}
    assert all(name in names[kind] for kind, name in LEFT_OUT)


def test_the_kinds_name_no_type_that_nobody_reads() -> None:
    """Every annotation is JSON's own, or one that the reader knows."""
    plain = ("None", "str", "int", "float", "bool", "Any", "dict[str, Any]", "Outcome", "UsageSource", "CostSource")
    for kind in KINDS:
        for field in attrs.fields(kind):
            if (kind.__name__, field.name) in LEFT_OUT:
                continue
            parts = str(field.type).split(" | ")
            by_itself = all(part in plain or part.startswith("Literal[") for part in parts)
            assert by_itself or codec._reader(str(field.type)) is not None, (
                f"{kind.__name__}.{field.name}: {field.type}"
            )


def test_what_an_attempt_cost_stays_what_it_was_worked_out_to_be() -> None:
    response = whole()
    assert response.route is not None
    again = decoded(encoded(response))
    assert again.route is not None
    assert again.route.attempts[1].priced == Cost(Decimal("0.10"), "reported", "reported by anthropic")
    assert (again.cost, again.cost_source) == (response.cost, response.cost_source)


def test_a_short_answer_is_a_short_text() -> None:
    assert encoded(Response("Hi")) == '{"content":"Hi"}'


def test_a_lone_surrogate_of_a_plain_provider_is_kept() -> None:
    text = encoded(Response("a\ud800b"))
    text.encode()  # a database can hold it
    assert decoded(text).content == "a\ud800b"


@pytest.mark.parametrize("value", [{1, 2}, object(), float("nan")], ids=["a set", "an object", "not a number"])
def test_what_json_cannot_hold_is_a_typed_error(value: Any) -> None:
    with pytest.raises(StoreError, match="cannot be stored"):
        encoded(Response("x", citations=({"value": value},)))


@pytest.mark.parametrize("text", ["", "{", "[]", "7", '{"usage": 3}', '{"route": {}}', '{"cost": "x"}', "null"])
def test_a_text_that_is_none_of_ours_is_a_typed_error(text: str) -> None:
    with pytest.raises(StoreError, match="cannot be read"):
        decoded(text)


def test_a_field_of_a_newer_version_is_passed_over() -> None:
    assert decoded('{"content": "x", "mood": {"good": true}}') == Response("x")


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@given(content=st.text(), arguments=st.dictionaries(st.text(), JSON, max_size=3), parts=JSON)
def test_whatever_a_vendor_sends_survives(content: str, arguments: dict[str, Any], parts: Any) -> None:
    response = Response(content, tool_calls=(ToolCall("1", "f", arguments),), native=Native("d", parts))
    assert decoded(encoded(response)) == response
