"""The prompt of a command: its arguments, and what is piped in."""

from __future__ import annotations

import os
import stat
import sys

from agentsea_gateway.errors import InvalidRequestError

PIPED = "-"  # stands among the arguments for what is piped in


def prompt_of(words: list[str]) -> str:
    """The words, joined by blanks, with what is piped in in the place of a "-"; without words all of that.

    Nothing is read where nothing asks for it: a script's input may be open for ever. Raises InvalidRequestError.
    """
    piped = _read() if not words or PIPED in words else ""
    text = " ".join([f"\n\n{piped}\n\n" if word == PIPED else word for word in words]).strip() if words else piped
    if not text.strip():
        raise InvalidRequestError("no prompt; give it as an argument, or pipe it in")
    return text


def _read() -> str:
    if sys.stdin is None or sys.stdin.isatty():
        raise InvalidRequestError("no prompt; give it as an argument, or pipe it in")
    try:
        return sys.stdin.buffer.read().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InvalidRequestError(f"the input is no UTF-8 text (byte {error.start}); convert it first") from None


def is_left_in_the_pipe(words: list[str]) -> bool:
    """Whether something was piped in that no "-" asked for. Reads nothing: it may be meant for somebody else."""
    if not words or PIPED in words:
        return False
    try:
        descriptor = sys.stdin.fileno()
        if not stat.S_ISFIFO(os.fstat(descriptor).st_mode):
            return False
        import fcntl  # not on every system; nor is the next
        import termios

        waiting = fcntl.ioctl(descriptor, termios.FIONREAD, bytes(4))
        return int.from_bytes(waiting, sys.byteorder) > 0
    except (AttributeError, ImportError, OSError, ValueError):  # no input, or none that is a descriptor
        return False
