"""The portable messages and options as a request to Ollama's chat API, and back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from agentsea_gateway.dialects import tool_choice
from agentsea_gateway.dialects.dialect import Encoded
from agentsea_gateway.dialects.ollama_chat.answer import NAME
from agentsea_gateway.dialects.ollama_chat.history import History
from agentsea_gateway.dialects.ollama_chat.messages import encode_messages
from agentsea_gateway.dialects.ollama_chat.thinking import decode_think, encode_effort
from agentsea_gateway.dialects.parts import CACHE_MARK
from agentsea_gateway.dialects.request_reading import (
    Degraded,
    conversation,
    given_options,
    merge_extra_body,
    not_portable,
    unknown_option,
)
from agentsea_gateway.dialects.structure import json_schema, response_format
from agentsea_gateway.errors import InvalidRequestError, UnsupportedRequestError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

# What stands in the body's `options`, and the names that it has there.
_NAMES = {
    "max_tokens": "num_predict",
    **{name: name for name in ("temperature", "top_p", "top_k", "seed", "presence_penalty", "frequency_penalty")},
}
_OPTIONS = {wire: name for name, wire in _NAMES.items()} | {"stop": "stop"}
_DROPPED = ("user", "metadata", "reasoning_budget")  # the API knows nothing like them
_HANDLED = ("tools", "tool_choice", "extra_body", "extra_headers")


def encode_request(
    messages: Any,
    options: Mapping[str, Any] | None = None,
    /,
    *,
    model: str | None = None,
    stream: bool = False,
    **more: Any,
) -> dict[str, Any]:
    """The request's body; see `Dialect.encode_request`."""
    return encode(messages, options, model=model, stream=stream, **more).body


def encode(
    messages: Any,
    options: Mapping[str, Any] | None = None,
    /,
    *,
    model: str | None = None,
    stream: bool = False,
    **more: Any,
) -> Encoded:
    """The request's body and what it leaves out; see `Dialect.encode`.

    `extra_body` may hold `options`, which go over those that the call's own options became, one by one.
    """
    given = given_options(options, more)
    model, stream = given.pop("model", model), given.pop("stream", stream)
    try:
        return _encode(messages, given, model, stream)
    except (AttributeError, KeyError, RecursionError, TypeError, ValueError) as error:
        raise not_portable(error) from None


def _encode(messages: Any, given: Mapping[str, Any], model: str | None, stream: bool) -> Encoded:
    degraded = Degraded()
    body: dict[str, Any] = {} if model is None else {"model": model}
    body["messages"] = encode_messages(conversation(messages), degraded)
    body["stream"] = bool(stream)  # a stream is what Ollama gives unless it is told not to
    settings: dict[str, Any] = {}
    for name, value in given.items():
        if name not in _HANDLED:
            _option(body, settings, name, value, degraded)
    _add_tools(body, given.get("tools"), given.get("tool_choice"), degraded)
    extra = given.get("extra_body")
    if isinstance(extra, dict) and isinstance(extra.get("options"), dict):
        extra = {**extra, "options": {**settings, **extra["options"]}}
    if settings:
        body["options"] = settings
    merge_extra_body(body, extra)
    return Encoded(body, degraded.names())


def _option(body: dict[str, Any], settings: dict[str, Any], name: str, value: Any, degraded: Degraded) -> None:
    if name in _NAMES:
        settings[_NAMES[name]] = value
    elif name == "stop":
        settings["stop"] = [value] if isinstance(value, str) else [*value]
    elif name == "response_format":
        schema = "json" if value.get("type") == "json_object" else json_schema(value, NAME)
        if schema is not None:
            body["format"] = schema
    elif name == "reasoning_effort":
        body["think"] = encode_effort(value, body.get("model"), degraded)
    elif name == "parallel_tool_calls":
        if not value:
            degraded.note(name)
    elif name in _DROPPED:
        degraded.note(name)
    else:
        raise unknown_option(name, NAME)


def _add_tools(
    body: dict[str, Any], tools: Sequence[Mapping[str, Any]] | None, choice: Any, degraded: Degraded
) -> None:
    """Ollama lets the model choose: of the tools that may be called, or of none."""
    chosen = None if choice is None else tool_choice.read(choice)
    if chosen is not None and chosen.mode in ("required", "named"):
        degraded.note("tool_choice")
    if not tools:
        if tools is not None:
            body["tools"] = []
        return
    if chosen is not None and chosen.mode == "none":
        return
    if chosen is not None:
        names = (chosen.name,) if chosen.mode == "named" else chosen.allowed
        if names is not None:
            tools = [tool for tool in tools if tool_choice.tool_name(tool) in names]
    body["tools"] = [_tool(tool, degraded) for tool in tools]


def _tool(tool: Mapping[str, Any], degraded: Degraded) -> dict[str, Any]:
    if not isinstance(tool.get("function"), dict):
        raise UnsupportedRequestError(
            f"a tool of type {tool.get('type')!r} is not one that {NAME} can express; give functions"
        )
    if CACHE_MARK in tool:
        degraded.note(CACHE_MARK)
    return {key: value for key, value in tool.items() if key != CACHE_MARK}


def decode_request(body: Mapping[str, Any]) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """The portable messages and options that a body says; see `Dialect.decode_request`."""
    try:
        options: dict[str, Any] = {}
        extra: dict[str, Any] = {}
        for key, value in body.items():
            if key not in ("messages", "stream") and value is not None:
                _decode_option(key, value, body, options, extra)
        if body.get("stream") is not False:
            options["stream"] = True
        if extra:
            options["extra_body"] = extra
        history = History()
        return [history.decode(message) for message in body["messages"]], options
    except (AttributeError, KeyError, RecursionError, TypeError, ValueError) as error:
        raise InvalidRequestError(f"the body is no Ollama chat request ({type(error).__name__}: {error})") from None


def _decode_option(
    key: str, value: Any, body: Mapping[str, Any], options: dict[str, Any], extra: dict[str, Any]
) -> None:
    if key == "model":
        options[key] = value
    elif key == "tools":
        options[key] = [dict(tool) for tool in value]
    elif key == "options":
        _decode_settings(value, options, extra)
    elif key == "format" and (value == "json" or isinstance(value, dict)):
        options["response_format"] = {"type": "json_object"} if value == "json" else response_format(value)
    elif key == "think" and (effort := decode_think(value, body.get("model"))) is not None:
        options["reasoning_effort"] = effort
    else:
        extra[key] = value


def _decode_settings(settings: Mapping[str, Any], options: dict[str, Any], extra: dict[str, Any]) -> None:
    own = {name: value for name, value in settings.items() if value is not None and name not in _OPTIONS}
    options |= {_OPTIONS[name]: value for name, value in settings.items() if value is not None and name in _OPTIONS}
    if own or not settings:
        extra["options"] = own
