"""Every error the gateway raises: one root, one tree, and for a provider's error its outcome on the class.

    GatewayError                           anything this package raises on purpose
    ├── ConfigurationError                 a gateway, candidate or provider was built wrongly
    │   └── UnknownCandidateError          a name that no candidate has
    ├── InvalidRequestError                the call's own arguments are wrong; nothing was sent
    ├── GatewayClosedError                 the gateway was closed before the call
    ├── AllProvidersUnavailableError       every candidate was tried or had to be skipped (G04)
    │   └── NoStreamingProviderError       none of them can stream (G05)
    ├── DeadlineExceededError              the call's own time ran out
    ├── StreamInterruptedError             a stream broke after its first content; `partial` is what came
    ├── RowError                           a row of a batch could not be read or made a request of
    ├── StoreError                         a journal (or a cache's file) cannot be used
    └── ProviderError                      one provider did not serve             outcome
        ├── AuthenticationError            401, 407, 498                          benched
        ├── PermissionDeniedError          403                                    benched
        ├── NotFoundError                  404, 405                               benched
        ├── QuotaExceededError             402, insufficient_quota                benched
        ├── RateLimitError                 429 and other pushback                 throttled
        ├── BadRequestError                400, 413, 422, 451                     own_fault
        │   ├── ContextWindowExceededError
        │   ├── ContentPolicyViolationError
        │   └── UnsupportedRequestError    the dialect cannot express it; not sent
        ├── InvalidAnswerError             not what response_format or validate asked for  own_fault
        ├── InternalServerError            5xx and statuses nobody defined        failure
        │   └── OverloadedError            503, 529                               failure
        ├── MalformedResponseError         truncated, unparsable, empty, HTML     failure
        └── APIConnectionError             no connection, or it broke             failure
            └── APITimeoutError            a patience or the deadline ran out     failure

An exception that a call raises carries its `route`: every attempt and every skipped candidate with the reason.
All of them pickle, and none of them shows a key.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Literal

from agentsea_gateway.notes import RouteInWords

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from agentsea_gateway.response import Response
    from agentsea_gateway.route import Route

Outcome = Literal["success", "failure", "throttled", "benched", "own_fault", "neutral"]

BODY_SHOWN = 2_000  # characters of a provider's error body that an exception keeps


class GatewayError(Exception):
    """Root of everything this package raises on purpose.

    `route` is the call's route (attempts and skipped candidates), or None where no call was under way. A traceback
    shows it under the message.
    """

    __notes__ = RouteInWords()

    def __init__(self, message: str = "", *, route: Route | None = None) -> None:
        super().__init__(message)
        self.route = route

    @property
    def message(self) -> str:
        """What happened and what to do about it, in one sentence."""
        return str(self.args[0]) if self.args else ""

    def __reduce__(self) -> tuple[Any, ...]:
        # The default calls __init__ with `args` alone; keyword-only state would be lost or refused.
        return _rebuild, (type(self), self.args, dict(self.__dict__))

    def _repr_html_(self) -> str:
        from agentsea_gateway.show import of_error  # only a notebook asks

        return of_error.html(self)

    def _repr_markdown_(self) -> str:
        from agentsea_gateway.show import of_error

        return of_error.markdown(self)


def _rebuild(cls: type[GatewayError], args: tuple[Any, ...], state: Mapping[str, Any]) -> GatewayError:
    error = cls.__new__(cls, *args)
    error.args = args
    error.__dict__.update(state)
    return error


class ConfigurationError(GatewayError):
    """A gateway, candidate, provider or strategy was built wrongly; the message names the fix."""


class UnknownCandidateError(ConfigurationError):
    """`exclude`, `ask`, `melt` or `reset` named a candidate that this gateway does not have."""


class InvalidRequestError(GatewayError):
    """The call's own arguments are wrong (messages, option names, values JSON cannot hold); nothing was sent."""


class GatewayClosedError(GatewayError):
    """The gateway was closed before this call."""


class AllProvidersUnavailableError(GatewayError):
    """Every candidate was tried or had to be skipped (G04).

    `retry_at` is the earliest moment (aware datetime, UTC) at which a blown or benched candidate may be tried again,
    or None where waiting helps nobody.
    """

    def __init__(self, message: str = "", *, route: Route | None = None, retry_at: datetime | None = None) -> None:
        super().__init__(message, route=route)
        self.retry_at = retry_at


class NoStreamingProviderError(AllProvidersUnavailableError):
    """None of the candidates that this call may use can stream (G05); waiting would not help."""


class DeadlineExceededError(GatewayError):
    """The call's own `timeout` ran out, whoever was left to try."""


