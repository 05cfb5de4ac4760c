"""The journal: what was recorded is there, once, and nothing else is."""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path

import pytest

from agentsea_gateway import Response, Usage
from agentsea_gateway.errors import StoreError
from agentsea_gateway.store.codec import encoded
from agentsea_gateway.store.database import opened
from agentsea_gateway.store.journal import FAILED, FINISHED, TOGETHER, Entry, Journal
from support.children import in_child

ANSWER = Response("Hallo!", usage=Usage(3, 4), served_by="a")


def finished(key: str, digest: str = "d", text: str = "Hallo!", number: int = 0) -> Entry:
    return Entry(key, digest, number, FINISHED, encoded(ANSWER.with_fields(content=text)), None, 1.5e9)


def failed(key: str, digest: str = "d") -> Entry:
    return Entry(key, digest, 0, FAILED, None, '{"error": "OverloadedError"}', 1.5e9)


def rows(path: str, what: str = "key, state, runs") -> list[tuple[object, ...]]:
    connection = sqlite3.connect(path)
    found = connection.execute(f"SELECT {what} FROM rows ORDER BY key, digest").fetchall()
    connection.close()
    return found


@pytest.fixture
def path(tmp_path: Path) -> str:
    return str(tmp_path / "run.sqlite")


def test_a_second_run_finds_what_the_first_one_finished(path: str) -> None:
    first = Journal(path)
    first.record(finished("#0"))
    assert first.find("#0", "d") is None  # this run's own rows are not looked for
    first.close()
    second = Journal(path)
    assert second.find("#0", "d") == ANSWER
    assert second.find("#0", "other") is None
    assert second.find("#1", "d") is None
    second.close()


def test_what_is_recorded_is_committed_when_the_call_is_back(path: str) -> None:
    journal = Journal(path)
    for number in range(3):
        journal.record(finished(f"#{number}"))
        assert len(rows(path)) == number + 1  # seen by a connection of somebody else
    journal.close()


def test_a_failed_row_is_not_finished_and_a_finished_one_stays(path: str) -> None:
    journal = Journal(path)
    journal.record(failed("#0"))
    journal.record(failed("#0"))
    assert rows(path) == [("#0", "failed", 2)]
    journal.record(finished("#0"))
    assert rows(path) == [("#0", "finished", 3)]
    journal.record(failed("#0"))
    journal.record(finished("#0", text="another"))
    assert rows(path, "state, runs, error, json_extract(answer, '$.content')") == [("finished", 3, None, "Hallo!")]
    journal.close()


def test_a_failed_row_is_not_found(path: str) -> None:
    journal = Journal(path)
    journal.record(failed("#0"))
    journal.close()
    again = Journal(path)
    assert again.find("#0", "d") is None
    again.close()


def test_what_waits_is_written_together(path: str) -> None:
    journal = Journal(path)
    many = [finished(f"#{number}", number=number) for number in range(2 * TOGETHER + 5)]
    journal._waiting.extend(many[1:])  # as other threads leave it
    journal.record(many[0])
    assert len(rows(path)) == len(many)
    journal.close()


def test_one_journal_one_run(path: str) -> None:
    journal = Journal(path)
    with pytest.raises(StoreError, match="in use by another run"):
        Journal(path)
    journal.record(finished("#0"))  # and the first one is not disturbed
    journal.close()
    journal.close()
    Journal(path).close()
    assert rows(path) == [("#0", "finished", 1)]


def test_what_comes_after_the_end_is_refused(path: str) -> None:
    journal = Journal(path)
    journal.close()
    with pytest.raises(StoreError, match="was left before"):
        journal.record(finished("#0"))


def test_a_disk_that_is_full_is_told_to_everybody(path: str) -> None:
    journal = Journal(path)
    assert journal._writing is not None
    journal._writing.execute("PRAGMA max_page_count = 1")
    for _ in range(2):
        with pytest.raises(StoreError, match="full"):
            journal.record(finished("#0", text="x" * 100_000))
    journal.close()
    assert rows(path) == []


def test_a_foreign_file_is_refused_and_its_lock_not_kept(path: str, tmp_path: Path) -> None:
    Path(path).write_text("no journal at all" * 100)
    with pytest.raises(StoreError, match="no journal"):
        Journal(path)
    assert os.listdir(tmp_path) == ["run.sqlite"]


def test_a_forked_child_leaves_it_alone(path: str) -> None:
    journal = Journal(path)
    journal.record(finished("#0"))

    def use() -> str:
        try:
            journal.record(finished("#1"))
        except StoreError as error:
            return error.message
        return "recorded"

    assert "was left before" in in_child(use)
    journal.record(finished("#2"))
    journal.close()
    assert [row[0] for row in rows(path)] == ["#0", "#2"]


def test_a_damaged_answer_is_said(path: str) -> None:
    connection = opened(path, patience=1)
    connection.execute(
        "INSERT INTO rows (key, digest, number, state, answer, recorded_at) VALUES ('#0', 'd', 0, 'finished', '{', 0)"
    )
    connection.close()
    journal = Journal(path)
    with pytest.raises(StoreError, match="cannot be read"):
        journal.find("#0", "d")
    journal.close()
