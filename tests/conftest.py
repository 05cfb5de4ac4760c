"""What every test shares: no fallback keeps serving unseen, one serial group for real time, and a leak check."""

from __future__ import annotations

import gc
import os
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, settings

from agentsea_gateway import telemetry

if TYPE_CHECKING:
    from collections.abc import Iterator

# Deterministic: a run tells about the change and not about its luck. `--hypothesis-profile=explore` looks further.
settings.register_profile("house", derandomize=True, deadline=None, database=None)
settings.register_profile(
    "explore", deadline=None, database=None, max_examples=1_000, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("house")

LEAK_PATIENCE = 2.0  # seconds that threads and sockets have to go away after a test


# First, so that xdist's own hook, which reads the groups, finds them.
@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put every test of real deadlines into one group, which `--dist loadgroup` keeps on one worker."""
    for item in items:
        if item.get_closest_marker("realtime"):
            item.add_marker(pytest.mark.xdist_group("realtime"))


def _raise(error: BaseException) -> None:
    raise error


@pytest.fixture(autouse=True)
def fallbacks_raise(monkeypatch: pytest.MonkeyPatch) -> None:
    """Strategy, listener and finalizer fallbacks raise in our tests: one that keeps serving hides bugs."""
    monkeypatch.setattr(telemetry, "on_fallback", _raise)


@pytest.fixture
def fallbacks_keep_serving(fallbacks_raise: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """For a test of the fallbacks themselves: they serve on, as they do for users."""
    monkeypatch.setattr(telemetry, "on_fallback", None)


def _descriptors() -> dict[int, str]:
    """Open file descriptors and what they lead to; empty where the system does not tell."""
    found = {}
    for entry in Path("/proc/self/fd").glob("*"):
        try:
            found[int(entry.name)] = os.readlink(entry)
        except OSError:  # the listing's own descriptor, closed by now
            continue
    return found


def _left_over(threads: set[threading.Thread], descriptors: dict[int, str]) -> list[str]:
    new_threads = [repr(thread) for thread in threading.enumerate() if thread not in threads]
    now = _descriptors()
    new_descriptors = [
        f"fd {number} -> {target}" for number, target in now.items() if descriptors.get(number) != target
    ]
    return new_threads + new_descriptors


@pytest.fixture
def no_leaks() -> Iterator[None]:
    """Fail where a test leaves a thread, a socket or another open descriptor behind."""
    gc.freeze()  # what was there before is not looked through again: with eight thousand tests that takes half a second
    threads, descriptors = set(threading.enumerate()), _descriptors()
    try:
        yield
        gc.collect()
        end = time.monotonic() + LEAK_PATIENCE
        while (left := _left_over(threads, descriptors)) and time.monotonic() < end:
            time.sleep(0.01)
            gc.collect()
    finally:
        gc.unfreeze()
    assert not left, f"left behind: {left}"
