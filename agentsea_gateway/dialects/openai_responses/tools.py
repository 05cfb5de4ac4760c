"""Tools, the choice between them and the text format, as the Responses API has them, and back.

A function's fields stand beside its type here, and `strict` is true where it is not said; in the chat API it is false.
Source: OpenAI API reference, "Responses", tools, tool_choice and text.format.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from agentsea_gateway.dialects import tool_choice
from agentsea_gateway.dialects.parts import CACHE_MARK
from agentsea_gateway.dialects.tool_choice import FUNCTION_KEYS, is_anthropics_own, named
from agentsea_gateway.errors import UnsupportedRequestError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from agentsea_gateway.dialects.request_reading import Degraded

_CALLERS = ("direct", "programmatic")  # OpenAI's own values of allowed_callers
_ANTHROPICS = (CACHE_MARK, "eager_input_streaming", "input_examples", "allowed_callers")


def encode_tool(tool: Mapping[str, Any], degraded: Degraded) -> dict[str, Any]:
    """One tool; what OpenAI or the host runs itself goes through as it is."""
    kind, function = tool.get("type"), tool.get("function")
    if isinstance(function, dict):
        degraded.note_others(function, FUNCTION_KEYS)
        wire: dict[str, Any] = {"type": "function", "name": function["name"]}
        if function.get("description") is not None:
            wire["description"] = function["description"]
        wire["parameters"] = function.get("parameters")
        wire["strict"] = bool(function.get("strict"))
        for key, value in tool.items():
            if key in _ANTHROPICS and not (key == "allowed_callers" and all(each in _CALLERS for each in value)):
                degraded.note(key)
            elif key not in ("type", "function"):
                wire[key] = value
        return wire
    if kind == "custom" and isinstance(tool.get("custom"), dict):
        return {"type": "custom", **_flat_format(tool["custom"])}
    if not isinstance(kind, str) or is_anthropics_own(tool):
        raise UnsupportedRequestError(
            f"a tool of type {kind!r} is not one that openai_responses can express; give functions"
        )
    return dict(tool)


def _flat_format(custom: Mapping[str, Any]) -> dict[str, Any]:
    form = custom.get("format")
    if isinstance(form, dict) and isinstance(form.get("grammar"), dict):
        return {**custom, "format": {"type": "grammar", **form["grammar"]}}
    return dict(custom)


def decode_tool(tool: Mapping[str, Any]) -> dict[str, Any]:
    """The portable form of a tool; the tool itself where it is neither a function nor a free-form one."""
    if tool.get("type") == "function" and "name" in tool:
        function = {key: tool[key] for key in FUNCTION_KEYS if tool.get(key) is not None}
        if function.setdefault("strict", True) is False:
            del function["strict"]
        beside = {
            key: value for key, value in tool.items() if key not in ("type", *FUNCTION_KEYS) and value is not None
        }
        return {"type": "function", "function": function, **beside}
    if tool.get("type") == "custom":
        custom = {key: value for key, value in tool.items() if key != "type"}
        form = custom.get("format")
        if isinstance(form, dict) and form.get("type") == "grammar":
            grammar = {key: value for key, value in form.items() if key != "type"}
            custom["format"] = {"type": "grammar", "grammar": grammar}
        return {"type": "custom", "custom": custom}
    return dict(tool)


def encode_tool_choice(value: Any) -> Any:
    """The `tool_choice`; raises UnsupportedRequestError for a form that is none of the known."""
    if isinstance(value, dict) and value.get("type") == "custom" and isinstance(value.get("custom"), dict):
        return {"type": "custom", "name": value["custom"]["name"]}
    choice = tool_choice.read(value)
    if choice.mode == "named":
        return {"type": "function", "name": choice.name}
    if choice.allowed is not None:
        tools = [{"type": "function", "name": name} for name in choice.allowed]
        return {"type": "allowed_tools", "mode": choice.mode, "tools": tools}
    return choice.mode


def decode_tool_choice(value: Any) -> Any:
    """The portable form; None where there is none (a tool that the server runs)."""
    if isinstance(value, str):
        return {"any": "required"}.get(value, value)
    kind = value.get("type")
    if kind == "function":
        return named(value["name"])
    if kind == "custom":
        return {"type": "custom", "custom": {"name": value["name"]}}
    if kind == "allowed_tools" and all(tool.get("type") == "function" for tool in value["tools"]):
        tools = [named(tool["name"]) for tool in value["tools"]]
        return {"type": "allowed_tools", "allowed_tools": {"mode": value["mode"], "tools": tools}}
    return None


def encode_format(value: Mapping[str, Any]) -> dict[str, Any]:
    """A response_format as `text.format`; raises UnsupportedRequestError where it is none."""
    held = value.get("json_schema")
    if value.get("type") == "json_schema" and isinstance(held, dict) and isinstance(held.get("schema"), dict):
        return {"type": "json_schema", "name": "response", **held}
    if value.get("type") in ("json_object", "text"):
        return {"type": value["type"]}
    raise UnsupportedRequestError(
        'response_format needs {"type": "json_schema", "json_schema": {"name": …, "schema": {…}}}'
    )


def decode_format(value: Mapping[str, Any]) -> dict[str, Any] | None:
    """The portable response_format; None for a form that has none (a grammar)."""
    if value.get("type") == "json_schema":
        held = {key: each for key, each in value.items() if key != "type" and each is not None}
        return {"type": "json_schema", "json_schema": held}
    return {"type": value["type"]} if value.get("type") in ("json_object", "text") else None
