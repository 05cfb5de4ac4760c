"""A blocking iterator for an event loop: each step waits in a thread, and a cancelled wait closes the stream."""

from __future__ import annotations

import asyncio
from contextvars import copy_context
from typing import TYPE_CHECKING, Any, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Iterator
    from concurrent.futures import Executor
    from typing import Self

T = TypeVar("T")
_END: Any = object()


class Unblocked(Generic[T]):
    """`pieces` (a stream, its `.text`, an EventStream) as an asynchronous iterator that owns it.

        stream = await asyncio.to_thread(gateway.stream, messages)
        return StreamingHttpResponse(Unblocked(EventStream(stream)), headers=HEADERS)    # Django under ASGI
        return StreamingResponse(Unblocked(EventStream(stream)), headers=HEADERS)        # Starlette, FastAPI

    While a step waits, it takes one thread of `executor` (None: of the loop's own, which has a few for each processor:
    give a larger `ThreadPoolExecutor` for many streams at once). When the task that iterates is cancelled, as servers
    do when the client goes away, the stream is closed at once, and its connection with it.
    """

    def __init__(self, pieces: Iterator[T], *, executor: Executor | None = None) -> None:
        self._pieces = pieces
        self._executor = executor

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> T:
        loop = asyncio.get_running_loop()
        try:
            piece = await loop.run_in_executor(self._executor, copy_context().run, self._step)
        except asyncio.CancelledError:
            self.close()  # ends the step's wait, too
            raise
        if piece is _END:
            raise StopAsyncIteration
        return piece

    def _step(self) -> T:
        return next(self._pieces, _END)  # a StopIteration cannot pass through a future

    def close(self) -> None:
        """Close what is iterated; from any thread."""
        close = getattr(self._pieces, "close", None)
        if close is not None:
            close()

    async def aclose(self) -> None:
        """As `close`."""
        self.close()
