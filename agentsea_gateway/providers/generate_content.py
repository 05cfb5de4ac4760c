"""What Gemini's two services share: the path names the model, and whether it streams."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from agentsea_gateway.errors import UnsupportedRequestError
from agentsea_gateway.providers.http_provider import HTTPProvider

if TYPE_CHECKING:
    from agentsea_gateway.transport import Endpoint

_METHODS = {False: ":generateContent", True: ":streamGenerateContent?alt=sse"}


class GenerateContent(HTTPProvider):
    """Speaks generateContent below `path`; one endpoint per model and kind of answer, opened when first asked for."""

    publisher = "models"  # what a bare model name stands under
    places: tuple[str, ...] = ("models/", "tunedModels/")  # how a name begins that says where it stands

    def __init__(self, **connection: Any) -> None:
        super().__init__(dialect="gemini", **connection)
        self._path = connection["path"]
        self._endpoints: dict[tuple[str, bool], Endpoint] = {}

    @staticmethod
    def _version(given: str | None, usual: str, beta: str) -> str:
        """The API version for the path: as given, else as GOOGLE_GENAI_API_VERSION says, where "beta" is a word."""
        found = given or os.environ.get("GOOGLE_GENAI_API_VERSION") or usual
        return beta if found == "beta" else found

    def _endpoint_for(self, model: str, *, stream: bool) -> Endpoint:
        found = self._endpoints.get((model, stream))
        if found is None:  # two threads may both open one: they are alike, and the last one stays
            found = self._opened(self._path_of(model) + _METHODS[stream], stream=stream)
            self._endpoints[model, stream] = found
        return found

    def _path_of(self, model: str) -> str:
        from urllib.parse import quote  # once per model

        if not model or ".." in model:
            raise UnsupportedRequestError(f"{model!r} is no model's name")
        place = model if model.startswith(self.places) else f"{self.publisher}/{model}"
        return f"{self._path}/{quote(place, safe='/:@')}"
