"""Time as the gateway sees it: one clock that tests can replace, and the deadline that carries it."""

from __future__ import annotations

import time as _time
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    import threading


class Clock(Protocol):
    """What the gateway asks of time. Seconds as floats; `monotonic` never goes back, `time` is Unix time."""

    def monotonic(self) -> float: ...

    def time(self) -> float: ...

    def sleep(self, seconds: float) -> None: ...

    def wait(self, event: threading.Event, timeout: float) -> bool:
        """Wait until `event` is set or `timeout` seconds are over; True when it was set."""
        ...


class SystemClock:
    """The real clock."""

    monotonic = staticmethod(_time.monotonic)
    time = staticmethod(_time.time)
    sleep = staticmethod(_time.sleep)

    @staticmethod
    def wait(event: threading.Event, timeout: float) -> bool:
        return event.wait(timeout)

    def __repr__(self) -> str:
        return "SystemClock()"


SYSTEM = SystemClock()


class Deadline:
    """A moment on a clock after which nothing of a call may go on."""

    __slots__ = ("at", "clock")

    def __init__(self, clock: Clock, at: float) -> None:
        self.clock = clock
        self.at = at

    @classmethod
    def after(cls, seconds: float, clock: Clock = SYSTEM) -> Deadline:
        """The deadline `seconds` from now."""
        return cls(clock, clock.monotonic() + seconds)

    def remaining(self) -> float:
        """Seconds left; zero or less once it has passed."""
        return self.at - self.clock.monotonic()

    def __repr__(self) -> str:
        return f"Deadline({self.remaining():.3f} s left)"
