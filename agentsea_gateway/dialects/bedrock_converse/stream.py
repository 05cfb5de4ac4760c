"""An answer's stream: events as they come, and at the end the body that the plain call would have had.

Source: Amazon Bedrock API reference, "ConverseStream": messageStart, contentBlockStart, contentBlockDelta,
contentBlockStop, messageStop, metadata, and five exceptions. The key "p" of an event is padding.
"""

from __future__ import annotations

from base64 import b64decode, b64encode
from typing import TYPE_CHECKING, Any

from agentsea_gateway import strict_json
from agentsea_gateway.dialects.bedrock_converse.answer import decode_response, is_callers, read
from agentsea_gateway.dialects.bedrock_converse.framing import EXCEPTION, FrameDecoder
from agentsea_gateway.dialects.failures import decode_error
from agentsea_gateway.dialects.streaming import EventDecoder, bad_event
from agentsea_gateway.dialects.text import TextPieces, mended_or_none
from agentsea_gateway.dialects.tool_arguments import new_id
from agentsea_gateway.errors import MalformedResponseError
from agentsea_gateway.stream_events import Content, Start, Thinking, ToolCallDelta
from agentsea_gateway.strict_json import SCAN_ERRORS, scan

if TYPE_CHECKING:
    from collections.abc import Mapping

    from agentsea_gateway.errors import ProviderError
    from agentsea_gateway.response import Response
    from agentsea_gateway.sse import Event
    from agentsea_gateway.stream_events import StreamEvent

_METADATA = ("usage", "metrics", "trace", "performanceConfig", "serviceTier")


class _Block:
    """One content block as far as it came."""

    __slots__ = (
        "citations",
        "json",
        "ordinal",
        "others",
        "reasoning",
        "redacted",
        "results",
        "signature",
        "text",
        "use",
    )

    def __init__(self, start: Mapping[str, Any], ordinal: int) -> None:
        self.others = {key: value for key, value in start.items() if key not in ("toolUse", "toolResult")}
        use, results = start.get("toolUse"), start.get("toolResult")
        self.use: dict[str, Any] | None = None if use is None else dict(use)
        self.results: dict[str, Any] | None = None if results is None else dict(results)
        self.ordinal = ordinal  # among the caller's tool calls
        self.text = TextPieces()
        self.json = TextPieces()
        self.reasoning: TextPieces | None = None
        self.signature = ""
        self.redacted: list[str] = []
        self.citations: list[Any] = []

    def is_other(self, text: bool, reasoning: bool) -> bool:
        """Whether a delta of this kind begins another block, as some models have both under one index."""
        thought = self.reasoning is not None or bool(self.signature or self.redacted)
        return (text and (thought or self.use is not None)) or (reasoning and bool(self.text))

    def add_results(self, pieces: list[Any]) -> None:
        """Go on with what a tool that the server ran gave; pieces of text belong together."""
        results = self.results = self.results or {}
        content = results.setdefault("content", [])
        for piece in pieces:
            if content and piece.keys() == content[-1].keys() == {"text"}:
                content[-1] = {"text": content[-1]["text"] + piece["text"]}
            else:
                content.append(piece)

    def body(self) -> dict[str, Any]:
        """The block as the plain answer has it."""
        if self.use is not None:
            return {"toolUse": {**self.use, "input": _input(str(self.json))}}
        if self.results is not None:
            return {"toolResult": self.results}
        if self.redacted:
            return {"reasoningContent": {"redactedContent": _joined(self.redacted)}}
        if self.reasoning is not None or self.signature:
            told = {"text": str(self.reasoning or "")}
            signed = {"signature": self.signature} if self.signature else {}
            return {"reasoningContent": {"reasoningText": {**told, **signed}}}
        if self.citations:
            content = {"content": [{"text": str(self.text)}]} if self.text else {}
            return {"citationsContent": {**content, "citations": self.citations}}
        return self.others or {"text": str(self.text)}


def _input(text: str) -> Any:
    """The input of a tool; the text itself where the stream left it broken (max_tokens in the middle of a call)."""
    try:
        return strict_json.loads(text) if text.strip() else {}
    except MalformedResponseError:
        return text


def _joined(pieces: list[str]) -> str:
    """The base64 of what these pieces of base64 hold together."""
    if len(pieces) == 1:
        return pieces[0]
    try:
        return b64encode(b"".join(map(b64decode, pieces))).decode()
    except ValueError:
        return "".join(pieces)


