"""What a view answers where nobody served."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from agentsea_gateway import errors
from agentsea_gateway.integrations.views import refusal
from agentsea_gateway.response import Response
from support.gateways import gateway

DOWN = errors.InternalServerError("the secret upstream is down", status_code=503)


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (errors.InvalidRequestError("messages is empty"), 400),
        (errors.ContextWindowExceededError("too long"), 400),
        (errors.DeadlineExceededError("the call's 20 s ran out (tried: upstream)"), 504),
        (errors.StreamInterruptedError("upstream broke", partial=Response("")), 502),
        (errors.AllProvidersUnavailableError("all providers unavailable: upstream"), 503),
        (errors.NoStreamingProviderError("no streaming provider: upstream"), 503),
        (errors.ConfigurationError("upstream: no API key"), 500),
        (errors.GatewayClosedError("closed"), 500),
    ],
)
def test_each_kind_of_error_has_its_status_and_tells_nothing_of_the_inside(
    error: errors.GatewayError, status: int
) -> None:
    found = refusal(error)
    assert (found.status, found.headers) == (status, {})
    assert found.body["error"]["type"] == type(error).__name__
    assert "upstream" not in str(found)


def test_where_waiting_helps_the_client_is_told_how_long() -> None:
    error = errors.AllProvidersUnavailableError("no", retry_at=datetime.now(UTC) + timedelta(seconds=30))
    assert refusal(error).headers == {"Retry-After": "30"}
    late = errors.AllProvidersUnavailableError("no", retry_at=datetime.now(UTC) - timedelta(seconds=30))
    assert refusal(late).headers == {"Retry-After": "1"}


def test_what_a_gateway_raises_is_answered() -> None:
    with pytest.raises(errors.GatewayError) as caught:
        gateway(DOWN).completion("Hi")
    assert refusal(caught.value).status == 503
