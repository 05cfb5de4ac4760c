"""Whether a value fits a JSON schema: checked against the package `jsonschema`, on values and schemas at random."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agentsea_gateway.schema import misfit

jsonschema = pytest.importorskip("jsonschema")

NODE = {
    "$defs": {
        "node": {
            "type": "object",
            "properties": {"next": {"anyOf": [{"$ref": "#/$defs/node"}, {"type": "null"}]}},
            "required": ["next"],
            "additionalProperties": False,
        }
    },
    "$ref": "#/$defs/node",
}


@pytest.mark.parametrize(
    ("value", "schema", "why"),
    [
        (1, {"type": "string"}, "$ is a number, not string"),
        (True, {"type": ["integer", "null"]}, "$ is a boolean, not integer or null"),
        (1.0, {"type": "integer"}, None),
        (1.5, {"type": "integer"}, "$ is a number, not integer"),
        ({"a": [1, "x"]}, {"properties": {"a": {"items": {"type": "number"}}}}, "$.a[1] is a string, not number"),
        ({"b": 1}, {"properties": {"a": {}}, "additionalProperties": False}, "$.b may not be there"),
        ({}, {"required": ["a"]}, '$ lacks "a"'),
        (3, {"enum": [1, 2]}, "$ is none of the values that it may have"),
        (True, {"const": 1}, "$ is not the one value that it may have"),
        (0.3, {"multipleOf": 0.1}, None),
        ("abc", {"pattern": "^b"}, "$ does not match ^b"),
        ("abc", {"pattern": "("}, None),
        ({"next": {"next": None}}, NODE, None),
        ({"next": {"nxet": None}}, NODE, "$.next fits none of the schemas that it may have"),
        (1, {"$ref": "https://example.com/schema"}, None),
        (1, {"$ref": "#/nowhere"}, None),
    ],
)
def test_the_first_misfit_is_named_with_its_place(value: Any, schema: Any, why: str | None) -> None:
    found = misfit(value, schema)
    assert (found == why) or (why is not None and found is not None and why.split(" fits")[0] in found)


def test_a_reference_to_itself_ends() -> None:
    assert misfit(1, {"$defs": {"a": {"$ref": "#/$defs/a"}}, "$ref": "#/$defs/a"}) is None


VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-3, 3)
    | st.sampled_from([0.5, 1.0, -1.5])
    | st.sampled_from(["", "a", "ab", "b"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("abc"), inner, max_size=3),
    max_leaves=6,
)
KIND = st.sampled_from(["object", "array", "string", "number", "integer", "boolean", "null"])
SMALL = st.integers(0, 2)


def keywords(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Schemas of a few keywords over schemas of the level below."""
    several = st.lists(inner, min_size=1, max_size=2)
    return st.fixed_dictionaries(
        {},
        optional={
            "type": KIND | st.lists(KIND, min_size=1, max_size=2, unique=True),
            "enum": st.lists(VALUES, min_size=1, max_size=2),
            "const": VALUES,
            "properties": st.dictionaries(st.sampled_from("abc"), inner, max_size=2),
            "required": st.lists(st.sampled_from("abc"), max_size=2, unique=True),
            "additionalProperties": inner,
            "patternProperties": st.dictionaries(st.sampled_from(["^a", "b"]), inner, max_size=1),
            "items": inner,
            "prefixItems": several,
            "anyOf": several,
            "oneOf": several,
            "allOf": several,
            "not": inner,
            "if": inner,
            "then": inner,
            "else": inner,
            "minimum": SMALL,
            "exclusiveMaximum": SMALL,
            "multipleOf": st.sampled_from([1, 2, 0.5]),
            "minLength": SMALL,
            "maxLength": SMALL,
            "pattern": st.sampled_from(["^a", "b$"]),
            "minItems": SMALL,
            "maxItems": SMALL,
            "uniqueItems": st.booleans(),
            "minProperties": SMALL,
            "maxProperties": SMALL,
        },
    )


SCHEMAS = st.recursive(st.booleans() | keywords(st.booleans()), keywords, max_leaves=4)


@given(VALUES, SCHEMAS)
@settings(max_examples=80)
def test_it_says_what_jsonschema_says(value: Any, schema: Any) -> None:
    expected = jsonschema.Draft202012Validator(schema).is_valid(value)
    assert (misfit(value, schema) is None) is expected
