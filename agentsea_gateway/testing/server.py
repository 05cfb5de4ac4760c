"""A loopback HTTP/1.1 server in one thread, whose port can die and come back."""

from __future__ import annotations

import os
import socket
from contextlib import suppress
from typing import TYPE_CHECKING
from weakref import WeakSet

from agentsea_gateway.testing.connection import Connection
from agentsea_gateway.testing.loop import READ, Loop

if TYPE_CHECKING:
    from collections.abc import Callable

    from agentsea_gateway.testing.connection import Handler

HOST = "127.0.0.1"
BACKLOG = 1024

_alive: WeakSet[Server] = WeakSet()


class Server:
    """Answers every request with the steps that `handler` returns for it (called in the server's thread)."""

    def __init__(self, handler: Handler, name: str) -> None:
        self._handler = handler
        self._connections: set[Connection] = set()
        self._accepted = 0
        self._forgotten = False
        # Bound, but never listening: while the server is dead this keeps its port, and connects are refused.
        self._reserve = _bound(0)
        self.port: int = self._reserve.getsockname()[1]
        self._listener: socket.socket | None = None
        self._loop = Loop(name)
        self.revive()
        _alive.add(self)

    @property
    def open_connections(self) -> int:
        """Connections that are open now."""
        return len(self._connections)

    @property
    def accepted(self) -> int:
        """Connections that were ever accepted."""
        return self._accepted

    def wait_until(self, predicate: Callable[[], bool], timeout: float) -> bool:
        """Wait until `predicate()` is true, looking at it after everything that happens here."""
        return self._loop.wait_until(predicate, timeout)

    def kill(self) -> None:
        """Hang up on everybody and refuse connections, as a dead process does."""
        self._loop.call(self._stop_listening)

    def revive(self) -> None:
        """Listen again, on the same port."""
        self._loop.call(self._listen)

    def close(self) -> None:
        """Hang up on everybody, free the port, end the thread."""
        if self._forgotten:
            return
        _alive.discard(self)
        self.kill()
        self._loop.close()
        self._reserve.close()

    def forget(self) -> None:
        """Close this process's copies of all sockets, and nothing else: the thread stayed behind in the parent."""
        self._forgotten = True
        self._loop.abandon()
        for connection in self._connections:
            connection.forget()
        if self._listener is not None:
            self._listener.close()
        self._reserve.close()

    def _listen(self) -> None:
        if self._listener is None:
            self._listener = _bound(self.port)
            self._listener.listen(BACKLOG)
            self._listener.setblocking(False)
            self._loop.watch(self._listener, READ, self._accept)

    def _stop_listening(self) -> None:
        if self._listener is not None:
            self._loop.unwatch(self._listener)
            with suppress(OSError):  # as in Connection: a forked child may have it open still
                self._listener.shutdown(socket.SHUT_RDWR)
            self._listener.close()
            self._listener = None
        for connection in [*self._connections]:
            connection.close()

    def _accept(self, _events: int) -> None:
        if self._listener is None:
            return
        try:
            sock, _ = self._listener.accept()
        except OSError:  # gone again before it was accepted
            return
        self._accepted += 1
        self._connections.add(Connection(sock, self._loop, self._handler, self._connections.discard))


def _bound(port: int) -> socket.socket:
    sock = socket.socket()
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    sock.bind((HOST, port))
    return sock


def _forget_all() -> None:
    # In a child the sockets would keep the parent's clients and its port alive.
    for server in [*_alive]:
        server.forget()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget_all)
