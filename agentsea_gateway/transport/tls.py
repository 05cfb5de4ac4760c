"""TLS contexts: the authorities that requests trusts, a bundle of one's own, or none at all."""

from __future__ import annotations

import os
import ssl
from functools import cache
from typing import Any, Literal

from agentsea_gateway.aside import load
from agentsea_gateway.errors import ConfigurationError
from agentsea_gateway.transport.connection import SelfClosing

_ENVIRONMENT = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")  # requests reads these, in this order


class Trust:
    """Whose certificates to accept: True for requests' bundle (or the one its environment variables name), a path to
    a bundle or a directory of one's own, False for anybody's.

    Raises ConfigurationError for a bundle that is not there, or, of one's own, that cannot be read. What is not one's
    own is loaded at the first TLS connection, once for all (it takes 16 ms and 2 MiB).
    """

    __slots__ = ("_context", "_path")

    def __init__(self, verify: bool | str) -> None:
        named = next((os.environ[name] for name in _ENVIRONMENT if os.environ.get(name)), None)
        if verify is True and named and not os.path.exists(named):
            raise _unusable(named)
        self._path = named
        self._context = None if verify is True else _context(verify)

    def context(self) -> ssl.SSLContext:
        """The one context of all connections."""
        return self._context or _shared_context(self._path or _of_requests())


def _of_requests() -> str:
    """The bundle that requests trusts: certifi's, which is had without the rest of requests."""
    load("certifi")
    from certifi import where

    return where()


@cache
def _shared_context(path: str) -> ssl.SSLContext:
    return _context(path)


class _Socket(SelfClosing, ssl.SSLSocket):
    """A TLS socket that can be wrapped around a connection that its peer has just reset; the handshake tells of it.

    CPython asks for the peer's name while it wraps, and where there is none any more it loses the socket unclosed.
    """

    def getpeername(self) -> Any:
        try:
            return super().getpeername()
        except OSError:
            return "", 0


def _context(verify: Literal[False] | str) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.sslsocket_class = _Socket
    context.set_alpn_protocols(["http/1.1"])
    if verify is False:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        return context
    path = os.fspath(verify)
    try:
        if os.path.isdir(path):
            context.load_verify_locations(capath=path)
        else:
            context.load_verify_locations(cafile=path)
    except (OSError, ssl.SSLError):
        raise _unusable(path) from None
    return context


def _unusable(path: str) -> ConfigurationError:
    return ConfigurationError(
        f"verify={path!r} is no bundle of certificates that can be read; give a PEM file, a directory made by "
        "`openssl rehash`, or True for the default"
    )
