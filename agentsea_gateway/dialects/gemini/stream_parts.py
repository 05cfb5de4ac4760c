"""The parts of a stream, put together: pieces of one text, and function calls whose arguments come bit by bit."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from agentsea_gateway.dialects.gemini.answer import call_of
from agentsea_gateway.dialects.gemini.stream_arguments import StreamedCall
from agentsea_gateway.dialects.text import TextPieces
from agentsea_gateway.stream_events import Content, Thinking, ToolCallDelta

if TYPE_CHECKING:
    from agentsea_gateway.stream_events import StreamEvent

_TEXT_KEYS = frozenset(("text", "thought"))
_ANSWERED = ("executableCode", "toolCall")


def says_something(part: dict[str, Any]) -> bool:
    """Whether a part is more than an empty text and a signature, which may come behind the end."""
    return bool(part.get("text") or part.keys() - _TEXT_KEYS - {"thoughtSignature"})


class _Text:
    """A text part that the next piece may go on with."""

    __slots__ = ("pieces", "thought")

    def __init__(self, thought: bool) -> None:
        self.thought = thought
        self.pieces = TextPieces()

    def wire(self) -> dict[str, Any]:
        """The part as the plain answer has it."""
        text = {"text": str(self.pieces)}
        return {**text, "thought": True} if self.thought else text


class StreamedParts:
    """All parts of one stream, in order.

    Pieces of text that follow each other become one part, as in the plain answer. A piece with a signature stays a part
    of its own ("Thought signatures": never merge a part that has one with a part that has none).
    """

    __slots__ = ("_calls", "_open", "_parts")

    def __init__(self) -> None:
        self._parts: list[_Text | StreamedCall | dict[str, Any]] = []
        self._open: _Text | StreamedCall | None = None
        self._calls = 0

    def take(self, part: dict[str, Any], out: list[StreamEvent]) -> None:
        """Take the next part and append to `out` what it says."""
        text, call = part.get("text"), part.get("functionCall")
        if isinstance(self._open, StreamedCall):
            if call is not None and not call.get("name"):
                if self._open.take(call, out):
                    self._open = None
                return
            self.close(out)
        if isinstance(text, str):
            self._take_text(text, part, out)
        elif call and call.get("willContinue"):
            self._open = StreamedCall(part, self._calls, out)
            self._parts.append(self._open)
            self._calls += 1
        else:
            self._open = None
            self._parts.append(part)
            if call:
                found = call_of(call, self._calls)
                out.append(ToolCallDelta(self._calls, found.id, found.name, found.raw_arguments))
                self._calls += 1

    def _take_text(self, text: str, part: dict[str, Any], out: list[StreamEvent]) -> None:
        thought = bool(part.get("thought"))
        signed = {key for key, value in part.items() if value is not None} - _TEXT_KEYS
        goes_on = isinstance(self._open, _Text) and self._open.thought == thought and not signed
        if not goes_on:
            self._open = _Text(thought)
            self._parts.append(part if signed else self._open)
        pieces = self._open.pieces  # type: ignore[union-attr]
        shown = pieces.add(text)
        if shown:
            out.append(Thinking(shown) if thought else Content(shown))
        if signed:
            self._open = None

    def close(self, out: list[StreamEvent]) -> None:
        """Show the arguments of a call that nothing said to be complete, because something else begins."""
        if isinstance(self._open, StreamedCall):
            self._open.show(out)
            self._open = None

    def waits(self) -> bool:
        """Whether the last part is one that Google answers itself."""
        last = self._parts[-1] if self._parts else None
        return isinstance(last, dict) and any(last.get(name) for name in _ANSWERED)

    def wire(self) -> list[dict[str, Any]]:
        """The parts as the plain answer has them."""
        return [part if isinstance(part, dict) else part.wire() for part in self._parts]
