"""The board: what happened so far. The gateway's listener and the asking threads write it, the screen reads it."""

from __future__ import annotations

import threading
import time
from collections import deque
from typing import TYPE_CHECKING, Any, Literal

from attrs import define, field, frozen

from agentsea_gateway.telemetry import AttemptStop, BreakerBlown, BreakerClosed, RouteStop

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from agentsea_gateway.route import Route
    from agentsea_gateway.telemetry import Event

SLOTS = 60  # into how many pieces a show is cut, to count who served when

Mood = Literal["plain", "bad", "good"]
Moment = Literal["died", "blown", "back", "closed"]


@frozen
class Sentence:
    """Something that was just said about what happens, and when (seconds from the beginning)."""

    at: float
    text: str
    mood: Mood = "plain"


@define
class Score:
    """One provider's part: calls it served, attempts that failed, and how many it served in each slot of time."""

    served: int = 0
    failed: int = 0
    slots: list[int] = field(factory=list)


@frozen
class Tally:
    """The whole board at one moment. `at` has the first time of each Moment that came about."""

    elapsed: float
    served: int
    streams: int
    failovers: int
    cut: int
    lost: tuple[str, ...]
    served_since_return: int
    scores: dict[str, Score]
    at: dict[Moment, float]
    example: Route | None

    @property
    def recovered(self) -> bool:
        """Whether the one that died has its breaker closed again, and has served since it came back."""
        return "closed" in self.at and self.served_since_return > 0


class Board:
    """A listener of the gateway that counts, and says in sentences what breakers do. Safe for all threads."""

    def __init__(self, names: Iterable[str], *, dying: str, seconds: float, reset: float) -> None:
        self._lock = threading.Lock()
        self._dying = dying
        self._slot = seconds / SLOTS
        self._reset = reset
        # All below is guarded by _lock.
        self._began = time.monotonic()
        self._scores = {name: Score() for name in names}
        self._at: dict[Moment, float] = {}
        self._said: deque[Sentence] = deque()
        self._served = self._streams = self._failovers = self._cut = self._since_return = 0
        self._lost: list[str] = []
        self._example: Route | None = None
        self._hear: dict[str, Callable[[Any], None]] = {
            RouteStop.name: self._route_locked,
            AttemptStop.name: self._attempt_locked,
            BreakerBlown.name: self._blown_locked,
            BreakerClosed.name: self._closed_locked,
        }

    def begin(self) -> None:
        """Time begins now."""
        with self._lock:
            self._began = time.monotonic()

    # -- what is told to it ------------------------------------------------------------------------------------------

    def __call__(self, event: Event) -> None:
        hear = self._hear.get(event.name)
        if hear is not None:
            with self._lock:
                hear(event)

    def say(self, text: str, mood: Mood = "plain", moment: Moment | None = None) -> None:
        """Put a sentence on the board; `moment` is what just came about."""
        with self._lock:
            self._say_locked(text, mood, moment)

    def served(self, *, streamed: bool) -> None:
        """A call got its answer."""
        with self._lock:
            self._served += 1
            self._streams += streamed

    def cut(self) -> None:
        """A stream broke after its first content."""
        with self._lock:
            self._cut += 1

    def lost(self, why: str) -> None:
        """A call got no answer."""
        with self._lock:
            self._lost.append(why)

    # -- what it tells -----------------------------------------------------------------------------------------------

    def take_said(self) -> list[Sentence]:
        """The sentences since the last time."""
        with self._lock:
            said = [*self._said]
            self._said.clear()
        return said

    def has_come(self, moment: Moment) -> bool:
        """Whether this has happened."""
        with self._lock:
            return moment in self._at

    def tally(self) -> Tally:
        """Everything, at this moment."""
        with self._lock:
            return Tally(
                elapsed=self._elapsed(),
                served=self._served,
                streams=self._streams,
                failovers=self._failovers,
                cut=self._cut,
                lost=tuple(self._lost),
                served_since_return=self._since_return,
                scores={name: Score(it.served, it.failed, [*it.slots]) for name, it in self._scores.items()},
                at={**self._at},
                example=self._example,
            )

    # -- under the lock ----------------------------------------------------------------------------------------------

    def _elapsed(self) -> float:
        return time.monotonic() - self._began

    def _say_locked(self, text: str, mood: Mood, moment: Moment | None = None) -> None:
        now = self._elapsed()
        if moment is not None:
            self._at.setdefault(moment, now)
        self._said.append(Sentence(now, text, mood))

    def _route_locked(self, event: RouteStop) -> None:
        if event.outcome != "ok" or event.provider is None:
            return
        score = self._scores[event.provider]
        score.served += 1
        slot = int(self._elapsed() / self._slot)
        score.slots += [0] * (slot + 1 - len(score.slots))
        score.slots[slot] += 1
        if event.provider == self._dying and "back" in self._at:
            self._since_return += 1
        if event.attempts > 1:
            self._failovers += 1
            # The first ones were cut off with their connections; the later ones met the closed port, which says more.
            if self._example is None or "blown" not in self._at:
                self._example = event.route

    def _attempt_locked(self, event: AttemptStop) -> None:
        if event.attempt.error is not None:
            self._scores[event.attempt.candidate].failed += 1

    def _blown_locked(self, event: BreakerBlown) -> None:
        name = event.candidate
        again = name == self._dying and "blown" in self._at
        if again:
            self._say_locked(f"One call probed {name!r}: still dead. Out for another {self._reset:g} s.", "bad")
            return
        failed = self._scores[name].failed
        text = f"Breaker of {name!r} blew after {failed} failed attempts: out for {self._reset:g} s."
        self._say_locked(text, "bad", "blown" if name == self._dying else None)

    def _closed_locked(self, event: BreakerClosed) -> None:
        name = event.candidate
        text = f"A probe was served: breaker of {name!r} closed, it serves again."
        self._say_locked(text, "good", "closed" if name == self._dying else None)
