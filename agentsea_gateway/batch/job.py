"""A row on its way through a batch: made by the consumer, filled in by one worker, handed back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from agentsea_gateway.errors import GatewayError
    from agentsea_gateway.response import Response


class Job:
    """One row.

    arguments    of the completion
    key, digest  who it is in the journal, and what it asks; "" without a journal
    arrived      the consumer has it back
    resumed      the answer was in the journal
    fatal        what ends the whole batch: a bug, a closed gateway, a full disk
    """

    __slots__ = ("arguments", "arrived", "digest", "error", "fatal", "index", "key", "response", "resumed", "row")

    def __init__(self, index: int, row: Any, arguments: dict[str, Any]) -> None:
        self.index = index
        self.row = row
        self.arguments = arguments
        self.key = self.digest = ""
        self.response: Response | None = None
        self.error: GatewayError | None = None
        self.fatal: BaseException | None = None
        self.arrived = False
        self.resumed = False
