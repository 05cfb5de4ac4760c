"""A chat answer's body as a Response."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from agentsea_gateway.dialects.failures import decode_error
from agentsea_gateway.dialects.reply_headers import lowered, rate_limits, request_id
from agentsea_gateway.dialects.text import mended, mended_or_none, mended_value
from agentsea_gateway.dialects.tool_arguments import new_id, tool_call
from agentsea_gateway.dialects.usage import count
from agentsea_gateway.errors import MalformedResponseError
from agentsea_gateway.response import Native, Response, ToolCall, Usage

if TYPE_CHECKING:
    from collections.abc import Mapping

NAME = "ollama_chat"

_STOP_REASONS = {"stop": "stop", "length": "length", "tool_calls": "tool_use"}  # else "stop": load, unload


def decode_response(body: Any, headers: Mapping[str, str] | None = None) -> Response:
    """A whole answer; see `Dialect.decode_response`."""
    return read(body, headers, whole=True)


def read(body: Any, headers: Mapping[str, str] | None, *, whole: bool) -> Response:
    """The Response that a body says. `whole` False: it may be unfinished, and nothing in it is an error."""
    try:
        return _read(body, headers, whole)
    except (AttributeError, IndexError, KeyError, RecursionError, TypeError, ValueError) as error:
        raise MalformedResponseError(
            f"the answer is not of the shape of an Ollama chat ({type(error).__name__}: {error})"
        ) from None


def _read(body: Any, headers: Mapping[str, str] | None, whole: bool) -> Response:
    message = body.get("message")
    if whole and not isinstance(message, dict):
        raise decode_error(200, headers, body) if body.get("error") else MalformedResponseError("it has no message")
    message = message or {}
    finish = _finish(body)
    text, thinking = _text(message, "content"), _text(message, "thinking")
    calls = tuple(_call(call, number) for number, call in enumerate(message.get("tool_calls") or ()))
    if whole and (body.get("done") is False or not (finish or text or thinking or calls)):
        raise MalformedResponseError("the answer is not done: it is a line of a stream, or holds nothing")
    fields = lowered(headers)
    return Response(
        text,
        thinking or None,
        calls,
        _stop_reason(finish, bool(calls)),
        Usage(count(body.get("prompt_eval_count")), count(body.get("eval_count"))),
        mended_or_none(body.get("model")),
        None,  # an answer has no id
        raw=body,
        request_id=request_id(fields),
        rate_limits=rate_limits(fields),
        native=_native(message),
    )


def _finish(body: Mapping[str, Any]) -> str | None:
    """Why it stopped; older servers say no more than that they are done."""
    reason = body.get("done_reason")
    if isinstance(reason, str) and reason:
        return reason
    return "stop" if body.get("done") is True else None


def _stop_reason(finish: str | None, calls: bool) -> str | None:
    if finish is None:
        return None
    reason = _STOP_REASONS.get(finish, "stop")
    return "tool_use" if calls and reason == "stop" else reason  # it says "stop" with calls too


def _text(message: Mapping[str, Any], name: str) -> str:
    text = message.get(name)
    return mended(text) if isinstance(text, str) else ""


def _call(call: Mapping[str, Any], number: int) -> ToolCall:
    function = call.get("function") or {}
    call_id = mended_or_none(call.get("id")) or new_id(number)
    return tool_call(call_id, mended(function.get("name") or ""), function.get("arguments"))


def _native(message: Mapping[str, Any]) -> Native | None:
    """What Ollama wants back in the history beside text and calls: fields that go over the portable message."""
    extra = {name: message[name] for name in ("thinking", "images") if message.get(name)}
    calls = message.get("tool_calls") or ()
    if any(not is_plain(call) for call in calls):
        extra["tool_calls"] = [*calls]
    return Native(NAME, mended_value(extra)) if extra else None


def is_plain(call: Mapping[str, Any]) -> bool:
    """Whether a call is no more than a name and arguments."""
    return call.keys() == {"function"} and call["function"].keys() == {"name", "arguments"}
