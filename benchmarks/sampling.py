"""A sampling profile of one client's calls: run as a child, it counts where the CPU was at every tick of the timer.

    python -m benchmarks.sampling ask|read URL SECONDS     -> one JSON line

The timer is the kernel's for CPU time, so that waiting is not counted; Python looks at it between two steps of its
interpreter, so a C function's time is its caller's line.
"""

from __future__ import annotations

import json
import linecache
import os
import signal
import sys
import time
from collections import Counter
from typing import TYPE_CHECKING

from benchmarks.client import PROMPT
from benchmarks.clients import ALL
from benchmarks.pinning import CLIENT_CORE, pin

if TYPE_CHECKING:
    from types import FrameType

TICK = 0.002


def main(what: str, url: str, seconds: float) -> None:
    """Sample, and print counts by file, function and text of the line that ran."""
    pin(0, CLIENT_CORE)
    client = ALL["agentsea_gateway"]()
    client.load()
    client.open([url])
    seen: Counter[tuple[str, str, int | None]] = Counter()

    def tick(_: int, frame: FrameType | None) -> None:
        if frame is not None:
            seen[frame.f_code.co_filename, frame.f_code.co_qualname, frame.f_lineno] += 1

    def run() -> None:
        if what == "ask":
            client.ask(PROMPT)
        else:
            for _ in client.stream(PROMPT):
                pass

    for _ in range(200 if what == "ask" else 20):
        run()
    signal.signal(signal.SIGPROF, tick)
    signal.setitimer(signal.ITIMER_PROF, TICK, TICK)
    used, count = time.process_time(), 0
    while time.process_time() - used < seconds:
        for _ in range(20):
            run()
        count += 20
    signal.setitimer(signal.ITIMER_PROF, 0, 0)
    used = time.process_time() - used
    lines = [
        [path, function, linecache.getline(path, line).strip() if line else "", ticks]
        for (path, function, line), ticks in seen.most_common()
    ]
    print(json.dumps({"cpu": used / count, "calls": count, "lines": lines}), flush=True)
    os._exit(0)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], float(sys.argv[3]))
