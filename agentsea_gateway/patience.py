"""Patience: how long an attempt may run while another candidate waits behind it, and who is to blame when time is cut.

A pure rule, found by simulation (R is what remains of the call, L a candidate's latency EMA; unknown terms drop out):
a stalled first candidate must not eat the call's whole time, a slow one must not be cut for being slow, and a caller
with little time must blame nobody.
"""

from __future__ import annotations

FAIR = 0.25  # seconds below which nobody is blamed for not having answered
RESERVE = 0.1  # part of R that is always left to the next candidate, however fast it usually is


def share(remaining: float, own: float | None, following: float | None) -> float:
    """Seconds an attempt may take while another candidate is ready: max(R/2, min(2 L(own), 3/4 R), R - 2 L(next)).

    `own` and `following` are latencies in seconds, None where unknown. At least a tenth of R is left to the next.
    """
    best = remaining / 2
    if own is not None:
        best = max(best, min(2 * own, 0.75 * remaining))
    if following is not None:
        best = max(best, remaining - max(2 * following, RESERVE * remaining))
    return best


def had_fair_chance(ran: float, own: float | None, *, first: bool, another_ready: bool) -> bool:
    """Whether an attempt that was cut short by its share or by the call's deadline counts as a failure.

    `ran` and `own` (its latency) are seconds; `first` tells whether it was the route's first attempt.
    """
    if own is None:
        return ran >= FAIR and first and another_ready
    return ran >= max(FAIR, 0.75 * own if another_ready else 2 * own)
