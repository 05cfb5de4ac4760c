"""Anthropic's messages API."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from agentsea_gateway.dialects.anthropic_messages import API_VERSION
from agentsea_gateway.providers.credentials import api_key as find_key
from agentsea_gateway.providers.credentials import base_url as find_url
from agentsea_gateway.providers.http_provider import HTTPProvider

if TYPE_CHECKING:
    from collections.abc import Mapping


class Anthropic(HTTPProvider):
    """Anthropic, or with `base_url` (without /v1, as in Anthropic's own SDK) any server that speaks its messages API.

    api_key     or an access token as auth_token; else ANTHROPIC_API_KEY, else ANTHROPIC_AUTH_TOKEN
    base_url    else ANTHROPIC_BASE_URL, else Anthropic's own
    headers     extra headers for every request, such as {"anthropic-beta": …} or another anthropic-version
    connection  see HTTPProvider: session, proxies, verify, transport

    The key is a bearer token, as Anthropic's own SDK sends it (2.13, November 2026). A server that knows only the
    older header gets it by headers={"x-api-key": …}, and then nothing else.
    """

    def __init__(
        self,
        api_key: str | None = None,
        *,
        auth_token: str | None = None,
        base_url: str | None = None,
        headers: Mapping[str, str] | None = None,
        **connection: Any,
    ) -> None:
        given = api_key if api_key is not None else auth_token
        variable = "ANTHROPIC_API_KEY"
        if not os.environ.get(variable) and os.environ.get("ANTHROPIC_AUTH_TOKEN"):
            variable = "ANTHROPIC_AUTH_TOKEN"
        credential = {}
        if given is not None or "x-api-key" not in map(str.lower, headers or ()):
            credential["Authorization"] = f"Bearer {find_key(given, variable, 'anthropic')}"
        super().__init__(
            name="anthropic",
            dialect="anthropic_messages",
            base_url=find_url(base_url, "ANTHROPIC_BASE_URL", "https://api.anthropic.com", "anthropic"),
            path="/v1/messages",
            listing="/v1/models?limit=1000",
            headers={**credential, "anthropic-version": API_VERSION, **(headers or {})},
            **connection,
        )
