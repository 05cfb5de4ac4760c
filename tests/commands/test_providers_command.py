"""`agentsea providers`: every service with its variables, and one service with its models."""

from __future__ import annotations

import json
from typing import Any

import pytest

from agentsea_gateway import cli
from agentsea_gateway.providers.catalogue import services
from agentsea_gateway.testing import Sandbox


def test_every_service_is_a_line(box: Sandbox, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["providers"]) == 0
    head, *lines = capsys.readouterr().out.splitlines()
    assert head.split() == ["NAME", "CONFIGURED", "VARIABLES", "DIALECT"]
    rows = {line.split()[0]: line.split()[1] for line in lines}
    assert [*rows] == [service.name for service in services()]
    assert (rows["openai"], rows["groq"], rows["ollama"]) == ("yes", "no", "local")


def test_json_is_a_list(box: Sandbox, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["providers", "--json"]) == 0
    found = {row["name"]: row for row in json.loads(capsys.readouterr().out)}
    assert found["openai"]["configured"]
    assert "OPENAI_API_KEY" in found["openai"]["variables"]


def test_one_service_lists_its_models(box: Sandbox, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["providers", "openai"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[:2] == ["name: openai", "title: OpenAI"]
    assert lines[-2:] == ["  openai/gpt-4.1", "  openai/gpt-4.1-mini"]


def test_one_service_that_is_not_configured_is_not_asked(bare: Any, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["providers", "groq", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["name"], found["configured"], found["models"]) == ("groq", False, None)


def test_an_unknown_service_gets_a_suggestion(bare: Any, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["providers", "opnai"]) == 2
    assert capsys.readouterr().err == "agentsea providers: no provider is named 'opnai'; did you mean 'openai'?\n"


def test_a_service_that_does_not_answer_is_one_line(box: Sandbox, capsys: pytest.CaptureFixture[str]) -> None:
    box.kill()
    assert cli.main(["providers", "openai"]) == 1
    written = capsys.readouterr()
    assert (written.out, written.err.count("\n")) == ("", 1)
    assert "connection refused" in written.err
