"""Token counts as they come: whatever is no count is unknown, never zero."""

from __future__ import annotations

from typing import Any


def count(value: Any) -> int | None:
    """`value` as a number of tokens; None for what is negative, fractional or no number.

    >>> count(3), count(3.0), count(-1), count(0.5), count("3"), count([3]), count(True)
    (3, 3, None, None, None, None, None)
    """
    if type(value) is int:
        return value if value >= 0 else None
    if type(value) is float and value >= 0 and value.is_integer():
        return int(value)
    return None


def first_count(*values: Any) -> int | None:
    """The first of these that is a count."""
    for value in values:
        found = count(value)
        if found is not None:
            return found
    return None


def part(usage: Any, name: str) -> dict[str, Any]:
    """The object that a usage object holds under this name; an empty one where it is none."""
    value = usage.get(name)
    return value if isinstance(value, dict) else {}
