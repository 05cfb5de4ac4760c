"""An answer of Converse as a Response."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from agentsea_gateway.dialects.failures import decode_error
from agentsea_gateway.dialects.reply_headers import lowered, rate_limits, request_id
from agentsea_gateway.dialects.text import mended, mended_or_none, mended_value
from agentsea_gateway.dialects.tool_arguments import new_id, tool_call
from agentsea_gateway.dialects.usage import count, first_count, part
from agentsea_gateway.errors import MalformedResponseError
from agentsea_gateway.response import NO_USAGE, Native, Response, ToolCall, Usage

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

NAME = "bedrock_converse"

_STOP_REASONS = {
    "end_turn": "stop",
    "stop_sequence": "stop",
    "max_tokens": "length",
    "model_context_window_exceeded": "length",
    "tool_use": "tool_use",
    "guardrail_intervened": "content_filter",
    "content_filtered": "content_filter",
    "refusal": "content_filter",
}
# The model wrote something that Bedrock could not read: no answer, whatever text there is.
_BROKEN = ("malformed_model_output", "malformed_tool_use")
_CALL_KEYS = {"toolUseId", "name", "input"}
_CALLERS = "tool_use"  # the type of a call that some answers have, and no request may


def decode_response(body: Any, headers: Mapping[str, str] | None = None) -> Response:
    """A whole answer; see `Dialect.decode_response`."""
    return read(body, headers, whole=True)


def read(body: Any, headers: Mapping[str, str] | None, *, whole: bool) -> Response:
    """The Response that a body says. `whole` False: it may be unfinished, and nothing in it is an error."""
    try:
        return _read(body, headers, whole)
    except (AttributeError, IndexError, KeyError, RecursionError, TypeError, ValueError) as error:
        raise MalformedResponseError(
            f"the answer is not of the shape of a Converse answer ({type(error).__name__}: {error})"
        ) from None


def _read(body: Any, headers: Mapping[str, str] | None, whole: bool) -> Response:
    output = body.get("output")
    if whole and not isinstance(output, dict):
        told = body.get("message") or body.get("Message") or body.get("__type") or body.get("error")
        raise decode_error(200, headers, body) if told else MalformedResponseError("the answer has no output")
    blocks = ((output or {}).get("message") or {}).get("content") or []
    reason = body.get("stopReason")
    if whole and reason in _BROKEN:
        raise MalformedResponseError(f"the model gave no readable answer: {reason}", code=reason)
    if whole and not (reason or blocks):
        raise MalformedResponseError("the answer holds nothing, and no reason why it stopped")
    text, thinking, calls, citations = _contents(blocks)
    fields = lowered(headers)
    usage = body.get("usage")
    stop = None if not reason else _STOP_REASONS.get(reason, "stop") if isinstance(reason, str) else "stop"
    return Response(
        text,
        thinking,
        calls,
        "tool_use" if calls and stop == "stop" else stop,
        _usage(usage) if type(usage) is dict else NO_USAGE,
        _routed_model(body),
        None,  # the request's id is in the header fields
        None,
        citations,
        body,
        request_id(fields),
        rate_limits(fields),
        native=Native(NAME, cleaned(blocks)) if needs_native(blocks) else None,
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
        if "text" in block:
            texts.append(block["text"] or "")
        elif "toolUse" in block:
            if is_callers(block["toolUse"]):
                calls.append(call_of(block["toolUse"], len(calls)))
        elif "reasoningContent" in block:
            thoughts.append(part(block["reasoningContent"], "reasoningText").get("text") or "")
        elif "citationsContent" in block:
            cited = block["citationsContent"]
            texts += [each["text"] for each in cited.get("content") or ()]
            citations += cited.get("citations") or ()
    return mended("".join(texts)), mended("".join(thoughts)) or None, tuple(calls), tuple(map(mended_value, citations))


def is_callers(call: Mapping[str, Any]) -> bool:
    """Whether this call is for the caller to run; the maker's own tools say `server_tool_use`."""
    return call.get("type") in (None, _CALLERS)


def call_of(call: Mapping[str, Any], ordinal: int) -> ToolCall:
    """The ToolCall of a `toolUse`; `ordinal` counts the calls of its answer from 0."""
    call_id = mended_or_none(call.get("toolUseId")) or new_id(ordinal)
    return tool_call(call_id, mended(call.get("name") or ""), call.get("input"))


def _usage(usage: dict[str, Any]) -> Usage:
    """Cache reads and writes are counted beside the input."""
    fresh = count(usage.get("inputTokens"))
    cached = first_count(usage.get("cacheReadInputTokens"), usage.get("cacheReadInputTokenCount"))
    written = first_count(usage.get("cacheWriteInputTokens"), usage.get("cacheWriteInputTokenCount"))
    read_in = None if fresh is None else fresh + (cached or 0) + (written or 0)
    return Usage(read_in, count(usage.get("outputTokens")), cached, written, None)


def _routed_model(body: Mapping[str, Any]) -> str | None:
    """The model that a prompt router chose; nothing else says who answered."""
    trace = body.get("trace")
    return mended_or_none(part(part({"trace": trace}, "trace"), "promptRouter").get("invokedModelId"))


def is_blank(block: Mapping[str, Any]) -> bool:
    """Whether a block is a text of white space, which the API refuses to take back."""
    text = block.get("text")
    return isinstance(text, str) and len(block) == 1 and not text.strip()


def needs_native(blocks: Sequence[Any], *, several_texts: bool = False) -> bool:
    """Whether the portable message would lose something of these blocks.

    It holds text, then tool calls, and nothing else; `several_texts` where it may hold the texts one by one.
    """
    calls = texts = 0
    for block in blocks:
        if block.keys() == {"text"} and not calls:
            texts += 1
        elif block.keys() == {"toolUse"} and _is_plain(block["toolUse"]):
            calls += 1
        else:
            return True
    return texts > 1 and not several_texts


def _is_plain(call: Mapping[str, Any]) -> bool:
    return is_callers(call) and call.keys() - {"type"} == _CALL_KEYS and isinstance(call["input"], dict)


def cleaned(blocks: Sequence[Mapping[str, Any]]) -> list[Any]:
    """The blocks fit to be sent back, the same from a stream as from a plain answer."""
    return [mended_value(_without_type(block)) for block in blocks if not is_blank(block)]


def _without_type(block: Mapping[str, Any]) -> Mapping[str, Any]:
    call = block.get("toolUse")
    if call is None or call.get("type") != _CALLERS:
        return block
    return {"toolUse": {key: value for key, value in call.items() if key != "type"}}
