"""What a stream is made of: the typed events that a consumer iterates over."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import field, frozen

from agentsea_gateway.brief import short

if TYPE_CHECKING:
    from agentsea_gateway.response import Response, Usage


@frozen
class Start:
    """The provider began to answer: its id for the answer and the model that serves (None where it says neither)."""

    id: str | None = None
    model: str | None = None


@frozen
class Content:
    """A piece of the answer's text."""

    text: str = field(repr=short)


@frozen
class Thinking:
    """A piece of the model's reasoning."""

    text: str = field(repr=short)


@frozen
class ToolCallDelta:
    """A piece of a tool call. `index` numbers the calls from 0; `id` and `name` come with the first piece, and
    `arguments` is the next piece of its JSON text."""

    index: int
    id: str | None = None
    name: str | None = None
    arguments: str = field(default="", repr=short)


@frozen
class Done:
    """The proven end of a stream; `response` is what the plain call would have returned."""

    stop_reason: str | None
    usage: Usage
    response: Response

    @classmethod
    def of(cls, response: Response) -> Done:
        """The end of a stream whose whole answer is `response`."""
        return cls(response.stop_reason, response.usage, response)


StreamEvent = Start | Content | Thinking | ToolCallDelta | Done


def is_content(event: StreamEvent) -> bool:
    """Whether a consumer has seen something of the answer once it has this event (G05: no failover afterwards)."""
    if isinstance(event, (Content, Thinking)):
        return event.text != ""
    return isinstance(event, ToolCallDelta) and bool(event.arguments or event.name or event.id)
