"""Retries of the same candidate: when, how long between them, and what they cost."""

from __future__ import annotations

import random
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import agentsea_gateway
from agentsea_gateway import RetryPolicy
from agentsea_gateway.errors import (
    AllProvidersUnavailableError,
    APIConnectionError,
    BadRequestError,
    ConfigurationError,
    DeadlineExceededError,
    InternalServerError,
    InvalidRequestError,
    RateLimitError,
)
from agentsea_gateway.testing import ScriptedProvider
from support.gateways import clock_of, counts, gateway

REFUSED = APIConnectionError("connection refused", sent=False)
BROKEN = APIConnectionError("connection reset", sent=True)


class Fixed(random.Random):
    """Jitter at a fixed share of what it may be; remembers what it was asked."""

    def __init__(self, share: float) -> None:
        super().__init__(0)
        self.share = share
        self.asked: list[tuple[float, float]] = []

    def uniform(self, a: float, b: float) -> float:
        self.asked.append((a, b))
        return a + self.share * (b - a)


def test_a_connection_that_never_got_through_is_tried_again() -> None:
    provider = ScriptedProvider(REFUSED, REFUSED, "at last")
    rng = Fixed(0.5)
    gw = gateway(provider, rng=rng)
    reply = gw.completion("Hi")
    assert (reply.content, provider.hits) == ("at last", 3)
    assert rng.asked == [(0.0, 0.5), (0.0, 1.0)]
    assert clock_of(gw).slept == [0.25, 0.5]


def test_a_retry_belongs_to_its_attempt() -> None:
    """One permit, one outcome, every try on the route."""
    heard: list[Any] = []
    gw = gateway(ScriptedProvider(REFUSED, REFUSED, "at last"), rng=Fixed(0.5), listeners=heard.append)
    reply = gw.completion("Hi")
    assert reply.route is not None
    (attempt,) = reply.route.attempts
    assert (attempt.outcome, attempt.latency_ms) == ("success", pytest.approx(750))
    assert attempt.retried == ("APIConnectionError: connection refused",) * 2
    assert "(2 retries before)" in reply.route.explain()
    assert counts(gw.health()) == {"a": (1, 0)}
    told = [event.name.rpartition(".gateway.")[2] for event in heard]
    assert told == ["route.start", "attempt.stop", "route.stop"]


def test_streams_are_tried_again_too() -> None:
    stream = gateway(ScriptedProvider(REFUSED, ["Hello"])).stream("Hi")
    assert "".join(stream.text) == "Hello"
    assert stream.response.route is not None
    assert [len(attempt.retried) for attempt in stream.response.route.attempts] == [1]


def test_the_last_try_decides() -> None:
    provider = ScriptedProvider(REFUSED, BadRequestError("no"))
    with pytest.raises(BadRequestError) as caught:
        gateway(provider).completion("Hi")
    assert provider.hits == 2
    assert caught.value.route is not None
    assert caught.value.route.attempts[0].retried == ("APIConnectionError: connection refused",)


def test_an_own_mistake_found_by_a_retry_is_raised_at_once() -> None:
    provider = ScriptedProvider(REFUSED, InvalidRequestError("no JSON can hold this"))
    gw = gateway(provider)
    with pytest.raises(InvalidRequestError):
        gw.completion("Hi")
    assert provider.hits == 2
    assert counts(gw.health()) == {"a": (1, 0)}


def test_tries_are_bounded() -> None:
    provider = ScriptedProvider(default=REFUSED)
    gw = gateway(provider)
    with pytest.raises(AllProvidersUnavailableError) as caught:
        gw.completion("Hi")
    assert provider.hits == 3
    assert caught.value.route is not None
    assert len(caught.value.route.attempts[0].retried) == 2
    assert counts(gw.health()) == {"a": (1, 1)}


NOT_AGAIN = {
    "it may have been served": (BROKEN, {}),
    "a failure of another kind": (InternalServerError("down"), {}),
    "pushback": (RateLimitError("slow down", retry_after=0.1), {}),
    "switched off": (REFUSED, {"retry": RetryPolicy(max_retries=0)}),
    "an own mistake": (InvalidRequestError("no"), {"retry": RetryPolicy(outcomes=("failure",))}),
    "an unlisted outcome": (BadRequestError("no"), {"retry": RetryPolicy(outcomes=("failure", "throttled"))}),
}


@pytest.mark.parametrize(("error", "settings"), NOT_AGAIN.values(), ids=NOT_AGAIN)
def test_nothing_else_is_tried_again(error: Exception, settings: dict[str, Any]) -> None:
    """F10, F11: what may have been served once is never sent twice."""
    provider = ScriptedProvider(error)
    with pytest.raises(agentsea_gateway.GatewayError):
        gateway(provider, **settings).completion("Hi")
    assert provider.hits == 1


