"""Forked children that say what they saw, and what a worker of multiprocessing runs."""

from __future__ import annotations

import os
import pickle
import select
import signal
import traceback
from typing import TYPE_CHECKING, Any

from agentsea_gateway import Candidate, Gateway, Response

if TYPE_CHECKING:
    from collections.abc import Callable

PATIENCE = 10.0  # seconds until a child that says nothing counts as deadlocked


def in_child(work: Callable[[], Any]) -> Any:
    """What `work()` returns in a forked child; raises AssertionError for what it raises, or where it hangs."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        _say(writing, work)
    os.close(writing)
    try:
        return _heard(reading, child)
    finally:
        os.close(reading)


def _say(writing: int, work: Callable[[], Any]) -> None:
    try:
        said = (True, work())
    except BaseException:
        said = (False, traceback.format_exc())
    try:
        os.write(writing, pickle.dumps(said))
    finally:
        os._exit(0)


def _heard(reading: int, child: int) -> Any:
    if not select.select([reading], [], [], PATIENCE)[0]:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        raise AssertionError("the child hangs")
    data = b""
    while piece := os.read(reading, 65_536):
        data += piece
    os.waitpid(child, 0)
    fine, said = pickle.loads(data)
    assert fine, said
    return said


class Plain:
    """A provider without anything that a process could not inherit."""

    def complete(self, messages: Any) -> Response:
        return Response(f"from {os.getpid()}")


GATEWAY: Gateway | None = None


def build() -> None:
    """A worker's initializer."""
    global GATEWAY  # noqa: PLW0603
    GATEWAY = Gateway([Candidate(name="it", provider=Plain())])


def ask(text: str) -> tuple[str, int, int]:
    """A worker's task: the answer, calls and attempts in flight of this worker's gateway."""
    assert GATEWAY is not None
    content = GATEWAY.completion(text).content
    health = GATEWAY.health()["it"]
    return content, health.calls, health.in_flight
