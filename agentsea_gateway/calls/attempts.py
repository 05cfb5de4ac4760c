"""One call's attempts: plan, then try, settle and go on to the next, in the caller's own thread (G01-G04)."""

from __future__ import annotations

from math import inf
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from agentsea_gateway import telemetry
from agentsea_gateway.aside import load
from agentsea_gateway.call import Call
from agentsea_gateway.calls.exhaustion import exhausted, out_of_time
from agentsea_gateway.calls.trial import Trial
from agentsea_gateway.cell import wall_clock
from agentsea_gateway.clock import Deadline
from agentsea_gateway.errors import (
    GatewayError,
    InvalidRequestError,
    ProviderError,
)
from agentsea_gateway.health_view import HealthView
from agentsea_gateway.patience import share
from agentsea_gateway.permit import Permit, Refusal
from agentsea_gateway.route import Attempt, Route, Skipped
from agentsea_gateway.routing.sequence import Failover
from agentsea_gateway.routing.strategy import RoutingContext
from agentsea_gateway.state import Left
from agentsea_gateway.verdict import cut_by, outcome_of, provider_error

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from agentsea_gateway.call import Patience
    from agentsea_gateway.calls.binding import Binding
    from agentsea_gateway.calls.core import Core
    from agentsea_gateway.candidate import Candidate
    from agentsea_gateway.request import Request
    from agentsea_gateway.response import Response
    from agentsea_gateway.state import Plan

T = TypeVar("T")
LEASE_MARGIN = 1.0  # seconds that a probe's lease outlives its attempt's limit
LOOK = 0.25  # seconds between two looks whether a probe was dropped


