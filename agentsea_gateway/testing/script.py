"""Who answers next: the script, what always holds, or the default."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence

from agentsea_gateway.testing.faults import Fault
from agentsea_gateway.testing.recorded import Request
from agentsea_gateway.testing.replies import Reply

Action = str | Reply | Fault | Callable[[Request], str | Reply | Fault]
"""What answers a request: a text, a Reply, a Fault, or a function of the Request that returns one of them."""

ECHOED = 200  # characters of the question that the default answer repeats


class Script:
    """The actions of a sandbox. Any thread may add to it; the server's thread takes from it."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._queue: deque[Action] = deque()  # its appends and pops are atomic: no lock
        self._always: Action | None = None
        self._default: Action = self._echo

    def set_default(self, action: Action) -> None:
        """Use this whenever nothing else holds."""
        self._default = checked(action)

    def add(self, actions: Sequence[Action]) -> None:
        """Use these once each, in this order."""
        self._queue.extend([checked(action) for action in actions])

    def always(self, action: Action) -> None:
        """Use this from now on, whenever the queue is empty."""
        self._always = checked(action)

    def clear(self) -> None:
        """Nothing but the default."""
        self._always = None
        self._queue.clear()

    def next(self, request: Request) -> Reply | Fault:
        """What answers this request."""
        try:
            action = self._queue.popleft()
        except IndexError:
            always = self._always
            action = self._default if always is None else always
        return _resolved(action, request)

    def usual(self, request: Request) -> Reply:
        """What a fault spoils that brings no reply of its own."""
        found = _resolved(self._default, request)
        return found if isinstance(found, Reply) else Reply(self._echo(request))

    def _echo(self, request: Request) -> str:
        return f"{self._name}: {request.text[:ECHOED]}"


def checked(action: Action) -> Action:
    """The action itself. Raises TypeError, with the fix, where it is none."""
    if isinstance(action, (str, Reply, Fault)) or callable(action):
        return action
    raise TypeError(
        f"{action!r} cannot answer a request; give a string, a Reply, a Fault such as Fault.status(503), "
        "or a function of the Request"
    )


def _resolved(action: Action, request: Request) -> Reply | Fault:
    if not isinstance(action, (str, Reply, Fault)):
        action = action(request)
        if not isinstance(action, (str, Reply, Fault)):
            raise TypeError(f"a function that answers returned {action!r}; let it return a string, a Reply or a Fault")
    return Reply(action) if isinstance(action, str) else action
