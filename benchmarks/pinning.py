"""Which core does what: the client measured on one, the server on another, where the system lets us choose."""

from __future__ import annotations

import os


def _cores() -> list[int]:
    try:
        return sorted(os.sched_getaffinity(0))
    except AttributeError:  # no Linux
        return []


CORES = _cores()
CLIENT_CORE = CORES[0] if len(CORES) > 1 else None
SERVER_CORE = CORES[-1] if len(CORES) > 1 else None


def pin(pid: int, core: int | None) -> None:
    """Let the process `pid` (0: this one) run on `core` alone."""
    if core is not None:
        os.sched_setaffinity(pid, {core})
