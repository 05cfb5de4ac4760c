"""One connection: a socket that never blocks by itself, so that every wait is a poll trimmed to what is left.

Who owns a connection sets `busy` while it may be inside a system call. `close()` from another thread then only shuts
the socket down, which ends the wait, and the owner closes the descriptor when it leaves: its number never becomes
another file's under somebody's system call. There is no lock: one thread alone shuts down (it took the one token),
and of "it is shut" and "I have left" each side stores its own before it reads the other's.
"""

from __future__ import annotations

import errno
import os
import socket
import ssl
from select import POLLIN, POLLOUT, poll
from typing import Any, Protocol

from agentsea_gateway.errors import APIConnectionError, APITimeoutError
from agentsea_gateway.transport.fork import forget_in_children

CHUNK = 65536  # bytes of one receive
IDLE = 55.0  # seconds without use; the shortest of the usual limits of load balancers is 60
_SLICE = 0.1  # seconds; some systems do not wake a connecting socket that is shut down
LONGEST_WAIT = 3600.0  # seconds of one poll, whose argument is a C int of milliseconds


class Budget(Protocol):
    """What a wait asks of a Call, or of the part of a Call that connecting may take."""

    @property
    def cancelled(self) -> bool: ...

    @property
    def patience(self) -> str: ...

    def remaining(self) -> float: ...


class SelfClosing:
    """Part of a socket's class: one that is dropped, with the Connection that owns it or by the collector, closes
    without a warning. By C code alone: in a finalizer of Python code an interrupt would be lost."""

    __slots__ = ()

    __del__ = socket.SocketType.close


class Connection:
    """A socket, connected or about to be.

    peer         names the other end in messages
    doing        says in messages what is under way
    sent         whether a byte of a request may have left
    idle_since   when the pool got it
    idle_limit   seconds that the pool may keep it; less where the peer says so
    """

    __slots__ = (
        "__weakref__",
        "_closed",
        "_poll",
        "_shut",
        "_socket",
        "_token",
        "busy",
        "doing",
        "idle_limit",
        "idle_since",
        "peer",
        "sent",
    )

    def __init__(self, sock: socket.socket, peer: str) -> None:
        self._socket = sock
        self._closed = self._shut = False
        self._token = [True]  # who pops it shuts the socket down
        self._poll = poll()
        self._poll.register(sock, POLLIN)
        self.busy = True
        self.peer = peer
        self.doing = "connecting to"
        self.sent = False
        self.idle_since = 0.0
        self.idle_limit = IDLE
        forget_in_children(self)

    def forget(self) -> None:
        """Close the descriptor and nothing else: in a forked child the connection itself is the parent's."""
        self._closed = self._shut = True
        self._token.clear()
        self._socket.close()

    def close(self) -> None:
        """End the connection, from any thread."""
        self._closed = True
        if self._token:
            self._shut_down()
        if self._shut and not self.busy:
            self._socket.close()

    def _shut_down(self) -> None:
        try:
            self._token.pop()
            # Not SSLSocket.shutdown: that drops the TLS layer under a reader, who would go on with raw bytes.
            socket.socket.shutdown(self._socket, socket.SHUT_RDWR)
        except (IndexError, OSError):
            pass  # another thread does it; was not connected, or not any more
        self._shut = True

    def discard(self) -> None:
        """End the connection; for its owner, who has left every system call of it."""
        self.busy = False
        self.close()

    def rest(self) -> bool:
        """Its owner leaves it for now. False where somebody closed it meanwhile."""
        self.busy = False
        if self._closed:
            self.close()
            return False
        return True

    def is_quiet(self) -> bool:
        """Nothing is to be read: the peer has neither closed nor said what nobody asked for."""
        return not self._poll.poll(0)

    def left(self, budget: Budget) -> float:
        """Seconds that the next wait may take. Raises where none may begin."""
        if self._closed:
            raise self.broken(None, budget)
        left = budget.remaining()
        if left > 0:
            return min(left, LONGEST_WAIT)
        raise APITimeoutError(
            f"out of time ({budget.patience}) while {self.doing} {self.peer}",
            patience=budget.patience,
            sent=self.sent,
        )

    def broken(self, error: Exception | None, budget: Budget) -> APIConnectionError:
        """What to raise for an error of the socket, or (None) because it was closed on this side."""
        if budget.cancelled:
            what = "cancelled"
        elif self._closed or error is None:
            what = "closed on this side"
        else:
            what = told(error)
        return APIConnectionError(f"{what} while {self.doing} {self.peer}", sent=self.sent)

    def connect(self, address: Any, budget: Budget, share: float) -> str | None:
        """Connect within `share` seconds of the budget. None once that is done, else the reason why not."""
        try:
            code = self._socket.connect_ex(address)
            given_up = self.left(budget) - share
            while code == errno.EINPROGRESS:
                spare = self.left(budget) - given_up
                if spare <= 0:
                    return "no answer in its share of the time"
                if self.wait_until_writable(budget, min(spare, _SLICE)):
                    code = self._socket.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
            if code == 0 and self._socket.getsockname() == self._socket.getpeername():
                code = errno.ECONNREFUSED  # a closed local port may be connected to itself
        except (OSError, TypeError, ValueError, OverflowError) as error:  # an injected resolver may give any address
            return told(error)
        if self._closed:
            raise self.broken(None, budget)
        return os.strerror(code).lower() if code else None

    def wrapped(self, context: ssl.SSLContext, host: str, budget: Budget) -> SecureConnection:
        """This connection with TLS around it, before the handshake; the plain one is empty afterwards."""
        try:
            sock = context.wrap_socket(self._socket, server_hostname=host, do_handshake_on_connect=False)
        except (OSError, ValueError) as error:
            raise self.broken(error, budget) from None
        return SecureConnection(sock, self.peer)

    def wait_until_writable(self, budget: Budget, at_most: float = LONGEST_WAIT) -> bool:
        """Wait until something can be written, or `at_most` seconds are over (False)."""
        waiting = poll()
        waiting.register(self._socket, POLLOUT)
        return bool(waiting.poll(min(self.left(budget), at_most) * 1000))

    def send(self, parts: tuple[bytes, ...], budget: Budget) -> None:
        """Send all of them. A peer that closed may have answered before that: `receive` will tell."""
        try:
            # The bytes hold the key: as a memoryview they show in no traceback that prints locals.
            view = memoryview(b"".join(parts))
            done = self._send_some(view)
            while done < len(view):
                if self.wait_until_writable(budget):
                    done += self._send_some(view[done:])
            return
        except (BrokenPipeError, ConnectionResetError):
            return
        except OSError as error:
            failure = self.broken(error, budget)
        raise failure

    def _send_some(self, view: memoryview) -> int:
        try:
            return self._socket.send(view)
        except BlockingIOError:
            return 0

    def receive(self, budget: Budget) -> bytes:
        """What comes next, at least one byte; b"" when the peer has closed."""
        while True:
            if self._poll.poll(self.left(budget) * 1000):
                try:
                    data = self._socket.recv(CHUNK)
                except BlockingIOError:
                    continue
                except OSError as error:
                    raise self.broken(error, budget) from None
                if data or not (self._closed or budget.cancelled):
                    return data
                raise self.broken(None, budget)

    def receive_ready(self) -> bytes:
        """What is there already, without waiting; b"" where nothing is, or the peer has closed."""
        try:
            return self._socket.recv(CHUNK)
        except OSError:
            return b""


