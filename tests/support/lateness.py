"""How late this machine itself is: what a test of deadlines grants beyond its own margin.

A thread sleeps five milliseconds at a time and adds up by how much it was woken too late. On a quiet machine that is
next to nothing, and a bound of 0.1 s is one; where others take the processors away, the bound moves by what they took.
"""

from __future__ import annotations

import threading
import time
from functools import total_ordering
from typing import Any

STEP = 0.005  # seconds of one sleep
USUAL = 0.001  # seconds too late that mean nothing


class Sentinel:
    """The thread that watches, from `start` to `stop`."""

    def __init__(self) -> None:
        self.late = 0.0  # seconds, since `start`
        self._stopped = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        self.late = 0.0
        self._stopped.clear()
        self._thread = threading.Thread(target=self._watch, name="lateness", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        self._stopped.set()
        if self._thread is not None:
            self._thread.join(5)

    def _watch(self) -> None:
        before = time.monotonic()
        while not self._stopped.wait(STEP):
            now = time.monotonic()
            over = now - before - STEP
            if over > USUAL:
                self.late += over
            before = now


SENTINEL = Sentinel()


@total_ordering
class Margin:
    """So many seconds, and those by which this machine was late since the test began. To be added, or compared with."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds

    def __float__(self) -> float:
        return self._seconds + SENTINEL.late

    def __add__(self, other: float) -> float:
        return float(self) + other

    __radd__ = __add__

    def __lt__(self, other: Any) -> bool:
        return float(self) < other

    def __eq__(self, other: object) -> bool:
        return float(self) == other

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"{self._seconds} s + {SENTINEL.late:.3f} s late"
