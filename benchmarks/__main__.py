"""The command line: `python -m benchmarks`. See the package."""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks import __doc__ as about
from benchmarks import machine, pages
from benchmarks.clients import ALL
from benchmarks.faults.comparison import Comparison
from benchmarks.loopback import Loopback
from benchmarks.measures import batch, calls, first_event, leak, share, startup, threads, where
from benchmarks.processes import CHECKOUT
from benchmarks.setting import Setting
from benchmarks.tables import Table, markdown, number

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence

MEASURES: dict[str, Callable[[Setting], Table | tuple[Table, ...]]] = {
    "calls": calls.calls,
    "streams": calls.streams,
    "paused": calls.paused,
    "first_event": first_event.first_event,
    "startup": startup.startup,
    "share": share.share,
    "plan": share.plan,
    "failover": calls.failover,
    "threads": threads.threads,
    "batch": batch.batch,
    "leak": leak.leak,
    "where": where.where,
}
FAULTS = "faults"


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure what is asked for. A run of everything writes the pages; a part of it is printed."""
    asked = _parser().parse_args(arguments)
    wanted = asked.only or [*MEASURES, FAULTS]
    whole = not (asked.quick or asked.clients)
    began = time.monotonic()
    tables: list[Table] = []
    with Loopback() as server:
        setting = Setting(server, quick=asked.quick, chosen=asked.clients)
        facts = machine.facts(_capacity(server))
        for name, measure in MEASURES.items():
            if name in wanted:
                made = measure(setting)
                made = (made,) if isinstance(made, Table) else made
                print(*map(markdown, made), sep="\n", flush=True)
                tables += made
    if whole and set(MEASURES) <= set(wanted):
        print(f"written: {pages.performance(asked.docs, tables, facts).name}", file=sys.stderr)
    if FAULTS in wanted:
        _faults(setting, asked.docs if whole else None)
    print(f"{time.monotonic() - began:.0f} s", file=sys.stderr)
    return 0


def _faults(setting: Setting, docs: Path | None) -> None:
    comparison = Comparison(setting)
    print("\n\n".join(comparison.tables()))
    if docs is not None:
        page = docs / "comparison.md"
        page.write_text(comparison.page(machine.facts()), encoding="utf-8")
        print(f"written: {page.name}", file=sys.stderr)


def _capacity(server: Loopback) -> str:
    rate, cpu = server.capacity()
    own = "" if cpu is None else f", at {number(cpu)} µs of its own core each"
    return f"the loopback server: {server.kind}; a raw client got {rate:,.0f} answers per second from it{own}"


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks", description=about, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--only", type=_names_of({*MEASURES, FAULTS}), metavar="TABLE,…", help=", ".join([*MEASURES, FAULTS])
    )
    parser.add_argument("--clients", type=_names_of(ALL), default=(), metavar="NAME;…", help="; ".join(ALL))
    parser.add_argument("--quick", action="store_true", help="a minute or two, less exact; writes no page")
    parser.add_argument("--docs", type=Path, default=CHECKOUT / "docs", help="where the pages go")
    return parser


def _names_of(known: Collection[str]) -> Callable[[str], list[str]]:
    def parse(text: str) -> list[str]:
        names = [name.strip() for name in text.split(";" if ";" in text or text in known else ",")]
        for name in names:
            if name not in known:
                raise argparse.ArgumentTypeError(f"{name!r} is none of: {', '.join(sorted(known))}")
        return names

    return parse


if __name__ == "__main__":
    sys.exit(main())
