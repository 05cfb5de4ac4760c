"""How often the same candidate is asked again within one attempt, when nobody else is ready."""

from __future__ import annotations

from typing import Any

from attrs import field, frozen

from agentsea_gateway.errors import APIConnectionError, ConfigurationError, Outcome, ProviderError

_OUTCOMES = ("failure", "throttled", "benched")  # an own fault would only be repeated


def _not_negative(_instance: Any, attribute: Any, value: Any) -> None:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 <= value < 1e6:
        raise ConfigurationError(f"RetryPolicy.{attribute.name} is {value!r}; give a number, 0 or more")


def _whole(instance: Any, attribute: Any, value: Any) -> None:
    _not_negative(instance, attribute, value)
    if not isinstance(value, int):
        raise ConfigurationError(f"RetryPolicy.{attribute.name} is {value!r}; give a whole number")


def _known_outcomes(_instance: Any, attribute: Any, value: Any) -> None:
    if not isinstance(value, tuple) or not set(value) <= {*_OUTCOMES}:
        raise ConfigurationError(f"RetryPolicy.{attribute.name} is {value!r}; give a tuple out of {_OUTCOMES}")


def _as_tuple(value: Any) -> Any:
    return tuple(value) if isinstance(value, (list, set, frozenset)) else value


@frozen(kw_only=True)
class RetryPolicy:
    """Retries of the same candidate: entered only after a first failure, and only when no other candidate is ready.

    max_retries  tries after the first one (0: none)
    base, cap    seconds; full jitter between 0 and min(cap, base * 2 ** n), never less than a Retry-After
    outcomes     whole outcomes that are retried too, out of "failure", "throttled" and "benched"; by default only a
                 connection that never got through, so nothing is ever asked twice that may have been served once
    """

    max_retries: int = field(default=2, validator=_whole)
    base: float = field(default=0.5, validator=_not_negative)
    cap: float = field(default=8.0, validator=_not_negative)
    outcomes: tuple[Outcome, ...] = field(default=(), converter=_as_tuple, validator=_known_outcomes)

    def covers(self, error: ProviderError) -> bool:
        """Whether this error is worth asking the same candidate again."""
        never_through = isinstance(error, APIConnectionError) and not error.sent
        return self.max_retries > 0 and (never_through or error.outcome in self.outcomes)
