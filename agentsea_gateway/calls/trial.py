"""A trial: one attempt under way, with what it was given. The record of it, once it ended, is an Attempt."""

from __future__ import annotations

from typing import TYPE_CHECKING

from agentsea_gateway.route import Attempt

if TYPE_CHECKING:
    from agentsea_gateway.call import Call
    from agentsea_gateway.calls.binding import Binding
    from agentsea_gateway.errors import Outcome, ProviderError
    from agentsea_gateway.permit import Permit


class Trial:
    """One attempt under way.

    permit         set as soon as it was admitted
    another_ready  whether somebody could be tried behind it when it began
    failures       what it raised so far, those that were retried and the last one, which is its outcome's
    retried        those that were retried, in words
    asked_at       when the last retry was sent, where there was one: an answer's latency counts from there
    """

    __slots__ = ("another_ready", "asked_at", "binding", "call", "failures", "permit", "retried")

    permit: Permit

    def __init__(self, binding: Binding, call: Call, *, another_ready: bool) -> None:
        self.binding = binding
        self.call = call
        self.another_ready = another_ready
        self.failures: list[ProviderError] = []
        self.retried: tuple[str, ...] = ()
        self.asked_at: float | None = None

    def note_retried(self) -> None:
        """Keep what was retried in words: with their tracebacks the errors would keep sockets and permits."""
        if self.failures:
            self.retried = tuple([f"{type(failure).__name__}: {failure.message}" for failure in self.failures])
            self.failures.clear()

    def ended(
        self,
        outcome: Outcome,
        ran: float,
        *,
        began: float,
        fault: ProviderError | None = None,
        patience: str | None = None,
    ) -> Attempt:
        """The facts of it after `ran` seconds, in a call that began at `began`."""
        binding = self.binding
        return Attempt(
            binding.name,
            binding.provider_name,
            binding.model,
            outcome,
            (self.permit.started - began) * 1000,
            ran * 1000,
            None if fault is None else type(fault).__name__,
            None if fault is None else fault.message,
            None if fault is None else fault.status_code,
            patience,
            self.retried,
        )
