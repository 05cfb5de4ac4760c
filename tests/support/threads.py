"""Threads that start together and fail together, and a state whose lock can be taken out."""

from __future__ import annotations

import sys
import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from agentsea_gateway.breaker import Breaker
from agentsea_gateway.cell import Cell
from agentsea_gateway.state import LocalState

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from agentsea_gateway import Gateway

TINY = 1e-6  # seconds; the interpreter switches threads as often as it can


@contextmanager
def tiny_switch_interval() -> Iterator[None]:
    before = sys.getswitchinterval()
    sys.setswitchinterval(TINY)
    try:
        yield
    finally:
        sys.setswitchinterval(before)


def together(threads: int, work: Callable[[int], object], patience: float = 40.0) -> None:
    """Run `work(number)` in so many threads at once; raises what the first of them raised."""
    barrier = threading.Barrier(threads)
    raised: list[BaseException] = []

    def run(number: int) -> None:
        barrier.wait()
        try:
            work(number)
        except BaseException as error:  # handed to the test's own thread
            raised.append(error)

    started = [threading.Thread(target=run, args=(number,), daemon=True) for number in range(threads)]
    with tiny_switch_interval():
        for thread in started:
            thread.start()
        end = time.monotonic() + patience
        for thread in started:
            thread.join(max(0.0, end - time.monotonic()))
    assert not any(thread.is_alive() for thread in started), "some never came back"
    if raised:
        raise raised[0]


# -- without the lock --------------------------------------------------------------------------------------------------


# What becomes of it: wrong sums, or something that is gone (or has grown) between two looks at it.
BROKEN = (AssertionError, TypeError, IndexError, RuntimeError)


def pause() -> None:
    """Let everybody else run: what the lock must make harmless."""
    time.sleep(0)


class NoLock:
    """Guards nothing."""

    def __enter__(self) -> None:
        return None

    def __exit__(self, *_: object) -> None:
        return None

    def locked(self) -> bool:
        return False


class PausingBreaker(Breaker):
    """Pauses between looking at its probe and setting it."""

    __slots__ = ("_probe",)

    @property
    def probe(self) -> Any:
        found = self._probe
        pause()
        return found

    @probe.setter
    def probe(self, value: Any) -> None:
        self._probe = value


class PausingCell(Cell):
    """Pauses between looking at its counters and setting them."""

    __slots__ = ("_record", "_tokens")

    @property
    def record(self) -> Any:
        found = self._record
        pause()
        return found

    @record.setter
    def record(self, value: Any) -> None:
        self._record = value

    @property
    def retry_tokens(self) -> float:
        found = self._tokens
        pause()
        return found

    @retry_tokens.setter
    def retry_tokens(self, value: float) -> None:
        self._tokens = value


class PausingState(LocalState):
    """The state as it is, but slow between check and set; its lock still holds."""

    def __init__(self, candidates: Any, policy: Any) -> None:
        super().__init__(candidates, policy)
        self.cells = {name: PausingCell(cell.candidate, policy) for name, cell in self.cells.items()}
        for cell in self.cells.values():
            cell.breaker = PausingBreaker(policy)

    @property
    def _counter(self) -> int:
        found: int = self.__dict__["counter"]
        pause()
        return found

    @_counter.setter
    def _counter(self, value: int) -> None:
        self.__dict__["counter"] = value


class UnlockedState(PausingState):
    """The same without its lock."""

    def __init__(self, candidates: Any, policy: Any) -> None:
        super().__init__(candidates, policy)
        self._lock = NoLock()  # type: ignore[assignment]


def with_state(gateway: Gateway, kind: type[LocalState]) -> Gateway:
    """The gateway, on a state of that kind."""
    core = gateway._core
    core.state = kind(core.config.candidates, core.config.breaker)
    return gateway
