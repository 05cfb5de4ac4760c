"""Telemetry: what listeners hear, that each route ends once, and that a listener that raises breaks nothing."""

from __future__ import annotations

import logging
from collections import Counter
from typing import Any

import pytest

from agentsea_gateway.errors import (
    AuthenticationError,
    BadRequestError,
    GatewayError,
    InternalServerError,
    RateLimitError,
    StreamInterruptedError,
)
from agentsea_gateway.testing import ScriptedProvider
from support.gateways import clock_of, gateway

DOWN = InternalServerError("down", status_code=503)
OVERTAXED = BadRequestError("too long", status_code=400)


def short(heard: list[Any]) -> list[str]:
    """The names of events without their common beginning."""
    return [event.name.removeprefix("agentsea.gateway.") for event in heard]


def test_a_route_that_serves_ends_ok() -> None:
    """G09."""
    heard: list[Any] = []
    gw = gateway([0.5, DOWN], ScriptedProvider(latency=0.25), listeners=[heard.append])
    reply = gw.completion("Hi")
    assert short(heard) == ["route.start", "attempt.stop", "attempt.stop", "route.stop"]
    stop = heard.pop()
    heard.pop(0)
    assert (stop.attempts, stop.provider, stop.outcome) == (2, "b", "ok")
    assert stop.latency_ms == pytest.approx(750)
    assert [(it.started_ms, it.latency_ms) for it in stop.route.attempts] == [(0, 500), (500, 250)]
    assert stop.route == reply.route
    assert [event.attempt for event in heard] == list(stop.route.attempts)


@pytest.mark.parametrize("verb", ["completion", "stream"])
def test_a_route_that_nobody_serves_ends_in_error(verb: str) -> None:
    """G09."""
    heard: list[Any] = []
    gw = gateway(DOWN, BadRequestError("no"), listeners=heard.append)
    with pytest.raises(GatewayError):
        getattr(gw, verb)("Hi")
    stop = heard[-1]
    assert (stop.attempts, stop.provider, stop.outcome) == (2, None, "error")
    assert Counter(short(heard)) == {"route.start": 1, "attempt.stop": 2, "route.stop": 1}


def test_a_stream_ends_its_route_when_it_is_read() -> None:
    """G09: latency of the whole stream."""
    heard: list[Any] = []
    gw = gateway(DOWN, [1.0, "one ", 1.0, "two"], listeners=heard.append)
    stream = gw.stream("Hi")
    assert short(heard) == ["route.start", "attempt.stop"]
    list(stream)
    assert short(heard) == ["route.start", "attempt.stop", "attempt.stop", "route.stop"]
    stop = heard[-1]
    assert (stop.attempts, stop.provider, stop.outcome, stop.latency_ms) == (2, "b", "ok", pytest.approx(2000))
    assert stop.route is stream.route


def test_a_call_that_is_refused_is_no_route() -> None:
    heard: list[Any] = []
    with pytest.raises(GatewayError):
        gateway("x", listeners=heard.append).completion([])
    assert heard == []


def test_listeners_hear_of_breakers_and_benches() -> None:
    """G08."""
    heard: list[Any] = []
    script = (DOWN, DOWN, "well again", RateLimitError("slow down", retry_after=7), AuthenticationError("bad key"))
    gw = gateway(ScriptedProvider(*script), "b", listeners=heard.append)
    for pause in (0, 0, 30, 0, 7):
        clock_of(gw).advance(pause)
        gw.completion("Hi")
    news = [event for event in heard if event.name.split(".")[2] in ("breaker", "candidate")]
    assert short(news) == ["breaker.blown", "breaker.closed", "candidate.benched", "candidate.benched"]
    assert [event.candidate for event in news] == ["a"] * 4
    began = clock_of(gw).time() - 37
    assert news[0].open_until.timestamp() - began == pytest.approx(30)
    assert [event.benched_until.timestamp() - began for event in news[2:]] == pytest.approx([37, 337])
    assert [event.reason for event in news[2:]] == ["RateLimitError: slow down", "AuthenticationError: bad key"]


def test_streams_tell_of_breakers_too() -> None:
    """A break after content blows; a probe's first content closes."""
    heard: list[Any] = []
    cut = ["one", DOWN]
    gw = gateway(ScriptedProvider(cut, cut, "one two"), listeners=heard.append)
    for pause in (0, 0, 30):
        clock_of(gw).advance(pause)
        stream = gw.stream("Hi")
        told = short(heard)
        try:
            list(stream)
        except StreamInterruptedError:
            continue
    assert [name for name in short(heard) if "breaker" in name] == ["breaker.blown", "breaker.closed"]
    assert told[-1] == "breaker.closed"


