"""Proxies: which one a URL goes through, found once for each endpoint, and never shown with its password."""

from __future__ import annotations

import os
import sys
from base64 import b64encode
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from attrs import field, frozen

from agentsea_gateway.aside import load
from agentsea_gateway.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Mapping


@frozen
class Proxy:
    """An HTTP proxy; `authorization` is the value of Proxy-Authorization or None."""

    host: str
    port: int
    authorization: str | None = field(default=None, repr=False)


class Proxies:
    """The proxies of a Transport: given (a mapping as requests has it, or one URL for everything; an empty mapping for
    none), or read from the environment now, with `no_proxy` heeded."""

    __slots__ = ("_given", "_urls")

    def __init__(self, given: Mapping[str, str] | str | None) -> None:
        self._given = given is not None
        if isinstance(given, str):
            given = {"all": given}
        self._urls: dict[str, str] = dict(_of_the_environment() if given is None else given)

    def proxy_for(self, url: str) -> Proxy | None:
        """The proxy that `url` goes through. Raises ConfigurationError for one of a kind that we do not speak."""
        if not self._urls:
            return None
        load("requests.utils")
        from requests.utils import select_proxy

        found = select_proxy(url, self._urls)
        if not found or self._bypassed(url):
            return None
        return _parsed(found)

    def _bypassed(self, url: str) -> bool:
        load("requests.utils")
        from requests.utils import should_bypass_proxies

        listed = self._urls.get("no_proxy")
        if self._given and listed is None:
            return False
        return bool(should_bypass_proxies(url, no_proxy=listed))


def _of_the_environment() -> Mapping[str, str]:
    """What the environment names, and on some systems the system's own settings."""
    elsewhere = os.name == "nt" or sys.platform == "darwin"
    if not elsewhere and not any(name.lower().endswith("_proxy") for name in os.environ):
        return {}
    from urllib.request import getproxies

    return getproxies()


def _parsed(url: str) -> Proxy:
    try:
        parts = urlsplit(url if "://" in url else f"http://{url}")
        host, port = parts.hostname, parts.port
    except ValueError:
        host, port = None, None
        parts = urlsplit("")
    if parts.scheme.startswith("socks") or parts.scheme == "https":
        raise ConfigurationError(
            f"the proxy for this host is of the kind {parts.scheme}://, which only a session of your own can use: "
            "give session=requests.Session() with its proxies set (socks needs `pip install requests[socks]`)"
        )
    if parts.scheme != "http" or not host:
        raise ConfigurationError("the proxy for this host has no usable URL; give one such as http://proxy:3128")
    authorization = None
    if parts.username:
        pair = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
        authorization = f"Basic {b64encode(pair.encode()).decode()}"
    return Proxy(host, port or 80, authorization)
