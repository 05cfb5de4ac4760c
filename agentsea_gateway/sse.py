"""Server-sent events: bytes in, events out, whatever the reads look like (WHATWG HTML, "Server-sent events", 9.2.6).

CR, LF and CRLF, comments, data of several lines, a byte order mark and characters split between two reads are all one;
every way to cut a stream gives the same events. `id` and `retry` mean nothing here and are left out.
"""

from __future__ import annotations

from agentsea_gateway.errors import MalformedResponseError

MAX_EVENT = 16 * 1024 * 1024  # bytes of one event
_BOM = b"\xef\xbb\xbf"
_SMALL = 4096  # bytes of an unfinished event that are looked at again with the next read; more goes line by line

Event = tuple[str, str]  # the event's name ("" where it has none) and its data


class SSEDecoder:
    """Cuts a stream of bytes into events. One per stream, for one thread.

    failure   the error that the next call raises, because events in front of it had to be handed out first

    Small events are cut in bulk, at the blank lines. An event that grows over many reads is taken line by line, so
    that the work stays linear in the bytes however they come.
    """

    __slots__ = ("_after_cr", "_data", "_fresh", "_line", "_max_event", "_name", "_rest", "_size", "failure")

    def __init__(self, max_event: int = MAX_EVENT) -> None:
        self._max_event = max_event
        self._fresh = True  # no byte behind a byte order mark was seen yet
        self._after_cr = False  # the last read ended in CR: an LF that follows belongs to it
        self._rest = b""  # bytes behind the last blank line
        self.failure: MalformedResponseError | None = None
        # The event that is taken line by line, if there is one:
        self._size = 0
        self._line: list[bytes] | None = None  # the pieces of its last, unfinished line
        self._name = ""
        self._data: list[str] = []

    def feed(self, data: bytes) -> list[Event]:
        """The events that these bytes complete.

        Raises MalformedResponseError for an event over the cap or invalid UTF-8; events in front of it are handed out
        first, and then the next call raises.
        """
        if self.failure is not None:
            raise self.failure
        if self._fresh or self._after_cr:
            data = self._begin(data)
        if b"\r" in data:
            self._after_cr = data.endswith(b"\r")
            data = data.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
        found: list[Event] = []
        try:
            if self._line is None:
                self._cut(data, found)
            else:
                self._take_lines(data, self._line, found)
        except MalformedResponseError as error:
            self.failure = error
            if not found:
                raise
        return found

    def flush(self) -> list[Event]:
        """The event that the end of the stream left without its blank line, if there is one."""
        return self.feed(b"\n\n")

    def _begin(self, data: bytes) -> bytes:
        if self._after_cr and data:
            self._after_cr = False
            return data[1:] if data.startswith(b"\n") else data
        if self._fresh:
            data = self._rest + data
            self._rest = b""
            if len(data) < len(_BOM) and _BOM.startswith(data):
                self._rest = data
                return b""
            self._fresh = False
            return data.removeprefix(_BOM)
        return data

    def _cut(self, data: bytes, found: list[Event]) -> None:
        if self._rest:
            data = self._rest + data
        end = data.rfind(b"\n\n")
        if end < 0:
            self._rest = data
            if len(data) > _SMALL:
                self._rest = b""
                self._line = []
                self._take_lines(data, self._line, found)
            return
        self._rest = data[end + 2 :]
        text: str | None = None
        try:
            text = str(data[:end], "utf-8")
        except UnicodeDecodeError:  # found again below, behind the events that are right
            pass
        if text is None or end >= self._max_event:
            for raw in data[:end].split(b"\n\n"):
                self._check_size(len(raw) + 1)
                found += _event_of(_text(raw))
            return
        uniform = _uniform_events(text)
        if uniform is not None:
            found += uniform
            return
        for block in text.split("\n\n"):
            found += _event_of(block)

    def _take_lines(self, data: bytes, line: list[bytes], found: list[Event]) -> None:
        first, *others = data.split(b"\n")
        line.append(first)
        self._size += len(first)
        self._check_size(self._size)
        for other in others:
            self._take_line(_text(b"".join(line)), found)
            self._size += len(other) + 1
            self._check_size(self._size)
            line[:] = [other]
        if others and not self._data and not self._name:  # between two events: in bulk again
            self._rest, self._line, self._size = b"".join(line), None, 0

    def _take_line(self, line: str, found: list[Event]) -> None:
        if line:
            name, value = _field(line)
            if name == "data":
                self._data.append(value)
            elif name == "event":
                self._name = value
            return
        if self._data:
            found.append((self._name, "\n".join(self._data)))
        self._name, self._data, self._size = "", [], -1  # the blank line's own end, which is counted next

    def _check_size(self, size: int) -> None:
        if size > self._max_event:
            raise MalformedResponseError(f"one event of the stream is longer than {self._max_event} bytes")


def _text(line: bytes) -> str:
    try:
        return str(line, "utf-8")
    except UnicodeDecodeError:
        raise MalformedResponseError("the stream holds invalid UTF-8") from None


def _field(line: str) -> tuple[str, str]:
    name, _, value = line.partition(":")
    return name, value.removeprefix(" ")


def _uniform_events(text: str) -> list[Event] | None:
    """All events of a text in which each is written in the same one way, as most servers do; None for any other.

    The number of line ends proves it: two between events, and one inside each that has a name.
    """
    if text.startswith("data: "):
        data = text[6:].split("\n\ndata: ")
        return [("", each) for each in data] if text.count("\n") == 2 * len(data) - 2 else None
    if text.startswith("event: "):
        pairs = [each.partition("\ndata: ") for each in text[7:].split("\n\nevent: ")]
        if text.count("\n") == 3 * len(pairs) - 2:
            found = [(name, data) for name, separator, data in pairs if separator]
            return found if len(found) == len(pairs) else None
    return None


def _event_of(block: str) -> list[Event]:
    """The event that these lines, up to a blank one, are; nothing where they hold no data."""
    name = ""
    lines = []
    for line in block.split("\n"):
        field, value = _field(line)
        if field == "data":
            lines.append(value)
        elif field == "event":
            name = value
    return [(name, "\n".join(lines))] if lines else []
