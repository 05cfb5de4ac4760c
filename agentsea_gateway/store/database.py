"""A file of ours: an SQLite database that knows what it is, readable by its owner alone, shared by processes.

It is in WAL mode with synchronous=NORMAL: what was committed survives the death of the process at any instant, and a
power cut may take the last commits but never the file (SQLite, "Write-Ahead Logging" and PRAGMA synchronous).
"""

from __future__ import annotations

import os
import sqlite3
import stat
import time
from urllib.parse import quote

from agentsea_gateway.errors import StoreError

APPLICATION_ID = 0x41475741  # "AGWA", in the file's header
VERSION = 1  # of the schema, in the header too
SCHEMA = """
CREATE TABLE rows (
    key TEXT NOT NULL, digest TEXT NOT NULL, number INTEGER NOT NULL, state TEXT NOT NULL,
    answer TEXT, error TEXT, runs INTEGER NOT NULL DEFAULT 1, recorded_at REAL NOT NULL,
    UNIQUE (key, digest));
CREATE TABLE answers (
    key TEXT PRIMARY KEY, answer TEXT NOT NULL, size INTEGER NOT NULL, used INTEGER NOT NULL,
    stored_at REAL NOT NULL, expires_at REAL);
CREATE INDEX answers_used ON answers (used);
CREATE INDEX answers_expires ON answers (expires_at) WHERE expires_at IS NOT NULL;
CREATE TABLE totals (answers INTEGER NOT NULL, bytes INTEGER NOT NULL);
INSERT INTO totals VALUES (0, 0);
CREATE TRIGGER answers_insert AFTER INSERT ON answers BEGIN
    UPDATE totals SET answers = answers + 1, bytes = bytes + new.size; END;
CREATE TRIGGER answers_delete AFTER DELETE ON answers BEGIN
    UPDATE totals SET answers = answers - 1, bytes = bytes - old.size; END;
CREATE TRIGGER answers_update AFTER UPDATE OF size ON answers BEGIN
    UPDATE totals SET bytes = bytes - old.size + new.size; END;
"""
PAUSE = 0.005  # seconds between two tries to become the one who creates the tables
_STATEMENTS = 256  # that a connection keeps compiled


def opened(path: str, *, patience: float) -> sqlite3.Connection:
    """A connection that may write, in autocommit; the file is made where there is none. Waits `patience` seconds for
    another process that writes.

    Raises StoreError where the file is something else, of a newer version, or cannot be used.
    """
    try:
        _create(path)
        connection = _connected(path, patience)
        try:
            if not _is_ours(connection, path):
                _create_tables(connection, patience)
            connection.execute("PRAGMA synchronous = NORMAL")
        except BaseException:
            connection.close()
            raise
    except (sqlite3.Error, OSError) as error:
        raise unusable(path, error) from None
    return connection


def opened_to_read(path: str, *, patience: float) -> sqlite3.Connection | None:
    """A connection that only reads, also where nothing may be written; None where there is no file, or an empty one."""
    if not os.path.exists(path):
        return None
    uri = f"file:{quote(path)}?mode=ro"
    try:
        try:
            return _checked(_connected(uri, patience, uri=True), path)
        except sqlite3.OperationalError:
            if os.path.exists(path + "-wal") or os.access(os.path.dirname(path), os.W_OK):
                raise
            # A folder that cannot be written has no room for the WAL's index; nobody else can change the file either.
            return _checked(_connected(uri + "&immutable=1", patience, uri=True), path)
    except sqlite3.Error as error:
        raise unusable(path, error) from None


def unusable(path: str, error: Exception) -> StoreError:
    """What SQLite or the system says about a file, as an error of ours."""
    if getattr(error, "sqlite_errorname", "") == "SQLITE_NOTADB":
        return StoreError(f"{path} is no journal or cache: it is not an SQLite database")
    return StoreError(f"{path} cannot be used: {error}")


def is_busy(error: sqlite3.Error) -> bool:
    """Whether another connection was in the way."""
    return str(getattr(error, "sqlite_errorname", "")).startswith(("SQLITE_BUSY", "SQLITE_LOCKED"))


def _create(path: str) -> None:
    """Make an empty file for its owner alone, without a descriptor of it: closing one would drop the locks that other
    connections of this process may have by then."""
    if os.path.exists(path):
        return
    try:
        os.mknod(path, stat.S_IFREG | 0o600)
    except FileExistsError:
        pass
    except (AttributeError, PermissionError):  # systems where only root may, or nobody
        try:
            os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
        except FileExistsError:
            pass


def _connected(path: str, patience: float, *, uri: bool = False) -> sqlite3.Connection:
    return sqlite3.connect(
        path, timeout=patience, isolation_level=None, check_same_thread=False, cached_statements=_STATEMENTS, uri=uri
    )


def _checked(connection: sqlite3.Connection, path: str) -> sqlite3.Connection | None:
    try:
        if _is_ours(connection, path):
            return connection
    except BaseException:
        connection.close()
        raise
    connection.close()
    return None


def _is_ours(connection: sqlite3.Connection, path: str) -> bool:
    """Whether the file has our tables; False where it is empty. Raises StoreError where it is something else."""
    connection.execute("BEGIN")  # both looks at one moment
    try:
        (mark,) = connection.execute("PRAGMA application_id").fetchone()
        (version,) = connection.execute("PRAGMA user_version").fetchone()
        (tables,) = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
    finally:
        _roll_back(connection)
    if mark != APPLICATION_ID and (mark or version or tables):
        raise StoreError(f"{path} is no journal or cache: it is another program's database")
    if version > VERSION:
        raise StoreError(f"{path} was written by a newer version of agentsea-gateway (format {version})")
    return bool(mark == APPLICATION_ID)


def _create_tables(connection: sqlite3.Connection, patience: float) -> None:
    _begin_as_creator(connection, time.monotonic() + patience)
    try:
        (mark,) = connection.execute("PRAGMA application_id").fetchone()
        if mark == 0:  # nobody was faster
            for statement in _statements(SCHEMA):
                connection.execute(statement)
            connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
            connection.execute(f"PRAGMA user_version = {VERSION}")
        connection.execute("COMMIT")
    except BaseException:
        _roll_back(connection)
        raise


def _roll_back(connection: sqlite3.Connection) -> None:
    if connection.in_transaction:  # some errors have done it
        connection.execute("ROLLBACK")


def _begin_as_creator(connection: sqlite3.Connection, end: float) -> None:
    """Only alone can a file change its journal mode, and SQLite does not wait for that by itself."""
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("BEGIN IMMEDIATE")
            return
        except sqlite3.OperationalError as error:
            if not is_busy(error) or time.monotonic() > end:
                raise
            time.sleep(PAUSE)


def _statements(script: str) -> list[str]:
    """The statements of a script, one by one: `executescript` commits first."""
    found, text = [], ""
    for line in script.splitlines(keepends=True):
        text += line
        if sqlite3.complete_statement(text):
            found.append(text)
            text = ""
    return found
