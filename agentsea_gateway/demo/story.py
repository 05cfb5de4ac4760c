"""The story: what happens to the dying provider, a sentence for each phase, and when it is over."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from agentsea_gateway.demo.cast import DYING, ROLES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from agentsea_gateway.demo.board import Board
    from agentsea_gateway.demo.cast import Cast
    from agentsea_gateway.demo.load import Load
    from agentsea_gateway.demo.measures import Measures

DEATH, RETURN = 0.25, 0.55  # after which share of the calls the provider dies and comes back


def opening(measures: Measures) -> str:
    """What somebody who watches for the first time must know."""
    providers = " and ".join([f"{role.name} ({role.speaks})" for role in ROLES]).replace(" and ", ", ", len(ROLES) - 2)
    return (
        "agentsea demo:\n"
        f"Three providers on loopback, in the dialects of two vendors: {providers}. No key, no network. "
        f"A gateway takes them in turn (RoundRobin) while {measures.threads} threads ask it {measures.calls} times.\n"
        f"A breaker that blew lets a probe through after {measures.reset:g} s here; the default is 30 s.\n"
    )


def story(cast: Cast, load: Load, board: Board, measures: Measures) -> Iterator[None]:
    """Tell it: between two steps a frame of time passes. Ends when all threads have ended."""
    board.say("All three serve.")
    yield from _until(lambda: load.begun >= DEATH * measures.calls)
    cast.kill()
    board.say(f"{DYING!r} dies now: its port is closed. Its calls go on to the next one.", "bad", "died")
    yield from _until(lambda: board.has_come("blown"), measures.patience)
    yield from _until(lambda: load.begun >= RETURN * measures.calls)
    cast.revive()
    board.say(f"{DYING!r} is back: its port is open. The next probe will find out.", "good", "back")
    yield from _until(lambda: board.tally().recovered, measures.patience)
    load.enough()
    yield from _until(lambda: not load.running)


def _until(come: Callable[[], bool], patience: float = float("inf")) -> Iterator[None]:
    end = time.monotonic() + patience
    while not come() and time.monotonic() < end:
        yield
