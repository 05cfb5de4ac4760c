"""A clock that stands still until somebody moves it."""

from __future__ import annotations

import threading

_NANO = 1_000_000_000
_POLL = 0.001  # real seconds between two looks at an event that cannot notify us


class FakeClock:
    """Time for tests: `sleep` and `wait` move it on instead of waiting, `advance` moves it by hand. Thread-safe.

    start   what `monotonic()` says first, in seconds
    unix    what `time()` says first, in Unix seconds
    auto    True: a sleeper moves the clock itself (the right thing for a single thread). False: sleepers block until
            another thread calls `advance` far enough, and a `wait` also ends when its event is set

    It counts in whole nanoseconds, so a thousand steps of 0.001 s are exactly one second.

    >>> clock = FakeClock()
    >>> clock.sleep(30)
    >>> clock.monotonic() - 1000.0
    30.0
    """

    def __init__(self, start: float = 1000.0, *, unix: float = 1_750_000_000.0, auto: bool = True) -> None:
        self.auto = auto
        self._start = round(start * _NANO)
        self._unix = round(unix * _NANO)
        self._moved = threading.Condition()
        self._now = self._start  # guarded by _moved
        self._sleepers = 0  # guarded by _moved
        self._slept: list[float] = []  # guarded by _moved

    def monotonic(self) -> float:
        """Seconds since no particular moment."""
        return self._now / _NANO

    def time(self) -> float:
        """Unix time, in seconds."""
        return (self._unix + self._now - self._start) / _NANO

    def advance(self, seconds: float) -> None:
        """Move the clock on and wake whoever slept until then. Raises ValueError for a negative number."""
        if seconds < 0:
            raise ValueError(f"a monotonic clock cannot go back by {seconds!r} s")
        with self._moved:
            self._now += round(seconds * _NANO)
            self._moved.notify_all()

    def sleep(self, seconds: float) -> None:
        """Let `seconds` pass (see `auto`)."""
        with self._moved:
            self._slept.append(seconds)
        if self.auto:
            self.advance(max(0.0, seconds))
        else:
            self._sleep_until_moved(seconds)

    def wait(self, event: threading.Event, timeout: float) -> bool:
        """True when `event` is set, at once if it already is; False after `timeout` seconds of this clock."""
        if event.is_set():
            return True
        if self.auto:
            self.advance(max(0.0, timeout))
            return event.is_set()
        return self._wait_until_moved(event, timeout)

    @property
    def slept(self) -> list[float]:
        """The seconds of every `sleep` so far, in order."""
        with self._moved:
            return [*self._slept]

    @property
    def sleepers(self) -> int:
        """How many threads are blocked in `sleep` or `wait` now (0 with `auto`)."""
        return self._sleepers

    def _sleep_until_moved(self, seconds: float) -> None:
        with self._moved:
            until = self._now + round(seconds * _NANO)
            self._sleepers += 1
            try:
                self._moved.wait_for(lambda: self._now >= until)
            finally:
                self._sleepers -= 1

    def _wait_until_moved(self, event: threading.Event, timeout: float) -> bool:
        with self._moved:
            until = self._now + round(timeout * _NANO)
            self._sleepers += 1
        try:
            # A threading.Event cannot notify our condition: it is looked at every real millisecond.
            while not event.wait(_POLL):
                if self._now >= until:
                    return event.is_set()
            return True
        finally:
            with self._moved:
                self._sleepers -= 1

    def __repr__(self) -> str:
        return f"FakeClock({self.monotonic():g} s)"
