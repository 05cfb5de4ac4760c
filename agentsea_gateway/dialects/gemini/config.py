"""The portable options as a `generationConfig`, and back.

Source: Gemini API reference, "Generating content", GenerationConfig (November 2026).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from agentsea_gateway.dialects.gemini.answer import NAME
from agentsea_gateway.dialects.gemini.schema import lower_types
from agentsea_gateway.dialects.gemini.thinking import OPTIONS, decode_thinking, encode_thinking
from agentsea_gateway.dialects.request_reading import unknown_option
from agentsea_gateway.dialects.structure import json_schema, response_format

if TYPE_CHECKING:
    from collections.abc import Mapping

    from agentsea_gateway.dialects.gemini.models import Gemini
    from agentsea_gateway.dialects.request_reading import Degraded

_SAME = {
    "max_tokens": "maxOutputTokens",
    "temperature": "temperature",
    "top_p": "topP",
    "top_k": "topK",
    "seed": "seed",
    "presence_penalty": "presencePenalty",
    "frequency_penalty": "frequencyPenalty",
}
_BACK = {theirs: ours for ours, theirs in _SAME.items()}
_DROPPED = ("user", "metadata")  # the API knows nothing like them; Vertex has labels
_ELSEWHERE = frozenset(("tools", "tool_choice", "parallel_tool_calls", "extra_body", "extra_headers", *OPTIONS))
_JSON = "application/json"
_SCHEMAS = ("responseJsonSchema", "responseSchema")


def encode_config(given: Mapping[str, Any], gemini: Gemini, degraded: Degraded) -> dict[str, Any]:
    """The `generationConfig` that the options of a call ask for."""
    config: dict[str, Any] = {}
    for name, value in given.items():
        if name in _SAME:
            config[_SAME[name]] = value
        elif name == "stop":
            config["stopSequences"] = [value] if isinstance(value, str) else [*value]
        elif name == "response_format":
            config |= _encode_format(value, gemini)
        elif name in _DROPPED:
            degraded.note(name)
        elif name not in _ELSEWHERE:
            raise unknown_option(name, NAME)
    thinking = encode_thinking(given, gemini, degraded)
    if thinking is not None:
        config["thinkingConfig"] = thinking
    return config


def _encode_format(value: Any, gemini: Gemini) -> dict[str, Any]:
    if value.get("type") == "json_object":
        return {"responseMimeType": _JSON}
    schema = json_schema(value, NAME)
    if schema is None:
        return {}
    return {"responseMimeType": _JSON, "responseJsonSchema" if gemini.json_schema else "responseSchema": schema}


def decode_config(config: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """The portable options that a `generationConfig` (with names in camel case) says, and what has to stay as it is."""
    options: dict[str, Any] = {}
    kept: dict[str, Any] = {}
    for name, value in config.items():
        if name in _BACK:
            whole = name == "topK" and isinstance(value, float) and value.is_integer()
            options[_BACK[name]] = int(value) if whole else value
        elif name == "stopSequences":
            options["stop"] = value
        elif name == "thinkingConfig":
            found, rest = decode_thinking(value)
            options |= found
            if rest or not found:
                kept[name] = rest
        else:
            kept[name] = value
    if kept.get("responseMimeType") == _JSON:
        options["response_format"] = _decode_format(kept)
    return options, kept


def _decode_format(kept: dict[str, Any]) -> dict[str, Any]:
    """The `response_format`, whose fields are taken out of `kept`."""
    del kept["responseMimeType"]
    for name in _SCHEMAS:
        schema = kept.get(name)
        if isinstance(schema, dict):
            del kept[name]
            return response_format(lower_types(schema) if name == "responseSchema" else schema)
    return {"type": "json_object"}
