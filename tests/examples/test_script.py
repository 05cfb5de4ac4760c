"""The script runs as it stands: without a key against sandboxes, with models from the environment otherwise."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from agentsea_gateway.testing import Sandbox
from support.commands import environment

SCRIPT = Path(__file__).parents[2] / "examples" / "script.py"


def run(**changes: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-W", "error", str(SCRIPT)]
    known = {name: value for name, value in environment(**changes).items() if name != "AGENTSEA_MODELS" or changes}
    return subprocess.run(command, env=known, capture_output=True, text=True, check=False)


def test_without_a_key_it_shows_a_failover() -> None:
    done = run()
    assert (done.returncode, done.stderr) == (0, "")
    assert "well: Why is the sky blue?" in done.stdout
    assert "1. ill (any-model) failure" in done.stdout
    assert done.stdout.endswith("well: And why is the sea?\nwell, stop\n")


def test_with_models_of_the_environment_they_are_asked(box: Sandbox) -> None:
    done = run(AGENTSEA_MODELS="openai/gpt-4.1")
    assert (done.returncode, done.stderr) == (0, "")
    assert "you said And why is the sea?" in done.stdout


def test_where_nobody_serves_it_ends_in_one_line(box: Sandbox) -> None:
    done = run(AGENTSEA_MODELS="openai/gpt-4.1", OPENAI_API_KEY="sk-wrong-123456")
    assert done.returncode == 1
    assert done.stderr.startswith("nobody could serve: all providers unavailable: openai/gpt-4.1: AuthenticationError")
    assert done.stderr.count("\n") == 1
