"""A stream under way: typed events for one consumer, a proven end, and nothing left behind however it is left."""

from __future__ import annotations

from collections import deque
from math import inf
from typing import TYPE_CHECKING, Any, Literal

from agentsea_gateway.calls.demands import met
from agentsea_gateway.errors import (
    APITimeoutError,
    GatewayError,
    InvalidAnswerError,
    InvalidRequestError,
    ProviderError,
    StreamInterruptedError,
)
from agentsea_gateway.route_events import AttemptStop, RouteStop  # here, so that no call loads it on its way
from agentsea_gateway.stream_events import Done, is_content
from agentsea_gateway.text_stream import TextStream
from agentsea_gateway.verdict import cut_by, provider_error

if TYPE_CHECKING:
    from types import TracebackType
    from typing import Self

    from agentsea_gateway.calls.attempts import Attempts
    from agentsea_gateway.calls.source import Source
    from agentsea_gateway.calls.trial import Trial
    from agentsea_gateway.errors import Outcome
    from agentsea_gateway.response import Response
    from agentsea_gateway.route import Route
    from agentsea_gateway.state import Change
    from agentsea_gateway.stream_events import StreamEvent


class Stream:
    """An open stream. Iterate over its events (or over `.text`), from one thread; `close()` may come from any.

    The candidate is fixed (`served_by`): once content was seen, nobody else is asked. A stream that breaks raises
    StreamInterruptedError with the `partial` Response; so does reading on after `close()`. Leaving early, by `close()`,
    a `with` block or by dropping it, closes the socket and blames nobody.
    """

    __slots__ = (
        "__weakref__",
        "_attempts",
        "_binding",
        "_call",
        "_closed",
        "_ended",
        "_first_end",
        "_last_at",
        "_permit",
        "_ready",
        "_response",
        "_source",
        "_total_at",
        "_trial",
        "_turn",
        "route",
    )

    def __init__(
        self,
        attempts: Attempts[Any],
        trial: Trial,
        source: Source,
        events: list[StreamEvent],
        *,
        opened_at: float,
    ) -> None:
        self._attempts = attempts
        self._trial = trial
        self._binding = trial.binding
        self._permit = trial.permit
        self._call = trial.call
        self._source = source
        self._ready = deque(events)
        self._closed = False
        self._first_end = [True]  # taken by whoever ends the stream: its end is settled and told once
        self._turn = [True]  # taken by the thread that reads: one at a time
        self._ended = False  # the end was read, and somebody is about to hand it out
        self._last_at = opened_at
        self._response: Response | None = None
        total = attempts.config.total_timeout
        self._total_at = inf if total is None else attempts.began + total
        self.route: Route = self._route("streaming", opened_at)
        if attempts.config.listeners and trial.permit.ticket is not None:
            abandoned = self._ends("cancelled", self._route("neutral", opened_at), None, None)
            trial.permit.ticket.note = attempts.config.listeners, abandoned

    # -- for the consumer --------------------------------------------------------------------------------------------

    @property
    def served_by(self) -> str:
        """The candidate that streams."""
        return self._binding.name

    @property
    def text(self) -> TextStream:
        """The text alone, as an iterator of strings that owns this stream: it closes it at the end, on error, when
        closed or dropped. Fit for `flask.Response(stream.text)`."""
        return TextStream(self)

    @property
    def response(self) -> Response:
        """The whole Response, equal to the plain call's; there once the stream is done."""
        if self._response is not None:
            return self._response
        if self._closed:
            raise GatewayError(
                "the stream was closed before its end: there is no whole response, see .partial", route=self.route
            )
        raise GatewayError("the stream is not done: read it to its end first, or look at .partial", route=self.route)

    @property
    def partial(self) -> Response:
        """The Response as far as it came."""
        if self._response is not None:
            return self._response
        return self._source.partial().with_fields(served_by=self.served_by, route=self.route)

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> StreamEvent:
        if not self._ready:
            self._pull()
        try:
            event = self._ready.popleft()
        except IndexError:  # another thread closed the stream, or reads it
            raise self._over() from None
        return self._finish(event) if type(event) is Done else event

    def close(self) -> None:
        """Leave the stream: its socket is closed, its permit returned. Harmless when repeated or done."""
        self._closed = True  # and no shortcut where it was so before: the first close may have been interrupted
        try:
            self._ready.clear()
            if not self._turn:
                self._call.cancel()  # the consumer's thread is reading: it closes the source when it wakes
            else:
                self._source.close()
        finally:
            self._settle("neutral", "cancelled")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        state = "done" if self._response is not None else "closed" if self._closed else "open"
        return f"Stream({state}, served_by={self.served_by!r})"

    # -- reading -----------------------------------------------------------------------------------------------------

    def _pull(self) -> None:
        """Wait for content (or the end) and put it into `_ready`; raises StopIteration behind the end."""
        if self._response is not None:
            raise StopIteration
        was_closed = self._closed  # looked at again below: another thread may close it at any moment
        if was_closed:
            raise self._over()
        try:
            del self._turn[0]
        except IndexError:
            raise self._over() from None
        try:
            if not (self._closed or self._ended or self._ready):  # else another thread was here since
                self._read()
            self._turn[:] = [True]
        except BaseException as error:
            self._turn[:] = [True]
            if isinstance(error, Exception):
                raise self._interrupted(error) from error
            self.close()
            raise
        if self._closed:
            self._ready.clear()
            raise self._interrupted(GatewayError("closed while it was read"))

    def _read(self) -> None:
        self._limit()
        if self._call.remaining() <= 0:
            raise APITimeoutError("the stream's total time ran out", patience="total")
        batch = self._source.next_batch()
        if not _says_something(batch):
            batch = self._read_on(batch)
        self._last_at = self._call.clock.monotonic()
        self._ended = type(batch[-1]) is Done
        self._ready.extend(batch)

    def _read_on(self, batch: list[StreamEvent]) -> list[StreamEvent]:
        """More, until there is content: pings and the like do not restart the idle time."""
        # Apart from the try that it belongs to: Python 3.13 does not guard a loop's jump back (its issue 130279).
        while not _says_something(batch):
            batch = batch + self._source.next_batch()
        return batch

    def _limit(self) -> None:
        """The idle time begins when the consumer asks: its own time is free."""
        self._call.bound((self._total_at, "total"), self._attempts.config.idle_timeout, "idle")

    def _finish(self, done: Done) -> Done:
        attempts = self._attempts
        if attempts.demand is not None or self._binding.forms is not None:
            done = self._met(done)
        ended = self._call.clock.monotonic()
        # Settled first: whatever the caller does next, the candidate has served.
        first, change = self._settle_first("success", ended)
        if not first:
            raise self._interrupted(GatewayError("closed while it was read"))
        self._trial.came = done.response
        self.route = self._route("success", ended)
        raw = done.response.raw if attempts.config.keep_raw else None
        self._response = done.response.with_fields(served_by=self.served_by, route=self.route, raw=raw)
        self._closed = True
        self._source.close()
        if change is not None:
            attempts.core.announce(change, attempts.wall(ended))
        self._tell("ok", self._response)
        return Done(done.stop_reason, done.usage, self._response)

    def _met(self, done: Done) -> Done:
        """The end, with the answer as it was asked for; one that is not ends the stream as its attempt's own fault."""
        try:
            return Done.of(met(self._attempts, self._trial, done.response))
        except InvalidAnswerError as error:
            fault = provider_error(error, self._binding)
            self._leave(fault.outcome, "error", fault)
            fault.route = self.route
            raise fault from None
        except InvalidRequestError as error:  # `validate` itself is broken: nobody is to blame
            self._leave("neutral", "error", None)
            error.route = self.route
            raise

    def _leave(self, outcome: Outcome, told: str, fault: ProviderError | None) -> None:
        self._closed = True
        try:
            self._source.close()
        finally:
            self._settle(outcome, told, fault)

    def _interrupted(self, error: Exception) -> StreamInterruptedError:
        """Settle a stream that broke after content, and make the error that carries what came."""
        ended = self._call.clock.monotonic()
        if self._closed:
            self._source.close()
            return self._interruption("the stream was closed while it was read", error)
        fault = provider_error(error, self._binding)
        patience = cut_by(fault, self._call, ended)
        outcome: Outcome = "neutral" if patience == "total" else fault.outcome
        self._closed = True
        try:
            self._source.close()
        finally:
            self._settle(outcome, "error", fault, patience)
        return self._interruption(f"the stream broke after content: {type(fault).__name__}: {fault.message}", error)

    def _over(self) -> GatewayError:
        """For who reads on in a stream that was left (it must not look like an answer's end), or that another reads."""
        if self._closed:
            return self._interruption("the stream was closed before its end", GatewayError())
        return GatewayError("two threads read one stream: give each its own, or a lock", route=self.route)

    def _interruption(self, message: str, error: Exception) -> StreamInterruptedError:
        return StreamInterruptedError(
            f"{self.served_by}: {message}",
            partial=self._source.partial().with_fields(served_by=self.served_by, route=self.route),
            route=self.route,
            candidate=self._binding.name,
            provider=self._binding.provider_name,
            model=self._binding.model,
            error=type(error).__name__,
        )

    # -- settling ----------------------------------------------------------------------------------------------------

    def _settle(
        self, outcome: Outcome, told: str, fault: ProviderError | None = None, patience: str | None = None
    ) -> None:
        attempts = self._attempts
        ended = self._call.clock.monotonic()
        first, change = self._settle_first(outcome, ended, fault)
        if not first:
            return
        if self._trial.came is None and self._turn:  # the thread that reads may be changing it
            self._trial.broke_off(self._source.partial(), attempts.messages)
        self.route = self._route(outcome, ended, fault, patience)
        if change is not None:
            attempts.core.announce(change, attempts.wall(ended))
        if attempts.core.is_heard():
            so_far = self.partial if self._turn else None  # the thread that reads may be changing it
            self._tell(told, so_far, None if fault is None else type(fault).__name__)

    def _settle_first(
        self, outcome: Outcome, ended: float, fault: ProviderError | None = None
    ) -> tuple[bool, Change | None]:
        """Settle this end, unless another thread was first (False). After an interrupt close() settles again."""
        try:
            del self._first_end[0]
        except IndexError:
            return False, None
        try:
            return True, self._attempts.state.settle(
                self._permit,
                outcome,
                ended,
                started=self._last_at,  # a break after content looks back from the last event
                retry_after=None if fault is None else fault.retry_after,
                reason="" if fault is None else f"{type(fault).__name__}: {fault.message}",
            )
        except BaseException:
            self._first_end.append(True)
            raise

    def _route(
        self,
        outcome: Outcome | Literal["streaming"],
        now: float,
        fault: ProviderError | None = None,
        patience: str | None = None,
    ) -> Route:
        attempts = self._attempts
        ran = now - self._permit.started
        last = self._trial.ended(outcome, ran, began=attempts.began, fault=fault, patience=patience)
        return attempts.route(self.served_by, last)

    def _tell(self, outcome: str, response: Response | None, error: str | None = None) -> None:
        core = self._attempts.core
        if core.is_heard():
            attempt, stop = self._ends(outcome, self.route, response, error)
            core.tell_attempt(attempt)
            core.tell_end(stop)

    def _ends(
        self, outcome: str, route: Route, response: Response | None, error: str | None
    ) -> tuple[AttemptStop, RouteStop]:
        """What is told of the end: of the attempt, and of the route."""
        attempts = self._attempts
        last = AttemptStop(route.attempts[-1], attempts.request)
        return last, RouteStop.of(route, outcome, attempts.request, response, error)


def _says_something(batch: list[StreamEvent]) -> bool:
    return any(is_content(event) or type(event) is Done for event in batch)
