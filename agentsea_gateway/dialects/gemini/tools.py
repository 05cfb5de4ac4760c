"""Tools and the choice between them, as generateContent has them, and back.

A tool that Google runs itself is {"type": "googleSearch", "googleSearch": {…}} in the portable form.
A function's schema goes into `parameters` where that can say it, else into `parametersJsonSchema`; a simple one that
was found in the latter is marked by `"strict": false`, which is OpenAI's default and says nothing to anybody else.
Source: Gemini API reference, "Caching", Tool, FunctionDeclaration and ToolConfig (November 2026).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from agentsea_gateway.dialects.gemini.keys import camel, camel_keys
from agentsea_gateway.dialects.gemini.schema import is_simple, lower_types
from agentsea_gateway.dialects.parts import CACHE_MARK
from agentsea_gateway.dialects.tool_choice import FUNCTION_KEYS, ToolChoice, is_googles_own, named
from agentsea_gateway.errors import UnsupportedRequestError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from agentsea_gateway.dialects.request_reading import Degraded

_DECLARATIONS = "functionDeclarations"
_BESIDE = ("behavior", "response", "responseJsonSchema")  # keys that stand beside a function in the portable form too
_MODES = {"auto": "AUTO", "none": "NONE", "required": "ANY"}
_PORTABLE_MODES = {mode: portable for portable, mode in _MODES.items()}


def encode_tools(tools: Sequence[Mapping[str, Any]], degraded: Degraded) -> list[dict[str, Any]]:
    """The tools: all functions in one of them, each of Google's own in one of its own."""
    wire: list[dict[str, Any]] = []
    declarations: list[dict[str, Any]] = []
    for tool in tools:
        if tool.get(CACHE_MARK) is not None:
            degraded.note(CACHE_MARK)
        if not isinstance(tool.get("function"), dict):
            wire.append(_own(tool))
            continue
        if not declarations:
            wire.append({_DECLARATIONS: declarations})
        declarations.append(_declaration(tool, degraded))
    return wire


def _own(tool: Mapping[str, Any]) -> dict[str, Any]:
    kind = tool.get("type", next(iter(tool), None))  # or as Google has it: {"googleSearch": {…}}
    if not isinstance(kind, str) or not (kind in tool or is_googles_own(camel(kind))):
        raise UnsupportedRequestError(
            f"a tool of type {kind!r} is not one that gemini can express; give functions, or one of Google's own tools"
        )
    return {camel(kind): tool.get(kind) or camel_keys(tool).get(camel(kind), {})}


def _declaration(tool: Mapping[str, Any], degraded: Degraded) -> dict[str, Any]:
    function = tool["function"]
    degraded.note_others(tool, ("type", "function", CACHE_MARK, *_BESIDE))
    degraded.note_others(function, FUNCTION_KEYS)
    if function.get("strict"):
        degraded.note("strict")
    wire: dict[str, Any] = {"name": function["name"]}
    if function.get("description") is not None:
        wire["description"] = function["description"]
    schema = function.get("parameters")
    if schema is not None:
        simple = function.get("strict") is not False and is_simple(schema)
        wire["parameters" if simple else "parametersJsonSchema"] = schema
    wire |= {key: tool[key] for key in _BESIDE if tool.get(key) is not None}
    return wire


def decode_tools(tools: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The portable form of the tools."""
    found: list[dict[str, Any]] = []
    for tool in [tools] if isinstance(tools, dict) else tools:  # Google takes one for a list of one
        for name, value in camel_keys(tool).items():
            if name == _DECLARATIONS:
                given = [value] if isinstance(value, dict) else value
                found += [_decode_declaration(camel_keys(each)) for each in given]
            else:
                found.append({"type": name, name: value})
    return found


def _decode_declaration(declaration: Mapping[str, Any]) -> dict[str, Any]:
    function: dict[str, Any] = {"name": declaration["name"]}
    if "description" in declaration:
        function["description"] = declaration["description"]
    if "parameters" in declaration:
        function["parameters"] = lower_types(declaration["parameters"])
    elif "parametersJsonSchema" in declaration:
        function["parameters"] = declaration["parametersJsonSchema"]
        if is_simple(function["parameters"]):
            function["strict"] = False
    beside = {key: declaration[key] for key in _BESIDE if key in declaration}
    return {"type": "function", "function": function, **beside}


def encode_tool_choice(choice: ToolChoice) -> dict[str, Any]:
    """The `functionCallingConfig`."""
    if choice.mode == "named":
        return {"mode": "ANY", "allowedFunctionNames": [choice.name]}
    if choice.allowed is not None:  # VALIDATED is AUTO with names
        mode = "ANY" if choice.mode == "required" else "VALIDATED"
        return {"mode": mode, "allowedFunctionNames": [*choice.allowed]}
    return {"mode": _MODES[choice.mode]}


def decode_tool_choice(config: Mapping[str, Any]) -> tuple[Any, dict[str, Any]]:
    """The portable `tool_choice` (None where there is none), and what of the config has to stay as it is."""
    held = camel_keys(config)
    mode, names = held.get("mode"), held.get("allowedFunctionNames")
    plain = mode.upper() if isinstance(mode, str) else None
    choice: Any = None
    if names is None and plain in _PORTABLE_MODES:
        choice = _PORTABLE_MODES[plain]
    elif plain == "ANY" and names and len(names) == 1:
        choice = named(names[0])
    elif plain in ("ANY", "VALIDATED") and names:
        portable = "required" if plain == "ANY" else "auto"
        allowed = {"mode": portable, "tools": [named(name) for name in names]}
        choice = {"type": "allowed_tools", "allowed_tools": allowed}
    if choice is None:
        return None, held
    kept = {key: value for key, value in held.items() if key not in ("mode", "allowedFunctionNames")}
    return choice, kept if plain == mode else {"mode": mode, **kept}
