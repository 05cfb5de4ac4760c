"""The idle connections to one origin: last in, first out, without a lock, never waited for."""

from __future__ import annotations

from collections import deque
from time import monotonic
from typing import TYPE_CHECKING

from agentsea_gateway.transport.connection import IDLE
from agentsea_gateway.transport.fork import forget_in_children

if TYPE_CHECKING:
    from agentsea_gateway.call import Call
    from agentsea_gateway.transport.connection import Connection
    from agentsea_gateway.transport.dial import Dialer


class Pool:
    """Connections that wait for the next request, at most `size` of them.

    A connection is put here after its answer was read whole, never before: what is interrupted never comes back.
    """

    __slots__ = ("__weakref__", "_closed", "_dialer", "_idle")

    def __init__(self, dialer: Dialer, size: int) -> None:
        self._dialer = dialer
        self._closed = False
        # append, pop and popleft of a deque are atomic; a full one drops its oldest, whose socket closes itself
        self._idle: deque[Connection] = deque(maxlen=size)
        forget_in_children(self)

    def take(self, call: Call) -> Connection:
        """An idle connection that is still good, or a new one. It is the caller's alone."""
        idle = self._idle
        while idle:
            try:
                connection = idle.pop()
            except IndexError:  # another thread was faster
                break
            connection.busy = True
            if monotonic() - connection.idle_since < connection.idle_limit and connection.is_quiet():
                return connection
            connection.discard()
        return self._dialer.dial(call)

    def put(self, connection: Connection) -> None:
        """Keep a connection for the next request; its answer was read whole and nothing came behind it."""
        now = connection.idle_since = monotonic()
        if not connection.rest():
            return
        idle = self._idle
        idle.append(connection)
        try:
            if self._closed:  # looked at after the append, as close() sets it before it empties
                self._drop_all()
            elif now - idle[0].idle_since > IDLE:
                idle.popleft().discard()
        except IndexError:
            pass  # other threads took them

    def close(self) -> None:
        """Close what is idle and keep nothing from now on; requests under way are not disturbed."""
        self._closed = True
        self._drop_all()

    def forget(self) -> None:
        """In a forked child: the connections are the parent's, and were closed one by one."""
        self._idle.clear()

    def _drop_all(self) -> None:
        while self._idle:
            try:
                self._idle.pop().discard()
            except IndexError:
                return
