"""Watched calls: the provider streams, the caller gets the plain answer, and a break at any point fails over.

Every row of test_transport_faults and test_broken_streams runs watched too; here is what is theirs alone.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from agentsea_gateway import Candidate, Gateway, Response
from agentsea_gateway.errors import AllProvidersUnavailableError, APITimeoutError
from raw_server import FIN, HOLD, REQUEST, RST, Repeat, chunked
from support.fault import IDLE
from support.scene import LATE, ask, root_of, scene
from support.spoken import PIECES, SPOKEN, TEXT, WRITTEN

if TYPE_CHECKING:
    from raw_server import Step
    from support.spoken import Spoken

ALL = pytest.mark.parametrize("spoken", SPOKEN.values(), ids=SPOKEN)


@ALL
def test_the_response_is_the_unwatched_one(spoken: Spoken) -> None:
    """Usage, identity, stop reason and the message for the history included."""
    script = [REQUEST, spoken.good("plain"), REQUEST, spoken.good("watched"), HOLD]
    with scene(spoken, script, mode="watched") as at:
        plain, watched = ask(at.gw, "plain").response, ask(at.gw, "watched").response
        assert plain is not None
        assert watched is not None
        assert watched == plain
        assert (watched.usage, watched.message) == (plain.usage, plain.message)
        assert watched.usage.output_tokens == WRITTEN
        assert watched.raw == plain.raw
        health = at.health("a")
        assert health.latency_ms is not None
        assert health.first_token_ms is not None
        assert at.counts()["a"] == (2, 0)


@ALL
def test_watching_can_be_everybodys_default(spoken: Spoken) -> None:
    """Config's `watch`, and the call's own word over it."""
    script = [REQUEST, spoken.good("watched"), REQUEST, spoken.good("plain"), HOLD]
    with scene(spoken, script, watch=True) as at:
        assert at.gw.completion("Hi").content == TEXT
        assert at.gw.completion("Hi", watch=False).content == TEXT
        streamed, plain = at.servers["a"].requests
        assert streamed.headers["accept"] == spoken.stream_type
        assert plain.headers["accept"] == spoken.plain_type


@ALL
@pytest.mark.parametrize("end", [FIN, RST])
def test_a_break_at_any_point_fails_over(spoken: Spoken, end: Step) -> None:
    """Behind each event, and in the middle of each: until the stop reason nothing is proven."""
    events = spoken.events()
    proven = len(spoken.opening) + len(spoken.contents) + len(spoken.closing)
    pause = [0.02] if end is RST else []
    scripts: list[list[Any]] = []
    for count in range(len(events)):
        before = spoken.stream_head() + chunked(*events[:count], end=b"")
        half = b"fff\r\n" + events[count][: len(events[count]) // 2]
        scripts += [[REQUEST, before, *pause, end], [REQUEST, before + half, *pause, end]]
    with scene(spoken, *scripts, mode="watched") as at:
        expected = ask(at.gw, "watched", exclude="a").response
        assert expected is not None
        for number in range(len(scripts)):
            told = at.ask()
            whole = number // 2 >= proven
            assert told.response is not None
            assert (told.text, told.served_by) == (TEXT, "a" if whole else "b"), number
            if not whole:
                assert told.response == expected
                assert told.tried == [("a", "failure"), ("b", "success")]
            at.gw.reset("a")
        assert at.hits()["a"] == len(scripts)


@pytest.mark.realtime
@ALL
@pytest.mark.parametrize("heard", [0, 1], ids=["silent", "silent after its head"])
def test_a_silent_provider_is_left_after_the_first_token_patience(spoken: Spoken, heard: int) -> None:
    """And not after the minute that a whole answer may take."""
    script = [REQUEST, *[spoken.begun("watched")] * heard, HOLD]
    with scene(spoken, script, mode="watched", timeout=100, attempt_timeout=60, first_token_timeout=0.2) as at:
        told = at.ask()
        assert (told.served_by, told.first.error) == ("b", APITimeoutError.__name__)
        assert told.first.patience == "first_token"
        assert 0.19 < told.seconds < 0.2 + LATE


@pytest.mark.realtime
@ALL
def test_a_slow_but_steady_provider_is_left_alone(spoken: Spoken) -> None:
    """Its answer takes longer than any one patience; each piece restarts the idle time."""
    steps: list[Any] = []
    for event in spoken.contents * 2:
        steps += [0.12, chunked(event, end=b"")]
    script = [REQUEST, spoken.begun("watched"), *steps, chunked(*spoken.closing, *spoken.after), HOLD]
    with scene(spoken, script, mode="watched", first_token_timeout=IDLE, idle_timeout=IDLE) as at:
        told = at.ask()
        assert (told.served_by, told.text) == ("a", TEXT * 2)
        assert told.seconds > 2 * IDLE


@pytest.mark.realtime
@ALL
def test_the_attempts_whole_time_still_holds(spoken: Spoken) -> None:
    """Steady content without an end is left when the attempt's own time is up."""
    script = [REQUEST, spoken.begun("watched"), Repeat([chunked(spoken.contents[1], end=b""), 0.02])]
    with scene(spoken, script, mode="watched", attempt_timeout=0.3) as at:
        told = at.ask()
        assert (told.served_by, told.first.patience, told.tried[0]) == ("b", "attempt", ("a", "failure"))
        assert 0.29 < told.seconds < 0.3 + LATE
        assert at.are_gone("a")


