"""A Target: a URL taken apart once into what a request needs of it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from attrs import frozen

from agentsea_gateway.aside import load
from agentsea_gateway.errors import ConfigurationError
from agentsea_gateway.transport.origin import Origin

if TYPE_CHECKING:
    from agentsea_gateway.transport.proxy import Proxies

# What requests would leave as it is: nothing to escape, to fold or to encode, and no segment that begins with a dot.
_NORMAL = re.compile(
    r"https?://[a-z0-9-]+(\.[a-z0-9-]+)*(:[1-9][0-9]{0,4})?(/(?!\.)[\w.~:@,;=+$()*!&-]*)+"
    r"(\?[\w.~:@,;=+$()*!&/-]+)?",
    re.ASCII,
)


@frozen(repr=False)
class Target:
    """url       in requests' normal form, query included
    line         what stands in the request line
    origin       where the connection leads
    """

    url: str
    line: str
    origin: Origin

    @property
    def fields(self) -> dict[str, str]:
        """The header fields that the target asks for."""
        fields = {"Host": self.origin.host_header}
        proxy = self.origin.proxy
        if proxy is not None and proxy.authorization is not None and not self.origin.secure:
            fields["Proxy-Authorization"] = proxy.authorization
        return fields

    @property
    def shown(self) -> str:
        """The URL without its query, which may hold a key."""
        return self.url.partition("?")[0]

    def __repr__(self) -> str:
        return f"Target({self.shown!r})"


def target_of(url: str, proxies: Proxies) -> Target:
    """The target that `url` names. Raises ConfigurationError, which shows neither query nor user and password."""
    try:
        text = str(url)
        normal = text if _NORMAL.fullmatch(text) else _normal(url)
        parts = urlsplit(normal)
        host, port = parts.hostname, parts.port
    except ValueError:  # requests' are of this kind
        raise _unusable(url) from None
    if parts.scheme not in ("http", "https") or not host:
        raise _unusable(url)
    if "@" in parts.netloc:
        raise ConfigurationError(
            f"the URL for {host} holds a user or password; give the key as the provider's, or a session= with auth"
        )
    normal = normal.partition("#")[0]
    secure = parts.scheme == "https"
    proxy = proxies.proxy_for(normal)
    origin = Origin(secure, host, port or (443 if secure else 80), proxy)
    path = f"{parts.path or '/'}{'?' if parts.query else ''}{parts.query}"
    return Target(normal, normal if proxy is not None and not secure else path, origin)


def _normal(url: str) -> str:
    """In requests' normal form. Raises ValueError."""
    load("requests.models")
    from requests.models import PreparedRequest

    prepared = PreparedRequest()
    prepared.prepare_url(url, None)
    return str(prepared.url)


def _unusable(url: str) -> ConfigurationError:
    shown = str(url).partition("?")[0].rpartition("@")[2]
    return ConfigurationError(f"{shown[:200]!r} is no usable URL; give one such as https://api.example.com/v1")
