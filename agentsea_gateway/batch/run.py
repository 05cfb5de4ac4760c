"""A batch under way, as its consumer, its workers and its janitor share it."""

from __future__ import annotations

import json
import threading
import time
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, Any

from attrs import evolve

from agentsea_gateway.calls.stopping import Stopped, Stopper
from agentsea_gateway.errors import GatewayClosedError, GatewayError
from agentsea_gateway.store.codec import encoded
from agentsea_gateway.store.journal import FAILED, FINISHED, Entry, Journal

if TYPE_CHECKING:
    from collections.abc import Callable
    from concurrent.futures import Executor

    from agentsea_gateway.batch.job import Job
    from agentsea_gateway.response import Response

PATIENCE = 5.0  # seconds that a batch which is left waits for calls that cannot be cancelled
LOOK = 0.1  # seconds between two looks at whether they are back


class Run:
    """The rows that are out, and everything that must end with the batch.

    ask      makes one call, which `stopper` may stop
    done     jobs on their way back; each that was submitted comes back exactly once
    bell     rung when the consumer is gone; a queue, because a weak reference's callback may put into it at any moment
    tie      what rings it: a weak reference to the consumer
    out      jobs submitted and not taken back, as the consumer counts them
    """

    def __init__(
        self,
        ask: Callable[..., Response],
        *,
        threads: int,
        executor: Executor | None,
        now: Callable[[], float],
    ) -> None:
        self._ask = ask
        self._threads = threads
        self._executor = executor
        self._journal: Journal | None = None
        self._now = now
        self.stopper = Stopper()
        self.done: SimpleQueue[Job | None] = SimpleQueue()
        self.bell: SimpleQueue[Any] = SimpleQueue()
        self.tie: object = None
        self.out = 0
        self._todo: SimpleQueue[Job | None] = SimpleQueue()
        self._crew: list[threading.Thread] = []
        self._janitor: threading.Thread | None = None
        self._working: set[Job] = set()  # what is in a worker's hands; added and taken out in one step each

    # -- for the consumer --------------------------------------------------------------------------------------------

    def open(self, path: str) -> Journal:
        """Keep a journal at `path`. Raises StoreError.

        The janitor opens it and closes it, whether or not a result is ever wanted: no Ctrl-C can come between.
        """
        opened: SimpleQueue[Journal | Exception] = SimpleQueue()
        self._janitor = _thread("agentsea batch janitor", lambda: self._sweep(path, opened))
        journal = opened.get()
        if isinstance(journal, Exception):
            raise journal
        return journal

    def start(self) -> None:
        """Have somebody there who notices that the consumer is gone. Harmless a second time."""
        if self._janitor is None:
            self._janitor = _thread("agentsea batch janitor", self._sweep)

    def submit(self, job: Job) -> None:
        """Have a worker make the call."""
        if self._executor is not None:
            future = self._executor.submit(self.work, job)
            future.add_done_callback(lambda it: self._lost(job) if it.cancelled() else None)
        else:
            if len(self._crew) < self._threads and len(self._crew) <= self.out:  # else somebody is free
                self._crew.append(_thread("agentsea batch worker", self._loop))
            self._todo.put(job)
        self.out += 1

    def take(self) -> Job:
        """The next job that comes back, in no order. Raises GatewayError where somebody else has ended the batch."""
        job = self.done.get()
        if job is not None:
            self.out -= 1
        if job is None or isinstance(job.fatal, Stopped):
            raise GatewayError("the batch was closed while it was read")
        return job

    def stop(self) -> None:
        """End what is under way and let go of everything. Bounded by PATIENCE.

        The janitor does it: in its thread no Ctrl-C can cut it short.
        """
        self.bell.put(None)
        if self._janitor is None:
            self._end()
        elif self._janitor is not threading.current_thread():
            self._janitor.join(2 * PATIENCE)

    # -- for the others ----------------------------------------------------------------------------------------------

    def _sweep(self, path: str | None = None, opened: SimpleQueue[Journal | Exception] | None = None) -> None:
        if path is not None and opened is not None:
            try:
                self._journal = Journal(path)
            except Exception as error:
                opened.put(error)
                return
            opened.put(self._journal)
        self.bell.get()
        self._end()

    def _end(self) -> None:
        self.stopper.stop()
        for _ in self._crew:
            self._todo.put(None)
        self._wait_for_workers(time.monotonic() + PATIENCE)
        if self._journal is not None:
            self._journal.close()
        self.done.put(None)

    def _wait_for_workers(self, end: float) -> None:
        """Those that cannot be cancelled are not waited for longer: their threads end with their calls."""
        while self._working and (left := end - time.monotonic()) > 0:
            try:
                self.done.get(timeout=min(left, LOOK))
            except Empty:
                continue
        for thread in self._crew:
            thread.join(max(0.0, end - time.monotonic()))

    def _loop(self) -> None:
        while (job := self._todo.get()) is not None:
            self.work(job)
            del job  # or the last one is kept while this waits

    def work(self, job: Job) -> None:
        """Make the call of one row, write down how it ended, and hand it back."""
        self._working.add(job)
        try:
            self.stopper.check()
            self._call(job)
            if self._journal is not None:
                self._journal.record(self._entry(job))
        except BaseException as error:
            job.fatal = error
        finally:
            self._working.discard(job)
            self.done.put(job)

    def _call(self, job: Job) -> None:
        try:
            job.response = _light(self._ask(self.stopper, **job.arguments))
            job.arguments = {}  # the answers that wait for their turn need no question
        except GatewayClosedError:
            raise
        except GatewayError as error:
            _strip(error)
            job.error = error

    def _entry(self, job: Job) -> Entry:
        if job.response is not None:
            return Entry(job.key, job.digest, job.index, FINISHED, encoded(job.response), None, self._now())
        error = job.error
        route = "" if error is None or error.route is None else str(error.route.explain())
        told = {"error": type(error).__name__, "message": str(error), "route": route}
        return Entry(job.key, job.digest, job.index, FAILED, None, json.dumps(told), self._now())

    def _lost(self, job: Job) -> None:
        job.fatal = GatewayError("the executor was shut down before the batch was done")
        self.done.put(job)


def _thread(name: str, work: Callable[[], None]) -> threading.Thread:
    """A thread that keeps no interpreter from ending: what it was at is asked again by the next run."""
    thread = threading.Thread(target=work, name=name, daemon=True)
    thread.start()
    return thread


def _light(response: Response) -> Response:
    """Without what a million rows need not say again: who was skipped."""
    route = response.route
    return response if route is None or not route.skipped else response.with_fields(route=evolve(route, skipped=()))


def _strip(error: BaseException | None) -> None:
    """Take the tracebacks off: their frames keep whole requests and answers."""
    while error is not None:
        error.__traceback__ = None
        error = error.__cause__ or error.__context__
