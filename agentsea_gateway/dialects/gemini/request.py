"""The portable messages and options as a request to `generateContent`, and back. The model stands in the path."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from agentsea_gateway.dialects import tool_choice
from agentsea_gateway.dialects.dialect import Encoded
from agentsea_gateway.dialects.gemini.config import decode_config, encode_config
from agentsea_gateway.dialects.gemini.history import decode_messages
from agentsea_gateway.dialects.gemini.keys import camel, camel_keys
from agentsea_gateway.dialects.gemini.models import rules
from agentsea_gateway.dialects.gemini.quirks import AI_STUDIO
from agentsea_gateway.dialects.gemini.tools import decode_tool_choice, decode_tools, encode_tool_choice, encode_tools
from agentsea_gateway.dialects.gemini.turns import Turns
from agentsea_gateway.dialects.request_reading import Degraded, conversation, given_options, not_portable
from agentsea_gateway.errors import InvalidRequestError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from agentsea_gateway.dialects.gemini.quirks import Quirks

# Objects of the body that extra_body goes into; anything else in it replaces what is there.
_OPEN = frozenset(("generationConfig", "thinkingConfig", "toolConfig", "functionCallingConfig"))


def encode_request(
    messages: Any,
    options: Mapping[str, Any] | None = None,
    /,
    *,
    model: str | None = None,
    stream: bool = False,
    quirks: Quirks = AI_STUDIO,
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
    quirks: Quirks = AI_STUDIO,
    **more: Any,
) -> Encoded:
    """The request's body and what it leaves out; see `Dialect.encode`.

    Whether it streams is told by the path, as is the model, which only decides what the body may hold.
    """
    del stream
    given = given_options(options, more)
    model, _ = given.pop("model", model), given.pop("stream", None)
    try:
        return _encode(messages, given, model, quirks)
    except (AttributeError, KeyError, RecursionError, TypeError, ValueError) as error:
        raise not_portable(error) from None


def _encode(messages: Any, given: Mapping[str, Any], model: str | None, quirks: Quirks) -> Encoded:
    degraded = Degraded()
    gemini = rules(model)
    turns = Turns(gemini, quirks, degraded)
    turns.add_all(conversation(messages))
    body: dict[str, Any] = {"contents": turns.contents}
    if turns.system:
        body["systemInstruction"] = {"parts": turns.system}
        if turns.system_role is not None:
            body["systemInstruction"]["role"] = turns.system_role
    _add_tools(body, given, degraded)
    if given.get("metadata") and quirks.labels:
        body["labels"] = given["metadata"]
        given = {name: value for name, value in given.items() if name != "metadata"}
    config = encode_config(given, gemini, degraded)
    if config:
        body["generationConfig"] = config
    extra = given.get("extra_body")
    if extra is not None and not isinstance(extra, dict):
        raise InvalidRequestError(f"extra_body is a {type(extra).__name__}; give a dict")
    return Encoded(_merged(body, extra or {}), degraded.names())


def _add_tools(body: dict[str, Any], given: Mapping[str, Any], degraded: Degraded) -> None:
    tools = given.get("tools")
    choice = tool_choice.read(given["tool_choice"]) if "tool_choice" in given else None
    if tools is not None:
        body["tools"] = encode_tools(tools, degraded)
    if given.get("parallel_tool_calls") is False:
        degraded.note("parallel_tool_calls")
    if choice is None:
        return
    if not tools and choice.mode in ("required", "named"):
        degraded.note("tool_choice")
        return
    body["toolConfig"] = {"functionCallingConfig": encode_tool_choice(choice)}


def _merged(body: dict[str, Any], extra: Mapping[str, Any]) -> dict[str, Any]:
    """The body with `extra_body` over it: its keys win, as a whole, but the configs are merged."""
    for given, value in extra.items():
        name = camel(given)
        before = body.get(name)
        if name in _OPEN and isinstance(value, dict):
            body[name] = _merged(dict(before) if isinstance(before, dict) else {}, value)
        else:
            body[given if before is None else name] = value
    return body


def decode_request(body: Mapping[str, Any]) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """The portable messages and options that a body says; see `Dialect.decode_request`."""
    try:
        options: dict[str, Any] = {}
        extra: dict[str, Any] = {}
        for given, value in body.items():
            if value is not None:
                _decode_field(given, value, options, extra)
        if extra:
            options["extra_body"] = extra
        return decode_messages(body.get("systemInstruction", body.get("system_instruction")), body["contents"]), options
    except (AttributeError, IndexError, KeyError, RecursionError, TypeError, ValueError) as error:
        raise InvalidRequestError(f"the body is no generateContent request ({type(error).__name__}: {error})") from None


def _decode_field(given: str, value: Any, options: dict[str, Any], extra: dict[str, Any]) -> None:
    name = camel(given)
    if name in ("model", "stream"):
        options[name] = value
    elif name == "tools":
        options["tools"] = decode_tools(value)
    elif name == "generationConfig":
        found, kept = decode_config(camel_keys(value))
        options |= found
        if kept or not value:
            extra[name] = kept
    elif name == "toolConfig":
        _decode_tool_config(camel_keys(value), options, extra)
    elif name not in ("contents", "systemInstruction"):
        extra[given] = value


def _decode_tool_config(held: dict[str, Any], options: dict[str, Any], extra: dict[str, Any]) -> None:
    config = held.pop("functionCallingConfig", None)
    choice, kept = (None, {}) if config is None else decode_tool_choice(config)
    if choice is not None:
        options["tool_choice"] = choice
    if kept or (choice is None and config is not None):
        held["functionCallingConfig"] = kept
    if held or choice is None:
        extra["toolConfig"] = held
