"""What commands write: one line for a person, columns, and text that no server can use to control a terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

LONGEST = 400  # characters of one line

# Control characters, the 8-bit ones included, but for tab and newline.
_CONTROLS = dict.fromkeys([*range(9), *range(11, 32), *range(127, 160)])


def harmless(text: str) -> str:
    r"""`text` without the characters that control a terminal.

    >>> harmless("red: \x1b[31m and\ttab")
    'red: [31m and\ttab'
    """
    return text.translate(_CONTROLS)


def one_line(text: str) -> str:
    r"""`text` on one line that is no longer than is read.

    >>> one_line("first\n  second\x07")
    'first second'
    """
    words = " ".join(harmless(text).split())
    return words if len(words) <= LONGEST else words[: LONGEST - 3] + "..."


def columns(rows: Iterable[Sequence[str]]) -> str:
    """Rows of cells as lines, each column as wide as its widest cell; the last one is as long as it likes.

    >>> print(columns([("a", "long cell", "x"), ("bcd", "y", "z")]))
    a    long cell  x
    bcd  y          z
    """
    rows = [*rows]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return "\n".join("  ".join(map(str.ljust, row, widths)).rstrip() for row in rows)


def listed(names: Iterable[str]) -> str:
    """Names in a sentence.

    >>> listed(["a"]), listed(["a", "b", "c"])
    ('a', 'a, b and c')
    """
    *most, last = names
    return f"{', '.join(most)} and {last}" if most else last
