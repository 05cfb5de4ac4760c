"""The permit: the right to make one attempt, which returns itself however it is given up.

A Permit's Ticket is a weak reference that the state holds. Its callback is `deque.append`: no Python code runs in it,
so no Ctrl-C is lost there, and it runs for dead threads, abandoned streams and collected cycles too. The state drains
the deque at its next verb.
"""

from __future__ import annotations

import weakref
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from agentsea_gateway.cell import Cell


class Permit:
    """One attempt's right to run. `generation` and `lease_until` bound what its result may say to the breaker."""

    __slots__ = ("__weakref__", "cell", "generation", "lease_until", "probe", "started", "ticket")

    def __init__(self, cell: Cell, started: float, lease_until: float) -> None:
        self.cell = cell
        self.generation = -1
        self.started = started
        self.lease_until = lease_until
        self.probe = False
        self.ticket: Ticket | None = None


class Ticket(weakref.ref[Permit]):
    """The state's weak hold on a permit: `Ticket(permit, dropped)`, `dropped` being a C function. Compared by identity,
    since a dead reference must stay a usable member of a set.

    `cell` is the candidate's; `note` is what to tell should the permit be dropped (a stream): listeners, events.
    """

    __slots__ = ("cell", "note")
    __hash__ = object.__hash__
    __eq__ = object.__eq__
    __ne__ = object.__ne__

    cell: Cell
    note: Any


class Refusal:
    """Why no attempt may be made now, and from when one may (monotonic; inf where nobody knows)."""

    __slots__ = ("ready_at", "reason")

    def __init__(self, reason: str, ready_at: float) -> None:
        self.reason = reason
        self.ready_at = ready_at
