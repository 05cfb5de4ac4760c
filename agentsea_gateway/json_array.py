"""A stream that is one JSON array: bytes in, elements out as they come, whatever the reads look like.

Beside `sse` and `ndjson` and with the same face: an element is an event without a name. What stands between elements
(commas, white space) says nothing; every way to cut a stream gives the same elements.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from agentsea_gateway.errors import MalformedResponseError
from agentsea_gateway.sse import MAX_EVENT

if TYPE_CHECKING:
    from agentsea_gateway.sse import Event

# None of these bytes is a part of another character in UTF-8.
_MARK = re.compile(rb'["{}\[\]]')
_IN_STRING = re.compile(rb'["\\]')


class JSONArrayDecoder:
    """Cuts a stream of bytes into the objects of its array. One per stream, for one thread.

    failure   the error that the next call raises, because elements in front of it had to be handed out first
    """

    __slots__ = ("_at", "_depth", "_held", "_max_event", "_quoted", "failure")

    def __init__(self, max_event: int = MAX_EVENT) -> None:
        self._max_event = max_event
        self._held = bytearray()  # from the beginning of the element that has not ended
        self._at = 0  # how far that was looked at
        self._depth = 0  # 1 between the elements
        self._quoted = False
        self.failure: MalformedResponseError | None = None

    def feed(self, data: bytes) -> list[Event]:
        """The elements that these bytes complete.

        Raises MalformedResponseError for an element over the cap or invalid UTF-8; elements in front of it are handed
        out first, and then the next call raises.
        """
        if self.failure is not None:
            raise self.failure
        self._held += data
        found: list[Event] = []
        try:
            while self._step(found):
                pass
            if len(self._held) > self._max_event:
                raise MalformedResponseError(f"one element of the stream is longer than {self._max_event} bytes")
        except MalformedResponseError as error:
            self.failure = error
            if not found:
                raise
        return found

    def flush(self) -> list[Event]:
        """Nothing: an element that has not ended cannot be one."""
        return []

    def _step(self, found: list[Event]) -> bool:
        """Go to the next byte that means something; whether there is one."""
        match = (_IN_STRING if self._quoted else _MARK).search(self._held, self._at)
        if match is None:
            self._at = len(self._held)
            return False
        mark = match[0]
        if mark == b"\\":
            if match.end() == len(self._held):  # what it stands before comes with the next read
                self._at = match.start()
                return False
            self._at = match.end() + 1
            return True
        self._at = match.end()
        if mark == b'"':
            self._quoted = not self._quoted
        elif mark in b"{[":
            self._depth += 1
            if self._depth == 2:
                del self._held[: match.start()]
                self._at = 1
        else:
            self._depth -= 1
            if self._depth == 1:
                element = bytes(self._held[: self._at])
                del self._held[: self._at]
                self._at = 0
                found.append(("", _text(element)))
        return True


def _text(element: bytes) -> str:
    try:
        return str(element, "utf-8")
    except UnicodeDecodeError:
        raise MalformedResponseError("the stream holds invalid UTF-8") from None
