"""A table: what was measured, as facts; rendered as Markdown, and its bars as a picture."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


class Bar(NamedTuple):
    """One bar of a table's picture; `kind` is "own", "reference" or "peer"."""

    label: str
    value: float
    kind: str


class Table(NamedTuple):
    """One table of a page.

    name      as `--only` knows it, and of the picture's file
    said      what is measured and how, in a paragraph above the table
    bars      what the picture shows, in `unit`; none: no picture
    left_out  clients that are not in it: name to the reason
    """

    name: str
    title: str
    said: str
    columns: Sequence[str]
    rows: Sequence[Sequence[str]]
    bars: Sequence[Bar] = ()
    unit: str = ""
    left_out: Sequence[tuple[str, str]] = ()


def markdown(table: Table, picture: str | None = None) -> str:
    """The table as a section of a page; `picture` is the path of its SVG."""
    parts = [f"## {table.title}", table.said]
    if picture is not None:
        parts.append(f"![{table.title}]({picture})")
    parts.append(grid(table.columns, table.rows))
    if table.left_out:
        parts.append("Not in this table: " + "; ".join(f"{name} ({why})" for name, why in table.left_out) + ".")
    return "\n\n".join(parts) + "\n"


def grid(columns: Sequence[str], rows: Iterable[Sequence[str]], align: str = "---:") -> str:
    """Rows of cells as a Markdown table; the first column is left-aligned, the others as `align` says (right)."""
    ruler = ["---", *[align] * (len(columns) - 1)]
    return "\n".join("| " + " | ".join(row) + " |" for row in (columns, ruler, *rows))


def number(value: float | None) -> str:
    """A figure with three digits that count."""
    if value is None:
        return "–"
    if abs(value) >= 1000:
        return f"{value:,.0f}"
    if abs(value) >= 100:
        return f"{value:.0f}"
    if abs(value) >= 10:
        return f"{value:.1f}"
    return f"{value:.2f}" if abs(value) >= 0.1 else f"{value:.3f}"
