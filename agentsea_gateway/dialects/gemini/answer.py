"""A `generateContent` answer's body as a Response."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from agentsea_gateway.dialects.failures import decode_error
from agentsea_gateway.dialects.reply_headers import lowered, rate_limits, request_id
from agentsea_gateway.dialects.text import mended, mended_or_none, mended_value
from agentsea_gateway.dialects.tool_arguments import new_id, tool_call
from agentsea_gateway.dialects.usage import count, part
from agentsea_gateway.errors import ContentPolicyViolationError, MalformedResponseError, ProviderError
from agentsea_gateway.response import NO_USAGE, Native, Response, ToolCall, Usage

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

NAME = "gemini"

_UNSPECIFIED = "FINISH_REASON_UNSPECIFIED"
# With `$alt=json;enum-encoding=int`. From 6 on the two services count differently, but 6 to 8 are filters in both.
_NUMBERED = (None, "STOP", "MAX_TOKENS", "SAFETY", "RECITATION", "OTHER", *["BLOCKLIST"] * 3)
_STOP_REASONS = {
    "STOP": "stop",
    "MAX_TOKENS": "length",
    **dict.fromkeys(
        (
            "SAFETY",
            "RECITATION",
            "LANGUAGE",
            "BLOCKLIST",
            "PROHIBITED_CONTENT",
            "SPII",
            "MODEL_ARMOR",
            "IMAGE_SAFETY",
            "IMAGE_PROHIBITED_CONTENT",
            "IMAGE_RECITATION",
        ),
        "content_filter",
    ),
}
# The model wrote something that Google could not read: no answer, whatever text there is.
_BROKEN = frozenset(
    (
        "MALFORMED_FUNCTION_CALL",
        "MALFORMED_RESPONSE",
        "UNEXPECTED_TOOL_CALL",
        "TOO_MANY_TOOL_CALLS",
        "MISSING_THOUGHT_SIGNATURE",
    )
)
_CALL_KEYS = {"id", "name", "args"}


def decode_response(body: Any, headers: Mapping[str, str] | None = None) -> Response:
    """A whole answer; see `Dialect.decode_response`."""
    return read(body, headers, whole=True)


def read(body: Any, headers: Mapping[str, str] | None, *, whole: bool) -> Response:
    """The Response that a body says. `whole` False: it may be unfinished, and nothing in it is an error."""
    try:
        return _read(body, headers, whole)
    except (AttributeError, IndexError, KeyError, RecursionError, TypeError, ValueError) as error:
        raise MalformedResponseError(
            f"the answer is not of the shape of a generateContent answer ({type(error).__name__}: {error})"
        ) from None


def _read(body: Any, headers: Mapping[str, str] | None, whole: bool) -> Response:
    candidates = body.get("candidates")
    if whole and (body.get("error") or not candidates):
        raise refused(body, headers) or MalformedResponseError("the answer has no candidates")
    candidate = next((each for each in candidates or () if not each.get("index")), (candidates or [{}])[0])
    parts = (candidate.get("content") or {}).get("parts") or []
    finish = finish_of(candidate)
    if whole:
        check_finish(candidate)
        if not (finish or parts):
            raise MalformedResponseError("the answer holds nothing, and no reason why it stopped")
    text, thinking, calls = _contents(parts)
    fields = lowered(headers)
    usage = body.get("usageMetadata")
    return Response(
        text,
        thinking,
        calls,
        _stop_reason(finish, calls),
        _usage(usage) if type(usage) is dict else NO_USAGE,
        mended_or_none(body.get("modelVersion")),
        mended_or_none(body.get("responseId")),
        None,
        _citations(candidate),
        body,
        request_id(fields),
        rate_limits(fields),
        native=Native(NAME, cleaned(parts)) if needs_native(parts) else None,
    )


def refused(body: Mapping[str, Any], headers: Mapping[str, str] | None) -> ProviderError | None:
    """The error in an answer that claims success: an error object, or a prompt that was blocked."""
    if body.get("error"):
        return decode_error(200, headers, body)
    feedback = part(body, "promptFeedback")
    given = feedback.get("blockReason")
    if not given:
        return None
    reason = mended_or_none(str(given))  # a number with enum-encoding=int
    words = mended_or_none(feedback.get("blockReasonMessage"))
    return ContentPolicyViolationError(
        words or f"the prompt was blocked ({reason})",
        status_code=400,  # what other vendors refuse a prompt with
        code=reason,
        request_id=request_id(lowered(headers)),
    )


def finish_of(candidate: Mapping[str, Any]) -> str | None:
    """Why the candidate is finished; None where it is not."""
    reason = candidate.get("finishReason")
    if type(reason) is int:
        return _NUMBERED[reason] if 0 <= reason < len(_NUMBERED) else "OTHER"
    return reason if isinstance(reason, str) and reason and reason != _UNSPECIFIED else None


def check_finish(candidate: Mapping[str, Any]) -> None:
    """Raise MalformedResponseError where the model gave up in the middle of something unreadable."""
    finish = finish_of(candidate)
    if finish in _BROKEN:
        words = mended_or_none(candidate.get("finishMessage"))
        raise MalformedResponseError(f"the model gave no readable answer: {words or finish}", code=finish)


def _stop_reason(finish: str | None, calls: tuple[ToolCall, ...]) -> str | None:
    if finish is None:
        return None
    reason = _STOP_REASONS.get(finish, "stop")
    return "tool_use" if calls and reason == "stop" else reason


def _contents(parts: Sequence[Any]) -> tuple[str, str | None, tuple[ToolCall, ...]]:
    """Text, thinking and the caller's tool calls. What Google ran itself is in the native parts."""
    texts: list[str] = []
    thoughts: list[str] = []
    calls: list[ToolCall] = []
    for each in parts:
        text, call = each.get("text"), each.get("functionCall")
        if isinstance(text, str):
            (thoughts if each.get("thought") else texts).append(text)
        elif call:
            calls.append(call_of(call, len(calls)))
    return mended("".join(texts)), mended("".join(thoughts)) or None, tuple(calls)


