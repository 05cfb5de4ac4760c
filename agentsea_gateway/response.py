"""What a provider answered: the Response, its Usage and its ToolCalls."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from attrs import field, frozen

from agentsea_gateway.brief import brief, short
from agentsea_gateway.errors import MalformedResponseError
from agentsea_gateway.messages import with_native

if TYPE_CHECKING:
    from collections.abc import Mapping
    from decimal import Decimal

    from agentsea_gateway.cost import CostSource
    from agentsea_gateway.route import Attempt, Route


@frozen
class Usage:
    """Tokens of one answer. None is unknown, which is never the same as zero.

    input_tokens         everything that was read, cached or not
    output_tokens        everything that was written, reasoning included
    cached_tokens        the part of the input that came from the provider's prompt cache
    cache_write_tokens   the part of the input that was written to it
    reasoning_tokens     the part of the output that was reasoning
    """

    input_tokens: int | None = None
    output_tokens: int | None = None
    cached_tokens: int | None = None
    cache_write_tokens: int | None = None
    reasoning_tokens: int | None = None

    @property
    def total_tokens(self) -> int | None:
        """Input and output together, or None where one of them is unknown."""
        if self.input_tokens is None or self.output_tokens is None:
            return None
        return self.input_tokens + self.output_tokens

    def __repr__(self) -> str:
        details = ("cached_tokens", "cache_write_tokens", "reasoning_tokens")
        return brief(self, "input_tokens", "output_tokens", *details)


NO_USAGE = Usage()


@frozen
class ToolCall:
    """A tool the model wants to be run. `arguments` is the parsed object, or None where `raw_arguments` (the string as
    received) is no JSON object."""

    id: str
    name: str
    arguments: dict[str, Any] | None
    raw_arguments: str = ""

    def __repr__(self) -> str:
        return brief(self, "id", "name", "raw_arguments" if self.arguments is None else "arguments")


@frozen
class Native:
    """What only the maker of an answer understands: the dialect's name and its own blocks, in order (JSON)."""

    dialect: str
    parts: Any = field(repr=short)


# No slots: the gateway completes an answer (served_by, route) by copying one dict, four times as fast as evolve.
@frozen(slots=False, repr=False)
class Response:
    """One answer, whoever gave it. Every field but `content` has a default: a plain provider returns just the text.

    content       the text ("" where the answer is tool calls or a refusal only)
    thinking      the model's reasoning text, or None
    tool_calls    the tools it wants to be run, in order
    stop_reason   "stop", "length", "tool_use", "content_filter"; None where the provider gave none
    usage         tokens
    model, id     as the provider reported them
    refusal       the model's own words for refusing, or None
    citations     sources the provider attached, in its own shape
    raw           the decoded body as received; None with `keep_raw=False`
    request_id    the provider's id for the request, for its support
    rate_limits   what the rate-limit headers said, as numbers
    cost          US dollars as a Decimal, None where the price or the usage is unknown; worked out when first read,
                  `cost_source` and `cost_basis` say where it is from; given, it is what the provider charged
    parsed        the value that `response_format` asked for: a pydantic object, or what the JSON holds; else None
    degraded      options that were dropped because the provider cannot express them
    served_by     the candidate that answered
    route         every attempt and every skipped candidate
    """

    content: str = ""
    thinking: str | None = None
    tool_calls: tuple[ToolCall, ...] = ()
    stop_reason: str | None = "stop"
    usage: Usage = NO_USAGE
    model: str | None = None
    id: str | None = None
    refusal: str | None = None
    citations: tuple[Mapping[str, Any], ...] = ()
    raw: Any = field(default=None, eq=False)
    request_id: str | None = field(default=None, eq=False)
    rate_limits: Mapping[str, float] | None = field(default=None, eq=False)
    _cost: Decimal | None = field(default=None, alias="cost")
    degraded: tuple[str, ...] = ()
    native: Native | None = None
    served_by: str | None = None
    route: Route | None = field(default=None, eq=False)
    parsed: Any = field(default=None, eq=False)

    @property
    def cost(self) -> Decimal | None:
        """US dollars: what the provider charged, where it says so, else its tokens times their price."""
        if self._cost is not None:
            return self._cost
        served = self._served()
        return None if served is None else served.cost

    @property
    def cost_source(self) -> CostSource:
        """Where `cost` is from: "reported" by the provider, "estimated" from tokens and prices, "cached" (an answer out
        of the response cache costs nothing), or "unknown"."""
        if self.route is not None and self.route.cached_at is not None:
            return "cached"
        served = self._served()
        if served is not None:
            return served.priced.source
        return "unknown" if self._cost is None else "reported"

    @property
    def cost_basis(self) -> str:
        """The same in words: whose prices and of which day, or what is missing."""
        served = self._served()
        return self.cost_source if served is None else served.priced.basis

    def _served(self) -> Attempt | None:
        """The attempt that this answers."""
        attempts = () if self.route is None else self.route.attempts
        return next((it for it in reversed(attempts) if it.candidate == self.served_by), None)

    @property
    def message(self) -> dict[str, Any]:
        """The assistant message to append to the history: plain JSON, accepted by every provider."""
        message: dict[str, Any] = {"role": "assistant", "content": self.content}
        if self.tool_calls:
            message["tool_calls"] = [
                {"id": call.id, "type": "function", "function": {"name": call.name, "arguments": call.raw_arguments}}
                for call in self.tool_calls
            ]
        if self.refusal is not None:
            message["refusal"] = self.refusal
        if self.native is not None:
            with_native(message, self.native.dialect, self.native.parts)
        return message

    def with_fields(self, **changes: Any) -> Response:
        """A copy with these fields changed."""
        copy = object.__new__(type(self))
        copy.__dict__.update(self.__dict__)
        copy.__dict__.update(changes)
        if "cost" in changes:
            copy.__dict__["_cost"] = copy.__dict__.pop("cost")
        return copy

    def __repr__(self) -> str:
        text = self.content if len(self.content) <= 60 else self.content[:57] + "..."
        parts = [repr(text), f"stop_reason={self.stop_reason!r}"]
        if self.tool_calls:
            parts.insert(1, f"tool_calls=[{', '.join(call.name for call in self.tool_calls)}]")
        if self.served_by is not None:
            parts.append(f"served_by={self.served_by!r}")
        return f"Response({', '.join(parts)})"

    def _repr_html_(self) -> str:
        from agentsea_gateway.show import of_response  # only a notebook asks

        return of_response.html(self)

    def _repr_markdown_(self) -> str:
        from agentsea_gateway.show import of_response

        return of_response.markdown(self)


def checked_response(answer: object, whence: str) -> Response:
    """`answer`, if it is what a plain provider should give; `whence` it came, for the error.

    Raises MalformedResponseError.
    """
    if not isinstance(answer, Response):
        kind = type(answer).__name__
        raise MalformedResponseError(f"{whence} is a {kind}; give an agentsea_gateway.Response(content=…)")
    content: object = answer.content
    if not isinstance(content, str):
        kind = type(content).__name__
        raise MalformedResponseError(f"{whence} is a Response whose content is a {kind}; give a string")
    return answer