class StreamInterruptedError(GatewayError):
    """A stream broke after its first content. `partial` is the Response so far, usage included where it was known.

    `candidate`, `provider` and `model` name who was serving; `error` is the class name of what broke it.
    """

    def __init__(
        self,
        message: str = "",
        *,
        partial: Response,
        route: Route | None = None,
        candidate: str | None = None,
        provider: str | None = None,
        model: str | None = None,
        error: str | None = None,
    ) -> None:
        super().__init__(message, route=route)
        self.partial = partial
        self.candidate = candidate
        self.provider = provider
        self.model = model
        self.error = error


class RowError(GatewayError):
    """A row of a batch could not be read, or no request could be made of it: `index` says which, `__cause__` why."""

    def __init__(self, message: str = "", *, index: int | None = None, route: Route | None = None) -> None:
        super().__init__(message, route=route)
        self.index = index


class StoreError(GatewayError):
    """A journal cannot be used: it is no journal, of a newer version, in use by another run, or its disk is full."""


class ProviderError(GatewayError):
    """One provider did not serve. Its `outcome` says what the gateway does about it.

    `status_code` is the HTTP status or None where there was none; `retry_after` is in seconds; `code` is the vendor's
    own error code or type; `body` is the start of the answer's body with secrets blanked.
    """

    outcome: ClassVar[Outcome] = "failure"

    def __init__(
        self,
        message: str = "",
        *,
        status_code: int | None = None,
        code: str | None = None,
        request_id: str | None = None,
        retry_after: float | None = None,
        body: str | None = None,
        candidate: str | None = None,
        provider: str | None = None,
        model: str | None = None,
        route: Route | None = None,
    ) -> None:
        super().__init__(message, route=route)
        self.status_code = status_code
        self.code = code
        self.request_id = request_id
        self.retry_after = retry_after
        self.body = None if body is None else body[:BODY_SHOWN]
        self.candidate = candidate
        self.provider = provider
        self.model = model

    def __str__(self) -> str:
        where = " ".join(str(part) for part in (self.candidate or self.provider, self.status_code) if part is not None)
        return f"{where}: {self.message}" if where else self.message


class AuthenticationError(ProviderError):
    """The key is missing, wrong or expired (401, 407, 498): the candidate is benched."""

    outcome = "benched"


class PermissionDeniedError(ProviderError):
    """The key may not do this (403): the candidate is benched."""

    outcome = "benched"


class NotFoundError(ProviderError):
    """The model or the path does not exist there (404, 405): the candidate is benched."""

    outcome = "benched"


class QuotaExceededError(ProviderError):
    """Credit or quota is exhausted (402, `insufficient_quota`): the candidate is benched."""

    outcome = "benched"


class RateLimitError(ProviderError):
    """Pushback (429 and its relatives): benched until `retry_after`, no melt."""

    outcome = "throttled"


class BadRequestError(ProviderError):
    """The provider cannot take this request (400, 413, 422, 451): no melt, another vendor may take it."""

    outcome = "own_fault"


class ContextWindowExceededError(BadRequestError):
    """The request is longer than the model's context window."""


class ContentPolicyViolationError(BadRequestError):
    """The provider refused the content of the request."""


class UnsupportedRequestError(BadRequestError):
    """This candidate's dialect cannot express the request; found before anything was sent."""


class InvalidAnswerError(ProviderError):
    """The answer does not fit `response_format`, or `validate` refused it: no melt, and another candidate is asked.

    `partial` is that answer, a Response. A stream raises this at its end, when its content has been seen.
    """

    outcome = "own_fault"

    def __init__(self, message: str = "", *, partial: Response | None = None, **details: Any) -> None:
        super().__init__(message, **details)
        self.partial = partial


class InternalServerError(ProviderError):
    """The provider broke (5xx, or a status nobody defined)."""


class OverloadedError(InternalServerError):
    """The provider says it is overloaded or unavailable (503, 529)."""


class MalformedResponseError(ProviderError):
    """The answer is truncated, unparsable, empty or a web page."""


class APIConnectionError(ProviderError):
    """No connection, or it broke. `sent` tells whether any byte of the request may have left."""

    def __init__(self, message: str = "", *, sent: bool = True, **details: Any) -> None:
        super().__init__(message, **details)
        self.sent = sent


class APITimeoutError(APIConnectionError):
    """A patience or the call's time ran out at the socket.

    `patience` names which: "connect", or whatever bounded the attempt ("attempt", "first_token", "idle", "total",
    "share", "deadline").
    """

    def __init__(self, message: str = "", *, patience: str = "attempt", sent: bool = True, **details: Any) -> None:
        super().__init__(message, sent=sent, **details)
        self.patience = patience
