"""Tools and the choice between them, as the messages API has them, and back.

Source: Anthropic API reference, "Messages", tools and tool_choice, as typed by anthropic-python 2.13.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from agentsea_gateway.dialects.tool_choice import FUNCTION_KEYS, ToolChoice, is_anthropics_own, named, tool_name
from agentsea_gateway.errors import UnsupportedRequestError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from agentsea_gateway.dialects.request_reading import Degraded

# Keys that stand beside a function in the portable form too.
_BESIDE = ("cache_control", "defer_loading", "eager_input_streaming", "input_examples", "allowed_callers")
_ANY_OBJECT = {"type": "object", "properties": {}}
_TYPES = {"auto": "auto", "none": "none", "required": "any"}
_MODES = {"auto": "auto", "none": "none", "any": "required"}


def encode_tools(
    tools: Sequence[Mapping[str, Any]], allowed: tuple[str, ...] | None, degraded: Degraded
) -> list[dict[str, Any]]:
    """The tools; of those, with `allowed`, the ones of these names."""
    if allowed is not None:
        tools = [tool for tool in tools if tool_name(tool) in allowed]
    return [_tool(tool, degraded) for tool in tools]


def _tool(tool: Mapping[str, Any], degraded: Degraded) -> dict[str, Any]:
    function = tool.get("function")
    if not isinstance(function, dict):
        if is_anthropics_own(tool) or isinstance(tool.get("name"), str):  # the latter: defined Anthropic's way
            return dict(tool)
        raise UnsupportedRequestError(
            f"a tool of type {tool.get('type')!r} is not one that anthropic_messages can express; give functions"
        )
    degraded.note_others(tool, ("type", "function", *_BESIDE))
    degraded.note_others(function, FUNCTION_KEYS)
    wire: dict[str, Any] = {"name": function["name"]}
    if function.get("description") is not None:
        wire["description"] = function["description"]
    schema = function.get("parameters") or _ANY_OBJECT
    wire["input_schema"] = schema if "type" in schema else {"type": "object", **schema}
    if function.get("strict"):
        wire["strict"] = True
    for key in _BESIDE:
        if tool.get(key) is not None:
            wire[key] = tool[key]
    return wire


def encode_tool_choice(choice: ToolChoice | None, parallel: bool | None) -> dict[str, Any] | None:
    """The `tool_choice`; None where neither a choice nor a limit was asked for."""
    if choice is None and parallel is not False:
        return None
    if choice is None:
        wire: dict[str, Any] = {"type": "auto"}
    elif choice.mode == "named":
        wire = {"type": "tool", "name": choice.name}
    else:
        wire = {"type": _TYPES[choice.mode]}
    if parallel is not None and wire["type"] != "none":
        wire["disable_parallel_tool_use"] = not parallel
    return wire


def decode_tool(tool: Mapping[str, Any]) -> dict[str, Any]:
    """The portable form of a tool; the tool itself where Anthropic runs or defines it, or knows more of it."""
    known = tool.keys() <= {"type", "name", "description", "input_schema", "strict", *_BESIDE}
    if tool.get("type") not in (None, "custom") or "input_schema" not in tool or not known:
        return dict(tool)
    function: dict[str, Any] = {"name": tool["name"]}
    if tool.get("description") is not None:
        function["description"] = tool["description"]
    function["parameters"] = tool["input_schema"]
    if tool.get("strict"):
        function["strict"] = True
    beside = {key: tool[key] for key in _BESIDE if tool.get(key) is not None}
    return {"type": "function", "function": function, **beside}


def decode_tool_choice(value: Mapping[str, Any]) -> dict[str, Any] | None:
    """The portable options that a `tool_choice` says; None for a form that is none of the known."""
    kind = value.get("type")
    if kind == "none" and value.get("disable_parallel_tool_use") is not None:
        return None
    if kind == "tool" and isinstance(value.get("name"), str):
        options: dict[str, Any] = {"tool_choice": named(value["name"])}
    elif kind in _MODES:
        options = {"tool_choice": _MODES[kind]}
    else:
        return None
    if value.get("disable_parallel_tool_use") is not None:
        options["parallel_tool_calls"] = not value["disable_parallel_tool_use"]
    return options
