"""The deadline stories: stalled and slow candidates, impatient callers, and who is blamed, on a fake clock."""

from __future__ import annotations

from typing import Any

import pytest

from agentsea_gateway import Candidate, Gateway, Response
from agentsea_gateway.call import Call
from agentsea_gateway.errors import AllProvidersUnavailableError, DeadlineExceededError
from agentsea_gateway.stream_events import Content, Done
from agentsea_gateway.testing import FakeClock

FOREVER = 1e9


class Timed:
    """A plain provider that takes `seconds` and heeds its call; one that says `TimeoutError` in words of its own."""

    def __init__(self, clock: FakeClock, seconds: float) -> None:
        self.clock = clock
        self.seconds = seconds
        self.hits = 0

    def complete(self, messages: Any, *, call: Call) -> Response:
        self._work(call)
        return Response("ok")

    def stream(self, messages: Any, *, call: Call) -> Any:
        self._work(call)
        yield Content("ok")
        yield Done.of(Response("ok"))

    def _work(self, call: Call) -> None:
        self.hits += 1
        left = call.remaining()
        self.clock.advance(max(0.0, min(left, self.seconds)))
        if self.seconds > left:
            raise TimeoutError("took too long")


class Story:
    """A gateway of two timed providers and one caller after the other."""

    def __init__(self, first: float, second: float, **settings: Any) -> None:
        self.clock = FakeClock()
        self.first, self.second = Timed(self.clock, first), Timed(self.clock, second)
        self.gateway = Gateway(
            [Candidate(name="first", provider=self.first), Candidate(name="second", provider=self.second)],
            clock=self.clock,
            **settings,
        )

    def ask(self, timeout: float, *, streamed: bool = False, **options: Any) -> str | None:
        """Who served; None where the call was lost. No call outlives its deadline."""
        began = self.clock.monotonic()
        try:
            if streamed:
                with self.gateway.stream("Hi", timeout=timeout, **options) as stream:
                    assert [*stream]
                    return stream.served_by
            return self.gateway.completion("Hi", timeout=timeout, **options).served_by
        except (DeadlineExceededError, AllProvidersUnavailableError):
            return None
        finally:
            assert self.clock.monotonic() - began <= timeout + 1e-6

    def warm(self, calls: int, *, streamed: bool = False) -> None:
        """Both are measured."""
        for _ in range(calls):
            assert self.ask(100, streamed=streamed, exclude="second") == "first"
            assert self.ask(100, streamed=streamed, exclude="first") == "second"

    def blown(self) -> list[str]:
        return [name for name in ("first", "second") if self.gateway.ask(name) == "blown"]


# -- a stalled first candidate and timeout=1 ---------------------------------------------------------------------------


@pytest.mark.parametrize("streamed", [False, True])
def test_a_stalled_first_candidate_costs_no_call_and_is_out_after_two(*, streamed: bool) -> None:
    """Cold: nothing is known of anybody."""
    story = Story(FOREVER, 0.1)
    assert [story.ask(1, streamed=streamed) for _ in range(5)] == ["second"] * 5
    assert (story.first.hits, story.blown()) == (2, ["first"])


@pytest.mark.parametrize("streamed", [False, True])
@pytest.mark.parametrize("latencies", [(0.05, 0.05), (0.2, 0.1), (0.1, 0.2), (0.2, 0.2)])
@pytest.mark.parametrize(("calls", "pause"), [(1, 0.0), (2, 0.0), (50, 11.0)])
def test_a_first_candidate_that_served_and_stalls_costs_no_call_and_is_out_after_two(
    latencies: tuple[float, float], calls: int, pause: float, *, streamed: bool
) -> None:
    """Warm: both were measured before."""
    story = Story(*latencies)
    story.warm(calls, streamed=streamed)
    story.clock.advance(pause)
    story.first.seconds = FOREVER
    before = story.first.hits
    assert [story.ask(1, streamed=streamed) for _ in range(5)] == ["second"] * 5
    assert (story.first.hits - before, story.blown()) == (2, ["first"])


def test_a_first_candidate_that_stalls_in_the_middle_of_traffic_costs_no_call_and_is_out_after_ten() -> None:
    """As for any other failure: what went well just before counts, but at most the latest twenty."""
    story = Story(0.1, 0.1)
    story.warm(50)
    story.first.seconds = FOREVER
    before = story.first.hits
    assert [story.ask(1) for _ in range(20)] == ["second"] * 20
    assert story.first.hits - before <= 10
    assert story.blown() == ["first"]


