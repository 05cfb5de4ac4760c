"""A provider over HTTP: a dialect spoken to one endpoint. Where and who; the dialect is how."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from agentsea_gateway import __version__, dialects
from agentsea_gateway.call import Call
from agentsea_gateway.clock import Deadline
from agentsea_gateway.errors import NotFoundError, ProviderError
from agentsea_gateway.options import KNOWN
from agentsea_gateway.providers.credentials import Secrets, blank, secrets_of
from agentsea_gateway.providers.event_source import EventSource
from agentsea_gateway.providers.listing import listed_models
from agentsea_gateway.strict_json import dumps, loads, prefer_orjson

if TYPE_CHECKING:
    from collections.abc import Mapping

    import requests

    from agentsea_gateway.dialects.dialect import Dialect
    from agentsea_gateway.response import Response
    from agentsea_gateway.transport import Endpoint, Reply, Transport

COMMON = {
    "User-Agent": f"agentsea-gateway/{__version__}",
    "Accept": "application/json",
    "Content-Type": "application/json",
}
DIRECT_TIMEOUT = 120.0  # seconds, where a provider is used without a gateway


class HTTPProvider:
    """Speaks `dialect` to `base_url + path`. Immutable after construction, shared by threads.

    path       of the endpoint; of its beginning where the model stands in it, see `_endpoint_for`
    listing    of the list of its models, None where it has none
    headers    sent with every request, the credential among them; never shown
    session    a `requests.Session` of your own, used as it is (its adapters, proxies, cookies; time-outs per read)
    proxies    {"https": "http://…"}; None reads the environment once, {} means none
    verify     False, or a path of certificates, as in requests
    transport  a ready `Transport`, instead of the three above
    quirks     what this host does not take, where its dialect knows such differences
    """

    known_options = KNOWN
    requires_model = True
    stream_type = "text/event-stream"  # the media type of its streams

    def __init__(
        self,
        *,
        name: str,
        dialect: str,
        base_url: str,
        path: str,
        headers: Mapping[str, str],
        listing: str | None = "/models",
        session: requests.Session | None = None,
        proxies: Mapping[str, str] | None = None,
        verify: bool | str = True,
        transport: Transport | None = None,
        quirks: object = None,
    ) -> None:
        self.name = name
        self.base_url = base_url
        self._secrets = secrets_of(headers)
        self._dialect: Dialect = dialects.get(dialect)
        self._manner: dict[str, Any] = {} if quirks is None else {"quirks": quirks}
        self._transport = transport or _transport(session, proxies, verify)
        plain = {**COMMON, **headers}
        # Events are small and must come at once: a compressed stream would be held back by the compressor.
        streaming = {**COMMON, "Accept": self.stream_type, "Accept-Encoding": "identity", **headers}
        built = self._transport.endpoint

        def opened(path: str, *, stream: bool) -> Endpoint:  # a closure keeps the headers out of every repr
            return built(base_url + path, streaming if stream else plain)

        def opened_to_get(path: str) -> Endpoint:
            return built(base_url + path, plain, method="GET")

        self._opened = opened
        self._opened_to_get = opened_to_get
        self._listing = listing
        self._endpoint = opened(path, stream=False)
        self._stream_endpoint = opened(path, stream=True)

    def _endpoint_for(self, model: str, *, stream: bool) -> Endpoint:
        """Where this model is asked. A provider whose path names the model opens one for each, and keeps it."""
        return self._stream_endpoint if stream else self._endpoint

    def _headers_for(self, call: Call, extra: Mapping[str, str] | None) -> Mapping[str, str] | None:
        """The headers of one request beside the endpoint's own. A provider whose credential runs out adds it here."""
        return extra

    def complete(
        self,
        messages: Any,
        *,
        model: str,
        call: Call | None = None,
        extra_headers: Mapping[str, str] | None = None,
        **options: Any,
    ) -> Response:
        """Ask for a whole answer. Raises a ProviderError, or InvalidRequestError where JSON cannot hold the request."""
        encoded = self._dialect.encode(messages, options, model=model, **self._manner)
        call = call or _direct()
        extra_headers = self._headers_for(call, extra_headers)
        reply = self._endpoint_for(model, stream=False).post(dumps(encoded.body), call, extra_headers)
        if not 200 <= reply.status < 300:
            raise self._refusal(reply, call, self._all_secrets(extra_headers))
        try:
            response = self._dialect.decode_response(loads(reply.read()), reply.headers)
        except ProviderError as error:  # an error inside a 200
            blank(error, self._all_secrets(extra_headers))
            raise
        return response.with_fields(degraded=encoded.degraded) if encoded.degraded else response

    def stream(
        self,
        messages: Any,
        *,
        model: str,
        call: Call | None = None,
        extra_headers: Mapping[str, str] | None = None,
        **options: Any,
    ) -> EventSource:
        """Ask for a stream of events."""
        encoded = self._dialect.encode(messages, options, model=model, stream=True, **self._manner)
        call = call or _direct()
        extra_headers = self._headers_for(call, extra_headers)
        reply = self._endpoint_for(model, stream=True).post(dumps(encoded.body), call, extra_headers)
        secrets = self._all_secrets(extra_headers)
        if not 200 <= reply.status < 300:
            raise self._refusal(reply, call, secrets)
        return EventSource(reply, self._dialect.decoder(reply.headers), degraded=encoded.degraded, secrets=secrets)

    def models(self, *, call: Call | None = None) -> tuple[str, ...]:
        """The names of its models, as it lists them when asked, which costs nothing.

        Raises a ProviderError, a NotFoundError where it has no such list.
        """
        if self._listing is None:
            raise NotFoundError(f"{self.name} has no list of its models", provider=self.name)
        call = call or _direct()
        headers = self._headers_for(call, None)
        reply = self._opened_to_get(self._listing).post(b"", call, headers)
        if not 200 <= reply.status < 300:
            raise self._refusal(reply, call, self._all_secrets(headers))
        return listed_models(loads(reply.read()))

    def _refusal(self, reply: Reply, call: Call, secrets: Secrets) -> ProviderError:
        """The error that an answer's status and body stand for. A body that breaks takes its words, not its status."""
        body, now = reply.salvage(), call.clock.time()
        return self._dialect.decode_error(reply.status, reply.headers, body, now=now, secrets=secrets)

    def _all_secrets(self, extra_headers: Mapping[str, str] | None) -> Secrets:
        return self._secrets if not extra_headers else Secrets((*self._secrets, *secrets_of(extra_headers)))

    def close(self) -> None:
        """Close the idle connections."""
        self._transport.close()

    def __repr__(self) -> str:
        scheme, _, rest = self.base_url.partition("://")
        return f"{type(self).__name__}({self.name!r}, base_url={scheme + '://' + rest.rpartition('@')[2]!r})"


def _transport(session: requests.Session | None, proxies: Mapping[str, str] | None, verify: bool | str) -> Transport:
    from agentsea_gateway.transport import Transport  # requests is loaded with the first provider that needs it

    prefer_orjson()
    return Transport(session=session, proxies=proxies, verify=verify)


def _direct() -> Call:
    return Call(Deadline.after(DIRECT_TIMEOUT), connect_timeout=5.0)
