"""Cohere's chat API."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from agentsea_gateway.providers.credentials import api_key as find_key
from agentsea_gateway.providers.credentials import base_url as find_url
from agentsea_gateway.providers.http_provider import HTTPProvider

if TYPE_CHECKING:
    from collections.abc import Mapping


class Cohere(HTTPProvider):
    """Cohere, or with `base_url` (without /v2, as in Cohere's own SDK) any server that speaks its chat API.

    api_key   else CO_API_KEY;   base_url   else CO_API_URL, else Cohere's own
    headers   extra headers for every request
    connection  see HTTPProvider: session, proxies, verify, transport
    """

    def __init__(
        self,
        api_key: str | None = None,
        *,
        base_url: str | None = None,
        headers: Mapping[str, str] | None = None,
        **connection: Any,
    ) -> None:
        key = find_key(api_key, "CO_API_KEY", "cohere")
        super().__init__(
            name="cohere",
            dialect="cohere_chat",
            base_url=find_url(base_url, "CO_API_URL", "https://api.cohere.com", "cohere"),
            path="/v2/chat",
            listing="/v1/models?page_size=1000",
            headers={"Authorization": f"Bearer {key}", **(headers or {})},
            **connection,
        )
