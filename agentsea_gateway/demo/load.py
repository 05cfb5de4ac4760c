"""The load: threads that ask the gateway, at an even pace, until it is enough."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING, Self

from agentsea_gateway.demo.cast import answer_to
from agentsea_gateway.errors import StreamInterruptedError

if TYPE_CHECKING:
    from types import TracebackType

    from agentsea_gateway.demo.board import Board
    from agentsea_gateway.demo.measures import Measures
    from agentsea_gateway.gateway import Gateway

STREAM_EVERY = 12  # one call in so many is a stream
JOIN_PATIENCE = 5.0  # seconds for the calls under way, at the end


class Load:
    """The threads; a context manager that ends and joins them, whatever happens."""

    def __init__(self, gateway: Gateway, board: Board, measures: Measures) -> None:
        self._gateway = gateway
        self._board = board
        self._measures = measures
        self._turn = threading.Lock()  # held by the thread that waits for the next call's moment
        self._begun = 0  # guarded by _turn
        self._lock = threading.Lock()
        self._ended = 0  # guarded by _lock
        self._enough = False
        self._stop = threading.Event()
        self._epoch = time.monotonic()
        self._threads = [
            threading.Thread(target=self._work, name=f"demo {number}", daemon=True)
            for number in range(1, measures.threads + 1)
        ]

    @property
    def begun(self) -> int:
        """Calls that were begun."""
        return self._begun

    @property
    def in_flight(self) -> int:
        """Calls under way."""
        return max(0, self._begun - self._ended)

    @property
    def running(self) -> bool:
        """Whether any thread still asks."""
        return any(thread.is_alive() for thread in self._threads)

    def enough(self) -> None:
        """Begin no call beyond the number that was asked for."""
        self._enough = True

    def start(self) -> None:
        """Let the threads begin; inside the `with`, so that an interrupt leaves none of them behind."""
        self._epoch = time.monotonic()
        for thread in self._threads:
            thread.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._stop.set()
        until = time.monotonic() + JOIN_PATIENCE
        for thread in self._threads:
            if thread.ident is not None:  # an interrupt may have come before all were started
                thread.join(max(0.0, until - time.monotonic()))

    def _work(self) -> None:
        while (number := self._next()) is not None:
            self._ask(number)
            with self._lock:
                self._ended += 1

    def _next(self) -> int | None:
        """Wait for the next call's turn; its number, or None where there is none."""
        with self._turn:
            number = self._begun + 1
            if self._stop.is_set() or (number > self._measures.calls and self._enough):
                return None
            due = self._epoch + number * self._measures.interval
            if (wait := due - time.monotonic()) > 0 and self._stop.wait(wait):
                return None
            self._begun = number
            return number

    def _ask(self, number: int) -> None:
        question = f"call {number}"
        streamed = number % STREAM_EVERY == 0
        try:
            content, served_by = self._streamed(question) if streamed else self._whole(question)
        except Exception as error:
            self._board.lost(f"{type(error).__name__}: {error}")
            return
        if content == answer_to(question, served_by):
            self._board.served(streamed=streamed)
        else:
            self._board.lost(f"{question} got a wrong answer from {served_by}: {content!r}")

    def _whole(self, question: str) -> tuple[str, str]:
        reply = self._gateway.completion(question)
        return reply.content, str(reply.served_by)

    def _streamed(self, question: str) -> tuple[str, str]:
        """Read a stream. The gateway never splices one that broke after content: we ask again, elsewhere."""
        try:
            return self._read(question)
        except StreamInterruptedError as error:
            self._board.cut()
            return self._read(question, exclude=str(error.candidate))

    def _read(self, question: str, exclude: str | tuple[()] = ()) -> tuple[str, str]:
        with self._gateway.stream(question, exclude=exclude) as stream:
            return "".join(stream.text), stream.served_by
