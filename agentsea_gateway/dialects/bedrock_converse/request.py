"""The portable messages and options as a request to Converse, and back. The model stands in the path, not in it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from agentsea_gateway import strict_json
from agentsea_gateway.dialects import tool_choice
from agentsea_gateway.dialects.anthropic_messages.schema import encode_schema
from agentsea_gateway.dialects.bedrock_converse.answer import NAME
from agentsea_gateway.dialects.bedrock_converse.history import decode_messages
from agentsea_gateway.dialects.bedrock_converse.models import Model, rules
from agentsea_gateway.dialects.bedrock_converse.thinking import FIELDS, add_fields, decode_fields
from agentsea_gateway.dialects.bedrock_converse.tools import called, decode_tool_choice, decode_tools, tool_config
from agentsea_gateway.dialects.bedrock_converse.turns import Turns
from agentsea_gateway.dialects.dialect import Encoded
from agentsea_gateway.dialects.request_reading import (
    Degraded,
    conversation,
    given_options,
    not_portable,
    unknown_option,
)
from agentsea_gateway.dialects.structure import json_schema, response_format
from agentsea_gateway.errors import InvalidRequestError, MalformedResponseError

if TYPE_CHECKING:
    from collections.abc import Mapping

_INFERENCE = "inferenceConfig"
_LIMITS = {"max_tokens": "maxTokens", "temperature": "temperature", "top_p": "topP", "stop": "stopSequences"}
_OPTIONS = {wire: name for name, wire in _LIMITS.items()}
_DROPPED = ("seed", "presence_penalty", "frequency_penalty", "user")  # Converse knows nothing like them
_HANDLED = frozenset(
    (
        "tools",
        "tool_choice",
        "parallel_tool_calls",
        "top_k",
        "reasoning_effort",
        "reasoning_budget",
        "extra_body",
        "extra_headers",
    )
)
# Of these, `extra_body` gives single fields; any other key of its wins as a whole.
_OPEN = (_INFERENCE, FIELDS, "toolConfig", "outputConfig")


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
    """The request's body and what it leaves out; see `Dialect.encode`. `stream` changes the path, not the body."""
    given = given_options(options, more)
    model = given.pop("model", model)
    given.pop("stream", None)
    try:
        return _encode(messages, given, rules(model))
    except (AttributeError, KeyError, RecursionError, TypeError, ValueError) as error:
        raise not_portable(error) from None


def _encode(messages: Any, given: Mapping[str, Any], model: Model) -> Encoded:
    extra = given.get("extra_body")
    if extra is not None and not isinstance(extra, dict):
        raise InvalidRequestError(f"extra_body is a {type(extra).__name__}; give a dict")
    degraded = Degraded()
    turns = Turns(model, degraded)
    turns.add_all(conversation(messages))
    body: dict[str, Any] = {"messages": turns.turns}
    if turns.system:
        body["system"] = turns.system
    for name, value in given.items():
        if name not in _HANDLED:
            _option(body, name, value, model, degraded)
    choice = tool_choice.read(given["tool_choice"]) if "tool_choice" in given else None
    config = tool_config(given, choice, turns.turns, model, degraded)
    if config:
        body["toolConfig"] = config
    add_fields(body, given, model, degraded)
    return Encoded(_merged(body, extra or {}), degraded.names())


def _merged(body: dict[str, Any], extra: Mapping[str, Any]) -> dict[str, Any]:
    """The body with `extra_body` over it: its keys win, as a whole, but the configs are merged, and what is empty
    takes nothing away."""
    for name, value in extra.items():
        before = body.get(name)
        if before and value in ([], {}):
            continue
        open_ = name in _OPEN and isinstance(value, dict) and isinstance(before, dict)
        body[name] = {**before, **value} if open_ else value  # type: ignore[dict-item]
    return body


def _option(body: dict[str, Any], name: str, value: Any, model: Model, degraded: Degraded) -> None:
    if name == "temperature" and value > 1:  # OpenAI's scale ends at 2
        value = 1
        degraded.note(name)
    if name == "stop":
        _add_stop(body, value, model, degraded)
    elif name in _LIMITS:
        body.setdefault(_INFERENCE, {})[_LIMITS[name]] = value
    elif name == "response_format":
        schema = json_schema(value, NAME, description=False)
        if schema is not None:
            body["outputConfig"] = {"textFormat": _text_format(schema, value["json_schema"])}
    elif name == "metadata":
        told = {key: each for key, each in value.items() if isinstance(each, str)}
        if len(told) != len(value):
            degraded.note(name)
        body["requestMetadata"] = told
    elif name in _DROPPED:
        degraded.note(name)
    else:
        raise unknown_option(name, NAME)


