"""The attempts of a call: what each outcome does to the candidate and to the call."""

from __future__ import annotations

import logging
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from agentsea_gateway import Candidate, Gateway, Response, errors
from agentsea_gateway.errors import (
    AllProvidersUnavailableError,
    APIConnectionError,
    APITimeoutError,
    AuthenticationError,
    BadRequestError,
    ContextWindowExceededError,
    DeadlineExceededError,
    InternalServerError,
    InvalidRequestError,
    MalformedResponseError,
    ProviderError,
    RateLimitError,
)
from agentsea_gateway.testing import FakeClock, ScriptedProvider
from support.gateways import clock_of, counts, gateway, hits

if TYPE_CHECKING:
    from agentsea_gateway.call import Call
    from agentsea_gateway.errors import Outcome

KINDS = [
    kind
    for kind in vars(errors).values()
    if isinstance(kind, type) and issubclass(kind, ProviderError) and kind is not ProviderError
]

# What two attempts of one outcome do: is the breaker blown, for how many seconds is the candidate benched.
EFFECTS: dict[Outcome, tuple[str, float | None]] = {
    "failure": ("blown", None),
    "throttled": ("ok", 4.0),  # 2 s, then 4 s
    "benched": ("ok", 300.0),
    "own_fault": ("ok", None),
}


def benched_for(gw: Gateway, name: str = "a") -> float | None:
    """Seconds that a candidate still sits on the bench."""
    until = gw.health()[name].benched_until
    return None if until is None else until.timestamp() - clock_of(gw).time()


# -- outcomes ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
@pytest.mark.parametrize("verb", ["completion", "stream"])
def test_every_error_fails_over_and_has_its_effect(verb: str, kind: type[ProviderError]) -> None:
    """F21-F24: the table of outcomes, for each class of error."""
    bad, good = ScriptedProvider(default=kind("no")), ScriptedProvider()
    gw = gateway(bad, good)
    assert getattr(gw, verb)("Hi").served_by == "b"
    if (seconds := benched_for(gw)) is not None:
        clock_of(gw).advance(seconds)
    assert getattr(gw, verb)("Hi").served_by == "b"
    blown, benched = EFFECTS[kind.outcome]
    assert gw.ask("a") == blown
    assert benched_for(gw) == (None if benched is None else pytest.approx(benched))
    assert hits(bad) == [2]
    assert counts(gw.health())["a"] == (2, 2)
    assert gw.health()["a"].latency_ms is None
    assert gw.health()["a"].in_flight == 0


@pytest.mark.parametrize("verb", ["completion", "stream"])
def test_when_all_refuse_the_request_the_first_ones_error_is_raised(verb: str) -> None:
    """F21."""
    gw = gateway(ContextWindowExceededError("too long", status_code=400), BadRequestError("no", status_code=422))
    with pytest.raises(ContextWindowExceededError, match=r"^a 400: too long\b") as caught:
        getattr(gw, verb)("Hi")
    error = caught.value
    assert (error.candidate, error.provider, error.model) == ("a", "scripted", "model-a")
    assert error.route is not None
    assert [attempt.outcome for attempt in error.route.attempts] == ["own_fault", "own_fault"]
    assert [gw.ask(name) for name in "ab"] == ["ok", "ok"]


def test_a_refusal_among_failures_is_unavailability() -> None:
    gw = gateway(BadRequestError("no"), InternalServerError("down"))
    with pytest.raises(AllProvidersUnavailableError, match="a: BadRequestError: no; b: InternalServerError: down"):
        gw.completion("Hi")


def test_a_refusal_by_the_only_candidate_that_may_be_asked_is_raised() -> None:
    gw = gateway(BadRequestError("no"), AuthenticationError("bad key"))
    with pytest.raises(AllProvidersUnavailableError):
        gw.completion("Hi")
    with pytest.raises(BadRequestError):  # b is benched by now
        gw.completion("Hi")


@pytest.mark.parametrize("error", [ValueError("boom"), KeyError("choices"), RecursionError(), StopIteration()])
def test_an_unexpected_exception_inside_a_provider_is_a_failure(error: Exception) -> None:
    class Broken:
        def complete(self, messages: Any) -> Response:
            raise error

    gw = gateway(Broken(), "b")
    reply = gw.completion("Hi")
    assert reply.served_by == "b"
    assert reply.route is not None
    assert reply.route.attempts[0].outcome == "failure"
    assert (reply.route.attempts[0].message or "").startswith(type(error).__name__)


