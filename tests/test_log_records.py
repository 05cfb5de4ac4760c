"""The log: which events it tells of and at which level, with fields for machines, and no secret in it."""

from __future__ import annotations

import logging
import subprocess
import sys
from typing import Any

import pytest

from agentsea_gateway.errors import (
    AllProvidersUnavailableError,
    AuthenticationError,
    InternalServerError,
    OverloadedError,
    RateLimitError,
)
from agentsea_gateway.providers import OpenAI
from agentsea_gateway.testing import Fault, Sandbox, ScriptedProvider
from support.commands import environment
from support.gateways import clock_of, gateway

DOWN = InternalServerError("down", status_code=503)
KEY = "sk-a-real-key-1234567890"


def told(caplog: pytest.LogCaptureFixture, level: int) -> list[str]:
    """The messages of one level."""
    return [record.getMessage() for record in caplog.records if record.levelno == level]


def fields(record: logging.LogRecord) -> dict[str, Any]:
    """What a record says to machines."""
    return {name: value for name, value in vars(record).items() if name.startswith("agentsea_")}


def test_the_logger_is_silent_unless_the_program_listens() -> None:
    program = (
        "from agentsea_gateway import Gateway, Candidate\n"
        "from agentsea_gateway.testing import ScriptedProvider\n"
        "from agentsea_gateway.errors import AuthenticationError\n"
        "gw = Gateway([Candidate('a', ScriptedProvider(AuthenticationError('bad key'))),"
        " Candidate('b', ScriptedProvider('x'))])\n"
        "print(gw.completion('Hi').content)\n"
    )
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", program], env=environment(), capture_output=True, text=True, check=True
    )
    assert (done.stdout, done.stderr) == ("x\n", "")


def test_a_call_that_goes_well_is_one_line_for_who_debugs(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, "agentsea_gateway")
    gateway(ScriptedProvider(latency=0.5)).completion("a secret question")
    (record,) = caplog.records
    assert record.name == "agentsea_gateway"
    assert record.getMessage() == "served by a in 500 ms, attempts: 1"
    assert fields(record) == {
        "agentsea_event": "agentsea.gateway.route.stop",
        "agentsea_served_by": "a",
        "agentsea_outcome": "ok",
        "agentsea_attempts": 1,
        "agentsea_latency_ms": pytest.approx(500),
        "agentsea_error": None,
    }


def test_a_call_that_goes_well_is_nothing_to_others(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    gw = gateway("x")
    gw.completion("Hi")
    list(gw.stream("Hi"))
    assert caplog.records == []


@pytest.mark.parametrize("verb", ["completion", "stream"])
def test_failed_attempts_and_routes_are_debugged(verb: str, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, "agentsea_gateway")
    gw = gateway(OverloadedError("too much", status_code=529), DOWN)
    with pytest.raises(AllProvidersUnavailableError):
        getattr(gw, verb)("Hi")
    assert told(caplog, logging.DEBUG) == [
        "a: failure after 0 ms: OverloadedError: too much",
        "b: failure after 0 ms: InternalServerError: down",
        "error (AllProvidersUnavailableError) in 0 ms, attempts: 2",
    ]
    assert fields(caplog.records[0]) == {
        "agentsea_event": "agentsea.gateway.attempt.stop",
        "agentsea_candidate": "a",
        "agentsea_provider": "scripted",
        "agentsea_model": "model-a",
        "agentsea_outcome": "failure",
        "agentsea_latency_ms": 0,
        "agentsea_error": "OverloadedError",
        "agentsea_status_code": 529,
        "agentsea_patience": None,
    }


def test_a_stream_is_debugged_at_its_end(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, "agentsea_gateway")
    with gateway(["one ", 1.0, "two"]).stream("Hi") as stream:
        next(stream)
        assert caplog.records == []
    assert told(caplog, logging.DEBUG) == ["cancelled in 0 ms, attempts: 1"]


def test_breakers_are_news_and_benches_are_warnings_once(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "agentsea_gateway")
    refused = AuthenticationError("bad key", status_code=401)
    gw = gateway(ScriptedProvider(DOWN, DOWN, "well", refused, refused), "b")
    for pause in (0, 0, 30, 0, 301):
        clock_of(gw).advance(pause)
        gw.completion("Hi")
    blown, closed = told(caplog, logging.INFO)
    assert blown.startswith("a is blown until ")
    assert closed == "a serves again"
    (benched,) = told(caplog, logging.WARNING)
    assert benched.startswith("a is benched until ")
    assert benched.endswith(": AuthenticationError: bad key")
    warning = fields(caplog.records[-1])
    assert (warning["agentsea_candidate"], warning["agentsea_reason"]) == ("a", "AuthenticationError: bad key")
    assert warning["agentsea_until"].endswith("+00:00")


def test_a_candidate_that_rests_is_no_warning(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, "agentsea_gateway")
    gateway(RateLimitError("slow down", retry_after=7), "b").completion("Hi")
    assert any("a is benched until" in message for message in told(caplog, logging.DEBUG))
    assert told(caplog, logging.WARNING) == []


def test_the_level_may_change_while_the_gateway_lives(caplog: pytest.LogCaptureFixture) -> None:
    gw = gateway("x")
    gw.completion("Hi")
    caplog.set_level(logging.DEBUG, "agentsea_gateway")
    gw.completion("Hi")
    assert len(caplog.records) == 1


def test_no_record_holds_a_key(caplog: pytest.LogCaptureFixture) -> None:
    """Not even where the server echoes it."""
    caplog.set_level(logging.DEBUG)
    with Sandbox(api_key=None) as box:
        box.always(Fault.status(401, message=f"Incorrect API key provided: {KEY}"))
        gw = gateway(OpenAI(api_key=KEY, base_url=box.openai_url))
        with pytest.raises(AllProvidersUnavailableError):
            gw.completion("Hi", extra_headers={"x-api-key": KEY})
    assert "AuthenticationError" in caplog.text
    assert not [record for record in caplog.records if KEY in str(vars(record))]
