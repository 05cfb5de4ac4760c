"""Whether a value fits a JSON schema: the keywords that vendors' structured output knows, and their neighbours.

Source: JSON Schema, draft 2020-12, "Core" and "Validation". Annotations and `format` say nothing about validity, and
neither does a keyword that is not read here (`unevaluatedProperties`, `dependentSchemas`, remote references).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from agentsea_gateway.aside import load

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

DEPTH = 100  # of references and values inside each other; what is deeper is not looked at

_NAMES: dict[type, str] = {dict: "object", list: "array", str: "string", bool: "boolean", type(None): "null"}


def misfit(value: Any, schema: Any) -> str | None:
    """The first place where `value` does not fit and why; None where all of it does.

    >>> misfit({"age": "old"}, {"type": "object", "properties": {"age": {"type": "integer"}}})
    '$.age is a string, not integer'
    >>> misfit({}, {"required": ["name"]})
    '$ lacks "name"'
    """
    return next(_misfits(value, schema, "$", _Root(schema), DEPTH), None)


class _Root:
    """The whole schema, in which references are looked up."""

    __slots__ = ("schema",)

    def __init__(self, schema: Any) -> None:
        self.schema = schema

    def find(self, reference: str) -> Any:
        """What a local reference means; True, which everything fits, for any other."""
        found = self.schema
        if not reference.startswith("#"):
            return True
        for step in reference[1:].strip("/").split("/") if len(reference) > 1 else ():
            name = step.replace("~1", "/").replace("~0", "~")
            if isinstance(found, dict) and name in found:
                found = found[name]
            elif isinstance(found, list) and name.isdigit() and int(name) < len(found):
                found = found[int(name)]
            else:
                return True
        return found


def _misfits(value: Any, schema: Any, where: str, root: _Root, depth: int) -> Iterator[str]:
    if schema is False:
        yield f"{where} may not be there"
    if not isinstance(schema, dict) or depth == 0:
        return
    if isinstance(schema.get("$ref"), str):
        yield from _misfits(value, root.find(schema["$ref"]), where, root, depth - 1)
    yield from _of_kind(value, schema, where)
    yield from _of_unions(value, schema, where, root, depth)
    for kind, rules in _RULES.items():
        if isinstance(value, kind) and not isinstance(value, bool):
            for keyword, rule in rules.items():
                if keyword in schema and (why := rule(value, schema[keyword])):
                    yield f"{where} {why}"
    if isinstance(value, dict):
        yield from _of_object(value, schema, where, root, depth)
    elif isinstance(value, list):
        yield from _of_array(value, schema, where, root, depth)


# -- kinds and fixed values --------------------------------------------------------------------------------------------


def _kind(value: Any) -> str:
    return _NAMES.get(type(value), "number")


def _is(value: Any, kind: str) -> bool:
    if kind == "number":
        return isinstance(value, (int, float)) and not isinstance(value, bool)
    if kind == "integer":
        return _is(value, "number") and value == int(value)
    return _kind(value) == kind


def _of_kind(value: Any, schema: dict[str, Any], where: str) -> Iterator[str]:
    kinds = schema.get("type")
    wanted = [kinds] if isinstance(kinds, str) else kinds
    if isinstance(wanted, list) and not any(_is(value, kind) for kind in wanted):
        yield f"{where} is a {_kind(value)}, not {' or '.join(map(str, wanted))}"
    if isinstance(schema.get("enum"), list) and not any(_same(value, each) for each in schema["enum"]):
        yield f"{where} is none of the values that it may have"
    if "const" in schema and not _same(value, schema["const"]):
        yield f"{where} is not the one value that it may have"


def _same(one: Any, other: Any) -> bool:
    """Equal as JSON: true is not 1."""
    if isinstance(one, bool) or isinstance(other, bool):
        return one is other
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(_same(one[key], other[key]) for key in one)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(_same, one, other))
    return bool(one == other)


# -- unions ------------------------------------------------------------------------------------------------------------


def _of_unions(value: Any, schema: dict[str, Any], where: str, root: _Root, depth: int) -> Iterator[str]:
    def fits(each: Any) -> bool:
        return next(_misfits(value, each, where, root, depth - 1), None) is None

    for each in _listed(schema, "allOf"):
        yield from _misfits(value, each, where, root, depth - 1)
    if _listed(schema, "anyOf") and not any(map(fits, schema["anyOf"])):
        yield f"{where} fits none of the schemas that it may have"
    if _listed(schema, "oneOf") and sum(map(fits, schema["oneOf"])) != 1:
        yield f"{where} does not fit exactly one of the schemas that it may have"
    if "not" in schema and fits(schema["not"]):
        yield f"{where} fits the schema that it may not have"
    if "if" in schema:
        branch = schema.get("then" if fits(schema["if"]) else "else", True)
        yield from _misfits(value, branch, where, root, depth - 1)


def _listed(schema: dict[str, Any], keyword: str) -> list[Any]:
    found = schema.get(keyword)
    return found if isinstance(found, list) else []


# -- what is inside ----------------------------------------------------------------------------------------------------


def _of_object(value: dict[str, Any], schema: dict[str, Any], where: str, root: _Root, depth: int) -> Iterator[str]:
    named = schema.get("properties") or {}
    patterns = schema.get("patternProperties") or {}
    for name in _listed(schema, "required"):
        if name not in value:
            yield f'{where} lacks "{name}"'
    for name, inner in value.items():
        below = [pattern for pattern in patterns if _found(pattern, name)]
        if name in named:
            yield from _misfits(inner, named[name], f"{where}.{name}", root, depth - 1)
        elif not below and "additionalProperties" in schema:
            yield from _misfits(inner, schema["additionalProperties"], f"{where}.{name}", root, depth - 1)
        for pattern in below:
            yield from _misfits(inner, patterns[pattern], f"{where}.{name}", root, depth - 1)


def _of_array(value: list[Any], schema: dict[str, Any], where: str, root: _Root, depth: int) -> Iterator[str]:
    first = _listed(schema, "prefixItems")
    for index, inner in enumerate(value):
        expected = first[index] if index < len(first) else schema.get("items", True)
        yield from _misfits(inner, expected, f"{where}[{index}]", root, depth - 1)


# -- limits ------------------------------------------------------------------------------------------------------------


def _found(pattern: str, text: str) -> bool:
    """Whether a pattern is found; one that Python cannot read says nothing."""
    try:
        return re.search(pattern, text) is not None
    except re.error:
        return True


def _is_multiple(value: float, step: float) -> bool:
    if not step:
        return True
    load("fractions")
    from fractions import Fraction  # floats are taken as they are written: 0.3 is three times 0.1

    return Fraction(repr(value)) % Fraction(repr(step)) == 0


def _are_different(value: list[Any]) -> bool:
    return not any(_same(one, other) for index, one in enumerate(value) for other in value[:index])


def _because(holds: Callable[[Any, Any], bool], words: str) -> Callable[[Any, Any], str]:
    return lambda value, limit: "" if holds(value, limit) else words.format(limit)


_RULES: dict[Any, dict[str, Callable[[Any, Any], str]]] = {
    (int, float): {
        "minimum": _because(lambda value, limit: value >= limit, "is less than {}"),
        "maximum": _because(lambda value, limit: value <= limit, "is more than {}"),
        "exclusiveMinimum": _because(lambda value, limit: value > limit, "is not more than {}"),
        "exclusiveMaximum": _because(lambda value, limit: value < limit, "is not less than {}"),
        "multipleOf": _because(_is_multiple, "is no multiple of {}"),
    },
    str: {
        "minLength": _because(lambda value, limit: len(value) >= limit, "is shorter than {} characters"),
        "maxLength": _because(lambda value, limit: len(value) <= limit, "is longer than {} characters"),
        "pattern": _because(lambda value, limit: _found(limit, value), "does not match {}"),
    },
    list: {
        "minItems": _because(lambda value, limit: len(value) >= limit, "has fewer than {} items"),
        "maxItems": _because(lambda value, limit: len(value) <= limit, "has more than {} items"),
        "uniqueItems": _because(lambda value, wanted: not wanted or _are_different(value), "holds an item twice"),
    },
    dict: {
        "minProperties": _because(lambda value, limit: len(value) >= limit, "has fewer than {} properties"),
        "maxProperties": _because(lambda value, limit: len(value) <= limit, "has more than {} properties"),
    },
}