def test_an_unexpected_exception_is_the_cause_of_what_is_raised() -> None:
    with pytest.raises(AllProvidersUnavailableError) as caught:
        gateway(ValueError("boom")).completion("Hi")
    assert isinstance(caught.value.__cause__, ProviderError)
    assert isinstance(caught.value.__cause__.__cause__, ValueError)


@pytest.mark.parametrize("nonsense", ["text", None, {"content": "x"}, 5, Response, Response(content=None)])  # type: ignore[arg-type]
def test_a_provider_that_returns_nonsense_fails(nonsense: Any) -> None:
    class Nonsense:
        def complete(self, messages: Any) -> Any:
            return nonsense

    reply = gateway(Nonsense(), "b").completion("Hi")
    assert reply.served_by == "b"
    assert reply.route is not None
    assert reply.route.attempts[0].error == "MalformedResponseError"
    assert "complete() returned" in (reply.route.attempts[0].message or "")


def test_an_empty_answer_with_a_stop_reason_is_an_answer() -> None:
    """F28."""
    assert gateway(Response("")).completion("Hi").served_by == "a"


def test_an_own_mistake_found_late_is_raised_at_once_and_blames_nobody() -> None:
    backup = ScriptedProvider()
    gw = gateway(InvalidRequestError("no JSON can hold this"), backup)
    for _ in range(3):
        with pytest.raises(InvalidRequestError) as caught:
            gw.completion("Hi")
    assert caught.value.route is not None
    assert [attempt.outcome for attempt in caught.value.route.attempts] == ["neutral"]
    assert backup.hits == 0
    assert gw.ask("a") == "ok"
    assert gw.health()["a"].errors == 0


@pytest.mark.parametrize("interrupt", [KeyboardInterrupt, SystemExit, GeneratorExit])
def test_an_interrupt_is_passed_on_and_blames_nobody(interrupt: type[BaseException]) -> None:
    heard: list[Any] = []
    gw = gateway(interrupt(), "b", listeners=heard.append)
    for _ in range(3):
        with pytest.raises(interrupt):
            gw.completion("Hi")
    assert gw.ask("a") == "ok"
    assert gw.health()["a"].in_flight == 0
    assert counts(gw.health()) == {"a": (3, 0), "b": (0, 0)}
    stop = heard[-1]
    assert (stop.name, stop.outcome, stop.attempts) == ("agentsea.gateway.route.stop", "cancelled", 1)


def test_one_error_object_raised_again_and_again_names_whom_it_is_raised_for() -> None:
    """A module-level error, or a test double's: what one call wrote on it does not show in the next."""
    shared = BadRequestError("no")
    gw = gateway(shared, ScriptedProvider(default=shared, name="other"))
    with pytest.raises(BadRequestError) as first:
        gw.completion("Hi")
    with pytest.raises(BadRequestError) as second:
        gw.completion("Hi", exclude="a")
    assert (first.value.candidate, first.value.provider) == ("a", "scripted")
    assert (second.value.candidate, second.value.provider) == ("b", "other")
    assert second.value.route is not first.value.route


# -- bench -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("kind", "outcome"), [(RateLimitError, "throttled"), (InternalServerError, "failure")])
def test_retry_after_benches(kind: type[ProviderError], outcome: str) -> None:
    """F24, F57: with pushback and with a failure."""
    bad = ScriptedProvider(kind("later", retry_after=42.0))
    gw = gateway(bad, "b")
    reply = gw.completion("Hi")
    assert reply.route is not None
    assert reply.route.attempts[0].outcome == outcome
    assert benched_for(gw) == pytest.approx(42)
    clock_of(gw).advance(41.9)
    assert gw.completion("Hi").served_by == "b"
    clock_of(gw).advance(0.1)
    assert gw.completion("Hi").served_by == "a"


@pytest.mark.parametrize(("retry_after", "seconds"), [(0.0, None), (600.0, 600), (3600.0, 600)])
def test_retry_after_is_capped(retry_after: float, seconds: float | None) -> None:
    """F24."""
    gw = gateway(RateLimitError("slow down", retry_after=retry_after), "b")
    gw.completion("Hi")
    assert benched_for(gw) == (None if seconds is None else pytest.approx(seconds))


def test_pushback_without_retry_after_doubles_from_two_seconds_to_sixty() -> None:
    gw = gateway(RateLimitError("slow down"), "b")
    seen = []
    for _ in range(7):
        gw.completion("Hi")
        seen.append(round(benched_for(gw) or 0, 3))
        clock_of(gw).advance(seen[-1])
    assert seen == [2, 4, 8, 16, 32, 60, 60]


