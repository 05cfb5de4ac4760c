"""Importing stays light: the package loads nothing third-party, the Gateway attrs alone."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from support.source import PACKAGE, ROOT

# What start-up itself brings (site-packages may hook it) is taken off.
PROBE = """
import sys
before = set(sys.modules)
{statement}
print(*sorted({{name.split(".")[0] for name in set(sys.modules) - before}}))
"""


def loaded_by(statement: str, tmp_path: Path) -> set[str]:
    """Top-level names of the modules that a fresh interpreter loads for `statement`."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT.parent)}
    command = [sys.executable, "-W", "error", "-c", PROBE.format(statement=statement)]
    done = subprocess.run(command, env=environment, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return set(done.stdout.split())


def test_the_package_loads_nothing_third_party(tmp_path: Path) -> None:
    assert loaded_by(f"import {PACKAGE}", tmp_path) - sys.stdlib_module_names == {PACKAGE}


def test_the_gateway_loads_attrs_and_nothing_else_of_others(tmp_path: Path) -> None:
    found = loaded_by(f"from {PACKAGE} import Gateway", tmp_path)
    assert found - sys.stdlib_module_names == {PACKAGE, "attr", "attrs"}
    assert not found & {"asyncio", "email", "http", "ssl", "logging", "difflib"}


COMPLETION = """
import sys
from agentsea_gateway import Candidate, Gateway
from agentsea_gateway.providers import OpenAI
from agentsea_gateway.testing import Sandbox
with Sandbox() as box:
    gateway = Gateway([Candidate("it", OpenAI(api_key=box.api_key, base_url=box.openai_url), model="m")])
    assert gateway.completion("Hi").content
    assert "".join(gateway.stream("Hi").text)
"""


def test_a_call_loads_neither_requests_nor_what_is_behind_it(tmp_path: Path) -> None:
    found = loaded_by(COMPLETION, tmp_path)
    assert found - sys.stdlib_module_names - {"orjson"} == {PACKAGE, "attr", "attrs"}


@pytest.mark.parametrize("module", ["errors", "routing", "providers", "dialects"])
def test_what_a_program_names_beside_the_gateway_is_light_too(module: str, tmp_path: Path) -> None:
    found = loaded_by(f"import {PACKAGE}.{module}", tmp_path)
    assert not found & {"requests", "urllib3", "tenacity", "asyncio", "email", "http", "ssl"}
