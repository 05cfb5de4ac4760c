"""The cache's file: what is found, for how long, and what goes first."""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path
from typing import Any

import pytest

from agentsea_gateway.errors import ConfigurationError, StoreError
from agentsea_gateway.store.cache import ASKED, TAKEN, Cache
from agentsea_gateway.store.connections import KEPT
from support.children import in_child
from support.threads import together

NOW = 1_750_000_000.0


@pytest.fixture
def path(tmp_path: Path) -> str:
    return str(tmp_path / "llm.sqlite")


def keys(path: str) -> list[str]:
    """What is kept, least used first."""
    connection = sqlite3.connect(path)
    found = [key for (key,) in connection.execute("SELECT key FROM answers ORDER BY used")]
    connection.close()
    return found


def totals(path: str) -> tuple[Any, Any, Any]:
    """What the file says of itself, and what is true."""
    connection = sqlite3.connect(path)
    said = connection.execute("SELECT answers, bytes FROM totals").fetchone()
    true = connection.execute("SELECT count(*), coalesce(sum(size), 0) FROM answers").fetchone()
    longest = connection.execute("SELECT max(length(CAST(answer AS BLOB)) - size) FROM answers").fetchone()[0]
    connection.close()
    return said, true, longest


def test_what_was_kept_is_found_with_its_time(path: str) -> None:
    cache = Cache(path)
    cache.keep("k", "ä", NOW)
    assert cache.find(["k"], NOW + 1e9) == ("k", "ä", NOW)
    assert cache.find(["other"], NOW) is None
    assert cache.find([], NOW) is None
    cache.close()
    assert cache.find(["k"], NOW) == ("k", "ä", NOW)  # opened again
    cache.close()


def test_the_first_key_that_has_an_answer_counts(path: str) -> None:
    cache = Cache(path)
    cache.keep("b", "2", NOW)
    cache.keep("c", "3", NOW)
    many = [f"no {number}" for number in range(2 * ASKED)]
    found = cache.find([*many, "a", "b", "c"], NOW)
    assert found is not None
    assert found.key == "b"
    cache.close()


def test_a_later_answer_takes_the_place_of_an_earlier_one(path: str) -> None:
    cache = Cache(path)
    cache.keep("k", "old", NOW)
    cache.keep("k", "newer", NOW + 1)
    assert cache.find(["k"], NOW) == ("k", "newer", NOW + 1)
    assert totals(path) == ((1, 5), (1, 5), 0)
    cache.close()


def test_an_answer_is_given_until_its_time_is_over(path: str) -> None:
    cache = Cache(path, ttl=10)
    cache.keep("k", "x", NOW)
    assert cache.find(["k"], NOW + 9.99) is not None
    assert cache.find(["k"], NOW + 10) is None
    cache.close()


def test_the_reader_has_its_own_patience(path: str) -> None:
    patient, strict = Cache(path), Cache(path, ttl=5)
    patient.keep("k", "x", NOW)
    assert strict.find(["k"], NOW + 6) is None
    assert patient.find(["k"], NOW + 6) is not None
    strict.keep("other", "y", NOW + 100)
    assert patient.find(["k"], NOW + 100) is not None  # who kept it said nothing of an end
    patient.close()
    strict.close()


def test_what_is_too_old_is_taken_away_with_the_next_answer(path: str) -> None:
    cache = Cache(path, ttl=10)
    cache.keep("old", "x", NOW)
    cache.keep("young", "x", NOW + 9)
    cache.keep("new", "x", NOW + 12)
    assert keys(path) == ["young", "new"]
    cache.close()


def test_what_was_not_used_for_longest_goes_first(path: str) -> None:
    """By use and not by time: the clock may stand still."""
    cache = Cache(path, max_rows=3)
    for key in "abc":
        cache.keep(key, "x", NOW)
    cache.find(["a"], NOW)
    cache.keep("d", "x", NOW)
    assert keys(path) == ["c", "a", "d"]
    cache.keep("c", "again", NOW)
    cache.keep("e", "x", NOW)
    assert keys(path) == ["d", "c", "e"]
    assert totals(path)[0] == totals(path)[1]
    cache.close()


def test_bytes_are_bounded_and_what_is_larger_is_not_kept(path: str) -> None:
    cache = Cache(path, max_bytes=10)
    cache.keep("a", "ää", NOW)  # four bytes
    cache.keep("b", "1234", NOW)
    cache.keep("c", "12", NOW)
    assert keys(path) == ["a", "b", "c"]
    cache.keep("d", "1", NOW)
    assert keys(path) == ["b", "c", "d"]
    cache.keep("too large", "x" * 11, NOW)
    assert keys(path) == ["b", "c", "d"]
    cache.keep("all of it", "x" * 10, NOW)
    assert keys(path) == ["all of it"]
    assert totals(path) == ((1, 10), (1, 10), 0)
    cache.close()


