"""Amazon's credentials for a request: botocore's, which renews them, and its signature over headers and body."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, NoReturn

from agentsea_gateway.aside import aside
from agentsea_gateway.errors import APIConnectionError, APITimeoutError, AuthenticationError, ConfigurationError
from agentsea_gateway.providers.credentials import Secrets

if TYPE_CHECKING:
    from agentsea_gateway.call import Call

_INSTALL = "pip install 'agentsea-gateway[bedrock]'"
_NONE_FOUND = (
    "bedrock: no AWS credentials; set AWS_BEARER_TOKEN_BEDROCK, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, log in "
    "with `aws sso login`, or pass api_key= or credentials="
)
_SIGNED = {"Content-Type": "application/json"}  # as the endpoint sends it


class SignedHeaders(dict[str, str]):
    """The headers of one request; as a variable in a traceback it does not show their values."""

    __slots__ = ()

    def __repr__(self) -> str:
        return f"<{len(self)} headers>"


class AWSSession:
    """What botocore knows of this machine: its credentials, and the region where those say one.

    Raises ConfigurationError where botocore is not installed, or has no such profile.
    """

    def __init__(self, profile: str | None) -> None:
        self._profile = profile
        self._session = self._opened()

    def _opened(self) -> Any:
        try:
            from botocore.exceptions import BotoCoreError
            from botocore.session import Session
        except ImportError:
            _missing()
        try:
            session = Session(profile=self._profile)
            session.get_scoped_config()
        except BotoCoreError as error:
            raise ConfigurationError(f"bedrock: {error}") from None
        return session

    def region(self) -> str | None:
        """The region of the profile."""
        found = self._session.get_config_variable("region")
        return found if isinstance(found, str) else None

    def credentials(self) -> Any:
        """botocore's credentials, which renew themselves; another process gets its own. None where there are none."""
        from botocore.exceptions import BotoCoreError  # it is installed: the session is its

        try:
            return self._session.get_credentials()
        except BotoCoreError as error:
            raise ConfigurationError(f"bedrock: no AWS credentials ({type(error).__name__})") from None

    def anew(self) -> AWSSession:
        """The same for a child process: a lock of the parent's may be held by a thread that is not here."""
        return AWSSession(self._profile)


class Signer:
    """Signs requests (Signature Version 4), with the credentials that are valid at that moment.

    credentials   botocore's or boto3's; None: those that `session` finds
    """

    def __init__(self, session: AWSSession, region: str, credentials: Any = None) -> None:
        self._session = session
        self._given = credentials
        self._region = region
        self._found = (os.getpid(), self._given or session.credentials())
        if self._found[1] is None:
            raise ConfigurationError(_NONE_FOUND)
        self.secrets = Secrets()  # of the credentials that signed last, and before

    def headers(self, url: str, body: bytes, call: Call) -> SignedHeaders:
        """The headers that make a POST of `body` to `url` an authentic one.

        Raises AuthenticationError, APIConnectionError or APITimeoutError where the credentials ran out and cannot be
        renewed within the time that the call has.
        """
        from botocore.auth import SigV4Auth
        from botocore.awsrequest import AWSRequest

        request = AWSRequest(method="POST", url=url, data=body, headers=dict(_SIGNED))
        SigV4Auth(self._frozen(call), "bedrock", self._region).add_auth(request)
        return SignedHeaders((name, value) for name, value in request.headers.items() if name not in _SIGNED)

    def _frozen(self, call: Call) -> Any:
        """The credentials of this moment."""
        from botocore.exceptions import BotoCoreError, HTTPClientError
        from botocore.exceptions import ConnectionError as NotConnected

        credentials = self._credentials()
        freeze = credentials.get_frozen_credentials
        try:
            # Renewing talks to AWS, with patiences of its own.
            stale = getattr(credentials, "refresh_needed", bool)()
            frozen = aside(freeze, max(0.0, call.remaining())) if stale else freeze()
        except TimeoutError:
            raise APITimeoutError(
                "bedrock: no credentials from AWS in time", patience=call.patience, sent=False
            ) from None
        except (HTTPClientError, NotConnected) as error:
            raise APIConnectionError(f"bedrock: no credentials from AWS ({type(error).__name__})", sent=False) from None
        except (BotoCoreError, RuntimeError) as error:  # the latter: what was renewed has run out already
            raise AuthenticationError(
                f"bedrock: no credentials from AWS ({type(error).__name__}); log in again"
            ) from None
        if frozen.secret_key not in self.secrets:  # an answer to the last ones may still come
            self.secrets = Secrets((frozen.access_key, frozen.secret_key, frozen.token or "", *self.secrets[:3]))
        return frozen

    def _credentials(self) -> Any:
        process, credentials = self._found
        if process != os.getpid() and self._given is None:
            credentials = self._session.anew().credentials()
            self._found = (os.getpid(), credentials)
        return credentials

    def __repr__(self) -> str:
        return f"Signer({self._region!r})"


def _missing() -> NoReturn:
    raise ConfigurationError(
        f"bedrock: botocore is not installed; {_INSTALL}, or set AWS_BEARER_TOKEN_BEDROCK, or pass api_key="
    ) from None
