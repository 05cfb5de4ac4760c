"""The connections of one process to one file: last in, first out, without a lock, never waited for."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

from agentsea_gateway.transport.fork import forget_in_children

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Iterable

KEPT = 8  # idle connections

_INHERITED: list[sqlite3.Connection] = []


def leave_to_parent(connections: Iterable[sqlite3.Connection]) -> None:
    """In a forked child: its parent's connections are neither used nor closed (SQLite, "How To Corrupt An SQLite
    Database File", section 2.6)."""
    _INHERITED.extend(connections)


class Connections:
    """Idle connections. Whoever takes one has it alone, and puts it back unless something went wrong with it."""

    __slots__ = ("__weakref__", "_idle", "_open")

    def __init__(self, opened: Callable[[], sqlite3.Connection | None]) -> None:
        self._open = opened
        self._idle: deque[sqlite3.Connection] = deque()  # its append and pop are atomic
        forget_in_children(self)

    def take(self) -> sqlite3.Connection | None:
        """A connection; None where there is no file to read."""
        try:
            return self._idle.pop()
        except IndexError:
            return self._open()

    def put(self, connection: sqlite3.Connection) -> None:
        """Keep it for the next one."""
        self._idle.append(connection)
        if len(self._idle) > KEPT:
            self._close_one()

    def close(self) -> None:
        """Close what is idle. The next `take` opens anew."""
        while self._close_one():
            pass

    def _close_one(self) -> bool:
        try:
            connection = self._idle.popleft()
        except IndexError:  # another thread took it
            return False
        connection.close()
        return True

    def forget(self) -> None:
        """In a forked child: the connections are the parent's."""
        leave_to_parent(self._idle)
        self._idle.clear()
