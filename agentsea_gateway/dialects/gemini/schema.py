"""Schemas: what Google calls a Schema is a part of OpenAPI 3.0's; beside it stands a field for JSON Schema proper.

Source: Gemini API reference, "Schema", and `parametersJsonSchema`, `responseJsonSchema` (November 2026).
"""

from __future__ import annotations

from typing import Any

# The words of a Schema. The rest of JSON Schema has to go into the other field.
_WORDS = frozenset(
    (
        "type",
        "format",
        "title",
        "description",
        "nullable",
        "enum",
        "maxItems",
        "minItems",
        "properties",
        "required",
        "minProperties",
        "maxProperties",
        "minLength",
        "maxLength",
        "pattern",
        "example",
        "anyOf",
        "propertyOrdering",
        "default",
        "items",
        "minimum",
        "maximum",
    )
)
_HOLDERS = ("properties", "$defs", "defs", "definitions", "patternProperties")  # schemas by name
_INNER = ("items", "additionalProperties", "anyOf", "any_of", "oneOf", "allOf", "prefixItems", "not")


def is_simple(schema: Any) -> bool:
    """Whether a Schema can say what this JSON schema says.

    >>> is_simple({"type": "object", "properties": {"a": {"type": "string"}}})
    True
    >>> is_simple({"type": ["string", "null"]})
    False
    """
    if isinstance(schema, list):
        return all(map(is_simple, schema))
    if not isinstance(schema, dict) or not schema.keys() <= _WORDS:
        return False
    if not isinstance(schema.get("type", ""), (str, int)):  # int: with `$alt=json;enum-encoding=int`
        return False
    named = schema.get("properties", {})
    texts = all(isinstance(each, str) for each in schema.get("enum") or ())
    inner = [schema[key] for key in ("items", "anyOf") if key in schema]
    return texts and isinstance(named, dict) and all(map(is_simple, [*named.values(), *inner]))


def lower_types(schema: Any) -> Any:
    """The schema with its types in JSON Schema's letters, in which Google takes them too.

    >>> lower_types({"type": "OBJECT", "properties": {"type": {"type": "STRING"}}})
    {'type': 'object', 'properties': {'type': {'type': 'string'}}}
    """
    if isinstance(schema, list):
        return [lower_types(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    found = dict(schema)
    if isinstance(found.get("type"), str):
        found["type"] = found["type"].lower()
    for key in _HOLDERS:
        if isinstance(found.get(key), dict):
            found[key] = {name: lower_types(each) for name, each in found[key].items()}
    for key in _INNER:
        if key in found:
            found[key] = lower_types(found[key])
    return found
