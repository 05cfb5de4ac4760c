"""What many calls leave behind: memory after 20,000 calls and 2,000 streams, beside what it was when they began."""

from __future__ import annotations

from typing import TYPE_CHECKING

from benchmarks.processes import Process, WorkerFailedError
from benchmarks.setting import versions
from benchmarks.tables import Table

if TYPE_CHECKING:
    from benchmarks.client import Client
    from benchmarks.setting import Setting

CALLS, STREAMS = 20_000, 2_000
WARM_UP = 10  # of so many parts one is the warm-up
SHOWN = ("agentsea_gateway", "agentsea_gateway, Anthropic", "requests")


def leak(setting: Setting) -> Table:
    """Ours and the reference's: the others take too long for so many."""
    rows, left_out = [], []
    for client in setting.clients(lambda it: it.name in SHOWN):
        for what, count in (("ask", CALLS), ("read", STREAMS)):
            count = count // 10 if setting.quick else count  # noqa: PLW2901
            setting.say(f"leak: {count} {what}s: {client.name}")
            try:
                rows.append(_row(setting, client, what, count))
            except WorkerFailedError as error:
                left_out.append((client.name, str(error)))
    said = (
        "After a warm-up of a tenth: how much resident memory and how many of Python's allocated blocks came to it. "
        "Clients that take long for one call are not run 20,000 times."
    )
    columns = ["client", "calls or streams", "resident memory", "allocated blocks"]
    return Table("leak", "What many calls leave behind", said, columns, rows, (), "", left_out)


def _row(setting: Setting, client: type[Client], what: str, count: int) -> list[str]:
    with Process() as process:
        process.tell("open", client=client.name, urls=[setting.server.url("ok")])
        process.tell("block", what=what, count=count // WARM_UP)
        before = process.tell("memory")
        for _ in range(10):
            process.tell("block", what=what, count=count // 10)
        after = process.tell("memory")
    grown = (after["resident"] - before["resident"]) / 1024
    kind = "calls" if what == "ask" else "streams"
    return [versions(client), f"{count:,} {kind}", f"{grown:+,.0f} KiB", f"{after['blocks'] - before['blocks']:+,}"]