class Attempts(Generic[T]):
    """The machinery of one call; lives in the caller's thread and is used once. Subclasses say how a candidate is
    asked (`ask`) and what is done with its answer (`serve`)."""

    streaming = False

    __slots__ = (
        "began",
        "clock",
        "config",
        "core",
        "deadline",
        "demand",
        "exclude",
        "fault",
        "first_fault",
        "made",
        "messages",
        "names",
        "options",
        "plan",
        "refused",
        "request",
        "state",
        "strategy_error",
        "told",
        "wait",
        "waited",
    )

    def __init__(self, core: Core, request: Request) -> None:
        self.core = core
        self.config = core.config
        self.state = core.state
        self.clock = core.config.clock
        self.began = self.clock.monotonic()
        self.deadline = Deadline(self.clock, self.began + request.timeout)
        self.request = request
        self.messages = request.messages
        self.options = request.options
        self.exclude = request.exclude
        self.demand = request.demand
        self.wait = request.wait
        self.made: list[Attempt] = []
        self.refused: list[Left] = []
        self.names: tuple[str, ...] = ()
        self.plan: Plan | None = None
        self.first_fault: ProviderError | None = (
            None  # the first attempt's error, raised if all are the call's own fault
        )
        self.fault: ProviderError | None = None  # the latest
        self.strategy_error: str | None = None
        self.told = False
        self.waited = 0.0

    def ask(self, trial: Trial) -> T:
        """Ask one candidate; raises what went wrong."""
        raise NotImplementedError

    def serve(self, trial: Trial, answer: T) -> Any:
        """Settle the attempt that answered and make the caller's result of it."""
        raise NotImplementedError

    # -- the loop ----------------------------------------------------------------------------------------------------

    def run(self) -> Any:
        """The first answer; raises when there is none."""
        try:
            if self.config.listeners:
                telemetry.emit(self.config.listeners, telemetry.RouteStart(self.request, self.streaming))
            return self._run()
        except BaseException as error:
            if isinstance(error, GatewayError) and error.route is None:
                error.route = self.route(None)
            outcome = "error" if isinstance(error, GatewayError) else "cancelled"
            self.announce_end(outcome, error=type(error).__name__)
            raise
        finally:  # an error holds this object by its traceback
            self.first_fault = self.fault = None

    def _run(self) -> Any:
        bindings = self.core.bindings
        while True:
            before = len(self.made)
            order = self._ordered()
            for index, candidate in enumerate(order):
                result = self._try(bindings[candidate.name], order, index)
                if result is not None:
                    return result
            if not self._waited_for_recovery(tried=len(self.made) > before):
                raise exhausted(self)

    def _ordered(self) -> Sequence[Candidate]:
        """Plan, and let the strategy put the candidates in order, outside the lock."""
        now = self.clock.monotonic()
        self.plan, counter = self.state.plan(now, self.exclude)
        if self.state.notes:
            self.core.announce_dropped()
        ready = self.plan.ready
        strategy = self.config.strategy
        if type(strategy) is Failover:
            self.names = self.plan.names
            return ready
        time = self.clock.time()
        view = HealthView(self.state.cells, now, wall_clock(now, time))
        defaults = self.config.options
        options = {**defaults, **self.options} if defaults else self.options
        try:
            context = RoutingContext(counter, view, self.streaming, self.messages, options, time)
            order = tuple(strategy.order(ready, context))
            self._check_order(order, ready)
        except Exception as error:
            telemetry.fallback(error, f"strategy {type(strategy).__name__} failed, configured order is used")
            self.strategy_error = f"{type(error).__name__}: {error}"
            order = ready
        self.names = tuple([candidate.name for candidate in order])
        return order

    def _check_order(self, order: Sequence[Candidate], ready: Sequence[Candidate]) -> None:
        given = set(map(id, order))
        if len(given) != len(order) or not given <= set(map(id, ready)) or (ready and not order):
            raise ValueError("order() must return candidates it was given, each at most once, and at least one")
        if len(order) < len(ready):
            out = (candidate.name for candidate in ready if id(candidate) not in given)
            self.refused += [Left(name, "left out by the strategy", inf, None) for name in out]

    def _try(self, binding: Binding, order: Sequence[Candidate], index: int) -> Any:
        """One attempt at one candidate; None where it did not serve."""
        now = self.clock.monotonic()
        remaining = self.deadline.at - now
        if remaining <= 0:
            raise out_of_time(self)
        behind = self._next_ready(order, index, now)
        seconds, patience = self._limit(binding.name, remaining, behind)
        config = self.config
        call = Call(
            self.deadline,
            limit=now + seconds,
            patience=patience,
            connect_timeout=config.connect_timeout,
            first_token_timeout=config.first_token_timeout,
            idle_timeout=config.idle_timeout,
        )
        trial = Trial(binding, call, another_ready=behind is not None)
        permit = None
        try:
            permit = self.state.admit(binding.name, now, now + seconds + LEASE_MARGIN)
            if isinstance(permit, Refusal):
                self.refused.append(Left(binding.name, permit.reason, permit.ready_at, None))
                return None
            trial.permit = permit
            return self._attempt(trial)
        except BaseException:  # Ctrl-C, or the call's own mistake found late: nobody is to blame
            if isinstance(permit, Permit):
                self._given_up(trial, permit)
            raise
        finally:
            # With their tracebacks they would be a cycle that keeps sockets and permits. No call empties the list:
            # behind one an interrupt could strike, when a stream is just being handed over.
            trial.failures = []

    def _attempt(self, trial: Trial) -> Any:
        try:
            answer = self.ask(trial)
        except InvalidRequestError:
            raise
        except Exception as error:
            trial.failures.append(provider_error(error, trial.binding))
            if trial.another_ready or not self.config.retry.covers(trial.failures[0]):
                self._failed(trial)
                return None
        else:
            return self.serve(trial, answer)
        return self._retried(trial)

    def _retried(self, trial: Trial) -> Any:
        """Nobody else is ready: ask the same candidate again, within the same attempt."""
        try:
            load("agentsea_gateway.calls.retries", max(0.0, trial.call.remaining()))
        except TimeoutError:  # then there is none left for a retry
            self._failed(trial)
            return None
        from agentsea_gateway.calls.retries import retry  # lightness: a call that goes well never needs it

        def ask() -> T:
            trial.asked_at = self.clock.monotonic()
            try:
                return self.ask(trial)
            except InvalidRequestError:
                raise
            except Exception as error:
                raise provider_error(error, trial.binding) from error.__cause__

        def spend() -> bool:
            return self.state.spend_retry(trial.binding.name)

        try:
            answer = retry(ask, trial.failures, self.config.retry, call=trial.call, rng=self.config.rng, spend=spend)
        except InvalidRequestError:
            raise
        except Exception as error:
            trial.failures.append(provider_error(error, trial.binding))
            self._failed(trial)
            return None
        trial.note_retried()
        return self.serve(trial, answer)

    def _failed(self, trial: Trial) -> None:
        """Settle an attempt by its last error."""
        fault = trial.failures.pop()
        trial.note_retried()
        ended = self.clock.monotonic()
        ran = ended - trial.permit.started
        patience = cut_by(fault, trial.call, ended)
        usual = self.latency(trial.binding.name)
        first = not self.made
        outcome = outcome_of(fault, ran, patience, usual, first=first, another_ready=trial.another_ready)
        reason = f"{type(fault).__name__}: {fault.message}"
        change = self.state.settle(trial.permit, outcome, ended, retry_after=fault.retry_after, reason=reason)
        self.fault = fault
        if first:
            self.first_fault = fault
        self.note_attempt(trial.ended(outcome, ran, began=self.began, fault=fault, patience=patience))
        if change is not None:
            self.core.announce(change, self.wall(ended))

    def _given_up(self, trial: Trial, permit: Permit) -> None:
        """Settle an attempt that ended by the caller, unless it was settled before."""
        if permit.ticket is not None:
            trial.permit = permit
            ended = self.clock.monotonic()
            self.state.settle(permit, "neutral", ended)
            self.note_attempt(trial.ended("neutral", ended - permit.started, began=self.began))

    def first_content(self, trial: Trial, now: float) -> None:
        """A stream brought its first content: its probe has proven itself."""
        asked_at = trial.permit.started if trial.asked_at is None else trial.asked_at
        trial.first_token = now - trial.permit.started
        change = self.state.progress(trial.permit, now, (now - asked_at) * 1000)
        if change is not None:
            self.core.announce(change, self.wall(now))

    # -- how long ----------------------------------------------------------------------------------------------------

    def latency(self, name: str) -> float | None:
        """Seconds that a candidate usually takes: for its whole answer, or for a stream's first content."""
        record = self.state.cells[name].record
        found = record.first_token_ms if self.streaming else record.latency_ms
        return None if found is None else found / 1000

    def _next_ready(self, order: Sequence[Candidate], index: int, now: float) -> str | None:
        for candidate in order[index + 1 :]:
            if self.state.is_ready(candidate.name, now):
                return candidate.name
        return None

    def _limit(self, name: str, remaining: float, behind: str | None) -> tuple[float, Patience]:
        """Seconds that the attempt may take, and which patience they are."""
        config = self.config
        limit, patience = remaining, "deadline"
        if behind is not None and config.share:
            limit, patience = share(remaining, self.latency(name), self.latency(behind)), "share"
        if config.attempt_timeout <= limit:
            limit, patience = config.attempt_timeout, "attempt"
        if self.streaming and config.first_token_timeout <= limit:
            limit, patience = config.first_token_timeout, "first_token"
        return limit, patience  # type: ignore[return-value]

    def _waited_for_recovery(self, *, tried: bool) -> bool:
        """With `wait`: sleep until the first that is blown or benched recovers; False where waiting is no use."""
        if self.wait is False:
            return False
        refused = {attempt.candidate: "refused this request" for attempt in self.made if attempt.outcome == "own_fault"}
        self.exclude = {**self.exclude, **refused}  # it would say the same again
        changed = self.state.changed()  # taken before looking, so that no recovery is missed
        now = self.clock.monotonic()
        ready_at = self._ready_at(now)
        patience = inf if self.wait is True else self.wait - self.waited
        until = min(self.deadline.at, now + patience)
        if ready_at <= now:
            return not tried and now < until  # somebody recovered between the plan and now
        if until <= now or (ready_at >= until and not self._somebody_probes(now)):
            return False
        self._sleep(changed, min(ready_at, until), LOOK if self._somebody_probes(now) else inf)
        self.waited += self.clock.monotonic() - now
        return True

    def _sleep(self, changed: threading.Event, until: float, at_most: float) -> None:
        """Wait until `until`, or until something changed. Who drops a probe without a word sets no event: every
        `at_most` seconds is looked whether somebody did."""
        while (left := until - self.clock.monotonic()) > 0:
            self.pause(changed, min(left, at_most))
            dropped = self.state.has_dropped() or self._ready_at(self.clock.monotonic()) < until
            if dropped or changed.is_set():
                return

    def pause(self, changed: threading.Event, seconds: float) -> None:
        """Wait for somebody to recover."""
        self.clock.wait(changed, seconds)

    def _somebody_probes(self, now: float) -> bool:
        """A probe is out: its lease may end after this call, but most probes end long before their lease."""
        cells = self.state.cells.items()
        return any(name not in self.exclude and cell.standing(now)[0] == "probing" for name, cell in cells)

    def _ready_at(self, now: float) -> float:
        """When the first candidate that this call may use recovers; not after `now` where one is usable already."""
        return min(
            (cell.usable_at(now) for name, cell in self.state.cells.items() if name not in self.exclude), default=inf
        )

    # -- what is told ------------------------------------------------------------------------------------------------

    def wall(self, now: float) -> Callable[[float], datetime]:
        """From monotonic moments to aware datetimes."""
        return wall_clock(now, self.clock.time())

    def note_attempt(self, attempt: Attempt) -> None:
        """Put an attempt on the route, and tell listeners."""
        self.made.append(attempt)
        if self.config.listeners or attempt.error is not None:
            self.core.tell_attempt(telemetry.AttemptStop(attempt, self.request))

    def route(self, served_by: str | None, last: Attempt | None = None) -> Route:
        """What happened so far, as facts; `last` is an attempt that has not ended yet."""
        now = self.clock.monotonic()
        skipped: tuple[Skipped, ...] = ()
        if self.refused or (self.plan is not None and self.plan.left):
            wall = self.wall(now)
            left = [*self.plan.left, *self.refused] if self.plan is not None else self.refused
            skipped = tuple(
                Skipped(out.name, out.reason, None if out.ready_at == inf else wall(out.ready_at), out.detail)
                for out in left
            )
        return Route(
            self.core.strategy_name,
            self.names,
            tuple(self.made) if last is None else (*self.made, last),
            skipped,
            (now - self.began) * 1000,
            served_by,
            self.strategy_error,
            self.waited * 1000,
        )

    def announce_end(self, outcome: str, response: Response | None = None, *, error: str | None = None) -> None:
        """Tell listeners and the log that the route ended, once (G09). `error` is the class name of what is raised."""
        if self.told or not self.core.is_heard():
            return
        self.told = True
        route = self.route(None) if response is None or response.route is None else response.route
        self.core.tell_end(telemetry.RouteStop.of(route, outcome, self.request, response, error))
