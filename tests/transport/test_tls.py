"""TLS: who is trusted, that a stall in the handshake ends with the patience, and that answers come through it whole."""

from __future__ import annotations

import subprocess
import threading
import time
from typing import TYPE_CHECKING

import pytest

from agentsea_gateway.errors import APIConnectionError, APITimeoutError, ConfigurationError
from agentsea_gateway.transport import tls
from raw_server import HOLD, REQUEST, RST, RawServer, Repeat, chunked, head, ok
from support.loopback import new_call

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from agentsea_gateway.call import Call
    from agentsea_gateway.transport import Transport
    from support.loopback import Certificate


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_a_bundle_of_ones_own_is_trusted(
    make_transport: Callable[..., Transport], call: Call, certificate: Certificate, host: str
) -> None:
    names = []
    certificate.server.sni_callback = lambda _sock, name, _context: names.append(name)
    try:
        with RawServer(tls=certificate.server) as server:
            endpoint = make_transport(verify=certificate.path).endpoint(f"https://{host}:{server.port}/v1", {})
            assert [endpoint.post(b"{}", call).read() for _ in range(3)] == [b"{}"] * 3
            assert (server.hits, server.connections) == (3, 1)
    finally:
        certificate.server.sni_callback = None
    assert names == [None if host == "127.0.0.1" else host]  # an address is never sent as a name (RFC 6066)


def test_a_directory_of_certificates_is_trusted(
    make_transport: Callable[..., Transport], call: Call, certificate: Certificate, tmp_path: Path
) -> None:
    name = subprocess.run(
        ["openssl", "x509", "-hash", "-noout", "-in", certificate.path], capture_output=True, text=True, check=True
    ).stdout.strip()
    (tmp_path / f"{name}.0").symlink_to(certificate.path)
    with RawServer(tls=certificate.server) as server:
        transport = make_transport(verify=str(tmp_path))
        assert transport.endpoint(server.url, {}).post(b"{}", call).read() == b"{}"


@pytest.mark.parametrize("variable", ["REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"])
def test_the_bundle_of_the_environment_is_read_once(
    make_transport: Callable[..., Transport],
    call: Call,
    certificate: Certificate,
    monkeypatch: pytest.MonkeyPatch,
    variable: str,
) -> None:
    monkeypatch.setenv(variable, certificate.path)
    transport = make_transport()
    monkeypatch.delenv(variable)
    with RawServer(tls=certificate.server) as server:
        assert transport.endpoint(server.url, {}).post(b"{}", call).read() == b"{}"


def test_without_verification_anybody_is_trusted(
    make_transport: Callable[..., Transport], call: Call, foreign_certificate: Certificate
) -> None:
    with RawServer(tls=foreign_certificate.server) as server:
        assert make_transport(verify=False).endpoint(server.url, {}).post(b"{}", call).read() == b"{}"


def test_an_unknown_authority_is_refused_before_anything_is_sent(
    transport: Transport, call: Call, certificate: Certificate
) -> None:
    """F04."""
    with RawServer(tls=certificate.server) as server:
        with pytest.raises(APIConnectionError, match=r"certificate refused \(self.signed certificate") as caught:
            transport.endpoint(server.url, {}).post(b"{}", call)
        assert (caught.value.sent, server.hits) == (False, 0)


def test_a_certificate_for_another_name_is_refused(
    make_transport: Callable[..., Transport], call: Call, foreign_certificate: Certificate
) -> None:
    """F04."""
    with RawServer(tls=foreign_certificate.server) as server:
        transport = make_transport(verify=foreign_certificate.path)
        with pytest.raises(APIConnectionError, match=r"certificate refused \(IP address mismatch") as caught:
            transport.endpoint(server.url, {}).post(b"{}", call)
        assert (caught.value.sent, server.hits) == (False, 0)


@pytest.mark.parametrize("behave", [[ok()], [0.05, RST], [0.05]], ids=["plain HTTP", "reset", "closed"])
def test_a_handshake_that_fails_is_an_error_before_anything_is_sent(
    transport: Transport, call: Call, behave: list[object]
) -> None:
    with RawServer(behave) as server:
        with pytest.raises(APIConnectionError, match=r"in the TLS handshake with 127\.0\.0\.1:") as caught:
            transport.endpoint(server.url.replace("http:", "https:"), {}).post(b"{}", call)
        assert (caught.value.sent, server.connections) == (False, 1)


