"""Where a body ends: by length, by chunks or with the connection, as decoders that do no I/O (RFC 9112, 6 to 7)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Protocol

from agentsea_gateway.errors import MalformedResponseError
from agentsea_gateway.transport.answer_head import END, content_length

if TYPE_CHECKING:
    from agentsea_gateway.transport.limits import Limits

_FIRST = re.compile(rb"([0-9a-fA-F]{1,15})[ \t]*(?:;[^\n]*)?\r?\n")
_NEXT = re.compile(rb"\r?\n" + _FIRST.pattern)
_BLANK = re.compile(rb"\r?\n")
_LINE = 4096  # bytes of a chunk's size line, extensions included


class Framing(Protocol):
    """A body on its way in.

    done      its end has come
    surplus   bytes came behind it
    failure   what is wrong behind the bytes that were handed out last
    """

    done: bool
    surplus: bool
    failure: MalformedResponseError | None

    def feed(self, data: bytes) -> bytes:
        """The part of the next received bytes that belongs to the body.

        Raises MalformedResponseError for what cannot be one; the part in front of it is handed out first.
        """
        ...

    def end(self) -> None:
        """The connection was closed. Raises MalformedResponseError where the body's end was still to come."""
        ...


class Sized:
    """A body of so many bytes."""

    __slots__ = ("_length", "done", "left", "surplus")

    failure: MalformedResponseError | None = None

    def __init__(self, length: int) -> None:
        self._length = self.left = length
        self.done = length == 0
        self.surplus = False

    def feed(self, data: bytes) -> bytes:
        left = self.left - len(data)
        if left > 0:
            self.left = left
            return data
        if left < 0:
            self.surplus = True
            data = data[: self.left]
        self.left = 0
        self.done = True
        return data

    def end(self) -> None:
        if not self.done:
            raise MalformedResponseError(f"truncated: {self._length - self.left} of {self._length} body bytes came")


class Chunked:
    """A body in chunks, with trailers that nobody needs."""

    __slots__ = ("_held", "_left", "_limit", "_size", "_trailers", "done", "failure", "surplus")

    def __init__(self, limits: Limits) -> None:
        self.failure: MalformedResponseError | None = None
        self._held = b""  # the beginning of a line whose end is still to come
        self._left = 0  # bytes of the current chunk that are still to come
        self._size = _FIRST
        self._limit = limits.head
        self._trailers = False
        self.done = False
        self.surplus = False

    def feed(self, data: bytes) -> bytes:
        if self.failure is not None:
            raise self.failure
        if self._held:
            data, self._held = self._held + data, b""
        pieces: list[bytes] = []
        try:
            self._cut(data, pieces)
        except MalformedResponseError as error:
            if not pieces:
                raise
            self.failure = MalformedResponseError(error.message)  # a new one: `error` would hold this very frame
        return pieces[0] if len(pieces) == 1 else b"".join(pieces)

    def _cut(self, data: bytes, pieces: list[bytes]) -> None:
        at = 0
        while not self._trailers:
            if self._left:
                piece = data[at : at + self._left]
                pieces.append(piece)
                at += len(piece)
                self._left -= len(piece)
                if self._left:
                    return
            line = self._size.match(data, at)
            if line is None:
                self._hold(data, at)
                return
            at = line.end()
            self._left = int(line[1], 16)
            self._size = _NEXT
            self._trailers = self._left == 0
        self._feed_trailers(data, at)

    def _hold(self, data: bytes, at: int) -> None:
        """Keep an unfinished size line; what cannot become one is an error at once."""
        rest = data[at:]
        newlines = 1 if self._size is _FIRST else 2
        if len(rest) > _LINE or rest.count(b"\n") >= newlines or not _could_become_a_size(rest, newlines == 2):
            raise MalformedResponseError("the chunked body holds something else where a chunk's size should be")
        self._held = rest

    def _feed_trailers(self, data: bytes, at: int) -> None:
        end = _BLANK.match(data, at) or END.search(data, at)
        if end is not None:
            self.done = True
            self.surplus = end.end() < len(data)
            return
        self._held = data[at:]
        if len(self._held) > self._limit:
            raise MalformedResponseError(f"the chunked body's trailers are larger than {self._limit} bytes")

    def end(self) -> None:
        if not self.done:
            raise MalformedResponseError("truncated: the connection was closed before the last chunk")


def _could_become_a_size(rest: bytes, behind_a_chunk: bool) -> bool:
    if behind_a_chunk:
        rest = rest.removeprefix(b"\r")
        if rest and not rest.startswith(b"\n"):
            return False
        rest = rest[1:]
    return not rest or rest[:1] in b"0123456789abcdefABCDEF"


class UntilClose:
    """A body that ends with the connection.

    Over TLS a close without notice counts as its end too, as it does for http.client and most servers' habits: the
    dialect's own proof of the end (parsable JSON, a stream's last event) is what tells truncation.
    """

    __slots__ = ("done", "surplus")

    failure: MalformedResponseError | None = None

    def __init__(self) -> None:
        self.done = False
        self.surplus = False

    def feed(self, data: bytes) -> bytes:
        return data

    def end(self) -> None:
        self.done = True


def framing_of(status: int, fields: dict[str, str], limits: Limits) -> Framing:
    """How the body of this answer to a POST ends (RFC 9112, 6.3). Raises MalformedResponseError."""
    if status in (204, 304):
        return Sized(0)
    coding = fields.get("transfer-encoding")
    if coding is not None:
        if coding.lower() != "chunked":
            raise MalformedResponseError("the answer's transfer-encoding is not plain chunked, which was not asked for")
        return Chunked(limits)
    length = fields.get("content-length")
    return UntilClose() if length is None else Sized(content_length(length))
