"""Where a provider's key and host come from: an argument, else the environment variable its vendor's own SDK reads."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from agentsea_gateway.errors import ConfigurationError
from agentsea_gateway.redaction import redact, without

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from agentsea_gateway.errors import ProviderError

_SECRET_WORDS = ("auth", "key", "token", "secret", "cookie")  # in a header's name


def api_key(given: str | None, variable: str | None, provider: str, *, optional: bool = False) -> str | None:
    """The key; raises ConfigurationError that names the variable where there is none, and never shows one."""
    if given is not None and not isinstance(given, str):
        raise ConfigurationError(f"{provider}: api_key is a {type(given).__name__}; give a string")
    key = given if given is not None else os.environ.get(variable, "") if variable else ""
    if not key:
        if optional:
            return None
        raise ConfigurationError(f"{provider}: no API key; set {variable} or pass api_key=")
    if key != key.strip() or not key.isascii() or not key.isprintable():
        raise ConfigurationError(
            f"{provider}: the API key holds white space, a line break or characters outside ASCII; copy it again"
        )
    return key


class Secrets(tuple[str, ...]):
    """What a server might echo and no error may show; as a variable in a traceback it does not show itself either."""

    __slots__ = ()

    def __repr__(self) -> str:
        return f"<{len(self)} secrets>"


def secrets_of(headers: Mapping[str, str] | None) -> Secrets:
    """The credentials among the headers."""
    if not headers:
        return Secrets()
    secret = [value for name, value in headers.items() if any(word in name.lower() for word in _SECRET_WORDS)]
    return Secrets(value.rpartition(" ")[2] for value in secret)  # behind "Bearer"


def blank(error: ProviderError, secrets: Iterable[str]) -> None:
    """Blank the secrets in what an answer said of an error."""
    error.args = (redact(error.message, secrets),)
    error.body = error.body and redact(error.body, secrets)
    error.code = error.code and without(error.code, secrets)
    error.request_id = error.request_id and without(error.request_id, secrets)


def base_url(given: Any, variable: str | None, default: str, provider: str) -> str:
    """The host's address without a trailing slash."""
    url = given or (os.environ.get(variable) if variable else None) or default
    if not isinstance(url, str) or not url.startswith(("http://", "https://")):
        raise ConfigurationError(f"{provider}: base_url must start with http:// or https://")
    return url.rstrip("/")
