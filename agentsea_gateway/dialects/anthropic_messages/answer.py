"""A message's body as a Response."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from agentsea_gateway.dialects.failures import decode_error
from agentsea_gateway.dialects.reply_headers import lowered, rate_limits, request_id
from agentsea_gateway.dialects.text import mended, mended_or_none, mended_value
from agentsea_gateway.dialects.tool_arguments import new_id, tool_call
from agentsea_gateway.dialects.usage import count, part
from agentsea_gateway.errors import MalformedResponseError
from agentsea_gateway.response import NO_USAGE, Native, Response, ToolCall, Usage

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

NAME = "anthropic_messages"

_STOP_REASONS = {
    "end_turn": "stop",
    "stop_sequence": "stop",
    "pause_turn": "stop",  # the server's own tools took a rest; the answer may be sent back to go on
    "max_tokens": "length",
    "model_context_window_exceeded": "length",
    "tool_use": "tool_use",
    "refusal": "content_filter",
}
_TEXT_KEYS = frozenset(("type", "text", "citations"))
_CALL_KEYS = frozenset(("type", "id", "name", "input", "caller"))
_DIRECT = {"type": "direct"}


def decode_response(body: Any, headers: Mapping[str, str] | None = None) -> Response:
    """A whole answer; see `Dialect.decode_response`."""
    return read(body, headers, whole=True)


def read(body: Any, headers: Mapping[str, str] | None, *, whole: bool) -> Response:
    """The Response that a body says. `whole` False: it may be unfinished."""
    try:
        return _read(body, headers, whole)
    except (AttributeError, IndexError, KeyError, RecursionError, TypeError, ValueError) as error:
        raise MalformedResponseError(
            f"the answer is not of the shape of a message ({type(error).__name__}: {error})"
        ) from None


def _read(body: Any, headers: Mapping[str, str] | None, whole: bool) -> Response:
    if whole and (body.get("error") or body.get("type") == "error"):
        raise decode_error(200, headers, body)
    blocks = body.get("content")
    reason = body.get("stop_reason")
    if whole and not reason and not blocks:
        raise MalformedResponseError("the answer holds nothing, and no reason why it stopped")
    if isinstance(blocks, str):  # some hosts that follow this API
        blocks = [{"type": "text", "text": blocks}]
    blocks = blocks or []
    text, thinking, calls, citations = _contents(blocks)
    own = blocks if whole else [block for block in blocks if _is_signed(block)]
    fields = lowered(headers)
    usage = body.get("usage")
    stop = None if not reason else _STOP_REASONS.get(reason, "stop") if isinstance(reason, str) else "stop"
    return Response(
        text,
        thinking,
        calls,
        "tool_use" if calls and stop == "stop" and reason != "pause_turn" else stop,
        _usage(usage) if type(usage) is dict else NO_USAGE,
        mended_or_none(body.get("model")),
        mended_or_none(body.get("id")),
        _refusal(body, reason),
        citations,
        body,
        request_id(fields),
        rate_limits(fields),
        native=Native(NAME, [_cleaned(block) for block in own]) if needs_native(own) else None,
    )


def _contents(
    blocks: Sequence[Any],
) -> tuple[str, str | None, tuple[ToolCall, ...], tuple[Mapping[str, Any], ...]]:
    """Text, thinking, the caller's tool calls and citations. What the server ran itself is in the native blocks."""
    texts: list[str] = []
    thoughts: list[str] = []
    calls: list[ToolCall] = []
    citations: list[Mapping[str, Any]] = []
    for block in blocks:
        kind = block.get("type")
        if kind == "text":
            texts.append(block.get("text") or "")
            if block.get("citations"):
                citations += block["citations"]
        elif kind == "thinking":
            thoughts.append(block.get("thinking") or "")
        elif kind == "tool_use":
            call_id = mended_or_none(block.get("id")) or new_id(len(calls))
            calls.append(tool_call(call_id, mended(block.get("name") or ""), block.get("input")))
    return mended("".join(texts)), mended("".join(thoughts)) or None, tuple(calls), tuple(map(mended_value, citations))


def _refusal(body: Mapping[str, Any], reason: Any) -> str | None:
    """Why it refused, where it says so: the classifier's explanation ("Handling stop reasons", stop_details)."""
    details = body.get("stop_details")
    if reason != "refusal" or not isinstance(details, dict):
        return None
    return mended_or_none(details.get("explanation"))


def _usage(usage: dict[str, Any]) -> Usage:
    """Anthropic counts cache reads and writes beside the input; a thinking token is an output token."""
    fresh, cached = count(usage.get("input_tokens")), count(usage.get("cache_read_input_tokens"))
    written = count(usage.get("cache_creation_input_tokens"))
    reasoning = count(part(usage, "output_tokens_details").get("thinking_tokens"))
    read_in = None if fresh is None else fresh + (cached or 0) + (written or 0)
    return Usage(read_in, count(usage.get("output_tokens")), cached, written, reasoning)


def _is_signed(block: Mapping[str, Any]) -> bool:
    """Whether a block of an answer that broke off can go back: thinking without its signature would be refused."""
    return block.get("type") != "thinking" or bool(block.get("signature"))


def needs_native(blocks: Sequence[Any], known: Sequence[str] = (), *, several_texts: bool = False) -> bool:
    """Whether the portable message would lose something of these blocks.

    It holds text, then tool calls, and nothing else; `several_texts` where it may hold the texts one by one, `known`
    are keys that it can hold beside the blocks' own.
    """
    calls = texts = 0
    for block in blocks:
        kind = block.get("type")
        keys = {key for key, value in block.items() if value not in (None, [])} - set(known)
        if kind == "text" and not calls and keys <= _TEXT_KEYS - {"citations"}:
            texts += 1
        elif kind == "tool_use" and keys <= _CALL_KEYS and block.get("caller") in (None, _DIRECT):
            calls += 1
        else:
            return True
    return texts > 1 and not several_texts


def _cleaned(block: Mapping[str, Any]) -> Any:
    """A block fit to be sent back, the same from a stream as from a plain answer: without keys that hold nothing."""
    return mended_value({key: value for key, value in _items(block) if value is not None})


def _items(block: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    for key, value in block.items():
        if key != "citations" or value:
            yield key, value
