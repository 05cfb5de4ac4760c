"""The gateway as its user sees it: the promises of the original, arguments, derived gateways and the end."""

from __future__ import annotations

import asyncio
import copy
import pickle
from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest

from agentsea_gateway import Candidate, Config, Gateway, Response
from agentsea_gateway.errors import (
    AllProvidersUnavailableError,
    ConfigurationError,
    GatewayClosedError,
    GatewayError,
    InternalServerError,
    InvalidRequestError,
    NoStreamingProviderError,
    UnknownCandidateError,
)
from agentsea_gateway.routing import CostOptimized, LatencyOptimized, RoundRobin
from agentsea_gateway.testing import FakeClock, ScriptedCompletions, ScriptedProvider
from support.gateways import clock_of, counts, gateway, hits

if TYPE_CHECKING:
    from collections.abc import Callable

DOWN = InternalServerError("down", status_code=500)
HELLO = [{"role": "user", "content": "Hello"}]


# -- the promises of the original --------------------------------------------------------------------------------------


def test_a_single_provider_serves() -> None:
    """G01, G02."""
    reply = gateway("Hello!").completion("Hi")
    assert (reply.content, reply.served_by) == ("Hello!", "a")
    assert reply.route is not None
    assert [attempt.outcome for attempt in reply.route.attempts] == ["success"]


def test_the_next_candidate_serves_when_one_fails() -> None:
    """G02, G03."""
    gw = gateway(DOWN, "second")
    reply = gw.completion("Hi")
    assert (reply.content, reply.served_by) == ("second", "b")
    assert counts(gw.health()) == {"a": (1, 1), "b": (1, 0)}


def test_when_all_fail_all_providers_are_unavailable() -> None:
    """G04."""
    with pytest.raises(AllProvidersUnavailableError, match="all providers unavailable: a: .*down; b: .*down") as caught:
        gateway(DOWN, DOWN).completion("Hi")
    assert caught.value.route is not None
    assert [attempt.candidate for attempt in caught.value.route.attempts] == ["a", "b"]
    assert caught.value.__cause__ is not None


def test_a_second_failure_in_the_window_leaves_the_candidate_out() -> None:
    """G03, G08."""
    bad, good = ScriptedProvider(default=DOWN), ScriptedProvider()
    gw = gateway(bad, good)
    for _ in range(3):
        assert gw.completion("Hi").served_by == "b"
    assert hits(bad, good) == [2, 3]
    assert gw.ask("a") == "blown"
    assert gw.ask("b") == "ok"


def test_a_blown_candidate_is_back_after_thirty_seconds() -> None:
    """G08."""
    bad = ScriptedProvider(DOWN, DOWN, default="well again")
    gw = gateway(bad, "b")
    for _ in range(2):
        gw.completion("Hi")
    clock_of(gw).advance(29.999)
    assert gw.completion("Hi").served_by == "b"
    clock_of(gw).advance(0.001)
    assert gw.completion("Hi").content == "well again"
    assert gw.health()["a"].breaker == "closed"


def test_round_robin_takes_turns() -> None:
    """G01, G07."""
    gw = gateway("x", "x", "x", strategy=RoundRobin())
    assert [gw.completion("Hi").served_by for _ in range(7)] == ["a", "b", "c", "a", "b", "c", "a"]


@pytest.mark.parametrize("exclude", [["b"], ("b",), {"b"}, "b", iter(["b"])])
def test_who_is_excluded_is_not_asked(exclude: Any) -> None:
    """G01."""
    gw = gateway(DOWN, "b", "c")
    reply = gw.completion("Hi", exclude=exclude)
    assert reply.served_by == "c"
    assert reply.route is not None
    assert [(skipped.candidate, skipped.reason) for skipped in reply.route.skipped] == [("b", "excluded")]


def test_when_all_are_excluded_nobody_is_asked() -> None:
    """G01, G04."""
    one, two = ScriptedProvider(), ScriptedProvider()
    with pytest.raises(AllProvidersUnavailableError) as caught:
        gateway(one, two).completion("Hi", exclude=["a", "b"])
    assert hits(one, two) == [0, 0]
    assert caught.value.retry_at is None


