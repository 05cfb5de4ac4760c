"""Ctrl-C at every instant of a batch, one after the other: it comes out, threads and journal are let go."""

from __future__ import annotations

import itertools
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from agentsea_gateway import Candidate, Gateway
from agentsea_gateway.errors import StoreError
from agentsea_gateway.store.journal import Journal
from agentsea_gateway.testing import ScriptedProvider
from support.interrupting import at_every_instant

SOON = 5.0
# Before it is said to anybody that the batch is to end; it ends as soon as nobody keeps the traceback.
FIRST_STEPS = ("Results.__next__", "Results.close", "Run.stop")


class Scene:
    """A gateway, and a journal of its own or none."""

    def __init__(self, folder: Path | None, number: int) -> None:
        self.gateway = Gateway([Candidate("a", ScriptedProvider(default="x"))])
        self.journal = None if folder is None else folder / f"{number}.sqlite"

    def left_over(self) -> list[str]:
        """What a batch that was interrupted must not leave."""
        found = [thread.name for thread in threading.enumerate() if thread.name.startswith("agentsea batch")]
        if self.gateway.health()["a"].in_flight:
            found.append("a permit")
        if self.journal is not None:
            try:
                Journal(str(self.journal)).close()
            except StoreError as error:
                found.append(error.message)
        return found


def scenes(folder: Path | None) -> Callable[[], Scene]:
    numbers: Iterator[int] = itertools.count()
    return lambda: Scene(folder, next(numbers))


def batch(scene: Scene) -> None:
    for _ in scene.gateway.map(range(2), "{}", threads=1, journal=scene.journal):
        pass


def struck(folder: Path | None, *, keep: bool) -> int:
    """At how many instants it was interrupted; asserts that nothing was left each time."""
    batch(Scene(folder, -1))  # loads what is loaded once
    instants = 0
    for scene, where in at_every_instant(scenes(folder), batch, keep=keep):
        end = time.monotonic() + SOON
        while (left := scene.left_over()) and not (keep and where.endswith(FIRST_STEPS)):
            assert time.monotonic() < end, f"{where}: {left}"
            time.sleep(0.001)
        instants += 1
    return instants


@pytest.mark.parametrize("keep", [False, True], ids=["dropped", "kept"])
def test_an_interrupt_at_any_instant_leaves_no_thread_and_no_permit(keep: bool) -> None:
    """Kept: notebooks keep the last traceback, and with it every frame of the batch."""
    assert struck(None, keep=keep) > 100


@pytest.mark.slow
@pytest.mark.timeout(120)
@pytest.mark.parametrize("keep", [False, True], ids=["dropped", "kept"])
def test_an_interrupt_at_any_instant_leaves_no_lock_on_a_journal(keep: bool, tmp_path: Path) -> None:
    assert struck(tmp_path, keep=keep) > 100
