"""`agentsea doctor`: what the environment configures, what is wrong with it, and who answers; never a key."""

from __future__ import annotations

import json
from typing import Any

import pytest

from agentsea_gateway import cli
from agentsea_gateway.commands import checkup
from agentsea_gateway.errors import (
    APIConnectionError,
    APITimeoutError,
    AuthenticationError,
    NotFoundError,
    OverloadedError,
    PermissionDeniedError,
)
from agentsea_gateway.testing import Sandbox

KEY = "sk-proj-Ab3dEf6hIj9lMn2pQr5tUv8x"


@pytest.fixture
def doctor(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Any:
    """Run `agentsea doctor`: its status and the lines it printed. Local servers are left out of it: this machine may
    run some."""
    monkeypatch.setattr(checkup, "services", lambda: [it for it in SERVICES() if not it.local])

    def run(*arguments: str) -> tuple[int, list[str]]:
        status = cli.main(["doctor", *arguments])
        written = capsys.readouterr()
        assert written.err == ""
        return status, written.out.splitlines()

    return run


SERVICES = checkup.services


def test_who_answers_is_listed_with_its_time(doctor: Any, box: Sandbox) -> None:
    status, (line,) = doctor()
    assert status == 0
    assert line.startswith("openai  OPENAI_API_KEY and OPENAI_BASE_URL  answers in ")
    assert line.endswith(" ms, 2 models")
    assert [request.method for request in box.requests] == ["GET"]
    assert str(box.api_key) not in line


def test_offline_nobody_is_asked(doctor: Any, box: Sandbox) -> None:
    status, (line,) = doctor("--offline")
    assert (status, line) == (0, "openai  OPENAI_API_KEY and OPENAI_BASE_URL  looks right")
    assert box.hits == 0


def test_a_key_that_looks_wrong_is_not_even_tried(doctor: Any, box: Sandbox, bare: pytest.MonkeyPatch) -> None:
    bare.setenv("OPENAI_API_KEY", f'"{KEY}"')
    status, (line,) = doctor()
    assert status == 1
    assert line.endswith("PROBLEM: OPENAI_API_KEY stands in quotes; take them away")
    assert (box.hits, KEY in line) == (0, False)


def test_a_key_at_the_wrong_vendor_is_noticed(doctor: Any, bare: pytest.MonkeyPatch) -> None:
    bare.setenv("ANTHROPIC_API_KEY", KEY)
    status, (line,) = doctor()
    assert status == 1
    assert line.endswith("PROBLEM: ANTHROPIC_API_KEY looks like a key of openai, not of anthropic")
    assert KEY not in line


class Stub:
    """A candidate whose provider answers so, or raises it."""

    def __init__(self, answer: Any) -> None:
        self.provider = self
        self.answer = answer

    def models(self, **_: Any) -> Any:
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer

    def close(self) -> None:
        pass


@pytest.mark.parametrize(
    ("answer", "status", "words"),
    [
        (AuthenticationError("no", status_code=401), 1, "PROBLEM: refuses the key (401)"),
        (PermissionDeniedError("no"), 0, "answers, but does not let this key list its models in "),
        (NotFoundError("no", status_code=404), 0, "answers, but keeps no list of its models in "),
        (NotFoundError("no"), 0, "not asked: it has no list of its models"),
        (OverloadedError("too\nmuch"), 1, "PROBLEM: too much"),
        (APITimeoutError("connecting took too long"), 1, "PROBLEM: connecting took too long"),
        ((), 0, "answers in "),
    ],
)
def test_each_kind_of_answer_is_told(answer: Any, status: int, words: str, doctor: Any, bare: Any) -> None:
    bare.setenv("GROQ_API_KEY", f"gsk_{KEY}")
    bare.setattr(checkup, "resolve", lambda _: Stub(answer))
    found, (line,) = doctor()
    assert found == status
    assert words in line


def test_an_address_that_cannot_be_used_is_told(doctor: Any, box: Sandbox, bare: pytest.MonkeyPatch) -> None:
    bare.setenv("OPENAI_BASE_URL", "api.example.com/v1")
    status, (line,) = doctor()
    assert status == 1
    assert line.endswith("PROBLEM: openai: base_url must start with http:// or https://")


def test_nobody_there_is_told(doctor: Any, box: Sandbox) -> None:
    box.kill()
    status, (line,) = doctor()
    assert status == 1
    assert "PROBLEM: connection refused by 127.0.0.1:" in line


def test_models_of_the_environment_are_looked_at_too(doctor: Any, box: Sandbox, bare: pytest.MonkeyPatch) -> None:
    bare.setenv("AGENTSEA_MODELS", "openai/gpt-4.1,opnai/gpt-4.1,anthropic/claude-opus-4-8")
    status, lines = doctor("--offline")
    assert status == 1
    assert lines[1:] == [
        "PROBLEM: AGENTSEA_MODELS: no provider is named 'opnai'; did you mean 'openai'?",
        "PROBLEM: AGENTSEA_MODELS: anthropic: no API key; set ANTHROPIC_API_KEY",
    ]


def test_nothing_configured_is_told_with_the_next_step(doctor: Any, bare: pytest.MonkeyPatch) -> None:
    assert doctor() == (1, ["nothing is configured; 'agentsea providers' lists the variables"])


def test_a_proxy_of_the_environment_is_told(doctor: Any, box: Sandbox, bare: pytest.MonkeyPatch) -> None:
    bare.setenv("HTTPS_PROXY", "http://user:secret@proxy.example:3128")
    _, lines = doctor("--offline")
    assert lines[-1] == "calls go by HTTPS_PROXY"


@pytest.mark.parametrize(
    ("answer", "status", "words"),
    [
        (("qwen3",), 0, "llamacpp  runs here  answers in "),
        (APIConnectionError("refused"), 1, "nothing is configured"),
    ],
)
def test_a_server_of_ones_own_is_listed_where_it_runs(
    answer: Any, status: int, words: str, bare: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    llama = next(it for it in SERVICES() if it.name == "llamacpp")
    bare.setattr(checkup, "services", lambda: [llama])
    bare.setattr(checkup, "resolve", lambda _: Stub(answer))
    assert cli.main(["doctor"]) == status
    assert capsys.readouterr().out.startswith(words)


def test_json_is_one_object(doctor: Any, box: Sandbox) -> None:
    status, (line,) = doctor("--json")
    report = json.loads(line)
    assert (status, report["ok"], report["problems"]) == (0, True, [])
    (service,) = report["services"]
    assert (service["service"], service["models"], service["problems"]) == ("openai", 2, [])
    assert service["latency_ms"] > 0