def test_the_cheapest_serves_first_and_equals_keep_their_order() -> None:
    """G07."""
    candidates = [
        Candidate("dear", ScriptedProvider(), "claude-opus-4-8"),
        Candidate("twin", ScriptedProvider(), "gpt-4.1"),
        Candidate("other", ScriptedProvider(), "gpt-4.1"),
        Candidate("cheap", ScriptedProvider(DOWN), "gpt-4.1-mini"),
    ]
    reply = Gateway(candidates, strategy=CostOptimized(), clock=FakeClock()).completion("Hi")
    assert reply.route is not None
    assert reply.route.order == ("cheap", "twin", "other", "dear")
    assert reply.served_by == "twin"


def test_latency_is_an_average_that_begins_raw() -> None:
    """G06: 0.7 old + 0.3 new, first sample raw."""
    provider = ScriptedProvider(latency=0.1)
    gw = gateway(provider)
    gw.completion("Hi")
    assert gw.health()["a"].latency_ms == pytest.approx(100)
    provider.latency = 0.2
    gw.completion("Hi")
    assert gw.health()["a"].latency_ms == pytest.approx(130)


def test_errors_count_but_leave_latency_alone() -> None:
    """G06, but for a stated divergence: a candidate that fails fast does not look fast."""
    provider = ScriptedProvider("ok", DOWN, latency=0.1)
    gw = gateway(provider, "b")
    gw.completion("Hi")
    provider.latency = 0.0
    gw.completion("Hi")
    health = gw.health()["a"]
    assert (health.calls, health.errors, health.latency_ms) == (2, 1, pytest.approx(100))


def test_the_faster_candidate_is_preferred_once_both_are_measured() -> None:
    """G07; an unmeasured candidate is tried once first (a stated divergence)."""
    gw = gateway(ScriptedProvider(latency=0.3), ScriptedProvider(latency=0.1), strategy=LatencyOptimized())
    assert [gw.completion("Hi").served_by for _ in range(5)] == ["a", "b", "b", "b", "b"]


def test_a_stream_is_events_and_a_name() -> None:
    """G05."""
    stream = gateway(ScriptedCompletions(), "Hello there").stream("Hi")
    assert stream.served_by == "b"
    assert "".join(stream.text) == "Hello there"
    assert stream.response.content == "Hello there"


@pytest.mark.parametrize("providers", [[ScriptedCompletions()], [ScriptedCompletions(), ScriptedCompletions()], []])
def test_without_a_streaming_provider_there_is_no_stream(providers: list[Any]) -> None:
    """G05."""
    with pytest.raises(NoStreamingProviderError, match="no streaming provider"):
        gateway(*providers).stream("Hi")


def test_an_empty_provider_list_fails_at_the_call() -> None:
    """G04."""
    gw = Gateway([])
    with pytest.raises(AllProvidersUnavailableError, match="no candidates"):
        gw.completion("Hi")
    assert gw.health() == {}


def test_a_gateway_is_built_from_a_config_and_keywords_win() -> None:
    config = Config([Candidate("a", ScriptedProvider()), Candidate("b", ScriptedProvider())], timeout=7)
    assert [Gateway(config).completion("Hi").served_by for _ in range(2)] == ["a", "a"]
    turns = Gateway(config, strategy=RoundRobin())
    assert [turns.completion("Hi").served_by for _ in range(2)] == ["a", "b"]


def test_options_are_merged_from_gateway_to_overrides() -> None:
    """G10: the gateway's under the candidate's, under the call's, under the candidate's overrides."""
    provider = ScriptedProvider()
    candidate = Candidate(
        "a",
        provider,
        "m",
        options={"temperature": 0.2, "seed": 2, "top_p": 0.2},
        overrides={"seed": 4},
    )
    gw = Gateway([candidate], options={"max_tokens": 1, "temperature": 0.1}, clock=FakeClock())
    gw.completion("Hi", top_p=0.3, seed=3)
    assert provider.calls[0].options == {
        "max_tokens": 1,
        "temperature": 0.2,
        "top_p": 0.3,
        "seed": 4,
        "model": "m",
    }


@pytest.mark.parametrize("verb", ["completion", "stream"])
def test_an_option_that_is_none_is_absent(verb: str) -> None:
    provider = ScriptedProvider()
    gw = Gateway([Candidate("a", provider, options={"temperature": 0.2})], clock=FakeClock())
    getattr(gw, verb)("Hi", temperature=None, max_tokens=None)
    assert provider.calls[0].options == {"temperature": 0.2}