def test_without_the_share_a_stalled_first_candidate_costs_two_calls() -> None:
    story = Story(FOREVER, 0.1, share=False)
    assert [story.ask(1) for _ in range(4)] == [None, None, "second", "second"]
    assert story.blown() == ["first"]


def test_the_share_is_on_the_route() -> None:
    story = Story(FOREVER, 0.1)
    route = story.gateway.completion("Hi", timeout=1).route
    assert route is not None
    cut, served = route.attempts
    assert (cut.candidate, cut.outcome, cut.patience) == ("first", "failure", "share")
    assert cut.latency_ms == pytest.approx(500)
    assert (served.candidate, served.outcome, served.patience) == ("second", "success", None)


def test_a_candidate_gets_all_that_remains_when_nobody_is_ready_behind_it() -> None:
    story = Story(0.9, 0.1)
    assert story.ask(1, exclude="second") == "first"
    story.gateway.melt("second")
    story.gateway.melt("second")
    assert story.ask(1) == "first"


# -- callers with little time ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("streamed", [False, True])
@pytest.mark.parametrize("latencies", [(0.2, 0.2), (1.0, 0.06), (0.06, 1.0), (FOREVER, 0.2), (0.2, FOREVER)])
@pytest.mark.parametrize("warm", [0, 1])
def test_one_caller_with_50_ms_alone_opens_nobodys_breaker(
    latencies: tuple[float, float], warm: int, *, streamed: bool
) -> None:
    story = Story(min(latencies[0], 5), min(latencies[1], 5))
    story.warm(warm, streamed=streamed)
    story.first.seconds, story.second.seconds = latencies
    for _ in range(50):
        assert story.ask(0.05, streamed=streamed) is None
        story.clock.advance(0.2)
    assert story.blown() == []
    assert all(health.errors == 0 for health in story.gateway.health().values())


def test_one_caller_with_50_ms_among_patient_ones_opens_nobodys_breaker() -> None:
    story = Story(0.2, 0.2)
    for number in range(200):
        if number % 4:
            assert story.ask(0.05) is None
        else:
            assert story.ask(10) == "first"
    assert story.blown() == []
    health = story.gateway.health()
    assert (health["first"].errors, health["second"].errors) == (0, 0)
    assert health["first"].latency_ms == pytest.approx(200)  # what was cut short is not measured


def test_what_was_cut_too_short_is_neutral_and_the_call_ran_out_of_time() -> None:
    story = Story(0.2, 0.2)
    with pytest.raises(DeadlineExceededError, match=r"0\.05 s ran out \(tried: first, second\)") as raised:
        story.gateway.completion("Hi", timeout=0.05)
    assert raised.value.route is not None
    assert [attempt.outcome for attempt in raised.value.route.attempts] == ["neutral", "neutral"]


def test_a_caller_with_less_than_the_usual_time_blames_nobody() -> None:
    """One second where three are usual: cut short, but before three quarters of it."""
    story = Story(3.0, 3.0)
    story.warm(1)
    for _ in range(20):
        assert story.ask(1) is None
    assert story.blown() == []


# -- a provider that normally takes ten seconds ------------------------------------------------------------------------


@pytest.mark.parametrize("measured", [True, False])
@pytest.mark.parametrize("backup", [0.1, 0.5, 1.0, 2.0, 4.0, 4.9, 6.0, 9.0, 12.0, 15.0, 19.0])
def test_a_provider_that_takes_ten_seconds_and_dies_silently_is_out_after_two(backup: float, *, measured: bool) -> None:
    """One serial caller with 20 s, whatever the backup's latency; the healthy backup never opens."""
    story = Story(10.0, backup)
    for _ in range(5):
        assert story.ask(20) == "first"
    if measured:
        assert story.ask(20, exclude="first") == "second"
    story.first.seconds = FOREVER
    before = story.first.hits
    served = [story.ask(20) for _ in range(2)]
    assert (story.first.hits - before, story.blown()) == (2, ["first"])
    assert story.ask(20) == "second"
    if backup < 5:
        assert served == ["second", "second"]
    if backup > 10:  # 10 s and the backup's are more than 20 s: those two calls are lost
        assert served == [None, None]
    assert story.gateway.health()["second"].breaker == "closed"


