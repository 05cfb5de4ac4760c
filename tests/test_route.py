"""The route: facts that pickle, and an explanation that a person can read."""

from __future__ import annotations

import copy
import pickle
from typing import Any

import pytest

from agentsea_gateway import Attempt, Response, Route
from agentsea_gateway.errors import (
    AuthenticationError,
    BadRequestError,
    GatewayError,
    InternalServerError,
    StreamInterruptedError,
)
from agentsea_gateway.route import Skipped
from agentsea_gateway.routing import RoundRobin
from agentsea_gateway.testing import ScriptedCompletions, ScriptedProvider
from support.gateways import clock_of, gateway


def test_an_explanation_names_every_candidate_in_plain_words() -> None:
    gw = gateway(
        AuthenticationError("bad key", status_code=401),
        ScriptedProvider(default=InternalServerError("down", status_code=500), latency=0.12),
        BadRequestError("no images here", status_code=400),
        ScriptedProvider(default="Hello", latency=0.03),
        "never needed",
        "excluded",
    )
    gw.completion("Hi", exclude="f")
    reply = gw.completion("Hi", exclude="f")
    assert str(reply.route.explain()).splitlines() == [  # type: ignore[union-attr]
        "served by d in 150 ms, order by Failover: b, c, d, e",
        "  1. b (model-b) failure, after 0 ms, took 120 ms: InternalServerError 500: down",
        "  2. c (model-c) own_fault, after 120 ms, took 0 ms: BadRequestError 400: no images here",
        "  3. d (model-d) success, after 120 ms, took 30 ms",
        "  -  a: benched until 15:11:40 UTC (AuthenticationError: bad key)",
        "  -  f: excluded",
        "  -  e: not needed",
    ]


def test_an_explanation_of_a_call_that_nobody_served() -> None:
    gw = gateway(ScriptedProvider(latency=9), attempt_timeout=2)
    with pytest.raises(GatewayError) as caught:
        gw.completion("Hi")
    assert caught.value.route is not None
    assert caught.value.route.explain().splitlines() == [
        "not served in 2000 ms, order by Failover: a",
        (
            "  1. a (model-a) failure, after 0 ms, took 2000 ms: APITimeoutError [attempt time]: "
            "no answer within the time of the call (attempt)"
        ),
    ]


def test_an_explanation_keeps_one_line_per_candidate() -> None:
    gw = gateway(InternalServerError("<html>\n\n  <p>Bad gateway</p>\n" + "x" * 5000), "b")
    lines = gw.completion("Hi").route.explain().splitlines()  # type: ignore[union-attr]
    assert len(lines) == 3
    assert lines[1].endswith("xxx...")
    assert len(lines[1]) < 400


def test_an_explanation_is_text_and_shows_as_it_is() -> None:
    explanation = gateway("x").completion("Hi").route.explain()  # type: ignore[union-attr]
    assert isinstance(explanation, str)
    assert repr(explanation) == str(explanation)


def test_streams_skip_who_cannot_stream() -> None:
    stream = gateway(ScriptedCompletions(), "b").stream("Hi")
    assert [str(skipped) for skipped in stream.route.skipped] == ["a: cannot stream"]
    stream.close()


def test_who_is_blown_or_probing_is_skipped_with_its_moment() -> None:
    """G08."""
    gw = gateway(ScriptedProvider(*[InternalServerError("down")] * 2), "b")
    for _ in range(2):
        gw.completion("Hi")
    (blown,) = gw.completion("Hi").route.skipped  # type: ignore[union-attr]
    assert (blown.reason, str(blown)) == ("blown", "a: blown until 15:07:10 UTC")
    clock_of(gw).advance(30)
    probe = gw._core.state.admit("a", clock_of(gw).monotonic(), clock_of(gw).monotonic() + 5)
    (probing,) = gw.completion("Hi").route.skipped  # type: ignore[union-attr]
    assert (probing.reason, probing.ready_at is not None) == ("probing", True)
    del probe


def interrupted() -> GatewayError:
    with pytest.raises(StreamInterruptedError) as caught:
        list(gateway(["Hello", InternalServerError("down")]).stream("Hi"))
    return caught.value


def unavailable() -> GatewayError:
    gw = gateway(AuthenticationError("bad key"))
    for _ in range(2):
        with pytest.raises(GatewayError) as caught:
            gw.completion("Hi")
    return caught.value


def refused() -> GatewayError:
    with pytest.raises(BadRequestError) as caught:
        gateway(BadRequestError("no", status_code=400, body="{}")).completion("Hi")
    return caught.value


@pytest.mark.parametrize("make", [interrupted, unavailable, refused])
@pytest.mark.parametrize("clone", [lambda it: pickle.loads(pickle.dumps(it)), copy.copy, copy.deepcopy])
def test_errors_travel_with_their_route(make: Any, clone: Any) -> None:
    error = make()
    again = clone(error)
    assert (type(again), str(again), again.route) == (type(error), str(error), error.route)
    assert again.route.explain() == error.route.explain()
    if isinstance(error, StreamInterruptedError):
        assert again.partial.content == "Hello"


def test_responses_travel_with_their_route() -> None:
    reply = gateway("Hello", strategy=RoundRobin()).completion("Hi")
    again = pickle.loads(pickle.dumps(reply))
    assert again == reply
    assert again.route == reply.route


def test_reprs_are_short() -> None:
    attempt = Attempt("a", "openai", "m", "failure", 0.0, 12.0, "InternalServerError", "down", 500)
    route = Route("Failover", ("a", "b"), (attempt,), (Skipped("c", "excluded"),), 12.0, "b")
    assert repr(route) == "Route(served_by='b', attempts=[a failure], skipped=1)"
    assert repr(Response("x" * 100, route=route, served_by="b")).startswith("Response('xxx")
    assert len(repr(Response("x" * 100, route=route))) < 100
