"""The server's side of a dialect: what it refuses, how it words an answer, a stream and an error."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from attrs import frozen

from agentsea_gateway.testing.replies import to_json
from agentsea_gateway.testing.wire import Frame

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from agentsea_gateway.testing.recorded import Request
    from agentsea_gateway.testing.replies import Reply

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


class Side:
    """One dialect as its vendor's server speaks it: a new one is a module with such a class and a row in `sides`.

    What most vendors do alike is done here; a side says what its own does.
    """

    NAME: str  # the dialect's name
    REQUEST_ID = "x-request-id"  # the response header that names the request; "" where the vendor has none
    STREAM_TYPE = "text/event-stream; charset=utf-8"  # content type of a stream
    PING = b": keep-alive\n\n"  # a frame that keeps a stream warm and says nothing
    KINDS: Mapping[ErrorKind, Refusal]  # how the vendor words what goes wrong with every vendor

    def speaks(self, headers: Mapping[str, str]) -> bool:
        """Whether the headers are those of this dialect: tells two apart that share a path, and words a 404."""
        return False

    def streams(self, path: str, body: Any) -> bool:
        """Whether the request asks for a stream."""
        return isinstance(body, dict) and body.get("stream") is True

    def model(self, path: str, body: Any) -> str | None:
        """The model that the request names."""
        model = body.get("model") if isinstance(body, dict) else None
        return model if isinstance(model, str) else None

    def is_listing(self, request: Request) -> bool:
        """Whether the request asks for the list of models."""
        return False

    def listing(self, models: Sequence[str]) -> dict[str, Any]:
        """The list of models."""
        raise NotImplementedError

    def refusal(self, request: Request, headers: Mapping[str, str], rules: Rules) -> Refusal | None:
        """Why the vendor would refuse the request; `headers` hold the credentials that `request` does not show."""
        raise NotImplementedError

    def plain(self, reply: Reply, request: Request, ident: str) -> dict[str, Any]:
        """The body of a plain answer. `ident` is unique to the request; ids are made from it."""
        raise NotImplementedError

    def stream(self, reply: Reply, request: Request, ident: str) -> Iterator[Frame]:
        """The events of a streamed answer."""
        raise NotImplementedError

    def wording(self, what: int | ErrorKind) -> Refusal:
        """How the vendor words an error: for a status, or for a kind with the status the vendor gives it."""
        if not isinstance(what, int):
            return self.KINDS[what]
        kind = KIND_OF_STATUS.get(what)
        return self.KINDS[kind] if kind is not None and self.KINDS[kind].status == what else self.other(what)

    def other(self, status: int) -> Refusal:
        """How the vendor words a status that none of the kinds has."""
        raise NotImplementedError

    def error_body(self, refusal: Refusal, request_id: str) -> dict[str, Any]:
        """The body of an error."""
        raise NotImplementedError

    def error_headers(self, refusal: Refusal) -> tuple[tuple[str, str], ...]:
        """What of an error stands in the response's headers."""
        return ()

    def error_frame(self, refusal: Refusal, request_id: str) -> Frame:
        """The same error as an event of a stream that began with 200."""
        return Frame(b"data: %b\n\n" % to_json(self.error_body(refusal, request_id)))

    def rate_limit_headers(self, limit: int, remaining: int) -> list[tuple[str, str]]:
        """So many requests a minute, so many left; nothing where the vendor does not say."""
        return []


KIND_OF_STATUS: dict[int, ErrorKind] = {
    401: "bad_key",
    403: "no_permission",
    404: "model_not_found",
    429: "rate_limit",
    500: "server_error",
    503: "overloaded",
    529: "overloaded",
}


def event(name: str, fields: Mapping[str, Any], content: bool = False) -> Frame:
    """A server-sent event that repeats its name as the type in its data."""
    return Frame(b"event: %b\ndata: %b\n\n" % (name.encode(), to_json({"type": name, **fields})), content)
