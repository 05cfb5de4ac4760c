"""Calls that somebody else stops: those of a batch that is left, whose attempts end at once and blame nobody."""

from __future__ import annotations

from typing import TYPE_CHECKING

from agentsea_gateway.calls.completion import Completion
from agentsea_gateway.calls.watched import Watched

if TYPE_CHECKING:
    import threading

    from agentsea_gateway.call import Call
    from agentsea_gateway.calls.core import Core
    from agentsea_gateway.calls.trial import Trial
    from agentsea_gateway.request import Request
    from agentsea_gateway.response import Response

LOOK = 0.25  # seconds between two looks at the stopper, of a call that waits for somebody to recover


class Stopped(BaseException):
    """Ends a stopped call: no error of a candidate's, and nothing to fail over from."""


class Stopper:
    """Stops every call that was given it, from any thread and for good.

    An attempt puts itself into the set before it looks at `stopped`, and `stop` sets that before it copies the set (all
    of them one step each): whichever comes second stops the attempt.
    """

    __slots__ = ("_calls", "stopped")

    def __init__(self) -> None:
        self.stopped = False
        self._calls: set[Call] = set()

    def stop(self) -> None:
        """End what is under way, and whatever begins later."""
        self.stopped = True
        for call in [*self._calls]:
            call.cancel()

    def begin(self, call: Call) -> None:
        """An attempt is about to be made. Raises Stopped."""
        self._calls.add(call)
        self.check()

    def end(self, call: Call) -> None:
        """The attempt is over."""
        self._calls.discard(call)

    def check(self) -> None:
        """Raise Stopped where the calls are to stop."""
        if self.stopped:
            raise Stopped


class Stoppable(Completion):
    """The attempts of a plain call that `stopper` may stop."""

    __slots__ = ("stopper",)

    def __init__(self, core: Core, request: Request, *, stopper: Stopper) -> None:
        super().__init__(core, request)
        self.stopper = stopper

    def ask(self, trial: Trial) -> Response:
        """The candidate's Response."""
        stopper = self.stopper
        try:
            stopper.begin(trial.call)
            return super().ask(trial)
        except Exception:
            stopper.check()  # a cancelled attempt looks like a lost connection, which would be its candidate's fault
            raise
        finally:
            stopper.end(trial.call)

    def pause(self, changed: threading.Event, seconds: float) -> None:
        """Wait, but not longer than until the calls are to stop."""
        end = self.clock.monotonic() + seconds
        while not changed.is_set() and (left := end - self.clock.monotonic()) > 0:
            self.stopper.check()
            self.clock.wait(changed, min(left, LOOK))


class StoppableWatched(Stoppable, Watched):
    """The same for a watched call."""

    __slots__ = ()
