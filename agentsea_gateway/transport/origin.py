"""An origin: the host a connection leads to, and what it leads through."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import frozen

if TYPE_CHECKING:
    from agentsea_gateway.transport.proxy import Proxy


def authority(host: str, port: int) -> str:
    """host:port, an IPv6 address in brackets."""
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


@frozen
class Origin:
    """Connections to equal origins may stand in for each other."""

    secure: bool
    host: str
    port: int
    proxy: Proxy | None = None

    @property
    def peer(self) -> str:
        """The other end as messages name it."""
        where = authority(self.host, self.port)
        return where if self.proxy is None else f"{where} (proxy {authority(self.proxy.host, self.proxy.port)})"

    @property
    def host_header(self) -> str:
        """The value of the Host field."""
        if self.port == (443 if self.secure else 80):
            return f"[{self.host}]" if ":" in self.host else self.host
        return authority(self.host, self.port)
