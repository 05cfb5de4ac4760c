"""A `streamGenerateContent` stream: events as they come, and at the end the body that the plain call would have had.

Source: Gemini API reference, "Generating content", streamGenerateContent with alt=sse: each event is a whole answer
with the next parts; there is no terminator, the finish reason proves the end.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from agentsea_gateway.dialects.gemini.answer import check_finish, decode_response, finish_of, read, refused
from agentsea_gateway.dialects.gemini.stream_parts import StreamedParts, says_something
from agentsea_gateway.dialects.streaming import EventDecoder, bad_event
from agentsea_gateway.dialects.text import mended_or_none
from agentsea_gateway.json_array import JSONArrayDecoder
from agentsea_gateway.sse import SSEDecoder
from agentsea_gateway.stream_events import Start
from agentsea_gateway.strict_json import SCAN_ERRORS, scan

if TYPE_CHECKING:
    from collections.abc import Mapping

    from agentsea_gateway.dialects.streaming import Framing
    from agentsea_gateway.errors import MalformedResponseError
    from agentsea_gateway.response import Response
    from agentsea_gateway.sse import Event
    from agentsea_gateway.stream_events import StreamEvent

# What a chunk of another shape raises.
SHAPE_ERRORS = (AttributeError, IndexError, KeyError, RecursionError, TypeError, ValueError)
_BEFORE = b"\xef\xbb\xbf \t\r\n"  # a byte order mark, white space
_LISTS = ("citations", "citationSources", "groundingChunks")  # in the metadata of a candidate: they grow


class EventsOrArray:
    """The framing of a stream: server-sent events, or without `alt=sse` one JSON array. Its first byte tells."""

    __slots__ = ("_chosen", "_head")

    def __init__(self) -> None:
        self._chosen: Framing | None = None
        self._head = b""

    @property
    def failure(self) -> MalformedResponseError | None:
        """See `Framing`."""
        return self._chosen.failure if self._chosen else None

    def feed(self, data: bytes) -> list[Event]:
        """See `Framing`."""
        if self._chosen is None:
            self._head = data = self._head + data
            first = data.lstrip(_BEFORE)[:1]
            if not first:
                return []
            self._chosen = JSONArrayDecoder() if first == b"[" else SSEDecoder()
        return self._chosen.feed(data)

    def flush(self) -> list[Event]:
        """See `Framing`."""
        return self._chosen.flush() if self._chosen else []


class GenerateContentDecoder(EventDecoder):
    """The decoder of one stream; see `StreamDecoder`."""

    __slots__ = ("_candidate", "_parts", "_started", "_top", "_usage")

    def __init__(self, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(headers, EventsOrArray())
        self._started = False
        self._top: dict[str, Any] = {}  # the body around the candidates
        self._usage: dict[str, Any] = {}
        self._candidate: dict[str, Any] = {}  # the candidate around its content
        self._parts = StreamedParts()

    def _take(self, events: list[Event], out: list[StreamEvent]) -> None:
        for _, data in events:
            try:
                chunk, end = scan(data, 0)
            except SCAN_ERRORS:
                word = data.strip()
                if word and word != "[DONE]":  # proxies that follow OpenAI in this
                    raise bad_event() from None
                self.ended = self.ended or bool(word)
                if self.ended:
                    return
                continue
            if not isinstance(chunk, dict) or data[end:].strip():
                raise bad_event()
            try:
                self._take_chunk(chunk, out)
            except SHAPE_ERRORS:
                raise bad_event() from None

    def _take_chunk(self, chunk: dict[str, Any], out: list[StreamEvent]) -> None:
        error = refused(chunk, self._headers)
        if error is not None:
            raise error
        for key, value in chunk.items():
            if key == "usageMetadata":
                self._usage = _counted(self._usage, value or {})
            elif key != "candidates" and value:
                self._top.setdefault(key, value)
        said: list[StreamEvent] = []  # behind the start, which an error in its own event is not worth
        for candidate in chunk.get("candidates") or ():
            if not candidate.get("index"):
                self._take_candidate(candidate, out if self._started else said)
        if not self._started:
            self._started = True
            out.append(
                Start(mended_or_none(self._top.get("responseId")), mended_or_none(self._top.get("modelVersion")))
            )
            out += said

    def _take_candidate(self, candidate: dict[str, Any], out: list[StreamEvent]) -> None:
        parts = (candidate.get("content") or {}).get("parts") or ()
        for part in parts:
            self._parts.take(part, out)
        if any(map(says_something, parts)):  # a STOP in front of this was that of a tool of Google's own
            self._candidate.pop("finishReason", None)
        for key, value in candidate.items():
            if key != "content" and value is not None:
                before = self._candidate.get(key)
                both = isinstance(before, dict) and isinstance(value, dict)
                self._candidate[key] = _grown(before, value) if both else value
        if finish_of(candidate):
            self._parts.close(out)
        check_finish(candidate)

    def _proven(self) -> bool:
        finish = finish_of(self._candidate)
        return self.ended or (finish is not None and not (finish == "STOP" and self._parts.waits()))

    def _response(self, whole: bool) -> Response:
        content = {"parts": self._parts.wire(), "role": "model"}
        candidate = {"content": content, **self._candidate}
        body = {"candidates": [candidate], "usageMetadata": self._usage or None, **self._top}
        return read(body, self._headers, whole=whole)

    def _plain(self, body: Any) -> Response:
        return decode_response(body, self._headers)


def decode_list(body: list[Any], headers: Mapping[str, str] | None) -> Response:
    """The Response of all events of a stream, as the list that they are without `alt=sse`."""
    decoder = GenerateContentDecoder(headers)
    try:
        for chunk in body:
            decoder._take_chunk(chunk, [])
    except SHAPE_ERRORS:
        raise bad_event() from None
    return decoder.finish().response.with_fields(raw=body)


def _counted(before: dict[str, Any], new: dict[str, Any]) -> dict[str, Any]:
    """The usage with what a later event says: each has all counts so far, or none."""
    return new if "totalTokenCount" in new else {**before, **new}


def _grown(before: Any, new: dict[str, Any]) -> dict[str, Any]:
    """The metadata of a candidate with what a later event adds."""
    merged = {**before, **new}
    for name in _LISTS:
        if before.get(name) and new.get(name):
            merged[name] = [*before[name], *(each for each in new[name] if each not in before[name])]
    return merged
