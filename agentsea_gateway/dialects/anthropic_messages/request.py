"""The portable messages and options as a request to the messages API, and back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from agentsea_gateway.dialects import tool_choice
from agentsea_gateway.dialects.anthropic_messages.answer import NAME
from agentsea_gateway.dialects.anthropic_messages.models import rules
from agentsea_gateway.dialects.anthropic_messages.quirks import ANTHROPIC
from agentsea_gateway.dialects.anthropic_messages.schema import encode_schema
from agentsea_gateway.dialects.anthropic_messages.thinking import (
    OPTIONS,
    add_reasoning,
    conflicts,
    decode_reasoning,
    settle_conflicts,
)
from agentsea_gateway.dialects.anthropic_messages.tools import (
    decode_tool,
    decode_tool_choice,
    encode_tool_choice,
    encode_tools,
)
from agentsea_gateway.dialects.anthropic_messages.turns import Turns, decode_turns
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

    from agentsea_gateway.dialects.anthropic_messages.quirks import Quirks

_SAME = ("temperature", "top_p", "top_k")
_DROPPED = ("seed", "presence_penalty", "frequency_penalty")  # the API knows nothing like them
_HANDLED = frozenset(
    ("tools", "tool_choice", "parallel_tool_calls", "max_tokens", "extra_body", "extra_headers", *OPTIONS)
)


def encode_request(
    messages: Any,
    options: Mapping[str, Any] | None = None,
    /,
    *,
    model: str | None = None,
    stream: bool = False,
    quirks: Quirks = ANTHROPIC,
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
    quirks: Quirks = ANTHROPIC,
    **more: Any,
) -> Encoded:
    """The request's body and what it leaves out; see `Dialect.encode`."""
    given = given_options(options, more)
    model, stream = given.pop("model", model), given.pop("stream", stream)
    try:
        return _encode(messages, given, model, stream, quirks)
    except (AttributeError, KeyError, RecursionError, TypeError, ValueError) as error:
        raise not_portable(error) from None


def _encode(messages: Any, given: Mapping[str, Any], model: str | None, stream: bool, quirks: Quirks) -> Encoded:
    degraded = Degraded()
    claude = rules(model)
    turns = Turns(claude, degraded)
    turns.add_all(conversation(messages))
    body: dict[str, Any] = {} if model is None else {"model": model}
    body["max_tokens"] = given.get("max_tokens", claude.max_tokens)
    system = turns.system_prompt()
    if system is not None:
        body["system"] = system
    body["messages"] = turns.turns
    if stream:
        body["stream"] = True
    for name, value in given.items():
        if name not in _HANDLED:
            _option(body, name, value, degraded)
    _add_tools(body, given, degraded)
    add_reasoning(body, given, claude, degraded)
    settle_conflicts(body, degraded)
    if quirks.version_in_body is not None:
        body.pop("model", None)
        body["anthropic_version"] = quirks.version_in_body
    merge_extra_body(body, given.get("extra_body"))
    return Encoded(body, degraded.names())


def _option(body: dict[str, Any], name: str, value: Any, degraded: Degraded) -> None:
    if name == "temperature" and value > 1:  # OpenAI's scale ends at 2
        body[name] = 1
        degraded.note(name)
    elif name in _SAME:
        body[name] = value
    elif name == "stop":
        _add_stop(body, value, degraded)
    elif name == "response_format":
        schema = json_schema(value, NAME)
        if schema is not None:
            body["output_config"] = {"format": {"type": "json_schema", "schema": encode_schema(schema)}}
    elif name == "user":
        body["metadata"] = {"user_id": value}
    elif name == "metadata":
        if value.keys() - {"user_id"}:
            degraded.note("metadata")
        if value.get("user_id") is not None:
            body.setdefault("metadata", {"user_id": value["user_id"]})
    elif name in _DROPPED:
        degraded.note(name)
    else:
        raise unknown_option(name, NAME)


def _add_stop(body: dict[str, Any], value: Any, degraded: Degraded) -> None:
    """Stop sequences; the API refuses those of white space only."""
    wanted = [value] if isinstance(value, str) else [*value]
    taken = [text for text in wanted if text.strip()]
    if len(taken) != len(wanted):
        degraded.note("stop")
    if taken or not wanted:
        body["stop_sequences"] = taken


def _add_tools(body: dict[str, Any], given: Mapping[str, Any], degraded: Degraded) -> None:
    tools = given.get("tools")
    choice = tool_choice.read(given["tool_choice"]) if "tool_choice" in given else None
    if not tools:
        if tools is not None:
            body["tools"] = []
        if choice is not None and choice.mode in ("required", "named"):
            degraded.note("tool_choice")
        return
    body["tools"] = encode_tools(tools, choice.allowed if choice else None, degraded)
    chosen = encode_tool_choice(choice, given.get("parallel_tool_calls"))
    if chosen is not None:
        body["tool_choice"] = chosen


def decode_request(body: Mapping[str, Any]) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """The portable messages and options that a body says; see `Dialect.decode_request`."""
    try:
        options: dict[str, Any] = {}
        extra: dict[str, Any] = {}
        for key, value in body.items():
            if key not in ("messages", "system", "thinking", "output_config") and value is not None:
                _decode_option(key, value, options, extra)
        _decode_output(body, options, extra)
        if body.get("tool_choice") is not None and not body.get("tools"):  # a choice of nothing
            options.pop("tool_choice", None)
            extra["tool_choice"] = body["tool_choice"]
        extra |= {key: body[key] for key in ("system", "output_config") if body.get(key) in ("", [], {})}
        if extra:
            options["extra_body"] = extra
        return decode_turns(body), options
    except (AttributeError, KeyError, RecursionError, TypeError, ValueError) as error:
        raise InvalidRequestError(f"the body is no messages request ({type(error).__name__}: {error})") from None


def _decode_option(key: str, value: Any, options: dict[str, Any], extra: dict[str, Any]) -> None:
    if key == "temperature" and value > 1:
        extra[key] = value
    elif key in ("model", "max_tokens", "stream", *_SAME):
        options[key] = value
    elif key == "stop_sequences":
        options["stop"] = value
    elif key == "tools":
        options["tools"] = [decode_tool(tool) for tool in value]
    elif key == "tool_choice":
        found = decode_tool_choice(value)
        if found is None:
            extra[key] = value
        else:
            options |= found
    elif key == "metadata" and value.keys() == {"user_id"} and value["user_id"]:
        options["user"] = value["user_id"]
    else:
        extra[key] = value


def _decode_output(body: Mapping[str, Any], options: dict[str, Any], extra: dict[str, Any]) -> None:
    """`thinking` and `output_config`: in the portable options where those say it all, else whole in extra_body too."""
    thinking, output = body.get("thinking"), body.get("output_config") or {}
    effort, form = output.get("effort"), output.get("format")
    reasoning = None if conflicts(body) else decode_reasoning(thinking, effort, rules(body.get("model")))
    said = set() if reasoning is None else {"effort"}
    if isinstance(form, dict) and form.get("type") == "json_schema":
        options["response_format"] = response_format(form["schema"])
        if form == {"type": "json_schema", "schema": encode_schema(form["schema"])}:
            said.add("format")
    if reasoning is not None:
        options |= reasoning
    elif thinking is not None:
        extra["thinking"] = thinking
    if {key for key, value in output.items() if value is not None} - said:
        extra["output_config"] = output
