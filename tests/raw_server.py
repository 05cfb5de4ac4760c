"""A raw-socket server on loopback that plays scripts: exactly these bytes, pauses, drips, closes and resets.

    with RawServer([REQUEST, ok(b"{}"), RST]) as server:     # every connection plays this script
        ...
        assert server.hits == 1

    RawServer([REQUEST, RST], [REQUEST, ok(b"{}")])           # the first connection, then all later ones

Running out of steps closes the connection. Threads end with the server: every wait of theirs is the server's to stop.
"""

from __future__ import annotations

import contextlib
import socket
import struct
import threading
from enum import Enum
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from typing import Self

PATIENCE = 10.0  # seconds that a thread may take to end


class Do(Enum):
    """What a script does besides sending."""

    REQUEST = "read one request and record it"
    ECHO = "answer with the body of the request just read"
    FIN = "close, politely"
    RST = "close with a reset"
    HOLD = "say nothing until the peer or the server closes, whatever comes"


REQUEST, ECHO, FIN, RST, HOLD = Do.REQUEST, Do.ECHO, Do.FIN, Do.RST, Do.HOLD


class Drip(NamedTuple):
    """Bytes one by one, `every` so many seconds; `forever` begins anew at the end."""

    data: bytes
    every: float
    forever: bool = False


class Repeat(NamedTuple):
    """Steps again and again until the peer closes."""

    steps: Sequence[Step]


class Made(NamedTuple):
    """Bytes that depend on the request just read."""

    make: Callable[[Received], bytes]


Step = bytes | float | Do | Drip | Repeat | Made | threading.Event
"""Bytes are sent, a float is a pause in seconds, an Event is waited for."""


class Received(NamedTuple):
    """One request as it came."""

    head: bytes
    body: bytes
    connection: int  # counted from 0

    @property
    def line(self) -> str:
        return self.head.partition(b"\r\n")[0].decode("latin-1")

    @property
    def headers(self) -> dict[str, str]:
        lines = self.head.decode("latin-1").split("\r\n")[1:]
        return {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines if line)}


class RawServer:
    """Listens on a free port from construction to `close`."""

    def __init__(
        self, *scripts: Sequence[Step], host: str = "127.0.0.1", tls: ssl.SSLContext | None = None, backlog: int = 128
    ) -> None:
        self._scripts = scripts or ([Repeat([REQUEST, ok()])],)
        self._tls = tls
        self._stopped = threading.Event()
        self._connections: list[socket.socket] = []
        self.requests: list[Received] = []
        self.ended: list[threading.Event] = []  # per connection: its script is over and it is closed
        self.errors: list[BaseException] = []
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self._listener = socket.create_server((host, 0), family=family, backlog=backlog)
        self.address: tuple[str, int] = self._listener.getsockname()[:2]
        self.host, self.port = self.address
        self._threads = [threading.Thread(target=self._accept, name="raw-server", daemon=True)]
        self._threads[0].start()

    @property
    def url(self) -> str:
        shown = f"[{self.host}]" if ":" in self.host else self.host
        return f"{'https' if self._tls else 'http'}://{shown}:{self.port}/v1/chat"

    @property
    def hits(self) -> int:
        """Requests that were read whole."""
        return len(self.requests)

    @property
    def connections(self) -> int:
        """Connections that were accepted."""
        return len(self.ended)

    def close(self) -> None:
        """End every connection and thread; raises what went wrong in a script."""
        self._stopped.set()
        for sock in [self._listener, *self._connections]:
            with contextlib.suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join(PATIENCE)
        self._listener.close()
        if self.errors:
            raise self.errors[0]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _accept(self) -> None:
        while not self._stopped.is_set():
            try:
                sock = self._listener.accept()[0]
            except OSError:
                return
            number = len(self.ended)
            self.ended.append(threading.Event())
            self._connections.append(sock)
            thread = threading.Thread(target=self._serve, args=(sock, number), name="raw-server", daemon=True)
            self._threads.append(thread)
            thread.start()

    def _serve(self, sock: socket.socket, number: int) -> None:
        try:
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if self._tls is not None:
                sock = self._tls.wrap_socket(sock, server_side=True)
                self._connections.append(sock)
            script = self._scripts[min(number, len(self._scripts) - 1)]
            _Player(self, sock, number).play(script)
        except (OSError, EOFError):
            pass  # the peer went away, or the server did
        except BaseException as error:
            self.errors.append(error)
        finally:
            sock.close()
            self.ended[number].set()

    def pause(self, seconds: float) -> None:
        """Sleep; ends early, with EOFError, when the server closes."""
        if self._stopped.wait(seconds):
            raise EOFError


