"""What became of one row of a batch."""

from __future__ import annotations

from typing import TYPE_CHECKING, Generic, TypeVar

from attrs import frozen

if TYPE_CHECKING:
    from agentsea_gateway.errors import GatewayError
    from agentsea_gateway.response import Response
    from agentsea_gateway.route import Route

R = TypeVar("R")


@frozen(repr=False)
class Result(Generic[R]):
    """A row and its answer, or its error.

    index     the row's number, from 0
    row       the row as it was read
    response  the answer; None where the row failed
    error     what the row failed with; None where it was answered
    resumed   the answer was in the journal: an earlier run had got it
    """

    index: int
    row: R
    response: Response | None = None
    error: GatewayError | None = None
    resumed: bool = False

    @property
    def ok(self) -> bool:
        """Whether the row was answered."""
        return self.error is None

    @property
    def content(self) -> str:
        """The answer's text. Raises the row's error where it failed."""
        if self.error is not None:
            raise self.error
        assert self.response is not None, "a row has an answer or an error"
        return self.response.content

    @property
    def route(self) -> Route | None:
        """The route of the answer or of the error; None where no call was made."""
        told = self.response if self.error is None else self.error
        return None if told is None else told.route

    def __repr__(self) -> str:
        if self.error is not None:
            return f"Result({self.index}, error={type(self.error).__name__})"
        return f"Result({self.index}, {self.response!r})"