class SecureConnection(Connection):
    """A connection through TLS."""

    __slots__ = ()

    _socket: ssl.SSLSocket

    def handshake(self, budget: Budget) -> None:
        """Agree on keys and check the peer's certificate."""
        self.doing = "in the TLS handshake with"
        while True:
            left = self.left(budget)
            try:
                self._socket.do_handshake()
                return
            except ssl.SSLWantReadError:
                self._poll.poll(left * 1000)
            except ssl.SSLWantWriteError:
                self.wait_until_writable(budget)
            except (OSError, ValueError) as error:
                raise self.broken(error, budget) from None

    def is_quiet(self) -> bool:
        return not self._socket.pending() and not self._poll.poll(0)

    def _send_some(self, view: memoryview) -> int:
        try:
            return self._socket.send(view)
        except (ssl.SSLWantWriteError, ssl.SSLWantReadError):
            return 0

    def receive(self, budget: Budget) -> bytes:
        while True:
            left = self.left(budget)
            if not self._socket.pending() and not self._poll.poll(left * 1000):
                continue
            try:
                data = self._socket.recv(CHUNK)
            except ssl.SSLWantReadError:
                continue
            except ssl.SSLWantWriteError:
                self.wait_until_writable(budget)
                continue
            except (OSError, ValueError) as error:
                raise self.broken(error, budget) from None
            if data or not (self._closed or budget.cancelled):
                return data
            raise self.broken(None, budget)


def told(error: Exception) -> str:
    """An error of the socket in a few words."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"certificate refused ({getattr(error, 'verify_message', 'unknown').rstrip('.')})"
    if isinstance(error, ssl.SSLEOFError):
        return "closed by the peer"
    if isinstance(error, ssl.SSLError):
        return f"TLS error ({(error.reason or 'unknown').replace('_', ' ').lower()})"
    if isinstance(error, OSError) and error.strerror:
        return error.strerror[:1].lower() + error.strerror[1:]
    return type(error).__name__
