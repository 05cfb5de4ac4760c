"""The machine and the versions, as a page tells them: no paths, no names of hosts."""

from __future__ import annotations

import os
import platform
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.pinning import CORES


def facts(server: str | None = None) -> list[str]:
    """Lines for the head of a page."""
    found = [
        f"{datetime.now(UTC):%Y-%m-%d}",
        (
            f"{platform.python_implementation()} {platform.python_version()}, {platform.system()} {_release()}, "
            f"{platform.machine()}, {len(CORES) or os.cpu_count()} cores{_processor()}"
        ),
    ]
    return [*found, server] if server else found


def _release() -> str:
    return ".".join(platform.release().split("-")[0].split(".")[:2])


def _processor() -> str:
    """The processor's model, where the system tells."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return ""
    model = next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "")
    return f" ({model})" if model else ""
