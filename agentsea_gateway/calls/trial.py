"""A trial: one attempt under way, with what it was given. The record of it, once it ended, is an Attempt."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from attrs import evolve

from agentsea_gateway.aside import load
from agentsea_gateway.route import Attempt

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from agentsea_gateway.call import Call
    from agentsea_gateway.calls.binding import Binding
    from agentsea_gateway.errors import Outcome, ProviderError
    from agentsea_gateway.permit import Permit
    from agentsea_gateway.response import Response


class Trial:
    """One attempt under way.

    permit         set as soon as it was admitted
    another_ready  whether somebody could be tried behind it when it began
    failures       what it raised so far, those that were retried and the last one, which is its outcome's
    retried        those that were retried, in words
    asked_at       when the last retry was sent, where there was one: an answer's latency counts from there
    first_token    seconds until a stream's first content
    came           the answer, where one came; `whole` False: it broke off, and its usage is an estimate
    """

    __slots__ = (
        "another_ready",
        "asked_at",
        "binding",
        "call",
        "came",
        "failures",
        "first_token",
        "permit",
        "retried",
        "whole",
    )

    permit: Permit

    def __init__(self, binding: Binding, call: Call, *, another_ready: bool) -> None:
        self.binding = binding
        self.call = call
        self.another_ready = another_ready
        self.failures: list[ProviderError] = []
        self.retried: tuple[str, ...] = ()
        self.asked_at: float | None = None
        self.first_token: float | None = None
        self.came: Response | None = None
        self.whole = True

    def note_retried(self) -> None:
        """Keep what was retried in words: with their tracebacks the errors would keep sockets and permits."""
        if self.failures:
            self.retried = tuple([f"{type(failure).__name__}: {failure.message}" for failure in self.failures])
            self.failures.clear()

    def broke_off(self, partial: Response, messages: Iterable[Mapping[str, Any]]) -> None:
        """Keep what came of an answer to `messages` that broke off, with an estimate of its tokens."""
        load("agentsea_gateway.tokens")
        from agentsea_gateway import tokens  # only what goes wrong gets here

        text = (
            len(partial.content) + len(partial.thinking or "") + sum(len(it.raw_arguments) for it in partial.tool_calls)
        )
        read, written = partial.usage.input_tokens, partial.usage.output_tokens
        usage = evolve(
            partial.usage,
            input_tokens=tokens.estimated(tokens.characters(messages)) if read is None else read,
            output_tokens=max(tokens.estimated(text), written or 0),
        )
        self.came = partial.with_fields(usage=usage)
        self.whole = False

    def ended(
        self,
        outcome: Outcome | Literal["streaming"],
        ran: float,
        *,
        began: float,
        fault: ProviderError | None = None,
        patience: str | None = None,
    ) -> Attempt:
        """The facts of it after `ran` seconds, in a call that began at `began`."""
        binding, came = self.binding, self.came
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
            None if self.first_token is None else self.first_token * 1000,
            None if came is None else came.usage,
            None if came is None else came._cost,
            None if came is None else came.model,
            self.call.clock.time(),
            "reported" if self.whole else "estimated",
            binding.tariff,
        )
