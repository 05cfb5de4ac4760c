"""OpenAI's Responses API, and every server that speaks it."""

from __future__ import annotations

from typing import Any

from agentsea_gateway.providers.hosts import HOSTS, Host
from agentsea_gateway.providers.openai import OpenAI


class OpenAIResponses(OpenAI):
    """OpenAI's Responses API, or with `base_url` any server that speaks it; keys and arguments as for `OpenAI`.

    Azure: `OpenAIResponses(key, base_url="https://RESOURCE.openai.azure.com/openai/v1")`, and the deployment as model.
    """

    def __init__(self, api_key: str | None = None, *, host: Host = HOSTS["openai-responses"], **more: Any) -> None:
        super().__init__(api_key, host=host, **more)
