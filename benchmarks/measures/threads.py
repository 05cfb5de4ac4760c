"""64 threads over one client, as fast as they can."""

from __future__ import annotations

from statistics import median
from typing import TYPE_CHECKING

from benchmarks.processes import Process, WorkerFailedError
from benchmarks.setting import kind_of, versions
from benchmarks.tables import Bar, Table, number

if TYPE_CHECKING:
    from benchmarks.client import Client
    from benchmarks.setting import Setting

THREADS = 64
SECONDS = 0.5
LEFT_OUT = (
    "raw socket",
    "http.client",
    "pycurl",
    "requests again (noise)",
    "agentsea_gateway, watched",
)  # one thread's


def threads(setting: Setting) -> Table:
    """Calls per second of every client that threads may share."""
    found = []
    left_out = setting.missing(_wanted)
    for client in setting.clients(_wanted):
        setting.say(f"threads: {client.name}")
        try:
            found.append((client, *_measured(setting, client)))
        except WorkerFailedError as error:
            left_out.append((client.name, str(error)))
    found.sort(key=lambda it: -it[1])
    rows = [
        [versions(client), number(ratio), number(rate), number(cpu_ratio), number(cpu * 1e6)]
        for client, ratio, rate, cpu, cpu_ratio in found
    ]
    said = (
        f"{THREADS} threads share one client and ask without a pause for half a second, alternating with {THREADS} "
        "threads of `requests` over one session whose pool holds as many connections. All of them share one core, and "
        "the interpreter's lock."
    )
    columns = ["client", "calls per second, requests = 1", "calls per second", "CPU, requests = 1", "CPU per call, µs"]
    bars = [Bar(client.name, ratio, kind_of(client)) for client, ratio, *_ in found]
    return Table("threads", f"{THREADS} threads", said, columns, rows, bars, "calls per second, requests = 1", left_out)


def _wanted(client: type[Client]) -> bool:
    return client.name not in LEFT_OUT


def _measured(setting: Setting, client: type[Client]) -> tuple[float, float, float, float]:
    """Calls against the reference, per second, CPU seconds per call, these against the reference."""
    seconds = SECONDS / 3 if setting.quick else SECONDS
    ratios, rates, cpus, cpu_ratios = [], [], [], []
    with Process() as ours, Process() as theirs:
        ours.tell("open", client=client.name, urls=[setting.server.url("ok")])
        theirs.tell("open", client="requests", urls=[setting.server.url("ok")])
        for process in (ours, theirs):
            process.tell("threads", threads=THREADS, seconds=seconds)
        for _ in range(3 if setting.quick else 4):
            one = ours.tell("threads", threads=THREADS, seconds=seconds)
            other = theirs.tell("threads", threads=THREADS, seconds=seconds)
            rates.append(one["calls"] / one["wall"])
            ratios.append(rates[-1] / (other["calls"] / other["wall"]))
            cpus.append(one["cpu"] / max(1, one["calls"]))
            cpu_ratios.append(cpus[-1] / (other["cpu"] / max(1, other["calls"])))
    return median(ratios), median(rates), median(cpus), median(cpu_ratios)
