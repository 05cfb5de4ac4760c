"""One client of the sandbox's server: reads its requests and plays the steps of their answers."""

from __future__ import annotations

import socket
import struct
from contextlib import suppress
from typing import TYPE_CHECKING

from agentsea_gateway.testing.http_reader import BadRequest, HTTPReader
from agentsea_gateway.testing.loop import READ, WRITE
from agentsea_gateway.testing.wire import Answer, End, Frame

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from agentsea_gateway.testing.http_reader import Incoming
    from agentsea_gateway.testing.loop import Loop
    from agentsea_gateway.testing.wire import Step

    Handler = Callable[[Incoming], Iterator[Step]]

AT_ONCE = 65_536  # bytes read or sent before the other connections have their turn
RESET = struct.pack("ii", 1, 0)


class Connection:
    """A socket, what it sent so far, and the answer under way. Lives in the loop's thread alone."""

    __slots__ = (
        "_answer",
        "_closed",
        "_handler",
        "_held",
        "_keep_alive",
        "_loop",
        "_on_close",
        "_out",
        "_reader",
        "_sock",
        "_watched",
    )

    def __init__(
        self, sock: socket.socket, loop: Loop, handler: Handler, on_close: Callable[[Connection], None]
    ) -> None:
        sock.setblocking(False)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._sock = sock
        self._loop = loop
        self._handler = handler
        self._on_close = on_close
        self._reader = HTTPReader()
        self._answer: Iterator[Step] | None = None
        self._out = b""  # gathered, but not sent yet
        self._held: float | End | None = None  # the step behind what is gathered
        self._keep_alive = True
        self._closed = False
        self._watched = READ
        loop.watch(sock, READ, self._ready)

    def close(self, *, reset: bool = False) -> None:
        """Hang up."""
        if self._closed:
            return
        self._closed = True
        self._loop.unwatch(self._sock)
        if reset:
            self._sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
        else:
            self._say_goodbye()
        self._sock.close()
        self._on_close(self)

    def forget(self) -> None:
        """Close this process's copy of the socket alone: what a forked child does with its parent's connections."""
        self._sock.close()

    def _say_goodbye(self) -> None:
        # A forked child may hold a copy of this socket: a shutdown tells the client all the same, a close would not.
        with suppress(OSError):
            self._sock.shutdown(socket.SHUT_RDWR)

    def _ready(self, events: int) -> None:
        if events & READ:
            self._receive()
        if events & WRITE and not self._closed:
            self._advance()

    def _receive(self) -> None:
        try:
            data = self._sock.recv(AT_ONCE)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if not data:
            self.close()
            return
        self._reader.feed(data)
        if self._answer is None and not self._out:
            self._advance()

    def _advance(self) -> None:
        """Go on until the socket is full, a moment has to pass, or nothing is left to answer."""
        while self._flush() and self._step():
            pass

    def _step(self) -> bool:
        """Gather the next bytes, or carry out what stands behind them; False when something has to come first."""
        if self._held is not None:
            self._carry_out(self._held)
            return False
        if self._answer is None:
            return self._begin()
        self._gather(self._answer)
        return True

    def _begin(self) -> bool:
        """Take up the next request, if it is there."""
        try:
            request = self._reader.next()
        except BadRequest as error:
            self._keep_alive = False
            self._answer = _refused(error).steps()
            return True
        if request is None:
            if self._reader.wants_continue:
                self._sock.send(b"HTTP/1.1 100 Continue\r\n\r\n")
            return False
        self._keep_alive = request.keep_alive
        self._answer = self._handler(request)
        return True

    def _gather(self, answer: Iterator[Step]) -> None:
        """Put the next bytes together, up to a step that is none, or to as much as is sent at once."""
        gathered: list[bytes] = []
        size = 0
        for step in answer:
            if not isinstance(step, bytes):
                self._held = step
                break
            gathered.append(step)
            size += len(step)
            if size >= AT_ONCE:
                break
        else:
            self._answer = None
            self._held = None if self._keep_alive else End.FIN
        self._out = b"".join(gathered)

    def _carry_out(self, step: float | End) -> None:
        """Pause, hang up, or fall silent (then only the client's goodbye is waited for)."""
        if isinstance(step, End):
            if step is not End.STALL:
                self.close(reset=step is End.RST)
            return
        self._held = None
        self._loop.later(step, self._resume)

    def _resume(self) -> None:
        if not self._closed:
            self._advance()

    def _flush(self) -> bool:
        """Send what is gathered; False when the socket takes no more for now, or is gone."""
        while self._out and not self._closed:
            try:
                sent = self._sock.send(self._out)
            except BlockingIOError:
                self._watch(READ | WRITE)
                return False
            except OSError:
                self.close()
                return False
            self._out = self._out[sent:]
        if self._closed:
            return False
        self._watch(READ)
        return True

    def _watch(self, events: int) -> None:
        if events != self._watched:
            self._watched = events
            self._loop.rewatch(self._sock, events, self._ready)


def _refused(error: BadRequest) -> Answer:
    body = f"{error.status} {error.reason}\n".encode()
    return Answer(error.status, (("content-type", "text/plain"),), (Frame(body),), framing="close")
