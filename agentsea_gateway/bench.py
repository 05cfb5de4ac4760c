"""The bench: keep a candidate out until a moment, apart from its breaker. A pure rule: `now` is passed in."""

from __future__ import annotations

from math import inf

from agentsea_gateway.breaker import TICK

RETRY_AFTER_CAP = 600.0  # seconds that a Retry-After may ask for
PUSHBACK_FIRST, PUSHBACK_CAP = 2.0, 60.0  # seconds, where no Retry-After was given
REFUSED = 300.0  # seconds for a bad key, a missing model, exhausted credit


class Bench:
    """Until when one candidate is out and why. Guarded by the lock of whoever owns it.

    until    monotonic; -inf where it is not benched
    streak   throttles in a row without a success, each begun after the bench before it
    """

    __slots__ = ("reason", "set_at", "streak", "until")

    def __init__(self) -> None:
        self.until = -inf
        self.set_at = -inf
        self.streak = 0
        self.reason: str | None = None

    def usable_at(self, now: float) -> float:
        """When it leaves the bench: -inf where it does not sit there at `now`."""
        return self.until if now < self.until - TICK else -inf

    def throttle(self, started: float, now: float, retry_after: float | None, reason: str) -> bool:
        """Pushback: out for `retry_after`, else 2 s, doubling to 60 s while it goes on."""
        if started > self.set_at:  # else one burst of 64 threads would double it 64 times
            self.streak += 1
        asked = _asked_for(retry_after)
        backoff = min(PUSHBACK_CAP, PUSHBACK_FIRST * 2 ** min(max(self.streak - 1, 0), 10))
        return self._sit(now, backoff if asked is None else asked, reason)

    def refuse(self, now: float, reason: str) -> bool:
        """A refusal that time alone does not heal: out for 300 s."""
        return self._sit(now, REFUSED, reason)

    def rest(self, now: float, retry_after: float | None, reason: str) -> bool:
        """A failure: out for `retry_after`, if it named one."""
        asked = _asked_for(retry_after)
        return asked is not None and self._sit(now, asked, reason)

    def _sit(self, now: float, seconds: float, reason: str) -> bool:
        """True where this put it on the bench, False where it sat there already."""
        fresh = self.until <= now
        if now + seconds > self.until:
            self.until, self.reason = now + seconds, reason
        self.set_at = now
        return fresh and seconds > 0

    def reset(self) -> None:
        """Off the bench, whatever put it there."""
        self.until, self.reason, self.streak = -inf, None, 0


def _asked_for(retry_after: float | None) -> float | None:
    """Seconds of a Retry-After, capped; None where there was none, or it makes no sense (plain providers write it)."""
    if not isinstance(retry_after, (int, float)) or not 0 <= retry_after < inf:
        return None
    return min(retry_after, RETRY_AFTER_CAP)