# -- arguments: a typed error that names the fix, before anybody is asked ----------------------------------------------

SECONDS = "give a finite number of seconds above 0"
BAD_CALLS: list[tuple[dict[str, Any], type[GatewayError], str]] = [
    ({"messages": []}, InvalidRequestError, "messages is empty; give at least one"),
    ({"messages": None}, InvalidRequestError, "messages is a NoneType; give a string or a list"),
    ({"messages": b"Hi"}, InvalidRequestError, "messages is a bytes; give a string or a list"),
    ({"messages": HELLO[0]}, InvalidRequestError, "messages is a dict; give a string or a list"),
    ({"messages": [{"role": "usr", "content": "Hi"}]}, InvalidRequestError, "the role 'usr'; use one of system"),
    ({"system": 5}, InvalidRequestError, "system is a int; give a string"),
    *[({"timeout": bad}, InvalidRequestError, SECONDS) for bad in (0, -1, float("nan"), float("inf"), True, "5")],
    ({"timeout": -(10**400)}, InvalidRequestError, SECONDS),
    ({"wait": "long"}, InvalidRequestError, "wait is 'long'"),
    ({"wait": 0}, InvalidRequestError, "wait is 0"),
    ({"exclude": "aa"}, UnknownCandidateError, "no candidate is named 'aa'; did you mean 'a'?"),
    ({"exclude": ["a", "zzz"]}, UnknownCandidateError, "no candidate is named 'zzz'; there are: a"),
    ({"exclude": [["a"]]}, UnknownCandidateError, "no candidate is named"),
    ({"exclude": 5}, InvalidRequestError, "exclude is a int; give a candidate's name"),
    ({"temprature": 1}, InvalidRequestError, "unknown option 'temprature'; did you mean 'temperature'?"),
    ({"time_out": 1}, InvalidRequestError, "did you mean 'timeout'?"),
    ({"model": "x"}, InvalidRequestError, "'model' is .*reserved"),
    ({"top_logprobs": 1}, InvalidRequestError, "extra_body"),
    ({"temperature": "hot"}, InvalidRequestError, "temperature is 'hot'; give a number"),
    ({"extra_body": {"x": float("nan")}}, InvalidRequestError, "extra_body.x is nan; JSON has no such number"),
]


@pytest.mark.parametrize(("given", "kind", "words"), BAD_CALLS, ids=lambda it: str(it)[:40])
@pytest.mark.parametrize("verb", ["completion", "stream"])
def test_bad_arguments_are_refused_before_anybody_is_asked(
    verb: str, given: dict[str, Any], kind: type[GatewayError], words: str
) -> None:
    """F21's neighbour: what a caller does wrong changes nothing for the others."""
    provider = ScriptedProvider()
    gw = gateway(provider)
    with pytest.raises(kind, match=words):
        getattr(gw, verb)(**({"messages": "Hi"} | given))
    assert provider.hits == 0
    assert counts(gw.health()) == {"a": (0, 0)}


@pytest.mark.parametrize("exclude", [None, (), [], ""])
@pytest.mark.parametrize("verb", ["completion", "stream"])
def test_excluding_nobody_takes_many_forms(verb: str, exclude: Any) -> None:
    gw = gateway(ScriptedCompletions(), "b")
    assert getattr(gw, verb)("Hi", exclude=exclude).served_by == ("a" if verb == "completion" else "b")


@pytest.mark.parametrize("ask", [Gateway.ask, Gateway.melt, Gateway.reset])
def test_operators_are_told_of_unknown_names(ask: Callable[[Gateway, Any], object]) -> None:
    """G08."""
    with pytest.raises(UnknownCandidateError, match="did you mean 'a'"):
        ask(gateway("x"), "aa")
    with pytest.raises(UnknownCandidateError):
        ask(gateway("x"), ["a"])


def test_messages_are_never_changed() -> None:
    class Greedy:
        def complete(self, messages: list[dict[str, Any]]) -> Response:
            messages.append({"role": "assistant", "content": "mine"})
            raise DOWN

    polite = ScriptedProvider()
    messages = [{"role": "user", "content": "Hello"}, {"role": "assistant", "content": None, "tool_calls": []}]
    before = copy.deepcopy(messages)
    gateway(Greedy(), polite).completion(messages, system="Be brief.")
    assert messages == before
    assert polite.calls[0].messages == [{"role": "system", "content": "Be brief."}, *before]


