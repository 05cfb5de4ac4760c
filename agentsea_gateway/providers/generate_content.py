"""What Google's services share: where a model stands in the path, and the version of the API in front of it."""

from __future__ import annotations

import os
from types import MappingProxyType
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from agentsea_gateway.providers.model_in_path import ModelInPath

if TYPE_CHECKING:
    from collections.abc import Mapping


class GenerateContent(ModelInPath):
    """Speaks generateContent below `path`, or what else the models of a publisher speak."""

    dialect = "gemini"
    publisher = "models"  # what a bare model name stands under
    places: tuple[str, ...] = ("models/", "tunedModels/")  # how a name begins that says where it stands
    methods: Mapping[bool, str] = MappingProxyType({False: ":generateContent", True: ":streamGenerateContent?alt=sse"})

    def __init__(self, **connection: Any) -> None:
        super().__init__(dialect=self.dialect, **connection)

    @staticmethod
    def _version(given: str | None, usual: str, beta: str) -> str:
        """The API version for the path: as given, else as GOOGLE_GENAI_API_VERSION says, where "beta" is a word."""
        found = given or os.environ.get("GOOGLE_GENAI_API_VERSION") or usual
        return beta if found == "beta" else found

    def _path_of(self, model: str) -> str:
        place = model if model.startswith(self.places) else f"{self.publisher}/{model}"
        return f"{self._path}/{quote(place, safe='/:@')}"
