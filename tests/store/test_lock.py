"""A journal's lock: one holder, in this process or another, and none once the holder is gone."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from agentsea_gateway.errors import StoreError
from agentsea_gateway.store.lock import FileLock
from support.children import in_child
from support.commands import environment

HOLDS = """
import sys
from agentsea_gateway.store.lock import FileLock
lock = FileLock(sys.argv[1])
print("held", flush=True)
sys.stdin.read()
"""


@pytest.fixture
def path(tmp_path: Path) -> str:
    return str(tmp_path / "run.sqlite")


def test_the_second_one_is_refused_until_the_first_lets_go(path: str) -> None:
    first = FileLock(path)
    for _ in range(2):
        with pytest.raises(StoreError, match="in use by another run"):
            FileLock(path)
    first.release()
    FileLock(path).release()


def test_nothing_is_left_beside_the_file(path: str, tmp_path: Path, no_leaks: None) -> None:
    lock = FileLock(path)
    lock.release()
    lock.release()
    assert [*tmp_path.iterdir()] == []


def test_another_process_is_refused_and_its_death_frees_the_lock(path: str) -> None:
    command = [sys.executable, "-c", HOLDS, path]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment()) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"held\n"
        with pytest.raises(StoreError, match="in use"):
            FileLock(path)
        process.send_signal(signal.SIGKILL)
        process.wait()
    assert os.path.exists(path + ".lock")  # it had no time to tidy up
    FileLock(path).release()


def test_a_forked_child_does_not_hold_what_its_parent_holds(path: str) -> None:
    lock = FileLock(path)

    def refused() -> bool:
        try:
            FileLock(path)
        except StoreError:
            return True
        return False

    assert in_child(refused)
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(writing)
        os.read(reading, 1)  # lives on while the parent lets go
        os._exit(0)
    os.close(reading)
    lock.release()
    FileLock(path).release()
    os.close(writing)
    os.waitpid(child, 0)


def test_a_file_that_was_taken_away_is_not_what_is_locked(path: str) -> None:
    first = FileLock(path)
    os.unlink(path + ".lock")
    second = FileLock(path)  # somebody tidied up by hand; at least nothing breaks
    first.release()
    with pytest.raises(StoreError, match="in use"):
        FileLock(path)
    second.release()