@ALL
def test_when_everybody_breaks_nobody_served(spoken: Spoken) -> None:
    """Half an answer is none: the error is that of a plain call."""
    broken: list[Any] = [REQUEST, spoken.stream_head() + chunked(*spoken.opening, *spoken.contents[:2], end=b""), FIN]
    with scene(spoken, broken, backup=broken, mode="watched") as at:
        told = at.ask()
        assert isinstance(told.error, AllProvidersUnavailableError)
        assert told.tried == [("a", "failure"), ("b", "failure")]
        assert (at.hits(), at.counts()) == ({"a": 1, "b": 1}, {"a": (1, 1), "b": (1, 1)})


@ALL
def test_who_cannot_stream_is_asked_plainly(spoken: Spoken) -> None:
    class Plain:
        def complete(self, messages: Any) -> Response:
            return Response("plainly")

    broken = [REQUEST, spoken.begun("watched"), FIN]
    with scene(spoken, broken, backup=False) as at:
        with Gateway([at.gw.candidates[0], Candidate("plain", Plain())]) as gw:
            told = ask(gw, "watched")
            assert (told.text, told.tried) == ("plainly", [("a", "failure"), ("plain", "success")])


@ALL
def test_a_probe_is_closed_by_a_watched_calls_first_content(spoken: Spoken) -> None:
    """A long answer does not hold the breaker half open; and it breaks, it counts as a failure of its own."""
    from agentsea_gateway.testing import FakeClock

    clock = FakeClock()
    down: list[Any] = [REQUEST, FIN]
    steps = [REQUEST, spoken.stream_head() + chunked(*spoken.opening, spoken.contents[0], end=b""), FIN]
    with scene(spoken, down, down, steps, mode="watched", clock=clock) as at:
        for _ in range(2):
            at.ask()
        assert at.gw.ask("a") == "blown"
        clock.advance(30)
        told = at.ask()
        assert told.tried == [("a", "failure"), ("b", "success")]
        assert (at.health("a").breaker, at.gw.ask("a")) == ("closed", "ok")
        asked = at.servers["a"].requests[-1]
        assert "model-x" in asked.line or json.loads(asked.body)["model"] == "model-x"
        assert root_of(at.servers["a"]).startswith("http://")
        assert PIECES[0] not in str(told.route.explain())
