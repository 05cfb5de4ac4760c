"""One call's request: what is asked, of whom not, and for how long; checked before anybody else is concerned."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping


class Request:
    """What a call asks for.

    exclude   candidates that must not be asked: name to the reason on the route
    timeout   seconds for the whole call;   wait   see Config
    """

    __slots__ = ("exclude", "messages", "options", "timeout", "wait")

    def __init__(self, messages: list[dict[str, Any]], options: Mapping[str, Any], exclude: Mapping[str, str]) -> None:
        self.messages = messages
        self.options = options
        self.exclude = exclude
        self.timeout = 0.0
        self.wait: bool | float = False
