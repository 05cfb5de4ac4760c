"""One request with everything that is needed to answer it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from attrs import evolve, frozen

from agentsea_gateway.testing.replies import to_json
from agentsea_gateway.testing.wire import Answer, Frame

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from agentsea_gateway.testing.recorded import Request
    from agentsea_gateway.testing.replies import Reply
    from agentsea_gateway.testing.side import ErrorKind, Refusal, Side

JSON = ("content-type", "application/json")


@frozen
class Exchange:
    """A request, the dialect it is answered in, and the sandbox's settings; Replies and Faults make Answers from it.

    ident      unique to the request; ids are made from it
    usual      makes the reply that the sandbox would give of its own accord
    latency    the sandbox's, in seconds
    headers    the vendor's headers of every answer: request id, rate limits
    chunked    False for an HTTP/1.0 client, who does not know chunks
    """

    request: Request
    side: Side
    ident: str
    usual: Callable[[], Reply]
    latency: float
    headers: tuple[tuple[str, str], ...]
    chunked: bool = True

    @property
    def request_id(self) -> str:
        """The vendor's id for this request."""
        return f"req_{self.ident}"

    def answer(self, reply: Reply | None, latency: float | None = None) -> Answer:
        """The reply (None: the usual one) as the vendor would send it, plain or streamed as was asked."""
        reply = reply or self.usual()
        latency = reply.latency if latency is None else latency
        further = tuple([(name.lower(), value) for name, value in reply.headers.items()])
        if self.request.streamed:
            frames = self.side.stream(reply, self.request, self.ident)
            return evolve(self.streamed(tuple(frames), latency, further), pause=reply.pause)
        body = to_json(self.side.plain(reply, self.request, self.ident))
        return self.raw(200, body, (JSON, *self.headers, *further), latency)

    def streamed(
        self, frames: tuple[Frame, ...], latency: float | None = None, headers: tuple[tuple[str, str], ...] = ()
    ) -> Answer:
        """A stream of these frames."""
        kind = (("content-type", self.side.STREAM_TYPE), ("cache-control", "no-cache"))
        return Answer(
            200,
            (*kind, *self.headers, *headers),
            frames,
            streamed=True,
            framing="chunked" if self.chunked else "close",
            ping=self.side.PING,
            latency=self.latency if latency is None else latency,
        )

    def error(self, refusal: Refusal, headers: Mapping[str, str] | None = None, latency: float | None = None) -> Answer:
        """An error with its own status."""
        further = tuple([(name.lower(), value) for name, value in (headers or {}).items()])
        further = (*self.side.error_headers(refusal), *further)
        if refusal.status == 200 and self.request.streamed:  # Google's answer to a prompt that is blocked
            return self.streamed((self.side.error_frame(refusal, self.request_id),), latency, further)
        body = to_json(self.side.error_body(refusal, self.request_id))
        return self.raw(refusal.status, body, (JSON, *self.headers, *further), latency)

    def raw(
        self, status: int, body: bytes, headers: tuple[tuple[str, str], ...], latency: float | None = None
    ) -> Answer:
        """Any body with any headers."""
        latency = self.latency if latency is None else latency
        return Answer(status, headers, (Frame(body, content=True),), latency=latency)

    def wording(self, what: int | ErrorKind, message: str | None, code: str | None) -> Refusal:
        """An error in the vendor's words, or in yours."""
        refusal = self.side.wording(what)
        changes: dict[str, Any] = {} if message is None else {"message": message}
        if code is not None:
            changes |= {"code": code, "type": code}
        return evolve(refusal, **changes) if changes else refusal
