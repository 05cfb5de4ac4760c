"""Tools and the choice between them, as Cohere has them, and back.

A tool that is forced by its name is the only one left, and one has to be called. Source: Cohere API reference, "Chat",
tools, tool_choice (REQUIRED or NONE) and strict_tools.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from agentsea_gateway.dialects import tool_choice
from agentsea_gateway.dialects.tool_choice import tool_name
from agentsea_gateway.errors import UnsupportedRequestError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from agentsea_gateway.dialects.request_reading import Degraded

_WORDS = {"required": "REQUIRED", "named": "REQUIRED", "none": "NONE"}
_MODES = {"REQUIRED": "required", "ANY": "required", "NONE": "none", "AUTO": "auto"}


def add_tools(body: dict[str, Any], tools: Sequence[Mapping[str, Any]] | None, choice: Any, degraded: Degraded) -> None:
    """Add what the tool options of a call ask for."""
    chosen = None if choice is None else tool_choice.read(choice)
    if not tools:
        if tools is not None:
            body["tools"] = []
        if chosen is not None and chosen.mode in ("required", "named"):
            degraded.note("tool_choice")
        return
    if chosen is not None:
        names = (chosen.name,) if chosen.mode == "named" else chosen.allowed
        if names is not None:
            tools = [tool for tool in tools if tool_name(tool) in names]
        if chosen.mode in _WORDS:
            body["tool_choice"] = _WORDS[chosen.mode]
    body["tools"] = [_tool(tool, degraded) for tool in tools]
    strict = [tool["function"].get("strict") is True for tool in tools]
    if any(strict):
        body["strict_tools"] = True
        if not all(strict):
            degraded.note("strict")


def _tool(tool: Mapping[str, Any], degraded: Degraded) -> dict[str, Any]:
    function = tool.get("function")
    if not isinstance(function, dict):
        raise UnsupportedRequestError(
            f"a tool of type {tool.get('type')!r} is not one that cohere_chat can express; give functions"
        )
    degraded.note_others(tool, ("type", "function"))
    return {"type": "function", "function": {key: value for key, value in function.items() if key != "strict"}}


def decode_tools(tools: Any, strict: bool) -> list[dict[str, Any]]:
    """The portable form of the tools; `strict` is the request's strict_tools."""
    if not strict:
        return [dict(tool) for tool in tools]
    return [{**tool, "function": {**tool["function"], "strict": True}} for tool in tools]


def decode_tool_choice(value: Any) -> str | None:
    """The portable form; None for a word that nobody knows."""
    return _MODES.get(value.upper()) if isinstance(value, str) else None
