"""An error with its route, for a cell that shows a caught one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from agentsea_gateway.show import of_route
from agentsea_gateway.show.markup import bold, fenced, frame, line, preformatted, words

if TYPE_CHECKING:
    from agentsea_gateway.errors import GatewayError


def html(error: GatewayError) -> str:
    """The whole picture."""
    route = "" if error.route is None else of_route.picture(error.route)
    return frame(line(bold(type(error).__name__)), preformatted(str(error)), route)


def markdown(error: GatewayError) -> str:
    """The same in words."""
    parts = [f"**{words(type(error).__name__)}**", fenced(str(error))]
    if error.route is not None:
        parts.append(of_route.markdown(error.route))
    return "\n\n".join(parts)
