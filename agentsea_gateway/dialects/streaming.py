"""What the decoders of all streams share: the order of events and errors, the proof of the end."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from agentsea_gateway import strict_json
from agentsea_gateway.dialects.failures import decode_error
from agentsea_gateway.errors import MalformedResponseError, ProviderError
from agentsea_gateway.response import Response
from agentsea_gateway.sse import SSEDecoder
from agentsea_gateway.stream_events import Done

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from agentsea_gateway.dialects.dialect import StreamDecoder
    from agentsea_gateway.sse import Event
    from agentsea_gateway.stream_events import StreamEvent

_UNFRAMED = 64 * 1024  # bytes without a single event that are kept, in case they are a plain answer


class Framing(Protocol):
    """Cuts a stream of bytes into events: `SSEDecoder`, or what a vendor has instead."""

    @property
    def failure(self) -> MalformedResponseError | None:
        """The error that the next call raises, because events in front of it had to be handed out first."""
        ...

    def feed(self, data: bytes) -> list[Event]:
        """The events that these bytes complete; what is none raises MalformedResponseError, behind those before it."""
        ...

    def flush(self) -> list[Event]:
        """The event that the end of the stream left unfinished, where it can be one."""
        ...


class EventDecoder:
    """Base of a dialect's StreamDecoder. A subclass takes events and puts together the body of the plain call.

    The final Response is decoded from that body by the function that decodes plain answers, so the two are equal.
    """

    __slots__ = ("_framing", "_headers", "_unframed", "ended", "failure")

    def __init__(self, headers: Mapping[str, str] | None = None, framing: Framing | None = None) -> None:
        self.ended = False
        self.failure: ProviderError | None = None
        self._headers = headers
        self._framing: Framing = framing or SSEDecoder()
        self._unframed: bytes | None = b""

    def _take(self, events: list[Event], out: list[StreamEvent]) -> None:
        """Take each event and append to `out` what it says; raise the typed error of an error event."""
        raise NotImplementedError

    def _proven(self) -> bool:
        """Whether the end of the answer was seen."""
        raise NotImplementedError

    def _response(self, whole: bool) -> Response:
        """The Response so far; `whole` that it is all there will be."""
        raise NotImplementedError

    def _plain(self, body: Any) -> Response:
        """The Response of a plain answer that came instead of a stream."""
        raise NotImplementedError

    def feed(self, data: bytes) -> list[StreamEvent]:
        """See `StreamDecoder.feed`."""
        if self.failure is not None:
            raise self.failure
        out: list[StreamEvent] = []
        if self.ended or not data:
            return out
        try:
            events = self._framing.feed(data)
            if self._unframed is not None:
                self._keep_unframed(data, events)
            self._take(events, out)
            if self._framing.failure is not None and not self.ended:
                raise self._framing.failure
        except ProviderError as error:
            self.failure = error
            if not out:
                raise
        return out

    def _keep_unframed(self, data: bytes, events: list[Event]) -> None:
        kept = (self._unframed or b"") + data
        self._unframed = None if events or len(kept) > _UNFRAMED else kept

    def finish(self) -> Done:
        """See `StreamDecoder.finish`."""
        if self.failure is not None:
            raise self.failure
        if not self.ended:
            self._take_the_rest()
        if not self._proven():
            return Done.of(self._unstreamed())
        return Done.of(self._response(whole=True))

    def _take_the_rest(self) -> None:
        """An event that the end left without its blank line. A broken one behind the proven end took only usage."""
        try:
            self._take(self._framing.flush(), [])
        except MalformedResponseError:
            if not self._proven():
                raise MalformedResponseError("the stream was truncated in the middle of an event") from None

    def _unstreamed(self) -> Response:
        """An answer or an error that came plainly, from a host that ignores `stream`; else this was no whole stream."""
        body = (self._unframed or b"").strip()
        if body.startswith(b"{"):
            return self._plain(strict_json.loads(body))
        if body.startswith(b"<"):
            raise decode_error(200, self._headers, body)
        raise MalformedResponseError("the stream was truncated: it ended without a finish reason or terminator")

    def partial(self) -> Response:
        """See `StreamDecoder.partial`. Never raises: what broke a stream may be what cannot be read either."""
        try:
            return self._response(whole=False)
        except ProviderError:
            return Response(stop_reason=None)


def decode_stream(decoder: StreamDecoder, chunks: Iterable[bytes]) -> Iterator[StreamEvent]:
    """The events of a stream that comes in these chunks, ending in Done."""
    for chunk in chunks:
        yield from decoder.feed(chunk)
        if decoder.ended:
            break
    yield decoder.finish()


def bad_event() -> MalformedResponseError:
    """For an event whose data is not of the dialect's shape."""
    return MalformedResponseError("the stream holds an event that is no JSON object of this dialect")
