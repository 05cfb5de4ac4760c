"""Where a stream's events come from, in batches: what is decoded is handed over at once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from agentsea_gateway import telemetry
from agentsea_gateway.calls.assembly import Assembly
from agentsea_gateway.errors import MalformedResponseError
from agentsea_gateway.response import checked_response
from agentsea_gateway.stream_events import Done, StreamEvent, ToolCallDelta

if TYPE_CHECKING:
    from collections.abc import Iterator

    from agentsea_gateway.response import Response


class Source(Protocol):
    """A stream as a provider may hand it over: the last batch ends in Done, what was decoded before an error comes
    before the error, and `partial()` is the Response so far."""

    def next_batch(self) -> list[StreamEvent]: ...

    def partial(self) -> Response: ...

    def close(self) -> None: ...


class PlainSource:
    """A plain provider's iterator of events as a batched source."""

    __slots__ = ("_assembly", "_events")

    def __init__(self, events: Any) -> None:
        self._events: Iterator[Any] = iter(events)
        self._assembly = Assembly()

    def next_batch(self) -> list[StreamEvent]:
        """The next event, alone."""
        for event in self._events:
            self._assembly.add(_checked(event))
            return [event]
        raise MalformedResponseError("the stream ended without Done: truncated")

    def partial(self) -> Response:
        """The Response so far."""
        return self._assembly.partial()

    def close(self) -> None:
        """Stop the provider's iterator, where it can be stopped."""
        close = getattr(self._events, "close", None)
        if close is not None:
            try:
                close()
            except ValueError:  # a generator that another thread is running right now
                pass
            except Exception as error:  # it must not replace what the stream is closed for
                telemetry.fallback(error, "a provider's stream raised when it was closed")


def _checked(event: Any) -> StreamEvent:
    kind = type(event).__name__
    if not isinstance(event, StreamEvent):
        raise MalformedResponseError(f"stream() yielded a {kind}; yield Content(…) events and a Done(…)")
    if isinstance(event, Done):
        checked_response(event.response, "the response of stream()'s Done")
    text = event.arguments if isinstance(event, ToolCallDelta) else getattr(event, "text", "")
    if not isinstance(text, str):
        raise MalformedResponseError(f"stream() yielded a {kind} with a {type(text).__name__}; give it a string")
    return event


def source_of(answer: Any) -> Source:
    """What a provider's `stream` returned, as a Source."""
    if hasattr(answer, "next_batch"):
        source: Source = answer
        return source
    if not hasattr(answer, "__iter__"):
        kind = type(answer).__name__
        raise MalformedResponseError(f"stream() returned a {kind}; return an iterator of events that ends in Done(…)")
    return PlainSource(answer)
