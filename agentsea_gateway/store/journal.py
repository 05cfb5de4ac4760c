"""The journal of a batch: every finished row, as soon as it is finished."""

from __future__ import annotations

import os
import sqlite3
import threading
from collections import deque
from typing import TYPE_CHECKING, Any, NamedTuple

from agentsea_gateway.errors import StoreError
from agentsea_gateway.store.codec import decoded
from agentsea_gateway.store.connections import leave_to_parent
from agentsea_gateway.store.database import opened, unusable
from agentsea_gateway.store.lock import FileLock
from agentsea_gateway.transport.fork import forget_in_children

if TYPE_CHECKING:
    from agentsea_gateway.response import Response

PATIENCE = 10.0  # seconds to wait for whoever else has the file, such as somebody who looks into it
TOGETHER = 32  # rows of one statement

FINISHED, FAILED = "finished", "failed"
_INSERT = "INSERT INTO rows (key, digest, number, state, answer, error, recorded_at) VALUES "
_ROW = "(?, ?, ?, ?, ?, ?, ?)"
# What is finished stays as it is.
_AGAIN = """ ON CONFLICT (key, digest) DO UPDATE SET number = excluded.number, state = excluded.state,
    answer = excluded.answer, error = excluded.error, recorded_at = excluded.recorded_at, runs = runs + 1
    WHERE state <> 'finished'"""


class Entry(NamedTuple):
    """One row as it is recorded: who it is (`key`), what was asked (`digest`), where it stood, and how it ended."""

    key: str
    digest: str
    number: int
    state: str
    answer: str | None
    error: str | None
    recorded_at: float


class Journal:
    """An open journal. `record` may be called by any thread; `find` by one at a time.

    A worker is back from `record` only when its row is committed, so a process that is killed has lost no more than
    the rows that its workers were at. Rows that arrive together are written by one of them, in one commit.

    Guarded by `_lock`: the connection that writes, and what is left in `_waiting`, which anybody may append to.
    """

    def __init__(self, path: str) -> None:
        self.path = os.path.abspath(path)
        self._lock = threading.Lock()
        self._waiting: deque[Entry] = deque()
        self._failure: StoreError | None = None
        self._writing: sqlite3.Connection | None = None
        self._reading: sqlite3.Connection | None = None
        self._claim: FileLock | None = None
        try:
            self._claim = FileLock(self.path)
            forget_in_children(self)
            self._writing = opened(self.path, patience=PATIENCE)
            (recorded,) = self._writing.execute("SELECT EXISTS (SELECT 1 FROM rows)").fetchone()
            if recorded:  # else there is nothing to look up
                self._reading = opened(self.path, patience=PATIENCE)
        except sqlite3.Error as error:
            self.close()
            raise unusable(self.path, error) from None
        except BaseException:
            self.close()
            raise

    def find(self, key: str, digest: str) -> Response | None:
        """The answer of a row that an earlier run finished, if the same was asked. Raises StoreError."""
        if self._reading is None:
            return None
        try:
            found = self._reading.execute(
                "SELECT answer FROM rows WHERE key = ? AND digest = ? AND state = 'finished'", (key, digest)
            ).fetchone()
        except sqlite3.Error as error:
            raise unusable(self.path, error) from None
        return None if found is None else decoded(found[0])

    def record(self, entry: Entry) -> None:
        """Write down how a row ended; it is committed on return. Raises StoreError where it is not."""
        self._waiting.append(entry)
        with self._lock:
            if self._waiting:
                self._write_locked()
            if self._failure is not None:
                raise StoreError(self._failure.message)

    def _write_locked(self) -> None:
        """Write whatever waits, one's own entry and others'."""
        while self._waiting and self._failure is None:
            entries = [self._waiting.popleft() for _ in range(min(TOGETHER, len(self._waiting)))]
            try:
                if self._writing is None:
                    raise StoreError(f"{self.path}: the batch was left before this row ended")
                values: list[Any] = [value for entry in entries for value in entry]
                self._writing.execute(_INSERT + ", ".join([_ROW] * len(entries)) + _AGAIN, values)
            except StoreError as error:
                self._failure = error
            except (sqlite3.Error, UnicodeEncodeError) as error:
                self._failure = unusable(self.path, error)
            except BaseException as error:
                self._failure = StoreError(f"{self.path}: interrupted in a commit: {type(error).__name__}")
                raise

    def close(self) -> None:
        """Write what waits, let go of the file and of the lock. Harmless a second time."""
        with self._lock:
            try:
                if self._waiting and self._writing is not None:
                    self._write_locked()
            finally:
                for connection in (self._reading, self._writing):
                    if connection is not None:
                        connection.close()
                self._reading = self._writing = None
                if self._claim is not None:
                    self._claim.release()

    def forget(self) -> None:
        """In a forked child: the journal is the parent's."""
        leave_to_parent(it for it in (self._reading, self._writing) if it is not None)
        self._reading = self._writing = None
        self._lock = threading.Lock()
