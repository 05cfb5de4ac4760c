"""A SessionEndpoint: an Endpoint that posts through a requests.Session of the user's own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from agentsea_gateway.transport.endpoint import Endpoint, time_left
from agentsea_gateway.transport.stock import guarded, stock_reply

if TYPE_CHECKING:
    from collections.abc import Mapping

    import requests

    from agentsea_gateway.call import Call
    from agentsea_gateway.transport.limits import Limits
    from agentsea_gateway.transport.reply import Reply
    from agentsea_gateway.transport.request_head import SentHeaders
    from agentsea_gateway.transport.target import Target


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
        left = time_left(call)
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
