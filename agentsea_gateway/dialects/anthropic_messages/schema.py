"""A JSON schema as Claude's structured output takes it.

Source: Anthropic documentation, "Structured outputs", JSON schema limitations (November 2026): limits of numbers, texts
and arrays are refused (but `minItems` 0 and 1), as are unknown formats and `oneOf`; every object is closed. What cannot
be said goes into the description, as Anthropic's own SDK does it, so that the model may still keep to it.
"""

from __future__ import annotations

from typing import Any

_FORMATS = frozenset(("date-time", "time", "date", "duration", "email", "hostname", "uri", "ipv4", "ipv6", "uuid"))
_REFUSED = (
    "minimum",
    "maximum",
    "exclusiveMinimum",
    "exclusiveMaximum",
    "multipleOf",
    "minLength",
    "maxLength",
    "maxItems",
    "uniqueItems",
    "minProperties",
    "maxProperties",
)
_HOLDERS = ("properties", "$defs", "definitions")
_LISTS = ("anyOf", "allOf")


def encode_schema(schema: Any) -> Any:
    """The schema without what the API refuses.

    >>> encode_schema({"type": "integer", "minimum": 1, "description": "Stars."})
    {'type': 'integer', 'description': 'Stars.\\n\\n{minimum: 1}'}
    """
    if not isinstance(schema, dict):
        return schema
    found = {name: held for name, held in schema.items() if not _is_refused(name, held)}
    refused = [f"{name}: {schema[name]}" for name in schema if name not in found]
    if "oneOf" in found:
        found["anyOf"] = [*found.get("anyOf", ()), *found.pop("oneOf")]
        found.pop("discriminator", None)
    for name in _HOLDERS:
        if isinstance(found.get(name), dict):
            found[name] = {key: encode_schema(held) for key, held in found[name].items()}
    for name in _LISTS:
        if isinstance(found.get(name), list):
            found[name] = [encode_schema(held) for held in found[name]]
    if "items" in found:
        found["items"] = encode_schema(found["items"])
    if refused:
        words = "{" + ", ".join(refused) + "}"
        found["description"] = f"{found['description']}\n\n{words}" if found.get("description") else words
    return _closed(found)


def _is_refused(name: str, held: Any) -> bool:
    if name == "minItems":
        return held not in (0, 1)
    if name == "format":
        return held not in _FORMATS
    return name in _REFUSED


def _closed(found: dict[str, Any]) -> dict[str, Any]:
    kinds = found.get("type")
    if kinds == "object" or (isinstance(kinds, list) and "object" in kinds):
        found.setdefault("additionalProperties", False)
    return found
