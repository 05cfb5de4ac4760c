"""One call's request: what is asked, of whom not, and for how long; checked before anybody else is concerned."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from agentsea_gateway.structured import Demand


class Request:
    """What a call asks for.

    exclude   candidates that must not be asked: name to the reason on the route
    timeout   seconds for the whole call;   wait   see Config
    unable    of those, who is known to be unable to take it
    demand    what the answer has to be, where something is asked of it
    """

    __slots__ = ("demand", "exclude", "messages", "options", "timeout", "unable", "wait")

    def __init__(self, messages: list[dict[str, Any]], options: Mapping[str, Any], exclude: Mapping[str, str]) -> None:
        self.messages = messages
        self.options = options
        self.exclude = exclude
        self.timeout = 0.0
        self.wait: bool | float = False
        self.demand: Demand | None = None
        self.unable: Mapping[str, str] = {}
