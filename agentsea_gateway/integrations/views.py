"""What a view answers where nobody served: an HTTP status, headers and words for the client."""

from __future__ import annotations

import math
import time
from typing import Any, NamedTuple

from agentsea_gateway.errors import (
    AllProvidersUnavailableError,
    BadRequestError,
    DeadlineExceededError,
    GatewayError,
    InvalidRequestError,
    StreamInterruptedError,
)


class Refusal(NamedTuple):
    """An answer to a client: fit for `flask.Response`, for Django's `JsonResponse`, for whatever there is."""

    status: int
    headers: dict[str, str]
    body: dict[str, Any]


# The first kind that fits. Who was asked and what they said stays in the route and in the log.
_ANSWERS: tuple[tuple[type[GatewayError], int, str], ...] = (
    (InvalidRequestError, 400, "the request is not valid"),
    (BadRequestError, 400, "the model does not take this request"),
    (DeadlineExceededError, 504, "no answer in time"),
    (StreamInterruptedError, 502, "the answer broke off"),
    (AllProvidersUnavailableError, 503, "no model is available now"),
    (GatewayError, 500, "the service is not set up"),
)


def refusal(error: GatewayError) -> Refusal:
    """What to answer for an error that a call raised; with Retry-After where waiting helps.

    >>> refusal(DeadlineExceededError("the call's 20 s ran out (tried: openai/gpt-4.1)"))
    Refusal(status=504, headers={}, body={'error': {'type': 'DeadlineExceededError', 'message': 'no answer in time'}})
    """
    status, message = next((status, words) for kind, status, words in _ANSWERS if isinstance(error, kind))
    headers = {}
    if isinstance(error, AllProvidersUnavailableError) and error.retry_at is not None:
        headers["Retry-After"] = str(max(1, math.ceil(error.retry_at.timestamp() - time.time())))
    return Refusal(status, headers, {"error": {"type": type(error).__name__, "message": message}})
