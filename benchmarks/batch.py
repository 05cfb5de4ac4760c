"""A long batch against the server on loopback: `python -m benchmarks.batch [--rows 100000] [--journal]`.

Tells its pace, how far ahead of the results the rows were read, and what came to resident memory after the first tenth.
Ends with an error where memory grew by more than 8 MiB, or rows were read further ahead than the window.
"""

from __future__ import annotations

import argparse
import gc
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING

from agentsea_gateway import Candidate, Gateway
from agentsea_gateway.batch.start import AHEAD
from agentsea_gateway.providers import OpenAI
from benchmarks.answers import KEY, MODEL
from benchmarks.loopback import Loopback
from benchmarks.memory import resident, trim

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

GROWTH = 8 * 1024 * 1024


class Rows:
    """A generator of rows that knows how many were read."""

    def __init__(self, count: int) -> None:
        self.count = count
        self.read = 0

    def __iter__(self) -> Iterator[int]:
        for number in range(self.count):
            self.read += 1
            yield number


def held() -> int:
    """Resident bytes that the program holds."""
    gc.collect()
    trim()
    return resident()


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one batch and tell of it."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.batch")
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--threads", type=int, default=32)
    parser.add_argument("--journal", action="store_true")
    asked = parser.parse_args(arguments)
    ahead = early = most = 0
    with Loopback() as server, tempfile.TemporaryDirectory() as folder:
        candidate = Candidate("it", OpenAI(api_key=KEY, base_url=server.url("ok")), MODEL)
        rows, began = Rows(asked.rows), time.perf_counter()
        journal = Path(folder) / "run.sqlite" if asked.journal else None
        with Gateway([candidate]) as gateway:
            for result in gateway.map(rows, "Row {}", threads=asked.threads, journal=journal):
                assert result.error is None, result.error
                ahead = max(ahead, rows.read - result.index)
                if result.index % (asked.rows // 20) == 0:
                    most = max(most, threading.active_count())
                    early = held() if result.index <= asked.rows // 10 else early
            took, late = time.perf_counter() - began, held()
    print(
        f"{asked.rows:,} rows in {took:.1f} s, {asked.rows / took:,.0f} a second; read at most {ahead} rows ahead; "
        f"{most} threads; resident memory {early / 2**20:.1f} MiB after a tenth, {late / 2**20:.1f} MiB at the end"
    )
    return int(late - early > GROWTH or ahead > asked.threads * AHEAD)


if __name__ == "__main__":
    sys.exit(main())