# -- derived gateways and the end --------------------------------------------------------------------------------------


def test_a_derived_gateway_shares_health_and_breakers() -> None:
    base = gateway(ScriptedProvider(DOWN, DOWN), "b")
    derived = base.with_options(timeout=5)
    base.completion("Hi")
    derived.completion("Hi")
    assert base.ask("a") == derived.ask("a") == "blown"
    assert base.health() == derived.health()
    derived.reset("a")
    assert base.ask("a") == "ok"


def test_a_derived_gateway_has_settings_of_its_own() -> None:
    heard: list[str] = []
    provider = ScriptedProvider()
    base = gateway(provider, "b", options={"seed": 1})
    derived = base.with_options(
        strategy=RoundRobin(), options={"max_tokens": 5}, listeners=[lambda event: heard.append(event.name)]
    )
    assert [derived.completion("Hi").served_by for _ in range(4)] == ["a", "b", "a", "b"]
    assert [base.completion("Hi").served_by for _ in range(2)] == ["a", "a"]
    assert [call.options.get("seed") for call in provider.calls] == [None, None, 1, 1]
    assert Counter(heard)["agentsea.gateway.route.stop"] == 4


@pytest.mark.parametrize("name", ["candidates", "clock", "breaker"])
def test_what_the_state_was_built_from_cannot_be_changed(name: str) -> None:
    with pytest.raises(ConfigurationError, match=f"'{name}' cannot be changed here: .*build another Gateway"):
        gateway("x").with_options(**{name: []})


class Closing(ScriptedProvider):
    closed = 0

    def close(self) -> None:
        self.closed += 1


def test_closing_a_derived_gateway_leaves_the_base_usable() -> None:
    provider = Closing()
    base = gateway(provider)
    with base.with_options(timeout=5) as derived:
        derived.completion("Hi")
    assert derived.closed
    assert not base.closed
    with pytest.raises(GatewayClosedError):
        derived.completion("Hi")
    assert base.completion("Hi").content == "ok"
    assert provider.closed == 0


def test_closing_the_base_closes_connections_and_derived_gateways() -> None:
    provider = Closing()
    base = gateway(provider)
    derived = base.with_options(timeout=5).with_options(timeout=6)
    with base:
        pass
    base.close()
    assert provider.closed == 1
    assert derived.closed
    for gw in (base, derived):
        for verb in (gw.completion, gw.stream):
            with pytest.raises(GatewayClosedError, match="build another"):
                verb("Hi")
    assert "closed" in repr(base)


def test_a_provider_that_cannot_be_closed_does_not_keep_the_others_open() -> None:
    class Stuck(Closing):
        def close(self) -> None:
            raise OSError("stuck")

    first, last = Closing(), Closing()
    with pytest.raises(OSError, match="stuck"):
        gateway(first, Stuck(), last).close()
    assert (first.closed, last.closed) == (1, 1)


def test_an_open_stream_outlives_its_gateways_end() -> None:
    gw = gateway("one two three")
    stream = gw.stream("Hi")
    gw.close()
    assert "".join(stream.text) == "one two three"


@pytest.mark.parametrize("clone", [pickle.dumps, copy.copy, copy.deepcopy])
def test_a_gateway_cannot_be_copied_and_says_what_to_do(clone: Callable[[Gateway], object]) -> None:
    """F52."""
    with pytest.raises(ConfigurationError, match="build it in the worker"):
        clone(gateway("x"))


def test_reprs_show_names_and_no_options() -> None:
    """F51."""
    candidate = Candidate("a", ScriptedProvider(), "m", options={"extra_headers": {"x-key": "canary"}})
    gw = Gateway([candidate], options={"user": "canary"})
    assert repr(gw) == "Gateway([a], strategy=Failover)"
    assert repr(candidate) == "Candidate('a', provider=ScriptedProvider, model='m')"
    assert "canary" not in repr(Config([candidate], options={"user": "canary"}))


def test_async_programs_use_threads() -> None:
    gw = gateway(DOWN, "from a thread")

    async def several() -> list[Response]:
        return await asyncio.gather(*(asyncio.to_thread(gw.completion, "Hi", max_tokens=5) for _ in range(4)))

    assert {reply.content for reply in asyncio.run(several())} == {"from a thread"}
