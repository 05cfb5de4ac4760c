"""The portable messages and options as a request to Cohere's chat API, and back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from agentsea_gateway.dialects.cohere_chat.answer import NAME
from agentsea_gateway.dialects.cohere_chat.messages import Messages, decode_messages
from agentsea_gateway.dialects.cohere_chat.tools import add_tools, decode_tool_choice, decode_tools
from agentsea_gateway.dialects.dialect import Encoded
from agentsea_gateway.dialects.request_reading import (
    Degraded,
    conversation,
    given_options,
    merge_extra_body,
    not_portable,
    unknown_option,
)
from agentsea_gateway.dialects.structure import json_schema, response_format
from agentsea_gateway.errors import InvalidRequestError

if TYPE_CHECKING:
    from collections.abc import Mapping

# Options, and the names that they have on the wire.
_NAMES = {
    "max_tokens": "max_tokens",
    "temperature": "temperature",
    "seed": "seed",
    "frequency_penalty": "frequency_penalty",
    "presence_penalty": "presence_penalty",
    "top_p": "p",
    "top_k": "k",
    "stop": "stop_sequences",
}
_OPTIONS = {wire: name for name, wire in _NAMES.items()}
_DROPPED = ("user", "metadata")  # the API knows nothing like them
_HANDLED = ("tools", "tool_choice", "reasoning_effort", "reasoning_budget", "extra_body", "extra_headers")
# Tokens of thinking that stand for an effort; from "high" on there is no limit.
_BUDGETS = {"minimal": 1024, "low": 2048, "medium": 8192}


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
    """The request's body and what it leaves out; see `Dialect.encode`."""
    given = given_options(options, more)
    model, stream = given.pop("model", model), given.pop("stream", stream)
    try:
        return _encode(messages, given, model, stream)
    except (AttributeError, KeyError, RecursionError, TypeError, ValueError) as error:
        raise not_portable(error) from None


def _encode(messages: Any, given: Mapping[str, Any], model: str | None, stream: bool) -> Encoded:
    degraded = Degraded()
    taken = Messages(degraded)
    taken.add_all(conversation(messages))
    body: dict[str, Any] = {} if model is None else {"model": model}
    body["messages"] = taken.wire
    if stream:
        body["stream"] = True
    for name, value in given.items():
        if name not in _HANDLED:
            _option(body, name, value, degraded)
    add_tools(body, given.get("tools"), given.get("tool_choice"), degraded)
    _add_thinking(body, given.get("reasoning_effort"), given.get("reasoning_budget"))
    merge_extra_body(body, given.get("extra_body"))
    return Encoded(body, degraded.names())


def _option(body: dict[str, Any], name: str, value: Any, degraded: Degraded) -> None:
    if name == "stop":
        body["stop_sequences"] = [value] if isinstance(value, str) else [*value]
    elif name in _NAMES:
        body[_NAMES[name]] = value
    elif name == "response_format":
        body["response_format"] = _format(value)
    elif name == "parallel_tool_calls":
        if not value:
            degraded.note(name)
    elif name in _DROPPED:
        degraded.note(name)
    else:
        raise unknown_option(name, NAME)


def _format(value: Mapping[str, Any]) -> dict[str, Any]:
    if value.get("type") == "json_object":
        return {"type": "json_object"}
    schema = json_schema(value, NAME)
    return {"type": "text"} if schema is None else {"type": "json_object", "json_schema": schema}


def _add_thinking(body: dict[str, Any], effort: str | None, budget: int | None) -> None:
    if budget is None and effort is not None:
        budget = _BUDGETS.get(effort)
    if budget is not None:
        body["thinking"] = {"type": "enabled", "token_budget": budget}
    elif effort is not None:
        body["thinking"] = {"type": "disabled" if effort == "none" else "enabled"}


def decode_request(body: Mapping[str, Any]) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """The portable messages and options that a body says; see `Dialect.decode_request`."""
    try:
        options: dict[str, Any] = {}
        extra: dict[str, Any] = {}
        for key, value in body.items():
            if key != "messages" and value is not None:
                _decode_option(key, value, options, extra)
        if extra.get("strict_tools") is True and options.get("tools"):
            del extra["strict_tools"]
            options["tools"] = decode_tools(options["tools"], strict=True)
        if body.get("tool_choice") is not None and not body.get("tools"):  # a choice of nothing
            options.pop("tool_choice", None)
            extra["tool_choice"] = body["tool_choice"]
        if extra:
            options["extra_body"] = extra
        return decode_messages(body["messages"]), options
    except (AttributeError, KeyError, RecursionError, TypeError, ValueError) as error:
        raise InvalidRequestError(f"the body is no Cohere chat request ({type(error).__name__}: {error})") from None


def _decode_option(key: str, value: Any, options: dict[str, Any], extra: dict[str, Any]) -> None:
    found: Any = None
    if key in ("model", "stream"):
        options[key] = value
    elif key in _OPTIONS:
        options[_OPTIONS[key]] = value
    elif key == "tools":
        options["tools"] = decode_tools(value, strict=False)
    elif key == "tool_choice":
        found = decode_tool_choice(value)
        (options if found else extra)[key] = found or value
    elif key == "response_format":
        found = _decoded_format(value)
        (options if found else extra)[key] = found or value
    elif key == "thinking":
        found = _decoded_thinking(value)
        if found is None:
            extra[key] = value
        else:
            options |= found
    else:
        extra[key] = value


def _decoded_format(value: Mapping[str, Any]) -> dict[str, Any] | None:
    kind, schema = value.get("type"), value.get("json_schema")
    if kind == "json_object" and value.keys() == {"type", "json_schema"} and isinstance(schema, dict):
        return response_format(schema)
    return dict(value) if value in ({"type": "json_object"}, {"type": "text"}) else None


def _decoded_thinking(value: Mapping[str, Any]) -> dict[str, Any] | None:
    if value == {"type": "disabled"}:
        return {"reasoning_effort": "none"}
    if value == {"type": "enabled"}:
        return {"reasoning_effort": "high"}
    if value.keys() == {"type", "token_budget"} and value["type"] == "enabled":
        return {"reasoning_budget": value["token_budget"]}
    return None
