"""The lock of a journal: one run at a time, in this process or another, and free as soon as its holder is gone.

A file beside the journal is locked, not the journal itself: closing a descriptor of that would drop SQLite's own locks
(SQLite, "How To Corrupt An SQLite Database File", section 2.2).
"""

from __future__ import annotations

import os
import time

from agentsea_gateway.aside import load
from agentsea_gateway.errors import StoreError
from agentsea_gateway.transport.fork import forget_in_children

HANDOVER = 0.5  # seconds to wait for a run that is just ending
PAUSE = 0.005


class FileLock:
    """Holds `path + ".lock"` from construction to `release()`. Raises StoreError where somebody else holds it."""

    __slots__ = ("__weakref__", "_descriptor", "_path")

    def __init__(self, path: str) -> None:
        self._descriptor = -1
        self._path = path + ".lock"
        try:
            self._descriptor = _locked(self._path, time.monotonic() + HANDOVER)
        except BlockingIOError:
            raise StoreError(
                f"{path} is in use by another run; let that end (in this program: close its results), or give this one "
                "a journal of its own"
            ) from None
        except OSError as error:
            raise StoreError(f"{path} cannot be locked: {error.strerror or error}") from None
        try:
            forget_in_children(self)
        except BaseException:
            self.release()
            raise

    def release(self) -> None:
        """Let the next one in. Harmless a second time."""
        descriptor, self._descriptor = self._descriptor, -1
        if descriptor >= 0:
            try:
                if _is_at(self._path, descriptor):  # else somebody tidied up, and it may be another one's
                    os.unlink(self._path)  # while it is held: whoever has it open notices that it is gone
            finally:
                os.close(descriptor)

    def forget(self) -> None:
        """In a forked child: the lock belongs to the parent, and would outlive it in the child's descriptor."""
        descriptor, self._descriptor = self._descriptor, -1
        if descriptor >= 0:
            os.close(descriptor)


def _locked(path: str, end: float) -> int:
    while True:
        try:
            return _locked_now(path)
        except BlockingIOError:
            if time.monotonic() >= end:
                raise
            time.sleep(PAUSE)


def _locked_now(path: str) -> int:
    load("fcntl")
    import fcntl  # POSIX alone has it, and only a journal needs it

    while True:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if _is_at(path, descriptor):
                return descriptor
        except BaseException:
            os.close(descriptor)
            raise
        os.close(descriptor)


def _is_at(path: str, descriptor: int) -> bool:
    """Whether the locked file is still the one at the path: the one before us may have taken it away."""
    try:
        return os.path.samestat(os.fstat(descriptor), os.stat(path))
    except FileNotFoundError:
        return False
