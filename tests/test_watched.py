"""Watched calls: the plain answer, with a stream's patience, and failover at any point."""

from __future__ import annotations

from typing import Any

import pytest

from agentsea_gateway import Response, Usage
from agentsea_gateway.errors import AllProvidersUnavailableError, APIConnectionError, InvalidRequestError
from agentsea_gateway.stream_events import Content, Done, Start
from agentsea_gateway.testing import ScriptedCompletions, ScriptedProvider
from support.gateways import clock_of, counts, gateway

CUT = APIConnectionError("connection reset")


def test_a_watched_call_answers_as_an_unwatched_one() -> None:
    whole = Response("Hello there", thinking="Hm.", usage=Usage(3, 4), model="m", id="1", raw={"id": 1})
    provider = ScriptedProvider(default=whole)
    gw = gateway(provider)
    watched = gw.completion("Hi", watch=True)
    assert watched == gw.completion("Hi")
    assert watched.raw == {"id": 1}
    assert watched.route is not None
    assert [call.streamed for call in provider.calls] == [True, False]
    assert provider.open_streams == 0
    assert counts(gw.health()) == {"a": (2, 0)}


BREAKS: dict[str, Any] = {
    "after content": ["one", "two", CUT],
    "at the end": ["one", "two", ...],
    "before anything": [CUT],
    "at open": CUT,
    "nonsense": ["one", {"text": "x"}],
}


@pytest.mark.parametrize("item", BREAKS.values(), ids=BREAKS)
def test_a_break_at_any_point_fails_over(item: Any) -> None:
    bad = ScriptedProvider(default=item)
    gw = gateway(bad, "from b")
    reply = gw.completion("Hi", watch=True)
    assert (reply.content, reply.served_by) == ("from b", "b")
    assert counts(gw.health()) == {"a": (1, 1), "b": (1, 0)}
    assert bad.open_streams == 0


@pytest.mark.parametrize(
    ("item", "patience", "seconds"),
    [
        ([40.0, "late"], "first_token", 30),
        ([Start(), 20.0, Start(), 20.0, "late"], "first_token", 30),
        (["one", 15.0, Content(""), 15.0, "late"], "idle", 20),
    ],
)
def test_a_provider_that_goes_silent_is_left_early(item: Any, patience: str, seconds: float) -> None:
    gw = gateway(item, "b", watch=True, first_token_timeout=30, idle_timeout=20)
    began = clock_of(gw).monotonic()
    reply = gw.completion("Hi")
    assert reply.served_by == "b"
    assert clock_of(gw).monotonic() - began == pytest.approx(seconds)
    assert reply.route is not None
    attempt = reply.route.attempts[0]
    assert (attempt.patience, attempt.outcome) == (patience, "failure")


def test_who_keeps_talking_may_take_its_time() -> None:
    """G06: both latencies are measured, each once."""
    gw = gateway([15.0, "a", 15.0, "b", 15.0, "c"], watch=True, idle_timeout=20, first_token_timeout=20)
    assert gw.completion("Hi").content == "abc"
    health = gw.health()["a"]
    assert (health.first_token_ms, health.latency_ms) == (pytest.approx(15_000), pytest.approx(45_000))


def test_watching_is_a_default_that_a_call_can_switch_off() -> None:
    provider = ScriptedProvider()
    gw = gateway(provider, watch=True)
    gw.completion("Hi")
    gw.completion("Hi", watch=False)
    assert [call.streamed for call in provider.calls] == [True, False]
    with pytest.raises(InvalidRequestError, match="watch is 1; give True or False"):
        gw.completion("Hi", watch=1)  # type: ignore[arg-type]


def test_who_cannot_stream_is_asked_plainly_and_who_only_streams_is_asked_too() -> None:
    class Streaming:
        def stream(self, messages: Any) -> Any:
            return iter([Content("x"), Done.of(Response("x"))])

    assert gateway(ScriptedCompletions()).completion("Hi", watch=True).content == "ok"
    assert gateway(Streaming()).completion("Hi", watch=True).content == "x"
    with pytest.raises(AllProvidersUnavailableError, match="only streams"):
        gateway(Streaming()).completion("Hi")
