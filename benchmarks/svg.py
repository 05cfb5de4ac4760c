"""Horizontal bars on a logarithmic scale as an SVG of our own, for light and dark pages."""

from __future__ import annotations

from math import ceil, floor, log10
from typing import TYPE_CHECKING
from xml.sax.saxutils import escape

from benchmarks.tables import number

if TYPE_CHECKING:
    from collections.abc import Sequence

    from benchmarks.tables import Bar

WIDTH, LABELS, VALUES = 860, 300, 70
ROW, BAR, TOP = 26, 16, 52
STYLE = """
  text { font: 13px system-ui, -apple-system, "Segoe UI", sans-serif; fill: #1f2937; }
  .title { font-weight: 600; font-size: 14px; }
  .tick { fill: #6b7280; font-size: 11px; }
  line { stroke: #9ca3af; stroke-opacity: .35; }
  .own { fill: #0d9488; } .reference { fill: #64748b; } .peer { fill: #94a3b8; }
  .strong { font-weight: 600; }
  @media (prefers-color-scheme: dark) {
    text { fill: #e5e7eb; } .tick { fill: #9ca3af; }
    .own { fill: #2dd4bf; } .reference { fill: #94a3b8; } .peer { fill: #64748b; }
  }
"""


def bars(title: str, unit: str, rows: Sequence[Bar]) -> str:
    """The picture; every value must be above 0."""
    scale = Scale([row.value for row in rows])
    height = TOP + ROW * len(rows) + 8
    parts = [
        (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" height="{height}" '
            f'role="img" aria-label="{escape(title)}: {escape(unit)}">'
        ),
        f"<style>{STYLE}</style>",
        f'<text class="title" x="8" y="20">{escape(title)}: {escape(unit)}, logarithmic</text>',
    ]
    for value in scale.ticks:
        x = scale.x(value)
        parts.append(f'<line x1="{x:.1f}" x2="{x:.1f}" y1="{TOP - 6}" y2="{height - 8}"/>')
        parts.append(f'<text class="tick" x="{x:.1f}" y="{TOP - 11}" text-anchor="middle">{value:g}</text>')
    for index, row in enumerate(rows):
        parts += _bar(row, TOP + ROW * index, scale)
    return "\n".join([*parts, "</svg>", ""])


class Scale:
    """From values to pixels: decades that hold all of them."""

    def __init__(self, values: Sequence[float]) -> None:
        low, high = log10(min(values)), log10(max(values))
        # A bar of the least value still shows as one.
        self.low = min(floor(low * 2) / 2 - 0.25, low - 0.2)
        self.high = max(high, self.low + 1)
        self.ticks = [10.0**power for power in range(ceil(self.low), floor(self.high) + 1)]
        if len(self.ticks) < 3:
            self.ticks = sorted(
                {
                    *self.ticks,
                    *(each * base for base in (2.0, 5.0) for each in (*self.ticks, *(it / 10 for it in self.ticks))),
                }
            )
            self.ticks = [tick for tick in self.ticks if self.low <= log10(tick) <= self.high]

    def x(self, value: float) -> float:
        """Where a value lies."""
        return LABELS + (log10(value) - self.low) / (self.high - self.low) * (WIDTH - LABELS - VALUES)


def _bar(row: Bar, y: int, scale: Scale) -> list[str]:
    end = scale.x(row.value)
    strong = " strong" if row.kind == "own" else ""
    middle = y + BAR / 2 + 4.5
    return [
        f'<text class="label{strong}" x="{LABELS - 8}" y="{middle}" text-anchor="end">{escape(row.label)}</text>',
        f'<rect class="{row.kind}" x="{LABELS}" y="{y}" width="{end - LABELS:.1f}" height="{BAR}" rx="2"/>',
        f'<text class="value{strong}" x="{end + 6:.1f}" y="{middle}">{number(row.value)}</text>',
    ]
