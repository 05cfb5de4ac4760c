"""Opening a stream: eager, failing over until the first content, which also proves a probe."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from agentsea_gateway import Response, Usage
from agentsea_gateway.errors import (
    AllProvidersUnavailableError,
    APIConnectionError,
    BadRequestError,
    InternalServerError,
    OverloadedError,
    StreamInterruptedError,
)
from agentsea_gateway.stream_events import Content, Done, Start, Thinking, ToolCallDelta
from agentsea_gateway.testing import ScriptedProvider
from support.gateways import clock_of, gateway

if TYPE_CHECKING:
    from agentsea_gateway import Gateway

CUT = APIConnectionError("connection reset")

OPENINGS: dict[str, Any] = {
    "an error at open": InternalServerError("down"),
    "an error as first event": [OverloadedError("overloaded")],
    "an error behind a start": [Start("x"), OverloadedError("overloaded")],
    "an error behind empty pieces": [Content(""), Thinking(""), ToolCallDelta(0), CUT],
    "an end without Done": [...],
    "an end without Done behind a start": [Start("x"), ...],
    "nonsense": ["", 5.5, {"text": "x"}],
    "content that is no text": [Content(None)],  # type: ignore[arg-type]
    "a Done without a response": [Done("stop", Usage(), None)],  # type: ignore[arg-type]
    "a foreign exception": ZeroDivisionError("oh"),
}


@pytest.mark.parametrize("item", OPENINGS.values(), ids=OPENINGS)
def test_until_the_first_content_the_next_candidate_is_asked(item: Any) -> None:
    """G05, F31, F32, F34: nobody has seen anything yet."""
    stream = gateway(item, "from b").stream("Hi")
    assert stream.served_by == "b"
    assert [attempt.outcome for attempt in stream.route.attempts] == ["failure", "streaming"]
    assert "b (model-b) streaming, after" in stream.route.explain()
    assert "".join(stream.text) == "from b"
    assert [attempt.outcome for attempt in stream.route.attempts] == ["failure", "success"]


@pytest.mark.parametrize("nonsense", [None, 5, object()])
def test_a_stream_that_is_none_is_a_failure(nonsense: Any) -> None:
    class Nonsense:
        def stream(self, messages: Any) -> Any:
            return nonsense

    stream = gateway(Nonsense(), "b").stream("Hi")
    assert stream.served_by == "b"
    assert (stream.route.attempts[0].message or "").startswith("stream() returned a ")


def test_a_stream_may_be_any_iterable() -> None:
    class Listed:
        def stream(self, messages: Any) -> Any:
            return [Content("x"), Done.of(Response("x"))]

    with gateway(Listed()).stream("Hi") as stream:
        assert "".join(stream.text) == "x"


def test_opening_is_eager() -> None:
    provider = ScriptedProvider(default=[3.0, "Hello", 3.0, "there"])
    gw = gateway(provider)
    gw.stream("Hi")
    assert provider.hits == 1
    assert clock_of(gw).monotonic() == 1003
    assert gw.health()["a"].first_token_ms == pytest.approx(3000)


def test_all_refusals_at_open_raise_the_first_one() -> None:
    with pytest.raises(BadRequestError, match="no"):
        gateway(BadRequestError("no"), [BadRequestError("neither")]).stream("Hi")


def test_a_stream_that_stays_silent_is_left_for_the_next() -> None:
    """F39: nothing but pings."""
    gw = gateway([Start(), 20.0, Start(), 20.0, "late"], "b", first_token_timeout=30)
    stream = gw.stream("Hi")
    assert stream.served_by == "b"
    attempt = stream.route.attempts[0]
    assert (attempt.patience, attempt.outcome, attempt.latency_ms) == ("first_token", "failure", pytest.approx(30_000))


def blown_gateway(*script: Any) -> Gateway:
    gw = gateway(ScriptedProvider(CUT, CUT, *script))
    for _ in range(2):
        with pytest.raises(AllProvidersUnavailableError):
            gw.stream("Hi")
    clock_of(gw).advance(30)
    return gw


def test_a_probe_that_streams_recovers_at_its_first_content() -> None:
    gw = blown_gateway("one two three")
    stream = gw.stream("Hi")
    assert gw.health()["a"].breaker == "closed"
    assert gw.completion("Hi").served_by == "a"
    assert "".join(stream.text) == "one two three"


def test_a_probe_that_breaks_after_content_is_a_melt_and_not_the_end() -> None:
    gw = blown_gateway(["one", CUT])
    with pytest.raises(StreamInterruptedError):
        list(gw.stream("Hi"))
    assert gw.ask("a") == "ok"
