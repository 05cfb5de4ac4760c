"""The response cache: the answer that was given to exactly this question, kept in a file."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, get_args

from agentsea_gateway import telemetry
from agentsea_gateway.errors import ConfigurationError
from agentsea_gateway.store.connections import Connections
from agentsea_gateway.store.database import opened, opened_to_read

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Sequence
    from typing import Self

Mode = Literal["rw", "read", "write"]
MODES = get_args(Mode)

PATIENCE = 0.25  # seconds that a call waits for another process that writes
ASKED = 500  # keys of one look-up
TAKEN = 100  # answers that are taken away for one that is stored, at most: it is a call that waits for it

_STORE = """INSERT INTO answers (key, answer, size, used, stored_at, expires_at)
    VALUES (?, ?, ?, (SELECT coalesce(max(used), 0) + 1 FROM answers), ?, ?)
    ON CONFLICT (key) DO UPDATE SET answer = excluded.answer, size = excluded.size, used = excluded.used,
        stored_at = excluded.stored_at, expires_at = excluded.expires_at"""
_TOUCH = "UPDATE answers SET used = (SELECT max(used) + 1 FROM answers) WHERE key = ?"
_EXPIRE = "DELETE FROM answers WHERE key IN (SELECT key FROM answers WHERE expires_at <= ? LIMIT ?)"
_EVICT = "DELETE FROM answers WHERE key = (SELECT key FROM answers ORDER BY used LIMIT 1)"


class Kept(NamedTuple):
    """An answer out of the cache: under which key, its text, and the Unix time at which it was given."""

    key: str
    answer: str
    stored_at: float


class Cache:
    """Where answers are kept, and for how long; give it to `Gateway(…, cache=…)`.

    path       an SQLite file, made where there is none (for its owner alone); processes and threads may share it
    mode       "rw"; "read": nothing is ever written; "write": nothing is looked up, answers are renewed
    ttl        seconds after which an answer is too old to be given; None: never
    max_rows   at most so many answers are kept: whichever was not used for longest goes first
    max_bytes  the same for what the answers take as text, in bytes

    A file that is broken, locked or read-only breaks no call: it is like an empty one, logged once.

    >>> Cache("llm.sqlite", ttl=7 * 24 * 3600, max_bytes=10**9)
    Cache('llm.sqlite', mode='rw')
    """

    __slots__ = ("_connections", "_told", "max_bytes", "max_rows", "mode", "path", "ttl")

    def __init__(
        self,
        path: str | os.PathLike[str],
        *,
        mode: Mode = "rw",
        ttl: float | None = None,
        max_rows: int | None = None,
        max_bytes: int | None = None,
    ) -> None:
        if not _is_path(path):
            raise ConfigurationError(f"a cache's path is {path!r}; give the path of a file")
        if mode not in MODES:
            raise ConfigurationError(f'a cache\'s mode is {mode!r}; give "rw", "read" or "write"')
        for name, bound in (("ttl", ttl), ("max_rows", max_rows), ("max_bytes", max_bytes)):
            if bound is not None and not _is_bound(bound, whole=name != "ttl"):
                raise ConfigurationError(f"a cache's {name} is {bound!r}; give a number above 0, or None")
        self.path = os.fspath(path)
        self.mode: Mode = mode
        self.ttl = ttl
        self.max_rows = max_rows
        self.max_bytes = max_bytes
        self._connections = _connections(self.path, read_only=mode == "read")
        self._told = False

    @classmethod
    def of(cls, value: object) -> Self | None:
        """What `cache=` was given, as a Cache: a path means `Cache(path)`. Raises ConfigurationError."""
        if value is None or isinstance(value, cls):
            return value
        if isinstance(value, (str, os.PathLike)):
            return cls(value)
        raise ConfigurationError(f"cache is {value!r}; give the path of a file, or a Cache(…)")

    @property
    def reads(self) -> bool:
        """Whether answers are looked up."""
        return self.mode != "write"

    @property
    def writes(self) -> bool:
        """Whether answers are kept."""
        return self.mode != "read"

    def find(self, keys: Sequence[str], now: float) -> Kept | None:
        """The answer under the first of `keys` that has one, at the Unix time `now`. Raises what SQLite raises."""
        connection = self._connections.take()
        if connection is None:
            return None
        try:
            found: dict[str, Kept] = {}
            for start in range(0, len(keys), ASKED):
                found |= _look_up(connection, keys[start : start + ASKED])
            oldest = None if self.ttl is None else now - self.ttl
            usable = (found[key] for key in keys if key in found)
            kept = next((kept for kept in usable if oldest is None or kept.stored_at > oldest), None)
            if kept is not None and self.writes and (self.max_rows or self.max_bytes):
                connection.execute(_TOUCH, (kept.key,))
        except BaseException:
            connection.close()
            raise
        self._connections.put(connection)
        return kept

    def keep(self, key: str, answer: str, now: float) -> None:
        """Store an answer, and let go of what is too old or too much. Raises what SQLite raises."""
        size = len(answer.encode())
        if self.max_bytes is not None and size > self.max_bytes:
            return
        connection = self._connections.take()
        if connection is None:
            return
        try:
            expires_at = None if self.ttl is None else now + self.ttl
            connection.execute(_STORE, (key, answer, size, now, expires_at))
            if self.ttl is not None:
                connection.execute(_EXPIRE, (now, TAKEN))
            if self.max_rows or self.max_bytes:
                for _ in range(TAKEN):
                    if not self._is_too_much(connection):
                        break
                    connection.execute(_EVICT)
        except BaseException:
            connection.close()
            raise
        self._connections.put(connection)

    def _is_too_much(self, connection: sqlite3.Connection) -> bool:
        answers: int
        size: int
        answers, size = connection.execute("SELECT answers, bytes FROM totals").fetchone()
        return answers > (self.max_rows or answers) or size > (self.max_bytes or size)

    def give_up(self, error: Exception) -> None:
        """Say once that the file cannot be used; the calls go on without it."""
        if not self._told or telemetry.on_fallback is not None:
            self._told = True
            telemetry.fallback(error, "the response cache failed, calls go on without it")

    def close(self) -> None:
        """Close the file. The next call opens it again."""
        self._connections.close()

    def __repr__(self) -> str:
        return f"Cache({self.path!r}, mode={self.mode!r})"


def _is_path(value: Any) -> bool:
    return isinstance(value, (str, os.PathLike)) and bool(os.fspath(value))


def _is_bound(value: Any, *, whole: bool) -> bool:
    return isinstance(value, int if whole else (int, float)) and not isinstance(value, bool) and value > 0


def _look_up(connection: sqlite3.Connection, keys: Sequence[str]) -> dict[str, Kept]:
    places = ", ".join("?" * len(keys))
    found = connection.execute(f"SELECT key, answer, stored_at FROM answers WHERE key IN ({places})", keys)
    return {row[0]: Kept(*row) for row in found}


def _connections(path: str, *, read_only: bool) -> Connections:
    path = os.path.abspath(path)
    return Connections(
        (lambda: opened_to_read(path, patience=PATIENCE)) if read_only else lambda: opened(path, patience=PATIENCE)
    )
