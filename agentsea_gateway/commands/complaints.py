"""What a command says of an error: one line that names the next step, and the exit status."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from agentsea_gateway.commands.words import one_line
from agentsea_gateway.errors import (
    AllProvidersUnavailableError,
    ConfigurationError,
    DeadlineExceededError,
    GatewayError,
    InvalidRequestError,
    ProviderError,
)

if TYPE_CHECKING:
    from agentsea_gateway.gateway import Gateway
    from agentsea_gateway.route import Attempt

FAILED, WRONG = 1, 2
_CREDENTIAL = re.compile("KEY|TOKEN|CREDENTIALS|PROFILE")
LISTING_TIMEOUT = 5.0  # seconds that a misspelt model's hint may take


def complaint(error: GatewayError, gw: Gateway | None = None) -> tuple[str, int]:
    """The line and the exit status. With `gw` a model that does not exist is looked for in its host's list."""
    if isinstance(error, (ConfigurationError, InvalidRequestError)):
        return one_line(_for_a_shell(error.message)), WRONG
    attempts = () if error.route is None else error.route.attempts
    if isinstance(error, DeadlineExceededError):
        return one_line(f"{error.message.partition(';')[0]}; give it more with --timeout"), FAILED
    if attempts and isinstance(error, (AllProvidersUnavailableError, ProviderError)):
        return one_line("; ".join(advice(attempt, gw) for attempt in attempts)), FAILED
    return one_line(error.message), FAILED


def advice(attempt: Attempt, gw: Gateway | None = None) -> str:
    """What happened in an attempt that failed, and what to do about it."""
    status = "" if attempt.status_code is None else f" ({attempt.status_code})"
    told = _TOLD.get(attempt.error or "", "{error}{status}: {message}")
    return f"{attempt.candidate}: " + told.format(
        error=attempt.error,
        status=status,
        message=attempt.message,
        variables=_variables(attempt.provider),
        reach=_reach(attempt.provider),
        other=_other_model(attempt, gw) if attempt.error == "NotFoundError" else "",
    )


_TOLD = {
    "AuthenticationError": "the key was refused{status}; check {variables}",
    "PermissionDeniedError": "this key may not do that{status}: {message}",
    "QuotaExceededError": "no credit or quota is left{status}: {message}",
    "NotFoundError": "no such model there{status}; {other}",
    "RateLimitError": "it wants fewer requests{status}; wait, or give another model with -m: {message}",
    "APITimeoutError": "no answer in time ({message}); give it more with --timeout, or another model with -m",
    "APIConnectionError": "not reached ({message}); {reach}",
}


def _for_a_shell(message: str) -> str:
    """A message without what only a program could do."""
    return message.replace(" or pass api_key=", "").partition("; for any other server:")[0]


def _variables(provider: str) -> str:
    """The variables that hold the provider's key."""
    from agentsea_gateway.providers.catalogue import services  # only for the hint

    for service in services():
        if service.name == provider:
            names = [*(name for group in service.variables for name in group), *service.optional]
            return " or ".join([name for name in names if _CREDENTIAL.search(name)]) or "its key"
    return "its key"


def _reach(provider: str) -> str:
    from agentsea_gateway.providers.catalogue import services  # only for the hint

    for service in services():
        if service.name == provider and service.local:
            return f"is the server running at {service.address}?"
    return "check the network, a proxy (HTTPS_PROXY) and the address"


def _other_model(attempt: Attempt, gw: Gateway | None) -> str:
    """A model that exists and is spelt alike, if the host's list has one."""
    from difflib import get_close_matches

    close = get_close_matches(attempt.model or "", _listed(attempt, gw), n=1)
    if close:
        return f"did you mean {attempt.provider}/{close[0]}?"
    return f"'agentsea providers {attempt.provider}' lists them"


def _listed(attempt: Attempt, gw: Gateway | None) -> tuple[str, ...]:
    from agentsea_gateway.call import Call
    from agentsea_gateway.clock import Deadline

    for candidate in gw.candidates if gw is not None else ():
        if candidate.name == attempt.candidate and hasattr(candidate.provider, "models"):
            try:
                return tuple(candidate.provider.models(call=Call(Deadline.after(LISTING_TIMEOUT))))
            except GatewayError:  # a hint that cannot be had
                break
    return ()
