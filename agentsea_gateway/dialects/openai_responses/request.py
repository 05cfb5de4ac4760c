"""The portable messages and options as a request for a response, and back.

Requests are stateless: `store` is false, where the API's own default keeps every answer for 30 days, and a model that
reasons is asked for its reasoning in encrypted form, which goes back with the message that has it. `extra_body` with
`"store": True` (or a `previous_response_id`) gives the vendor's way back, and `"include"` replaces what is asked for.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from agentsea_gateway.dialects.dialect import Encoded
from agentsea_gateway.dialects.openai_responses.input import Items, decode_input
from agentsea_gateway.dialects.openai_responses.items import NAME
from agentsea_gateway.dialects.openai_responses.tools import (
    decode_format,
    decode_tool,
    decode_tool_choice,
    encode_format,
    encode_tool,
    encode_tool_choice,
)
from agentsea_gateway.dialects.request_reading import (
    Degraded,
    conversation,
    given_options,
    merge_extra_body,
    not_portable,
    unknown_option,
)
from agentsea_gateway.errors import InvalidRequestError

if TYPE_CHECKING:
    from collections.abc import Mapping

# Options that have the same name and form on the wire.
_SAME = frozenset(("temperature", "top_p", "parallel_tool_calls", "user", "metadata"))
# The API knows nothing like them.
_DROPPED = frozenset(("stop", "seed", "top_k", "presence_penalty", "frequency_penalty", "reasoning_budget"))
_STATE = ("previous_response_id", "conversation")  # what names the earlier part of a conversation
# Fields whose first meaning is an option.
_NESTED = {"tool_choice": "tool_choice", "text": "response_format", "reasoning": "reasoning_effort"}
_ENCRYPTED = "reasoning.encrypted_content"
# Models that give their reasoning encrypted; the others answer 400 to being asked.
_REASONING = re.compile(r"(?:^|[/:.])(?:o[1-9]|gpt-[5-9]|codex|grok-[4-9])(?![0-9])(?!.*(?:-chat|non-reasoning))")


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


def _encode(messages: Any, given: dict[str, Any], model: str | None, stream: bool) -> Encoded:
    degraded = Degraded()
    extra = given.pop("extra_body", None)
    known = extra if isinstance(extra, dict) else {}
    items = Items(model, degraded, stateful=any(known.get(name) for name in _STATE))
    items.add_all(conversation(messages))
    body: dict[str, Any] = {} if model is None else {"model": model}
    body["input"] = items.items
    if known.get("store", False) is False:
        body |= _stateless(model)
    if stream:
        body["stream"] = True
    for name, value in given.items():
        _option(body, name, value, degraded)
    merge_extra_body(body, extra)
    return Encoded(body, degraded.names())


def _stateless(model: Any) -> dict[str, Any]:
    """What keeps the vendor from storing, and the conversation whole all the same."""
    if isinstance(model, str) and _REASONING.search(model):
        return {"store": False, "include": [_ENCRYPTED]}
    return {"store": False}


def _option(body: dict[str, Any], name: str, value: Any, degraded: Degraded) -> None:
    if name in _SAME:
        body[name] = value
    elif name == "max_tokens":
        body["max_output_tokens"] = value
    elif name == "tools":
        body["tools"] = [encode_tool(tool, degraded) for tool in value]
    elif name == "tool_choice":
        body["tool_choice"] = encode_tool_choice(value)
    elif name == "response_format":
        body["text"] = {"format": encode_format(value)}
    elif name == "reasoning_effort":
        body["reasoning"] = {"effort": value}
    elif name in _DROPPED:
        degraded.note(name)
    elif name != "extra_headers":
        raise unknown_option(name, NAME)


def decode_request(body: Mapping[str, Any]) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """The portable messages and options that a body says; see `Dialect.decode_request`."""
    try:
        options: dict[str, Any] = {}
        extra: dict[str, Any] = {}
        for key, value in body.items():
            if key not in ("input", "instructions", "store", "include") and value is not None:
                _decode_option(key, value, options, extra)
        _decode_state(body, extra)
        if body.get("instructions") == "":  # no message says that
            extra["instructions"] = ""
        if extra:
            options["extra_body"] = extra
        return _decode_messages(body), options
    except (AttributeError, KeyError, RecursionError, TypeError, ValueError) as error:
        raise InvalidRequestError(f"the body is no request for a response ({type(error).__name__}: {error})") from None


def _decode_messages(body: Mapping[str, Any]) -> list[dict[str, Any]]:
    messages = decode_input(body.get("input"), body.get("model"))
    instructions = body.get("instructions")
    return [{"role": "system", "content": instructions}, *messages] if instructions else messages


def _decode_state(body: Mapping[str, Any], extra: dict[str, Any]) -> None:
    """`store` and `include`, where they are not what `encode` says by itself; None says the vendor's default."""
    expected: dict[str, Any] = {"store": False}
    if body.get("store") is False:
        expected = _stateless(body.get("model"))
    for name in ("store", "include"):
        if body.get(name) != expected.get(name):
            extra[name] = body.get(name)


def _decode_option(key: str, value: Any, options: dict[str, Any], extra: dict[str, Any]) -> None:
    """A field as a portable option; whole in extra_body (too) where it says more than the option can."""
    if key in _SAME or key in ("model", "stream"):
        options[key] = value
    elif key == "max_output_tokens":
        options["max_tokens"] = value
    elif key == "tools":
        options["tools"] = [decode_tool(tool) for tool in value]
    elif key in _NESTED:
        _decode_nested(key, value, options, extra)
    else:
        extra[key] = value


def _decode_nested(key: str, value: Any, options: dict[str, Any], extra: dict[str, Any]) -> None:
    found: Any = None
    if key == "tool_choice":
        found, whole = decode_tool_choice(value), True
    else:
        inner = value.get("effort" if key == "reasoning" else "format")
        whole = sum(each is not None for each in value.values()) == 1
        if key == "reasoning":
            found = inner if isinstance(inner, str) else None
        elif isinstance(inner, dict):
            found = decode_format(inner)
    if found is not None:
        options[_NESTED[key]] = found
    if found is None or not whole:
        extra[key] = value
