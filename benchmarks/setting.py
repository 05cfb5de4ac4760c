"""What every measure is given: the server, the clients that can be had, and how long it may take."""

from __future__ import annotations

import sys
import time
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING

from benchmarks.clients import ALL

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from benchmarks.client import Client
    from benchmarks.loopback import Loopback


class Setting:
    """quick  fewer and shorter blocks;   chosen  names of clients, none: all"""

    def __init__(self, server: Loopback, *, quick: bool = False, chosen: Iterable[str] = ()) -> None:
        self.server = server
        self.quick = quick
        self.chosen = tuple(chosen)
        self._began = time.monotonic()

    def clients(self, wanted: Callable[[type[Client]], bool] = lambda _: True) -> list[type[Client]]:
        """Those that are wanted, chosen and installed."""
        return [client for client in self._asked(wanted) if not missing(client)]

    def missing(self, wanted: Callable[[type[Client]], bool] = lambda _: True) -> list[tuple[str, str]]:
        """Those that are wanted and chosen and cannot be had."""
        return [(client.name, missing(client)) for client in self._asked(wanted) if missing(client)]

    def _asked(self, wanted: Callable[[type[Client]], bool]) -> list[type[Client]]:
        return [
            client
            for client in ALL.values()
            if wanted(client) and (not self.chosen or client.name in self.chosen or client.name == "requests")
        ]

    def say(self, what: str) -> None:
        """Tell whoever waits."""
        print(f"{time.monotonic() - self._began:5.0f} s  {what}", file=sys.stderr, flush=True)


def missing(client: type[Client]) -> str:
    """Why a client cannot be had; "" where it can."""
    absent = [name for name in client.needs if name != "agentsea-gateway" and version_of(name) is None]
    return f"{', '.join(absent)} not installed" if absent else ""


def version_of(distribution: str) -> str | None:
    """The installed version of a distribution; None where it is not installed."""
    if distribution == "agentsea-gateway":
        from agentsea_gateway import __version__

        return __version__
    try:
        return version(distribution)
    except PackageNotFoundError:
        return None


def versions(client: type[Client]) -> str:
    """What was measured, as the first column has it."""
    if not client.needs:
        return client.name
    return f"{client.name} {version_of(client.needs[0])}"


def kind_of(client: type[Client]) -> str:
    """The colour of its bar."""
    return "own" if client.own else "reference" if client.name.startswith("requests") else "peer"
