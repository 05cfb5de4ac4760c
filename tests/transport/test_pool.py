"""The pool without sockets: who is taken, who is kept, and what happens when other threads are faster."""

from __future__ import annotations

from collections import deque
from typing import Any

import pytest

from agentsea_gateway.transport import pool as module
from agentsea_gateway.transport.connection import IDLE
from agentsea_gateway.transport.pool import Pool


class Dialed:
    """A connection as far as a pool looks at it."""

    def __init__(self, *, quiet: bool = True) -> None:
        self.quiet = quiet
        self.busy = True
        self.closed = False
        self.idle_since = 0.0
        self.idle_limit = IDLE

    def is_quiet(self) -> bool:
        assert self.busy, "looked at while another thread might close the descriptor"
        return self.quiet

    def rest(self) -> bool:
        self.busy = False
        return not self.closed

    def discard(self) -> None:
        self.busy = False
        self.closed = True


class Dialer:
    def dial(self, call: object) -> Any:
        return f"a new one for {call}"


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    now = [1000.0]
    monkeypatch.setattr(module, "monotonic", lambda: now[0])
    return now


def pool_of(size: int, *connections: Dialed) -> Any:
    pool: Any = Pool(Dialer(), size)  # type: ignore[arg-type]
    for connection in connections:
        pool.put(connection)
    return pool


def test_the_one_that_rested_last_is_taken_first_and_is_busy_then(clock: list[float]) -> None:
    first, second = Dialed(), Dialed()
    pool = pool_of(2, first, second)
    assert (first.busy, second.busy) == (False, False)
    assert [pool.take("it"), pool.take("it"), pool.take("it")] == [second, first, "a new one for it"]
    assert (first.busy, second.busy, first.closed, second.closed) == (True, True, False, False)


@pytest.mark.parametrize(("rested", "taken"), [(4.99, True), (5.0, False), (6.0, False)])
def test_one_that_rested_as_long_as_its_peer_keeps_it_is_not_used_again(
    clock: list[float], rested: float, taken: bool
) -> None:
    connection = Dialed()
    connection.idle_limit = 5.0
    pool = pool_of(2, connection)
    clock[0] += rested
    assert (pool.take("it") is connection) is taken
    assert connection.closed is not taken


def test_one_that_has_something_to_say_is_not_used_again(clock: list[float]) -> None:
    loud, quiet = Dialed(quiet=False), Dialed()
    pool = pool_of(2, quiet, loud)
    assert pool.take("it") is quiet
    assert loud.closed


@pytest.mark.parametrize(("rested", "closed"), [(IDLE, False), (IDLE + 0.1, True)])
def test_who_rests_longest_is_let_go_when_another_comes(clock: list[float], rested: float, closed: bool) -> None:
    old, new = Dialed(), Dialed()
    pool = pool_of(3, old)
    clock[0] += rested
    pool.put(new)
    assert (old.closed, new.closed) == (closed, False)
    assert len(pool._idle) == (1 if closed else 2)


def test_one_that_was_closed_meanwhile_is_not_kept(clock: list[float]) -> None:
    gone = Dialed()
    gone.closed = True
    assert pool_of(2, gone).take("it") == "a new one for it"


def test_a_closed_pool_keeps_nobody(clock: list[float]) -> None:
    first, second = Dialed(), Dialed()
    pool = pool_of(2, first)
    pool.close()
    pool.put(second)
    assert (first.closed, second.closed) == (True, True)
    assert pool.take("it") == "a new one for it"


def test_where_another_thread_takes_the_last_one_first_a_new_one_is_dialed(clock: list[float]) -> None:
    class Racing(deque[Any]):
        """Somebody else empties it between the look and the pop."""

        def pop(self) -> Any:  # type: ignore[override]
            self.clear()
            return super().pop()

        def popleft(self) -> Any:
            self.clear()
            return super().popleft()

    pool = pool_of(3)
    pool._idle = Racing([Dialed()])
    assert pool.take("it") == "a new one for it"
    pool._idle = Racing([Dialed()])
    clock[0] += IDLE + 1
    pool.put(Dialed())
    pool._idle.append(Dialed())
    pool.close()
    assert not pool._idle
