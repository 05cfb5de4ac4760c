"""Work that no Ctrl-C and no fork may tear, done aside: in a helper thread, while the main thread waits.

An interrupt inside an import can leave one of importlib's locks taken for good, and every other thread that wants the
module hangs from then on. Python runs signal handlers in the main thread alone, so a helper thread is never struck.
"""

from __future__ import annotations

import os
import sys
import threading
from _thread import allocate_lock, start_new_thread
from importlib import import_module
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")

FORK_PATIENCE = 5.0  # seconds that a fork waits for what other threads are just loading

# Held by a thread that loads something, and around every fork: a child that has half a module, and one of importlib's
# locks that nobody gives back there, would hang as soon as it wanted that module.
_loading = threading.RLock()


def load(name: str, at_most: float = -1) -> None:
    """Import the module `name`, where it is not loaded yet: an import statement behind this finds it whole.

    Raises what the import raises, and TimeoutError after `at_most` seconds (-1: never).
    """
    module = sys.modules.get(name)
    if module is None or getattr(getattr(module, "__spec__", None), "_initializing", False):
        aside(lambda: _loaded(name), at_most)


def _loaded(name: str) -> None:
    with _loading:
        import_module(name)


def aside(work: Callable[[], T], at_most: float = -1) -> T:
    """`work()`, done aside. Raises what it raises, and TimeoutError after `at_most` seconds (-1: never).

    Other threads than the main one are struck by no signal and do it themselves.
    """
    if threading.get_ident() != threading.main_thread().ident:
        return work()
    found: list[Any] = []
    ended = allocate_lock()
    ended.acquire()

    def run() -> None:
        try:
            found[:] = work(), None
        except BaseException as error:
            found[:] = None, error
        finally:
            ended.release()

    try:
        # Not a threading.Thread: its start() and join() are Python code with locks, which can be torn as well.
        start_new_thread(run, ())
    except RuntimeError:  # no thread to be had here, or any more
        return work()
    if not ended.acquire(timeout=at_most):
        raise TimeoutError(f"not done within {at_most:.3g} s")
    result, error = found
    found.clear()  # the error's traceback holds it
    if error is not None:
        raise error
    done: T = result
    return done


def _before_fork() -> None:
    _loading.acquire(timeout=FORK_PATIENCE)


def _after_fork() -> None:
    try:
        _loading.release()
    except RuntimeError:  # it was not to be had in time
        return


def _after_fork_in_child() -> None:
    global _loading  # noqa: PLW0603
    _loading = threading.RLock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(before=_before_fork, after_in_parent=_after_fork, after_in_child=_after_fork_in_child)
