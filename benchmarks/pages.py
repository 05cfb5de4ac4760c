"""The pages that a run writes: docs/performance.md with its pictures, and docs/comparison.md."""

from __future__ import annotations

from typing import TYPE_CHECKING

from benchmarks.svg import bars
from benchmarks.tables import markdown

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from benchmarks.tables import Table


def performance(docs: Path, tables: Sequence[Table], facts: Iterable[str]) -> Path:
    """Write the page of the speed tables."""
    pictures = docs / "performance"
    pictures.mkdir(parents=True, exist_ok=True)
    parts = [
        "# What a call costs\n",
        """\
This page is written by `python -m benchmarks`, in one run: `pip install '.[bench]'` from a checkout, then that line.
Everything is on loopback; CPU ratios travel between machines, milliseconds do not.
""",
        "\n".join(f"- {fact}" for fact in facts) + "\n",
    ]
    for table in tables:
        picture = None
        if table.bars:
            (pictures / f"{table.name}.svg").write_text(bars(table.title, table.unit, table.bars), encoding="utf-8")
            picture = f"performance/{table.name}.svg"
        parts.append(markdown(table, picture))
    page = docs / "performance.md"
    page.write_text("\n".join(parts), encoding="utf-8")
    return page
