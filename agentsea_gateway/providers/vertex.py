"""Gemini on Google Cloud: Vertex AI, now the Gemini Enterprise Agent Platform."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from agentsea_gateway.dialects.gemini import VERTEX
from agentsea_gateway.errors import ConfigurationError
from agentsea_gateway.providers.credentials import base_url as find_url
from agentsea_gateway.providers.generate_content import GenerateContent
from agentsea_gateway.providers.given_token import GivenToken
from agentsea_gateway.providers.google_token import GoogleAuth

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from agentsea_gateway.call import Call

API_VERSION = "v1beta1"  # as Google's own SDK asks for
_MULTI_REGIONS = ("us", "eu")


class Vertex(GenerateContent):
    """Gemini on Google Cloud, in one of your projects.

    project       else GOOGLE_CLOUD_PROJECT, else the credentials' own
    location      else GOOGLE_CLOUD_LOCATION, else "global"
    access_token  text, or a function that returns it; without one the credentials of google-auth are used
                  (pip install 'agentsea-gateway[vertex]'): `credentials`, else the application's default
    base_url      else GOOGLE_VERTEX_BASE_URL, else the location's own
    api_version   in the path, else GOOGLE_GENAI_API_VERSION, else "v1beta1"
    headers       extra headers for every request;   connection   see HTTPProvider: session, proxies, verify, transport
    """

    service = "vertex"
    quirks: object = VERTEX
    publisher = "publishers/google/models"
    places: tuple[str, ...] = ("publishers/", "endpoints/")

    def __init__(
        self,
        project: str | None = None,
        location: str | None = None,
        *,
        access_token: str | Callable[[], str] | None = None,
        credentials: Any = None,
        base_url: str | None = None,
        headers: Mapping[str, str] | None = None,
        api_version: str | None = None,
        **connection: Any,
    ) -> None:
        given = None if access_token is None else GivenToken(access_token, f"{self.service}: access_token")
        self._token = given or GoogleAuth(credentials)
        project = project or os.environ.get("GOOGLE_CLOUD_PROJECT") or self._token.project
        location = location or os.environ.get("GOOGLE_CLOUD_LOCATION") or "global"
        if not project:
            raise ConfigurationError(f"{self.service}: no project; set GOOGLE_CLOUD_PROJECT or pass project=")
        version = self._version(api_version, API_VERSION, API_VERSION)
        super().__init__(
            name=self.service,
            base_url=find_url(base_url, "GOOGLE_VERTEX_BASE_URL", _host(location), self.service),
            path=f"/{version}/projects/{project}/locations/{location}",
            listing=None,
            headers=headers or {},
            quirks=self.quirks,
            **connection,
        )

    def _headers_for(self, call: Call, extra: Mapping[str, str] | None) -> Mapping[str, str]:
        return {**self._token.headers(call), **(extra or {})}


def _host(location: str) -> str:
    if location == "global":
        return "https://aiplatform.googleapis.com"
    if location in _MULTI_REGIONS:
        return f"https://aiplatform.{location}.rep.googleapis.com"
    return f"https://{location}-aiplatform.googleapis.com"
