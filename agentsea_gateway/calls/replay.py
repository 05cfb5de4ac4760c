"""An answer out of the cache, as the stream that a consumer asked for."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

from agentsea_gateway.errors import StreamInterruptedError
from agentsea_gateway.stream import Stream
from agentsea_gateway.stream_events import Content, Done, Start, Thinking, ToolCallDelta

if TYPE_CHECKING:
    from agentsea_gateway.response import Response
    from agentsea_gateway.stream_events import StreamEvent


class Replay(Stream):
    """A stream whose events are all there: nobody is asked, nothing can break, there is nothing to settle."""

    __slots__ = ()

    def __init__(self, response: Response) -> None:
        assert response.route is not None, "the cache says where it came from"
        self.route = response.route
        self._response = response
        self._ready = deque(events_of(response))
        self._closed = False

    @property
    def served_by(self) -> str:
        """The candidate that gave the answer."""
        return self._whole.served_by or ""

    @property
    def response(self) -> Response:
        """The whole Response."""
        return self._whole

    @property
    def partial(self) -> Response:
        """The whole Response."""
        return self._whole

    @property
    def _whole(self) -> Response:
        assert self._response is not None, "set at construction"
        return self._response

    def __next__(self) -> StreamEvent:
        try:
            return self._ready.popleft()
        except IndexError:
            if not self._closed:
                raise StopIteration from None
        raise StreamInterruptedError(
            f"{self.served_by}: the stream was closed before its end",
            partial=self._whole,
            route=self.route,
            candidate=self.served_by,
        )

    def close(self) -> None:
        """Leave the stream. Harmless when repeated or done."""
        self._closed = self._closed or bool(self._ready)
        self._ready.clear()

    def __repr__(self) -> str:
        return f"Stream(cached, served_by={self.served_by!r})"


def events_of(response: Response) -> list[StreamEvent]:
    """A whole Response as the events of a stream."""
    events: list[StreamEvent] = [Start(response.id, response.model)]
    if response.thinking:
        events.append(Thinking(response.thinking))
    if response.content:
        events.append(Content(response.content))
    events += [
        ToolCallDelta(index, call.id, call.name, call.raw_arguments) for index, call in enumerate(response.tool_calls)
    ]
    return [*events, Done.of(response)]
