"""A chat answer's stream: events as they come, and at the end the body that the plain call would have had.

Source: Ollama documentation, "Streaming": each line is an answer with the next piece of its message; the last one says
`"done": true`, why it stopped, and what it took. An error in the middle is a line of its own: {"error": …}.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from agentsea_gateway.dialects.failures import decode_error
from agentsea_gateway.dialects.ollama_chat.answer import decode_response, read
from agentsea_gateway.dialects.streaming import EventDecoder, bad_event
from agentsea_gateway.dialects.text import TextPieces, mended, mended_or_none
from agentsea_gateway.dialects.tool_arguments import as_text, new_id
from agentsea_gateway.ndjson import NDJSONDecoder
from agentsea_gateway.stream_events import Content, Start, Thinking, ToolCallDelta
from agentsea_gateway.strict_json import SCAN_ERRORS, scan

if TYPE_CHECKING:
    from collections.abc import Mapping

    from agentsea_gateway.response import Response
    from agentsea_gateway.sse import Event
    from agentsea_gateway.stream_events import StreamEvent

_LISTS = ("tool_calls", "images")


class OllamaDecoder(EventDecoder):
    """The decoder of one stream; see `StreamDecoder`."""

    __slots__ = ("_content", "_lists", "_logprobs", "_started", "_thinking", "_top")

    def __init__(self, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(headers, NDJSONDecoder())
        self._started = False
        self._content = TextPieces()
        self._thinking = TextPieces()
        self._lists: dict[str, list[Any]] = {}  # of the message: tool_calls, images
        self._logprobs: list[Any] = []
        self._top: dict[str, Any] = {}  # the body around the message

    def _take(self, events: list[Event], out: list[StreamEvent]) -> None:
        for _, data in events:
            try:
                line, end = scan(data, 0)
            except SCAN_ERRORS:
                raise bad_event() from None
            if not isinstance(line, dict) or data[end:].strip():
                raise bad_event()
            try:
                self._take_line(line, out)
            except (AttributeError, KeyError, TypeError, ValueError, RecursionError):
                raise bad_event() from None
            if self.ended:
                return

    def _take_line(self, line: dict[str, Any], out: list[StreamEvent]) -> None:
        if line.get("error"):
            raise decode_error(200, self._headers, line)
        for key, value in line.items():
            if key not in ("message", "logprobs"):
                self._top[key] = value
        self._logprobs += line.get("logprobs") or ()
        said: list[StreamEvent] = []
        self._take_message(line.get("message") or {}, said)
        if not self._started:
            self._started = True
            out.append(Start(None, mended_or_none(line.get("model"))))
        out += said
        self.ended = line.get("done") is True

    def _take_message(self, message: dict[str, Any], out: list[StreamEvent]) -> None:
        self._show(Thinking, self._thinking, message.get("thinking"), out)
        self._show(Content, self._content, message.get("content"), out)
        begun = len(self._lists.get("tool_calls", ()))
        for name in _LISTS:
            if message.get(name):
                self._lists.setdefault(name, []).extend(message[name])
        for ordinal, call in enumerate(self._lists.get("tool_calls", ())[begun:], begun):
            out.append(_delta(call, ordinal))

    @staticmethod
    def _show(kind: type[Content | Thinking], pieces: TextPieces, text: Any, out: list[StreamEvent]) -> None:
        shown = pieces.add(text) if text and isinstance(text, str) else ""
        if shown:
            out.append(kind(shown))

    def _proven(self) -> bool:
        return self.ended

    def _response(self, whole: bool) -> Response:
        message: dict[str, Any] = {"role": "assistant", "content": str(self._content)}
        if self._thinking:
            message["thinking"] = str(self._thinking)
        body = {**self._top, "message": {**message, **self._lists}}
        if self._logprobs:
            body["logprobs"] = self._logprobs
        return read(body, self._headers, whole=whole)

    def _plain(self, body: Any) -> Response:
        return decode_response(body, self._headers)


def _delta(call: dict[str, Any], ordinal: int) -> ToolCallDelta:
    """A call comes whole."""
    function = call.get("function") or {}
    arguments = function.get("arguments")
    text = mended(arguments) if isinstance(arguments, str) else as_text(arguments)
    name = mended(function.get("name") or "")
    return ToolCallDelta(ordinal, mended_or_none(call.get("id")) or new_id(ordinal), name, text)
