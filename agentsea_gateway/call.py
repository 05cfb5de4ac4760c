"""What one attempt may use of time, and how somebody else stops it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, Protocol

if TYPE_CHECKING:
    from agentsea_gateway.clock import Clock, Deadline

Patience = Literal["deadline", "share", "attempt", "connect", "first_token", "idle", "total"]


class Closeable(Protocol):
    """Something blocking that another thread can stop by closing it."""

    def close(self) -> object: ...


class Call:
    """One attempt's time and its stop button.

    deadline          the whole call's end, whoever is tried
    limit, patience   the end of what is under way now, on the clock's monotonic scale, and what set it; a stream
                      moves them on at every content event
    connect_timeout   seconds for a connection over all resolved addresses together
    first_token_timeout, idle_timeout
                      seconds for a stream's first content and between two of them; informative for plain providers

    A provider that names a parameter `call` receives it. Blocking code asks `remaining()` before each wait and
    registers what it blocks on with `attach`, so that `cancel()` from any thread ends the wait.
    """

    __slots__ = (
        "_attached",
        "cancelled",
        "clock",
        "connect_timeout",
        "deadline",
        "first_token_timeout",
        "idle_timeout",
        "limit",
        "patience",
    )

    def __init__(
        self,
        deadline: Deadline,
        *,
        limit: float | None = None,
        patience: Patience = "deadline",
        connect_timeout: float | None = None,
        first_token_timeout: float | None = None,
        idle_timeout: float | None = None,
    ) -> None:
        self.deadline = deadline
        self.clock: Clock = deadline.clock
        self.limit = deadline.at if limit is None else limit
        self.patience: Patience = patience
        self.connect_timeout = connect_timeout
        self.first_token_timeout = first_token_timeout
        self.idle_timeout = idle_timeout
        self.cancelled = False
        self._attached: Closeable | None = None

    def remaining(self) -> float:
        """Seconds left for what is under way now; zero or less when it must stop."""
        return self.limit - self.clock.monotonic()

    def bound(self, end: tuple[float, Patience], seconds: float, patience: Patience) -> None:
        """What is under way now may take `seconds`, by `patience`, but not outlive `end` (a limit and its patience)."""
        limit = self.clock.monotonic() + seconds
        self.limit, self.patience = (limit, patience) if limit < end[0] else end

    def attach(self, closeable: Closeable | None) -> None:
        """Name what this attempt blocks on (None: nothing any more). Its `close()` must be safe from any thread."""
        self._attached = closeable
        # cancel() stores its flag before it reads _attached and we store before we read the flag, so whichever
        # comes second closes: no lock is needed, and closing twice is harmless.
        if self.cancelled and closeable is not None:
            closeable.close()

    def cancel(self) -> None:
        """Stop the attempt from any thread: what is attached is closed, now or as soon as it is attached."""
        self.cancelled = True
        attached = self._attached
        if attached is not None:
            attached.close()

    def __repr__(self) -> str:
        state = "cancelled" if self.cancelled else f"{self.remaining():.3f} s left by {self.patience}"
        return f"Call({state})"
