"""Programs of the tests that run in a process of their own."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from types import ModuleType

TESTS = Path(__file__).parent.parent


def said_by(program: ModuleType, *arguments: str) -> str:
    """What `program` prints, run as a script with every warning an error. Raises AssertionError where it fails."""
    command = [sys.executable, "-W", "error", str(program.__file__), *arguments]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(TESTS), *sys.path])}
    found = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=250, check=False)
    assert found.returncode == 0, found.stderr
    return found.stdout
