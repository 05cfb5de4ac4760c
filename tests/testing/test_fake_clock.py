"""A clock that only tests move."""

from __future__ import annotations

import threading
import time

import pytest

from agentsea_gateway.clock import Clock, Deadline
from agentsea_gateway.testing import FakeClock

REAL_PATIENCE = 5.0


def test_it_stands_still_until_moved() -> None:
    clock = FakeClock()
    assert (clock.monotonic(), clock.monotonic()) == (1000.0, 1000.0)
    clock.advance(2.5)
    assert clock.monotonic() == 1002.5


def test_it_is_a_clock_that_deadlines_take() -> None:
    clock: Clock = FakeClock()
    deadline = Deadline.after(10, clock)
    clock.sleep(4)
    assert deadline.remaining() == 6.0


def test_unix_time_moves_along() -> None:
    clock = FakeClock(unix=1_700_000_000.0)
    clock.advance(1.5)
    assert clock.time() == 1_700_000_001.5


def test_sleeping_moves_it_and_is_remembered() -> None:
    clock = FakeClock()
    began = time.monotonic()
    clock.sleep(3600)
    clock.sleep(0.25)
    clock.sleep(-1)
    assert clock.monotonic() == 4600.25
    assert clock.slept == [3600, 0.25, -1]
    assert time.monotonic() - began < REAL_PATIENCE


def test_a_thousand_small_steps_are_exactly_a_large_one() -> None:
    clock = FakeClock(0.0)
    for _ in range(10_000):
        clock.advance(0.001)
    assert clock.monotonic() == 10.0


def test_it_does_not_go_back() -> None:
    with pytest.raises(ValueError, match="cannot go back"):
        FakeClock().advance(-0.1)


def test_waiting_for_a_set_event_takes_no_time() -> None:
    clock, event = FakeClock(), threading.Event()
    event.set()
    assert clock.wait(event, 30)
    assert clock.monotonic() == 1000.0


def test_waiting_for_an_event_that_nobody_sets_takes_the_whole_timeout() -> None:
    clock = FakeClock()
    assert not clock.wait(threading.Event(), 30)
    assert clock.monotonic() == 1030.0


def test_threads_move_it_without_losing_a_step() -> None:
    clock = FakeClock(0.0)

    def move() -> None:
        for _ in range(500):
            clock.advance(0.001)

    threads = [threading.Thread(target=move) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert clock.monotonic() == 4.0


def wait_for_sleepers(clock: FakeClock, count: int) -> None:
    """Until so many threads sleep on the clock (real time, milliseconds)."""
    end = time.monotonic() + REAL_PATIENCE
    while clock.sleepers != count:
        assert time.monotonic() < end
        time.sleep(0.0005)


def test_by_hand_a_sleeper_sleeps_until_it_is_moved_far_enough(no_leaks: None) -> None:
    clock, woken = FakeClock(auto=False), threading.Event()

    def sleeper() -> None:
        clock.sleep(10)
        woken.set()

    thread = threading.Thread(target=sleeper)
    thread.start()
    wait_for_sleepers(clock, 1)
    clock.advance(9.999)
    assert not woken.wait(0.005)
    clock.advance(0.001)
    assert woken.wait(REAL_PATIENCE)
    thread.join()
    assert (clock.sleepers, clock.monotonic()) == (0, 1010.0)


@pytest.mark.parametrize("ended_by", ["event", "clock"])
def test_by_hand_a_wait_ends_with_its_event_or_with_the_time(ended_by: str, no_leaks: None) -> None:
    clock, event, results = FakeClock(auto=False), threading.Event(), []
    thread = threading.Thread(target=lambda: results.append(clock.wait(event, 10)))
    thread.start()
    wait_for_sleepers(clock, 1)
    if ended_by == "event":
        event.set()
    else:
        clock.advance(10)
    thread.join(REAL_PATIENCE)
    assert results == [ended_by == "event"]
    assert clock.monotonic() == (1000.0 if ended_by == "event" else 1010.0)