def _add_stop(body: dict[str, Any], value: Any, model: Model, degraded: Degraded) -> None:
    """Stop sequences; none may be empty, and for a Claude not of white space only."""
    wanted = [value] if isinstance(value, str) else [*value]
    taken = [text for text in wanted if (text.strip() if model.claude else text)]
    if len(taken) != len(wanted):
        degraded.note("stop")
    if taken or not wanted:
        body.setdefault(_INFERENCE, {})["stopSequences"] = taken


def _text_format(schema: dict[str, Any], held: Mapping[str, Any]) -> dict[str, Any]:
    """Bedrock refuses the same of JSON Schema as Anthropic ("Get validated JSON results from models", 2026-11)."""
    wire: dict[str, Any] = {"schema": strict_json.dumps(encode_schema(schema)).decode()}
    wire |= {key: held[key] for key in ("name", "description") if held.get(key)}
    return {"type": "json_schema", "structure": {"jsonSchema": wire}}


def decode_request(body: Mapping[str, Any]) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """The portable messages and options that a body says; see `Dialect.decode_request`."""
    try:
        options: dict[str, Any] = {}
        extra: dict[str, Any] = {}
        for key, value in body.items():
            if key not in ("messages", FIELDS) and value is not None:
                _decode_option(key, value, options, extra)
        _decode_tools(body, options, extra)
        if body.get(FIELDS) is not None:
            found, kept = decode_fields(body[FIELDS], (body.get("outputConfig") or {}).get("effort"))
            options |= found
            if kept or not body[FIELDS]:
                extra[FIELDS] = kept
        if extra:
            options["extra_body"] = extra
        return decode_messages(body), options
    except (AttributeError, IndexError, KeyError, RecursionError, TypeError, ValueError) as error:
        raise InvalidRequestError(f"the body is no Converse request ({type(error).__name__}: {error})") from None


def _decode_option(key: str, value: Any, options: dict[str, Any], extra: dict[str, Any]) -> None:
    if key == _INFERENCE:
        options |= {_OPTIONS[name]: each for name, each in value.items() if name in _OPTIONS and each is not None}
        kept = {name: each for name, each in value.items() if name not in _OPTIONS}
        if kept or not value:
            extra[key] = kept
    elif key == "outputConfig":
        _decode_output(value, options, extra)
    elif key == "requestMetadata":
        options["metadata"] = value
    elif key == "modelId":  # where it stands in an SDK's arguments
        options["model"] = value
    elif key not in ("system", "toolConfig") or not value:
        extra[key] = value


def _decode_tools(body: Mapping[str, Any], options: dict[str, Any], extra: dict[str, Any]) -> None:
    """The tools that a request has; those that only repeat what its conversation called are none."""
    config = dict(body.get("toolConfig") or {})
    tools, choice = config.pop("tools", None), config.pop("toolChoice", None)
    if tools is not None and not (choice is None and tools and tools == called(body["messages"])):
        options["tools"] = decode_tools(tools)
    if choice is not None:
        found = decode_tool_choice(choice)
        if found is None:
            config["toolChoice"] = choice
        else:
            options["tool_choice"] = found
    if config:
        extra["toolConfig"] = config


def _decode_output(output: Mapping[str, Any], options: dict[str, Any], extra: dict[str, Any]) -> None:
    """`outputConfig`: in the portable options where those say it all, else in extra_body, too."""
    kept = {key: value for key, value in output.items() if key != "textFormat" and value is not None}
    told = output.get("textFormat")
    held = ((told or {}).get("structure") or {}).get("jsonSchema") or {}
    found = _decoded_format(held)
    if found is not None:
        options["response_format"] = found
    if told is not None and (found is None or not _is_told_by(found, held)):
        kept["textFormat"] = told
    if kept or not output:
        extra["outputConfig"] = kept


def _is_told_by(found: Mapping[str, Any], held: Mapping[str, Any]) -> bool:
    """Whether the portable form comes back as it was: it needs a name, and loses the limits that Claude may refuse."""
    schema = found["json_schema"]["schema"]
    return bool(held.get("name")) and encode_schema(schema) == schema


def _decoded_format(held: Mapping[str, Any]) -> dict[str, Any] | None:
    schema = held.get("schema")
    if isinstance(schema, str):
        try:
            schema = strict_json.loads(schema)
        except MalformedResponseError:
            return None
    if not isinstance(schema, dict):
        return None
    found = response_format(schema, held.get("name") or "response")
    if held.get("description"):
        found["json_schema"]["description"] = held["description"]
    return found
