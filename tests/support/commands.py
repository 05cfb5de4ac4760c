"""The command `agentsea` as a process of its own, wherever the package under test lies."""

from __future__ import annotations

import os
import signal
import sys

from support.source import ROOT

AGENTSEA = [sys.executable, "-W", "error", "-m", "agentsea_gateway"]


def environment(**changes: str) -> dict[str, str]:
    """This process's environment with the package on its path, and nothing in it that changes how output looks."""
    found = {name: value for name, value in os.environ.items() if name not in ("NO_COLOR", "COLUMNS", "LINES", "TERM")}
    return found | {"PYTHONPATH": str(ROOT.parent), "PYTHONIOENCODING": "utf-8"} | changes


def heed_interrupts() -> None:
    """For `preexec_fn`: Ctrl-C works in the child, also where the tests run in the background and it is ignored."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)
