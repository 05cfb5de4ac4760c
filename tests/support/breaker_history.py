"""A breaker as its users were promised it: a plain list of all that happened, and questions asked of the whole list.

Written from the promise and not from the code, so it is slow and says all of it at length. Times are whole ms.
"""

from __future__ import annotations

from typing import NamedTuple

WINDOW, RESET, RING, MELTS = 10_000, 30_000, 20, 2
COMPLETED = frozenset(("success", "failure", "throttled", "benched", "own_fault"))  # neutral says nothing
TURNS = frozenset(("blew", "closed", "reset"))  # each begins a generation


class Event(NamedTuple):
    """`who` is an attempt's number; `outcome` stands on "ended", `lease` on "admitted"."""

    kind: str
    at: int
    who: int = -1
    outcome: str = ""
    lease: int = 0


class BreakerHistory:
    """Everything that happened at one candidate, in order."""

    def __init__(self) -> None:
        self.events: list[Event] = []

    # -- what may happen now -----------------------------------------------------------------------------------------

    def blew_at(self) -> int | None:
        """When it blew, if nothing closed it since."""
        last = next((event for event in reversed(self.events) if event.kind in TURNS), None)
        return last.at if last is not None and last.kind == "blew" else None

    def is_open(self, now: int) -> bool:
        """30 s after it blew, exactly, it is usable."""
        blew = self.blew_at()
        return blew is not None and now < blew + RESET

    def live_probe(self, now: int) -> Event | None:
        """One live probe means one unexpired lease."""
        probe = self._latest_probe()
        return probe if probe is not None and not self._is_over(probe.who) and now < probe.lease else None

    def is_usable(self, now: int) -> bool:
        """Not while its reset time runs, and not while its one probe is out."""
        return not self.is_open(now) and (self.blew_at() is None or self.live_probe(now) is None)

    def state(self, now: int) -> str:
        if self.blew_at() is None:
            return "closed"
        return "open" if self.is_open(now) else "half_open"

    def in_flight(self) -> int:
        return sum(event.kind == "admitted" and not self._is_over(event.who) for event in self.events)

    def calls(self) -> int:
        """Every attempt that ended, however."""
        return sum(event.kind in ("ended", "dropped") for event in self.events)

    def errors(self) -> int:
        bad = COMPLETED - {"success"}
        return sum(event.kind == "ended" and event.outcome in bad for event in self.events)

    # -- what happens ------------------------------------------------------------------------------------------------

    def admitted(self, who: int, now: int, lease: int) -> bool:
        """True where it is the probe."""
        self.events.append(Event("admitted", now, who, lease=lease))
        return self.blew_at() is not None

    def content(self, who: int, now: int) -> str | None:
        """A stream's first content: a probe has served with it."""
        if self._is_probing(who, now):
            return self._turn("closed", now, who)
        return None

    def ended(self, who: int, now: int, outcome: str, started: int) -> str | None:
        """What the end of an attempt changes: "blew", "closed" or nothing."""
        probing, counts = self._is_probing(who, now), self._generation_of(who) == self._generation()
        self.events.append(Event("ended", now, who, outcome))
        if self.blew_at() is not None:
            if probing and outcome == "success":
                return self._turn("closed", now, who)
            return self._turn("blew", now) if probing and outcome == "failure" else None
        if counts and outcome == "failure" and self._trips(started, now):
            return self._turn("blew", now)
        return None

    def dropped(self, who: int, now: int) -> None:
        self.events.append(Event("dropped", now, who))

    def operator(self, now: int) -> str | None:
        """Two in the window, and nobody asks how many attempts went well."""
        if self.is_open(now):
            return None
        self.events.append(Event("operator", now))
        recent = [event for event in self._completed() if event.at >= now - WINDOW]
        by_operator = [event for event in self._since_turn() if event.kind == "operator" and event.at >= now - WINDOW]
        if max(sum(map(_melted, recent)), len(by_operator)) >= MELTS:
            return self._turn("blew", now)
        return None

    def reset(self, now: int) -> None:
        self._turn("reset", now)

    # -- questions to the list ---------------------------------------------------------------------------------------

    def _turn(self, kind: str, now: int, who: int = -1) -> str:
        self.events.append(Event(kind, now, who))
        return kind

    def _is_over(self, who: int) -> bool:
        return any(event.who == who and event.kind in ("ended", "dropped") for event in self.events)

    def _generation(self) -> int:
        return sum(event.kind in TURNS for event in self.events)

    def _generation_of(self, who: int) -> int:
        """How many turns there were when it was admitted, or when its first content closed the breaker."""
        turns = born = 0
        for event in self.events:
            turns += event.kind in TURNS
            if event.who == who and event.kind in ("admitted", "closed"):
                born = turns
        return born

    def _since_turn(self) -> list[Event]:
        start = max((index for index, event in enumerate(self.events) if event.kind in TURNS), default=-1)
        return self.events[start + 1 :]

    def _latest_probe(self) -> Event | None:
        if self.blew_at() is None:
            return None
        return next((event for event in reversed(self._since_turn()) if event.kind == "admitted"), None)

    def _is_probing(self, who: int, now: int) -> bool:
        """Its result tells: it is the latest probe, still under way, and its lease has not run out."""
        probe = self._latest_probe()
        return probe is not None and probe.who == who and not self._is_over(who) and now <= probe.lease

    def _completed(self) -> list[Event]:
        """The latest 20 that completed in this generation; while blown only an operator's melts count."""
        generation, blown = self._generation(), self.blew_at() is not None
        found = [
            event
            for event in self._since_turn()
            if event.kind == "operator"
            or (
                not blown
                and event.kind == "ended"
                and event.outcome in COMPLETED
                and self._generation_of(event.who) == generation
            )
        ]
        return found[-RING:]

    def _trips(self, started: int, ended: int) -> bool:
        since = started - max(WINDOW, ended - started)
        seen = [event for event in self._completed() if event.at >= since]
        melts = sum(map(_melted, seen))
        return melts >= MELTS and 2 * melts >= min(RING, len(seen) + self.in_flight())


def _melted(event: Event) -> bool:
    return event.kind == "operator" or event.outcome == "failure"
