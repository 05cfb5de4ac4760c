"""A program that forks after warm-up, twice, with calls in flight: every process asks on and gets its own answers.

python forked.py DIALECT ROOT MODE
"""

from __future__ import annotations

import os
import sys
import threading
import traceback

from agentsea_gateway import Candidate, Gateway
from support.scene import ask
from support.spoken import SPOKEN

DIALECT, ROOT, MODE = sys.argv[1:]
gateway = Gateway([Candidate("a", SPOKEN[DIALECT].provider(ROOT), "model-x")], timeout=20)


def work(name: str) -> None:
    """Several threads, so that several connections are warm."""
    wrong: list[str] = []

    def ask_on(number: int) -> None:
        for turn in range(3):
            word = f"{name}-{number}-{turn}"
            told = ask(gateway, MODE, f"say:{word}")
            if told.text != word:
                wrong.append(f"{word}: {told.text} {told.error!r}")

    threads = [threading.Thread(target=ask_on, args=(number,)) for number in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong, wrong


def fork(name: str, depth: int) -> int:
    """A child that works, forks a child of its own, and works on."""
    pid = os.fork()
    if pid:
        return pid
    code = 1
    try:
        assert gateway.health()["a"].in_flight == 0, "the parent's calls are not ours"
        work(name)
        if depth:
            assert os.waitpid(fork(name + "x", depth - 1), 0)[1] == 0
        work(name)
        assert gateway.health()["a"].errors == 0
        code = 0
    except BaseException:
        traceback.print_exc()
    finally:
        os._exit(code)


def main() -> None:
    """The parent's story: warm up, fork twice while calls are in flight, work on."""
    work("parent")
    busy = [threading.Thread(target=work, args=(f"parent{number}",)) for number in range(2)]
    for thread in busy:
        thread.start()
    with gateway._core.state._lock:  # somebody else holds the lock at the very moment of the fork
        children = [fork("one", 1), fork("two", 1)]
    for pid in children:
        assert os.waitpid(pid, 0)[1] == 0
    for thread in busy:
        thread.join()
    work("parent")
    health = gateway.health()["a"]
    assert (health.calls, health.errors, health.in_flight) == (9 * 4, 0, 0), health
    gateway.close()


main()
