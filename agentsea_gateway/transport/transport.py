"""The Transport of one provider: its connections, shared by all threads, and how they are made."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING

from agentsea_gateway.aside import load
from agentsea_gateway.errors import ConfigurationError
from agentsea_gateway.transport.dial import Dialer
from agentsea_gateway.transport.endpoint import WireEndpoint
from agentsea_gateway.transport.limits import DEFAULT, Limits
from agentsea_gateway.transport.pool import Pool
from agentsea_gateway.transport.proxy import Proxies
from agentsea_gateway.transport.request_head import checked_headers
from agentsea_gateway.transport.target import target_of
from agentsea_gateway.transport.tls import Trust

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import NoReturn

    from requests import Session

    from agentsea_gateway.transport.dial import Resolver
    from agentsea_gateway.transport.endpoint import Endpoint
    from agentsea_gateway.transport.origin import Origin
    from agentsea_gateway.transport.stock import SessionInChildren


class Transport:
    """The connections of one provider; thread-safe, and safe to fork with.

    session     a requests.Session of one's own, used as it is instead of ours: its proxies, certificates, adapters,
                cookies and retries hold, and `proxies`, `verify`, `resolver` and `pool_size` are not looked at
    proxies     a mapping as requests has it, or one URL for everything; None reads the environment now, {} is none
    verify      True, a path to a bundle or a directory of certificates, or False for no check at all
    resolver    what stands in for socket.getaddrinfo(host, port, family, type)
    limits      how much of an answer is taken
    pool_size   idle connections kept for each origin; requests never wait for one

    Raises ConfigurationError.
    """

    __slots__ = (
        "_in_children",
        "_limits",
        "_pool_size",
        "_pools",
        "_proxies",
        "_resolver",
        "_session",
        "_trust",
    )

    def __init__(
        self,
        *,
        session: Session | None = None,
        proxies: Mapping[str, str] | str | None = None,
        verify: bool | str = True,
        resolver: Resolver = socket.getaddrinfo,
        limits: Limits = DEFAULT,
        pool_size: int = 64,
    ) -> None:
        self._session = session
        self._in_children = None if session is None else _in_children(session)
        self._proxies = Proxies({} if session is not None else proxies)
        self._trust = Trust(verify)
        self._resolver = resolver
        self._limits = limits
        self._pool_size = pool_size
        self._pools: dict[Origin, Pool] = {}

    def endpoint(self, url: str, headers: Mapping[str, str], *, method: str = "POST") -> Endpoint:
        """An endpoint for `url` that sends `headers` with every request. Content-Length, Host and what is missing of
        User-Agent, Accept and Accept-Encoding are the transport's. `method` is another one for an empty body's sake.

        Raises ConfigurationError for a URL, a header or a proxy that cannot be used; it shows no value.
        """
        checked = checked_headers(headers, ConfigurationError)
        target = target_of(url, self._proxies)
        if self._session is not None:
            load("agentsea_gateway.transport.session_endpoint")
            from agentsea_gateway.transport.session_endpoint import SessionEndpoint

            return SessionEndpoint(target, checked, self._limits, method, session=self._session)
        pool = self._pool(target.origin)
        return WireEndpoint(target, checked, self._limits, method, pool=pool)

    def _pool(self, origin: Origin) -> Pool:
        pool = Pool(Dialer(origin, self._resolver, self._trust, self._limits), self._pool_size)
        return self._pools.setdefault(origin, pool)

    def close(self) -> None:
        """Close the idle connections and keep none from now on. A session of the user's own stays open."""
        for pool in list(self._pools.values()):
            pool.close()

    def __repr__(self) -> str:
        origins = ", ".join(origin.peer for origin in list(self._pools))
        return f"Transport({origins})" if self._session is None else "Transport(session)"

    def __reduce__(self) -> NoReturn:
        raise TypeError("a Transport holds live connections and is not pickled; build it in the worker")


def _in_children(session: Session) -> SessionInChildren:
    """What keeps a forked child off the session's connections. Raises ConfigurationError where it is no session."""
    from requests import Session

    from agentsea_gateway.transport.stock import SessionInChildren

    if not isinstance(session, Session):
        raise ConfigurationError(f"session is a {type(session).__name__}; give a requests.Session, or leave it out")
    return SessionInChildren(session)
