"""One fault as a row of a table, and the whole check of a row: who serves, who is asked, how long, what is learned."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from attrs import frozen

from agentsea_gateway import errors
from agentsea_gateway.testing import FakeClock
from raw_server import REQUEST, Repeat
from support.scene import LATE, MODES, scene
from support.spoken import SPOKEN, TEXT

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from agentsea_gateway.errors import Outcome, ProviderError
    from raw_server import Step
    from support.scene import Scene, Told
    from support.spoken import Spoken

CONNECT, ANSWER, IDLE = 0.2, 0.2, 0.2  # seconds of patience where a test waits for its end


@frozen
class Fault:
    """What a peer does, and what must come of it.

    id        as in the catalogue, with a few words
    script    what each connection to the first candidate plays, by dialect and mode
    error     class of the first attempt's error;  status: its status code, or several that may be
    outcome   what the attempt counts as
    benched   seconds that the first candidate is benched for, where it is
    patience  which patience ends the attempt: "connect", or "answer" (attempt or first token, as the mode has it)
    hits      requests that the first candidate reads
    kept      the connection may be used again, nothing was wrong with it: it plays the script again and again
    modes     those in which it makes sense
    """

    id: str
    script: Callable[[Spoken, str], Sequence[Step]]
    error: type[ProviderError] = errors.MalformedResponseError
    outcome: Outcome = "failure"
    status: int | tuple[int | None, ...] | None = None
    benched: float | None = None
    patience: str | None = None
    hits: int = 1
    kept: bool = False
    modes: tuple[str, ...] = MODES

    @property
    def takes(self) -> float:
        """Seconds that it costs."""
        return {"connect": CONNECT, "answer": ANSWER}.get(self.patience or "", 0.0)

    def settings(self, mode: str) -> dict[str, Any]:
        """What the gateway is told, so that the right patience runs out."""
        if self.patience == "connect":
            return {"connect_timeout": CONNECT}
        if self.patience == "answer":
            return {"attempt_timeout" if mode == "plain" else "first_token_timeout": ANSWER}
        return {}

    def told_patience(self, mode: str) -> str | None:
        """The name under which the route tells the patience."""
        return self.patience if self.patience != "answer" else "attempt" if mode == "plain" else "first_token"


def cases(faults: Iterable[Fault]) -> list[Any]:
    """Every row in every dialect and mode."""
    return [
        pytest.param(
            fault,
            spoken,
            mode,
            id=f"{fault.id}-{spoken.name}-{mode}",
            marks=[pytest.mark.realtime] if fault.takes else [],
        )
        for fault in faults
        for spoken in SPOKEN.values()
        for mode in fault.modes
    ]


def check(fault: Fault, spoken: Spoken, mode: str, *, warm: bool = False, **stage: Any) -> None:
    """The first candidate has the fault: the healthy second one serves, and everything else is as the row says.

    `warm` gives the first candidate's first connection a good answer before the fault; `stage` goes to `scene`.
    """
    script = fault.script(spoken, mode)
    script = [Repeat(script)] if fault.kept else script
    scripts = [[REQUEST, spoken.good(mode), *script], script] if warm else [script]
    clock = FakeClock() if fault.benched else None
    settings = {**fault.settings(mode), **({"clock": clock} if clock else {})}
    with scene(spoken, *scripts, mode=mode, **settings, **stage) as at:
        if warm:
            assert at.ask().served_by == "a"
        told = at.ask()
        _check_call(fault, spoken, told, mode)
        asked, calls = fault.hits + warm, 1 + warm
        assert at.hits() in ({"a": asked, "b": 1}, {"b": 1})
        assert at.counts() == {"a": (calls, 1), "b": (1, 0)}
        _check_health(fault, at, warm)
        if not fault.kept and "a" in at.servers:
            assert at.are_gone("a"), "the connection was left open"
        if not fault.takes:  # time is dear: test_patience has the story of those
            _check_memory(fault, at, clock, asked)


def _check_call(fault: Fault, spoken: Spoken, told: Told, mode: str) -> None:
    assert told.error is None
    assert told.response is not None
    assert (told.served_by, told.response.content, told.text) == ("b", TEXT, TEXT)
    assert told.tried == [("a", fault.outcome), ("b", "success")]
    first = told.first
    assert (first.error, first.retried) == (fault.error.__name__, ())
    assert first.status_code in (fault.status if isinstance(fault.status, tuple) else (fault.status,))
    assert first.patience == fault.told_patience(mode)
    assert fault.takes * 0.99 <= told.seconds < fault.takes + (LATE if fault.takes else 5.0)
    assert told.route.served_by == "b"
    assert str(told.route.explain()).count("\n") == 2


def _check_health(fault: Fault, at: Scene, warm: bool) -> None:
    sick, well = at.health("a"), at.health("b")
    assert (sick.breaker, well.breaker) == ("closed", "closed"), "one melt is tolerated"
    if not warm:
        assert (sick.latency_ms, sick.first_token_ms) == (None, None), "only successes are latencies"
    assert (well.latency_ms is not None) == (at.mode != "stream")
    assert (well.first_token_ms is not None) == (at.mode != "plain")
    if fault.benched is None:
        assert sick.benched_until is None
    else:
        assert sick.benched_until is not None
        clock = at.gw._core.config.clock
        assert abs(sick.benched_until.timestamp() - clock.time() - fault.benched) < 1.5
    assert well.benched_until is None


def _check_memory(fault: Fault, at: Scene, clock: FakeClock | None, asked: int) -> None:
    """What the next calls do: a second failure blows, a bench holds, an own fault changes nothing."""
    again = at.ask()
    assert again.served_by == "b"
    if clock is not None and fault.benched:
        assert again.tried == [("b", "success")]
        assert [(out.candidate, out.reason) for out in again.route.skipped] == [("a", "benched")]
        clock.advance(fault.benched + 1.5)
        assert at.ask().tried[0][0] == "a", "the bench is over"
        assert clock.slept == []
        return
    assert again.tried == [("a", fault.outcome), ("b", "success")]
    blown = fault.outcome == "failure"
    assert at.gw.ask("a") == ("blown" if blown else "ok")
    last = at.ask()
    assert [out.reason for out in last.route.skipped] == (["blown"] if blown else [])
    if "a" in at.servers and not fault.takes:
        assert at.hits()["a"] == asked + fault.hits * (1 if blown else 2)
