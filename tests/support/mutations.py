"""Values and bytes that are nearly right, for tests of what reads them."""

from __future__ import annotations

import copy
from typing import Any

from hypothesis import strategies as st

JUNK: Any = st.sampled_from([None, 0, -1, 1.5, True, "", "x", "\ud800", [], {}, [None], {"x": 1}, [[]], 10**30])


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """The paths to everything in a JSON value."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(found for key, each in inner for found in places(each, (*path, key)))]


def replaced(value: Any, path: tuple[Any, ...], new: Any) -> Any:
    """A copy with what stands at `path` replaced, or (new is `...`) taken out."""
    if not path:
        return new
    copied = copy.copy(value)
    if len(path) == 1 and new is ...:
        del copied[path[0]]
    else:
        copied[path[0]] = replaced(value[path[0]], path[1:], new)
    return copied


@st.composite
def mutated(draw: st.DrawFn, value: Any, most: int = 3) -> Any:
    """The value with up to so many of its places replaced or taken out."""
    for _ in range(draw(st.integers(1, most))):
        path = draw(st.sampled_from(places(value)))
        value = replaced(value, path, draw(JUNK | st.just(...)) if path else draw(JUNK))
    return value


@st.composite
def garbled(draw: st.DrawFn, data: bytes) -> bytes:
    """The bytes cut short, with two swapped, one changed, or a piece taken out or said twice."""
    one, other = sorted(draw(st.tuples(*[st.integers(0, len(data))] * 2)))
    how = draw(st.sampled_from(["cut", "swap", "change", "drop", "repeat"]))
    if how == "cut":
        return data[:one]
    if how == "drop":
        return data[:one] + data[other:]
    if how == "repeat":
        return data[:other] + data[one:]
    found = bytearray(data)
    if found and how == "change":
        found[min(one, len(data) - 1)] = draw(st.integers(0, 255))
    elif other < len(data):
        found[one], found[other] = found[other], found[one]
    return bytes(found)
