"""A gateway with a response cache: what is asked again exactly is answered from the file, costs nothing and is told so;
and a cache that fails is as if there were none."""

from __future__ import annotations

import os
import sqlite3
import stat
import subprocess
import sys
import threading
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from agentsea_gateway import Cache, Candidate, Config, Gateway, Response, Stream, ToolCall, Usage
from agentsea_gateway.errors import (
    AllProvidersUnavailableError,
    ConfigurationError,
    DeadlineExceededError,
    GatewayClosedError,
    InvalidRequestError,
    OverloadedError,
    StoreError,
    StreamInterruptedError,
)
from agentsea_gateway.providers import OpenAI
from agentsea_gateway.response import Native
from agentsea_gateway.routing import RoundRobin
from agentsea_gateway.store.database import opened
from agentsea_gateway.stream_events import Content, Done, Start, Thinking, ToolCallDelta
from agentsea_gateway.testing import FakeClock, Sandbox, ScriptedCompletions, ScriptedProvider
from support.commands import environment
from support.gateways import clock_of, gateway
from support.source import ROOT
from support.threads import together

UNIX = 1_750_000_000.0


@pytest.fixture
def path(tmp_path: Path) -> str:
    return str(tmp_path / "llm.sqlite")


def stored(path: str) -> int:
    if not os.path.exists(path):
        return 0
    connection = sqlite3.connect(path)
    (count,) = connection.execute("SELECT count(*) FROM answers").fetchone()
    connection.close()
    return int(count)


def came_from_cache(answer: Response | Stream) -> bool:
    assert answer.route is not None
    return answer.route.cached_at is not None


# -- a hit -------------------------------------------------------------------------------------------------------------


def test_the_same_question_is_asked_once(path: str) -> None:
    provider = ScriptedProvider("first", "second")
    with gateway(provider, cache=path) as gw:
        assert [gw.completion("Hi").content for _ in range(3)] == ["first"] * 3
    assert provider.hits == 1


def test_an_answer_from_the_cache_is_the_answer_that_was_given(path: str) -> None:
    answer = Response(
        "x",
        thinking="hm",
        tool_calls=(ToolCall("1", "f", {"a": 1}, '{"a":1}'),),
        usage=Usage(3, 4, 1),
        model="m",
        id="i",
        refusal="no",
        citations=({"url": "u"},),
        degraded=("seed",),
        native=Native("anthropic_messages", [{"s": 1}]),
        request_id="r",
    )
    with gateway(ScriptedProvider(default=answer), cache=path) as gw:
        first, second = gw.completion("Hi"), gw.completion("Hi")
    assert second == first.with_fields(cost=Decimal(0))
    assert second.message == first.message
    assert (second.request_id, second.served_by) == ("r", "a")


def test_a_hit_is_on_the_route_and_costs_nothing(path: str) -> None:
    with gateway("x", cache=path, clock=FakeClock(unix=UNIX)) as gw:
        gw.completion("Hi")
        clock_of(gw).advance(60)
        response = gw.completion("Hi")
    route = response.route
    assert route is not None
    assert route.cached_at == datetime.fromtimestamp(UNIX, UTC)
    assert (route.attempts, route.skipped, route.served_by) == ((), (), "a")
    assert str(route.explain()) == "served by a out of the cache in 0 ms: the answer of 2025-06-15 15:06:40 UTC"
    assert (response.cost, response.cost_source) == (Decimal(0), "cached")


def test_a_hit_makes_no_attempt_and_changes_nothing_for_others(path: str) -> None:
    """No plan (the counter stands still), no health, no permit; one pair of events."""
    heard: list[Any] = []
    with gateway("x", "y", cache=path, strategy=RoundRobin(), listeners=[heard.append]) as gw:
        gw.completion("Hi")
        counter, health = gw._core.state._counter, gw.health()
        heard.clear()
        response = gw.completion("Hi")
        assert gw._core.state._counter == counter
        assert gw.health() == health
    assert [event.name for event in heard] == ["agentsea.gateway.route.start", "agentsea.gateway.route.stop"]
    stop = heard[1]
    assert (stop.attempts, stop.provider, stop.outcome, stop.response) == (0, "a", "ok", response)
    assert stop.request is heard[0].request


