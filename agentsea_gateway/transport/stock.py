"""The stock path: answers that requests itself fetched (a session of the user's own) or that `responses` made up."""

from __future__ import annotations

import http.client
import socket
import ssl
from typing import TYPE_CHECKING, Any

from requests import exceptions as of_requests
from requests.adapters import HTTPAdapter
from urllib3 import exceptions as of_urllib3
from urllib3.response import HTTPResponse

from agentsea_gateway.errors import APIConnectionError, APITimeoutError, MalformedResponseError, ProviderError
from agentsea_gateway.transport.connection import CHUNK, told
from agentsea_gateway.transport.fork import forget_in_children
from agentsea_gateway.transport.headers import Headers
from agentsea_gateway.transport.inflate import inflater_of
from agentsea_gateway.transport.reply import Reply

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    import requests

    from agentsea_gateway.call import Call
    from agentsea_gateway.transport.limits import Limits

_CUT = (
    of_requests.ChunkedEncodingError,
    of_requests.ContentDecodingError,
    of_urllib3.DecodeError,
    of_urllib3.IncompleteRead,
    http.client.IncompleteRead,
)
_REFUSED = (of_urllib3.NewConnectionError, ConnectionRefusedError, socket.gaierror, ssl.SSLCertVerificationError)
_UNREACHED = (
    *_REFUSED,
    of_urllib3.ConnectTimeoutError,
    of_urllib3.ProxyError,
    of_requests.ConnectTimeout,
    of_requests.ProxyError,
)
_OUT_OF_TIME = (of_requests.Timeout, of_urllib3.TimeoutError, TimeoutError)


def guarded(action: Callable[[], Any], call: Call, *, connecting: str | None = None) -> Any:
    """`action()`, whose every exception becomes one of ours; `connecting` is the patience of a connect timeout.

    The exception raised has no other behind it: requests' own hold the request with its headers.
    """
    try:
        return action()
    except Exception as error:
        failure = _typed(error, call, connecting)
    raise failure


def _typed(error: Exception, call: Call, connecting: str | None) -> ProviderError:
    causes = list(_causes(error))
    ours = next((cause for cause in causes if isinstance(cause, ProviderError)), None)
    if ours is not None:
        return ours
    if call.cancelled:
        return APIConnectionError("cancelled")
    sent = connecting is None or not _holds(causes, _UNREACHED)
    if _holds(causes, _OUT_OF_TIME) and not _holds(causes, _REFUSED):
        patience = call.patience if sent or connecting is None else connecting
        return APITimeoutError(f"out of time ({patience}) in the session", patience=patience, sent=sent)
    if _holds(causes, _CUT):
        return MalformedResponseError(f"truncated or corrupt ({type(causes[-1]).__name__})")
    return APIConnectionError(f"{_words(causes[-1])} (session)", sent=sent)


def _holds(causes: list[Exception], kinds: tuple[type[Exception], ...]) -> bool:
    return any(isinstance(cause, kinds) for cause in causes)


def _words(error: Exception) -> str:
    """In a few words, without what an exception's text may hold: the URL, a proxy's password, the headers."""
    text = str(error)
    if text.startswith("Connection refused by Responses"):
        return text.partition("\n")[0].rstrip(".")
    return told(error)


def _causes(error: Any) -> Iterator[Exception]:
    """The error and those that requests and urllib3 wrapped in it, the innermost last."""
    for _ in range(10):
        if not isinstance(error, Exception):
            return
        yield error
        # Not __context__: that may be an older error, which the caller was just dealing with.
        inner = [getattr(error, "reason", None), *reversed(error.args), error.__cause__]
        error = next((candidate for candidate in inner if isinstance(candidate, Exception)), None)


def stock_reply(response: requests.Response, call: Call, limits: Limits) -> Reply:
    """A Reply over a requests.Response that was asked for with stream=True."""
    headers = Headers({name.lower(): value for name, value in response.headers.items()})
    source = StockSource(response)
    if source.consumed is not None:
        return Reply(response.status_code, headers, source.consumed, None, limits=limits, call=call)
    try:
        inflater = None if source.decoded else inflater_of(headers.get("content-encoding"))
    except MalformedResponseError:
        source.close()
        if 200 <= response.status_code < 300:
            raise
        return Reply(response.status_code, headers, b"", None, limits=limits, call=call)
    return Reply(response.status_code, headers, b"", source, inflater=inflater, limits=limits, call=call)


