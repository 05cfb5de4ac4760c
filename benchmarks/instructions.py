"""What a call costs without a clock: instructions, counted by valgrind's cachegrind where that is installed.

    python -m benchmarks.instructions

Two runs of so many and so many more calls; the difference is what the calls between them took, without the start. The
same on every machine of one kind but for a few per cent (hash seeds are fixed, addresses are not).
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys

from benchmarks.client import PROMPT
from benchmarks.clients import ALL
from benchmarks.loopback import Loopback
from benchmarks.processes import CHECKOUT, environment
from benchmarks.shares import KINDS, Share
from benchmarks.tables import grid, number

# How many calls the two runs of a way have: the difference must dwarf what one start differs from another.
RUNS = {"share": (500, 8500), "ask": (200, 2200), "read": (10, 110)}
COUNTED = re.compile(r"I\s+refs:\s+([\d,]+)")
WAYS = {"a call without HTTP": "share", "a completion": "ask", "a stream of 500 events": "read"}


def instructions(way: str, url: str) -> float:
    """Instructions of one call (or stream)."""
    few, many = RUNS[way]
    return (_counted(way, many, url) - _counted(way, few, url)) / (many - few)


def _counted(way: str, count: int, url: str) -> int:
    done = subprocess.run(
        [
            *("valgrind", "--tool=cachegrind", "--cache-sim=no", "--cachegrind-out-file=/dev/null"),
            *(sys.executable, "-m", "benchmarks.instructions", way, str(count), url),
        ],
        cwd=CHECKOUT,
        env=environment(),
        stderr=subprocess.PIPE,
        timeout=300,
        check=True,
        text=True,
    )
    found = COUNTED.search(done.stderr)
    if found is None:
        raise RuntimeError("valgrind told no number of instructions")
    return int(found[1].replace(",", ""))


def run(way: str, count: int, url: str) -> None:
    """The calls that are counted."""
    client = Share(KINDS[0], 2, "Failover") if way == "share" else ALL["agentsea_gateway"]()
    client.load()
    client.open([url])
    for _ in range(count):
        if way == "read":
            for _ in client.stream(PROMPT):
                pass
        else:
            client.ask(PROMPT)


def main(arguments: list[str]) -> int:
    """Without arguments: count and print."""
    if arguments:
        run(arguments[0], int(arguments[1]), arguments[2])
        return 0
    if shutil.which("valgrind") is None:
        print("valgrind is not installed")
        return 2
    with Loopback() as server:
        rows = [[label, number(instructions(way, server.url()) / 1000)] for label, way in WAYS.items()]
    print(grid(["", "instructions, thousands"], rows))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
