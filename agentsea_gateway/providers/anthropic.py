"""Anthropic's messages API."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from agentsea_gateway.dialects.anthropic_messages import API_VERSION
from agentsea_gateway.providers.credentials import api_key as find_key
from agentsea_gateway.providers.credentials import base_url as find_url
from agentsea_gateway.providers.http_provider import HTTPProvider

if TYPE_CHECKING:
    from collections.abc import Mapping


class Anthropic(HTTPProvider):
    """Anthropic, or with `base_url` (without /v1, as in Anthropic's own SDK) any server that speaks its messages API.

    api_key   else ANTHROPIC_API_KEY;   base_url   else ANTHROPIC_BASE_URL, else Anthropic's own
    headers   extra headers for every request, such as {"anthropic-beta": …} or another anthropic-version
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
        key = find_key(api_key, "ANTHROPIC_API_KEY", "anthropic")
        super().__init__(
            name="anthropic",
            dialect="anthropic_messages",
            base_url=find_url(base_url, "ANTHROPIC_BASE_URL", "https://api.anthropic.com", "anthropic"),
            path="/v1/messages",
            headers={"x-api-key": str(key), "anthropic-version": API_VERSION, **(headers or {})},
            **connection,
        )
