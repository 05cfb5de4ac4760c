"""The few pieces of HTML and Markdown that the pictures are made of; colours that do in light and in dark."""

from __future__ import annotations

import re
from html import escape
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

LONGEST = 20_000  # characters of one text
LONGEST_CELL = 300  # of one that explains something in a table

# Each stands out (3:1 and more) against white and against the dark themes' grey; the word beside it says the same.
COLOURS = {
    "success": "#2b9460",
    "closed": "#2b9460",
    "failure": "#db4a3d",
    "open": "#db4a3d",
    "throttled": "#b87a10",
    "half_open": "#b87a10",
    "benched": "#8f63e8",
    "own_fault": "#3380d6",
}
GREY = "#868e96"

# Notebooks look for formulas between dollar signs, in answers and prices too.
_FRAME = '<div class="tex2jax_ignore mathjax_ignore" style="color:inherit;line-height:1.45;max-width:60em">{}</div>'
_CELL = "text-align:left;vertical-align:top;padding:.2em .8em .2em 0;border:0"
_TABLE = "table-layout:auto;border-collapse:collapse;width:100%;margin:.4em 0;font-size:inherit;color:inherit"
_LINE = "border-bottom:1px solid rgba(128,128,128,.35)"
_MARKS = re.compile(r"([\\`*_{}\[\]()#+!|~$])")
_TICKS = re.compile(r"`+")


def frame(*parts: str) -> str:
    """One picture of these parts."""
    return _FRAME.format("".join(parts))


def text(value: object) -> str:
    """`value` as inert HTML."""
    return escape(cut(str(value), LONGEST))


def bold(value: object) -> str:
    """`value`, inert, in bold."""
    return f"<strong>{text(value)}</strong>"


def faint(value: object) -> str:
    """`value`, inert, behind what matters more."""
    return f'<span style="opacity:.7">{text(value)}</span>'


def message(value: object) -> str:
    """A sentence that may hold words of any length, inert."""
    return f'<div style="overflow-wrap:anywhere;min-width:14em">{text(value)}</div>' if value else ""


def line(*parts: str) -> str:
    """The parts that are not empty, on one line."""
    return f"<div>{' · '.join([part for part in parts if part])}</div>"


def preformatted(value: str) -> str:
    """A text with its own line breaks; long lines are wrapped."""
    style = "white-space:pre-wrap;overflow-wrap:anywhere;font:inherit;margin:.4em 0;padding:0;background:none;border:0"
    return f'<pre style="{style}">{text(value)}</pre>'


def folded(title: str, inside: str, *, is_open: bool = False) -> str:
    """`inside` (HTML) behind a line to click on."""
    return f"<details{' open' if is_open else ''}><summary>{text(title)}</summary>{inside}</details>"


def tagged(word: str) -> str:
    """A word with a spot of its colour."""
    spot = f'<span aria-hidden="true" style="color:{COLOURS.get(word, GREY)}">●</span>'
    return f'<span style="white-space:nowrap">{spot} {text(word.replace("_", " "))}</span>'


def table(head: Iterable[str], rows: Iterable[Iterable[str]], *, widths: Sequence[str] = ()) -> str:
    """Cells of HTML; `widths` of the columns as CSS. Where it is too wide it scrolls by itself."""
    columns = "".join([f'<col style="width:{width}">' for width in widths])
    names = "".join([f'<th style="{_CELL};{_LINE};white-space:nowrap">{cell}</th>' for cell in head])
    body = "".join([f'<tr style="background:none">{_cells(row)}</tr>' for row in rows])
    inside = f"<colgroup>{columns}</colgroup><thead><tr>{names}</tr></thead><tbody>{body}</tbody>"
    return f'<div style="overflow-x:auto"><table style="{_TABLE}">{inside}</table></div>'


def _cells(row: Iterable[str]) -> str:
    return "".join([f'<td style="{_CELL}">{cell}</td>' for cell in row])


# -- Markdown ----------------------------------------------------------------------------------------------------------


def words(value: object) -> str:
    """`value` as inert Markdown on one line."""
    flat = cut(" ".join(str(value).split()), LONGEST_CELL)
    return escape(_MARKS.sub(r"\\\1", flat), quote=False)


def fenced(value: str) -> str:
    """A text as a block that Markdown leaves alone."""
    ticks = "`" * max([3, *[len(run) + 1 for run in _TICKS.findall(value)]])
    return f"{ticks}text\n{cut(value, LONGEST)}\n{ticks}"


def rows_of(head: Sequence[str], rows: Iterable[Iterable[object]]) -> str:
    """A table; its cells are escaped here."""
    lines = [f"| {' | '.join(head)} |", f"|{'---|' * len(head)}"]
    lines += [f"| {' | '.join([words(cell) for cell in row])} |" for row in rows]
    return "\n".join(lines)


# -- both --------------------------------------------------------------------------------------------------------------


def cut(value: str, longest: int) -> str:
    """At most so many characters, and how many were left out."""
    return value if len(value) <= longest else f"{value[:longest]}… ({len(value) - longest:,} more characters)"


def one_line(value: object) -> str:
    """A message on one line of readable length."""
    return cut(" ".join(str(value).split()), LONGEST_CELL)


def ms(value: float | None) -> str:
    """Milliseconds for the eye: "0.4 ms", "412 ms", "12.3 s"; "" where unknown."""
    if value is None:
        return ""
    if value >= 10_000:
        return f"{value / 1_000:,.1f} s"
    return f"{value:.0f} ms" if value >= 10 or value == 0 else f"{value:.1f} ms"
