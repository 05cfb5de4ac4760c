"""What a sandbox answers when all is well: a Reply."""

from __future__ import annotations

import re
from json import JSONEncoder
from typing import TYPE_CHECKING, Any, Literal

from attrs import field, frozen

from agentsea_gateway.brief import brief
from agentsea_gateway.response import ToolCall

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from agentsea_gateway.response import Usage
    from agentsea_gateway.testing.exchange import Exchange
    from agentsea_gateway.testing.wire import Answer, Step

StopReason = Literal["stop", "length", "tool_use", "content_filter"]

_encode = JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode
_encode_ascii = JSONEncoder(separators=(",", ":")).encode
_WORDS = re.compile(r"\s*\S+|\s+")


def to_json(value: Any) -> bytes:
    """Compact UTF-8 JSON; what UTF-8 cannot hold (a lone surrogate) is escaped."""
    try:
        return _encode(value).encode()
    except UnicodeEncodeError:
        return _encode_ascii(value).encode()


def pieces(text: str, chunks: int | None) -> list[str]:
    """`text` cut into so many pieces of about one length (never empty ones), or into its words."""
    if chunks is None:
        return _WORDS.findall(text)
    count = min(max(1, chunks), len(text))
    return [text[len(text) * i // count : len(text) * (i + 1) // count] for i in range(count)]


def tokens(text: str) -> int:
    """The sandbox's count: one token for every four characters begun."""
    return (len(text) + 3) // 4


def _calls(calls: Iterable[ToolCall]) -> tuple[ToolCall, ...]:
    return tuple(calls)


@frozen
class Reply:
    """A good answer.

    text          the text
    thinking      reasoning in front of it (Anthropic: a signed thinking block; OpenAI: `reasoning_content`, the field
                  that compatible hosts use)
    tool_calls    `ToolCall`s; an empty id is filled in the vendor's style, empty `raw_arguments` from the arguments
    stop_reason   None: "tool_use" with tool calls, else "stop"
    usage         None: counted, one token for every four characters begun of each text (`tokens`)
    model, id     None: the request's model, an id that names the sandbox and the request's number
    latency       seconds before the head; None: the sandbox's
    pause         seconds between the content events of a stream
    chunks        into how many events the text of a stream is cut; None: word by word
    headers       further response headers
    """

    text: str = ""
    thinking: str | None = field(default=None, kw_only=True)
    tool_calls: tuple[ToolCall, ...] = field(default=(), kw_only=True, converter=_calls)
    stop_reason: StopReason | None = field(default=None, kw_only=True)
    usage: Usage | None = field(default=None, kw_only=True)
    model: str | None = field(default=None, kw_only=True)
    id: str | None = field(default=None, kw_only=True)
    latency: float | None = field(default=None, kw_only=True)
    pause: float = field(default=0.0, kw_only=True)
    chunks: int | None = field(default=None, kw_only=True)
    headers: Mapping[str, str] = field(factory=dict, kw_only=True)

    def __repr__(self) -> str:
        return brief(self, "text", "thinking", "tool_calls", "stop_reason", "usage", "model", "latency", "chunks")

    @classmethod
    def tool(cls, name: str, /, **arguments: Any) -> Reply:
        """An answer that is one tool call: `Reply.tool("get_weather", city="Rome")`."""
        return cls(tool_calls=(ToolCall("", name, arguments),))

    @property
    def stopped_by(self) -> StopReason:
        """The stop reason that goes over the wire."""
        return self.stop_reason or ("tool_use" if self.tool_calls else "stop")

    def output_tokens(self) -> int:
        """What this answer counts, thinking and arguments included."""
        arguments = sum([tokens(call.name) + tokens(arguments_of(call)) for call in self.tool_calls])
        return tokens(self.text) + tokens(self.thinking or "") + arguments

    def shape(self, exchange: Exchange) -> Answer:
        """The answer in the dialect of this exchange."""
        return exchange.answer(self)

    def play(self, answer: Answer) -> Iterator[Step]:
        """Everything, in order."""
        return answer.steps()


def arguments_of(call: ToolCall) -> str:
    """A tool call's arguments as JSON text."""
    return call.raw_arguments or _encode_ascii(call.arguments or {})
