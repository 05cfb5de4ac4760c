"""The Gateway: which provider should serve this completion now, and what happens when it does not."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, NoReturn, TypeVar

import attrs

from agentsea_gateway.aside import load
from agentsea_gateway.brief import listed
from agentsea_gateway.calls.completion import Completion
from agentsea_gateway.calls.core import Core
from agentsea_gateway.calls.demands import demanded
from agentsea_gateway.cell import wall_clock
from agentsea_gateway.config import SHARED, Config, check_settings, is_seconds
from agentsea_gateway.errors import ConfigurationError, GatewayClosedError, InvalidRequestError, UnknownCandidateError
from agentsea_gateway.health import Health
from agentsea_gateway.messages import checked
from agentsea_gateway.options import check_options
from agentsea_gateway.request import Request
from agentsea_gateway.state import NOBODY, LocalState
from agentsea_gateway.tokens import is_short_text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from concurrent.futures import Executor
    from os import PathLike
    from types import TracebackType
    from typing import Self, Unpack

    from agentsea_gateway.batch.common import Common
    from agentsea_gateway.batch.results import Results
    from agentsea_gateway.calls.stopping import Stopper
    from agentsea_gateway.candidate import Candidate
    from agentsea_gateway.config import Settings
    from agentsea_gateway.messages import Message
    from agentsea_gateway.options import Options
    from agentsea_gateway.response import Response
    from agentsea_gateway.state import Change
    from agentsea_gateway.store.cache import Mode
    from agentsea_gateway.stream import Stream

R = TypeVar("R")


class Gateway:
    """A blocking, thread-safe client over several providers.

    >>> from agentsea_gateway import Candidate, Gateway
    >>> from agentsea_gateway.testing import ScriptedProvider
    >>> gw = Gateway([Candidate(name="a", provider=ScriptedProvider("Hello!"))])
    >>> gw.completion("Hi").content
    'Hello!'

    `candidates` are "provider/model" strings or Candidates in order of preference, or a whole Config; the keywords are
    Config's fields. Build one, share it between threads, close it at the end.
    """

    def __init__(self, candidates: Iterable[str | Candidate] | Config, **settings: Unpack[Settings]) -> None:
        from agentsea_gateway.calls.opening import Opening  # with the first gateway: importing this module stays quick
        from agentsea_gateway.calls.watched import Watched

        check_settings(settings)
        if isinstance(candidates, Config):
            config = attrs.evolve(candidates, **settings) if settings else candidates
        else:
            config = Config(candidates, **settings)
        self._core = Core(config, LocalState(config.candidates, config.breaker), set())
        self._opening, self._watched = Opening, Watched
        self._base: Gateway | None = None  # whom this one was derived from
        self._closed = False

    # -- calls -------------------------------------------------------------------------------------------------------

    def completion(
        self,
        messages: str | Sequence[Message | Mapping[str, Any]],
        *,
        system: str | None = None,
        exclude: str | Iterable[str] = (),
        timeout: float | None = None,
        wait: bool | float | None = None,
        watch: bool | None = None,
        cache: bool | Mode | None = None,
        validate: Callable[[Response], object] | None = None,
        **options: Unpack[Options],
    ) -> Response:
        """Ask for one answer; failing over until somebody gives it.

        messages  a string, or dicts in OpenAI's chat shape; never changed
        system    a system prompt to put in front
        exclude   names of candidates that this call must not use
        timeout   seconds for the whole call
        wait      see Config
        watch     ask for a stream and return its plain answer: first-token and idle patience hold, and a break at any
                  point fails over
        cache     False: neither looked up nor kept; "read" or "write": only that; where the gateway has a cache
        validate  a function of the Response; where it returns False or raises ValueError, the next candidate is asked.
                  Not called for an answer that calls tools
        options   see `agentsea_gateway.options.Options`

        Raises InvalidRequestError before anything is sent, AllProvidersUnavailableError (with `retry_at`),
        DeadlineExceededError, the first provider's own BadRequestError where all of them refused the request, or the
        last InvalidAnswerError where nobody's answer was as asked.
        """
        watched = self._core.config.watch if watch is None else _flag("watch", watch)
        unable = NOBODY if watched else self._core.speechless
        request = self._request(messages, system, options, exclude, unable, validate=validate)
        kind = self._watched if watched else Completion
        timed = self._timed(request, timeout, wait)
        if cache is not None or self._core.config.cache is not None:
            cached: Response = self._cached().completed(self._core, kind, timed, cache)
            return cached
        answer: Response = kind(self._core, timed).run()
        return answer

    def stream(
        self,
        messages: str | Sequence[Message | Mapping[str, Any]],
        *,
        system: str | None = None,
        exclude: str | Iterable[str] = (),
        timeout: float | None = None,
        wait: bool | float | None = None,
        cache: bool | Mode | None = None,
        validate: Callable[[Response], object] | None = None,
        **options: Unpack[Options],
    ) -> Stream:
        """Open a stream; failing over until the first content. `timeout` bounds the opening.

        Takes what `completion` takes; raises what it raises, and NoStreamingProviderError where nobody can stream.
        """
        request = self._request(messages, system, options, exclude, self._core.silent, validate=validate)
        timed = self._timed(request, timeout, wait)
        if cache is not None or self._core.config.cache is not None:
            cached: Stream = self._cached().opened(self._core, timed, cache)
            return cached
        stream: Stream = self._opening(self._core, timed).run()
        return stream

    def map(
        self,
        rows: Iterable[R],
        prompt: str | Callable[[R], Any] | None = None,
        *,
        threads: int | None = None,
        on_error: Literal["return", "raise"] = "return",
        ordered: bool = True,
        executor: Executor | None = None,
        journal: str | PathLike[str] | None = None,
        key: Callable[[R], str | int] | None = None,
        progress: bool = False,
        wait: bool | float = True,
        **common: Unpack[Common],
    ) -> Results[R]:
        """Ask for one answer per row, in threads; an iterator of `Result` (row, index, response or error).

        >>> from agentsea_gateway import Candidate, Gateway
        >>> from agentsea_gateway.testing import ScriptedProvider
        >>> gw = Gateway([Candidate(name="a", provider=ScriptedProvider(default="Hallo!"))])
        >>> [result.content for result in gw.map(["Hello", "Hi"], "In German: {}")]
        ['Hallo!', 'Hallo!']

        rows      any iterable; read as results are wanted, never further ahead than four rows per thread
        prompt    a format string (`{}` is the row, `{name}` its column), or a function of the row that returns messages
                  or a dict of `completion`'s arguments; None: the row is that itself. Called in your own thread
        threads   calls at once; 32, or as many as the executor has
        on_error  "return": a failed row is a Result with its `error`; "raise": the first one ends the batch
        ordered   results come in the order of the rows; False: as they are finished
        executor  a `concurrent.futures` executor of threads to make the calls in, instead of threads of the batch's own
        journal   an SQLite file in which every finished row is kept: a second run goes on where the first one stopped,
                  also after `kill -9`. Failed rows, and rows that ask something else than before, are asked again
        key       who a row is in the journal; without it, its number
        progress  show a bar on standard error (by tqdm, where that is installed)
        wait      for candidates to recover, within a row's `timeout`; see Config
        common    what `completion` takes, options too: for every row that does not bring its own

        Responses have no `raw`. Raises InvalidRequestError at once for what is wrong with the arguments; while
        iterating, RowError where a row could not be read or made a request, after the rows before it, and StoreError
        where the journal cannot be used.
        """
        load("agentsea_gateway.batch.start")
        from agentsea_gateway.batch.start import start  # lightness: most programs ask one thing at a time

        calls = self.with_options(keep_raw=False)
        return start(
            rows,
            prompt,
            calls._answer_row,
            core=calls._core,
            common={"wait": wait, **common},
            threads=threads,
            on_error=on_error,
            ordered=ordered,
            executor=executor,
            journal=journal,
            key=key,
            progress=progress,
        )

    def _answer_row(
        self,
        stopper: Stopper,
        /,
        messages: Any,
        *,
        system: str | None = None,
        exclude: str | Iterable[str] = (),
        timeout: float | None = None,
        wait: bool | float | None = None,
        watch: bool | None = None,
        cache: bool | Mode | None = None,
        validate: Callable[[Response], object] | None = None,
        **options: Any,
    ) -> Response:
        """`completion` for a row of a batch, which `stopper` may end."""
        watched = self._core.config.watch if watch is None else _flag("watch", watch)
        unable = NOBODY if watched else self._core.speechless
        request = self._request(messages, system, options, exclude, unable, validate=validate)
        timed = self._timed(request, timeout, wait)
        answer: Response = self._cached().answered(self._core, timed, cache, watched=watched, stopper=stopper)
        return answer

    @staticmethod
    def _cached() -> Any:
        load("agentsea_gateway.calls.cached")
        from agentsea_gateway.calls import cached  # lightness: it brings SQLite

        return cached

    def _request(
        self,
        messages: Any,
        system: str | None,
        options: Mapping[str, Any],
        exclude: str | Iterable[str],
        unable: Mapping[str, str],
        *,
        validate: Callable[[Response], object] | None = None,
    ) -> Request:
        """What is asked and of whom not, checked before anybody else is concerned."""
        if self.closed:
            raise GatewayClosedError("this gateway is closed; build another one")
        if options:
            options = {name: value for name, value in options.items() if value is not None}
        demand = None
        if validate is not None or "response_format" in options:
            options, demand = demanded(options, validate)
        if options:
            check_options(options, self._core.known)
        left_out = self._left_out(exclude, unable) if exclude or unable else NOBODY
        core = self._core
        request = Request(checked(messages, system), options, left_out)
        request.demand = demand
        if core.config.check_capabilities and (
            "tools" in options
            or "response_format" in options
            or not is_short_text(request.messages, core.safe_characters)
        ):
            unable = core.abilities().left_out(request.messages, options)
            request.unable, request.exclude = unable, {**unable, **left_out} if unable else left_out
        return request

    def _timed(self, request: Request, timeout: float | None, wait: bool | float | None) -> Request:
        config = self._core.config
        request.timeout = config.timeout if timeout is None else _seconds("timeout", timeout)
        request.wait = config.wait if wait is None else wait if isinstance(wait, bool) else _seconds("wait", wait)
        return request

    def _left_out(self, exclude: str | Iterable[str], unable: Mapping[str, str]) -> Mapping[str, str]:
        try:
            names = (exclude,) if isinstance(exclude, str) and exclude else tuple(exclude or ())
        except TypeError:
            kind = type(exclude).__name__
            raise InvalidRequestError(f"exclude is a {kind}; give a candidate's name, or several in a list") from None
        for name in names:
            self._known(name)
        return {**unable, **dict.fromkeys(names, "excluded")}

    # -- health and breakers -----------------------------------------------------------------------------------------

    def health(self) -> Health:
        """Every candidate's health by name (G06)."""
        clock = self._core.config.clock
        now = clock.monotonic()
        return Health(self._core.state.snapshot(now, wall_clock(now, clock.time())))

    def ask(self, name: str) -> Literal["ok", "blown"]:
        """Whether the breaker of `name` lets attempts through (G08). "blown": open, or its one probe is out."""
        return "blown" if self._core.state.blown(self._known(name), self._core.config.clock.monotonic()) else "ok"

    def melt(self, name: str) -> None:
        """Count a failure against the breaker of `name`, as an operator (G08)."""
        clock = self._core.config.clock
        now = clock.monotonic()
        self._announce(self._core.state.melt(self._known(name), now), now)

    def reset(self, name: str) -> None:
        """Close the breaker of `name` and take it off the bench (G08). Its health stays."""
        self._core.state.reset(self._known(name))

    def _announce(self, change: Change | None, now: float) -> None:
        if change is not None:
            self._core.announce(change, wall_clock(now, self._core.config.clock.time()))

    def _known(self, name: Any) -> str:
        if isinstance(name, str) and name in self._core.state:
            return name
        load("difflib")
        from difflib import get_close_matches  # only where somebody mistyped

        names = list(self._core.bindings)
        close = get_close_matches(str(name), names, n=1)
        hint = f"did you mean {close[0]!r}?" if close else f"there are: {', '.join(names) or 'none'}"
        raise UnknownCandidateError(f"no candidate is named {name!r}; {hint}")

    # -- derived gateways and the end --------------------------------------------------------------------------------

    @property
    def candidates(self) -> tuple[Candidate, ...]:
        """The configured candidates, in order."""
        return self._core.config.candidates

    def with_options(self, **overrides: Unpack[Settings]) -> Gateway:
        """A gateway with other settings over the same state and connections (strategy, timeouts, listeners, options…).

        Health, breakers and benches are shared. Closing the derived gateway leaves the shared connections open.
        """
        refused = dict.fromkeys((*SHARED, "candidates"), "it belongs to the shared state; build another Gateway")
        check_settings(overrides, refused=refused)
        core = self._core
        bindings = None if "options" in overrides else core.bindings  # they hold the default options
        derived = object.__new__(type(self))
        derived.__dict__.update(self.__dict__)
        derived._core = Core(attrs.evolve(core.config, **overrides), core.state, core.warned, bindings)
        derived._base = self._base or self
        return derived

    def close(self) -> None:
        """Refuse further calls, also of gateways derived from this one, and close the providers' idle connections.

        Calls under way end by themselves. A derived gateway closes itself alone.
        """
        if self._closed:
            return
        self._closed = True
        if self._core.config.cache is not None:
            self._core.config.cache.close()
        if self._base is None:
            _close_all(candidate.provider for candidate in self.candidates)

    @property
    def closed(self) -> bool:
        """Whether it was closed, or the gateway that it was derived from."""
        return self._closed or (self._base is not None and self._base.closed)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def __reduce__(self) -> NoReturn:
        raise ConfigurationError(
            "a Gateway holds a lock and connections and cannot be pickled or copied; build it in the worker "
            "(module level, an initializer), or share this one between threads"
        )

    def __repr__(self) -> str:
        state = ", closed" if self.closed else ""
        return f"Gateway([{listed(self._core.bindings)}], strategy={self._core.strategy_name}{state})"


def _close_all(providers: Iterable[Any]) -> None:
    """Close those that can be closed; one that raises does not keep the others open."""
    from contextlib import ExitStack

    with ExitStack() as stack:
        for provider in providers:
            close = getattr(provider, "close", None)
            if callable(close):
                stack.callback(close)


def _flag(name: str, value: Any) -> bool:
    if not isinstance(value, bool):
        raise InvalidRequestError(f"{name} is {value!r}; give True or False")
    return value


def _seconds(name: str, value: Any) -> float:
    if not is_seconds(value):
        raise InvalidRequestError(f"{name} is {value!r}; give a finite number of seconds above 0")
    return float(value)
