"""The README cannot lie: its two commands are one line each and are run by .ci/run, and its code is code."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

import agentsea_gateway
from agentsea_gateway.providers.hosts import HOSTS
from agentsea_gateway.providers.resolve import SERVICES
from support.pages import PAGES, PROJECT, README, blocks

COMMANDS = [line for _, code in blocks(README, "sh") for line in code.splitlines()]


def test_there_are_two_commands_of_one_line_each() -> None:
    demo, tests = COMMANDS
    assert demo.endswith("&& .venv/bin/agentsea demo")
    assert tests.endswith("&& .venv/bin/pytest -q -n 2")


def test_the_run_script_takes_the_commands_from_the_readme() -> None:
    script = (PROJECT / ".ci" / "run").read_text(encoding="utf-8")
    (pattern,) = re.findall(r"grep -E '([^']+)' README\.md", script)
    found = [line for line in README.read_text(encoding="utf-8").splitlines() if re.match(pattern, line)]
    assert found == COMMANDS


def test_the_commands_name_what_the_package_offers() -> None:
    project = tomllib.loads((PROJECT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert "agentsea" in project["scripts"]
    assert "test" in project["optional-dependencies"]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_code_in_pages_compiles(page: Path) -> None:
    for line, code in blocks(page, "python"):
        compile("\n" * line + code, page.name, "exec")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page: Path) -> None:
    targets = re.findall(r"\]\(([^)#]+)\)", page.read_text(encoding="utf-8"))
    broken = [target for target in targets if "://" not in target and not (page.parent / target).exists()]
    assert not broken


def test_the_providers_that_are_named_are_those_there_are() -> None:
    (sentence,) = re.findall(r"the providers are (.*?), with the keys", README.read_text(encoding="utf-8"), re.DOTALL)
    assert set(re.findall(r"`([\w-]+)`", sentence)) == {*SERVICES, *HOSTS}


def test_the_public_list_is_in_the_changelog() -> None:
    changes = (PROJECT / "CHANGELOG.md").read_text(encoding="utf-8")
    assert not [name for name in agentsea_gateway.__all__ if f"`{name}`" not in changes]
