"""Amazon Bedrock, through its Converse API."""

from __future__ import annotations

import os
import re
from types import MappingProxyType
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from agentsea_gateway.errors import ConfigurationError
from agentsea_gateway.providers.aws_credentials import AWSSession, SignedHeaders, Signer
from agentsea_gateway.providers.credentials import Secrets
from agentsea_gateway.providers.credentials import api_key as find_key
from agentsea_gateway.providers.credentials import base_url as find_url
from agentsea_gateway.providers.given_token import GivenToken
from agentsea_gateway.providers.model_in_path import ModelInPath

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from agentsea_gateway.call import Call
    from agentsea_gateway.transport import Endpoint, Reply

_BEARER = "AWS_BEARER_TOKEN_BEDROCK"
_REGION = re.compile(r"[a-z0-9-]+")


class Bedrock(ModelInPath):
    """Amazon Bedrock: every model that speaks Converse, by its id, its inference profile or its ARN.

    api_key      a Bedrock API key, or a function that returns one, else AWS_BEARER_TOKEN_BEDROCK: sent as it is.
                 Without one, or with a `profile` or `credentials`, requests are signed with what botocore finds
                 (pip install 'agentsea-gateway[bedrock]')
    region       else AWS_REGION, else AWS_DEFAULT_REGION, else the profile's
    profile      a name from ~/.aws/config;   credentials   botocore's or boto3's, such as Session().get_credentials()
    base_url     else AWS_ENDPOINT_URL_BEDROCK_RUNTIME, else AWS_ENDPOINT_URL, else the region's own
    headers      extra headers for every request;   connection   see HTTPProvider: session, proxies, verify, transport

    Names of variables as in AWS SDKs and Tools Reference Guide, "Environment variables", November 2026.
    """

    stream_type = "application/vnd.amazon.eventstream"
    methods: Mapping[bool, str] = MappingProxyType({False: "/converse", True: "/converse-stream"})

    def __init__(
        self,
        api_key: str | Callable[[], str] | None = None,
        *,
        region: str | None = None,
        profile: str | None = None,
        credentials: Any = None,
        base_url: str | None = None,
        headers: Mapping[str, str] | None = None,
        **connection: Any,
    ) -> None:
        self._token = GivenToken(api_key, "bedrock: api_key") if callable(api_key) else None
        key = None
        if not callable(api_key) and (api_key is not None or (credentials is None and profile is None)):
            key = find_key(api_key, _BEARER, "bedrock", optional=api_key is None)
        region = region or os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION")
        self._signer: Signer | None = None
        if key is None and self._token is None:
            session = AWSSession(profile)
            region = _checked(region or session.region())
            self._signer = Signer(session, region, credentials)
        variable = "AWS_ENDPOINT_URL_BEDROCK_RUNTIME"
        if not os.environ.get(variable):
            variable = "AWS_ENDPOINT_URL"
        if not base_url and not os.environ.get(variable):
            base_url = _host(_checked(region))
        super().__init__(
            name="bedrock",
            dialect="bedrock_converse",
            base_url=find_url(base_url, variable, "", "bedrock"),
            path="/model",
            listing=None,
            headers={**({} if key is None else {"Authorization": f"Bearer {key}"}), **(headers or {})},
            **connection,
        )

    def _path_of(self, model: str) -> str:
        return f"{self._path}/{quote(model, safe='')}"

    def _headers_for(self, call: Call, extra: Mapping[str, str] | None) -> Mapping[str, str] | None:
        return extra if self._token is None else {**self._token.headers(call), **(extra or {})}

    def _endpoint_for(self, model: str, *, stream: bool) -> Any:
        endpoint = super()._endpoint_for(model, stream=stream)
        return endpoint if self._signer is None else SignedEndpoint(endpoint, self._signer)

    def _all_secrets(self, extra_headers: Mapping[str, str] | None) -> Secrets:
        found = super()._all_secrets(extra_headers)
        return found if self._signer is None else Secrets((*found, *self._signer.secrets))


class SignedEndpoint:
    """An endpoint that signs each body before it is posted."""

    __slots__ = ("_endpoint", "_signer")

    def __init__(self, endpoint: Endpoint, signer: Signer) -> None:
        self._endpoint = endpoint
        self._signer = signer

    def post(self, body: bytes, call: Call, headers: Mapping[str, str] | None = None) -> Reply:
        """See `Endpoint.post`. Raises AuthenticationError where there are no valid credentials."""
        signed = self._signer.headers(self._endpoint.url, body, call)
        return self._endpoint.post(body, call, SignedHeaders({**(headers or {}), **signed}))


def _checked(region: str | None) -> str:
    if not region:
        raise ConfigurationError("bedrock: no region; set AWS_REGION or pass region=")
    if not _REGION.fullmatch(region):
        raise ConfigurationError(f"bedrock: {region!r} is no region; give one such as 'us-east-1'")
    return region


def _host(region: str) -> str:
    return f"https://bedrock-runtime.{region}.amazonaws.com{'.cn' if region.startswith('cn-') else ''}"