def test_a_hit_is_served_while_nobody_could_be_asked(path: str) -> None:
    with gateway("x", cache=path) as gw:
        gw.completion("Hi")
        gw.melt("a"), gw.melt("a")
        assert gw.completion("Hi").content == "x"
        with pytest.raises(AllProvidersUnavailableError):
            gw.completion("Ho")


def test_a_closed_gateway_gives_nothing(path: str) -> None:
    gw = gateway("x", cache=path)
    gw.completion("Hi")
    gw.close()
    with pytest.raises(GatewayClosedError):
        gw.completion("Hi")


# -- what is the same --------------------------------------------------------------------------------------------------

QUESTION: dict[str, Any] = {"messages": "Hi"}
OTHERS: list[dict[str, Any]] = [
    {"messages": "Hi!"},
    {"messages": [{"role": "system", "content": "Hi"}]},
    {"messages": "Hi", "system": "Be brief."},
    {"messages": "Hi", "temperature": 0},
    {"messages": "Hi", "temperature": 0.5},
    {"messages": "Hi", "max_tokens": 5},
    {"messages": "Hi", "seed": 2},
    {"messages": "Hi", "stop": ["x"]},
    {"messages": "Hi", "response_format": {"type": "json_object"}},
    {"messages": "Hi", "tools": [{"type": "function", "function": {"name": "f", "parameters": {}}}]},
    {"messages": "Hi", "extra_body": {"a": 1}},
    {"messages": "Hi", "extra_headers": {"A": "1"}},
    {"messages": "Hi", "reasoning_effort": "low"},
]


@pytest.mark.parametrize("other", OTHERS, ids=str)
def test_whatever_may_change_the_answer_is_another_question(other: dict[str, Any], path: str) -> None:
    provider = ScriptedProvider("[1]", "[2]")
    with gateway(provider, cache=path) as gw:
        gw.completion(**QUESTION)
        assert gw.completion(**other).content == "[2]"
        assert gw.completion(**other).content == "[2]"
        assert gw.completion(**QUESTION).content == "[1]"
    assert provider.hits == 2


@pytest.mark.parametrize(
    "same",
    [
        {"messages": "Hi", "timeout": 3},
        {"messages": "Hi", "wait": True},
        {"messages": "Hi", "watch": True},
        {"messages": "Hi", "exclude": "b"},
        {"messages": "Hi", "temperature": None},
        {"messages": ({"content": "Hi", "role": "user"},)},
    ],
    ids=str,
)
def test_how_it_is_asked_is_not(same: dict[str, Any], path: str) -> None:
    provider = ScriptedProvider("one", "other")
    with gateway(provider, ScriptedProvider("b"), cache=path) as gw:
        gw.completion(**QUESTION)
        assert came_from_cache(gw.completion(**same))
    assert provider.hits == 1


def candidate(**changes: Any) -> Candidate:
    return Candidate(**{"name": "a", "provider": ScriptedProvider(default="x"), "model": "m", **changes})


@pytest.mark.parametrize(
    "changes",
    [
        {"name": "b"},
        {"model": "n"},
        {"options": {"temperature": 0}},
        {"overrides": {"temperature": 0}},
        {"provider": ScriptedProvider(default="x", name="another")},
        {"provider": ScriptedCompletions(default="x")},
    ],
    ids=str,
)
def test_another_candidate_is_another_question(changes: dict[str, Any], path: str) -> None:
    with Gateway([candidate()], cache=path) as gw:
        gw.completion("Hi")
    with Gateway([candidate(**changes)], cache=path) as gw:
        assert not came_from_cache(gw.completion("Hi"))
    with Gateway([candidate()], cache=path) as gw:
        assert came_from_cache(gw.completion("Hi"))


def test_another_server_is_another_question_and_another_key_is_not(path: str) -> None:
    with Sandbox(api_key=None) as one, Sandbox(api_key=None) as other:
        for url, key in ((one.openai_url, "k"), (one.openai_url, "other key"), (other.openai_url, "k")):
            with Gateway([candidate(provider=OpenAI(api_key=key, base_url=url))], cache=path) as gw:
                gw.completion("Hi")
        assert (one.hits, other.hits) == (1, 1)


