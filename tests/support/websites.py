"""Web applications on real sockets in threads, and a client that can leave in the middle of an answer."""

from __future__ import annotations

import socket
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

PATIENCE = 10.0  # seconds until a server that does not answer has failed


@contextmanager
def wsgi(app: Any) -> Iterator[int]:
    """The port of a threaded WSGI server (werkzeug's) for `app`."""
    from werkzeug.serving import WSGIRequestHandler, make_server

    class Quiet(WSGIRequestHandler):
        def log(self, *_: Any) -> None:
            pass

    server = make_server("127.0.0.1", 0, app, threaded=True, request_handler=Quiet)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield server.server_port
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@contextmanager
def asgi(app: Any) -> Iterator[int]:
    """The port of an ASGI server (uvicorn) for `app`, its event loop in a thread."""
    import uvicorn

    listening = socket.create_server(("127.0.0.1", 0))
    config = uvicorn.Config(app, log_level="critical", ws="none", lifespan="off", timeout_graceful_shutdown=2)
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, args=([listening],))
    thread.start()
    try:
        yield listening.getsockname()[1]
    finally:
        server.should_exit = True
        thread.join()
        listening.close()


class Visitor:
    """An HTTP client over one socket, that reads as it comes and may leave at any moment."""

    def __init__(self, port: int, target: str, body: bytes = b"", *, host: str = "127.0.0.1") -> None:
        self.connection = socket.create_connection((host, port), PATIENCE)
        method, kind = ("POST", f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n")
        if not body:
            method, kind = "GET", ""
        head = f"{method} {target} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n{kind}\r\n"
        self.connection.sendall(head.encode() + body)
        self.seen = b""

    def read_until(self, mark: bytes) -> bytes:
        """Everything so far, once `mark` is in it. Raises AssertionError where the answer ends before."""
        while mark not in self.seen:
            data = self.connection.recv(65_536)
            assert data, f"ended without {mark!r}: {self.seen!r}"
            self.seen += data
        return self.seen

    def read(self) -> bytes:
        """The whole answer."""
        while data := self.connection.recv(65_536):
            self.seen += data
        return self.seen

    def body(self) -> bytes:
        """The body of the whole answer, without the chunks it came in."""
        head, _, rest = self.read().partition(b"\r\n\r\n")
        if b"\r\ntransfer-encoding: chunked" not in head.lower():
            return rest
        found = b""
        while True:
            size, _, rest = rest.partition(b"\r\n")
            length = int(size, 16)
            if not length:
                return found
            found += rest[:length]
            rest = rest[length + 2 :]

    def leave(self) -> None:
        """Go away, whatever comes."""
        self.connection.close()

    def __enter__(self) -> Visitor:
        return self

    def __exit__(self, *_: object) -> None:
        self.leave()
