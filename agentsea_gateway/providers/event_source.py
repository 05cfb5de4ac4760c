"""A provider's stream as a source of events: bytes from the reply, through the dialect's decoder."""

from __future__ import annotations

from typing import TYPE_CHECKING

from agentsea_gateway.errors import MalformedResponseError, ProviderError
from agentsea_gateway.providers.credentials import blank

if TYPE_CHECKING:
    from agentsea_gateway.dialects.dialect import StreamDecoder
    from agentsea_gateway.response import Response
    from agentsea_gateway.stream_events import StreamEvent
    from agentsea_gateway.transport import Reply


class EventSource:
    """Hands over what is decoded, batch by batch; the last batch ends in Done. Dropping it closes the socket.

    degraded   what of the request the dialect left out
    secrets    what no error may show, should the server echo it
    """

    __slots__ = ("_decoder", "_degraded", "_reply", "_secrets")

    def __init__(
        self, reply: Reply, decoder: StreamDecoder, *, degraded: tuple[str, ...] = (), secrets: tuple[str, ...] = ()
    ) -> None:
        self._reply = reply
        self._decoder = decoder
        self._degraded = degraded
        self._secrets = secrets

    def next_batch(self) -> list[StreamEvent]:
        """The next events, at least one; blocks as long as the call allows."""
        try:
            return self._next_batch()
        except ProviderError as error:
            blank(error, self._secrets)
            raise

    def _next_batch(self) -> list[StreamEvent]:
        self._decoder.feed(b"")  # raises what an error event behind the last batch said: more may never come
        while not self._decoder.ended:
            try:
                data = self._reply.read_some()
            except ProviderError:
                proven = self._proven_despite_a_break()
                if proven is None:
                    raise
                return [proven]
            if not data:
                return [self._done()]
            if events := self._decoder.feed(data):
                return events  # before the end, which may turn out to be an error
        self._reply.finish()
        return [self._done()]

    def _done(self) -> StreamEvent:
        done = self._decoder.finish()
        if self._degraded:
            response = done.response.with_fields(degraded=self._degraded)
            return type(done)(done.stop_reason, done.usage, response)
        return done

    def _proven_despite_a_break(self) -> StreamEvent | None:
        """A connection that breaks after the finish reason took nothing from the answer but perhaps its usage.

        Apart from where the break is caught: a frame that holds an error which was raised through it is a cycle.
        """
        try:
            return self._done()
        except MalformedResponseError:
            return None

    def partial(self) -> Response:
        """The Response so far."""
        return self._decoder.partial()

    def close(self) -> None:
        """Drop the connection; after the end it is back in the pool already, and this does nothing."""
        self._reply.close()
