"""A message's stream: events as they come, and at the end the body that the plain call would have had.

Source: Anthropic documentation, "Streaming messages": message_start, content_block_start, content_block_delta,
content_block_stop, message_delta, message_stop, ping, error. New kinds of events may come at any time and mean nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from agentsea_gateway import strict_json
from agentsea_gateway.dialects.anthropic_messages.answer import decode_response, read
from agentsea_gateway.dialects.failures import decode_error
from agentsea_gateway.dialects.streaming import EventDecoder, bad_event
from agentsea_gateway.dialects.text import TextPieces, mended_or_none
from agentsea_gateway.dialects.tool_arguments import as_text, new_id
from agentsea_gateway.errors import MalformedResponseError
from agentsea_gateway.stream_events import Content, Start, Thinking, ToolCallDelta
from agentsea_gateway.strict_json import SCAN_ERRORS, scan

if TYPE_CHECKING:
    from collections.abc import Mapping

    from agentsea_gateway.response import Response
    from agentsea_gateway.sse import Event
    from agentsea_gateway.stream_events import StreamEvent

_INPUTS = ("tool_use", "server_tool_use", "mcp_tool_use")  # blocks whose input comes as pieces of JSON


class _Block:
    """One content block as far as it came."""

    __slots__ = ("json", "ordinal", "start", "text", "thinking")

    def __init__(self, start: dict[str, Any], ordinal: int) -> None:
        self.start = start
        self.ordinal = ordinal  # among the caller's tool calls
        self.text = TextPieces()
        self.thinking = TextPieces()
        self.json = TextPieces()

    def body(self) -> dict[str, Any]:
        """The block as the plain answer has it."""
        body = dict(self.start)
        if self.text:
            body["text"] = _begun(body.get("text")) + str(self.text)
        if self.thinking:
            body["thinking"] = _begun(body.get("thinking")) + str(self.thinking)
        if self.json:
            body["input"] = _input(str(self.json))
        return body


def _begun(text: Any) -> str:
    """What the start of a block said already."""
    if text is not None and not isinstance(text, str):
        raise bad_event()
    return text or ""


def _input(text: str) -> Any:
    """The input of a tool; the text itself where the stream left it broken (max_tokens in the middle of a call)."""
    try:
        return strict_json.loads(text)
    except MalformedResponseError:
        return text


class MessagesDecoder(EventDecoder):
    """The decoder of one stream; see `StreamDecoder`."""

    __slots__ = ("_blocks", "_calls", "_current", "_index", "_latest", "_message", "_stopped", "_usage")

    def __init__(self, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(headers)
        self._message: dict[str, Any] = {}
        self._usage: dict[str, Any] = {}
        self._blocks: list[_Block] = []
        self._latest: dict[Any, _Block] = {}  # by index; some hosts number every block 0
        self._index: Any = None  # of the block that the last delta belonged to
        self._current: _Block | None = None
        self._calls = 0
        self._stopped = False

    def _take(self, events: list[Event], out: list[StreamEvent]) -> None:
        for name, data in events:
            try:
                event, end = scan(data, 0)
            except SCAN_ERRORS:
                if data.strip() in ("", "[DONE]"):  # hosts that follow OpenAI in this
                    continue
                raise bad_event() from None
            try:  # nearly every event is a piece of text
                delta = event["delta"]
                if delta["type"] == "text_delta" and event["index"] == self._index and end == len(data):
                    text = self._current.text.add(delta["text"])  # type: ignore[union-attr]
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
        if kind == "content_block_delta":
            self._take_delta(event["index"], event["delta"], out)
        elif kind == "content_block_start":
            self._take_block(event["index"], event["content_block"], out)
        elif kind == "message_start":
            self._message = dict(event["message"])
            self._note_usage(self._message.get("usage"))
            out.append(Start(mended_or_none(self._message.get("id")), mended_or_none(self._message.get("model"))))
            for index, block in enumerate(self._message.get("content") or ()):  # what was called by code that goes on
                self._take_block(index, block, out)
                self._end_block(index, out)
        elif kind == "content_block_stop":
            self._end_block(event["index"], out)
        elif kind == "message_delta":
            self._message |= {key: value for key, value in event.items() if key not in ("type", "delta", "usage")}
            self._message |= {key: value for key, value in event["delta"].items() if value is not None}
            self._note_usage(event.get("usage"))
            self._stopped = self._stopped or bool(self._message.get("stop_reason"))
        elif kind == "message_stop":
            self.ended = True
        elif kind == "error" or event.get("error"):
            raise decode_error(200, self._headers, event)

    def _note_usage(self, usage: Any) -> None:
        """Counts are cumulative: the last one holds, but where its input is 0 that takes back nothing."""
        if isinstance(usage, dict):
            read = bool(usage.get("input_tokens"))
            for key, value in usage.items():
                if value or read or key not in self._usage or (value == 0 and key == "output_tokens"):
                    self._usage[key] = value

    def _take_block(self, index: Any, start: dict[str, Any], out: list[StreamEvent]) -> None:
        block = _Block(dict(start), self._calls)
        self._blocks.append(block)
        self._latest[index] = self._current = block
        self._index = index
        kind = start.get("type")
        if kind == "tool_use":
            self._calls += 1
            call_id = mended_or_none(start.get("id")) or new_id(block.ordinal)
            out.append(ToolCallDelta(block.ordinal, call_id, mended_or_none(start.get("name"))))
        elif kind == "text" and start.get("text"):
            self._move("text", block, out)
        elif kind == "thinking" and start.get("thinking"):
            self._move("thinking", block, out)

    def _end_block(self, index: Any, out: list[StreamEvent]) -> None:
        """The input that came whole with the start, as that of a call made by code does."""
        block = self._latest.get(index)
        if block is not None and block.start.get("type") == "tool_use" and block.start.get("input") and not block.json:
            out.append(ToolCallDelta(block.ordinal, arguments=block.json.add(as_text(block.start["input"]))))

    def _move(self, field: str, block: _Block, out: list[StreamEvent]) -> None:
        """Text that came with a block's start, as a delta of it."""
        text = block.start[field]
        block.start[field] = ""
        self._take_delta(self._index, {"type": f"{field}_delta", field: text}, out)

    def _take_delta(self, index: Any, delta: dict[str, Any], out: list[StreamEvent]) -> None:
        block = self._latest[index]
        self._index, self._current = index, block
        kind = delta.get("type")
        if kind == "text_delta":
            text = block.text.add(delta["text"])
            if text:
                out.append(Content(text))
        elif kind == "thinking_delta":
            text = block.thinking.add(delta["thinking"])
            if text:
                out.append(Thinking(text))
        elif kind == "input_json_delta":
            text = block.json.add(delta["partial_json"])
            if text and block.start.get("type") == "tool_use":
                out.append(ToolCallDelta(block.ordinal, arguments=text))
        elif kind == "citations_delta":
            block.start["citations"] = [*(block.start.get("citations") or ()), delta["citation"]]
        else:
            _merge(block.start, delta)

    def _proven(self) -> bool:
        return self.ended or self._stopped

    def _response(self, whole: bool) -> Response:
        content = [block.body() for block in self._blocks]
        body = {**self._message, "content": content, "usage": self._usage or None}
        return read(body, self._headers, whole=whole)

    def _plain(self, body: Any) -> Response:
        return decode_response(body, self._headers)


def _merge(start: dict[str, Any], delta: dict[str, Any]) -> None:
    """Add a signature, or a kind of delta nobody knew when this was written: text grows, anything else is set."""
    for key, value in delta.items():
        if key == "type" or value is None:
            continue
        before = start.get(key)
        start[key] = before + value if isinstance(before, str) and isinstance(value, str) else value
