"""The server's side of a dialect: what it refuses, how it words an answer, a stream and an error."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, Protocol

from attrs import frozen

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from agentsea_gateway.testing.recorded import Request
    from agentsea_gateway.testing.replies import Reply
    from agentsea_gateway.testing.wire import Frame

ErrorKind = Literal[
    "bad_key",
    "no_permission",
    "model_not_found",
    "quota",
    "rate_limit",
    "context_window",
    "content_policy",
    "server_error",
    "overloaded",
]
"""Things that go wrong with every vendor, each of whom has other words for them."""


@frozen
class Refusal:
    """Why a request is not answered, in the vendor's words. `code` and `param` are for vendors that have them."""

    status: int
    type: str
    message: str
    code: str | None = None
    param: str | None = None


@frozen
class Rules:
    """What a sandbox insists on: a key (None: any or none will do) and its models (None: every name exists)."""

    api_key: str | None = None
    models: tuple[str, ...] | None = None


class Side(Protocol):
    """One dialect as its vendor's server speaks it. A new one is a module with such a class and a line in `sides`."""

    NAME: str  # the dialect's name
    PREFIX: str  # what a provider's base_url has behind the host
    REQUEST_ID: str  # the response header that names the request
    STREAM_TYPE: str  # content type of a stream
    PING: bytes  # a frame that keeps a stream warm and says nothing

    def serves(self, path: str) -> bool:
        """Whether this dialect has such a path."""
        ...

    def speaks(self, headers: Mapping[str, str]) -> bool:
        """Whether the headers are those of this dialect: tells two apart that share a path, and words a 404."""
        ...

    def streams(self, path: str, body: Any) -> bool:
        """Whether the request asks for a stream."""
        ...

    def is_listing(self, request: Request) -> bool:
        """Whether the request asks for the list of models."""
        ...

    def listing(self, models: Sequence[str]) -> dict[str, Any]:
        """The list of models."""
        ...

    def refusal(self, request: Request, headers: Mapping[str, str], rules: Rules) -> Refusal | None:
        """Why the vendor would refuse the request; `headers` hold the credentials that `request` does not show."""
        ...

    def plain(self, reply: Reply, request: Request, ident: str) -> dict[str, Any]:
        """The body of a plain answer. `ident` is unique to the request; ids are made from it."""
        ...

    def stream(self, reply: Reply, request: Request, ident: str) -> Iterator[Frame]:
        """The events of a streamed answer."""
        ...

    def wording(self, what: int | ErrorKind) -> Refusal:
        """How the vendor words an error: for a status, or for a kind with the status the vendor gives it."""
        ...

    def error_body(self, refusal: Refusal, request_id: str) -> dict[str, Any]:
        """The body of an error."""
        ...

    def error_frame(self, refusal: Refusal, request_id: str) -> Frame:
        """The same error as an event of a stream that began with 200."""
        ...

    def rate_limit_headers(self, limit: int, remaining: int) -> list[tuple[str, str]]:
        """So many requests a minute, so many left."""
        ...