def test_the_gateways_default_options_belong_to_the_question(path: str) -> None:
    provider = ScriptedProvider("one", "other")
    with gateway(provider, cache=path) as gw:
        gw.completion("Hi", temperature=0)
        assert not came_from_cache(gw.completion("Hi"))
        assert came_from_cache(gw.with_options(options={"temperature": 0}).completion("Hi"))


def test_answers_belong_to_who_gave_them(path: str) -> None:
    """Adding a candidate keeps what is there, and `exclude` holds for stored answers too."""
    first, second = ScriptedProvider(default="from a"), ScriptedProvider(default="from b")
    with gateway(first, cache=path) as gw:
        gw.completion("Hi")
    with gateway(first, second, cache=path) as gw:
        assert gw.completion("Hi").served_by == "a"
        assert gw.completion("Hi", exclude="a").content == "from b"
        assert came_from_cache(gw.completion("Hi", exclude="a"))
        assert gw.completion("Hi").content == "from a"  # who stands first
    assert (first.hits, second.hits) == (1, 1)


def test_an_answer_of_the_second_one_serves_while_the_first_has_none(path: str) -> None:
    first = ScriptedCompletions(OverloadedError("busy"), default="from a")
    with gateway(first, "from b", cache=path) as gw:
        assert gw.completion("Hi").served_by == "b"
        assert gw.completion("Hi").served_by == "b"
        assert gw.completion("Hi", cache="write").served_by == "a"
        assert gw.completion("Hi").served_by == "a"
    assert first.hits == 2


# -- modes, ages and bounds --------------------------------------------------------------------------------------------


def test_a_call_may_do_without(path: str) -> None:
    provider = ScriptedProvider("one", "two", "three")
    with gateway(provider, cache=path) as gw:
        assert gw.completion("Hi", cache=False).content == "one"
        assert stored(path) == 0
        assert gw.completion("Hi", cache="read").content == "two"
        assert stored(path) == 0
        assert gw.completion("Hi", cache="write").content == "three"
        assert gw.completion("Hi", cache=True).content == "three"
        assert gw.completion("Hi", cache="read").content == "three"
        assert gw.completion("Hi", cache="write").content == "ok"  # renewed
        assert gw.completion("Hi").content == "ok"


def test_the_caches_own_mode_is_the_bound(path: str) -> None:
    provider = ScriptedProvider("one", default="later")
    with gateway(provider, cache=path) as gw:
        gw.completion("Hi")
    with gateway(provider, cache=Cache(path, mode="read")) as gw:
        assert gw.completion("Hi").content == "one"
        assert gw.completion("Ho").content == "later"
        assert gw.completion("Hi", cache="write").content == "later"
    with gateway(provider, cache=Cache(path, mode="write")) as gw:
        assert gw.completion("Hi", cache="read").content == "later"
    assert stored(path) == 1


def test_an_answer_is_given_while_it_is_young(path: str) -> None:
    provider = ScriptedProvider("one", "two")
    with gateway(provider, cache=Cache(path, ttl=60)) as gw:
        gw.completion("Hi")
        clock_of(gw).advance(59)
        assert gw.completion("Hi").content == "one"
        clock_of(gw).advance(1)
        assert gw.completion("Hi").content == "two"


def test_answers_are_bounded(path: str) -> None:
    with gateway("x", cache=Cache(path, max_rows=10)) as gw:
        for number in range(30):
            gw.completion(f"{number}")
        assert stored(path) == 10
        assert came_from_cache(gw.completion("29"))


def test_a_derived_gateway_may_have_another_cache_or_none(path: str, tmp_path: Path) -> None:
    provider = ScriptedProvider(default="x")
    with gateway(provider) as gw:
        assert not came_from_cache(gw.completion("Hi"))
        with gw.with_options(cache=path) as cached:
            cached.completion("Hi")
            assert came_from_cache(cached.completion("Hi"))
            assert came_from_cache(cached.with_options(timeout=3).completion("Hi"))
            with cached.with_options(cache=tmp_path / "other") as other:
                assert not came_from_cache(other.completion("Hi"))
            assert not came_from_cache(cached.with_options(cache=None).completion("Hi"))


