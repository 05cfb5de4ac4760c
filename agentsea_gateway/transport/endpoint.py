"""An Endpoint: one URL with its headers, checked and built once, to which bodies are posted."""

from __future__ import annotations

import sys
from types import FunctionType
from typing import TYPE_CHECKING

from agentsea_gateway.aside import load
from agentsea_gateway.errors import APIConnectionError, APITimeoutError, InvalidRequestError
from agentsea_gateway.transport.exchange import exchange
from agentsea_gateway.transport.request_head import checked_headers, head_bytes, with_defaults

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import NoReturn

    from agentsea_gateway.call import Call
    from agentsea_gateway.transport.limits import Limits
    from agentsea_gateway.transport.pool import Pool
    from agentsea_gateway.transport.reply import Reply
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

    __slots__ = ("_head", "_pool")

    def __init__(self, target: Target, headers: Mapping[str, str], limits: Limits, method: str, *, pool: Pool) -> None:
        super().__init__(target, headers, limits, method)
        self._head = head_bytes(method, target.line, target.fields, self._headers)
        self._pool = pool

    def post(self, body: bytes, call: Call, headers: Mapping[str, str] | None = None) -> Reply:
        time_left(call)
        sent, head = self._headers, self._head
        if headers:
            sent = self._headers_with(headers)
            head = head_bytes(self._method, self._target.line, self._target.fields, sent)
        if _is_patched():
            load("agentsea_gateway.transport.adapter")
            from agentsea_gateway.transport.adapter import WireRequest

            return WireRequest(
                self._method, self.url, sent, head, body, pool=self._pool, limits=self._limits, call=call
            ).answered()
        return exchange(self._pool, self._limits, head, body, call)


def _is_patched() -> bool:
    """Whether somebody (`responses`) took the place of HTTPAdapter.send, or wrapped it."""
    adapters = sys.modules.get("requests.adapters")
    if adapters is None:  # requests is not loaded
        return False
    adapter = getattr(adapters, "HTTPAdapter", None)
    if adapter is None:  # it is just being loaded
        return False
    # requests' own is a function that sees its module's names; a wrapper may show the names of what it wraps.
    return type(adapter.send) is not FunctionType or adapter.send.__globals__ is not adapters.__dict__


def time_left(call: Call) -> float:
    """What the call has left, in seconds. Raises where it is over before anything was sent."""
    left = call.remaining()
    if call.cancelled:
        raise APIConnectionError("cancelled before anything was sent", sent=False)
    if left <= 0:
        patience = call.patience
        raise APITimeoutError(f"out of time ({patience}) before anything was sent", patience=patience, sent=False)
    return left
