"""One answer on its way to the client: the steps that a connection plays, and the answer they are made from."""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING, Literal

from attrs import evolve, frozen

if TYPE_CHECKING:
    from collections.abc import Iterator

After = Literal["request", "head"] | int
Framing = Literal["length", "chunked", "close"]


class End(Enum):
    """How an answer stops before its time: the connection is closed, reset, or stays open and silent."""

    FIN = "fin"
    RST = "rst"
    STALL = "stall"


Step = bytes | float | End
"""Bytes to send, seconds to pause, or the end. Running out of steps leaves the connection open for the next request."""


@frozen
class Frame:
    """A piece of a body: one event of a stream, or a whole plain body. `content` says whether a caller sees it."""

    data: bytes
    content: bool = False


@frozen
class Answer:
    """An HTTP answer, not yet sent.

    ping      what keeps the connection warm without saying anything: an event of a stream, a blank in a plain body
    latency   seconds before the head
    pause     seconds before every content event but the first
    """

    status: int
    headers: tuple[tuple[str, str], ...]
    frames: tuple[Frame, ...]
    streamed: bool = False
    framing: Framing = "length"
    ping: bytes = b" "
    latency: float = 0.0
    pause: float = 0.0

    def head(self) -> bytes:
        """Status line and headers, the body's framing included."""
        lines = [f"HTTP/1.1 {self.status} {REASONS.get(self.status, 'Status')}"]
        lines += [f"{name}: {value}" for name, value in self.headers]
        if self.framing == "length":
            lines.append(f"content-length: {sum([len(frame.data) for frame in self.frames])}")
        elif self.framing == "chunked":
            lines.append("transfer-encoding: chunked")
        else:
            lines.append("connection: close")
        return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")

    def framed(self, data: bytes) -> bytes:
        """`data` as it goes over the wire."""
        return b"%x\r\n%b\r\n" % (len(data), data) if self.framing == "chunked" else data

    def steps(self) -> Iterator[Step]:
        """The whole answer, as it should be."""
        yield from self.opening("head")
        yield from self.body(self.frames)
        if self.framing == "chunked":
            yield b"0\r\n\r\n"
        elif self.framing == "close":
            yield End.FIN

    def opening(self, after: After) -> Iterator[Step]:
        """Everything up to a point: "request" (nothing), "head", or so much of the body (see `split`)."""
        if self.latency:
            yield self.latency
        if after == "request":
            return
        yield self.head()
        if after != "head":
            yield from self.body(self.split(after)[0])

    def body(self, frames: tuple[Frame, ...]) -> Iterator[Step]:
        """These frames, with the pauses between them."""
        seen = False
        for frame in frames:
            if frame.content and self.pause and seen:
                yield self.pause
            seen = seen or frame.content
            yield self.framed(frame.data)

    def split(self, after: int) -> tuple[tuple[Frame, ...], tuple[Frame, ...]]:
        """The frames before and behind a point: after so many content events of a stream, or bytes of a plain body.

        0 content events end just before the first of them, so what the vendor sends ahead of it is in front.
        """
        if not self.streamed:
            data = b"".join([frame.data for frame in self.frames])
            return (Frame(data[:after], True),), (Frame(data[after:], True),)
        seen = 0
        for index, frame in enumerate(self.frames):
            if frame.content and seen == after:
                return self.frames[:index], self.frames[index:]
            seen += frame.content
            if frame.content and seen == after:
                return self.frames[: index + 1], self.frames[index + 1 :]
        return self.frames, ()

    def half(self) -> int:
        """The point halfway: content events of a stream, bytes of a plain body; at least one."""
        if self.streamed:
            return max(1, sum([frame.content for frame in self.frames]) // 2)
        return max(1, sum([len(frame.data) for frame in self.frames]) // 2)

    def with_frames(self, *frames: Frame) -> Answer:
        """The same answer with another body."""
        return evolve(self, frames=frames)


REASONS = {
    200: "OK",
    201: "Created",
    204: "No Content",
    301: "Moved Permanently",
    302: "Found",
    303: "See Other",
    304: "Not Modified",
    307: "Temporary Redirect",
    308: "Permanent Redirect",
    400: "Bad Request",
    401: "Unauthorized",
    402: "Payment Required",
    403: "Forbidden",
    404: "Not Found",
    405: "Method Not Allowed",
    408: "Request Timeout",
    409: "Conflict",
    413: "Content Too Large",
    422: "Unprocessable Content",
    429: "Too Many Requests",
    431: "Request Header Fields Too Large",
    500: "Internal Server Error",
    502: "Bad Gateway",
    503: "Service Unavailable",
    504: "Gateway Timeout",
    529: "Overloaded",
}