@pytest.mark.parametrize("wrong", [7, b"x", ["x"]])
def test_what_is_no_cache_is_said_when_the_gateway_is_built(wrong: Any) -> None:
    with pytest.raises(ConfigurationError, match="cache"):
        Config([], cache=wrong)


@pytest.mark.parametrize("wrong", ["rw+", 1, 0, 1.0, "x.sqlite"])
def test_a_wrong_mode_is_said_before_anybody_is_asked(wrong: Any, path: str) -> None:
    provider = ScriptedProvider(default="x")
    with gateway(provider, cache=path) as gw:
        for ask in (gw.completion, gw.stream):
            with pytest.raises(InvalidRequestError, match="cache is"):
                ask("Hi", cache=wrong)
    assert provider.hits == 0


@pytest.mark.parametrize("mode", [True, "read", "rw"])
def test_a_cache_that_is_not_there_is_said(mode: Any) -> None:
    with gateway("x") as gw:
        with pytest.raises(InvalidRequestError, match="has none; build it with cache"):
            gw.completion("Hi", cache=mode)
        assert gw.completion("Hi", cache=False).content == "x"


# -- what is never kept ------------------------------------------------------------------------------------------------


def test_errors_are_not_kept(path: str) -> None:
    provider = ScriptedCompletions(OverloadedError("busy"), default="well")
    with gateway(provider, cache=path) as gw:
        with pytest.raises(AllProvidersUnavailableError):
            gw.completion("Hi")
        assert stored(path) == 0
        assert gw.completion("Hi").content == "well"


def test_neither_question_nor_credential_nor_raw_body_is_in_the_file(path: str) -> None:
    canary = "canary-4711-secret"
    answer = Response("x", raw={"body": canary})
    with gateway(ScriptedProvider(default=answer), cache=path) as gw:
        gw.completion(canary, extra_headers={"X-Key": canary})
    data = b"".join(Path(path + part).read_bytes() for part in ("", "-wal") if os.path.exists(path + part))
    assert canary.encode() not in data
    assert stat.S_IMODE(os.stat(path).st_mode) == 0o600


# -- streams -----------------------------------------------------------------------------------------------------------


def test_a_finished_stream_is_kept_and_replayed(path: str) -> None:
    answer = Response(
        "text", thinking="hm", tool_calls=(ToolCall("1", "f", {}, "{}"),), stop_reason="tool_use", id="i", model="m"
    )
    provider = ScriptedProvider(default=answer)
    with gateway(provider, cache=path) as gw:
        with gw.stream("Hi") as first:
            for _ in first:
                pass
        second = gw.stream("Hi")
        assert isinstance(second, Stream)
        events = [*second]
    assert provider.hits == 1
    assert events == [
        Start("i", "m"),
        Thinking("hm"),
        Content("text"),
        ToolCallDelta(0, "1", "f", "{}"),
        Done.of(second.response),
    ]
    assert second.response == first.response.with_fields(cost=Decimal(0))
    assert second.partial is second.response
    assert second.served_by == "a"
    assert came_from_cache(second)
    assert not came_from_cache(first)
    assert repr(second) == "Stream(cached, served_by='a')"
    assert [*second] == []


def test_streams_and_plain_calls_share_their_answers(path: str) -> None:
    provider = ScriptedProvider(default="a b c")
    with gateway(provider, cache=path) as gw:
        gw.completion("Hi")
        assert "".join(gw.stream("Hi").text) == "a b c"
        [*gw.stream("Ho")]
        assert gw.completion("Ho").content == "a b c"
    assert provider.hits == 2


def test_a_stream_that_is_left_or_breaks_is_not_kept(path: str) -> None:
    provider = ScriptedProvider(["a", "b"], ["a", OverloadedError("gone")], ["a", ...])
    with gateway(provider, cache=path) as gw:
        with gw.stream("Hi") as stream:
            next(stream)
        for _ in range(2):
            with pytest.raises(StreamInterruptedError):
                [*gw.stream("Hi")]
    assert stored(path) == 0


