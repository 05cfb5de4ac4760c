"""The stories of time on real sockets, a tenth as long as they are told: who waits, how long, and who is to blame."""

from __future__ import annotations

import socket
import threading
import time
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from agentsea_gateway import RetryPolicy
from agentsea_gateway.errors import AllProvidersUnavailableError, APIConnectionError, DeadlineExceededError
from agentsea_gateway.transport import Transport
from raw_server import HOLD, REQUEST, Drip, RawServer, Repeat, closed_port, full_backlog, head
from support.scene import LATE, MODES, ask, scene
from support.spoken import SPOKEN, TEXT

if TYPE_CHECKING:
    from support.spoken import Spoken

pytestmark = pytest.mark.realtime
EVERY_MODE = pytest.mark.parametrize("mode", MODES)
ONE = next(iter(SPOKEN.values()))  # time is the same in every dialect


def slow(spoken: Spoken, mode: str, seconds: float) -> Any:
    """A server that takes so long for each answer."""
    return Repeat([REQUEST, seconds, spoken.good(mode)])


@EVERY_MODE
@pytest.mark.parametrize("warm", [False, True], ids=["cold", "warm"])
def test_a_stalled_first_candidate_costs_two_shares_and_nobody_an_answer(mode: str, warm: bool) -> None:
    """Every call is served by the second, and the first is out after two."""
    scripts = [[REQUEST, ONE.good(mode), REQUEST, HOLD], [REQUEST, HOLD]][not warm :]
    with scene(ONE, *scripts, mode=mode, timeout=0.52) as at:
        if warm:
            assert at.ask().served_by == "a"
        for _ in range(2):
            told = at.ask()
            assert (told.text, told.tried) == (TEXT, [("a", "failure"), ("b", "success")])
            assert told.first.patience == "share"
            assert 0.25 < told.seconds < 0.52 + LATE
        told = at.ask()
        assert (told.tried, at.gw.ask("a")) == ([("b", "success")], "blown")
        assert told.seconds < LATE
        assert at.gw.ask("b") == "ok"


@EVERY_MODE
def test_a_caller_in_a_hurry_blames_nobody(mode: str) -> None:
    """50 ms among patient callers, or alone: nobody's breaker opens, and nobody else notices."""
    with scene(ONE, [slow(ONE, mode, 0.12)], backup=[slow(ONE, mode, 0.12)], mode=mode) as at:
        patient: list[str] = []
        thread = threading.Thread(target=lambda: patient.extend(ask(at.gw, mode).text for _ in range(3)))
        thread.start()
        for _ in range(5):
            told = ask(at.gw, mode, timeout=0.05)
            assert isinstance(told.error, DeadlineExceededError)
            assert told.seconds < 0.05 + LATE
            assert {attempt.outcome for attempt in told.route.attempts} == {"neutral"}
        thread.join()
        assert patient == [TEXT] * 3
        assert (at.gw.ask("a"), at.gw.ask("b")) == ("ok", "ok")
        assert [errors for _, errors in at.counts().values()] == [0, 0]


def test_a_slow_provider_that_dies_silently_is_out_after_two_calls() -> None:
    """It usually takes 0.4 s; one serial caller gives each call twice that, and the healthy backup never opens."""
    script = [REQUEST, 0.4, ONE.good("plain"), REQUEST, HOLD]
    with scene(ONE, script, [REQUEST, HOLD], timeout=0.8) as at:
        assert at.ask(timeout=5).served_by == "a"
        for _ in range(2):
            told = at.ask()
            assert (told.text, told.tried) == (TEXT, [("a", "failure"), ("b", "success")])
            assert 0.5 < told.seconds < 0.8 + LATE
        assert (at.gw.ask("a"), at.gw.ask("b")) == ("blown", "ok")
        assert at.ask().tried == [("b", "success")]


@EVERY_MODE
@pytest.mark.parametrize("stall", ["silence", "drip"])
def test_the_calls_time_holds_whoever_is_left(mode: str, stall: str) -> None:
    """Both candidates stall: one error, in time, with both of them on the route."""
    end: Any = HOLD if stall == "silence" else Drip(b"HTTP/1.1 200 OK" + b" " * 999, 0.01)
    with scene(ONE, [REQUEST, end], backup=[REQUEST, end], mode=mode, timeout=0.3) as at:
        told = at.ask()
        assert isinstance(told.error, DeadlineExceededError)
        assert 0.29 < told.seconds < 0.3 + LATE
        assert [attempt.candidate for attempt in told.route.attempts] == ["a", "b"]
        assert [attempt.patience for attempt in told.route.attempts] == ["share", "deadline"]
        assert at.are_gone("a", "b")


