"""Our files: made for their owner alone, known by their header, shared by processes; others' are left alone."""

from __future__ import annotations

import os
import sqlite3
import stat
import tempfile
import threading
from pathlib import Path

import pytest

from agentsea_gateway.errors import StoreError
from agentsea_gateway.store.database import APPLICATION_ID, VERSION, opened, opened_to_read
from support.children import in_child
from support.threads import together


def pragma(connection: sqlite3.Connection, name: str) -> object:
    return connection.execute(f"PRAGMA {name}").fetchone()[0]


@pytest.fixture
def path(tmp_path: Path) -> str:
    return str(tmp_path / "it.sqlite")


def test_a_new_file_is_its_owners_alone_with_all_that_belongs_to_it(path: str) -> None:
    before = os.umask(0)
    try:
        connection = opened(path, patience=1)
        connection.execute("UPDATE totals SET answers = 0")
        modes = {name: stat.S_IMODE(os.stat(path + name).st_mode) for name in ("", "-wal", "-shm")}
        connection.close()
    finally:
        os.umask(before)
    assert modes == {"": 0o600, "-wal": 0o600, "-shm": 0o600}


def test_what_is_committed_survives_a_kill_and_the_header_says_what_it_is(path: str) -> None:
    connection = opened(path, patience=1)
    assert pragma(connection, "journal_mode") == "wal"
    assert pragma(connection, "synchronous") == 1  # NORMAL
    assert pragma(connection, "application_id") == APPLICATION_ID
    assert pragma(connection, "user_version") == VERSION
    connection.close()


def test_opening_it_again_changes_nothing(path: str) -> None:
    opened(path, patience=1).close()
    before = Path(path).read_bytes()
    opened(path, patience=1).close()
    assert Path(path).read_bytes() == before


def test_an_empty_file_becomes_ours(path: str) -> None:
    Path(path).touch()
    connection = opened(path, patience=1)
    assert pragma(connection, "application_id") == APPLICATION_ID
    connection.close()


def test_threads_that_make_it_at_once_make_it_once(tmp_path: Path) -> None:
    for number in range(5):
        path = str(tmp_path / f"{number}.sqlite")

        def work(_: int, path: str = path) -> None:
            connection = opened(path, patience=5)
            assert connection.execute("SELECT count(*) FROM totals").fetchone() == (1,)
            connection.close()

        together(6, work)


def test_where_files_cannot_be_made_without_opening_them_they_are_still_ones_own(
    path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError("only root may")

    monkeypatch.setattr(os, "mknod", refuse)
    opened(path, patience=1).close()
    assert stat.S_IMODE(os.stat(path).st_mode) == 0o600


def test_whoever_else_is_making_it_is_waited_for(path: str) -> None:
    Path(path).touch()
    other = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    other.execute("BEGIN EXCLUSIVE")
    with pytest.raises(StoreError, match="locked"):
        opened(path, patience=0.01)
    ends = threading.Timer(0.05, other.execute, args=("ROLLBACK",))
    ends.start()
    opened(path, patience=5).close()
    ends.join()
    other.close()


def test_what_is_no_database_is_refused_and_left_alone(path: str) -> None:
    Path(path).write_text("name,age\n" * 200)
    with pytest.raises(StoreError, match="not an SQLite database"):
        opened(path, patience=1)
    assert Path(path).read_text() == "name,age\n" * 200


def test_another_programs_database_is_refused_and_left_alone(path: str) -> None:
    other = sqlite3.connect(path)
    other.execute("CREATE TABLE theirs (x)")
    other.commit()
    other.close()
    before = Path(path).read_bytes()
    with pytest.raises(StoreError, match="another program's"):
        opened(path, patience=1)
    assert Path(path).read_bytes() == before


def test_a_file_of_a_newer_version_is_refused(path: str) -> None:
    connection = opened(path, patience=1)
    connection.execute(f"PRAGMA user_version = {VERSION + 1}")
    connection.close()
    with pytest.raises(StoreError, match="newer version"):
        opened(path, patience=1)


def test_a_folder_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="nowhere"):
        opened(str(tmp_path / "nowhere" / "it.sqlite"), patience=1)


def test_a_folder_is_no_file(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="cannot be used"):
        opened(str(tmp_path), patience=1)


# -- only reading ------------------------------------------------------------------------------------------------------


def test_reading_makes_no_file(path: str) -> None:
    assert opened_to_read(path, patience=1) is None
    assert not os.path.exists(path)


def test_reading_an_empty_file_finds_nothing_and_writes_nothing(path: str) -> None:
    Path(path).touch()
    assert opened_to_read(path, patience=1) is None
    assert Path(path).read_bytes() == b""


def test_a_reader_cannot_write(path: str) -> None:
    opened(path, patience=1).close()
    reader = opened_to_read(path, patience=1)
    assert reader is not None
    with pytest.raises(sqlite3.OperationalError, match="readonly"):
        reader.execute("UPDATE totals SET answers = 7")
    reader.close()


NOBODY = 65534


def test_a_folder_that_cannot_be_written_can_be_read() -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "it.sqlite")
        opened(path, patience=1).close()
        os.chmod(path, 0o444)
        os.chmod(folder, 0o555)

        def read() -> object:
            if os.geteuid() == 0:
                os.setuid(NOBODY)  # root may write everywhere
            reader = opened_to_read(path, patience=1)
            assert reader is not None
            found = reader.execute("SELECT answers FROM totals").fetchone()
            with pytest.raises(StoreError, match="readonly"):
                opened(path, patience=0.1)
            return found

        try:
            assert in_child(read) == (0,)
        finally:
            os.chmod(folder, 0o755)
