"""A batch: `gw.map` beside a bare pool of as many threads that makes the same calls."""

from __future__ import annotations

from statistics import median
from typing import TYPE_CHECKING

from benchmarks.clients.ours import Plain
from benchmarks.processes import Process
from benchmarks.tables import Bar, Table, number

if TYPE_CHECKING:
    from benchmarks.setting import Setting

THREADS = 32
ROWS = 4_000
ROUNDS = 7
POOL = "gw.completion in a ThreadPoolExecutor"
WAYS = {
    POOL: "pool",
    "gw.map": "map",
    "gw.map, as they are finished": "unordered",
    "gw.map in that executor": "executor",
    "gw.map with a journal": "journal",
}


def batch(setting: Setting) -> Table:
    """Rows per second of every way, in one process and alternating."""
    rows = ROWS // 8 if setting.quick else ROWS
    found: dict[str, list[tuple[float, float]]] = {way: [] for way in WAYS}
    with Process() as process:
        process.tell("open", client=Plain.name, urls=[setting.server.url("ok")])
        for turn in range(3 if setting.quick else ROUNDS):
            for way, kind in WAYS.items():
                setting.say(f"batch {turn}: {way}")
                told = process.tell("batch", kind=kind, rows=rows, threads=THREADS)
                found[way].append((rows / told["wall"], told["cpu"] / rows * 1e6))
    ratios = {
        way: median(rate / bare for (rate, _), (bare, _) in zip(runs, found[POOL], strict=True))
        for way, runs in found.items()
    }
    said = (
        f"{rows:,} rows, {THREADS} threads, one question a row, as fast as a server on loopback answers: what a batch "
        "costs beside the calls, where nobody waits for a model. The threads share one core and the interpreter's lock."
    )
    columns = ["way", "rows per second, the pool = 1", "rows per second", "CPU per row, µs"]
    cells = [
        [way, number(ratios[way]), number(median(it[0] for it in runs)), number(median(it[1] for it in runs))]
        for way, runs in found.items()
    ]
    bars = [Bar(way, ratio, "reference" if way == POOL else "own") for way, ratio in ratios.items()]
    return Table("batch", "A batch", said, columns, cells, bars, "rows per second, the pool = 1")
