"""Anthropic's models on Google Cloud: the messages API behind Vertex AI's rawPredict."""

from __future__ import annotations

import os
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from agentsea_gateway.dialects.anthropic_messages.quirks import VERTEX
from agentsea_gateway.providers.vertex import Vertex

if TYPE_CHECKING:
    from collections.abc import Mapping


class VertexAnthropic(Vertex):
    """Anthropic's models on Google Cloud, in one of your projects; the other arguments are those of `Vertex`.

    project    else ANTHROPIC_VERTEX_PROJECT_ID, else as for `Vertex`
    location   else CLOUD_ML_REGION, else as for `Vertex`
    base_url   else ANTHROPIC_VERTEX_BASE_URL (with its /v1, as in Anthropic's own SDK), else as for `Vertex`

    Source: Google Cloud documentation, "Request predictions with Claude models", and anthropic-python 2.13 (2026-11).
    """

    service = "vertex-anthropic"
    dialect = "anthropic_messages"
    quirks = VERTEX
    publisher = "publishers/anthropic/models"
    places: tuple[str, ...] = ("publishers/",)
    methods: Mapping[bool, str] = MappingProxyType({False: ":rawPredict", True: ":streamRawPredict"})

    def __init__(
        self,
        project: str | None = None,
        location: str | None = None,
        *,
        base_url: str | None = None,
        api_version: str = "v1",
        **more: Any,
    ) -> None:
        url = base_url or os.environ.get("ANTHROPIC_VERTEX_BASE_URL")
        super().__init__(
            project or os.environ.get("ANTHROPIC_VERTEX_PROJECT_ID"),
            location or os.environ.get("CLOUD_ML_REGION"),
            base_url=url.rstrip("/").removesuffix(f"/{api_version}") if url else None,
            api_version=api_version,
            **more,
        )
