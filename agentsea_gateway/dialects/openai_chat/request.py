"""The portable messages and options as a chat completion's request, and back."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from agentsea_gateway.dialects.dialect import Encoded
from agentsea_gateway.dialects.openai_chat.answer import NAME
from agentsea_gateway.dialects.openai_chat.messages import decode_messages, encode_messages
from agentsea_gateway.dialects.openai_chat.quirks import ANY
from agentsea_gateway.dialects.parts import CACHE_MARK
from agentsea_gateway.dialects.request_reading import (
    Degraded,
    conversation,
    given_options,
    merge_extra_body,
    not_portable,
    unknown_option,
)
from agentsea_gateway.dialects.tool_choice import is_anthropics_own, is_googles_own
from agentsea_gateway.errors import InvalidRequestError, UnsupportedRequestError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from agentsea_gateway.dialects.openai_chat.quirks import Quirks

# Options that have the same name and form on the wire.
_SAME = frozenset(
    (
        "temperature",
        "top_p",
        "top_k",
        "stop",
        "seed",
        "presence_penalty",
        "frequency_penalty",
        "tool_choice",
        "parallel_tool_calls",
        "response_format",
        "reasoning_effort",
        "user",
        "metadata",
    )
)
# OpenAI's reasoning models refuse max_tokens; everywhere else it is the name that every host knows.
_NEW_NAME = re.compile(r"(?:^|[/:.])(?:o[1-9]|gpt-[5-9])(?![0-9])")
_INCLUDE_USAGE = {"include_usage": True}


def encode_request(
    messages: Any,
    options: Mapping[str, Any] | None = None,
    /,
    *,
    model: str | None = None,
    stream: bool = False,
    quirks: Quirks = ANY,
    **more: Any,
) -> dict[str, Any]:
    """The request's body; see `Dialect.encode_request`."""
    return encode(messages, options, model=model, stream=stream, quirks=quirks, **more).body


def encode(
    messages: Any,
    options: Mapping[str, Any] | None = None,
    /,
    *,
    model: str | None = None,
    stream: bool = False,
    quirks: Quirks = ANY,
    **more: Any,
) -> Encoded:
    """The request's body and what it leaves out; see `Dialect.encode`."""
    given = given_options(options, more)
    model, stream = given.pop("model", model), given.pop("stream", stream)
    try:
        return _encode(messages, given, model, stream, quirks)
    except (AttributeError, KeyError, RecursionError, TypeError, ValueError) as error:
        raise not_portable(error) from None


def _encode(messages: Any, given: dict[str, Any], model: str | None, stream: bool, quirks: Quirks) -> Encoded:
    degraded = Degraded()
    body: dict[str, Any] = {} if model is None else {"model": model}
    body["messages"] = encode_messages(conversation(messages), quirks, degraded)
    if stream:
        body["stream"] = True
        if quirks.stream_usage:
            body["stream_options"] = {**_INCLUDE_USAGE}
    if given:
        extra = given.pop("extra_body", None)
        for name, value in given.items():
            _option(body, name, value, quirks, degraded)
        merge_extra_body(body, extra)
    return Encoded(body, degraded.names())


def _option(body: dict[str, Any], name: str, value: Any, quirks: Quirks, degraded: Degraded) -> None:
    if name in quirks.refused:
        degraded.note(name)
    elif name == "reasoning_effort" and value in quirks.efforts:
        body[name] = quirks.efforts[value]
        degraded.note(name)
    elif name == "response_format" and not quirks.schemas and value.get("type") == "json_schema":
        raise UnsupportedRequestError(
            'this host takes no JSON schema; ask for {"type": "json_object"} and describe the answer in the prompt'
        )
    elif name in quirks.renamed:
        body[quirks.renamed[name]] = value
    elif name in _SAME:
        body[name] = value
    elif name == "max_tokens":
        body["max_completion_tokens" if _NEW_NAME.search(body.get("model") or "") else "max_tokens"] = value
    elif name == "tools":
        body["tools"] = [_tool(tool, quirks, degraded) for tool in value]
    elif name == "reasoning_budget":  # as OpenRouter and Vercel take it
        body["reasoning"] = {"max_tokens": value}
    elif name != "extra_headers":
        raise unknown_option(name, NAME)


def _tool(tool: Mapping[str, Any], quirks: Quirks, degraded: Degraded) -> Any:
    if is_anthropics_own(tool):
        raise UnsupportedRequestError(
            f"the tool {tool['type']!r} is run by Anthropic alone; give functions, or leave it to that candidate"
        )
    if is_googles_own(tool.get("type")):
        raise UnsupportedRequestError(
            f"the tool {tool['type']!r} is run by Google alone; give functions, or leave it to that candidate"
        )
    if CACHE_MARK in tool and not quirks.cache_marks:
        degraded.note(CACHE_MARK)
        return {key: value for key, value in tool.items() if key != CACHE_MARK}
    return tool


def decode_request(body: Mapping[str, Any]) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """The portable messages and options that a body says; see `Dialect.decode_request`."""
    try:
        options: dict[str, Any] = {}
        extra: dict[str, Any] = {}
        for key, value in body.items():
            if key != "messages" and value is not None:
                _decode_option(key, value, options, extra)
        if extra:
            options["extra_body"] = extra
        return decode_messages(body["messages"]), options
    except (AttributeError, KeyError, RecursionError, TypeError, ValueError) as error:
        raise InvalidRequestError(f"the body is no chat completion request ({type(error).__name__}: {error})") from None


def _decode_option(key: str, value: Any, options: dict[str, Any], extra: dict[str, Any]) -> None:
    if key in ("max_tokens", "max_completion_tokens") and "max_tokens" not in options:
        options["max_tokens"] = value
    elif key == "tool_choice" and value == "any":
        options[key] = "required"
    elif key in _SAME or key in ("model", "stream"):
        options[key] = value
    elif key == "tools":
        options[key] = [dict(tool) for tool in value]
    elif key == "reasoning" and isinstance(value, dict) and value.keys() == {"effort"}:
        options["reasoning_effort"] = value["effort"]
    elif key == "reasoning" and isinstance(value, dict) and value.keys() == {"max_tokens"}:
        options["reasoning_budget"] = value["max_tokens"]
    elif key != "stream_options" or value != _INCLUDE_USAGE:
        extra[key] = value
