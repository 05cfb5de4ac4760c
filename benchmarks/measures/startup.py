"""What a fresh program pays: the import, the first completion, and the memory after it."""

from __future__ import annotations

import subprocess
import sys
from statistics import median
from typing import TYPE_CHECKING

from benchmarks.pinning import CLIENT_CORE, pin
from benchmarks.processes import CHECKOUT, environment
from benchmarks.setting import kind_of, versions
from benchmarks.tables import Bar, Table, number

if TYPE_CHECKING:
    from benchmarks.client import Client
    from benchmarks.setting import Setting

IMPORT = "import time; t = time.process_time(); {}; print(time.process_time() - t, 0, 0)"
BARE = "import time; print(time.process_time(), 0, 0)"
MIB = 1024 * 1024
HEAVY = 1.0  # seconds until its first answer: fewer runs will do


class Sample:
    """Medians of a few runs: CPU of the import, CPU and wall of everything up to the first answer, resident bytes."""

    def __init__(self, imports: list[float], firsts: list[tuple[float, float, float]], bare: float) -> None:
        self.imported = median(imports)
        self.first = median(cpu for cpu, _, _ in firsts) - bare
        self.wall = median(wall for _, wall, _ in firsts)
        self.resident = median(resident for _, _, resident in firsts)


def startup(setting: Setting) -> Table:
    """Every client in fresh processes, runs alternating with the reference's."""
    rows, bars = [], []
    left_out = setting.missing(_wanted)
    found = []
    for client in setting.clients(_wanted):
        setting.say(f"first call: {client.name}")
        try:
            found.append((client, *_pair(setting, client)))
        except subprocess.SubprocessError as error:
            left_out.append((client.name, f"{type(error).__name__}"))
    for client, it, reference in sorted(found, key=lambda each: each[1].first / each[2].first):
        rows.append(
            [
                versions(client),
                f"`{client.importing}`" if client.importing else "–",
                number(it.imported * 1e3),
                number(it.imported / reference.imported),
                number(it.first * 1e3),
                number(it.first / reference.first),
                number(it.wall),
                number(it.resident / MIB),
                f"{(it.resident - reference.resident) / MIB:+.1f}",
            ]
        )
        bars.append(Bar(client.name, it.first / reference.first, kind_of(client)))
    columns = [
        "client", "import", "its CPU, ms", "requests = 1", "with the first completion, CPU, ms", "requests = 1",
        "wall, s", "resident, MiB", "beyond requests, MiB",
    ]  # fmt: skip
    said = (
        "Fresh processes with cached bytecode, medians of runs that alternate with the reference's. The import is the "
        "one statement that a program begins with; the first completion is everything from there to the first answer, "
        "beyond what the bare interpreter takes; resident memory is the whole process's, right after that answer."
    )
    return Table("startup", "Import, first completion, memory", said, columns, rows, bars,
                 "CPU up to the first answer, requests = 1", left_out)  # fmt: skip


def _wanted(client: type[Client]) -> bool:
    return bool(client.importing) and not client.name.startswith("requests again")


def _pair(setting: Setting, client: type[Client]) -> tuple[Sample, Sample]:
    from benchmarks.clients import ALL

    pair = (client, ALL["requests"])
    imports: dict[int, list[float]] = {0: [], 1: []}
    firsts: dict[int, list[tuple[float, float, float]]] = {0: [], 1: []}
    bares = []
    first = _first(client, setting)  # bytecode and the disk's cache are warm from here on
    heavy = first[1] > HEAVY
    for _ in range(2 if setting.quick or heavy else 7):
        bares.append(_run("-c", BARE)[0])
        for index, each in enumerate(pair):
            imports[index].append(_run("-c", IMPORT.format(each.importing))[0])
            firsts[index].append(_first(each, setting))
    bare = median(bares)
    return Sample(imports[0], firsts[0], bare), Sample(imports[1], firsts[1], bare)


def _first(client: type[Client], setting: Setting) -> tuple[float, float, float]:
    return _run("-m", "benchmarks.first_call", client.name, setting.server.url("ok"))


def _run(*arguments: str) -> tuple[float, float, float]:
    done = subprocess.run(
        [sys.executable, *arguments],
        cwd=CHECKOUT,
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        timeout=60,
        check=True,
        text=True,
        preexec_fn=lambda: pin(0, CLIENT_CORE),
    )
    cpu, wall, resident = map(float, done.stdout.split()[-3:])
    return cpu, wall, resident
