"""The breaker: when a candidate is left out, and how it comes back (G08). A pure rule: `now` is passed in.

Source of the original rule: Erlang's fuse (ask, melt, reset; intensity and period). The guards (lookback from the
start of an attempt, share of the recent attempts, one probe, generations, leases) are divergences, each switchable off.
"""

from __future__ import annotations

from collections import deque
from math import inf
from typing import Any

from attrs import field, frozen

from agentsea_gateway.errors import ConfigurationError

LONGEST = 1e9  # seconds; what a datetime can still add up
TICK = 1e-6  # seconds; a sum of floats must not decide whether "exactly 10 s" is inside


def _positive(_policy: Any, attribute: Any, value: Any) -> None:
    if type(value) not in (int, float) or not 0 < value <= LONGEST:
        raise ConfigurationError(f"BreakerPolicy.{attribute.name} is {value!r}; give a number above 0 (at most 1e9)")


def _count(policy: Any, attribute: Any, value: Any) -> None:
    _positive(policy, attribute, value)
    if type(value) is not int:
        raise ConfigurationError(f"BreakerPolicy.{attribute.name} is {value!r}; give a whole number")


def _at_least_melts(policy: Any, attribute: Any, value: Any) -> None:
    _count(policy, attribute, value)
    if value < policy.melts:
        raise ConfigurationError(f"BreakerPolicy.ring is {value!r}, but melts is {policy.melts}; it could never blow")


def _fraction(_policy: Any, attribute: Any, value: Any) -> None:
    if type(value) not in (int, float) or not 0 <= value <= 1:
        raise ConfigurationError(f"BreakerPolicy.{attribute.name} is {value!r}; give a number from 0 to 1")


@frozen(kw_only=True)
class BreakerPolicy:
    """When a breaker blows and how long it stays so.

    melts     melts inside the window that blow it (2: one is tolerated)
    window    seconds an attempt looks back; from its start, unless `lookback` is off: then from its end
    reset     seconds from blowing until it is usable again
    share     the melts must also be at least this share of the recent attempts (0.0: off, and only melts are recent)
    ring      how many of the latest completed attempts count as recent
    lookback  also look back over the attempt's own length, from its start
    probe     let one attempt through after `reset` (off: everybody)
    """

    melts: int = field(default=2, validator=_count)
    window: float = field(default=10.0, validator=_positive)
    reset: float = field(default=30.0, validator=_positive)
    share: float = field(default=0.5, validator=_fraction)
    ring: int = field(default=20, validator=_at_least_melts)
    lookback: bool = True
    probe: bool = True

    @classmethod
    def original(cls) -> BreakerPolicy:
        """G08 as it was: two melts in 10 s, from end to end, everybody back after 30 s."""
        return cls(share=0.0, lookback=False, probe=False)


class Breaker:
    """One candidate's breaker. Guarded by the lock of whoever owns it.

    phase   (generation, blown until or None), replaced as a whole so that an interrupt cannot split it
    probe   (token, lease's end) of the one attempt that is let through after the reset time
    recent  (ended, melted) of the latest completed attempts of this generation
    asked   moments of the latest melts that an operator asked for; under load `recent` soon forgets them
    """

    __slots__ = ("asked", "phase", "policy", "probe", "recent")

    def __init__(self, policy: BreakerPolicy) -> None:
        self.policy = policy
        self.phase: tuple[int, float | None] = (0, None)
        self.probe: tuple[Any, float] | None = None
        self.recent: deque[tuple[float, bool]] = deque(maxlen=policy.ring)
        self.asked: deque[float] = deque(maxlen=policy.melts)

    def usable_at(self, now: float) -> float:
        """When an attempt may be admitted: -inf where it is usable at `now`."""
        until = self.phase[1]
        if until is None:
            return -inf
        if now < until - TICK:
            return until
        probe = self.probe
        return probe[1] if probe is not None and now < probe[1] - TICK else -inf

    def is_open(self, now: float) -> bool:
        """Whether its reset time still runs."""
        until = self.phase[1]
        return until is not None and now < until - TICK

    def admit(self, now: float, token: Any, lease_until: float) -> bool:
        """Let an attempt through; True where it is the probe. Ask `usable_at` first."""
        generation, until = self.phase
        if until is None:
            return False
        if not self.policy.probe:
            self.phase = (generation + 1, None)
            return False
        self.probe = (token, lease_until)
        return True

    def succeed(self, ended: float, generation: int, token: Any) -> bool:
        """Count a success; True where it was the live probe and so closed the breaker."""
        current, until = self.phase
        if generation != current:
            return False
        if until is None:
            if self.policy.share:
                self.recent.append((ended, False))
            return False
        return self._is_probe(token, ended) and self._turn(None)

    def melt(self, started: float, ended: float, generation: int, token: Any, *, in_flight: int) -> bool:
        """Count a failure from `started` to `ended` beside `in_flight` others; True where it blew the breaker."""
        current, until = self.phase
        if generation != current:
            return False
        if until is not None:
            return self._is_probe(token, ended) and self._blow(ended)
        self.recent.append((ended, True))
        return self._trips(started, ended, in_flight) and self._blow(ended)

    def melt_by_operator(self, now: float) -> bool:
        """Count a melt that an operator asked for: the share does not protect from it."""
        if self.is_open(now):
            return False
        self.recent.append((now, True))
        self.asked.append(now)
        since = now - self.policy.window - TICK
        melts = sum(melted for ended, melted in self.recent if ended >= since)
        asked = sum(moment >= since for moment in self.asked)
        return max(melts, asked) >= self.policy.melts and self._blow(now)

    def note(self, ended: float, generation: int) -> None:
        """Count a completed attempt that says nothing about the candidate's health (throttled, benched, own fault)."""
        if generation == self.phase[0] and self.phase[1] is None and self.policy.share:
            self.recent.append((ended, False))

    def release(self, token: Any) -> None:
        """The probe was given up: the next attempt may probe."""
        if self.probe is not None and self.probe[0] is token:
            self.probe = None

    def reset(self) -> None:
        """Close it whatever it was; results of attempts under way no longer count."""
        self._turn(None)

    def _is_probe(self, token: Any, now: float) -> bool:
        """Whether this result tells: once the lease has run out, somebody else may be probing."""
        return self.probe is not None and self.probe[0] is token and now <= self.probe[1] + TICK

    def _trips(self, started: float, ended: float, in_flight: int) -> bool:
        policy = self.policy
        since = started - max(policy.window, ended - started) if policy.lookback else ended - policy.window
        seen = [melted for end, melted in self.recent if end >= since - TICK]
        melts = sum(seen)
        return melts >= policy.melts and melts >= policy.share * min(policy.ring, len(seen) + in_flight)

    def _blow(self, now: float) -> bool:
        return self._turn(now + self.policy.reset)

    def _turn(self, until: float | None) -> bool:
        """Begin the next generation. True, for callers that tell whether they did."""
        self.recent.clear()
        self.asked.clear()
        self.phase = (self.phase[0] + 1, until)
        self.probe = None
        return True
