"""Health (G06): latency EMAs of what was served, and counts of what was tried."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agentsea_gateway import Candidate, Gateway, Response
from agentsea_gateway.errors import (
    AllProvidersUnavailableError,
    APIConnectionError,
    AuthenticationError,
    BadRequestError,
    GatewayError,
    RateLimitError,
    StreamInterruptedError,
)
from agentsea_gateway.health import ProviderHealth, ema
from agentsea_gateway.testing import FakeClock, ScriptedProvider
from support.timeline import Timeline


def test_the_first_sample_counts_raw() -> None:
    """G06."""
    assert ema(None, 250.0) == 250.0


def test_later_samples_count_three_tenths() -> None:
    """G06: 0.7 old + 0.3 new."""
    assert ema(100.0, 200.0) == pytest.approx(130.0)
    assert ema(0.0, 100.0) == pytest.approx(30.0)


@given(st.lists(st.floats(0, 1e6), min_size=1))
def test_the_average_stays_between_the_samples(samples: list[float]) -> None:
    average = None
    for sample in samples:
        average = ema(average, sample)
    assert average is not None
    assert min(samples) - 1e-6 <= average <= max(samples) + 1e-6


@pytest.mark.parametrize(
    ("outcome", "errors"),
    [("success", 0), ("neutral", 0), ("failure", 1), ("throttled", 1), ("benched", 1), ("own_fault", 1)],
)
def test_every_attempt_that_ended_is_a_call_and_what_did_not_serve_an_error(outcome: Any, errors: int) -> None:
    it = Timeline()
    it.attempt(outcome)
    assert (it.health.calls, it.health.errors) == (1, errors)


@pytest.mark.parametrize("outcome", ["failure", "throttled", "benched", "own_fault", "neutral"])
def test_only_successes_have_a_latency(outcome: Any) -> None:
    """A provider that fails fast does not look fast."""
    it = Timeline()
    it.attempt("success", latency_ms=100.0)
    it.attempt(outcome, latency_ms=1.0)
    assert it.health.latency_ms == 100.0


def test_first_token_times_have_an_average_of_their_own() -> None:
    it = Timeline()
    for first_token in (10.0, 20.0):
        permit = it.begin()
        it.state.progress(permit, it.now, first_token)
        it.end(permit, "success")
    assert it.health.first_token_ms == pytest.approx(13.0)
    assert it.health.latency_ms is None
    it.attempt("success", latency_ms=500.0)
    assert (it.health.first_token_ms, it.health.latency_ms) == (pytest.approx(13.0), 500.0)


def test_a_new_candidate_has_an_empty_record() -> None:
    assert Timeline().health == ProviderHealth()


# -- through the gateway -----------------------------------------------------------------------------------------------


def one(*script: Any, **settings: Any) -> tuple[Gateway, FakeClock]:
    clock = FakeClock()
    provider = ScriptedProvider(*script)
    return Gateway([Candidate(name="it", provider=provider)], clock=clock, **settings), clock


def test_the_latency_of_a_call_is_that_of_its_attempt() -> None:
    """G03, G06: in milliseconds."""
    gateway, _ = one([0.2, "a"], [0.4, "b"])
    gateway.completion("Hi")
    assert gateway.health()["it"].latency_ms == pytest.approx(200)
    gateway.completion("Hi")
    assert gateway.health()["it"].latency_ms == pytest.approx(260)


def test_the_latency_of_a_call_is_not_that_of_those_before_it() -> None:
    clock = FakeClock()
    slow = ScriptedProvider([3.0, APIConnectionError("no")])
    quick = ScriptedProvider([0.1, "ok"])
    gateway = Gateway([Candidate(name="slow", provider=slow), Candidate(name="quick", provider=quick)], clock=clock)
    gateway.completion("Hi")
    assert gateway.health()["quick"].latency_ms == pytest.approx(100)
    assert gateway.health()["slow"].latency_ms is None


def test_the_first_token_time_of_a_stream_is_that_of_its_first_content() -> None:
    gateway, clock = one([0.3, "a", 5.0, "b"])
    for _ in gateway.stream("Hi").text:
        clock.advance(60)  # the consumer's time is its own
    health = gateway.health()["it"]
    assert health.first_token_ms == pytest.approx(300)
    assert (health.latency_ms, health.calls, health.errors, health.in_flight) == (None, 1, 0, 0)


def test_a_stream_is_in_flight_until_its_end() -> None:
    gateway, _ = one("a b c")
    stream = gateway.stream("Hi")
    assert (gateway.health()["it"].in_flight, gateway.health()["it"].calls) == (1, 0)
    for _ in stream:
        pass
    assert (gateway.health()["it"].in_flight, gateway.health()["it"].calls) == (0, 1)


def test_an_attempt_is_in_flight_while_its_provider_works() -> None:
    seen: list[int] = []

    class Looking:
        def complete(self, messages: Any) -> Response:
            seen.append(gateway.health()["it"].in_flight)
            return Response("ok")

    gateway = Gateway([Candidate(name="it", provider=Looking())])
    gateway.completion("Hi")
    assert (seen, gateway.health()["it"].in_flight) == ([1], 0)


@pytest.mark.parametrize(
    "fault",
    [APIConnectionError("no"), RateLimitError("slow"), AuthenticationError("key"), BadRequestError("what"), KeyError()],
)
def test_whatever_fails_is_a_call_and_an_error(fault: Exception) -> None:
    gateway, _ = one(fault)
    with pytest.raises(GatewayError):
        gateway.completion("Hi")
    health = gateway.health()["it"]
    assert (health.calls, health.errors, health.latency_ms) == (1, 1, None)


def test_a_stream_that_breaks_is_an_error_and_one_that_is_left_is_none() -> None:
    gateway, _ = one(["a", APIConnectionError("cut")], "a b c")
    with pytest.raises(StreamInterruptedError):
        [*gateway.stream("Hi")]
    with gateway.stream("Hi") as stream:
        next(stream)
    health = gateway.health()["it"]
    assert (health.calls, health.errors, health.in_flight) == (2, 1, 0)


def test_who_is_skipped_or_refused_has_no_call() -> None:
    gateway, _ = one()
    gateway.melt("it")
    gateway.melt("it")
    with pytest.raises(AllProvidersUnavailableError):
        gateway.completion("Hi")
    assert gateway.health()["it"].calls == 0


def test_health_is_a_value_of_its_moment() -> None:
    gateway, _ = one()
    before = gateway.health()
    gateway.completion("Hi")
    assert before["it"].calls == 0
    assert gateway.health()["it"].calls == 1
    before.clear()
    assert [*gateway.health()] == ["it"]


def test_a_derived_gateway_shares_health() -> None:
    gateway, _ = one()
    derived = gateway.with_options(timeout=5)
    derived.completion("Hi")
    assert gateway.health()["it"].calls == 1
    derived.melt("it")
    derived.melt("it")
    assert gateway.ask("it") == "blown"


def test_a_stream_without_any_content_has_no_first_token_time() -> None:
    class Empty:
        def complete(self, messages: Any) -> Response:
            raise NotImplementedError

        def stream(self, messages: Any) -> Iterator[Any]:
            from agentsea_gateway.stream_events import Done

            yield Done.of(Response(""))

    gateway = Gateway([Candidate(name="it", provider=Empty())])
    assert [*gateway.stream("Hi").text] == []
    health = gateway.health()["it"]
    assert (health.first_token_ms, health.calls, health.errors) == (None, 1, 0)
