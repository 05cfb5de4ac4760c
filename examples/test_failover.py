"""How to test what your own program does when a provider fails: with pytest, without a key, without a network.

Run it with `pytest examples/test_failover.py`. In a project of yours `pytest_plugins` stands in the root conftest.py,
and `summary` is imported from your program.
"""

from __future__ import annotations

import pytest

from agentsea_gateway import Candidate, Gateway
from agentsea_gateway.errors import AllProvidersUnavailableError, OverloadedError, StreamInterruptedError
from agentsea_gateway.providers import Anthropic, OpenAI
from agentsea_gateway.testing import Fault, Reply, ScriptedProvider

pytest_plugins = ["agentsea_gateway.testing.fixtures"]


# -- the program under test --------------------------------------------------------------------------------------------


def summary(gw: Gateway, text: str) -> str:
    """A summary, or an apology where nobody can be reached."""
    try:
        return gw.completion(f"Summarize: {text}", timeout=2, max_tokens=100).content
    except AllProvidersUnavailableError as error:
        return f"Please come back after {error.retry_at:%H:%M}." if error.retry_at else "Please come back later."


# -- over real HTTP ----------------------------------------------------------------------------------------------------


@pytest.fixture
def first(make_sandbox):
    """A stand-in for OpenAI: real HTTP on loopback, OpenAI's words."""
    return make_sandbox("first here", name="first")


@pytest.fixture
def second(make_sandbox):
    """A stand-in for Anthropic."""
    return make_sandbox("second here", name="second")


@pytest.fixture
def gw(first, second):
    """The gateway that the program would build, pointed at the stand-ins."""
    candidates = [
        Candidate("openai", OpenAI(base_url=first.openai_url, api_key=first.api_key), "any-model"),
        Candidate("anthropic", Anthropic(base_url=second.anthropic_url, api_key=second.api_key), "any-model"),
    ]
    with Gateway(candidates) as gateway:
        yield gateway


def test_a_summary_comes_from_the_first_provider(gw, first, second):
    assert summary(gw, "a long text") == "first here"
    assert first.requests[-1].text == "Summarize: a long text"
    assert first.requests[-1].body["max_tokens"] == 100
    assert second.hits == 0


@pytest.mark.parametrize(
    "fault",
    [
        Fault.status("overloaded"),
        Fault.status("rate_limit", retry_after=5),
        Fault.status("bad_key"),
        Fault.drop(),
        Fault.truncate(),
        Fault.html(),
    ],
)
def test_the_second_one_serves_whatever_happens_to_the_first(gw, first, fault):
    first.always(fault)
    assert summary(gw, "a long text") == "second here"


def test_a_provider_that_hangs_costs_no_more_than_the_timeout(gw, first):
    first.always(Fault.stall())
    reply = gw.completion("Hello", timeout=0.5)
    assert reply.served_by == "anthropic"
    assert reply.route.latency_ms < 500


def test_the_user_gets_an_apology_where_nobody_can_be_reached(gw, first, second):
    first.kill()
    second.always(Fault.status("rate_limit", retry_after=60))
    assert summary(gw, "a long text").startswith("Please come back after ")


def test_a_stream_that_breaks_keeps_what_came(gw, first):
    first.script(Fault.drop(after=2, reply=Reply("one two three four")))
    with pytest.raises(StreamInterruptedError) as caught, gw.stream("Count.") as stream:
        for _ in stream.text:
            pass
    assert caught.value.partial.content == "one two"


# -- without sockets, without time -------------------------------------------------------------------------------------


def test_a_dead_provider_is_left_out_and_comes_back(fake_clock):
    dead = ScriptedProvider(default=OverloadedError("busy", status_code=503))
    gateway = Gateway(
        [Candidate("dead", dead), Candidate("spare", ScriptedProvider(default="spare"))], clock=fake_clock
    )
    for _ in range(5):
        assert summary(gateway, "a text") == "spare"
    assert dead.hits == 2, "after two failures nobody waits for it any more"

    dead.always("well again")
    fake_clock.advance(30)
    assert summary(gateway, "a text") == "well again"
