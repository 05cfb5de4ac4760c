"""The forms of `tool_choice`, and a tool's keys and name, read once for every dialect that has to translate them.

Source: OpenAI API reference, "Create chat completion", tool_choice: "none", "auto", "required", a named function, or
`allowed_tools`. "any" (Mistral, Anthropic) and Anthropic's own objects are taken too.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Literal

from attrs import frozen

from agentsea_gateway.errors import UnsupportedRequestError

if TYPE_CHECKING:
    from collections.abc import Mapping

FUNCTION_KEYS = ("name", "description", "parameters", "strict")  # of a tool's function
Mode = Literal["auto", "none", "required", "named"]
_MODES: Mapping[str, Mode] = {"auto": "auto", "none": "none", "required": "required", "any": "required"}

_DATED = re.compile(r"_20[0-9]{6}$")  # as Anthropic types its own tools: "web_search_20260318"
# Google's own tools as its reference writes them ("Caching", Tool; November 2026). Names of one word, and most of those
# with "_", are other vendors' too.
_GOOGLES = frozenset(
    (
        "codeExecution",
        "computerUse",
        "enterpriseWebSearch",
        "exaAiSearch",
        "fileSearch",
        "googleMaps",
        "googleSearch",
        "googleSearchRetrieval",
        "google_maps",
        "google_search",
        "mcpServers",
        "parallelAiSearch",
        "urlContext",
    )
)


@frozen
class ToolChoice:
    """Which tools the model may or must call: `name` with mode "named", `allowed` the names it is limited to."""

    mode: Mode
    name: str | None = None
    allowed: tuple[str, ...] | None = None


def read(value: Any) -> ToolChoice:
    """The choice that `value` says. Raises UnsupportedRequestError for a form that is none of the known."""
    if isinstance(value, str) and value in _MODES:
        return ToolChoice(_MODES[value])
    if isinstance(value, dict):
        kind = value.get("type")
        if kind == "allowed_tools":
            return _allowed(value.get("allowed_tools"))
        holder = value.get("function") if kind == "function" else value
        name = holder.get("name") if isinstance(holder, dict) else None
        if kind in ("function", "tool") and isinstance(name, str):
            return ToolChoice("named", name)
        if isinstance(kind, str) and kind in _MODES:
            return ToolChoice(_MODES[kind])
    raise UnsupportedRequestError(
        f'tool_choice is {value!r}; use "auto", "none", "required" or {{"type": "function", "function": {{"name": …}}}}'
    )


def _allowed(value: Any) -> ToolChoice:
    if isinstance(value, dict) and value.get("mode") in ("auto", "required") and isinstance(value.get("tools"), list):
        names = [tool_name(tool) for tool in value["tools"]]
        return ToolChoice(value["mode"], allowed=tuple(name for name in names if name is not None))
    raise UnsupportedRequestError('tool_choice "allowed_tools" needs {"mode": "auto" or "required", "tools": [...]}')


def named(name: str) -> dict[str, Any]:
    """The portable form of "this function and no other"."""
    return {"type": "function", "function": {"name": name}}


def is_anthropics_own(tool: Any) -> bool:
    """Whether a tool is one that Anthropic defines, and mostly runs, itself."""
    kind = tool.get("type")
    return isinstance(kind, str) and (kind == "mcp_toolset" or _DATED.search(kind) is not None)


def is_googles_own(kind: Any) -> bool:
    """Whether a tool of this type is one that Google, and nobody else, runs itself."""
    return isinstance(kind, str) and kind in _GOOGLES


def tool_name(tool: Any) -> str | None:
    """The name of a tool in the portable form, or of a vendor's own tool."""
    holder = tool.get("function", tool) if isinstance(tool, dict) else None
    name = holder.get("name") if isinstance(holder, dict) else None
    return name if isinstance(name, str) else None
