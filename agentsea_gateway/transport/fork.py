"""What a forked child must not touch: the parent's connections, in its pools or in the middle of an answer."""

from __future__ import annotations

import os
from typing import Protocol
from weakref import ref


class Inherited(Protocol):
    """Something that a child gets with its parent's sockets in it."""

    def forget(self) -> None:
        """Let go of the parent's sockets: close the descriptors, say nothing to the peers. Called in the child."""
        ...


# Not a WeakSet: its callbacks are Python code, in which an interrupt would be lost.
_inherited: set[ref[Inherited]] = set()


def forget_in_children(inherited: Inherited) -> None:
    """Call `inherited.forget()` in every child that is forked while it lives."""
    _inherited.add(ref(inherited, _inherited.discard))


def _forget() -> None:
    for known in [*_inherited]:
        inherited = known()
        if inherited is not None:
            inherited.forget()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget)
