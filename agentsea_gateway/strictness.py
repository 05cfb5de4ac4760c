"""A JSON schema under the rules of strict structured output, the narrowest of any vendor.

Source: OpenAI documentation, "Structured outputs", supported schemas (November 2026): the root is an object, every
object names all its properties as required and allows no others, `oneOf` and `default` are not known, a `$ref` stands
alone.
"""

from __future__ import annotations

from typing import Any

WRAPPED = "value"  # the property that holds an answer whose schema is no object

_HOLDERS = ("$defs", "definitions", "properties")
_REFUSED = ("patternProperties", "propertyNames", "not", "if", "dependentRequired", "dependentSchemas")
_DROPPED = ("default", "discriminator", "$schema", "$id")


class _TooLooseError(Exception):
    """The schema allows what strict output cannot promise."""


def is_object(schema: dict[str, Any]) -> bool:
    """Whether everything that fits the schema is an object, so that it may stand at the root."""
    root = resolved(schema, schema)
    return root.get("type") == "object" and not any(name in root for name in ("anyOf", "oneOf", "allOf"))


def wrapped(schema: dict[str, Any]) -> dict[str, Any]:
    """An object with one property, of this schema."""
    inner = {name: held for name, held in schema.items() if name not in ("$defs", "definitions", "$schema")}
    outer: dict[str, Any] = {name: schema[name] for name in ("$defs", "definitions") if name in schema}
    return {"type": "object", "properties": {WRAPPED: inner}, "required": [WRAPPED], **outer}


def strict(schema: dict[str, Any]) -> dict[str, Any] | None:
    """The schema in its strict form; None where it allows what strict output cannot promise (free-form objects).

    >>> strict({"type": "object", "properties": {"a": {"type": "integer", "default": 1}}})
    {'type': 'object', 'properties': {'a': {'type': 'integer'}}, 'required': ['a'], 'additionalProperties': False}
    >>> strict({"type": "object", "additionalProperties": {"type": "string"}}) is None
    True
    """
    root = {**{name: held for name, held in schema.items() if name != "$ref"}, **resolved(schema, schema)}
    try:
        found: dict[str, Any] = _strict(root, schema)
    except (_TooLooseError, RecursionError):
        return None
    return found


def resolved(schema: dict[str, Any], root: dict[str, Any]) -> dict[str, Any]:
    """The schema, or the one that its local reference means."""
    for _ in range(10):  # a reference to a reference; one to itself ends here
        reference = schema.get("$ref")
        if not isinstance(reference, str) or not reference.startswith("#/"):
            return schema
        found: Any = root
        for step in reference[2:].split("/"):
            found = found.get(step) if isinstance(found, dict) else None
        if not isinstance(found, dict):
            return schema
        schema = found
    return schema


def _strict(schema: Any, root: dict[str, Any]) -> Any:
    if not isinstance(schema, dict) or not schema or any(name in schema for name in _REFUSED):
        raise _TooLooseError
    if "$ref" in schema and len(schema) > 1:
        schema = {**resolved(schema, root), **{name: held for name, held in schema.items() if name != "$ref"}}
    found = {name: held for name, held in schema.items() if name not in _DROPPED}
    if "oneOf" in found:
        found["anyOf"] = [*found.get("anyOf", ()), *found.pop("oneOf")]
    if len(found.get("allOf", ())) == 1:
        found |= found.pop("allOf")[0]
    if "allOf" in found or "prefixItems" in found:
        raise _TooLooseError
    for name in _HOLDERS:
        if isinstance(found.get(name), dict):
            found[name] = {key: _strict(held, root) for key, held in found[name].items()}
    if "items" in found:
        found["items"] = _strict(found["items"], root)
    if "anyOf" in found:
        found["anyOf"] = [_strict(held, root) for held in found["anyOf"]]
    return _closed(found)


def _closed(found: dict[str, Any]) -> dict[str, Any]:
    kinds = found.get("type")
    if kinds == "object" or (isinstance(kinds, list) and "object" in kinds) or "properties" in found:
        if found.get("additionalProperties", False) is not False or not found.get("properties"):
            raise _TooLooseError
        found["required"] = list(found["properties"])
        found["additionalProperties"] = False
    elif not any(name in found for name in ("type", "anyOf", "$ref", "enum", "const")):
        raise _TooLooseError  # anything at all
    return found