def call_of(call: Mapping[str, Any], ordinal: int) -> ToolCall:
    """The ToolCall of a `functionCall`; `ordinal` counts the calls of its answer from 0."""
    call_id = mended_or_none(call.get("id")) or new_id(ordinal)
    return tool_call(call_id, mended(call.get("name") or ""), call.get("args"))


def _usage(usage: dict[str, Any]) -> Usage:
    """Thoughts and what the server's own tools read are counted beside the rest; a count of 0 is left out."""
    prompt, written = count(usage.get("promptTokenCount")), count(usage.get("candidatesTokenCount"))
    thoughts, tools = count(usage.get("thoughtsTokenCount")), count(usage.get("toolUsePromptTokenCount"))
    read_in = None if prompt is None else prompt + (tools or 0)
    if written is not None or thoughts is not None:
        output: int | None = (written or 0) + (thoughts or 0)
    else:
        total = count(usage.get("totalTokenCount"))
        output = None if total is None or read_in is None else max(0, total - read_in)
    return Usage(read_in, output, count(usage.get("cachedContentTokenCount")), None, thoughts)


def _citations(candidate: Mapping[str, Any]) -> tuple[Mapping[str, Any], ...]:
    """What the text repeats (recitation), and what it was grounded on."""
    cited = part(candidate, "citationMetadata")
    found = [*(cited.get("citations") or cited.get("citationSources") or ())]
    found += part(candidate, "groundingMetadata").get("groundingChunks") or ()
    return tuple(mended_value(each) for each in found if each)


def is_blank(each: Mapping[str, Any]) -> bool:
    """Whether a part says nothing: an empty text, as at the end of many streams."""
    return each.get("text") == "" and not {key for key, value in each.items() if value} - {"thought"}


def needs_native(parts: Sequence[Any], *, several_texts: bool = False) -> bool:
    """Whether the portable message would lose something of these parts.

    It holds text, then tool calls with an id, and nothing else; `several_texts` where it may hold the texts one by one.
    """
    calls = texts = 0
    for each in parts:
        keys = {key for key, value in each.items() if value is not None and value is not False}
        call = each.get("functionCall")
        if is_blank(each):
            continue
        if keys == {"text"} and not calls:
            texts += 1
        elif keys == {"functionCall"} and call.get("id") and call.keys() == _CALL_KEYS:
            calls += 1
        else:
            return True
    return texts > 1 and not several_texts


def cleaned(parts: Sequence[Mapping[str, Any]]) -> list[Any]:
    """The parts fit to be sent back, the same from a stream as from a plain answer."""
    return [
        mended_value({key: value for key, value in each.items() if value is not None})
        for each in parts
        if not is_blank(each)
    ]
