"""A server that answers everything with one answer and remembers what it heard: for comparing two clients."""

from __future__ import annotations

import json
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread
from typing import TYPE_CHECKING, Any

from attrs import frozen

if TYPE_CHECKING:
    from collections.abc import Iterator


@frozen
class Overheard:
    """One request: method, path with its query, lower-case headers, and the JSON that its body holds."""

    method: str
    path: str
    headers: dict[str, str]
    body: Any


@contextmanager
def listening(
    plain: Any, stream: bytes, stream_type: str = "text/event-stream"
) -> Iterator[tuple[str, list[Overheard]]]:
    """The server's address and what it heard. A request that asks for a stream gets `stream`, any other `plain`."""
    heard: list[Overheard] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["content-length"])))
            heard.append(Overheard("POST", self.path, {k.lower(): v for k, v in self.headers.items()}, body))
            streams = body.get("stream") or "stream" in self.path.lower()
            answer = stream if streams else json.dumps(plain).encode()
            self.send_response(200)
            self.send_header("content-type", stream_type if streams else "application/json")
            self.send_header("content-length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *args: Any) -> None: ...

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}", heard
        finally:
            server.shutdown()
            thread.join()
