"""An access token that the caller gives, and renews."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from agentsea_gateway.errors import AuthenticationError

if TYPE_CHECKING:
    from collections.abc import Callable

    from agentsea_gateway.call import Call


class GivenToken:
    """A token as text, or a function that returns it, which is asked for every request.

    whence   the provider's argument that it came as, for errors: "vertex: access_token"
    """

    project: str | None = None

    def __init__(self, token: str | Callable[[], str], whence: str) -> None:
        self._token = token
        self._whence = whence

    def headers(self, call: Call) -> dict[str, str]:
        """The headers of one request."""
        token: Any = self._token() if callable(self._token) else self._token
        if not isinstance(token, str) or not token or token != token.strip() or not token.isascii():
            raise AuthenticationError(f"{self._whence} holds no token; give text, or a function that returns it")
        return {"Authorization": f"Bearer {token}"}
