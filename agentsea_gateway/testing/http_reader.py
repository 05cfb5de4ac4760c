"""Bytes in, HTTP/1.1 requests out: the reading half of the sandbox's server, without a socket."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import frozen

if TYPE_CHECKING:
    from collections.abc import Mapping

MAX_HEAD = 65_536
MAX_BODY = 256 * 1024 * 1024


class BadRequest(Exception):  # noqa: N818 - a message to the connection, not an error of ours
    """What arrived is no HTTP request that this server can read."""

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(reason)
        self.status = status
        self.reason = reason


@frozen
class Incoming:
    """One request as it arrived; header names in lower case, duplicates joined."""

    method: str
    target: str
    version: str
    headers: Mapping[str, str]
    data: bytes

    @property
    def keep_alive(self) -> bool:
        """Whether the client wants to go on with this connection."""
        connection = self.headers.get("connection", "").lower()
        return "keep-alive" in connection if self.version == "HTTP/1.0" else "close" not in connection


class HTTPReader:
    """Collects what one connection receives. `wants_continue` is True after a head whose client waits for a 100."""

    __slots__ = ("_buffer", "_head", "wants_continue")

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._head: Incoming | None = None  # read, but its body is not there yet
        self.wants_continue = False

    def feed(self, data: bytes) -> None:
        """Take what the socket gave."""
        self._buffer += data

    def next(self) -> Incoming | None:
        """The next whole request, or None while there is none. Raises BadRequest."""
        begun = self._head
        head = begun or self._read_head()
        if head is None:
            return None
        data = self._read_body(head)
        self._head = head if data is None else None
        waits = head.headers.get("expect", "").lower() == "100-continue"
        self.wants_continue = waits and data is None and begun is None
        return None if data is None else Incoming(head.method, head.target, head.version, head.headers, data)

    def _read_head(self) -> Incoming | None:
        end = self._buffer.find(b"\r\n\r\n")
        if end < 0:
            if len(self._buffer) > MAX_HEAD:
                raise BadRequest(431, "the request head is too large")
            return None
        head = self._buffer[:end].decode("latin-1")
        del self._buffer[: end + 4]
        start, *lines = head.lstrip("\r\n").split("\r\n")
        parts = start.split(" ")
        if len(parts) != 3 or parts[2] not in ("HTTP/1.1", "HTTP/1.0"):
            raise BadRequest(400, "the request line is malformed")
        method, target, version = parts
        return Incoming(method, target, version, _headers(lines), b"")

    def _read_body(self, head: Incoming) -> bytes | None:
        if head.headers.get("transfer-encoding", "").lower() == "chunked":
            return self._read_chunks()
        length = head.headers.get("content-length", "0")
        if not length.isdecimal() or int(length) > MAX_BODY:
            raise BadRequest(400, "the content length is malformed or too large")
        if len(self._buffer) < int(length):
            return None
        data = bytes(self._buffer[: int(length)])
        del self._buffer[: int(length)]
        return data

    def _read_chunks(self) -> bytes | None:
        """The whole chunked body, or None while a part of it is missing. Trailers are read over."""
        at = 0
        chunks: list[bytes] = []
        while True:
            end = self._buffer.find(b"\r\n", at)
            if end < 0:
                return None
            try:
                size = int(bytes(self._buffer[at:end]).partition(b";")[0], 16)
            except ValueError:
                raise BadRequest(400, "a chunk size is malformed") from None
            at = end + 2 + size + 2
            if size == 0:
                return self._end_of_chunks(end, chunks)
            if len(self._buffer) < at:
                return None
            chunks.append(bytes(self._buffer[end + 2 : at - 2]))

    def _end_of_chunks(self, size_end: int, chunks: list[bytes]) -> bytes | None:
        # Without trailers the empty line follows at once; with them, it follows the last one.
        end = self._buffer.find(b"\r\n\r\n", size_end)
        if end < 0:
            return None
        del self._buffer[: end + 4]
        return b"".join(chunks)


def _headers(lines: list[str]) -> dict[str, str]:
    headers: dict[str, str] = {}
    for line in lines:
        name, colon, value = line.partition(":")
        if not colon or name != name.strip():
            raise BadRequest(400, "a header line is malformed")
        name, value = name.lower(), value.strip()
        headers[name] = f"{headers[name]}, {value}" if name in headers else value
    return headers
