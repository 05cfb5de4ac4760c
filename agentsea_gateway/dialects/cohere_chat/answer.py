"""A chat answer's body as a Response."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from agentsea_gateway.dialects.failures import decode_error
from agentsea_gateway.dialects.reply_headers import lowered, rate_limits, request_id
from agentsea_gateway.dialects.text import mended, mended_or_none, mended_value
from agentsea_gateway.dialects.tool_arguments import new_id, tool_call
from agentsea_gateway.dialects.usage import count, part
from agentsea_gateway.errors import InternalServerError, MalformedResponseError, ProviderError
from agentsea_gateway.response import NO_USAGE, Native, Response, ToolCall, Usage

if TYPE_CHECKING:
    from collections.abc import Mapping

NAME = "cohere_chat"

_STOP_REASONS = {
    "COMPLETE": "stop",
    "STOP_SEQUENCE": "stop",
    "MAX_TOKENS": "length",
    "TOOL_CALL": "tool_use",
    "ERROR_TOXIC": "content_filter",
    "ERROR_LIMIT": "length",
}
_BROKEN = ("ERROR", "TIMEOUT")  # it gave up in the middle: no answer, whatever text there is


def decode_response(body: Any, headers: Mapping[str, str] | None = None) -> Response:
    """A whole answer; see `Dialect.decode_response`."""
    return read(body, headers, whole=True)


def read(body: Any, headers: Mapping[str, str] | None, *, whole: bool) -> Response:
    """The Response that a body says. `whole` False: it may be unfinished, and nothing in it is an error."""
    try:
        return _read(body, headers, whole)
    except (AttributeError, IndexError, KeyError, RecursionError, TypeError, ValueError) as error:
        raise MalformedResponseError(
            f"the answer is not of the shape of a Cohere chat ({type(error).__name__}: {error})"
        ) from None


def _read(body: Any, headers: Mapping[str, str] | None, whole: bool) -> Response:
    message = body.get("message")
    if whole and not isinstance(message, dict):
        raise decode_error(200, headers, body) if message else MalformedResponseError("the answer has no message")
    message = message or {}
    finish = body.get("finish_reason")
    if whole and is_broken(finish):
        raise broken(finish, None, headers)
    content = message.get("content")
    parts = [{"type": "text", "text": content}] if isinstance(content, str) else content or []
    calls = tuple(_call(call, number) for number, call in enumerate(message.get("tool_calls") or ()))
    if whole and not (finish or parts or calls):
        raise MalformedResponseError("the answer holds nothing, and no reason why it stopped")
    fields = lowered(headers)
    usage = body.get("usage")
    citations = message.get("citations") or ()
    return Response(
        _texts(parts, "text"),
        _texts(parts, "thinking") + mended(message.get("tool_plan") or "") or None,
        calls,
        _stop_reason(finish, bool(calls)),
        _usage(usage) if type(usage) is dict else NO_USAGE,
        None,  # the answer does not say the model
        mended_or_none(body.get("id")),
        None,
        tuple(mended_value(each) for each in citations if isinstance(each, dict)),
        body,
        request_id(fields),
        rate_limits(fields),
        native=_native(message, parts),
    )


def is_broken(finish: Any) -> bool:
    """Whether this finish reason says that the host gave up."""
    return finish in _BROKEN


def broken(finish: Any, told: Any, headers: Mapping[str, str] | None) -> ProviderError:
    """The error of an answer that was given up; `told` is what the stream's last event says of it."""
    words = told if isinstance(told, str) and told else f"the host gave up (finish_reason {finish})"
    found = decode_error(200, headers, {"message": words, "code": "upstream_error"})
    return found if found.outcome != "own_fault" else InternalServerError(found.message, status_code=500)


def _texts(parts: Any, kind: str) -> str:
    return mended("".join(each[kind] for each in parts if each.get("type") == kind and isinstance(each.get(kind), str)))


def _call(call: Mapping[str, Any], number: int) -> ToolCall:
    function = call.get("function") or {}
    call_id = mended_or_none(call.get("id")) or new_id(number)
    return tool_call(call_id, mended(function.get("name") or ""), function.get("arguments"))


def _stop_reason(finish: Any, calls: bool) -> str | None:
    if not finish:
        return None
    stop = _STOP_REASONS.get(finish, "stop") if isinstance(finish, str) else "stop"
    return "tool_use" if calls and stop == "stop" else stop


def _usage(usage: dict[str, Any]) -> Usage:
    """`tokens` is what was read and written; `billed_units` leave Cohere's own prompt out. Images are counted apart."""
    tokens = part(usage, "tokens") or part(usage, "billed_units")
    read_in, images = count(tokens.get("input_tokens")), count(tokens.get("image_tokens"))
    return Usage(
        None if read_in is None else read_in + (images or 0),
        count(tokens.get("output_tokens")),
        count(usage.get("cached_tokens")),
        None,
        count(tokens.get("reasoning_tokens")),
    )


def _native(message: Mapping[str, Any], parts: Any) -> Native | None:
    """What Cohere wants back in the history beside text and calls: fields that go over the portable message."""
    extra = {name: message[name] for name in ("tool_plan", "citations") if message.get(name)}
    spoken = [each for each in parts if each.get(each.get("type"))]  # the API refuses a part that says nothing
    if any(each.get("type") != "text" for each in spoken):
        extra["content"] = spoken
    return Native(NAME, mended_value(extra)) if extra else None