def test_a_slow_provider_is_not_cut_for_being_slow() -> None:
    story = Story(10.0, 1.0)
    story.warm(1)
    for _ in range(20):
        assert story.ask(20) == "first"


@pytest.mark.parametrize("timeout", [40.0, 60.0, 120.0])
def test_a_provider_whose_latency_varies_is_not_cut_where_there_is_time(timeout: float) -> None:
    story = Story(10.0, 10.0)
    story.warm(1)
    for seconds in (5.0, 15.0, 19.0, 8.0, 18.0):
        story.first.seconds = seconds
        assert story.ask(timeout) == "first"


# -- patiences that ran out in full ------------------------------------------------------------------------------------


def test_an_attempts_own_patience_that_ran_out_is_a_failure_however_short() -> None:
    story = Story(FOREVER, 0.01, attempt_timeout=0.1)
    assert [story.ask(10) for _ in range(3)] == ["second"] * 3
    assert story.blown() == ["first"]
    assert story.first.hits == 2


def test_the_patience_for_a_first_token_that_ran_out_is_a_failure_however_short() -> None:
    story = Story(FOREVER, 0.01, first_token_timeout=0.1)
    assert [story.ask(10, streamed=True) for _ in range(3)] == ["second"] * 3
    assert (story.blown(), story.first.hits) == (["first"], 2)


def test_one_alone_and_never_measured_is_not_blamed_for_the_callers_deadline() -> None:
    story = Story(FOREVER, 0.1)
    for _ in range(5):
        assert story.ask(5, exclude="second") is None
    assert story.blown() == []


def test_one_alone_is_blamed_once_it_took_twice_its_usual_time() -> None:
    story = Story(2.0, 0.1)
    story.warm(1)
    story.first.seconds = FOREVER
    assert story.ask(3.9, exclude="second") is None
    assert story.gateway.health()["first"].errors == 0
    for _ in range(2):
        assert story.ask(4, exclude="second") is None
    assert story.gateway.health()["first"].errors == 2


# -- not bounded -------------------------------------------------------------------------------------------------------


def test_a_plain_provider_that_takes_no_call_is_let_finish_and_its_late_answer_returned() -> None:
    clock = FakeClock()

    class Unhurried:
        def complete(self, messages: Any) -> Response:
            clock.advance(5)
            return Response("at last")

    gateway = Gateway([Candidate(name="it", provider=Unhurried())], clock=clock)
    assert gateway.completion("Hi", timeout=1).content == "at last"
    assert gateway.health()["it"].latency_ms == pytest.approx(5_000)


# -- waiting for recovery ----------------------------------------------------------------------------------------------


def blown_story(**settings: Any) -> Story:
    story = Story(0.1, 0.1, **settings)
    for name in ("first", "second"):
        story.gateway.melt(name)
        story.gateway.melt(name)
        story.clock.advance(5)
    return story


def test_all_open_says_when_the_first_one_recovers() -> None:
    story = blown_story()
    with pytest.raises(AllProvidersUnavailableError) as raised:
        story.gateway.completion("Hi")
    assert raised.value.retry_at is not None
    assert raised.value.retry_at.timestamp() == pytest.approx(story.clock.time() + 20)


def test_who_waits_gets_the_first_one_that_recovers() -> None:
    story = blown_story()
    began = story.clock.monotonic()
    reply = story.gateway.completion("Hi", wait=True, timeout=60)
    assert (reply.served_by, story.clock.monotonic() - began) == ("first", pytest.approx(20.1))
    assert reply.route is not None
    assert reply.route.waited_ms == pytest.approx(20_000)


@pytest.mark.parametrize(("wait", "timeout"), [(19, 60), (True, 19), (False, 60)])
def test_nobody_waits_longer_than_they_said_or_for_what_comes_too_late(wait: Any, timeout: float) -> None:
    story = blown_story()
    began = story.clock.monotonic()
    with pytest.raises(AllProvidersUnavailableError):
        story.gateway.completion("Hi", wait=wait, timeout=timeout)
    assert story.clock.monotonic() == began


def test_waiting_is_no_use_where_a_candidate_was_tried_and_may_be_tried_again() -> None:
    story = Story(FOREVER, FOREVER)
    began = story.clock.monotonic()
    with pytest.raises(AllProvidersUnavailableError):
        story.gateway.completion("Hi", wait=True, timeout=100, exclude="second", max_tokens=None)
    assert story.clock.monotonic() - began == 60  # the attempt's own patience, and not the call's
