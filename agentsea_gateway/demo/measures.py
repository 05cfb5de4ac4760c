"""How large the demo is: what was asked for on the command line, and what follows from it."""

from __future__ import annotations

from attrs import frozen

USUAL_SECONDS = 6.0  # a show of this length has latencies that one can watch


@frozen
class Measures:
    """A show of at least `calls` calls from `threads` threads in about `seconds` seconds.

    `patience` is how many seconds it waits for the breaker to blow, and then for the dead one to be recovered, before
    it gives up.
    """

    calls: int
    threads: int
    seconds: float
    seed: int
    patience: float

    @property
    def interval(self) -> float:
        """Seconds from one call to the next, over all threads."""
        return self.seconds / self.calls

    @property
    def pace(self) -> float:
        """By how much latencies are shortened where the show is short."""
        return min(1.0, self.seconds / USUAL_SECONDS)

    @property
    def reset(self) -> float:
        """Seconds from blowing until the breaker lets a probe through."""
        return round(max(0.2, min(2.0, self.seconds / USUAL_SECONDS)), 1)
