"""Amazon's event stream encoding: bytes in, events out, whatever the reads look like.

    total length, headers length, CRC-32 of these two      4 bytes each, big-endian: the prelude
    headers                                                name length (1), name, type (1), value
    payload
    CRC-32 of everything before it                         4 bytes

Source: Smithy 2.0, "Amazon Event Stream Specification" (`application/vnd.amazon.eventstream`), November 2026.
"""

from __future__ import annotations

from struct import Struct, error
from zlib import crc32

from agentsea_gateway import strict_json
from agentsea_gateway.errors import MalformedResponseError
from agentsea_gateway.sse import MAX_EVENT, Event

EXCEPTION = "exception:"  # how the name of an event begins that is an exception; its type follows

_PRELUDE = Struct(">III")
_CRC = Struct(">I")
_LENGTH = Struct(">H")
_AROUND = _PRELUDE.size + _CRC.size  # bytes of an event beside its headers and payload
_FIXED = {0: 0, 1: 0, 2: 1, 3: 2, 4: 4, 5: 8, 8: 8, 9: 16}  # type of a header's value -> its length
_BYTES, _TEXT = 6, 7  # the types whose value begins with its length
_PLAIN = b"{[< \t\r\n"  # what text begins with, and no event, which would be half a gigabyte long
_KINDS_KNOWN = 64  # heads of events that are remembered: a stream has about six different ones


class FrameDecoder:
    """Cuts a stream of bytes into events: the event's name, and its payload as text. One per stream, for one thread.

    failure   the error that the next call raises, because events in front of it had to be handed out first

    An exception is an event whose name is EXCEPTION and the exception's type. Text instead of events is let pass
    without any: it is a plain answer or a web page.
    """

    __slots__ = ("_buffer", "_kinds", "_max_event", "_needed", "_plain", "failure")

    def __init__(self, max_event: int = MAX_EVENT) -> None:
        self._max_event = max_event
        self._buffer = bytearray()
        self._needed = _PRELUDE.size  # bytes that the buffer must hold before there is anything new to see
        self._kinds: dict[bytes, tuple[str, str | None]] = {}
        self._plain: bool | None = None  # unknown before the first byte
        self.failure: MalformedResponseError | None = None

    def feed(self, data: bytes) -> list[Event]:
        """The events that these bytes complete.

        Raises MalformedResponseError for an event over the cap, one whose checksum is wrong, and what is none; events
        in front of it are handed out first, and then the next call raises.
        """
        if self.failure is not None:
            raise self.failure
        if self._plain is None and data:
            self._plain = data[0] in _PLAIN
        if self._plain:
            return []
        buffer = self._buffer
        buffer += data
        found: list[Event] = []
        if len(buffer) < self._needed:
            return found
        try:
            with memoryview(buffer) as view:
                taken = self._cut(view, found)
        except MalformedResponseError as broken:
            self.failure = broken
            if not found:
                raise
            return found
        del buffer[:taken]
        return found

    def flush(self) -> list[Event]:
        """Nothing; raises MalformedResponseError where the stream ended inside an event."""
        if self._buffer:
            raise MalformedResponseError("the stream was truncated in the middle of an event")
        return []

    def _cut(self, view: memoryview, found: list[Event]) -> int:
        """Append the whole events; how many bytes they were."""
        at = 0
        while len(view) - at >= _PRELUDE.size:
            total, headers, checksum = _PRELUDE.unpack_from(view, at)
            if crc32(view[at : at + 8]) != checksum:
                raise MalformedResponseError("the stream holds an event whose lengths are damaged")
            if total > self._max_event:
                raise MalformedResponseError(f"one event of the stream is longer than {self._max_event} bytes")
            if headers + _AROUND > total:
                raise MalformedResponseError("the stream holds an event that is shorter than its headers")
            if len(view) - at < total:
                self._needed = total
                return at
            found.append(self._event(view[at : at + total], headers))
            at += total
        self._needed = _PRELUDE.size
        return at

    def _event(self, frame: memoryview, headers: int) -> Event:
        body, (checksum,) = frame[: -_CRC.size], _CRC.unpack_from(frame, len(frame) - _CRC.size)
        if crc32(body) != checksum:
            raise MalformedResponseError("the stream holds an event that is damaged")
        start = _PRELUDE.size + headers
        name, told = self._kind(bytes(body[_PRELUDE.size : start]))
        if told is not None:
            return name, told
        try:
            return name, str(body[start:], "utf-8")
        except UnicodeDecodeError:
            raise MalformedResponseError("the stream holds invalid UTF-8") from None

    def _kind(self, head: bytes) -> tuple[str, str | None]:
        """The event's name, and what it says where its headers say it."""
        kind = self._kinds.get(head)
        if kind is None:
            kind = _kind(_headers(head))
            if len(self._kinds) < _KINDS_KNOWN:
                self._kinds[head] = kind
        return kind


def _kind(headers: dict[str, str]) -> tuple[str, str | None]:
    message_type = headers.get(":message-type", "event")
    if message_type == "exception":
        return EXCEPTION + headers.get(":exception-type", ""), None
    if message_type == "error":  # without a payload
        told = strict_json.dumps({"message": headers.get(":error-message", "")}).decode()
        return EXCEPTION + headers.get(":error-code", ""), told
    return headers.get(":event-type", ""), None


def _headers(head: bytes) -> dict[str, str]:
    """The headers that hold text."""
    found: dict[str, str] = {}
    at = 0
    try:
        while at < len(head):
            start = at + 1 + head[at]
            name, kind = str(head[at + 1 : start], "utf-8"), head[start]
            at = start + 1
            if kind in (_BYTES, _TEXT):
                (length,) = _LENGTH.unpack_from(head, at)
                at += _LENGTH.size + length
                if kind == _TEXT and at <= len(head):
                    found[name] = str(head[at - length : at], "utf-8")
            else:
                at += _FIXED[kind]
    except (IndexError, KeyError, UnicodeDecodeError, error):
        raise MalformedResponseError("the stream holds an event whose headers cannot be read") from None
    if at != len(head):
        raise MalformedResponseError("the stream holds an event whose headers cannot be read")
    return found
