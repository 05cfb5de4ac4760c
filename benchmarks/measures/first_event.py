"""How long a stream keeps its first text to itself, against a raw socket."""

from __future__ import annotations

from statistics import median
from typing import TYPE_CHECKING

from benchmarks.processes import Process, WorkerFailedError
from benchmarks.setting import kind_of, versions
from benchmarks.tables import Bar, Table, number

if TYPE_CHECKING:
    from benchmarks.client import Client
    from benchmarks.setting import Setting

RAW = "raw socket"


def first_event(setting: Setting) -> Table:
    """Every client that streams."""
    found = []
    left_out = setting.missing(_wanted)
    for client in setting.clients(_wanted):
        setting.say(f"first event: {client.name}")
        try:
            found.append((client, *_measured(setting, client)))
        except WorkerFailedError as error:
            left_out.append((client.name, str(error)))
    found.sort(key=lambda it: it[1] - it[2])
    rows = [[versions(client), number(own * 1e3), f"{(own - raw) * 1e3:+.2f}"] for client, own, raw in found]
    said = (
        "From asking to the first piece of text, over a warm connection; the server sends its first events at once and "
        "the others a millisecond apart. Medians, in blocks that alternate with a raw socket's."
    )
    bars = [Bar(client.name, own * 1e3, kind_of(client)) for client, own, _ in found]
    columns = ["client", "first text after, ms", "beyond a raw socket, ms"]
    return Table(
        "first_event", "The first event of a stream", said, columns, rows, bars, "ms to the first text", left_out
    )


def _wanted(client: type[Client]) -> bool:
    return (
        client.streams and "Anthropic" not in client.name and client.name != "anthropic" and "again" not in client.name
    )


def _measured(setting: Setting, client: type[Client]) -> tuple[float, float]:
    count = 4 if setting.quick else 8
    url = setting.server.url("begun")
    with Process() as ours, Process() as theirs:
        ours.tell("open", client=client.name, urls=[url])
        theirs.tell("open", client=RAW, urls=[url])
        times: dict[int, list[float]] = {0: [], 1: []}
        for _ in range(3):
            for index, process in enumerate((ours, theirs)):
                times[index] += process.tell("first_events", count=count)["times"]
    return median(times[0]), median(times[1])
