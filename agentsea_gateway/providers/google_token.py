"""An access token for Google Cloud from google-auth, renewed before it runs out."""

from __future__ import annotations

import os
from functools import partial
from threading import Lock
from typing import TYPE_CHECKING, Any, NoReturn

from agentsea_gateway.aside import load
from agentsea_gateway.errors import APIConnectionError, APITimeoutError, AuthenticationError, ConfigurationError

if TYPE_CHECKING:
    from agentsea_gateway.call import Call

_SCOPE = "https://www.googleapis.com/auth/cloud-platform"
_INSTALL = "pip install 'agentsea-gateway[vertex]'"


class GoogleAuth:
    """Credentials of google-auth: those that were given, else the application's default.

    Raises ConfigurationError where google-auth is not installed or finds none.
    """

    def __init__(self, credentials: Any = None) -> None:
        self.project: str | None = None
        self._credentials = credentials
        self._renewing = (os.getpid(), Lock())  # around a renewal, which talks to Google; a fork leaves it behind
        if credentials is None:
            self._credentials, self.project = _default()

    def headers(self, call: Call) -> dict[str, str]:
        """The headers of one request; renews the token where it has run out, within the time that the call has."""
        credentials = self._credentials
        if not credentials.valid:
            self._renew(call)
        found = {"Authorization": f"Bearer {credentials.token}"}
        quota_project = getattr(credentials, "quota_project_id", None)
        return {**found, "x-goog-user-project": quota_project} if quota_project else found

    def _renew(self, call: Call) -> None:
        process, lock = self._renewing
        if process != os.getpid():
            self._renewing = (os.getpid(), Lock())
            lock = self._renewing[1]
        if not lock.acquire(timeout=max(0.0, call.remaining())):
            raise APITimeoutError("vertex: no token from Google in time", patience=call.patience, sent=False)
        try:
            if not self._credentials.valid:  # nobody else renewed it meanwhile
                _refresh(self._credentials, max(0.1, call.remaining()))
        finally:
            lock.release()


def _default() -> tuple[Any, str | None]:
    try:
        from google.auth import default, exceptions
    except ImportError:
        _missing()
    try:
        found: tuple[Any, str | None] = default(scopes=[_SCOPE])
    except exceptions.GoogleAuthError as error:
        raise ConfigurationError(
            f"vertex: no Google credentials ({type(error).__name__}); run `gcloud auth application-default login`, set "
            "GOOGLE_APPLICATION_CREDENTIALS, or pass credentials= or access_token="
        ) from None
    return found


def _refresh(credentials: Any, seconds: float) -> None:
    try:
        load("google.auth.transport.requests")
        from google.auth import exceptions
        from google.auth.transport.requests import Request
    except ImportError:
        _missing()
    try:
        credentials.refresh(partial(Request(), timeout=seconds))
    except exceptions.TransportError as error:
        raise APIConnectionError(f"vertex: no token from Google ({type(error).__name__})", sent=False) from None
    except exceptions.GoogleAuthError as error:
        raise AuthenticationError(f"vertex: no token from Google ({type(error).__name__}); log in again") from None


def _missing() -> NoReturn:
    raise ConfigurationError(f"vertex: google-auth is not installed; {_INSTALL}, or pass access_token=") from None
