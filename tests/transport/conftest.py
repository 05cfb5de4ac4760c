"""What the transport's tests share: calls with a limit, transports that are closed, and certificates of our own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from agentsea_gateway.transport import Transport
from support.loopback import Certificate, new_call, new_certificate

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from agentsea_gateway.call import Call


@pytest.fixture(autouse=True)
def no_settings_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    """The machine's own proxies and bundles play no part."""
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy", "requests_ca_bundle", "curl_ca_bundle"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


@pytest.fixture
def call() -> Call:
    return new_call()


@pytest.fixture
def make_transport(no_leaks: None) -> Iterator[Callable[..., Transport]]:
    """Transports that are closed at the end, after which no socket and no thread may be left."""
    made: list[Transport] = []

    def make(**given: Any) -> Transport:
        made.append(Transport(**given))
        return made[-1]

    yield make
    for transport in made:
        transport.close()


@pytest.fixture
def transport(make_transport: Callable[..., Transport]) -> Transport:
    return make_transport()


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Certificate:
    """For localhost and 127.0.0.1."""
    return new_certificate(tmp_path_factory.mktemp("tls"), "DNS:localhost", "IP:127.0.0.1")


@pytest.fixture(scope="session")
def foreign_certificate(tmp_path_factory: pytest.TempPathFactory) -> Certificate:
    """For another name."""
    return new_certificate(tmp_path_factory.mktemp("tls"), "DNS:elsewhere.test")
