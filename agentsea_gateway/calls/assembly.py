"""Puts a Response together from the events of a plain provider's stream, as far as it came."""

from __future__ import annotations

from typing import TYPE_CHECKING

from agentsea_gateway.errors import MalformedResponseError
from agentsea_gateway.response import Response, ToolCall
from agentsea_gateway.stream_events import Content, Start, Thinking, ToolCallDelta
from agentsea_gateway.strict_json import loads

if TYPE_CHECKING:
    from agentsea_gateway.stream_events import StreamEvent


class Assembly:
    """What a stream brought so far. Events in, `partial()` out."""

    __slots__ = ("_calls", "_start", "_text", "_thinking")

    def __init__(self) -> None:
        self._start = Start()
        self._text: list[str] = []
        self._thinking: list[str] = []
        self._calls: dict[int, list[str]] = {}  # index to [id, name, arguments]

    def add(self, event: StreamEvent) -> None:
        """Take one event in."""
        if isinstance(event, Content):
            self._text.append(event.text)
        elif isinstance(event, Thinking):
            self._thinking.append(event.text)
        elif isinstance(event, ToolCallDelta):
            call = self._calls.setdefault(event.index, ["", "", ""])
            call[0] = event.id or call[0]
            call[1] = event.name or call[1]
            call[2] += event.arguments
        elif isinstance(event, Start):
            self._start = event

    def partial(self) -> Response:
        """The Response so far; it has no stop reason."""
        return Response(
            content="".join(self._text),
            thinking="".join(self._thinking) or None,
            tool_calls=tuple(ToolCall(id_, name, _arguments(text), text) for id_, name, text in self._calls.values()),
            stop_reason=None,
            id=self._start.id,
            model=self._start.model,
        )


def _arguments(text: str) -> dict[str, object] | None:
    try:
        found = loads(text)
    except MalformedResponseError:
        return None
    return found if isinstance(found, dict) else None
