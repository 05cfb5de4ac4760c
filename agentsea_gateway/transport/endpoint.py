"""An Endpoint: one URL with its headers, checked and built once, to which bodies are posted."""

from __future__ import annotations

from typing import TYPE_CHECKING

from agentsea_gateway.errors import APIConnectionError, APITimeoutError, InvalidRequestError
from agentsea_gateway.transport.adapter import TIMEOUT, WireRequest, is_patched
from agentsea_gateway.transport.reply import Reply
from agentsea_gateway.transport.request_head import checked_headers, head_bytes, with_defaults
from agentsea_gateway.transport.stock import guarded, stock_reply

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any, NoReturn

    import requests

    from agentsea_gateway.call import Call
    from agentsea_gateway.transport.adapter import Adapter
    from agentsea_gateway.transport.limits import Limits
    from agentsea_gateway.transport.pool import Pool
    from agentsea_gateway.transport.request_head import SentHeaders
    from agentsea_gateway.transport.target import Target


class Endpoint:
    """Where to post: made by `Transport.endpoint`, shared by all threads."""

    __slots__ = ("_given", "_headers", "_limits", "_method", "_target", "url")

    def __init__(self, target: Target, headers: Mapping[str, str], limits: Limits, method: str) -> None:
        self.url = target.url
        self._method = method
        self._target = target
        self._given = headers
        self._headers = with_defaults(headers)
        self._limits = limits

    def post(self, body: bytes, call: Call, headers: Mapping[str, str] | None = None) -> Reply:
        """Post `body`; the Reply, as soon as the answer's head is there. `headers` override the endpoint's own.

        Raises APIConnectionError (APITimeoutError where the time of `call` or a patience ran out) and
        MalformedResponseError; before anything is sent InvalidRequestError for a header that HTTP cannot carry.
        """
        raise NotImplementedError

    def _headers_with(self, extra: Mapping[str, str]) -> SentHeaders:
        return with_defaults(self._given, checked_headers(extra, InvalidRequestError))

    def __repr__(self) -> str:
        return f"Endpoint({self._target.shown!r})"

    def __reduce__(self) -> NoReturn:
        raise TypeError("an Endpoint holds a key and live connections and is not pickled; build it in the worker")


class WireEndpoint(Endpoint):
    """An endpoint over our own connections."""

    __slots__ = ("_adapter", "_head", "_pool")

    def __init__(
        self, target: Target, headers: Mapping[str, str], limits: Limits, method: str, *, adapter: Adapter, pool: Pool
    ) -> None:
        super().__init__(target, headers, limits, method)
        self._head = head_bytes(method, target.line, target.fields, self._headers)
        self._adapter = adapter
        self._pool = pool

    def post(self, body: bytes, call: Call, headers: Mapping[str, str] | None = None) -> Reply:
        if call.cancelled or call.remaining() <= 0:
            _refuse(call)
        sent, head = self._headers, self._head
        if headers:
            sent = self._headers_with(headers)
            head = head_bytes(self._method, self._target.line, self._target.fields, sent)
        request = WireRequest(self._method, self.url, sent, head, body, pool=self._pool, limits=self._limits, call=call)
        if is_patched():
            return self._post_patched(request, body, call)
        return self._adapter.send(request, stream=True, timeout=TIMEOUT)  # type: ignore[arg-type, return-value]

    def _post_patched(self, request: WireRequest, body: bytes, call: Call) -> Reply:
        """Through whatever took the place of HTTPAdapter.send: it sees the whole request and may raise anything."""
        request.headers = with_defaults(request.headers, {"Content-Length": str(len(body))})
        answer: Any = guarded(
            lambda: self._adapter.send(request, stream=True, timeout=TIMEOUT),  # type: ignore[arg-type]
            call,
            connecting="connect",
        )
        return answer if isinstance(answer, Reply) else stock_reply(answer, call, self._limits)


class SessionEndpoint(Endpoint):
    """An endpoint that posts through a requests.Session of the user's own, which is honoured as it is.

    The limits of that path: time-outs hold for each receive, so a head that drips is not cut short; the call's end is
    looked at between two reads of the body, which may each wait for what was left when the request began; a cancel
    ends a read, but nothing before the head is there.
    """

    __slots__ = ("_session",)

    def __init__(
        self, target: Target, headers: Mapping[str, str], limits: Limits, method: str, *, session: requests.Session
    ) -> None:
        super().__init__(target, headers, limits, method)
        self._session = session

    def post(self, body: bytes, call: Call, headers: Mapping[str, str] | None = None) -> Reply:
        left = call.remaining()
        if call.cancelled or left <= 0:
            _refuse(call)
        sent = self._headers_with(headers) if headers else self._headers
        connect = left if call.connect_timeout is None else min(left, call.connect_timeout)
        patience = "connect" if connect < left else call.patience
        response = guarded(lambda: self._request(body, sent, (connect, left)), call, connecting=patience)
        return stock_reply(response, call, self._limits)

    def _request(self, body: bytes, headers: SentHeaders, timeout: tuple[float, float]) -> requests.Response:
        return self._session.request(
            self._method,
            self.url,
            data=body,
            headers=headers,
            stream=True,
            allow_redirects=False,
            timeout=timeout,
            # Without an auth of its own, a session takes netrc's over the header that carries our key.
            auth=None if self._session.auth else _as_it_is,
        )


def _as_it_is(request: requests.PreparedRequest) -> requests.PreparedRequest:
    return request


def _refuse(call: Call) -> NoReturn:
    if call.cancelled:
        raise APIConnectionError("cancelled before anything was sent", sent=False)
    raise APITimeoutError(f"out of time ({call.patience}) before anything was sent", patience=call.patience, sent=False)