class ConverseDecoder(EventDecoder):
    """The decoder of one stream; see `StreamDecoder`."""

    __slots__ = ("_blocks", "_calls", "_current", "_index", "_latest", "_role", "_stop", "_told")

    def __init__(self, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(headers, FrameDecoder())
        self._role: Any = "assistant"
        self._blocks: list[_Block] = []
        self._latest: dict[Any, _Block] = {}  # by index
        self._index: Any = None  # of the block that the last delta belonged to, where that was text
        self._current: _Block | None = None
        self._calls = 0
        self._stop: dict[str, Any] = {}
        self._told: dict[str, Any] = {}  # what the metadata say

    def _take(self, events: list[Event], out: list[StreamEvent]) -> None:
        for kind, data in events:
            try:
                event, end = scan(data, 0)
            except SCAN_ERRORS:
                if kind.startswith(EXCEPTION):
                    event, end = {"message": data}, len(data)
                elif data.strip():
                    raise bad_event() from None
                else:
                    continue
            try:  # nearly every event is a piece of text
                if (
                    event["contentBlockIndex"] == self._index
                    and kind == "contentBlockDelta"
                    and self._index is not None
                ):
                    text = self._current.text.add(event["delta"]["text"])  # type: ignore[union-attr]
                    if text:
                        out.append(Content(text))
                    continue
            except (AttributeError, KeyError, TypeError):
                pass
            if not isinstance(event, dict) or data[end:].strip():
                raise bad_event()
            if kind.startswith(EXCEPTION):
                raise self._failed(kind.removeprefix(EXCEPTION), event)
            try:
                self._take_event(kind, event, out)
            except (AttributeError, KeyError, TypeError, ValueError, RecursionError):
                raise bad_event() from None
            if self.ended:
                return

    def _failed(self, kind: str, event: dict[str, Any]) -> ProviderError:
        """The error of an exception inside the stream; where a model broke, with the status that it gave."""
        told = {"message": event.get("message") or event.get("originalMessage") or "", "code": kind}
        return decode_error(200, self._headers, {**told, "status": event.get("originalStatusCode")})

    def _take_event(self, kind: str, event: dict[str, Any], out: list[StreamEvent]) -> None:
        if kind == "contentBlockDelta":
            self._take_delta(event["contentBlockIndex"], event["delta"], out)
        elif kind == "contentBlockStart":
            self._take_start(event["contentBlockIndex"], event["start"], out)
        elif kind == "messageStart":
            self._role = event["role"]
            out.append(Start(None, None))
        elif kind == "messageStop":
            self._stop = {key: value for key, value in event.items() if key != "p" and value is not None}
        elif kind == "metadata":
            self._told = {key: event[key] for key in _METADATA if event.get(key) is not None}
        self.ended = bool(self._stop.get("stopReason") and self._told)

    def _take_start(self, index: Any, start: dict[str, Any], out: list[StreamEvent]) -> None:
        block = self._begin(index, start)
        self._index = None
        if block.use is not None and is_callers(block.use):
            self._calls += 1
            call_id = mended_or_none(block.use.get("toolUseId")) or new_id(block.ordinal)
            out.append(ToolCallDelta(block.ordinal, call_id, mended_or_none(block.use.get("name"))))

    def _begin(self, index: Any, start: dict[str, Any]) -> _Block:
        block = self._latest[index] = _Block(start, self._calls)
        self._blocks.append(block)
        return block

    def _take_delta(self, index: Any, delta: dict[str, Any], out: list[StreamEvent]) -> None:
        block = self._latest.get(index)
        if block is None or block.is_other("text" in delta, "reasoningContent" in delta):
            block = self._begin(index, {})  # only calls, results and images have a start
        self._index, self._current = index if "text" in delta else None, block
        if "text" in delta:
            text = block.text.add(delta["text"])
            if text:
                out.append(Content(text))
        elif "toolUse" in delta:
            text = block.json.add(delta["toolUse"]["input"])
            if text and block.use is not None and is_callers(block.use):
                out.append(ToolCallDelta(block.ordinal, arguments=text))
        elif "reasoningContent" in delta:
            self._take_reasoning(block, delta["reasoningContent"], out)
        elif "citation" in delta:
            block.citations.append(delta["citation"])
        elif "toolResult" in delta:
            block.add_results(delta["toolResult"])
        else:
            for key, value in delta.items():
                before = block.others.get(key)
                block.others[key] = {**before, **value} if isinstance(before, dict) else value

    def _take_reasoning(self, block: _Block, delta: dict[str, Any], out: list[StreamEvent]) -> None:
        if delta.get("text") is not None:
            block.reasoning = block.reasoning or TextPieces()
            text = block.reasoning.add(delta["text"])
            if text:
                out.append(Thinking(text))
        if delta.get("signature"):
            block.signature += delta["signature"]
        if delta.get("redactedContent"):
            block.redacted.append(delta["redactedContent"] + "")

    def _proven(self) -> bool:
        return self.ended or bool(self._stop.get("stopReason"))

    def _response(self, whole: bool) -> Response:
        content = [block.body() for block in self._blocks]
        output = {"message": {"role": self._role, "content": content}}
        return read({"output": output, **self._stop, **self._told}, self._headers, whole=whole)

    def _plain(self, body: Any) -> Response:
        return decode_response(body, self._headers)
