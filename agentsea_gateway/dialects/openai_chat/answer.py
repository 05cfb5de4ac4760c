"""A chat completion's body as a Response."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from agentsea_gateway.dialects.failures import decode_error
from agentsea_gateway.dialects.reply_headers import lowered, rate_limits, request_id
from agentsea_gateway.dialects.text import mended, mended_or_none, mended_value
from agentsea_gateway.dialects.tool_arguments import new_id, tool_call
from agentsea_gateway.dialects.usage import charged, count, first_count, part
from agentsea_gateway.errors import InternalServerError, MalformedResponseError, ProviderError
from agentsea_gateway.response import NO_USAGE, Native, Response, ToolCall, Usage

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

NAME = "openai_chat"

_STOP_REASONS = {
    "stop": "stop",
    "length": "length",
    "tool_calls": "tool_use",
    "function_call": "tool_use",
    "content_filter": "content_filter",
    # hosts that pass their model's own word on
    "tool_use": "tool_use",
    "max_tokens": "length",
    "model_length": "length",
    "model_context_window_exceeded": "length",
    "sensitive": "content_filter",
    "refusal": "content_filter",
    "safety": "content_filter",
}
_REFERENCES = ("reference", "tool_reference")
# Fields of a message that go back as they came: reasoning, images (OpenRouter), signed thinking (LiteLLM's proxy),
# Gemini's signatures beside the text, and the form before tools.
_BACK = (
    *("reasoning_content", "reasoning", "reasoning_details"),
    *("images", "thinking_blocks", "extra_content", "function_call"),
)
# The host gave up in the middle (Mistral, OpenRouter; DeepSeek; Z.ai): no answer, whatever text there is.
_BROKEN = {
    "error": "upstream_error",
    "insufficient_system_resource": "engine_overloaded",
    "network_error": "network_error",
}


def decode_response(body: Any, headers: Mapping[str, str] | None = None) -> Response:
    """A whole answer; see `Dialect.decode_response`."""
    return read(body, headers, whole=True)


def read(body: Any, headers: Mapping[str, str] | None, *, whole: bool) -> Response:
    """The Response that a body says. `whole` False: it may be unfinished, and nothing in it is an error."""
    try:
        return _read(body, headers, whole)
    except (AttributeError, IndexError, KeyError, RecursionError, TypeError, ValueError) as error:
        raise MalformedResponseError(
            f"the answer is not of the shape of a chat completion ({type(error).__name__}: {error})"
        ) from None


def _read(body: Any, headers: Mapping[str, str] | None, whole: bool) -> Response:
    choices = body.get("choices")
    if not choices or body.get("error"):
        if whole:
            raise _no_choices(body, headers)
        choices = [{}]
    choice = choices[0]
    message = choice.get("message") or {}
    finish = choice.get("finish_reason") or finish_details(choice)
    if whole and (finish in _BROKEN or choice.get("error")):
        raise broken(choice, headers)
    content = message.get("content")
    calls = _tool_calls(message)
    text = mended(content) if type(content) is str else text_of(content)
    thinking = thinking_of(message)
    refusal = mended_or_none(message.get("refusal"))
    if whole and not (finish or text or calls or thinking or refusal):
        raise MalformedResponseError("the answer holds nothing, and no reason why it stopped")
    fields = lowered(headers)
    usage = body.get("usage") or part(body, "x_groq").get("usage")
    return Response(
        text,
        thinking,
        calls,
        _stop_reason(finish, calls),
        _usage(usage) if type(usage) is dict else NO_USAGE,
        mended_or_none(body.get("model")),
        mended_or_none(body.get("id")),
        refusal,
        _citations(body, message),
        body,
        request_id(fields),
        rate_limits(fields),
        charged(usage) if type(usage) is dict and ("cost" in usage or "cost_in_usd_ticks" in usage) else None,
        native=_native(message, content),
    )


def _no_choices(body: Any, headers: Mapping[str, str] | None) -> ProviderError:
    return decode_error(200, headers, body) if is_error(body) else MalformedResponseError("the answer has no choices")


def is_error(body: Mapping[str, Any]) -> bool:
    """Whether a body without choices is an error (Mistral and vLLM have no `error` in it)."""
    return bool(body.get("error") or body.get("object") == "error" or body.get("detail") or body.get("message"))


def broken(choice: Mapping[str, Any], headers: Mapping[str, str] | None) -> ProviderError:
    """The error of a choice that the host gave up."""
    error = choice.get("error")
    if isinstance(error, dict) and error:
        return decode_error(200, headers, {"error": error})
    reason = str(choice.get("finish_reason"))
    told = {"code": _BROKEN.get(reason, "upstream_error"), "message": f"the host gave up (finish_reason {reason})"}
    found = decode_error(200, headers, {"error": told})
    return found if found.outcome == "failure" else InternalServerError(found.message, status_code=500)


def finish_details(choice: Mapping[str, Any]) -> Any:
    """What the first vision models had in the place of a finish reason."""
    return part(choice, "finish_details").get("type")


def is_broken(finish: Any) -> bool:
    """Whether this finish reason says that the host gave up."""
    return isinstance(finish, str) and finish in _BROKEN


def _stop_reason(finish: Any, calls: tuple[ToolCall, ...]) -> str | None:
    if finish is None or finish == "":
        return None
    reason = "stop"
    if isinstance(finish, str):
        reason = _STOP_REASONS.get(finish) or _STOP_REASONS.get(finish.lower().replace("-", "_"), "stop")
    return "tool_use" if calls and reason == "stop" else reason  # "stop" with calls: Gemini, a forced function


def text_of(content: Any) -> str:
    """The text in content that is a list of chunks (Mistral)."""
    return "".join(
        mended(chunk["text"])
        for chunk in content or ()
        if chunk.get("type") in ("text", "output_text") and isinstance(chunk.get("text"), str)
    )


def thinking_of(message: Mapping[str, Any]) -> str | None:
    """The reasoning text. Hosts put the same text into several fields: the first that holds any counts."""
    for name in ("reasoning_content", "reasoning"):
        text = message.get(name)
        if text and isinstance(text, str):
            return mended(text)
    found = ""
    for name, text_in in (("reasoning_details", detail_text), ("thinking_blocks", chunk_thinking)):
        parts = message.get(name)
        if not found and isinstance(parts, list):
            found = "".join(map(text_in, parts))
    content = message.get("content")
    if not found and isinstance(content, list):
        found = "".join(map(chunk_thinking, content))
    return mended(found) or None


def detail_text(detail: Any) -> str:
    """The text in one of `reasoning_details` (OpenRouter, Vercel); its summary where it has no other."""
    text = detail.get("text") or detail.get("summary")
    return text if isinstance(text, str) else ""


def chunk_thinking(chunk: Any) -> str:
    """The reasoning text in one chunk of content ("thinking" of Mistral, "reasoning" of Databricks)."""
    field = {"thinking": "thinking", "reasoning": "summary"}.get(chunk.get("type"))
    thinking = chunk.get(field) if field else None
    if isinstance(thinking, list):
        return "".join(each["text"] for each in thinking if isinstance(each.get("text"), str))
    return thinking if isinstance(thinking, str) else ""


def _tool_calls(message: Mapping[str, Any]) -> tuple[ToolCall, ...]:
    calls = message.get("tool_calls")
    if not calls:
        legacy = message.get("function_call")
        return tuple(_calls([{"function": legacy}])) if isinstance(legacy, dict) and legacy.get("name") else ()
    return tuple(_calls(calls))


def _calls(calls: Any) -> Iterator[ToolCall]:
    for ordinal, call in enumerate(calls):
        function = call.get("function") or {}
        # A free-form tool: its input is text. (Snowflake writes an empty one beside every function.)
        custom = None if function.get("name") else call.get("custom")
        if not function and not custom:  # run by the host itself
            continue
        name = function.get("name") or (custom or {}).get("name") or ""
        call_id = mended_or_none(call.get("id")) or new_id(ordinal)
        if custom:
            raw = mended(str(custom.get("input") or ""))
            yield ToolCall(call_id, mended(name), None, raw)
        else:
            yield tool_call(call_id, mended(name), function.get("arguments"))


def _usage(usage: dict[str, Any]) -> Usage:
    prompt, completion = count(usage.get("prompt_tokens")), count(usage.get("completion_tokens"))
    if prompt is None and completion is None:  # in the words of another dialect
        prompt, completion = count(usage.get("input_tokens")), count(usage.get("output_tokens"))
    details = part(usage, "prompt_tokens_details")
    cached = first_count(details.get("cached_tokens"), usage.get("prompt_cache_hit_tokens"), usage.get("cached_tokens"))
    reasoning = first_count(
        part(usage, "completion_tokens_details").get("reasoning_tokens"), usage.get("reasoning_tokens")
    )
    if prompt is not None and cached is not None and cached > prompt:
        prompt += cached  # Grok on Azure: the cached ones are not among the prompt's
    if completion is not None:
        completion = _with_reasoning(prompt, completion, count(usage.get("total_tokens")), reasoning or 0)
    written = first_count(
        details.get("cache_write_tokens"),
        details.get("cache_creation_tokens"),
        usage.get("cache_creation_input_tokens"),
    )
    return Usage(prompt, completion, cached, written, reasoning)


def _with_reasoning(prompt: int | None, completion: int, total: int | None, reasoning: int) -> int:
    """What was written, reasoning included, where the host counts reasoning apart.

    The total shows it (xAI; Gemini, which does not even say how much), or that it is more than the completion (Vercel's
    Gemini models, Perplexity's deep research).
    """
    beyond = 0 if total is None or prompt is None else total - prompt - completion
    if beyond > 0:
        return completion + beyond
    return completion + reasoning if reasoning > completion else completion


def _citations(body: Mapping[str, Any], message: Mapping[str, Any]) -> tuple[Mapping[str, Any], ...]:
    """OpenAI's annotations, else Perplexity's search results, else a list of URLs (Perplexity, xAI), else what Azure
    found in the caller's own data, else Mistral's references among the chunks of content."""
    found = (
        message.get("annotations")
        or body.get("search_results")
        or body.get("citations")
        or part(message, "context").get("citations")
    )
    if not isinstance(found, list) or not found:
        content = message.get("content")
        found = [each for each in content if each.get("type") in _REFERENCES] if type(content) is list else ()
    return tuple(mended_value(each if isinstance(each, dict) else {"url": each}) for each in found)


def _native(message: Mapping[str, Any], content: Any) -> Native | None:
    """What the host wants back in the history beside text and calls: fields that go over the portable message."""
    extra: dict[str, Any] = {}
    for name in _BACK:
        value = message.get(name)
        if value and (name != "function_call" or value.get("name")):  # Snowflake: an empty one in every message
            extra[name] = value
    if isinstance(content, list) and any(chunk.get("type") != "text" for chunk in content):
        extra["content"] = content
    audio = message.get("audio")
    if isinstance(audio, dict) and audio.get("id"):
        extra["audio"] = {"id": audio["id"]}
    calls = message.get("tool_calls")
    if calls and any(not _portable_call(call) for call in calls):
        extra["tool_calls"] = [{key: value for key, value in call.items() if key != "index"} for call in calls]
    return Native(NAME, mended_value(extra)) if extra else None


def _portable_call(call: Mapping[str, Any]) -> bool:
    """Whether a call is no more than id, type and function; Gemini's signatures stand beside them."""
    empty = {"custom"} if (call.get("function") or {}).get("name") else set()
    return call.keys() <= {"id", "type", "function", "index"} | empty and call.get("type") in (None, "function")
