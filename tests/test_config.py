"""Config: settings are checked when they are given, and a mistake names its fix."""

from __future__ import annotations

from typing import Any

import pytest

from agentsea_gateway import BreakerPolicy, Candidate, Config, Gateway, RetryPolicy
from agentsea_gateway.errors import ConfigurationError
from agentsea_gateway.routing import RoundRobin
from agentsea_gateway.testing import FakeClock, ScriptedProvider

A = Candidate("a", ScriptedProvider())
TIMES = (
    "timeout",
    "attempt_timeout",
    "connect_timeout",
    "first_token_timeout",
    "idle_timeout",
    "total_timeout",
)
NOT_SECONDS = (0, -1, float("nan"), float("inf"), True, "5", [5], 10**400, -(10**400))


@pytest.mark.parametrize("name", TIMES)
@pytest.mark.parametrize("value", NOT_SECONDS, ids=lambda value: repr(value)[:12])
def test_times_are_finite_seconds_above_zero(name: str, value: Any) -> None:
    with pytest.raises(ConfigurationError, match=f"{name} is .*; give a finite number of seconds above 0"):
        Gateway([A], **{name: value})


REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "an unknown setting": ({"strateggy": RoundRobin()}, "unknown setting 'strateggy'; did you mean 'strategy'?"),
    "another one": ({"zzz": 1}, "unknown setting 'zzz'$"),
    "no time": ({"timeout": None}, "timeout is None"),
    "a strategy's name": ({"strategy": "round_robin"}, "strategy is 'round_robin'; give an object with order"),
    "a strategy's class": ({"strategy": RoundRobin}, "strategy is .*; give an object with order"),
    "a share": ({"share": 0.5}, "share is 0.5; give True or False"),
    "a wait": ({"wait": 0}, "wait is 0; give True, False or a number of seconds above 0"),
    "no wait": ({"wait": None}, "wait is None; give True, False or"),
    "a watch": ({"watch": 1}, "watch is 1; give True or False"),
    "raw": ({"keep_raw": None}, "keep_raw is None; give True or False"),
    "a breaker": ({"breaker": 2}, "breaker is 2; give a BreakerPolicy"),
    "a retry": ({"retry": 2}, "retry is 2; give a RetryPolicy"),
    "a clock": ({"clock": 5}, r"clock is 5; give an object with monotonic\(\)"),
    "a generator": ({"rng": 5}, "rng is 5; give a Random"),
    "a listener": ({"listeners": 5}, "listeners is 5; give callables"),
    "listeners": ({"listeners": [print, 5]}, "listener 5 is not callable"),
    "options": ({"options": [1]}, "options is a list; give a dict"),
    "an option": ({"options": {"temprature": 1}}, "options: unknown option 'temprature'; did you mean 'temperature'"),
    "an option's type": ({"options": {"max_tokens": "5"}}, "options: max_tokens is '5'; give a whole number above 0"),
}


@pytest.mark.parametrize(("given", "words"), REFUSED.values(), ids=REFUSED)
@pytest.mark.parametrize(
    "build",
    [
        lambda given: Gateway([A], **given),
        lambda given: Gateway(Config([A]), **given),
        lambda given: Gateway([A]).with_options(**given),
    ],
    ids=["a list", "a config", "derived"],
)
def test_settings_are_checked(build: Any, given: dict[str, Any], words: str) -> None:
    if "build another Gateway" not in words and {"breaker", "clock"} & given.keys():
        words = f"{words}|cannot be changed here"
    with pytest.raises(ConfigurationError, match=words):
        build(given)


CANDIDATES: dict[str, tuple[Any, str]] = {
    "a string": ("openai/gpt-4.1", "candidates is a str; give a list, such as"),
    "a candidate": (A, "candidates is a Candidate; give a list"),
    "nothing": (None, "candidates is a NoneType; give a list"),
    "a number": (5, "candidates is a int; give a list"),
    "a provider": ([A, ScriptedProvider()], r"candidates\[1\] is a ScriptedProvider; give \"provider/model\" or"),
    "a dict with a key": ([{"api_key": "canary"}], r"candidates\[0\] is a dict; give"),
    "two of a name": ([A, Candidate("a", ScriptedProvider())], "two candidates are named 'a'; give each"),
    "no slash": (["openai"], "'openai' is no candidate; write \"provider/model\""),
    "no model": (["openai/"], "'openai/' is no candidate"),
    "no provider": (["/gpt-4.1"], "'/gpt-4.1' is no candidate"),
}


@pytest.mark.parametrize(("candidates", "words"), CANDIDATES.values(), ids=CANDIDATES)
def test_candidates_are_checked(candidates: Any, words: str) -> None:
    """F51: what might hold a key is not shown."""
    with pytest.raises(ConfigurationError, match=words) as caught:
        Gateway(candidates)
    assert "canary" not in str(caught.value)


def test_candidates_come_from_anything_that_can_be_iterated() -> None:
    assert [it.name for it in Gateway(iter([A, Candidate("b", ScriptedProvider())])).candidates] == ["a", "b"]


def test_numbers_of_other_libraries_are_numbers() -> None:
    class Float64(float):
        """As numpy's: a subclass of float."""

    assert Config([A], timeout=Float64(5)).timeout == 5
    assert Gateway([A]).completion("Hi", timeout=Float64(5), temperature=Float64(0.5)).content == "ok"


def test_a_listener_may_come_alone() -> None:
    assert Config([A], listeners=print).listeners == (print,)  # type: ignore[arg-type]


def test_a_config_is_a_value() -> None:
    config = Config([A], breaker=BreakerPolicy(melts=3), retry=RetryPolicy(max_retries=0), clock=FakeClock())
    with pytest.raises(AttributeError):
        config.timeout = 5  # type: ignore[misc]
    assert repr(config) == "Config([a], strategy=Failover(), timeout=120.0)"
