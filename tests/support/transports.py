"""A transport in memory, for tests of what providers send and make of the answers."""

from __future__ import annotations

import json
from collections import deque
from typing import TYPE_CHECKING, Any

from agentsea_gateway.errors import ProviderError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


class MemoryReply:
    """An answer: its body in pieces; an exception among them is raised when it is its turn."""

    def __init__(self, status: int = 200, body: Any = b"", headers: Mapping[str, str] | None = None) -> None:
        self.status = status
        self.headers = dict(headers or {})
        pieces = body if isinstance(body, list) else [body if isinstance(body, bytes) else json.dumps(body).encode()]
        self.pieces = deque(pieces)
        self.reads = 0
        self.state = "open"

    def read(self) -> bytes:
        found = b""
        while piece := self.read_some():
            found += piece
        return found

    def salvage(self) -> bytes:
        found = b""
        try:
            while piece := self.read_some():
                found += piece
        except ProviderError:
            pass
        return found

    def read_some(self) -> bytes:
        self.reads += 1
        piece = self.pieces.popleft() if self.pieces else b""
        if isinstance(piece, BaseException):
            raise piece
        return piece

    def finish(self) -> None:
        self.state = "finished"

    def close(self) -> None:
        if self.state == "open":
            self.state = "closed"


class MemoryEndpoint:
    """Remembers what was posted, and answers in order."""

    def __init__(self, transport: MemoryTransport, url: str, headers: Mapping[str, str]) -> None:
        self.transport = transport
        self.url = url
        self.headers = dict(headers)

    def post(self, body: bytes, call: Any, headers: Mapping[str, str] | None = None) -> MemoryReply:
        self.transport.calls.append(call)
        self.transport.posted.append((self.url, json.loads(body), {**self.headers, **(headers or {})}))
        return self.transport.replies.popleft()


class MemoryTransport:
    """What `transport=` takes. `posted` holds (url, body, headers) of each request, `calls` its Call."""

    def __init__(self, *replies: MemoryReply) -> None:
        self.replies = deque(replies)
        self.calls: list[Any] = []
        self.posted: list[tuple[str, Any, dict[str, str]]] = []
        self.closed = False

    def endpoint(self, url: str, headers: Mapping[str, str]) -> MemoryEndpoint:
        return MemoryEndpoint(self, url, headers)

    def close(self) -> None:
        self.closed = True


def sse(*events: Any) -> bytes:
    """Server-sent events with these data (a string is sent as it is)."""
    told: Iterable[str] = (event if isinstance(event, str) else json.dumps(event) for event in events)
    return "".join(f"data: {data}\n\n" for data in told).encode()