def test_a_replayed_stream_can_be_left(path: str) -> None:
    with gateway("a b", cache=path) as gw:
        gw.completion("Hi")
        with gw.stream("Hi") as stream:
            next(stream)
        with pytest.raises(StreamInterruptedError, match="a: the stream was closed before its end") as raised:
            next(stream)
        assert raised.value.partial.content == "a b"
        text = gw.stream("Hi").text
        text.close()
        assert [*text] == []
        with gw.stream("Hi") as stream:
            events = [*stream]
        assert isinstance(events[-1], Done)
        assert [*stream] == []  # read to its end, and closed then


def test_a_stream_may_do_without(path: str) -> None:
    provider = ScriptedProvider(default="x")
    with gateway(provider, cache=path) as gw:
        for mode in (False, "read", "write", "write"):
            [*gw.stream("Hi", cache=mode)]
        assert provider.hits == 4
        [*gw.stream("Hi")]
    assert provider.hits == 4


# -- when the file fails -----------------------------------------------------------------------------------------------


def broken(path: str) -> None:
    Path(path).write_text("this is no database" * 100)


def foreign(path: str) -> None:
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE theirs (x)")
    connection.close()


def a_folder(path: str) -> None:
    os.mkdir(path)


def damaged(path: str) -> None:
    connection = opened(path, patience=1)
    connection.execute("DROP TABLE answers")
    connection.close()


FAILURES = [broken, foreign, a_folder, damaged]


@pytest.mark.parametrize("fail", FAILURES, ids=lambda fail: fail.__name__)
def test_a_cache_that_fails_breaks_no_call_and_is_on_the_route(
    fail: Any, path: str, fallbacks_keep_serving: None, caplog: pytest.LogCaptureFixture
) -> None:
    fail(path)
    provider = ScriptedProvider(default="x")
    with gateway(provider, cache=path) as gw:
        for _ in range(3):
            response = gw.completion("Hi")
            assert response.content == "x"
            assert response.route is not None
            assert response.route.cache_error is not None
            assert "cache failed, asked without it" in response.route.explain()
        with gw.stream("Hi") as stream:
            assert "".join(event.text for event in stream if isinstance(event, Content)) == "x"
        assert stream.route.cache_error is not None
    assert provider.hits == 4
    assert len([record for record in caplog.records if "response cache failed" in record.message]) == 1


@pytest.mark.parametrize("fail", FAILURES, ids=lambda fail: fail.__name__)
def test_in_our_own_tests_it_is_not_overlooked(fail: Any, path: str) -> None:
    fail(path)
    with gateway("x", cache=path) as gw, pytest.raises((StoreError, sqlite3.Error)):
        gw.completion("Hi")


def test_a_file_that_another_process_holds_is_not_waited_for(path: str, fallbacks_keep_serving: None) -> None:
    provider = ScriptedProvider(default="x")
    with gateway(provider, cache=path) as gw:
        gw.completion("Hi")
        holder = sqlite3.connect(path)
        holder.execute("BEGIN IMMEDIATE")
        assert came_from_cache(gw.completion("Hi"))  # whoever writes keeps no reader out
        response = gw.completion("Ho")
        assert response.route is not None
        assert "locked" in (response.route.cache_error or "")
        holder.close()
        assert gw.completion("Ho").route.cache_error is None  # type: ignore[union-attr]


def test_an_answer_in_the_file_that_is_none_is_a_miss(path: str, fallbacks_keep_serving: None) -> None:
    provider = ScriptedProvider("one", default="two")
    with gateway(provider, cache=path) as gw:
        gw.completion("Hi")
        connection = sqlite3.connect(path)
        connection.execute("UPDATE answers SET answer = '{'")
        connection.commit()
        connection.close()
        assert gw.completion("Hi").content == "two"


def test_an_answer_that_cannot_be_kept_is_given(path: str, fallbacks_keep_serving: None) -> None:
    with gateway(ScriptedProvider(default=Response("x", citations=({"a": {1}},))), cache=path) as gw:
        response = gw.completion("Hi")
    assert response.content == "x"
    assert response.route is not None
    assert "cannot be stored" in (response.route.cache_error or "")


def test_looking_up_takes_its_time_from_the_call(path: str) -> None:
    clock = FakeClock()

    class Slow(Cache):
        def find(self, *given: Any) -> None:
            clock.advance(7)

    with gateway("x", cache=Slow(path), clock=clock) as gw:
        gw.completion("Hi", timeout=8)
        with pytest.raises(DeadlineExceededError):
            gw.completion("Hi", timeout=6)


