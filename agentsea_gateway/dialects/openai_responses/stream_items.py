"""The output items of a stream, put together from their deltas."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from agentsea_gateway.dialects.openai_responses.items import CALLS, is_call
from agentsea_gateway.dialects.text import TextPieces, mended, mended_or_none
from agentsea_gateway.dialects.tool_arguments import new_id
from agentsea_gateway.stream_events import Content, Thinking, ToolCallDelta

if TYPE_CHECKING:
    from agentsea_gateway.stream_events import StreamEvent

# The list that a part stands in, and the field that its text has.
_LISTS = {"output_text": "content", "refusal": "content", "reasoning_text": "content", "summary_text": "summary"}
_FIELDS = {"refusal": "refusal"}  # all others: "text"
_INPUTS = {"function_call": "arguments", "custom_tool_call": "input"}


class Item:
    """One item as far as it came."""

    __slots__ = ("_annotations", "_input", "_texts", "done", "ordinal", "placed", "start")

    def __init__(self, start: dict[str, Any], ordinal: int) -> None:
        self.start = start
        self.done: dict[str, Any] | None = None  # the whole item, once it came
        self.placed = False  # found in the last event
        self.ordinal = ordinal  # among the caller's calls
        self._texts: dict[tuple[str, Any], TextPieces] = {}
        self._annotations: dict[Any, list[Any]] = {}
        self._input = TextPieces()

    def begin(self, out: list[StreamEvent]) -> None:
        """Say that a call begins, and whatever the item already holds."""
        if is_call(self.start):
            call_id = mended_or_none(self.start.get("call_id")) or mended_or_none(self.start.get("id"))
            name = mended_or_none(self.start.get("name"))
            out.append(ToolCallDelta(self.ordinal, call_id or new_id(self.ordinal), name))
        self.catch_up(self.start, out)

    def add_text(self, kind: str, index: Any, text: str, out: list[StreamEvent]) -> None:
        """Go on with the text of one part."""
        pieces = self.pieces(kind, index)
        shown = pieces.add(text) if text else ""
        if shown and kind != "refusal":
            out.append(Content(shown) if kind == "output_text" else Thinking(shown))

    def pieces(self, kind: str, index: Any) -> TextPieces:
        """The text of one part."""
        found = self._texts.get((kind, index))
        if found is None:
            if type(index) is not int:
                raise TypeError("a part without its number")
            found = self._texts[kind, index] = TextPieces()
        return found

    def add_input(self, text: str, out: list[StreamEvent]) -> None:
        """Go on with the arguments of a call."""
        shown = self._input.add(text) if text else ""
        if shown and is_call(self.start):
            out.append(ToolCallDelta(self.ordinal, arguments=shown))

    def annotate(self, index: Any, annotation: Any) -> None:
        """Add an annotation to a part."""
        self._annotations.setdefault(index, []).append(annotation)

    def catch_up(self, whole: dict[str, Any], out: list[StreamEvent]) -> None:
        """Say what a whole item holds beyond its deltas: some hosts send few of them, or none."""
        kind = whole.get("type")
        if kind == "message":
            self._catch_up_parts(whole.get("content"), out)
        elif kind == "reasoning":
            self._catch_up_parts(whole.get("summary"), out)
            self._catch_up_parts(whole.get("content"), out)
        elif kind in CALLS:
            text = whole.get(_INPUTS[kind])
            if isinstance(text, str):
                self.add_input(_beyond(text, str(self._input)), out)

    def _catch_up_parts(self, parts: Any, out: list[StreamEvent]) -> None:
        """By kind and not by number: vLLM numbers the parts otherwise in its deltas."""
        texts: dict[str, list[str]] = {}
        for part in parts or ():
            kind = part.get("type")
            text = part.get(_FIELDS.get(kind, "text"))
            if kind in _LISTS and isinstance(text, str):
                texts.setdefault(kind, []).append(text)
        for kind, whole in texts.items():
            shown = [(index, pieces) for (each, index), pieces in self._texts.items() if each == kind]
            rest = _beyond("".join(whole), "".join(str(pieces) for _, pieces in shown))
            self.add_text(kind, shown[-1][0] if shown else 0, rest, out)

    def body(self) -> dict[str, Any]:
        """The item as the plain answer has it, or as far as it came."""
        if self.done is not None and (not self._texts or any(map(self.done.get, ("content", "summary")))):
            return self.done
        body = dict(self.done or self.start)
        found: dict[str, dict[Any, dict[str, Any]]] = {}
        for (kind, index), pieces in self._texts.items():
            part: dict[str, Any] = {"type": kind, _FIELDS.get(kind, "text"): str(pieces)}
            if kind == "output_text":
                part["annotations"] = self._annotations.get(index, [])
            found.setdefault(_LISTS[kind], {})[index] = part
        for name, parts in found.items():
            body[name] = [parts[index] for index in sorted(parts)]
        if self._input and body.get("type") in CALLS:
            body[_INPUTS[body["type"]]] = str(self._input)
        return body


def _beyond(text: str, shown: str) -> str:
    """What of a text was not said yet; nothing where it is another text, for what was said is said."""
    whole = mended(text)
    return whole[len(shown) :] if whole.startswith(shown) else ""
