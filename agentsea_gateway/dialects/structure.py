"""Structured output: the JSON schema in a `response_format`.

Source of the form: OpenAI API reference, "Create chat completion", response_format.
"""

from __future__ import annotations

from typing import Any

from agentsea_gateway.errors import UnsupportedRequestError

_HOLDERS = ("properties", "$defs", "definitions")  # schemas by name
_LISTS = ("anyOf", "oneOf", "allOf", "prefixItems")


def json_schema(value: Any, dialect: str, *, description: bool = True) -> dict[str, Any] | None:
    """The schema that a response_format asks for; None where it asks for plain text. `description`: with what the
    response_format says of it, for a vendor that has no place of its own for that.

    Raises UnsupportedRequestError for {"type": "json_object"}: `dialect` has no JSON without a schema.
    """
    kind = value.get("type")
    if kind == "text":
        return None
    held = value.get("json_schema")
    schema = held.get("schema") if isinstance(held, dict) else None
    if kind == "json_schema" and isinstance(schema, dict):
        told = held.get("description") if description else None
        return {"description": told, **schema} if told else schema
    if kind == "json_object":
        raise UnsupportedRequestError(
            f'{dialect} has no JSON mode without a schema; give {{"type": "json_schema", "json_schema": …}}'
        )
    raise UnsupportedRequestError(
        'response_format needs {"type": "json_schema", "json_schema": {"name": …, "schema": {…}}}'
    )


def response_format(schema: dict[str, Any], name: str = "response") -> dict[str, Any]:
    """The portable form of a schema."""
    return {"type": "json_schema", "json_schema": {"name": name, "schema": schema, "strict": True}}


def closed(schema: Any) -> Any:
    """The schema with `additionalProperties: false` on every object that says nothing about it, as vendors demand."""
    if isinstance(schema, list):
        return [closed(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    found = dict(schema)
    for key in _HOLDERS:
        if isinstance(found.get(key), dict):
            found[key] = {name: closed(each) for name, each in found[key].items()}
    for key in (*_LISTS, "items"):
        if key in found:
            found[key] = closed(found[key])
    kinds = found.get("type")
    if kinds == "object" or (isinstance(kinds, list) and "object" in kinds):
        found.setdefault("additionalProperties", False)
    return found