def test_a_bound_that_shrank_is_reached_in_steps(path: str) -> None:
    """No call waits until a million answers are gone."""
    large = Cache(path)
    for number in range(2 * TAKEN):
        large.keep(f"{number}", "x", NOW)
    large.close()
    small = Cache(path, max_rows=10)
    for left in (TAKEN + 1, 10, 10):
        small.keep(f"new {left}", "x", NOW)
        assert len(keys(path)) == left
    small.close()


def test_looking_up_writes_nothing_where_nothing_is_bounded(path: str) -> None:
    cache = Cache(path)
    cache.keep("a", "x", NOW)
    cache.keep("b", "x", NOW)
    cache.find(["a"], NOW)
    assert keys(path) == ["a", "b"]
    cache.close()


def test_a_cache_that_only_reads_makes_no_file_and_touches_nothing(path: str) -> None:
    reading = Cache(path, mode="read", max_rows=2)
    assert reading.find(["k"], NOW) is None
    assert not os.path.exists(path)
    writing = Cache(path)
    writing.keep("k", "x", NOW)
    writing.keep("l", "x", NOW)
    assert reading.find(["k"], NOW) is not None
    assert keys(path) == ["k", "l"]
    reading.close()
    writing.close()


def test_a_connection_that_failed_is_not_used_again(path: str) -> None:
    cache = Cache(path)
    cache.keep("k", "x", NOW)
    connection = cache._connections.take()
    assert connection is not None
    connection.execute("ALTER TABLE answers RENAME TO gone")
    cache._connections.put(connection)
    with pytest.raises(sqlite3.OperationalError, match="no such table"):
        cache.find(["k"], NOW)
    assert not cache._connections._idle
    cache.close()


def test_idle_connections_are_few(path: str, no_leaks: None) -> None:
    cache = Cache(path)
    taken = [cache._connections.take() for _ in range(KEPT + 3)]
    for connection in taken:
        assert connection is not None
        cache._connections.put(connection)
    assert len(cache._connections._idle) == KEPT
    cache.close()


@pytest.mark.filterwarnings("ignore::ResourceWarning")  # since Python 3.13
def test_a_cache_that_is_dropped_closes_its_file(path: str, no_leaks: None) -> None:
    cache = Cache(path)
    cache.keep("k", "x", NOW)
    del cache


def test_a_forked_child_has_connections_of_its_own(path: str) -> None:
    cache = Cache(path)
    cache.keep("mine", "x", NOW)
    before = [id(connection) for connection in cache._connections._idle]

    def use() -> tuple[bool, bool]:
        cache.keep("child's", "y", NOW)
        return cache.find(["mine"], NOW) is not None, [id(it) for it in cache._connections._idle] == before

    assert in_child(use) == (True, False)
    assert cache.find(["child's"], NOW) is not None
    cache.close()


def test_threads_may_share_it(path: str) -> None:
    cache = Cache(path, max_rows=7)

    def work(number: int) -> None:
        for turn in range(12):
            cache.keep(f"{number} {turn % 3}", "x" * turn, NOW)
            cache.find([f"{number} {turn % 3}"], NOW)

    together(6, work)
    said, true, _ = totals(path)
    assert said == true
    assert true[0] <= 7
    cache.close()


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"path": ""}, "path is ''"),
        ({"path": 7}, "path is 7"),
        ({"mode": "r"}, "mode is 'r'"),
        ({"ttl": 0}, "ttl is 0"),
        ({"ttl": float("nan")}, "ttl is nan"),
        ({"ttl": True}, "ttl is True"),
        ({"max_rows": 0}, "max_rows is 0"),
        ({"max_rows": 1.5}, "max_rows is 1.5"),
        ({"max_bytes": "1 GB"}, "max_bytes is '1 GB'"),
    ],
)
def test_wrong_arguments_are_named(given: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigurationError, match=message):
        Cache(**{"path": "x", **given})


def test_a_path_stands_for_a_cache_and_nothing_else_does(path: str) -> None:
    cache = Cache.of(Path(path))
    assert cache is not None
    assert (cache.path, cache.mode) == (path, "rw")
    assert Cache.of(cache) is cache
    assert Cache.of(None) is None
    with pytest.raises(ConfigurationError, match="cache is 7"):
        Cache.of(7)


def test_the_file_is_not_opened_before_it_is_used(path: str) -> None:
    Cache(path)
    assert not os.path.exists(path)


def test_the_place_does_not_move_with_the_working_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    cache = Cache("llm.sqlite")
    (tmp_path / "below").mkdir()
    monkeypatch.chdir(tmp_path / "below")
    cache.keep("k", "x", NOW)
    assert (tmp_path / "llm.sqlite").exists()
    cache.close()


def test_a_foreign_file_is_refused(path: str) -> None:
    Path(path).write_text("x" * 1000)
    with pytest.raises(StoreError, match="no journal or cache"):
        Cache(path).find(["k"], NOW)
