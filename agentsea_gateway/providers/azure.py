"""OpenAI's models on Azure: a resource of your own, in which a model has the name of its deployment."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from agentsea_gateway.dialects.openai_chat.quirks import OPENAI
from agentsea_gateway.errors import ConfigurationError
from agentsea_gateway.providers.credentials import api_key as find_key
from agentsea_gateway.providers.credentials import base_url as find_url
from agentsea_gateway.providers.given_token import GivenToken
from agentsea_gateway.providers.model_in_path import ModelInPath

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from agentsea_gateway.call import Call

_UNDATED = ("v1", "preview", "latest")  # versions of the API that has the model in the body


class Azure(ModelInPath):
    """Azure OpenAI, or models of other makers in the same resource. The model is the deployment's name.

    api_key       else AZURE_OPENAI_API_KEY
    endpoint      else AZURE_OPENAI_ENDPOINT: https://RESOURCE.openai.azure.com, with /openai/v1 behind it or without
    api_version   else OPENAI_API_VERSION, else "v1". A dated one ("2024-10-21") asks at the deployment's own path
    token         instead of a key one of Microsoft Entra: text, or a function that returns it, such as
                  azure.identity.get_bearer_token_provider(…);   else AZURE_OPENAI_AD_TOKEN
    headers       extra headers for every request;   connection   see HTTPProvider: session, proxies, verify, transport

    Source: Microsoft Learn, "Azure OpenAI in Microsoft Foundry Models v1 API", and openai-python 3.57 (November 2026).
    """

    def __init__(
        self,
        api_key: str | None = None,
        *,
        endpoint: str | None = None,
        api_version: str | None = None,
        token: str | Callable[[], str] | None = None,
        headers: Mapping[str, str] | None = None,
        **connection: Any,
    ) -> None:
        given = endpoint or os.environ.get("AZURE_OPENAI_ENDPOINT")
        if not given:
            raise ConfigurationError("azure: no endpoint; set AZURE_OPENAI_ENDPOINT or pass endpoint=")
        if api_key is None and token is None:
            token = os.environ.get("AZURE_OPENAI_AD_TOKEN") or None
        self._token = None if token is None else GivenToken(token, "azure: token")
        key = find_key(api_key, "AZURE_OPENAI_API_KEY", "azure") if token is None else None
        url = find_url(given, None, "", "azure").removesuffix("/v1").removesuffix("/openai")
        version = api_version or os.environ.get("OPENAI_API_VERSION") or "v1"
        query = "" if version == "v1" else f"?api-version={version}"
        self._by_deployment = None if version in _UNDATED else query
        place = "/openai/v1" if self._by_deployment is None else "/openai"
        super().__init__(
            name="azure",
            dialect="openai_chat",
            quirks=OPENAI,
            base_url=url,
            path=f"{place}/chat/completions{query}",
            listing=f"{place}/models{query}",
            headers={**({} if key is None else {"api-key": key}), **(headers or {})},
            **connection,
        )

    def _path_of(self, model: str) -> str:
        if self._by_deployment is None:
            return self._path
        return f"/openai/deployments/{quote(model, safe='')}/chat/completions{self._by_deployment}"

    def _headers_for(self, call: Call, extra: Mapping[str, str] | None) -> Mapping[str, str] | None:
        return extra if self._token is None else {**self._token.headers(call), **(extra or {})}
