"""Short reprs: a value shows what it has to say, on a line or two, whatever it holds."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable

SHOWN = 60  # characters of one field
LISTED = 8  # names of a longer list


def brief(thing: Any, *names: str) -> str:
    """`Kind(name=…)` of those fields that hold something: not None, not empty.

    >>> from agentsea_gateway import Usage
    >>> Usage(input_tokens=3, output_tokens=40)
    Usage(input_tokens=3, output_tokens=40)
    """
    said = [(name, getattr(thing, name)) for name in names]
    shown = ", ".join([f"{name}={short(value)}" for name, value in said if value is not None and value not in ("", ())])
    return f"{type(thing).__name__}({shown})"


def listed(names: Iterable[str]) -> str:
    """The first few names, and how many more there are."""
    known = list(names)
    more = f", … {len(known) - LISTED} more" if len(known) > LISTED else ""
    return ", ".join(known[:LISTED]) + more


def short(value: Any) -> str:
    """The repr of `value`, cut after SHOWN characters; numbers with one decimal, moments as a time of day."""
    if isinstance(value, float):
        return f"{value:.1f}"
    if hasattr(value, "strftime"):
        return f"{value:%H:%M:%S} UTC"
    if isinstance(value, str):
        return repr(value if len(value) <= SHOWN else value[: SHOWN - 3] + "...")
    text = repr(value)
    return text if len(text) <= SHOWN else text[: SHOWN - 3] + "..."
