"""The configuration of a gateway: its candidates and defaults, checked at once."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypedDict

from attrs import field, fields_dict, frozen

from agentsea_gateway.breaker import BreakerPolicy
from agentsea_gateway.brief import listed
from agentsea_gateway.candidate import Candidate
from agentsea_gateway.clock import SYSTEM, Clock
from agentsea_gateway.errors import ConfigurationError
from agentsea_gateway.options import check_options
from agentsea_gateway.retry_policy import RetryPolicy
from agentsea_gateway.routing.sequence import Failover

if TYPE_CHECKING:
    import random
    from collections.abc import Callable, Iterable
    from os import PathLike

    from attrs import Attribute

    from agentsea_gateway.routing.strategy import Strategy
    from agentsea_gateway.store.cache import Cache
    from agentsea_gateway.telemetry import Event


class Settings(TypedDict, total=False):
    """Config's fields but the candidates: what `Gateway(…)` and `with_options` take as keywords."""

    strategy: Strategy
    timeout: float
    attempt_timeout: float
    connect_timeout: float
    first_token_timeout: float
    idle_timeout: float
    total_timeout: float | None
    share: bool
    wait: bool | float
    watch: bool
    breaker: BreakerPolicy
    retry: RetryPolicy
    listeners: Iterable[Callable[[Event], object]]
    options: Mapping[str, Any]
    keep_raw: bool
    check_capabilities: bool
    cache: str | PathLike[str] | Cache | None
    clock: Clock
    rng: random.Random


LONGEST = 1e9  # seconds; no socket waits longer, and no date lies so far ahead
SHARED = frozenset(("breaker", "clock"))  # belong to the state, so `with_options` cannot change them


def is_seconds(value: Any) -> bool:
    """Whether `value` is a finite, positive number of seconds."""
    return isinstance(value, (int, float)) and not isinstance(value, bool) and 0 < value <= LONGEST


def _seconds(_config: Config, attribute: Attribute[Any], value: Any) -> None:
    if not is_seconds(value):
        raise ConfigurationError(f"{attribute.name} is {value!r}; give a finite number of seconds above 0")


def _optional_seconds(config: Config, attribute: Attribute[Any], value: Any) -> None:
    if value is not None:
        _seconds(config, attribute, value)


def _flag(_config: Config, attribute: Attribute[Any], value: Any) -> None:
    if not isinstance(value, bool):
        raise ConfigurationError(f"{attribute.name} is {value!r}; give True or False")


def _waiting(_config: Config, attribute: Attribute[Any], value: Any) -> None:
    if not isinstance(value, bool) and not is_seconds(value):
        raise ConfigurationError(f"{attribute.name} is {value!r}; give True, False or a number of seconds above 0")


def _has_order(_config: Config, _attribute: Attribute[Any], value: Any) -> None:
    if isinstance(value, type) or not callable(getattr(value, "order", None)):
        raise ConfigurationError(
            f"strategy is {value!r}; give an object with order(candidates, context), such as RoundRobin()"
        )


def _of(kind: type) -> Callable[[Any, Attribute[Any], Any], None]:
    def check(_config: Any, attribute: Attribute[Any], value: Any) -> None:
        if not isinstance(value, kind):
            raise ConfigurationError(f"{attribute.name} is {value!r}; give a {kind.__name__}")

    return check


def _is_clock(_config: Config, _attribute: Attribute[Any], value: Any) -> None:
    if not all(callable(getattr(value, verb, None)) for verb in ("monotonic", "time", "sleep", "wait")):
        raise ConfigurationError(f"clock is {value!r}; give an object with monotonic(), time(), sleep() and wait()")


def _random() -> random.Random:
    from random import Random  # lightness: retries alone draw from it

    return Random()


def _is_random(config: Config, attribute: Attribute[Any], value: Any) -> None:
    from random import Random

    _of(Random)(config, attribute, value)


def _callables(value: Any) -> tuple[Any, ...]:
    if callable(value):
        return (value,)
    try:
        found = tuple(value)
    except TypeError:
        raise ConfigurationError(f"listeners is {value!r}; give callables that take one event") from None
    for listener in found:
        if not callable(listener):
            raise ConfigurationError(f"listener {listener!r} is not callable; give callables that take one event")
    return found


def _default_options(value: Any) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise ConfigurationError(f"options is a {type(value).__name__}; give a dict of option names to values")
    try:
        check_options(value)
    except Exception as error:
        raise ConfigurationError(f"options: {error}") from None
    return dict(value)


def _cache(value: Any) -> Cache | None:
    if value is None:
        return None
    from agentsea_gateway.store.cache import Cache  # lightness: SQLite is loaded only where answers are kept

    return Cache.of(value)


