"""A Reply: the answer to one request, its head at once and its body as it comes, decompressed and capped."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from agentsea_gateway.errors import APITimeoutError, MalformedResponseError, ProviderError

if TYPE_CHECKING:
    from agentsea_gateway.call import Call
    from agentsea_gateway.transport.headers import Headers
    from agentsea_gateway.transport.inflate import Inflater
    from agentsea_gateway.transport.limits import Limits


class Source(Protocol):
    """Where the rest of a body comes from."""

    def receive(self, call: Call) -> bytes:
        """The next bytes of the body as they were sent; b"" at its proven end."""
        ...

    def finish(self, call: Call) -> None:
        """Nobody wants the rest: keep the connection if it can be had without waiting."""
        ...

    def close(self) -> None:
        """Drop the connection; from any thread, and from a finalizer."""
        ...


class Reply:
    """The answer to one request.

    status    the HTTP status; 3xx are answers like any other, never followed
    headers   by lower-case name, looked up in any case

    One thread reads, with `read` or `read_some`; any thread may `close`. A Reply that is dropped closes its socket.
    """

    __slots__ = (
        "__weakref__",
        "_call",
        "_fed",
        "_given",
        "_inflater",
        "_limits",
        "_ready",
        "_source",
        "headers",
        "request",
        "status",
    )

    request: Any  # for `responses` with passthrough, which looks at it; not set otherwise

    def __init__(
        self,
        status: int,
        headers: Headers,
        ready: bytes,
        source: Source | None,
        *,
        limits: Limits,
        call: Call,
        inflater: Inflater | None = None,
    ) -> None:
        self.status = status
        self.headers = headers
        self._ready = ready  # what came with the head
        self._source = source  # None: that was all
        self._inflater = inflater
        self._limits = limits
        self._call = call
        self._given = 0
        self._fed = False

    @property
    def status_code(self) -> int:
        """`status` under requests' name."""
        return self.status

    def read(self) -> bytes:
        """The whole body, or the rest of it, decompressed.

        Raises MalformedResponseError where it is truncated, corrupt or larger than `Limits.body`, APIConnectionError
        where the connection broke, APITimeoutError where the call's time ran out.
        """
        cap = self._limits.body
        if self._source is None and self._inflater is None and len(self._ready) <= cap:
            ready, self._ready = self._ready, b""
            return ready
        pieces = []
        while piece := self._piece(cap):
            pieces.append(piece)
        return b"".join(pieces)

    def read_some(self) -> bytes:
        """The next piece of the body as soon as there is one, decompressed; b"" at the body's proven end.

        Raises as `read` does; the cap is `Limits.stream`.
        """
        return self._piece(self._limits.stream)

    def salvage(self) -> bytes:
        """The body of an error, or what came of it before it broke: the status says what happened, whatever becomes of
        the words. Raises nothing that `read` raises."""
        pieces = []
        try:
            while piece := self._piece(self._limits.body):
                pieces.append(piece)
        except ProviderError:
            pass
        return b"".join(pieces)

    def finish(self) -> None:
        """The consumer has all it wants: keep the connection if the body's end is here already, else close it."""
        if self._source is not None:
            self._source.finish(self._call)

    def close(self) -> None:
        """Drop the answer and its connection, from any thread."""
        if self._source is not None:
            self._source.close()

    def _piece(self, cap: int) -> bytes:
        try:
            piece = self._received() if self._inflater is None else self._inflated(self._inflater)
            self._given += len(piece)
            if self._given > cap:
                raise MalformedResponseError(f"the answer's body is larger than {cap} bytes", status_code=self.status)
        except BaseException:
            self.close()
            raise
        return piece

    def _received(self) -> bytes:
        if self._ready:
            ready, self._ready = self._ready, b""
            return ready
        return b"" if self._source is None else self._source.receive(self._call)

    def _inflated(self, inflater: Inflater) -> bytes:
        while True:
            data = b""
            if inflater.pending:
                self._check_time()
            else:
                data = self._received()
                if not data:
                    inflater.end(self._fed)
                    return b""
                self._fed = True
            piece = inflater.feed(data)
            if piece:
                return piece

    def _check_time(self) -> None:
        """What is unpacked waits for nobody: a bomb could go on for long after the call's end."""
        if self._call.remaining() <= 0:
            patience = self._call.patience
            raise APITimeoutError(f"out of time ({patience}) while unpacking the answer", patience=patience)

    def __repr__(self) -> str:
        return f"Reply(status={self.status})"