def test_a_success_ends_the_doubling() -> None:
    push = RateLimitError("slow down")
    gw = gateway(ScriptedProvider(push, push, "ok", default=push), "b")
    seen = []
    for _ in range(4):
        gw.completion("Hi")
        seen.append(round(benched_for(gw) or 0, 3))
        clock_of(gw).advance(seen[-1])
    assert seen == [2, 4, 0, 2]


def test_a_bad_key_is_told_once(caplog: pytest.LogCaptureFixture) -> None:
    """F22: one warning, however often it happens."""
    caplog.set_level(logging.DEBUG, logger="agentsea_gateway")
    gw = gateway(AuthenticationError("bad key", status_code=401), "b")
    for _ in range(3):
        gw.completion("Hi")
        clock_of(gw).advance(301)
    (warning,) = [record for record in caplog.records if record.levelno >= logging.WARNING]
    assert "a is benched until" in warning.getMessage()
    assert "AuthenticationError: bad key" in warning.getMessage()


def test_pushback_and_refusals_are_told_to_nobody(caplog: pytest.LogCaptureFixture) -> None:
    gw = gateway(RateLimitError("slow down"), BadRequestError("no"), "c")
    gw.completion("Hi")
    assert caplog.records == []


def test_an_operators_reset_clears_breaker_and_bench_but_not_health() -> None:
    """G08."""
    gw = gateway(InternalServerError("down", retry_after=100), "b")
    gw.completion("Hi")
    clock_of(gw).advance(100)
    gw.completion("Hi")  # within the window that its own length does not reach: benched again, and not blown
    gw.melt("a")
    gw.melt("a")
    assert gw.ask("a") == "blown"
    gw.reset("a")
    health = gw.health()["a"]
    assert (health.breaker, health.open_until, health.benched_until) == ("closed", None, None)
    assert (health.calls, health.errors) == (2, 2)


# -- time --------------------------------------------------------------------------------------------------------------


def test_a_call_that_runs_out_of_time_says_so() -> None:
    gw = gateway(ScriptedProvider(latency=100), ScriptedProvider(latency=100))
    began = clock_of(gw).monotonic()
    with pytest.raises(DeadlineExceededError, match=r"the call's 2 s ran out \(tried: a, b\)") as caught:
        gw.completion("Hi", timeout=2)
    assert clock_of(gw).monotonic() - began == pytest.approx(2)
    assert caught.value.route is not None
    assert [attempt.patience for attempt in caught.value.route.attempts] == ["share", "deadline"]
    assert isinstance(caught.value.__cause__, APITimeoutError)


def test_a_single_attempt_has_its_own_patience() -> None:
    gw = gateway(ScriptedProvider(latency=100), "b", attempt_timeout=3)
    reply = gw.completion("Hi")
    assert reply.route is not None
    attempt = reply.route.attempts[0]
    assert (attempt.patience, attempt.outcome, attempt.latency_ms) == ("attempt", "failure", pytest.approx(3000))


@pytest.mark.parametrize(("share", "served"), [(True, "b"), (False, None)])
def test_the_share_can_be_switched_off(share: bool, served: str | None) -> None:
    gw = gateway(ScriptedProvider(latency=100), "b", share=share)
    if served is None:
        with pytest.raises(DeadlineExceededError):
            gw.completion("Hi", timeout=1)
    else:
        assert gw.completion("Hi", timeout=1).served_by == served


def test_a_provider_that_takes_no_call_is_let_finish() -> None:
    """Not bounded, as the docs say: a late answer is returned."""
    clock = FakeClock()

    class Slow:
        def complete(self, messages: Any) -> Response:
            clock.sleep(100)
            return Response("late")

    assert gateway(Slow(), clock=clock).completion("Hi", timeout=1).content == "late"


def test_a_provider_sees_its_time() -> None:
    seen: list[Call] = []

    class Looking:
        def complete(self, messages: Any, call: Call) -> Response:
            seen.append(call)
            return Response("x")

    gateway(Looking(), connect_timeout=1, idle_timeout=2, first_token_timeout=3).completion("Hi", timeout=9)
    (call,) = seen
    assert (call.connect_timeout, call.idle_timeout, call.first_token_timeout) == (1, 2, 3)
    assert (call.patience, call.limit - call.deadline.clock.monotonic()) == ("deadline", 9)


# -- strategies that fail ----------------------------------------------------------------------------------------------


class Faulty:
    """A strategy that returns whatever it is told."""

    def __init__(self, answer: Any) -> None:
        self.answer = answer

    def order(self, candidates: Any, context: Any) -> Any:
        return self.answer(candidates)


def _raise(candidates: Any) -> Any:
    raise ZeroDivisionError("oh")


