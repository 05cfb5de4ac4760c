"""The parent's side of workers: start one, tell it what to do, end it."""

from __future__ import annotations

import json
import os
import select
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from typing import Self

CHECKOUT = Path(__file__).parents[1]
PATIENCE = 120.0  # seconds for one command


class WorkerFailedError(Exception):
    """A worker could not do what it was told."""


def environment() -> dict[str, str]:
    """Ours, for children: loopback only, and bytecode is cached, as it is where a program is installed."""
    ours = {"LITELLM_LOCAL_MODEL_COST_MAP": "True", "PYTHONHASHSEED": "0"}
    left_out = ("PYTHONDONTWRITEBYTECODE", "PYTHONPROFILEIMPORTTIME")
    theirs = {
        name: value
        for name, value in os.environ.items()
        if name not in left_out and not name.lower().endswith("_proxy")  # everything is on loopback
    }
    return {**theirs, **ours}


class Process:
    """A `benchmarks.worker`: `tell(do=…)` returns its answer."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "benchmarks.worker"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            cwd=CHECKOUT,
            env=environment(),
            text=True,
        )

    def tell(self, do: str, **arguments: Any) -> dict[str, Any]:
        """Do it. Raises WorkerFailedError with the worker's own words, or where it takes too long."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps({"do": do, **arguments}) + "\n")
        self._process.stdin.flush()
        if not select.select([self._process.stdout], [], [], PATIENCE)[0]:
            raise WorkerFailedError(f"no answer in {PATIENCE:.0f} s")
        line = self._process.stdout.readline()
        told: dict[str, Any] = json.loads(line) if line else {"error": "it died"}
        if "error" in told:
            raise WorkerFailedError(told["error"])
        return told

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        try:
            self._process.stdin.close()
        except BrokenPipeError:
            pass
        try:
            self._process.wait(5)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process.stdout.close()
