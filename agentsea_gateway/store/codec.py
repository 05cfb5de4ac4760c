"""Responses as JSON text and back, whole but for what was of the moment: `raw`, `parsed`, the rate limits.

Fields that have their default are not written. What JSON has no form for is known by its field's annotation, so the
vendor's own JSON inside an answer is never looked at.
"""

from __future__ import annotations

import json
import re
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from attrs import fields

from agentsea_gateway.cost import Cost
from agentsea_gateway.errors import MalformedResponseError, StoreError
from agentsea_gateway.response import Native, Response, ToolCall, Usage
from agentsea_gateway.route import Attempt, Route, Skipped
from agentsea_gateway.strict_json import loads

if TYPE_CHECKING:
    from collections.abc import Callable

KINDS = (Response, Usage, ToolCall, Native, Route, Attempt, Skipped, Cost)
LEFT_OUT = frozenset((("Response", "raw"), ("Response", "parsed"), ("Response", "rate_limits"), ("Attempt", "tariff")))
PRICED = "_priced"  # where an Attempt keeps what it cost, once that was asked for

# What is written of each kind: where it stands, its name as an argument, and its default.
_FIELDS = {
    kind: [(it.name, it.alias, it.default) for it in fields(kind) if (kind.__name__, it.name) not in LEFT_OUT]
    for kind in KINDS
}


def encoded(response: Response) -> str:
    """The text that `decoded` makes an equal Response of. Raises StoreError for what no JSON can hold."""
    try:
        text = _ENCODER.encode(response)
        return text if _is_text(text) else _ESCAPING.encode(response)
    except (TypeError, ValueError, RecursionError) as error:
        raise StoreError(f"this answer cannot be stored: {error}") from None


def decoded(text: str) -> Response:
    """The Response that was written. Raises StoreError where the text is not what `encoded` writes."""
    try:
        response: Response = _built(Response, loads(text))
    except (MalformedResponseError, TypeError, ValueError, ArithmeticError, AttributeError) as error:
        raise StoreError(f"a stored answer cannot be read: {type(error).__name__}: {error}") from None
    return response


def _is_text(text: str) -> bool:
    """Whether SQLite can hold it as it is: a plain provider may have left a lone surrogate in it."""
    if text.isascii():
        return True
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _written(value: Any) -> Any:
    """What the encoder asks for: a value of ours as a dict, or as a string."""
    kept = _FIELDS.get(type(value))
    if kept is not None:
        found = {}
        for name, alias, default in kept:
            member = getattr(value, name)
            if member is not default and member != default:
                found[alias] = member
        if type(value) is Attempt:
            found[PRICED] = value.priced  # by the prices of this day, and the candidate's own
        return found
    if isinstance(value, Decimal):
        return str(value)
    if isinstance(value, datetime):
        return value.isoformat()
    if hasattr(value, "keys"):
        return dict(value)
    raise TypeError(f"it holds a {type(value).__name__}")


_ENCODER = json.JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(",", ":"), default=_written)
_ESCAPING = json.JSONEncoder(allow_nan=False, separators=(",", ":"), default=_written)


def _built(kind: Any, found: dict[str, Any]) -> Any:
    readers = _READERS[kind]
    given = {}
    for name, value in found.items():
        read = readers.get(name, _unknown)
        if read is None or value is None:
            given[name] = value
        elif read is not _unknown:  # else a newer version wrote it
            given[name] = read(value)
    priced = given.pop(PRICED, None)
    built = kind(**given)
    if priced is not None:
        built.__dict__[PRICED] = priced
    return built


def _unknown(value: Any) -> Any:
    return value


def _reader(annotation: str) -> Callable[[Any], Any] | None:
    """What makes a field's value of JSON; None where JSON's own values stand for themselves."""
    named = _BY_NAME.get(re.sub(r"^tuple\[|, \.\.\.\]$|\[.*| \| None$", "", annotation))
    if not annotation.startswith("tuple["):
        return named
    return tuple if named is None else lambda members: tuple(map(named, members))


def _of(kind: Any) -> Callable[[Any], Any]:
    return lambda found: _built(kind, found)


_BY_NAME: dict[str, Callable[[Any], Any]] = {
    **{kind.__name__: _of(kind) for kind in KINDS},
    "Decimal": Decimal,
    "datetime": datetime.fromisoformat,
}
_READERS: dict[Any, dict[str, Callable[[Any], Any] | None]] = {
    kind: {alias: _reader(str(getattr(fields(kind), name).type)) for name, alias, _ in kept}
    for kind, kept in _FIELDS.items()
}
_READERS[Attempt][PRICED] = _of(Cost)
