"""A stream as server-sent events: what a view returns, whatever its framework (WHATWG HTML standard, 9.2, 2026-11)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from agentsea_gateway.errors import GatewayError
from agentsea_gateway.stream_events import Content, Done, Thinking, ToolCallDelta
from agentsea_gateway.strict_json import dumps

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType
    from typing import Self

    from agentsea_gateway.stream import Stream
    from agentsea_gateway.stream_events import StreamEvent

HEADERS = {
    "Content-Type": "text/event-stream; charset=utf-8",
    "Cache-Control": "no-cache",
    "X-Accel-Buffering": "no",  # nginx would collect what should be seen at once
}


def broke_off(_error: GatewayError) -> dict[str, Any]:
    """What the client is told of a stream that broke: nothing of who served it and why."""
    return {"message": "the answer broke off"}


class EventStream:
    """The events of a stream as bytes for a browser; owns the stream and closes it at the end, on error, when dropped.

    >>> from agentsea_gateway import Candidate, Gateway
    >>> from agentsea_gateway.testing import ScriptedProvider
    >>> gw = Gateway([Candidate("a", ScriptedProvider("Hello!"))])
    >>> for piece in EventStream(gw.stream("Hi")):
    ...     print(piece.decode().strip())
    data: {"type":"content","text":"Hello!"}
    data: {"type":"done","stop_reason":"stop","usage":{"input_tokens":null,"output_tokens":null,"total_tokens":null}}

    Every event is one line of JSON with a `type`: "content" and "thinking" (`text`), "tool_call" (`index`, and of `id`,
    `name` and `arguments` what came), at last either "done" (`stop_reason`, `usage`) or, where it broke, "error" (with
    what `describe` makes of the error). They have no SSE event name: an `EventSource` takes them in `onmessage`, and
    should be closed at "done" and "error", or it asks again.

    thinking   whether the model's reasoning is sent too
    describe   what a client is told of a break: a function from the error to a dict
    """

    __slots__ = ("__weakref__", "_describe", "_ended", "_stream", "_thinking")

    def __init__(
        self,
        stream: Stream,
        *,
        thinking: bool = False,
        describe: Callable[[GatewayError], dict[str, Any]] = broke_off,
    ) -> None:
        self._stream = stream
        self._thinking = thinking
        self._describe = describe
        self._ended = False

    @property
    def stream(self) -> Stream:
        """The stream it reads: for `served_by`, `route` and, once done, `response`."""
        return self._stream

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> bytes:
        # No generator: a dropped one would run its `finally` inside the collector, and settling takes the lock.
        if self._ended:
            raise StopIteration
        try:
            for event in self._stream:
                fields = self._fields(event)
                if fields is not None:
                    self._ended = type(event) is Done
                    return _encoded(fields)
        except GatewayError as error:
            self._ended = True
            self._stream.close()
            return _encoded({"type": "error", **self._describe(error)})
        except BaseException:
            self._stream.close()
            raise
        raise StopIteration

    def _fields(self, event: StreamEvent) -> dict[str, Any] | None:
        """The event as JSON; None for what the client need not know."""
        if isinstance(event, Content):
            return {"type": "content", "text": event.text} if event.text else None
        if isinstance(event, Thinking):
            return {"type": "thinking", "text": event.text} if event.text and self._thinking else None
        if isinstance(event, ToolCallDelta):
            came = {"id": event.id, "name": event.name, "arguments": event.arguments}
            return {"type": "tool_call", "index": event.index, **{name: it for name, it in came.items() if it}}
        if isinstance(event, Done):
            usage = {name: getattr(event.usage, name) for name in ("input_tokens", "output_tokens", "total_tokens")}
            return {"type": "done", "stop_reason": event.stop_reason, "usage": usage}
        return None

    def close(self) -> None:
        """Close the stream (servers call this when the client goes away)."""
        self._ended = True
        self._stream.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"EventStream({self._stream!r})"


def _encoded(fields: dict[str, Any]) -> bytes:
    return b"data: " + dumps(fields) + b"\n\n"  # compact JSON holds no line break
