"""A response's stream: events as they come, and at the end the body that the plain call would have had.

Source: OpenAI API reference, "Streaming events" of the Responses API. The last event holds the whole response. New
kinds of events may come at any time and mean nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from agentsea_gateway.dialects.failures import decode_error
from agentsea_gateway.dialects.openai_responses.answer import decode_response, failure, read
from agentsea_gateway.dialects.openai_responses.items import is_call
from agentsea_gateway.dialects.openai_responses.stream_items import Item
from agentsea_gateway.dialects.streaming import EventDecoder, bad_event
from agentsea_gateway.dialects.text import mended_or_none
from agentsea_gateway.stream_events import Content, Start
from agentsea_gateway.strict_json import SCAN_ERRORS, scan

if TYPE_CHECKING:
    from collections.abc import Mapping

    from agentsea_gateway.response import Response
    from agentsea_gateway.sse import Event
    from agentsea_gateway.stream_events import StreamEvent

# Events with a piece of a part's text: its kind, and what numbers it.
_TEXTS = {
    "response.output_text.delta": ("output_text", "content_index"),
    "response.refusal.delta": ("refusal", "content_index"),
    "response.reasoning_text.delta": ("reasoning_text", "content_index"),
    "response.reasoning_summary_text.delta": ("summary_text", "summary_index"),
}
_INPUTS = ("response.function_call_arguments.delta", "response.custom_tool_call_input.delta")
_ENDS = {"response.completed": "completed", "response.incomplete": "incomplete", "response.cancelled": "cancelled"}


class ResponsesDecoder(EventDecoder):
    """The decoder of one stream; see `StreamDecoder`."""

    __slots__ = ("_body", "_calls", "_current", "_items", "_output", "_started")

    def __init__(self, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(headers)
        self._started = False
        self._body: dict[str, Any] = {}  # the response around the items
        self._items: dict[int, Item] = {}  # by output_index
        self._output: list[Any] | None = None  # the items of the last event
        self._current: Any = None  # output_index, content_index, TextPieces of the last piece of text
        self._calls = 0

    def _take(self, events: list[Event], out: list[StreamEvent]) -> None:
        for name, data in events:
            try:
                event, end = scan(data, 0)
            except SCAN_ERRORS:
                if data.strip() in ("", "[DONE]"):
                    continue
                raise bad_event() from None
            try:  # nearly every event is a piece of text
                if event["type"] == "response.output_text.delta" and end == len(data):
                    output_index, content_index, pieces = self._current
                    if event["output_index"] == output_index and event["content_index"] == content_index:
                        text = pieces.add(event["delta"])
                        if text:
                            out.append(Content(text))
                        continue
            except (AttributeError, IndexError, KeyError, TypeError):
                pass
            if not isinstance(event, dict) or data[end:].strip():
                raise bad_event()
            try:
                self._take_event(event.get("type") or name, event, out)
            except (AttributeError, IndexError, KeyError, TypeError, ValueError, RecursionError):
                raise bad_event() from None
            if self.ended:
                return

    def _take_event(self, kind: str, event: dict[str, Any], out: list[StreamEvent]) -> None:
        if kind in _TEXTS:
            self._take_text(kind, event, out)
        elif kind in _INPUTS:
            self._items[event["output_index"]].add_input(event["delta"], out)
        elif kind == "response.output_item.added":
            self._item(event["output_index"], event["item"], out)
        elif kind == "response.output_item.done":
            self._finish_item(event["output_index"], event["item"], out)
        elif kind == "response.output_text.annotation.added":
            self._items[event["output_index"]].annotate(event.get("content_index"), event["annotation"])
        elif kind in _ENDS:
            self._end(_ENDS[kind], event["response"], out)
        elif kind == "response.done":
            self._end("completed", event["response"], out)
        elif kind == "response.failed":
            raise failure({**event["response"], "status": "failed"}, self._headers)
        elif kind == "error" or event.get("error"):
            raise decode_error(200, self._headers, event)
        elif isinstance(event.get("response"), dict):
            self._note(event["response"], out)

    def _note(self, response: dict[str, Any], out: list[StreamEvent]) -> None:
        """The response as it stands when it was created, or later."""
        self._body |= {key: value for key, value in response.items() if key != "output"}
        if not self._started:
            self._started = True
            out.append(Start(mended_or_none(self._body.get("id")), mended_or_none(self._body.get("model"))))

    def _item(self, index: Any, start: dict[str, Any], out: list[StreamEvent]) -> Item:
        item = self._items.get(index)
        if item is None:
            if type(index) is not int:
                raise TypeError("output_index is no number")
            item = self._items[index] = Item(dict(start), self._calls)
            self._calls += is_call(start)
            item.begin(out)
        return item

    def _finish_item(self, index: Any, whole: dict[str, Any], out: list[StreamEvent]) -> None:
        item = self._item(index, whole, out)
        item.catch_up(whole, out)
        item.done = whole

    def _take_text(self, kind: str, event: dict[str, Any], out: list[StreamEvent]) -> None:
        part, numbering = _TEXTS[kind]
        output_index, index = event["output_index"], event[numbering]
        item = self._items[output_index]
        item.add_text(part, index, event["delta"], out)
        self._current = (output_index, index, item.pieces(part, index)) if part == "output_text" else None

    def _end(self, status: str, response: dict[str, Any], out: list[StreamEvent]) -> None:
        """The last event: it holds everything, but for hosts that leave the output out."""
        if response.get("error"):
            raise failure(response, self._headers)
        self._note(response, out)
        self._body.setdefault("status", status)
        for index, whole in enumerate(response.get("output") or ()):
            place = self._place(index, whole)
            self._finish_item(place, whole, out)
            self._items[place].placed = True
        self._output = response.get("output") or None
        self.ended = True

    def _place(self, index: int, whole: dict[str, Any]) -> int:
        """The output_index under which an item of the last event was streamed; some hosts number from elsewhere."""
        given, kind = whole.get("id"), whole.get("type")
        named = [place for place, item in self._items.items() if given and item.start.get("id") == given]
        if named or index not in self._items or self._items[index].start.get("type") == kind:
            return named[0] if named else index
        alike = (place for place, item in self._items.items() if item.start.get("type") == kind and not item.placed)
        return next(alike, max(self._items) + 1)

    def _proven(self) -> bool:
        return self.ended

    def _response(self, whole: bool) -> Response:
        items = self._output
        if items is None:
            items = [self._items[index].body() for index in sorted(self._items)]
        return read({**self._body, "output": items}, self._headers, whole=whole)

    def _plain(self, body: Any) -> Response:
        return decode_response(body, self._headers)
