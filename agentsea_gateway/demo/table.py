"""The table: a line per provider and one for all, as wide as the terminal allows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import frozen

from agentsea_gateway.demo.board import SLOTS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from agentsea_gateway.demo.style import Style

GAP, MARGIN = "  ", " "
LEAST_BARS = 10  # fewer say nothing
CHART_TITLE = "served over time"


@frozen
class Row:
    """One provider at one moment. `up` is what the demo knows of its port; `breaker` what the gateway makes of it."""

    name: str
    speaks: str
    up: bool
    served: int
    failed: int
    latency_ms: float | None
    breaker: str
    open_for: float
    slots: Sequence[int]


@frozen
class Picture:
    """What the screen shows at one moment."""

    rows: Sequence[Row]
    calls: int
    in_flight: int
    served: int
    failovers: int
    streams: int
    elapsed: float
    seconds: float


@frozen
class Column:
    """A column: its title, its width, and what is given up first where there is no room (the highest `rank`)."""

    title: str
    width: int
    rank: int
    right: bool = False

    def fit(self, text: str) -> str:
        """The text at the column's width."""
        return text.rjust(self.width) if self.right else text.ljust(self.width)


COLUMNS = (
    Column("provider", 8, 0),
    Column("speaks", 9, 4),
    Column("port", 6, 3),
    Column("served", 6, 0, right=True),
    Column("failed", 6, 2, right=True),
    Column("latency", 7, 1, right=True),
    Column("breaker", 11, 0),
)


def lines(picture: Picture, width: int, style: Style) -> list[str]:
    """The table and the line below it, each at most `width` characters wide."""
    columns = _columns(width)
    taken = len(MARGIN) + sum(column.width + len(GAP) for column in columns)
    bars = min(SLOTS, width - taken)
    if bars < LEAST_BARS or len(columns) < len(COLUMNS):
        bars = 0
    per = -(-SLOTS // bars) if bars else 0
    head = GAP.join([column.fit(column.title) for column in columns])
    if bars:
        head += GAP + (CHART_TITLE if len(CHART_TITLE) <= bars else CHART_TITLE.removeprefix("served "))
    charts = _charts(picture, per, bars, style) if bars else [""] * len(picture.rows)
    body = [_line(row, columns, chart, style) for row, chart in zip(picture.rows, charts, strict=True)]
    return [
        style.paint(f"{MARGIN}{head}".rstrip()[:width], "dim"),
        *body,
        "",
        f"{MARGIN}{_summary(picture, width - 1)}",
    ]


def _columns(width: int) -> list[Column]:
    """The columns for which there is room."""
    columns = [*COLUMNS]
    for rank in range(max(column.rank for column in COLUMNS), 0, -1):
        if len(MARGIN) + sum(column.width for column in columns) + len(GAP) * (len(columns) - 1) <= width:
            break
        columns = [column for column in columns if column.rank < rank]
    return columns


def _line(row: Row, columns: Sequence[Column], chart: str, style: Style) -> str:
    cells = []
    for column in columns:
        text, look = _cell(row, column.title)
        cells.append(style.paint(column.fit(text), *look))
    return MARGIN + GAP.join([*cells, chart]).rstrip()


def _cell(row: Row, title: str) -> tuple[str, tuple[str, ...]]:
    if title == "provider":
        return row.name, ("bold",) if row.up else ("bold", "red")
    if title == "port":
        return ("open", ()) if row.up else ("closed", ("red",))
    if title == "failed":
        return str(row.failed), ("red",) if row.failed else ("dim",)
    if title == "latency":
        return "-" if row.latency_ms is None else f"{row.latency_ms:.0f} ms", ()
    if title == "breaker":
        return _breaker(row)
    return (row.speaks if title == "speaks" else str(row.served)), ()


def _breaker(row: Row) -> tuple[str, tuple[str, ...]]:
    """In words that do not collide with a port's open and closed."""
    if row.breaker == "closed":
        return "ok", ("green",)
    if row.breaker == "open":
        return f"blown {row.open_for:.1f} s", ("red",)
    return "probing", ("yellow",)


def _charts(picture: Picture, per: int, bars: int, style: Style) -> list[str]:
    """How many calls each provider served over time: the latest whole steps of `per` slots, `bars` of them at most."""
    whole = int(picture.elapsed * SLOTS / picture.seconds / per)
    recent = range(max(0, whole - bars), whole)
    steps = [[sum(row.slots[at * per : (at + 1) * per]) for at in recent] for row in picture.rows]
    most = max((value for values in steps for value in values), default=0)
    return [style.paint(style.bars(values, most), "cyan") for values in steps]


def _summary(picture: Picture, width: int) -> str:
    """All calls together: as many of the figures as there is room for."""
    figures = [
        f"{picture.elapsed:4.1f} s",
        f"{picture.served} of {picture.calls} calls served",
        f"{picture.in_flight} under way",
        f"{picture.failovers} failed over",
        f"{picture.streams} streams",
    ]
    while len(figures) > 1 and len("   ".join(figures)) > width:
        figures.pop()
    return "   ".join(figures)[:width]


def in_words(picture: Picture) -> str:
    """The table as one plain line."""
    parts = [f"{row.name} {row.served} ({_cell(row, 'latency')[0]})" for row in picture.rows]
    blown = [row.name for row in picture.rows if row.breaker != "closed"]
    breakers = f"breaker of {', '.join(blown)} blown" if blown else "all breakers ok"
    return (
        f"{picture.served} of {picture.calls} served: {', '.join(parts)}; {picture.failovers} failed over; {breakers}"
    )
