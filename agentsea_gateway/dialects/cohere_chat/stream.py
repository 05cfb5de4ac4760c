"""A chat answer's stream: events as they come, and at the end the body that the plain call would have had.

Source: Cohere API reference, "Chat with Streaming": message-start, content-start, content-delta, content-end,
tool-plan-delta, tool-call-start, tool-call-delta, tool-call-end, citation-start, citation-end, message-end. The last
one has the finish reason and the usage; "[DONE]" behind it says nothing more.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from agentsea_gateway.dialects.cohere_chat.answer import broken, decode_response, is_broken, read
from agentsea_gateway.dialects.failures import decode_error
from agentsea_gateway.dialects.streaming import EventDecoder, bad_event
from agentsea_gateway.dialects.text import TextPieces, mended_or_none
from agentsea_gateway.dialects.tool_arguments import new_id
from agentsea_gateway.stream_events import Content, Start, Thinking, ToolCallDelta
from agentsea_gateway.strict_json import SCAN_ERRORS, scan

if TYPE_CHECKING:
    from collections.abc import Mapping

    from agentsea_gateway.response import Response
    from agentsea_gateway.sse import Event
    from agentsea_gateway.stream_events import StreamEvent


class _Part:
    """One part of the content, or one call, as far as it came."""

    __slots__ = ("ordinal", "pieces", "start")

    def __init__(self, start: dict[str, Any], ordinal: int) -> None:
        self.start = start
        self.ordinal = ordinal
        self.pieces = TextPieces()

    def content(self) -> dict[str, Any]:
        """The part of the content as the plain answer has it."""
        return {**self.start, self.start["type"]: str(self.pieces)}

    def call(self) -> dict[str, Any]:
        """The call as the plain answer has it."""
        function = {**self.start.get("function", {}), "arguments": str(self.pieces)}
        return {"id": new_id(self.ordinal), **self.start, "function": function}


class CohereDecoder(EventDecoder):
    """The decoder of one stream; see `StreamDecoder`."""

    __slots__ = ("_calls", "_citations", "_finish", "_id", "_index", "_parts", "_plan", "_text", "_usage")

    def __init__(self, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(headers)
        self._id: Any = None
        self._parts: dict[Any, _Part] = {}
        self._index: Any = None  # of the part of text that the last delta belonged to
        self._text = TextPieces()
        self._plan = TextPieces()
        self._calls: dict[Any, _Part] = {}
        self._citations: list[Any] = []
        self._finish: Any = None
        self._usage: Any = None

    def _take(self, events: list[Event], out: list[StreamEvent]) -> None:
        for name, data in events:
            try:
                event, end = scan(data, 0)
            except SCAN_ERRORS:
                if data.strip() in ("", "[DONE]"):
                    continue
                raise bad_event() from None
            try:  # nearly every event is a piece of text
                if event["type"] == "content-delta" and event["index"] == self._index and end == len(data):
                    text = self._text.add(event["delta"]["message"]["content"]["text"])
                    if text:
                        out.append(Content(text))
                    continue
            except (AttributeError, KeyError, TypeError):
                pass
            if not isinstance(event, dict) or data[end:].strip():
                raise bad_event()
            try:
                self._take_event(event.get("type") or name, event, out)
            except (AttributeError, KeyError, TypeError, ValueError, RecursionError):
                raise bad_event() from None
            if self.ended:
                return

    def _take_event(self, kind: str, event: dict[str, Any], out: list[StreamEvent]) -> None:
        if kind == "message-start":
            self._id = event.get("id")
            out.append(Start(mended_or_none(self._id), None))
        elif kind == "message-end":
            self._end(event["delta"])
        elif kind == "content-start":
            self._begin_part(event["index"], event["delta"]["message"]["content"], out)
        elif kind == "content-delta":
            self._add(event["index"], event["delta"]["message"]["content"], out)
        elif kind == "tool-plan-delta":
            _show(Thinking, self._plan, event["delta"]["message"]["tool_plan"], out)
        elif kind == "tool-call-start":
            self._begin_call(event["index"], event["delta"]["message"]["tool_calls"], out)
        elif kind == "tool-call-delta":
            self._add_arguments(self._calls[event["index"]], event["delta"]["message"]["tool_calls"], out)
        elif kind == "citation-start":
            found = event["delta"]["message"]["citations"]
            self._citations += found if isinstance(found, list) else [found]
        elif kind == "error" or event.get("error") or ("type" not in event and event.get("message")):
            raise decode_error(200, self._headers, event)

    def _begin_part(self, index: Any, content: dict[str, Any], out: list[StreamEvent]) -> None:
        kind = content.get("type")
        if kind not in ("text", "thinking"):
            raise TypeError("a part of content that nobody knows")
        self._parts[index] = _Part({"type": kind}, len(self._parts))
        self._add(index, content, out)

    def _add(self, index: Any, content: dict[str, Any], out: list[StreamEvent]) -> None:
        """Go on with a part; some models send no start for it."""
        kind = "thinking" if content.get("thinking") is not None else "text"
        part = self._parts.get(index)
        if part is None:
            part = self._parts[index] = _Part({"type": kind}, len(self._parts))
        if kind != part.start["type"]:
            raise TypeError("another kind of content than that of its part")
        if kind == "text":
            self._index, self._text = index, part.pieces
        _show(Content if kind == "text" else Thinking, part.pieces, content.get(kind) or "", out)

    def _begin_call(self, index: Any, call: dict[str, Any], out: list[StreamEvent]) -> None:
        function = call.get("function") or {}
        start = {key: value for key, value in call.items() if value is not None and key != "function"}
        part = _Part({**start, "function": {"name": function.get("name") or ""}}, len(self._calls))
        self._calls[index] = part
        call_id = mended_or_none(call.get("id")) or new_id(part.ordinal)
        out.append(ToolCallDelta(part.ordinal, call_id, mended_or_none(function.get("name"))))
        self._add_arguments(part, call, out)

    def _add_arguments(self, part: _Part, call: dict[str, Any], out: list[StreamEvent]) -> None:
        text = (call.get("function") or {}).get("arguments")
        shown = part.pieces.add(text) if text else ""
        if shown:
            out.append(ToolCallDelta(part.ordinal, arguments=shown))

    def _end(self, delta: dict[str, Any]) -> None:
        finish = delta.get("finish_reason")
        if is_broken(finish) or delta.get("error"):
            raise broken(finish, delta.get("error"), self._headers)
        self._finish, self._usage = finish, delta.get("usage")
        self.ended = True

    def _proven(self) -> bool:
        return self.ended

    def _response(self, whole: bool) -> Response:
        message: dict[str, Any] = {"role": "assistant"}
        if self._parts:
            message["content"] = [part.content() for part in self._parts.values()]
        if self._plan:
            message["tool_plan"] = str(self._plan)
        if self._calls:
            message["tool_calls"] = [part.call() for part in self._calls.values()]
        if self._citations:
            message["citations"] = self._citations
        body = {"id": self._id, "message": message, "finish_reason": self._finish, "usage": self._usage}
        return read(body, self._headers, whole=whole)

    def _plain(self, body: Any) -> Response:
        return decode_response(body, self._headers)


def _show(kind: type[Content | Thinking], pieces: TextPieces, text: str, out: list[StreamEvent]) -> None:
    shown = pieces.add(text) if text else ""
    if shown:
        out.append(kind(shown))