@EVERY_MODE
def test_without_a_share_the_first_candidate_has_all_the_time(mode: str) -> None:
    """`share=False`: what it brings is what it costs."""
    with scene(ONE, [REQUEST, HOLD], mode=mode, timeout=0.3, share=False) as at:
        told = at.ask()
        assert isinstance(told.error, DeadlineExceededError)
        assert [attempt.patience for attempt in told.route.attempts] == ["deadline"]
        assert 0.29 < told.seconds < 0.3 + LATE


@EVERY_MODE
def test_retries_stay_inside_the_calls_time(mode: str) -> None:
    """Nobody else is ready and the port is closed: retried as long as there is time, and no longer."""
    policy = RetryPolicy(max_retries=1000, base=0.05, cap=0.05)
    with (
        closed_port() as port,
        scene(ONE, root=f"http://127.0.0.1:{port}", backup=False, mode=mode, timeout=0.3, retry=policy) as at,
    ):
        told = at.ask()
        assert isinstance(told.error, (AllProvidersUnavailableError, DeadlineExceededError))
        assert told.seconds < 0.3 + LATE
        assert [attempt.error for attempt in told.route.attempts] == [APIConnectionError.__name__]
        assert told.first.retried
        assert at.counts() == {"a": (1, 1)}


@EVERY_MODE
def test_who_prefers_to_wait_waits_for_the_earliest_recovery(mode: str) -> None:
    """All are out: `retry_at` says until when, and `wait` waits until then."""
    busy = ONE.whole(ONE.refusal(429), "429 Slow Down", retry_after_ms="200")
    with scene(ONE, [REQUEST, busy, REQUEST, ONE.good(mode), REQUEST, busy, HOLD], backup=False, mode=mode) as at:
        told = at.ask(wait=True)
        assert (told.text, told.tried) == (TEXT, [("a", "throttled"), ("a", "success")])
        assert 0.19 < told.seconds < 0.2 + LATE
        assert told.route.waited_ms == pytest.approx(200, abs=30)
        told = at.ask()
        assert isinstance(told.error, AllProvidersUnavailableError)
        assert told.error.retry_at is not None
        assert abs(told.error.retry_at - datetime.now(UTC) - timedelta(seconds=0.2)) < timedelta(seconds=0.1)
        assert told.seconds < LATE
        told = at.ask(wait=0.05)
        assert isinstance(told.error, AllProvidersUnavailableError)
        assert told.seconds < LATE, "it would take longer than the caller wants to wait"


def test_connecting_to_all_addresses_shares_one_patience() -> None:
    """The first address swallows everything, the second serves; both inside the connect patience."""
    with RawServer([REQUEST, ONE.good("plain"), HOLD]) as server, full_backlog() as full:

        def resolver(*_: Any) -> list[Any]:
            return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", port)) for port in (full, server.port)]

        connection = {"transport": Transport(resolver=resolver, proxies={})}
        with scene(ONE, root="http://many.test", connection=connection, connect_timeout=0.4) as at:
            told = at.ask()
            assert (told.text, told.served_by) == (TEXT, "a")
            assert 0.19 < told.seconds < 0.2 + LATE
        assert server.hits == 1


def test_an_answer_just_in_time_is_an_answer() -> None:
    with scene(ONE, [slow(ONE, "plain", 0.15)], backup=False, timeout=0.3) as at:
        assert at.ask().text == TEXT


def test_the_time_of_a_call_is_over_for_what_it_left_behind_too() -> None:
    """Whoever was cut is cut at once: no thread goes on reading, and the connection is not kept."""
    body = [head(content_length="9999"), Drip(b"x", 0.01, forever=True)]
    with scene(ONE, [REQUEST, *body], attempt_timeout=0.2) as at:
        begun = time.monotonic()
        assert at.ask().served_by == "b"
        assert at.are_gone("a")
        assert time.monotonic() - begun < 0.3 + LATE