# -- shared ------------------------------------------------------------------------------------------------------------


def test_threads_share_it(path: str) -> None:
    provider = ScriptedProvider(default="x")
    with Gateway([Candidate("a", provider)], cache=path) as gw:
        for number in range(4):
            gw.completion(f"{number}")

        def work(number: int) -> None:
            for turn in range(20):
                assert came_from_cache(gw.completion(f"{(number + turn) % 4}"))

        together(8, work)
    assert provider.hits == 4


ASKS = """
import sys
from agentsea_gateway import Candidate, Gateway
from agentsea_gateway.testing import ScriptedProvider
from agentsea_gateway import telemetry
def stop(error): raise error
telemetry.on_fallback = stop
provider = ScriptedProvider(default="from " + sys.argv[2])
with Gateway([Candidate("a", provider)], cache=sys.argv[1]) as gw:
    for number in range(60):
        gw.completion(f"{number}")
    print(provider.hits)
"""


def test_processes_share_it(path: str) -> None:
    command = [sys.executable, "-c", ASKS, path]
    with_path = environment(PYTHONPATH=str(ROOT.parent))
    both = [subprocess.Popen([*command, name], env=with_path, stdout=subprocess.PIPE, text=True) for name in "ab"]
    hits = [int(child.communicate(timeout=30)[0]) for child in both]
    assert [child.returncode for child in both] == [0, 0]
    assert 60 <= sum(hits) <= 120
    assert stored(path) == 60
    with Gateway([Candidate("a", ScriptedProvider(default="mine"))], cache=path) as gw:
        assert {gw.completion(f"{number}").content for number in range(60)} <= {"from a", "from b"}


def test_a_forked_child_shares_it(path: str) -> None:
    from support.children import in_child

    provider = ScriptedProvider(default="x")
    with Gateway([Candidate("a", provider)], cache=path) as gw:
        gw.completion("parent")
        assert in_child(lambda: (came_from_cache(gw.completion("parent")), gw.completion("child").content)) == (
            True,
            "x",
        )
        assert came_from_cache(gw.completion("child"))
        assert came_from_cache(gw.completion("parent"))


def test_nothing_is_left_when_the_gateway_is_closed(path: str, no_leaks: None) -> None:
    with gateway("x", cache=path) as gw:
        gw.completion("Hi")
        threads = [threading.Thread(target=gw.completion, args=("Hi",)) for _ in range(3)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert [name for name in os.listdir(os.path.dirname(path)) if name.startswith("llm")] == ["llm.sqlite"]


# -- without one -------------------------------------------------------------------------------------------------------


def test_without_a_cache_nothing_of_it_is_loaded() -> None:
    program = (
        "import sys\nfrom agentsea_gateway import Candidate, Gateway\n"
        "from agentsea_gateway.testing import ScriptedProvider\n"
        "gw = Gateway([Candidate('a', ScriptedProvider())])\ngw.completion('Hi')\n"
        "print([name for name in sys.modules if 'sqlite' in name or 'agentsea_gateway.store' in name])"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        env=environment(PYTHONPATH=str(ROOT.parent)),
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == "[]\n"


# -- structured output -------------------------------------------------------------------------------------------------


def test_a_structured_answer_is_parsed_again(path: str) -> None:
    """The value is not stored: it is made of the stored answer, as it was of the first one."""
    provider = ScriptedProvider(default='{"colour": "blue"}')
    with gateway(provider, cache=path) as gw:
        answers = [gw.completion("Hi", response_format={"type": "json_object"}) for _ in range(2)]
        assert [answer.parsed for answer in answers] == [{"colour": "blue"}] * 2
        assert came_from_cache(answers[1])


def test_a_stored_answer_that_is_not_as_asked_is_none(path: str) -> None:
    provider = ScriptedProvider("short", "a longer answer")
    with gateway(provider, cache=path) as gw:
        gw.completion("Hi")
        answer = gw.completion("Hi", validate=lambda it: len(it.content) > 10)
    assert answer.content == "a longer answer"
    assert provider.hits == 2