def _candidates(value: Any) -> tuple[Candidate, ...]:
    if isinstance(value, (str, Candidate)) or not hasattr(value, "__iter__"):
        raise ConfigurationError(
            f"candidates is a {type(value).__name__}; give a list, such as "
            '["anthropic/claude-opus-4-8", "openai/gpt-4.1"]'
        )
    found = tuple(_candidate(entry, index) for index, entry in enumerate(value))
    seen: set[str] = set()
    for candidate in found:
        if candidate.name in seen:
            raise ConfigurationError(f"two candidates are named {candidate.name!r}; give each Candidate its own name=")
        seen.add(candidate.name)
    return found


def _candidate(entry: Any, index: int) -> Candidate:
    if isinstance(entry, Candidate):
        return entry
    if isinstance(entry, str):
        from agentsea_gateway.providers.resolve import resolve  # lightness: a gateway of own providers needs no HTTP

        return resolve(entry)
    raise ConfigurationError(  # the entry itself is not shown: it may hold a key
        f'candidates[{index}] is a {type(entry).__name__}; give "provider/model" or a Candidate(name=…, provider=…)'
    )


@frozen(kw_only=True, repr=False)
class Config:
    """Everything a gateway is built from. Times are in seconds.

    candidates           "provider/model" strings or Candidates, in order of preference
    strategy             in which order they are tried; Failover() is the given one
    timeout              the whole call: waiting, retries, failover, reading the body; of a stream, its opening
    attempt_timeout      one attempt
    connect_timeout      a connection, over all addresses of a host together
    first_token_timeout  a stream's first content, per attempt
    idle_timeout         between two pieces of a stream's content
    total_timeout        a whole stream, or None
    share                an attempt leaves time for the next candidate
    wait                 when everybody is blown or benched: wait for the first to recover (True: as long as the call's
                         deadline allows; or at most so many seconds), instead of raising at once
    watch                ask providers for streams on plain calls too, so that a silent one is left early
    breaker              see BreakerPolicy
    retry                see RetryPolicy
    listeners            callables that receive telemetry events
    options              default options of every call, under the candidates' own; `with_options` replaces them whole
    keep_raw             keep the decoded body on `Response.raw`
    check_capabilities   leave out candidates whose model is known to be unable to take a request (its tools, images,
                         JSON schema or length); False: ask them all the same
    cache                a file (or a Cache with its bounds) of answers that were given before; None: ask every time
    clock, rng           replaceable for tests
    """

    candidates: tuple[Candidate, ...] = field(converter=_candidates, kw_only=False)
    strategy: Strategy = field(factory=Failover, validator=_has_order)
    timeout: float = field(default=120.0, validator=_seconds)
    attempt_timeout: float = field(default=60.0, validator=_seconds)
    connect_timeout: float = field(default=5.0, validator=_seconds)
    first_token_timeout: float = field(default=30.0, validator=_seconds)
    idle_timeout: float = field(default=30.0, validator=_seconds)
    total_timeout: float | None = field(default=None, validator=_optional_seconds)
    share: bool = field(default=True, validator=_flag)
    wait: bool | float = field(default=False, validator=_waiting)
    watch: bool = field(default=False, validator=_flag)
    breaker: BreakerPolicy = field(factory=BreakerPolicy, validator=_of(BreakerPolicy))
    retry: RetryPolicy = field(factory=RetryPolicy, validator=_of(RetryPolicy))
    listeners: tuple[Callable[[Event], object], ...] = field(default=(), converter=_callables)
    options: Mapping[str, Any] = field(factory=dict, converter=_default_options)
    keep_raw: bool = field(default=True, validator=_flag)
    check_capabilities: bool = field(default=True, validator=_flag)
    cache: Cache | None = field(default=None, converter=_cache)
    clock: Clock = field(default=SYSTEM, validator=_is_clock)
    rng: random.Random = field(factory=_random, validator=_is_random)

    def __repr__(self) -> str:
        names = listed([candidate.name for candidate in self.candidates])
        return f"Config([{names}], strategy={self.strategy!r}, timeout={self.timeout})"


def check_settings(settings: Mapping[str, Any], *, refused: Mapping[str, str] | None = None) -> None:
    """Raise ConfigurationError for a keyword that Config does not have, or that cannot be given here."""
    known = fields_dict(Config)
    for name in settings:
        if refused and name in refused:
            raise ConfigurationError(f"{name!r} cannot be changed here: {refused[name]}")
        if name not in known:
            from difflib import get_close_matches  # only where somebody mistyped

            close = get_close_matches(name, known, n=1)
            raise ConfigurationError(f"unknown setting {name!r}" + (f"; did you mean {close[0]!r}?" if close else ""))
