"""One thread that waits for sockets and for moments, and calls whoever waited."""

from __future__ import annotations

import selectors
import socket
import threading
import time
from collections import deque
from contextlib import suppress
from heapq import heappop, heappush
from itertools import count
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    Ready = Callable[[int], None]

READ, WRITE = selectors.EVENT_READ, selectors.EVENT_WRITE


class Loop:
    """The sandbox's only thread. All but `call`, `wait_until` and `close` belong to that thread.

    One thread for all connections rather than one each: a thousand stalled clients cost no thread, closing has one
    thread to join, and under a global interpreter lock it also answers faster.
    """

    def __init__(self, name: str) -> None:
        self._selector = selectors.DefaultSelector()
        self._wake_in, self._wake_out = socket.socketpair()
        self._wake_in.setblocking(False)
        self._wake_out.setblocking(False)
        self._timers: list[tuple[float, int, Callable[[], None]]] = []
        self._order = count()
        self._gate = threading.Lock()
        self._jobs: deque[Callable[[], None]] = deque()  # appended under _gate
        self._open = True  # guarded by _gate
        self._turned = threading.Condition()
        self._waiters = 0  # guarded by _turned
        self._running = True
        self.watch(self._wake_out, READ, self._woken)
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._thread.start()

    def call(self, job: Callable[[], None]) -> None:
        """Run `job` in the loop's thread, return when it is done, raise what it raises. RuntimeError once closed."""
        if threading.current_thread() is self._thread:
            job()
            return
        raised: list[BaseException] = []
        done = threading.Event()

        def run() -> None:
            try:
                job()
            except BaseException as error:  # handed to the caller's thread
                raised.append(error)
            finally:
                done.set()

        self._submit(run)
        done.wait()
        if raised:
            raise raised[0]

    def _submit(self, job: Callable[[], None], *, last: bool = False) -> None:
        with self._gate:
            if not self._open:
                raise RuntimeError("the sandbox is closed")
            self._open = not last
            self._jobs.append(job)
        with suppress(OSError):  # enough wake-ups are under way, or the loop woke up for another and ended since
            self._wake_in.send(b"!")

    def wait_until(self, predicate: Callable[[], bool], timeout: float) -> bool:
        """Wait in the caller's thread until `predicate()` is true, looking at it whenever something happened."""
        with self._turned:
            self._waiters += 1
            try:
                return self._turned.wait_for(predicate, timeout)
            finally:
                self._waiters -= 1

    def close(self) -> None:
        """End the thread. What is still watched is not closed: that is its owner's matter."""
        self._submit(self._stop, last=True)
        self._thread.join()
        self._selector.close()
        self._wake_in.close()
        self._wake_out.close()

    def abandon(self) -> None:
        """Refuse every call from now on: the thread stayed behind in another process."""
        self._open = False

    def _stop(self) -> None:
        self._running = False

    def watch(self, sock: socket.socket, events: int, ready: Ready) -> None:
        """Call `ready(events)` when the socket can be read or written."""
        self._selector.register(sock, events, ready)

    def rewatch(self, sock: socket.socket, events: int, ready: Ready) -> None:
        """Watch for other events."""
        self._selector.modify(sock, events, ready)

    def unwatch(self, sock: socket.socket) -> None:
        """Watch no more."""
        self._selector.unregister(sock)

    def later(self, seconds: float, job: Callable[[], None]) -> None:
        """Run `job` after so many seconds."""
        heappush(self._timers, (time.monotonic() + seconds, next(self._order), job))

    def _run(self) -> None:
        while self._running:
            for key, events in self._selector.select(self._patience()):
                key.data(events)
            self._run_timers()
            if self._waiters:
                with self._turned:
                    self._turned.notify_all()

    def _patience(self) -> float | None:
        return max(0.0, self._timers[0][0] - time.monotonic()) if self._timers else None

    def _run_timers(self) -> None:
        now = time.monotonic() if self._timers else 0.0
        while self._timers and self._timers[0][0] <= now:
            heappop(self._timers)[2]()

    def _woken(self, _events: int) -> None:
        self._wake_out.recv(4096)
        while self._jobs:
            self._jobs.popleft()()
