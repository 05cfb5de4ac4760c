"""Mistral's chat API."""

from __future__ import annotations

from typing import Any

from agentsea_gateway.providers.hosts import HOSTS, Host
from agentsea_gateway.providers.openai import OpenAI


class Mistral(OpenAI):
    """Mistral, or with `base_url` (ending in /v1) any server that speaks its chat API; arguments as for `OpenAI`.

    api_key   else MISTRAL_API_KEY
    """

    def __init__(self, api_key: str | None = None, *, host: Host = HOSTS["mistral"], **more: Any) -> None:
        super().__init__(api_key, host=host, **more)
