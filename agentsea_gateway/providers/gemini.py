"""Google's Gemini API, with a key of AI Studio."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from agentsea_gateway.dialects.gemini import API_VERSION
from agentsea_gateway.providers.credentials import api_key as find_key
from agentsea_gateway.providers.credentials import base_url as find_url
from agentsea_gateway.providers.generate_content import GenerateContent

if TYPE_CHECKING:
    from collections.abc import Mapping


class Gemini(GenerateContent):
    """Google's Gemini API, or with `base_url` (without /v1, as in Google's own SDK) any server that speaks it.

    api_key   else GOOGLE_API_KEY, else GEMINI_API_KEY;   base_url   else GOOGLE_GEMINI_BASE_URL, else Google's own
    api_version   in the path, else GOOGLE_GENAI_API_VERSION, else "v1"
    headers   extra headers for every request
    connection  see HTTPProvider: session, proxies, verify, transport
    """

    def __init__(
        self,
        api_key: str | None = None,
        *,
        base_url: str | None = None,
        headers: Mapping[str, str] | None = None,
        api_version: str | None = None,
        **connection: Any,
    ) -> None:
        url = find_url(base_url, "GOOGLE_GEMINI_BASE_URL", "https://generativelanguage.googleapis.com", "gemini")
        variable = "GOOGLE_API_KEY" if os.environ.get("GOOGLE_API_KEY") else "GEMINI_API_KEY"
        key = find_key(api_key, variable, "gemini")
        path = f"/{self._version(api_version, API_VERSION, 'v1beta')}"
        super().__init__(
            name="gemini",
            base_url=url,
            path=path,
            listing=f"{path}/models?pageSize=1000",
            headers={"x-goog-api-key": str(key), **(headers or {})},
            **connection,
        )