def test_an_operators_melts_are_told_too() -> None:
    heard: list[Any] = []
    gw = gateway("x", listeners=heard.append)
    gw.melt("a")
    gw.melt("a")
    assert short(heard) == ["breaker.blown"]


@pytest.mark.usefixtures("fallbacks_keep_serving")
def test_a_listener_that_raises_breaks_nothing(caplog: pytest.LogCaptureFixture) -> None:
    """F50: the call is served, the others hear on, and the log says it."""

    def broken(event: Any) -> None:
        raise ZeroDivisionError("oh")

    heard: list[Any] = []
    gw = gateway(DOWN, "b", listeners=[broken, heard.append])
    assert gw.completion("Hi").served_by == "b"
    assert list(gw.stream("Hi"))[-1].response.served_by == "b"
    assert short(heard).count("route.stop") == 2
    assert "a listener raised at agentsea.gateway.route.stop: ZeroDivisionError: oh" in caplog.text
    assert {record.levelno for record in caplog.records} == {logging.WARNING}


def test_a_listener_that_raises_raises_in_our_own_tests() -> None:
    def broken(event: Any) -> None:
        raise ZeroDivisionError("oh")

    with pytest.raises(ZeroDivisionError):
        gateway("x", listeners=broken).completion("Hi")


# -- which call, and what came of it ----------------------------------------------------------------------------------


@pytest.mark.parametrize("verb", ["completion", "stream"])
def test_the_events_of_a_call_share_its_request(verb: str) -> None:
    heard: list[Any] = []
    gw = gateway(OVERTAXED, "b", listeners=heard.append)
    for text in ("one", "two"):
        reply = getattr(gw, verb)(text, max_tokens=5)
        if verb == "stream":
            list(reply)
    assert len({id(event.request) for event in heard[:4]}) == 1
    assert len({id(event.request) for event in heard}) == 2
    start = heard[0]
    assert (start.request.messages[0]["content"], start.request.options) == ("one", {"max_tokens": 5})
    assert start.streaming == (verb == "stream")


def test_events_show_neither_prompts_nor_answers() -> None:
    heard: list[Any] = []
    gateway("a secret answer", listeners=heard.append).completion("a secret question")
    assert "secret" not in repr(heard)


def test_the_end_of_a_route_holds_what_was_served() -> None:
    heard: list[Any] = []
    gw = gateway("a", listeners=heard.append)
    reply = gw.completion("Hi")
    assert heard[-1].response == reply
    assert heard[-1].response.route is reply.route
    with gw.stream("Hi") as stream:
        list(stream)
    assert heard[-1].response is stream.response
    assert heard[-1].error is None


def test_the_end_of_a_route_that_failed_names_its_error() -> None:
    heard: list[Any] = []
    with pytest.raises(GatewayError):
        gateway(DOWN, listeners=heard.append).completion("Hi")
    assert (heard[-1].response, heard[-1].error) == (None, "AllProvidersUnavailableError")


def test_the_end_of_a_broken_stream_holds_what_came_and_what_broke_it() -> None:
    heard: list[Any] = []
    with pytest.raises(StreamInterruptedError):
        list(gateway(["one ", DOWN], listeners=heard.append).stream("Hi"))
    assert (heard[-1].response.content, heard[-1].error) == ("one ", "InternalServerError")


def test_a_stream_that_is_left_tells_how_far_it_came() -> None:
    heard: list[Any] = []
    with gateway(["one ", "two"], listeners=heard.append).stream("Hi") as stream:
        next(stream)
    assert (heard[-1].outcome, heard[-1].response.content, heard[-1].error) == ("cancelled", "one ", None)


def test_an_attempt_knows_when_its_first_content_came() -> None:
    heard: list[Any] = []
    gw = gateway(DOWN, [1.0, "one ", 1.0, "two"], listeners=heard.append)
    list(gw.stream("Hi"))
    assert [it.first_token_ms for it in heard[-1].route.attempts] == [None, pytest.approx(1000)]
    gateway("x", listeners=heard.append).completion("Hi")
    assert heard[-1].route.attempts[0].first_token_ms is None
