"""The vendor behind the sandbox's server: takes a request, refuses it or answers it, and keeps a record."""

from __future__ import annotations

import re
from collections import deque
from functools import partial
from typing import TYPE_CHECKING

from agentsea_gateway.testing.exchange import JSON, Exchange
from agentsea_gateway.testing.recorded import Request, blanked, json_or_none
from agentsea_gateway.testing.replies import to_json
from agentsea_gateway.testing.sides import side_for
from agentsea_gateway.testing.wire import End

if TYPE_CHECKING:
    from collections.abc import Iterator

    from agentsea_gateway.testing.http_reader import Incoming
    from agentsea_gateway.testing.script import Script
    from agentsea_gateway.testing.side import Rules, Side
    from agentsea_gateway.testing.wire import Answer, Step

SECRET_IN_QUERY = re.compile(r"((?:^|&)key=)[^&]*")  # Google takes a key there
SHOWN_MODELS = ("sandbox-model",)  # what the list of models says where every model exists


class Service:
    """Turns requests into steps, in whatever dialect they come. Lives in the server's thread."""

    def __init__(
        self, name: str, script: Script, rules: Rules, *, latency: float, rate_limit: int | None, keep: int
    ) -> None:
        self._ident = re.sub(r"[^A-Za-z0-9]+", "_", name)
        self._script = script
        self._rules = rules
        self._latency = latency
        self._rate_limit = rate_limit
        self.hits = 0
        self.requests: deque[Request] = deque(maxlen=keep)
        self.errors: list[Exception] = []

    def handle(self, incoming: Incoming) -> Iterator[Step]:
        """The steps that answer this request. What our own or the user's code raises is kept, and the client reset."""
        try:
            yield from self._steps(incoming)
        except Exception as error:  # raised again by close(), in the user's thread
            self.errors.append(error)
            yield End.RST

    def _steps(self, incoming: Incoming) -> Iterator[Step]:
        path, _, query = incoming.target.partition("?")
        side = side_for(path, incoming.headers)
        request = self._record(incoming, side, path, query)
        exchange = self._exchange(request, side, chunked=incoming.version != "HTTP/1.0")
        refusal = side.refusal(request, incoming.headers, self._rules)
        if refusal is not None:
            return exchange.error(refusal).steps()
        if side.is_listing(request):
            return self._listing(exchange).steps()
        action = self._script.next(request)
        return action.play(action.shape(exchange))

    def _record(self, incoming: Incoming, side: Side, path: str, query: str) -> Request:
        self.hits += 1
        body = json_or_none(incoming.data)
        request = Request(
            number=self.hits,
            dialect=side.NAME,
            method=incoming.method,
            path=path,
            query=SECRET_IN_QUERY.sub(r"\1***", query),
            headers=blanked(incoming.headers),
            data=incoming.data,
            body=body,
            streamed=side.streams(path, body),
            model=side.model(path, body),
        )
        self.requests.append(request)
        return request

    def _exchange(self, request: Request, side: Side, *, chunked: bool) -> Exchange:
        ident = f"{self._ident}_{request.number}"
        headers = [(side.REQUEST_ID, f"req_{ident}")] if side.REQUEST_ID else []
        if self._rate_limit is not None:
            headers += side.rate_limit_headers(self._rate_limit, max(0, self._rate_limit - request.number))
        usual = partial(self._script.usual, request)
        return Exchange(request, side, ident, usual, self._latency, tuple(headers), chunked)

    def _listing(self, exchange: Exchange) -> Answer:
        models = SHOWN_MODELS if self._rules.models is None else self._rules.models
        return exchange.raw(200, to_json(exchange.side.listing(models)), (JSON, *exchange.headers))
