"""The results of a batch, as an iterator: it reads the rows, hands them to workers, and yields what comes back."""

from __future__ import annotations

import os
import weakref
from collections import deque
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from agentsea_gateway.batch.job import Job
from agentsea_gateway.batch.result import Result
from agentsea_gateway.errors import GatewayClosedError, GatewayError, RowError, StoreError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from types import TracebackType
    from typing import Self

    from agentsea_gateway.batch.progress import Bar
    from agentsea_gateway.batch.run import Run
    from agentsea_gateway.response import Response

R = TypeVar("R")
AT_ONCE = 2  # rows that are read for each that is yielded, until the window is full
_FATAL = (StoreError, GatewayClosedError)


class Results(Generic[R]):
    """An iterator of Result, one for each row; for one consumer.

    The rows are read, and made requests of, in the consumer's own thread, one at a time and as they are needed; only
    the calls are made in others. Nothing is asked before the first result is wanted. Leaving early, by `close()`, a
    `with` block, an exception or by dropping it, cancels what is under way.
    """

    def __init__(
        self,
        rows: Iterable[R],
        make: Callable[[R], dict[str, Any]],
        run: Run,
        *,
        window: int,
        ordered: bool,
        raising: bool,
        look_up: Callable[[Job], Response | None] | None,
        bar: Bar,
    ) -> None:
        self._rows: Iterator[R] = iter(rows)
        self._make = make
        self._run = run
        self._window = window
        self._ordered = ordered
        self._raising = raising
        self._look_up = look_up
        self._bar = bar
        self._index = 0  # of the next row
        self._waiting: deque[Job] = deque()  # ordered: every job that was not yielded, oldest first
        self._ready: deque[Job] = deque()  # else: those that came back
        self._yielded = 0
        self._exhausted = False  # no more rows are read
        self._spoilt: RowError | None = None  # why, where it is not their end
        self._process = os.getpid()
        self._closed = False
        run.tie = weakref.ref(self, run.bell.put)  # a queue takes it at any moment: no Python code runs there

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> Result[R]:
        try:
            if self._closed:
                raise StopIteration
            self._begin()
            job = self._next_job()
            if job is None:
                raise StopIteration if self._spoilt is None else self._spoilt
            return self._result(job)
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Cancel what is under way, wait (briefly) for it to end, and close the journal. Harmless when done."""
        if self._closed or os.getpid() != self._process:
            return
        self._run.stop()
        self._closed = True
        self._rows = iter(())
        self._waiting.clear()
        self._ready.clear()
        self._bar.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"Results({self._yielded} rows so far, {'closed' if self._closed else 'open'})"

    # -- reading rows ------------------------------------------------------------------------------------------------

    def _begin(self) -> None:
        if os.getpid() != self._process:
            raise GatewayError("a batch goes on only in the process that began it: its threads are not in this one")
        self._run.start()

    def _fill(self) -> None:
        """Read some rows more, and more where nothing is ready yet; never beyond the window."""
        for count in range(self._window):
            if self._index - self._yielded >= self._window or (count >= AT_ONCE and self._is_ready()):
                return
            if self._exhausted or not self._read():
                return

    def _read(self) -> bool:
        index = self._index
        try:
            row = next(self._rows)
        except StopIteration:
            self._exhausted = True
            return False
        except Exception as error:
            return self._spoil(error, f"row {index} could not be read")
        try:
            job = Job(index, row, self._make(row))
            known = self._look_up(job) if self._look_up is not None else None
        except GatewayError as error:
            if isinstance(error, _FATAL):
                raise
            return self._spoil(error, f"row {index}")
        except Exception as error:
            return self._spoil(error, f"row {index} could not be made a request")
        self._index += 1
        self._send(job, known)
        return True

    def _send(self, job: Job, known: Response | None) -> None:
        if self._ordered:
            self._waiting.append(job)
        if known is None:
            self._run.submit(job)
        else:
            job.response, job.resumed = known, True
            self._arrive(job)

    def _spoil(self, error: Exception, what: str) -> bool:
        """Read no further: the rows before this one are yielded, then this is raised."""
        said = error.message if isinstance(error, GatewayError) else f"{type(error).__name__}: {error}"
        self._exhausted = True
        self._spoilt = RowError(f"{what}: {said}", index=self._index)
        self._spoilt.__cause__ = error
        return False

    # -- what comes back ---------------------------------------------------------------------------------------------

    def _next_job(self) -> Job | None:
        self._fill()
        while not self._is_ready():
            if self._index == self._yielded:
                return None
            self._arrive(self._run.take())
        self._yielded += 1
        return self._waiting.popleft() if self._ordered else self._ready.popleft()

    def _is_ready(self) -> bool:
        """Whether a result can be yielded now."""
        while not self._run.done.empty():
            self._arrive(self._run.take())
        if self._ordered:
            return bool(self._waiting) and self._waiting[0].arrived
        return bool(self._ready)

    def _arrive(self, job: Job) -> None:
        if job.fatal is not None:
            fatal, job.fatal = job.fatal, None
            raise fatal
        job.arrived = True
        if not self._ordered:
            self._ready.append(job)

    def _result(self, job: Job) -> Result[R]:
        self._bar.step(failed=job.error is not None)
        if job.error is not None and self._raising:
            job.error.add_note(f"in row {job.index} of the batch")
            raise job.error
        return Result(job.index, job.row, job.response, job.error, job.resumed)
