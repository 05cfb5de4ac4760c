"""The Gateway: which provider should serve this completion now, and what happens when it does not."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, NoReturn

import attrs

from agentsea_gateway.calls.completion import Completion
from agentsea_gateway.calls.core import Core
from agentsea_gateway.calls.opening import Opening
from agentsea_gateway.calls.watched import Watched
from agentsea_gateway.cell import wall_clock
from agentsea_gateway.config import SHARED, Config, check_settings, is_seconds
from agentsea_gateway.errors import ConfigurationError, GatewayClosedError, InvalidRequestError, UnknownCandidateError
from agentsea_gateway.messages import checked
from agentsea_gateway.options import check_options
from agentsea_gateway.request import Request
from agentsea_gateway.state import NOBODY, LocalState

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from types import TracebackType
    from typing import Self, Unpack

    from agentsea_gateway.candidate import Candidate
    from agentsea_gateway.config import Settings
    from agentsea_gateway.health import ProviderHealth
    from agentsea_gateway.messages import Message
    from agentsea_gateway.options import Options
    from agentsea_gateway.response import Response
    from agentsea_gateway.state import Change
    from agentsea_gateway.stream import Stream


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
        check_settings(settings)
        if isinstance(candidates, Config):
            config = attrs.evolve(candidates, **settings) if settings else candidates
        else:
            config = Config(candidates, **settings)
        self._core = Core(config, LocalState(config.candidates, config.breaker), set())
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
        options   see `agentsea_gateway.options.Options`

        Raises InvalidRequestError before anything is sent, AllProvidersUnavailableError (with `retry_at`),
        DeadlineExceededError, or the first provider's own BadRequestError where all of them refused the request.
        """
        watched = self._core.config.watch if watch is None else _flag("watch", watch)
        unable = NOBODY if watched else self._core.speechless
        request = self._request(messages, system, options, exclude, unable)
        kind = Watched if watched else Completion
        answer: Response = kind(self._core, self._timed(request, timeout, wait)).run()
        return answer

    def stream(
        self,
        messages: str | Sequence[Message | Mapping[str, Any]],
        *,
        system: str | None = None,
        exclude: str | Iterable[str] = (),
        timeout: float | None = None,
        wait: bool | float | None = None,
        **options: Unpack[Options],
    ) -> Stream:
        """Open a stream; failing over until the first content. `timeout` bounds the opening.

        Takes what `completion` takes; raises what it raises, and NoStreamingProviderError where nobody can stream.
        """
        request = self._request(messages, system, options, exclude, self._core.silent)
        stream: Stream = Opening(self._core, self._timed(request, timeout, wait)).run()
        return stream

    def _request(
        self,
        messages: Any,
        system: str | None,
        options: Mapping[str, Any],
        exclude: str | Iterable[str],
        unable: Mapping[str, str],
    ) -> Request:
        """What is asked and of whom not, checked before anybody else is concerned."""
        if self.closed:
            raise GatewayClosedError("this gateway is closed; build another one")
        if options:
            options = {name: value for name, value in options.items() if value is not None}
            check_options(options, self._core.known)
        left_out = self._left_out(exclude, unable) if exclude or unable else NOBODY
        return Request(checked(messages, system), options, left_out)

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

    def health(self) -> dict[str, ProviderHealth]:
        """Every candidate's health by name (G06)."""
        clock = self._core.config.clock
        now = clock.monotonic()
        return self._core.state.snapshot(now, wall_clock(now, clock.time()))

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
        return f"Gateway([{', '.join(self._core.bindings)}], strategy={self._core.strategy_name}{state})"


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