@pytest.mark.realtime
@pytest.mark.parametrize(("connect", "limit", "patience"), [(0.2, 5.0, "connect"), (5.0, 0.2, "share")])
def test_a_stalled_handshake_ends_with_the_patience(
    transport: Transport, connect: float, limit: float, patience: str
) -> None:
    """F03: the handshake lives in the same patience as the connection."""
    with RawServer([HOLD]) as server:
        begun = time.monotonic()
        endpoint = transport.endpoint(server.url.replace("http:", "https:"), {})
        with pytest.raises(APITimeoutError, match="in the TLS handshake") as caught:
            endpoint.post(b"{}", new_call(limit, connect_timeout=connect, patience=patience))
        assert 0.19 < time.monotonic() - begun < 0.3
        assert (caught.value.patience, caught.value.sent) == (patience, False)


@pytest.mark.parametrize("size", [1, 16_384, 8_000_000])
def test_bodies_come_through_tls_whole(
    make_transport: Callable[..., Transport], call: Call, certificate: Certificate, size: int
) -> None:
    body = b"x" * size
    wire = head(transfer_encoding="chunked") + chunked(body)
    with RawServer([Repeat([REQUEST, wire])], tls=certificate.server) as server:
        endpoint = make_transport(verify=certificate.path).endpoint(server.url, {})
        for _ in range(2):
            assert endpoint.post(body, call).read() == body
        assert server.requests[1].body == body
        assert server.connections == 1


def test_an_end_without_notice_ends_a_body_that_nothing_else_ends(
    make_transport: Callable[..., Transport], call: Call, certificate: Certificate
) -> None:
    with RawServer([REQUEST, head() + b"all of it"], tls=certificate.server) as server:
        reply = make_transport(verify=certificate.path).endpoint(server.url, {}).post(b"{}", call)
        assert reply.read() == b"all of it"


@pytest.mark.parametrize("named_by", ["requests", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"])
def test_the_authorities_of_requests_are_loaded_once_and_only_when_needed(
    make_transport: Callable[..., Transport],
    call: Call,
    certificate: Certificate,
    monkeypatch: pytest.MonkeyPatch,
    named_by: str,
) -> None:
    if named_by == "requests":
        monkeypatch.setattr("certifi.where", lambda: str(certificate.path))
    else:
        monkeypatch.setenv(named_by, str(certificate.path))
    tls._shared_context.cache_clear()
    try:
        first, second = make_transport(), make_transport()
        assert tls._shared_context.cache_info().currsize == 0
        with RawServer([REQUEST, ok()], tls=certificate.server) as server:
            for transport in (first, second):
                assert transport.endpoint(server.url, {}).post(b"{}", call).read() == b"{}"
        assert tls._shared_context.cache_info().misses == 1
    finally:
        tls._shared_context.cache_clear()


@pytest.mark.parametrize("content", [None, "no certificate"])
def test_a_bundle_that_cannot_be_read_is_refused_at_construction(
    make_transport: Callable[..., Transport], tmp_path: Path, content: str | None
) -> None:
    path = tmp_path / "bundle.pem"
    if content is not None:
        path.write_text(content)
    with pytest.raises(ConfigurationError, match="is no bundle of certificates"):
        make_transport(verify=str(path))


def test_a_bundle_that_the_environment_names_and_that_is_not_there_is_refused_at_construction(
    make_transport: Callable[..., Transport], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(tmp_path / "none.pem"))
    with pytest.raises(ConfigurationError, match="is no bundle of certificates"):
        make_transport()


def test_a_cancel_ends_a_stalled_handshake(transport: Transport) -> None:
    call = new_call(20)
    with RawServer([HOLD]) as server:
        endpoint = transport.endpoint(server.url.replace("http:", "https:"), {})

        def cancel() -> None:
            while not server.connections:
                time.sleep(0.005)
            time.sleep(0.02)
            call.cancel()

        thread = threading.Thread(target=cancel)
        thread.start()
        begun = time.monotonic()
        with pytest.raises(APIConnectionError, match="cancelled while in the TLS handshake"):
            endpoint.post(b"{}", call)
        thread.join()
        assert time.monotonic() - begun < 5
