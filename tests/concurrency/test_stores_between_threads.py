"""What a batch's threads share, in the one order that matters: rows are committed when `record` is back, and whoever
is stopped ends. Each proof is shown to fail where the lock, or the order of two steps, is taken away."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from agentsea_gateway import Response
from agentsea_gateway.call import Call
from agentsea_gateway.calls.stopping import Stopped, Stopper
from agentsea_gateway.clock import Deadline
from agentsea_gateway.store.codec import encoded
from agentsea_gateway.store.journal import FINISHED, Entry, Journal
from support.threads import NoLock, together

PATIENCE = 10.0


def entry(key: str) -> Entry:
    return Entry(key, "d", 0, FINISHED, encoded(Response("x")), None, 0.0)


# -- the journal -------------------------------------------------------------------------------------------------------


class Gate:
    """The journal's lock and its connection: the second thread's row is taken by the first, which then dawdles."""

    def __init__(self, journal: Journal, lock: Any, dawdle: float) -> None:
        self._lock = lock
        self._dawdle = dawdle
        self._connection = journal._writing
        self.second = threading.Event()  # has put its row down
        self.taken = threading.Event()  # the first one has taken it
        self.back = threading.Event()  # the second one is back
        journal._lock = journal._writing = self  # type: ignore[assignment]

    def __enter__(self) -> None:
        if threading.current_thread().name == "second":
            self.second.set()
            assert self.taken.wait(PATIENCE)
        else:
            assert self.second.wait(PATIENCE)
        self._lock.__enter__()

    def __exit__(self, *error: object) -> None:
        self._lock.__exit__(*error)

    def execute(self, *statement: Any) -> Any:
        self.taken.set()
        self.back.wait(self._dawdle)
        assert self._connection is not None
        return self._connection.execute(*statement)

    def close(self) -> None:
        assert self._connection is not None
        self._connection.close()


def second_row_is_there(path: str, lock: Any, dawdle: float) -> bool:
    """Whether the second thread's row is committed when its `record` is back."""
    journal = Journal(path)
    gate = Gate(journal, lock, dawdle)
    seen: list[bool] = []

    def second() -> None:
        journal.record(entry("second"))
        looks = sqlite3.connect(path)
        seen.append(looks.execute("SELECT count(*) FROM rows WHERE key = 'second'").fetchone() == (1,))
        looks.close()
        gate.back.set()

    thread = threading.Thread(target=second, name="second")
    thread.start()
    journal.record(entry("first"))
    thread.join(PATIENCE)
    journal.close()
    return seen == [True]


def test_a_row_that_another_thread_writes_is_committed_when_record_is_back(tmp_path: Path) -> None:
    assert second_row_is_there(str(tmp_path / "run.sqlite"), threading.Lock(), dawdle=0.05)


def test_without_the_lock_it_is_not(tmp_path: Path) -> None:
    assert not second_row_is_there(str(tmp_path / "run.sqlite"), NoLock(), dawdle=PATIENCE)


def test_many_threads_lose_no_row(tmp_path: Path) -> None:
    path = str(tmp_path / "run.sqlite")
    journal = Journal(path)
    together(8, lambda number: [journal.record(entry(f"{number}/{turn}")) for turn in range(20)])
    journal.close()
    looks = sqlite3.connect(path)
    assert looks.execute("SELECT count(*), max(runs) FROM rows").fetchone() == (160, 1)
    looks.close()


# -- the stopper -------------------------------------------------------------------------------------------------------


class Torn(Stopper):
    """At one look at `stopped`, or just before it is set, the other side does all of its work."""

    __slots__ = ("_stopped", "meanwhile")

    def __init__(self) -> None:
        self.meanwhile: Callable[[], object] | None = None
        super().__init__()

    def _let_the_other_work(self) -> None:
        meanwhile, self.meanwhile = self.meanwhile, None
        if meanwhile is not None:
            meanwhile()

    @property  # type: ignore[override]
    def stopped(self) -> bool:
        found = self._stopped
        self._let_the_other_work()
        return found

    @stopped.setter
    def stopped(self, value: bool) -> None:
        self._let_the_other_work()
        self._stopped = value


class LooksFirst(Torn):
    """Wrong: looks before it is to be found."""

    __slots__ = ()

    def begin(self, call: Call) -> None:
        self.check()
        self._calls.add(call)


class StopsLast(Torn):
    """Wrong: copies before it says that it stops."""

    __slots__ = ()

    def stop(self) -> None:
        calls = [*self._calls]
        self.stopped = True
        for call in calls:
            call.cancel()


def ends(kind: type[Torn], *, stops_inside: bool) -> bool:
    """Whether a call ends that begins while the stopper stops (inside its beginning, or the other way round)."""
    stopper, call = kind(), Call(Deadline.after(10))
    refused: list[bool] = []

    def begin() -> None:
        try:
            stopper.begin(call)
        except Stopped:
            refused.append(True)

    first, second = (begin, stopper.stop) if stops_inside else (stopper.stop, begin)
    stopper.meanwhile = second
    first()
    return bool(refused) or call.cancelled


@pytest.mark.parametrize("stops_inside", [True, False])
def test_whoever_begins_while_it_stops_is_refused_or_cancelled(stops_inside: bool) -> None:
    assert ends(Torn, stops_inside=stops_inside)


def test_in_another_order_somebody_would_go_on() -> None:
    assert not ends(LooksFirst, stops_inside=True)
    assert not ends(StopsLast, stops_inside=False)
