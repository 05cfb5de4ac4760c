"""Tools and the choice between them, as Converse has them, and back.

A tool that the model's maker runs is {"type": "systemTool", "systemTool": {"name": …}} in the portable form.
Source: Amazon Bedrock API reference, ToolConfiguration, Tool, ToolSpecification and ToolChoice, November 2026.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from agentsea_gateway.dialects.bedrock_converse.answer import is_callers
from agentsea_gateway.dialects.bedrock_converse.blocks import POINT, cache_point, mark_of
from agentsea_gateway.dialects.parts import CACHE_MARK
from agentsea_gateway.dialects.tool_choice import FUNCTION_KEYS, ToolChoice, named, tool_name
from agentsea_gateway.errors import UnsupportedRequestError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from agentsea_gateway.dialects.bedrock_converse.models import Model
    from agentsea_gateway.dialects.request_reading import Degraded

_SYSTEM = "systemTool"
_ANY_OBJECT = {"type": "object", "properties": {}}
_CHOICES: Mapping[str, str] = {"auto": "auto", "required": "any"}
_MODES = {"auto": "auto", "any": "required"}


def tool_config(
    given: Mapping[str, Any],
    choice: ToolChoice | None,
    messages: Sequence[Mapping[str, Any]],
    model: Model,
    degraded: Degraded,
) -> dict[str, Any]:
    """The `toolConfig`; empty where it has to be absent. `messages` are the encoded ones."""
    tools = list(given.get("tools") or ())
    if choice is not None and choice.allowed is not None:
        tools = [tool for tool in tools if tool_name(tool) in choice.allowed]
    if given.get("parallel_tool_calls") is False and tools:
        degraded.note("parallel_tool_calls")
    earlier = called(messages)
    if choice is not None and choice.mode == "none":  # no such mode: tools that are not there are not called
        if not earlier:
            return {}
        degraded.note("tool_choice")
        choice = None
    if not tools:
        if choice is not None and choice.mode in ("required", "named"):
            degraded.note("tool_choice")
        return {"tools": earlier} if earlier else {}
    wire = {"tools": _encoded(tools, model, degraded)}
    return wire if choice is None else {**wire, "toolChoice": _encoded_choice(choice)}


def called(messages: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The least that has to be said of the tools which the conversation has called: the API refuses it otherwise."""
    blocks = [block for message in messages for block in message["content"]]
    calls = [block["toolUse"] for block in blocks if "toolUse" in block]
    names = dict.fromkeys(call["name"] for call in calls if is_callers(call))
    return [{"toolSpec": {"name": name, "inputSchema": {"json": _ANY_OBJECT}}} for name in names]


def _encoded(tools: Sequence[Mapping[str, Any]], model: Model, degraded: Degraded) -> list[dict[str, Any]]:
    wire: list[dict[str, Any]] = []
    for tool in tools:
        wire.append(_tool(tool, degraded))
        if tool.get(CACHE_MARK) is not None:
            if model.tool_points:
                wire.append(cache_point(tool[CACHE_MARK]))
            else:
                degraded.note(CACHE_MARK)
    return wire


def _tool(tool: Mapping[str, Any], degraded: Degraded) -> dict[str, Any]:
    function = tool.get("function")
    if not isinstance(function, dict):
        for kind in (_SYSTEM, "toolSpec", POINT):
            if isinstance(tool.get(kind), dict):
                return {kind: tool[kind]}
        raise UnsupportedRequestError(
            f"a tool of type {tool.get('type')!r} is not one that bedrock_converse can express; give functions, or "
            "what only one model knows in extra_body={'additionalModelRequestFields': …}"
        )
    degraded.note_others(tool, ("type", "function", CACHE_MARK))
    degraded.note_others(function, FUNCTION_KEYS)
    wire: dict[str, Any] = {"name": function["name"]}
    if function.get("description"):
        wire["description"] = function["description"]
    schema = function.get("parameters") or _ANY_OBJECT
    wire["inputSchema"] = {"json": schema if "type" in schema else {"type": "object", **schema}}
    if function.get("strict"):
        wire["strict"] = True
    return {"toolSpec": wire}


def _encoded_choice(choice: ToolChoice) -> dict[str, Any]:
    return {"tool": {"name": choice.name}} if choice.mode == "named" else {_CHOICES[choice.mode]: {}}


def decode_tools(tools: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The portable form of the tools, with each cache point as a mark on the tool before it."""
    found: list[dict[str, Any]] = []
    for tool in tools:
        mark = mark_of(tool)
        if mark is not None and found and CACHE_MARK not in found[-1]:
            found[-1][CACHE_MARK] = mark
        else:
            found.append(_decoded(tool))
    return found


def _decoded(tool: Mapping[str, Any]) -> dict[str, Any]:
    ((kind, held),) = tool.items()
    schema = held.get("inputSchema") if kind == "toolSpec" else None
    if schema is None or schema.keys() != {"json"} or held.keys() - {"name", "description", "inputSchema", "strict"}:
        return {"type": kind, kind: held}
    function: dict[str, Any] = {"name": held["name"]}
    if held.get("description") is not None:
        function["description"] = held["description"]
    function["parameters"] = schema["json"]
    if held.get("strict"):
        function["strict"] = True
    return {"type": "function", "function": function}


def decode_tool_choice(value: Mapping[str, Any]) -> Any:
    """The portable form of a `toolChoice`; None for a form that is none of the known."""
    if len(value) != 1:
        return None
    ((kind, held),) = value.items()
    if kind == "tool" and isinstance(held.get("name"), str) and len(held) == 1:
        return named(held["name"])
    return _MODES.get(kind) if held in ({}, None) else None
