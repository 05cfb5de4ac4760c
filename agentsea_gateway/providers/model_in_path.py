"""What the services share whose paths name the model: an endpoint per model, opened when first asked for."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from agentsea_gateway.errors import UnsupportedRequestError
from agentsea_gateway.providers.http_provider import HTTPProvider

if TYPE_CHECKING:
    from collections.abc import Mapping

    from agentsea_gateway.transport import Endpoint


class ModelInPath(HTTPProvider):
    """Asks below `path`; one endpoint per model and kind of answer."""

    methods: Mapping[bool, str] = MappingProxyType({False: "", True: ""})  # how a path ends, by whether it streams

    def __init__(self, **connection: Any) -> None:
        super().__init__(**connection)
        self._path: str = connection["path"]
        self._endpoints: dict[tuple[str, bool], Endpoint] = {}

    def _endpoint_for(self, model: str, *, stream: bool) -> Endpoint:
        found = self._endpoints.get((model, stream))
        if found is None:  # two threads may both open one: they are alike, and the last one stays
            if not model or ".." in model:
                raise UnsupportedRequestError(f"{model!r} is no model's name")
            found = self._opened(self._path_of(model) + self.methods[stream], stream=stream)
            self._endpoints[model, stream] = found
        return found

    def _path_of(self, model: str) -> str:
        """The path of this model, up to the method."""
        raise NotImplementedError
