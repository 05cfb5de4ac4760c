"""A batch with a journal: a second run asks what the first one did not finish, and nothing else."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from agentsea_gateway import Candidate, Gateway, Response, ToolCall, Usage
from agentsea_gateway.errors import (
    AllProvidersUnavailableError,
    InvalidRequestError,
    OverloadedError,
    RowError,
    StoreError,
)
from agentsea_gateway.response import Native
from agentsea_gateway.testing import FakeClock, ScriptedCompletions, ScriptedProvider
from support.gateways import gateway


def echo(messages: Any, options: Any) -> Any:
    text = messages[-1]["content"]
    return OverloadedError("busy") if "bad" in text else f"{text}!"


@pytest.fixture
def path(tmp_path: Path) -> str:
    return str(tmp_path / "run.sqlite")


def recorded(path: str, what: str = "key, state") -> list[tuple[Any, ...]]:
    connection = sqlite3.connect(path)
    found = connection.execute(f"SELECT {what} FROM rows ORDER BY number, digest").fetchall()
    connection.close()
    return found


def test_a_second_run_asks_nothing_again_and_gives_the_same(path: str, no_leaks: None) -> None:
    answer = Response(
        "Hi",
        thinking="hm",
        tool_calls=(ToolCall("1", "f", {"a": 1}, '{"a":1}'),),
        usage=Usage(3, 4),
        native=Native("anthropic_messages", [{"signature": "s"}]),
        request_id="req",
    )
    provider = ScriptedProvider(default=answer)
    with gateway(provider) as gw:
        first = list(gw.map(range(20), "{}", journal=path))
        second = list(gw.map(range(20), "{}", journal=path))
    assert provider.hits == 20
    assert [result.response for result in second] == [result.response for result in first]
    assert [result.resumed for result in first + second] == [False] * 20 + [True] * 20
    one, again = first[7].response, second[7].response
    assert one is not None
    assert again is not None
    assert again.message == one.message
    assert (again.request_id, again.cost, again.route) == (one.request_id, one.cost, one.route)
    assert (second[7].row, second[7].index) == (7, 7)


def test_a_run_that_was_left_goes_on_where_it_stopped(path: str) -> None:
    provider = ScriptedProvider(default=echo)
    with gateway(provider) as gw:
        with gw.map(range(100), "{}", journal=path, threads=4) as results:
            for result in results:
                if result.index == 30:
                    break
        done = len(recorded(path))
        assert done >= 31
        assert provider.hits == done  # what had been answered was recorded, also where nobody had looked at it
        assert len(list(gw.map(range(100), "{}", journal=path, threads=4))) == 100
    assert provider.hits == 100
    assert recorded(path, "count(*), count(DISTINCT key)") == [(100, 100)]


def test_failed_rows_are_recorded_and_asked_again(path: str) -> None:
    provider = ScriptedCompletions(default=echo)
    with gateway(provider) as gw:
        list(gw.map(["a", "bad", "c"], journal=path, wait=False, threads=1))
        assert recorded(path, "state") == [("finished",), ("failed",), ("finished",)]
        (error,) = recorded(path, "error")[1]
        assert "AllProvidersUnavailableError" in error
        assert "OverloadedError" in error  # its route, in words
        provider.always("well again")
        gw.reset("a")
        results = list(gw.map(["a", "bad", "c"], journal=path, wait=False, threads=1))
    assert [result.content for result in results] == ["a!", "well again", "c!"]
    assert [result.resumed for result in results] == [True, False, True]
    assert recorded(path, "state, runs, error") == [("finished", 1, None), ("finished", 2, None), ("finished", 1, None)]


def test_a_row_that_asks_something_else_than_before_is_asked(path: str) -> None:
    provider = ScriptedProvider(default=echo)
    with gateway(provider) as gw:
        list(gw.map(["a", "b"], journal=path))
        changed = list(gw.map(["a", "B"], journal=path))
        assert [result.content for result in changed] == ["a!", "B!"]
        assert [result.resumed for result in changed] == [True, False]
        assert list(gw.map(["a", "b"], journal=path))[1].resumed  # what was paid for once stays
    assert provider.hits == 3


@pytest.mark.parametrize(
    "changed",
    [{"temperature": 0}, {"system": "Be brief."}, {"prompt": "Say {}."}, {"response_format": {"type": "json_object"}}],
)
def test_what_changes_the_answer_is_asked_again(path: str, changed: dict[str, Any]) -> None:
    provider = ScriptedProvider(default="x")
    with gateway(provider) as gw:
        list(gw.map(["a"], prompt="Say {}", journal=path))
        list(gw.map(["a"], **{"prompt": "Say {}", "journal": path, **changed}))
    assert provider.hits == 2


def test_the_gateways_own_options_change_the_answer_too(path: str) -> None:
    provider = ScriptedProvider(default="x")
    with gateway(provider) as gw:
        list(gw.map(["a"], journal=path))
        list(gw.with_options(options={"temperature": 0}).map(["a"], journal=path))
        list(gw.map(["a"], journal=path, temperature=0))
    assert provider.hits == 2


def test_what_does_not_change_the_answer_is_not(path: str) -> None:
    """Who is asked and for how long: a run goes on with whoever is there."""
    provider = ScriptedProvider(default="x")
    with gateway(provider) as gw:
        list(gw.map(["a"], journal=path))
        list(gw.map(["a"], journal=path, timeout=3, exclude=(), threads=1, wait=False, ordered=False))
    with Gateway([Candidate("other", ScriptedProvider(default="y"))]) as other:
        (result,) = other.map(["a"], journal=path)
    assert (result.content, provider.hits) == ("x", 1)
    assert result.response is not None
    assert result.response.served_by == "a"


def test_a_key_of_the_rows_own_survives_another_order(path: str) -> None:
    provider = ScriptedProvider(default=echo)
    rows = [{"id": 7, "text": "a"}, {"id": 8, "text": "b"}]
    with gateway(provider) as gw:
        list(gw.map(rows, "{text}", journal=path, key=lambda row: row["id"]))
        results = list(gw.map([{"id": 6, "text": "new"}, *rows], "{text}", journal=path, key=lambda row: row["id"]))
    assert [result.content for result in results] == ["new!", "a!", "b!"]
    assert provider.hits == 3
    assert sorted(recorded(path, "key")) == [("6",), ("7",), ("8",)]


def test_a_key_that_is_none_names_its_row(path: str) -> None:
    with gateway("x") as gw, pytest.raises(RowError, match="row 1: key\\(row\\) is None"):
        list(gw.map([{"id": 1}, {}], "{}", journal=path, key=lambda row: row.get("id")))


def test_a_key_function_that_breaks_names_its_row(path: str) -> None:
    with gateway("x") as gw, pytest.raises(RowError, match="row 0 .*KeyError"):
        list(gw.map([{}], "{}", journal=path, key=lambda row: row["id"]))


def test_a_row_that_cannot_be_asked_fails_and_is_recorded(path: str) -> None:
    with gateway("x") as gw:
        results = list(gw.map(["a", [], [{"role": "user", "content": {1}}]], journal=path))
    assert [type(result.error) for result in results] == [type(None), InvalidRequestError, InvalidRequestError]
    assert recorded(path, "state") == [("finished",), ("failed",), ("failed",)]


def test_two_runs_at_once_are_refused(path: str, refused_at_once: None) -> None:
    with gateway("x") as gw:
        first = gw.map(range(5), "{}", journal=path)
        with pytest.raises(StoreError, match="in use by another run"):
            gw.map(range(5), "{}", journal=path)
        assert len(list(first)) == 5
        assert len(list(gw.map(range(5), "{}", journal=path))) == 5


def test_a_file_that_is_no_journal_is_refused_at_once(path: str) -> None:
    Path(path).write_text("id,text\n" * 500)
    with gateway("x") as gw, pytest.raises(StoreError, match="no journal"):
        gw.map(range(5), "{}", journal=path)


def test_a_journal_that_breaks_ends_the_batch_instead_of_going_on_without(path: str, no_leaks: None) -> None:
    with gateway("x" * 50_000) as gw:
        results = gw.map(range(50), "{}", journal=path, threads=2)
        results._run._journal._writing.execute("PRAGMA max_page_count = 30")  # type: ignore[union-attr]
        with pytest.raises(StoreError, match="full"):
            list(results)


def test_times_are_the_clocks(path: str) -> None:
    with gateway("x", clock=FakeClock(unix=1_800_000_000.0)) as gw:
        list(gw.map(["a"], journal=path))
    assert recorded(path, "recorded_at") == [(1_800_000_000.0,)]


def test_neither_prompts_nor_keys_are_in_the_file(path: str) -> None:
    canary = "canary-4711-secret"
    with gateway("x") as gw:
        list(gw.map([canary], "Say {}", journal=path, extra_headers={"X-Key": canary}))
    assert canary.encode() not in Path(path).read_bytes()


def test_a_journal_and_a_cache_may_share_a_file(path: str) -> None:
    provider = ScriptedProvider(default=echo)
    with gateway(provider, cache=path) as gw:
        list(gw.map(range(10), "{}", journal=path))
        again = list(gw.map(reversed(range(10)), "{}", journal=path, key=lambda row: f"other {row}"))
    assert provider.hits == 10
    assert [result.resumed for result in again] == [False] * 10
    assert all(result.route is not None and result.route.cached_at is not None for result in again)


def test_a_thousand_rows_resume_in_the_order_of_the_rows(path: str) -> None:
    provider = ScriptedProvider(default=echo)

    def rows(stop: int) -> Iterator[int]:
        yield from range(stop)

    with gateway(provider) as gw:
        list(gw.map(rows(500), "{}", journal=path))
        results = list(gw.map(rows(1000), "{}", journal=path))
    assert [result.content for result in results] == [f"{number}!" for number in range(1000)]
    assert provider.hits == 1000


def test_a_failure_of_all_is_no_answer(path: str) -> None:
    with gateway(OverloadedError("busy")) as gw:
        with pytest.raises(AllProvidersUnavailableError):
            list(gw.map(["a"], journal=path, on_error="raise", wait=False))
    assert recorded(path, "state") == [("failed",)]