def test_while_somebody_else_is_ready_nobody_is_tried_again() -> None:
    refused, backup = ScriptedProvider(default=REFUSED), ScriptedProvider(default=REFUSED)
    gw = gateway(refused, backup)
    with pytest.raises(AllProvidersUnavailableError):
        gw.completion("Hi")
    assert (refused.hits, backup.hits) == (1, 3)
    with pytest.raises(AllProvidersUnavailableError):
        gw.completion("Hi", exclude="b")
    assert (refused.hits, backup.hits) == (4, 3)


def test_whole_outcomes_are_retried_where_one_asks_for_it() -> None:
    provider = ScriptedProvider(InternalServerError("down"), BROKEN, ZeroDivisionError("oh"), "at last")
    gw = gateway(provider, retry=RetryPolicy(max_retries=3, outcomes=("failure",)))
    assert gw.completion("Hi").content == "at last"
    assert gw.ask("a") == "ok"


def test_retry_after_is_waited_for() -> None:
    provider = ScriptedProvider(RateLimitError("slow down", retry_after=3.0), "at last")
    gw = gateway(provider, retry=RetryPolicy(outcomes=("throttled",)))
    assert gw.completion("Hi").content == "at last"
    assert clock_of(gw).slept == [3.0]
    assert gw.health()["a"].benched_until is None


def test_the_pause_is_capped() -> None:
    rng = Fixed(1.0)
    gw = gateway(
        ScriptedProvider(*[REFUSED] * 5, default="at last"),
        retry=RetryPolicy(max_retries=5, base=1, cap=3),
        rng=rng,
    )
    gw.completion("Hi")
    assert clock_of(gw).slept == [1, 2, 3, 3, 3]


@pytest.mark.parametrize("retry_after", [None, 9.9, 100.0])
def test_no_retry_begins_that_the_deadline_would_cut(retry_after: float | None) -> None:
    error = APIConnectionError("connection refused", sent=False, retry_after=retry_after)
    provider = ScriptedProvider(error, error, "at last")
    gw = gateway(provider, rng=Fixed(1.0), retry=RetryPolicy(base=6, cap=20))
    began = clock_of(gw).monotonic()
    with pytest.raises(AllProvidersUnavailableError):
        gw.completion("Hi", timeout=9.9)
    assert provider.hits == (2 if retry_after is None else 1)
    assert clock_of(gw).monotonic() - began <= 6


def test_a_retry_that_runs_out_of_time_is_the_deadlines() -> None:
    gw = gateway(ScriptedProvider(REFUSED, [30.0, "late"]), rng=Fixed(1.0))
    with pytest.raises(DeadlineExceededError):
        gw.completion("Hi", timeout=5)
    assert clock_of(gw).monotonic() == pytest.approx(1005)


def test_the_budget_of_retries_runs_out_and_is_earned_by_success() -> None:
    """Ten tokens, one for each retry, a tenth back for each success."""
    provider = ScriptedProvider(default=REFUSED)
    gw = gateway(provider)
    tried = []
    for _ in range(7):
        with pytest.raises(AllProvidersUnavailableError):
            gw.completion("Hi")
        gw.reset("a")
        tried.append(provider.hits)
    assert tried == [3, 6, 9, 12, 15, 16, 17]
    provider.always("ok")
    for _ in range(10):
        gw.completion("Hi")
    provider.always(REFUSED)
    with pytest.raises(AllProvidersUnavailableError):
        gw.completion("Hi")
    assert provider.hits == 17 + 10 + 2


@pytest.mark.parametrize(
    "given",
    [
        {"max_retries": -1},
        {"max_retries": True},
        {"max_retries": 1.5},
        {"base": float("nan")},
        {"cap": "8"},
        {"outcomes": "failure"},
        {"outcomes": ("failures",)},
    ],
    ids=str,
)
def test_a_policy_is_checked_at_construction(given: dict[str, Any]) -> None:
    with pytest.raises(ConfigurationError, match=f"RetryPolicy.{next(iter(given))} is"):
        RetryPolicy(**given)


@pytest.mark.parametrize(
    ("script", "loaded"), [("'ok'", False), ("KeyError('x'), 'ok'", False), ("refused, 'ok'", True)]
)
def test_tenacity_is_loaded_by_the_first_retry_alone(script: str, loaded: bool, tmp_path: Path) -> None:
    program = f"""
import sys
from agentsea_gateway import Candidate, Gateway, GatewayError
from agentsea_gateway.errors import APIConnectionError
from agentsea_gateway.testing import FakeClock, ScriptedProvider
refused = APIConnectionError("refused", sent=False)
gw = Gateway([Candidate("a", ScriptedProvider({script}))], clock=FakeClock())
for _ in range(2):
    try:
        gw.completion("Hi")
    except GatewayError:
        pass
print("tenacity" in sys.modules)
"""
    root = Path(agentsea_gateway.__file__).parent.parent
    done = subprocess.run(
        [sys.executable, "-c", program],
        env={"PYTHONPATH": str(root)},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout.strip() == str(loaded), done.stderr
