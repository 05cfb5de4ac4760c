"""Through HTTPAdapter.send: what `responses` and its like put in its place sees every request, as if requests sent it.

Loaded only where somebody took that place; otherwise the wire is asked at once, and requests stays unloaded.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from requests.adapters import HTTPAdapter
from requests.hooks import default_hooks
from requests.models import PreparedRequest
from requests.structures import CaseInsensitiveDict
from urllib3.util import Timeout

from agentsea_gateway.transport.exchange import exchange
from agentsea_gateway.transport.reply import Reply
from agentsea_gateway.transport.stock import guarded, stock_reply

if TYPE_CHECKING:
    from collections.abc import Mapping

    from agentsea_gateway.call import Call
    from agentsea_gateway.transport.limits import Limits
    from agentsea_gateway.transport.pool import Pool


class PreparedHeaders(CaseInsensitiveDict[str]):
    """The header fields of a request as requests has them, without their values in the repr."""

    def __repr__(self) -> str:
        return f"<header fields {', '.join(self)}>"


class WireRequest(PreparedRequest):
    """One request on its way: for requests a PreparedRequest, and at the same time the pool that sends it."""

    def __init__(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str],
        head: bytes,
        body: bytes,
        *,
        pool: Pool,
        limits: Limits,
        call: Call,
    ) -> None:
        # Not PreparedRequest's: everything else that requests and `responses` read stands on the class.
        self.method = method
        self.url = url
        self.headers = PreparedHeaders({**headers, "Content-Length": str(len(body))})
        self.body = body
        self._head = head
        self._pool = pool
        self._limits = limits
        self._call = call

    hooks = default_hooks()
    _cookies = None
    _body_position = None

    def urlopen(self, method: str, url: str, body: bytes, headers: Mapping[str, str], **_: Any) -> Reply:
        """What HTTPAdapter.send() asks of a urllib3 pool."""
        return exchange(self._pool, self._limits, self._head, body, self._call)

    def answered(self) -> Reply:
        """The Reply of whatever took the place of HTTPAdapter.send, which may raise anything."""
        answer: Any = guarded(
            lambda: _ADAPTER.send(self, stream=True, timeout=_TIMEOUT),  # type: ignore[arg-type]
            self._call,
            connecting="connect",
        )
        return answer if isinstance(answer, Reply) else stock_reply(answer, self._call, self._limits)


class Adapter(HTTPAdapter):
    """HTTPAdapter whose connection pool is the request itself. `send` stays requests' own."""

    def __init__(self) -> None:
        super().__init__(pool_connections=1, pool_maxsize=1)  # urllib3's stay unused

    def get_connection_with_tls_context(self, request: Any, *_: Any, **__: Any) -> Any:
        return request

    def cert_verify(self, *_: Any) -> None:
        """The context was built with the Transport."""

    def request_url(self, request: Any, _: Any) -> str:
        return ""  # stands in the head already

    def build_response(self, req: PreparedRequest, resp: Any) -> Any:
        """Our own Reply as it is; what `responses` made up becomes a requests.Response."""
        if type(resp) is not Reply:
            return super().build_response(req, resp)
        resp.request = req
        return resp


_ADAPTER = Adapter()
_TIMEOUT = Timeout()  # ours are in the Call
