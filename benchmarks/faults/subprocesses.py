"""A fault server as a process that can be killed."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

from benchmarks.processes import CHECKOUT, environment

if TYPE_CHECKING:
    from typing import Self


class FaultServer:
    """A running `benchmarks.faults.server`; `url(behaviour)` ends in /v1."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self.port = 0
        self.start()

    def start(self) -> None:
        """Start it, at the port that it had before."""
        self._process = subprocess.Popen(
            [sys.executable, "-m", "benchmarks.faults.server", str(self.seconds), str(self.port)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            cwd=CHECKOUT,
            env=environment(),
        )
        assert self._process.stdout is not None
        self.port = int(self._process.stdout.readline())

    def kill(self) -> None:
        """End it without a word (SIGKILL)."""
        self._process.kill()
        self._over()

    def url(self, behaviour: str) -> str:
        """A base URL under which it behaves so."""
        return f"http://127.0.0.1:{self.port}/{behaviour.replace(' ', '_')}/v1"

    def _over(self) -> None:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        self._process.wait(10)
        self._process.stdout.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._over()
