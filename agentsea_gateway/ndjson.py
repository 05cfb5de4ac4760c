"""Newline-delimited JSON: bytes in, lines out, whatever the reads look like (ndjson.org, version 1.0).

Beside `sse` and with the same face: a line is an event without a name. LF and CRLF, blank lines, a byte order mark and
characters split between two reads are all one; every way to cut a stream gives the same lines.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from agentsea_gateway.errors import MalformedResponseError
from agentsea_gateway.sse import MAX_EVENT

if TYPE_CHECKING:
    from agentsea_gateway.sse import Event

_BOM = "\ufeff"


class NDJSONDecoder:
    """Cuts a stream of bytes into lines. One per stream, for one thread.

    failure   the error that the next call raises, because lines in front of it had to be handed out first
    """

    __slots__ = ("_fresh", "_max_event", "_pieces", "_size", "failure")

    def __init__(self, max_event: int = MAX_EVENT) -> None:
        self._max_event = max_event
        self._fresh = True  # no line was seen yet
        self._pieces: list[bytes] = []  # of the line that has not ended; joined once, however it comes
        self._size = 0
        self.failure: MalformedResponseError | None = None

    def feed(self, data: bytes) -> list[Event]:
        """The lines that these bytes complete, without those that are blank.

        Raises MalformedResponseError for a line over the cap or invalid UTF-8; lines in front of it are handed out
        first, and then the next call raises.
        """
        if self.failure is not None:
            raise self.failure
        found: list[Event] = []
        if not self._size and data.isspace():  # blank lines keep a connection alive, and may be very many
            return found
        try:
            self._cut(data, found)
        except MalformedResponseError as error:
            self.failure = error
            if not found:
                raise
        return found

    def flush(self) -> list[Event]:
        """The line that the end of the stream left without its line end, if there is one."""
        return self.feed(b"\n")

    def _cut(self, data: bytes, found: list[Event]) -> None:
        *ended, rest = data.split(b"\n")
        for line in ended:
            self._add(line)
            text = self._text()
            if text:
                found.append(("", text))
        self._add(rest)

    def _add(self, piece: bytes) -> None:
        self._pieces.append(piece)
        self._size += len(piece)
        if self._size > self._max_event:
            raise MalformedResponseError(f"one line of the stream is longer than {self._max_event} bytes")

    def _text(self) -> str:
        line = b"".join(self._pieces)
        self._pieces.clear()
        self._size = 0
        try:
            text = str(line, "utf-8")
        except UnicodeDecodeError:
            raise MalformedResponseError("the stream holds invalid UTF-8") from None
        if self._fresh:
            self._fresh = False
            text = text.removeprefix(_BOM)
        return text.strip("\r\t ")