class SessionInChildren:
    """Gives a forked child's copy of a session new, empty connection pools instead of its parent's."""

    __slots__ = ("__weakref__", "_of_the_parent", "_session")

    def __init__(self, session: requests.Session) -> None:
        self._session = session
        self._of_the_parent: list[Any] = []  # never let go: their finalizers take locks that nobody gives back here
        forget_in_children(self)

    def forget(self) -> None:
        """Called in the child. Adapters that are no HTTPAdapter know for themselves what to do."""
        adapters: Iterable[Any] = self._session.adapters.values()
        for adapter in adapters:
            if isinstance(adapter, HTTPAdapter):
                self._renew(adapter)

    def _renew(self, adapter: Any) -> None:
        self._of_the_parent += [adapter.poolmanager, adapter.proxy_manager]
        adapter.__setstate__(adapter.__getstate__())


class StockSource:
    """The body of a requests.Response. Each read waits for at most the time that was left when the request began."""

    __slots__ = ("__weakref__", "_closed", "_done", "_pieces", "_reading", "_response", "consumed", "decoded")

    def __init__(self, response: requests.Response) -> None:
        self._response = response
        self._done = self._closed = self._reading = False
        # False is requests' word for "not read yet"; a hook may have read it, an adapter may have set it.
        self.consumed = response.content if getattr(response, "_content", False) is not False else None
        self._pieces: Iterator[bytes] = iter(())
        self.decoded = False
        if self.consumed is None and not _reads_promptly(response.raw):
            self._pieces = response.iter_content(CHUNK)
            self.decoded = hasattr(response.raw, "stream")
        forget_in_children(self)

    def receive(self, call: Call) -> bytes:
        """The next bytes; the deadline is looked at before each read."""
        if self._done:
            return b""
        if not self._closed and call.remaining() <= 0:
            self.close()
            raise APITimeoutError(f"out of time ({call.patience}) in the answer's body", patience=call.patience)
        data, failure = b"", None
        self._reading = True
        call.attach(self)
        try:
            if not self._closed:
                data = guarded(self._read, call)
        except ProviderError as error:
            failure = error
        finally:
            call.attach(None)
            self._reading = False
        if self._closed:
            self.close()
            failure = APIConnectionError("cancelled" if call.cancelled else "the answer was closed before its end")
        if failure is not None:
            raise failure
        if not data:
            self._done = True
            getattr(self._response.raw, "release_conn", bool)()
        return data

    def _read(self) -> bytes:
        raw: Any = self._response.raw
        if not _reads_promptly(raw):
            return next(self._pieces, b"")
        if hasattr(raw, "read1"):
            return raw.read1(CHUNK, decode_content=False) or b""
        data: bytes = raw._fp.read1(CHUNK)  # urllib3 before 2
        missing = getattr(raw._fp, "length", None)
        if missing and not data:
            raise http.client.IncompleteRead(b"", missing)
        if not data:
            raw._fp.close()
        return data

    def forget(self) -> None:
        """In a forked child: the rest of the answer is the parent's."""
        self._closed = True

    def finish(self, call: Call) -> None:
        """What is there cannot be told from what is not: the connection is closed."""
        if not self._done:
            self.close()

    def close(self) -> None:
        """End the answer from any thread: a read that waits is woken, and the reader closes when it leaves."""
        self._closed = True
        raw: Any = self._response.raw
        try:
            if not self._reading:
                raw.close()
            elif hasattr(raw, "shutdown"):  # urllib3 2.3 and later
                raw.shutdown()
            else:
                socket.socket.shutdown(raw._connection.sock, socket.SHUT_RDWR)
        except Exception:
            return  # nothing to shut down any more, or an object of another kind


def _reads_promptly(raw: Any) -> bool:
    """Whether what is there can be had as it comes, and undecoded."""
    return isinstance(raw, HTTPResponse) and hasattr(raw._fp, "read1")
