"""The verdict on a failed attempt: what error it was, and what that counts as for the candidate."""

from __future__ import annotations

from copy import copy
from typing import TYPE_CHECKING

from agentsea_gateway.errors import APITimeoutError, ProviderError
from agentsea_gateway.patience import had_fair_chance
from agentsea_gateway.redaction import redact

if TYPE_CHECKING:
    from agentsea_gateway.call import Call
    from agentsea_gateway.calls.binding import Binding
    from agentsea_gateway.errors import Outcome

OWN_PATIENCES = ("share", "deadline")  # the caller's own limits: running into one proves little about a candidate


def provider_error(error: Exception, binding: Binding) -> ProviderError:
    """`error` as a ProviderError that names its candidate; a foreign exception becomes the cause of one."""
    if not isinstance(error, ProviderError):
        fault = ProviderError(f"{type(error).__name__}: {redact(str(error))}")
        fault.__cause__ = error
    elif error.candidate in (None, binding.name) and error.route is None:
        fault = error
    else:  # one object raised again and again: what the last call wrote on it is not this one's
        fault = copy(error)
        fault.route = fault.provider = fault.model = None
        fault.__cause__ = error.__cause__
    fault.candidate = binding.name
    fault.provider = fault.provider or binding.provider_name
    fault.model = fault.model or binding.model
    return fault


def cut_by(fault: ProviderError, call: Call, ended: float) -> str | None:
    """Which patience ended the attempt, or None where it ended by itself."""
    if isinstance(fault, APITimeoutError):
        return fault.patience
    # A plain provider that was given `call` may report the end of its time in any words of its own.
    return call.patience if fault.status_code is None and ended >= call.limit else None


def outcome_of(
    fault: ProviderError, ran: float, patience: str | None, own: float | None, *, first: bool, another_ready: bool
) -> Outcome:
    """The outcome of an attempt that ran `ran` seconds at a candidate that usually takes `own`."""
    if fault.outcome != "failure" or patience not in OWN_PATIENCES:
        return fault.outcome
    return "failure" if had_fair_chance(ran, own, first=first, another_ready=another_ready) else "neutral"