FAULTY = {
    "raises": _raise,
    "nothing": lambda candidates: None,
    "a number": lambda candidates: 5,
    "names": lambda candidates: [candidate.name for candidate in candidates],
    "empty": lambda candidates: [],
    "twice": lambda candidates: [*candidates, candidates[0]],
    "a stranger": lambda candidates: [Candidate("a", ScriptedProvider())],
}


@pytest.mark.parametrize("answer", FAULTY.values(), ids=FAULTY)
@pytest.mark.parametrize("verb", ["completion", "stream"])
@pytest.mark.usefixtures("fallbacks_keep_serving")
def test_a_strategy_that_fails_is_replaced_by_configured_order(
    verb: str, answer: Any, caplog: pytest.LogCaptureFixture
) -> None:
    """F50."""
    gw = gateway(InternalServerError("down"), "b", strategy=Faulty(answer))
    reply = getattr(gw, verb)("Hi")
    assert reply.served_by == "b"
    assert reply.route.order == ("a", "b")
    assert reply.route.strategy_error
    assert "strategy failed, configured order used" in reply.route.explain()
    assert "strategy Faulty failed" in caplog.text


def test_a_strategy_that_fails_raises_in_our_own_tests() -> None:
    with pytest.raises(ZeroDivisionError):
        gateway("x", strategy=Faulty(_raise)).completion("Hi")


def test_who_is_left_out_by_a_strategy_is_not_tried_and_the_route_says_so() -> None:
    gw = gateway("a", "b", "c", strategy=Faulty(lambda candidates: candidates[1:2]))
    reply = gw.completion("Hi")
    assert reply.served_by == "b"
    assert reply.route is not None
    assert reply.route.strategy_error is None
    assert [(it.candidate, it.reason) for it in reply.route.skipped] == [
        ("a", "left out by the strategy"),
        ("c", "left out by the strategy"),
    ]


@pytest.mark.parametrize("lazy", [reversed, lambda candidates: (it for it in reversed(candidates))])
def test_a_strategy_may_be_lazy(lazy: Any) -> None:
    reply = gateway("a", "b", strategy=Faulty(lazy)).completion("Hi")
    assert reply.route is not None
    assert reply.route.order == ("b", "a")


def test_a_strategy_sees_who_is_available_the_counter_and_health() -> None:
    """G07."""
    seen: list[Any] = []

    class Watching:
        def order(self, candidates: Any, context: Any) -> Any:
            seen.append(([it.name for it in candidates], context.counter, context.streaming, dict(context.health)))
            return candidates

    gw = gateway(AuthenticationError("bad key"), "b", strategy=Watching())
    gw.completion("Hi")
    gw.stream("Hi").close()
    assert [it[:3] for it in seen] == [(["a", "b"], 0, False), (["b"], 1, True)]
    assert seen[1][3]["a"].benched_until > datetime.fromtimestamp(clock_of(gw).time(), UTC)
    assert seen[1][3] == gw.health() | {"b": seen[1][3]["b"]}


# -- routes ------------------------------------------------------------------------------------------------------------


UNABLE: dict[str, Any] = {
    "own fault": BadRequestError("no"),
    "unavailable": APIConnectionError("no"),
    "malformed": MalformedResponseError("no"),
    "out of time": [9.0, "late"],
    "late mistake": InvalidRequestError("no"),
}


@pytest.mark.parametrize("item", UNABLE.values(), ids=UNABLE)
@pytest.mark.parametrize("verb", ["completion", "stream"])
def test_what_a_call_raises_carries_its_route(verb: str, item: Any) -> None:
    with pytest.raises(errors.GatewayError) as caught:
        getattr(gateway(item), verb)("Hi", timeout=5)
    route = caught.value.route
    assert route is not None
    assert [attempt.candidate for attempt in route.attempts] == ["a"]
    assert route.served_by is None
    assert "not served" in route.explain()


def test_who_was_blown_since_the_plan_is_skipped() -> None:
    class Sabotage:
        def complete(self, messages: Any) -> Response:
            gw.melt("b")
            gw.melt("b")
            raise InternalServerError("down")

    gw = gateway(Sabotage(), "b", "c")
    reply = gw.completion("Hi")
    assert reply.served_by == "c"
    assert reply.route is not None
    assert reply.route.order == ("a", "b", "c")
    assert [(it.candidate, it.reason) for it in reply.route.skipped] == [("b", "blown")]


def test_a_candidate_that_only_streams_is_skipped_by_plain_calls() -> None:
    class Streaming:
        def stream(self, messages: Any) -> Any:
            return iter(())

    reply = gateway(Streaming(), "b").completion("Hi")
    assert reply.route is not None
    assert [str(it) for it in reply.route.skipped] == ["a: only streams"]
