"""OpenAI's chat completions, and every server that speaks them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from agentsea_gateway.providers.credentials import api_key as find_key
from agentsea_gateway.providers.credentials import base_url as find_url
from agentsea_gateway.providers.hosts import HOSTS, Host
from agentsea_gateway.providers.http_provider import HTTPProvider

if TYPE_CHECKING:
    from collections.abc import Mapping


class OpenAI(HTTPProvider):
    """OpenAI, or with `base_url` (ending in /v1, as in OpenAI's own SDK) any server that speaks its chat completions.

    api_key   else OPENAI_API_KEY;   base_url   else OPENAI_BASE_URL, else OpenAI's own
    headers   extra headers for every request;   connection   see HTTPProvider: session, proxies, verify, transport
    """

    def __init__(
        self,
        api_key: str | None = None,
        *,
        base_url: str | None = None,
        headers: Mapping[str, str] | None = None,
        host: Host = HOSTS["openai"],
        **connection: Any,
    ) -> None:
        key = find_key(api_key, host.key_variable, host.name, optional=host.key_optional)
        credential = {} if key is None else {"Authorization": f"Bearer {key}"}
        url = find_url(base_url, host.url_variable, host.base_url, host.name)
        super().__init__(
            name=host.name,
            dialect=host.dialect,
            quirks=host.quirks if url == host.base_url else None,  # another server has its own
            base_url=url,
            path=host.path,
            listing=host.listing,
            headers={**credential, **(headers or {})},
            **connection,
        )
