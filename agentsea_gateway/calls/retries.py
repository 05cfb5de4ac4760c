"""The one retry loop: the same candidate again, within one attempt, when nobody else is ready."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from tenacity import Retrying  # costs 12 µs a loop, and an import: this module is loaded by the first retry

from agentsea_gateway.errors import ProviderError

if TYPE_CHECKING:
    import random
    from collections.abc import Callable

    from tenacity import RetryCallState

    from agentsea_gateway.call import Call
    from agentsea_gateway.retry_policy import RetryPolicy

T = TypeVar("T")


def retry(
    ask: Callable[[], T],
    failures: list[ProviderError],
    policy: RetryPolicy,
    *,
    call: Call,
    rng: random.Random,
    spend: Callable[[], bool],
) -> T:
    """Ask again until it answers or the policy, the retry budget (`spend`) or the call's time says stop.

    `failures` holds the first failure and gets every later one but the last, which is raised.
    """
    had = [failures.pop()]

    def attempt() -> T:
        if had:
            raise had.pop()  # tenacity counts the first failure as its own first try
        return ask()

    def covered(state: RetryCallState) -> bool:
        error = state.outcome.exception() if state.outcome is not None else None
        return isinstance(error, ProviderError) and policy.covers(error)

    def pause(state: RetryCallState) -> float:
        jitter = rng.uniform(0.0, min(policy.cap, policy.base * 2 ** min(state.attempt_number - 1, 60)))
        return max(jitter, _error(state).retry_after or 0.0)

    def stop(state: RetryCallState) -> bool:
        out_of_tries = state.attempt_number > policy.max_retries
        return out_of_tries or state.upcoming_sleep >= call.remaining() or not spend()

    def keep(state: RetryCallState) -> None:
        failures.append(_error(state))

    def sleep(seconds: Any) -> None:
        call.clock.sleep(seconds)

    loop = Retrying(retry=covered, wait=pause, stop=stop, before_sleep=keep, sleep=sleep, reraise=True)
    return loop(attempt)


def _error(state: RetryCallState) -> ProviderError:
    error = state.outcome.exception() if state.outcome is not None else None
    assert isinstance(error, ProviderError), "only covered errors get here"
    return error
