"""What a dialect is: the functions and the stream decoder that every wire format offers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from attrs import frozen

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from agentsea_gateway.errors import ProviderError
    from agentsea_gateway.response import Response
    from agentsea_gateway.stream_events import Done, StreamEvent


@frozen
class Encoded:
    """A request's body, and what of the call it leaves out because the vendor cannot express it."""

    body: dict[str, Any]
    degraded: tuple[str, ...] = ()


class StreamDecoder(Protocol):
    """Turns the bytes of one stream into events, without I/O.

    ended     the terminator was seen ([DONE], message_stop): nothing more needs to be read
    failure   the error that the next call raises, because events in front of it had to be handed out first
    """

    ended: bool
    failure: ProviderError | None

    def feed(self, data: bytes) -> list[StreamEvent]:
        """The events that these bytes complete, in order; never Done.

        Raises the typed error of an error event, MalformedResponseError for what is no stream of this dialect; events
        in front of it are handed out first, and then the next call raises.
        """
        ...

    def finish(self) -> Done:
        """The end of the stream, once no more bytes come.

        Raises MalformedResponseError where the end is not proven (a finish or stop reason, or the terminator).
        """
        ...

    def partial(self) -> Response:
        """What there is so far; never raises."""
        ...


class Dialect(Protocol):
    """A wire format. A provider is where and who; a dialect is how. Modules of this package are such objects.

    `encode`, `encode_request` take the portable messages and options (OpenAI's chat shape and names) and give the
    vendor's body; `decode_request` takes that body back. The options may come as keywords, as one mapping behind the
    messages, or both. Arguments are never changed.
    """

    NAME: str
    API_VERSION: str

    def encode(
        self,
        messages: Any,
        options: Mapping[str, Any] | None = None,
        /,
        *,
        model: str | None = None,
        stream: bool = False,
        **more: Any,
    ) -> Encoded:
        """The request's body and what it leaves out. Raises UnsupportedRequestError for what cannot be expressed."""
        ...

    def encode_request(
        self,
        messages: Any,
        options: Mapping[str, Any] | None = None,
        /,
        *,
        model: str | None = None,
        stream: bool = False,
        **more: Any,
    ) -> dict[str, Any]:
        """`encode(…).body`."""
        ...

    def decode_request(self, body: Mapping[str, Any]) -> tuple[list[dict[str, Any]], dict[str, Any]]:
        """The portable messages and options (`model` and `stream` among them) that a vendor's body says."""
        ...

    def decode_response(self, body: Any, headers: Mapping[str, str] | None = None) -> Response:
        """A whole answer. Raises the typed error of an error inside it, MalformedResponseError for no answer."""
        ...

    def decoder(self, headers: Mapping[str, str] | None = None) -> StreamDecoder:
        """A decoder for one stream."""
        ...

    def decode_stream(self, chunks: Iterable[bytes], headers: Mapping[str, str] | None = None) -> Iterator[StreamEvent]:
        """The events of a stream, ending in Done; raises as the decoder does."""
        ...

    def decode_error(
        self,
        status: int | None,
        headers: Mapping[str, str] | None = None,
        body: Any = b"",
        *,
        now: float | None = None,
        secrets: Iterable[str] = (),
    ) -> ProviderError:
        """The error that an answer with this status stands for; nothing is raised.

        `body` is bytes, text, or what its JSON holds; `now` is Unix time for a Retry-After that is a date; `secrets`
        are blanked wherever the answer repeats them.
        """
        ...
