"""Notes of an error (PEP 678): its route in words, for whoever prints a traceback."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from agentsea_gateway.errors import GatewayError


class RouteInWords:
    """An error's `__notes__`, put into words only when somebody looks, as a traceback does; others come behind."""

    def __get__(self, error: GatewayError, owner: type[GatewayError]) -> list[str]:
        route = vars(error).get("route")
        if route is None:
            raise AttributeError("__notes__")
        notes = vars(error)["__notes__"] = [str(route.explain())]
        return notes