class _Player:
    """One connection's part."""

    def __init__(self, server: RawServer, sock: socket.socket, number: int) -> None:
        self._server = server
        self._sock = sock
        self._number = number
        self._buffer = b""
        self._last = Received(b"", b"", number)

    def play(self, steps: Sequence[Step]) -> None:
        for step in steps:
            if isinstance(step, bytes):
                self._sock.sendall(step)
            elif isinstance(step, Do):
                self._do(step)
            elif isinstance(step, Drip):
                self._drip(step)
            elif isinstance(step, Repeat):
                while True:
                    self.play(step.steps)
            elif isinstance(step, Made):
                self._sock.sendall(step.make(self._last))
            elif isinstance(step, threading.Event):
                while not step.wait(0.02):
                    self._server.pause(0)
            else:
                self._server.pause(step)

    def _do(self, step: Do) -> None:
        if step is REQUEST:
            self._last = self._request()
            self._server.requests.append(self._last)
        elif step is ECHO:
            self._sock.sendall(ok(self._last.body))
        elif step is RST:
            self._sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            raise EOFError
        elif step is FIN:
            raise EOFError
        else:
            while self._sock.recv(65536):
                pass

    def _drip(self, drip: Drip) -> None:
        while True:
            for index in range(len(drip.data)):
                self._sock.sendall(drip.data[index : index + 1])
                self._server.pause(drip.every)
            if not drip.forever:
                return

    def _request(self) -> Received:
        while b"\r\n\r\n" not in self._buffer:
            self._more()
        head, _, self._buffer = self._buffer.partition(b"\r\n\r\n")
        received = Received(head, b"", self._number)
        length = int(received.headers.get("content-length", "0"))
        while len(self._buffer) < length:
            self._more()
        body, self._buffer = self._buffer[:length], self._buffer[length:]
        return received._replace(body=body)

    def _more(self) -> None:
        data = self._sock.recv(65536)
        if not data:
            raise EOFError
        self._buffer += data


def answer(status: str = "200 OK", body: bytes = b"{}", **headers: str) -> bytes:
    """A whole answer with Content-Length; underscores in the names of `headers` stand for hyphens."""
    return head(status, {"content-length": str(len(body)), **headers}) + body


def ok(body: bytes = b"{}", **headers: str) -> bytes:
    """A whole 200."""
    return answer("200 OK", body, **headers)


def head(status: str = "200 OK", headers: Mapping[str, str] | None = None, **more: str) -> bytes:
    """A head alone, its blank line included."""
    fields = {**(headers or {}), **more}
    lines = [f"HTTP/1.1 {status}", *(f"{name.replace('_', '-')}: {value}" for name, value in fields.items()), "", ""]
    return "\r\n".join(lines).encode("latin-1")


def chunked(*chunks: bytes, end: bytes = b"0\r\n\r\n") -> bytes:
    """A chunked body."""
    return b"".join(b"%x\r\n%b\r\n" % (len(chunk), chunk) for chunk in chunks) + end


@contextlib.contextmanager
def closed_port(host: str = "127.0.0.1") -> Iterator[int]:
    """A port that nobody listens on, and that nobody else is given meanwhile."""
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as sock:
        sock.bind((host, 0))
        yield sock.getsockname()[1]


@contextlib.contextmanager
def full_backlog(host: str = "127.0.0.1", port: int = 0) -> Iterator[int]:
    """A port whose listener takes no more connections and refuses none: connecting to it hangs (Linux)."""
    with contextlib.ExitStack() as stack:
        listener = stack.enter_context(socket.socket(socket.AF_INET))
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
        listener.listen(0)
        for _ in range(4):
            filler = stack.enter_context(socket.socket(socket.AF_INET))
            filler.setblocking(False)
            filler.connect_ex(listener.getsockname())
        yield listener.getsockname()[1]
