"""Proxies: asked for a tunnel or given the whole URL, read once, and never shown with their password."""

from __future__ import annotations

import socket
import threading
import time
from base64 import b64decode
from typing import TYPE_CHECKING, Any

import pytest

from agentsea_gateway.errors import APIConnectionError, APITimeoutError, ConfigurationError
from raw_server import HOLD, REQUEST, RST, RawServer, answer, closed_port, head, ok
from support.loopback import new_call

if TYPE_CHECKING:
    from collections.abc import Callable

    from agentsea_gateway.call import Call
    from agentsea_gateway.transport import Transport
    from support.loopback import Certificate

SECRET = "s3cr%40t"
WORD = "s3cr@t"


class TunnelProxy(RawServer):
    """Answers CONNECT with a tunnel to wherever was asked for."""

    def __init__(self) -> None:
        super().__init__()
        self.targets: list[tuple[str, str | None]] = []

    def _serve(self, sock: socket.socket, number: int) -> None:
        try:
            request = b""
            while b"\r\n\r\n" not in request:
                request += sock.recv(65536)
            line, *lines = request.decode().split("\r\n")
            headers = dict(part.split(": ", 1) for part in lines if part)
            self.targets.append((line, headers.get("Proxy-Authorization")))
            host, port = line.split()[1].rsplit(":", 1)
            with socket.create_connection((host.strip("[]"), int(port))) as upstream:
                sock.sendall(b"HTTP/1.1 200 Connection established\r\nVia: here\r\n\r\n")
                self._connections.append(upstream)
                back = threading.Thread(target=self._pump, args=(upstream, sock))
                back.start()
                self._pump(sock, upstream)
                back.join()
        finally:
            sock.close()
            self.ended[number].set()

    @staticmethod
    def _pump(source: socket.socket, sink: socket.socket) -> None:
        try:
            while data := source.recv(65536):
                sink.sendall(data)
        except OSError:
            pass
        for sock in (source, sink):
            try:
                sock.shutdown(socket.SHUT_RDWR)
            except OSError:
                continue


def test_a_plain_request_goes_to_the_proxy_with_its_whole_url(
    make_transport: Callable[..., Transport], call: Call
) -> None:
    """F46."""
    with RawServer([REQUEST, ok(b"1"), REQUEST, ok(b"2")]) as proxy:
        transport = make_transport(proxies={"http": f"http://user:{SECRET}@127.0.0.1:{proxy.port}"})
        endpoint = transport.endpoint("http://api.test/v1/chat?v=1", {"Authorization": "Bearer k"})
        assert [endpoint.post(b"{}", call).read() for _ in range(2)] == [b"1", b"2"]
        assert proxy.connections == 1
    request = proxy.requests[0]
    assert request.line == "POST http://api.test/v1/chat?v=1 HTTP/1.1"
    assert (request.headers["host"], request.headers["authorization"]) == ("api.test", "Bearer k")
    assert b64decode(request.headers["proxy-authorization"].removeprefix("Basic ")) == f"user:{WORD}".encode()


def test_a_secure_request_goes_through_a_tunnel_with_the_key_inside(
    make_transport: Callable[..., Transport], call: Call, certificate: Certificate
) -> None:
    """F46: the proxy sees its own credential and never ours."""
    with RawServer(tls=certificate.server) as server, TunnelProxy() as proxy:
        transport = make_transport(
            proxies={"https": f"http://user:{SECRET}@127.0.0.1:{proxy.port}"}, verify=certificate.path
        )
        endpoint = transport.endpoint(f"https://localhost:{server.port}/v1", {"Authorization": "Bearer k"})
        for _ in range(2):
            assert endpoint.post(b"{}", call).read() == b"{}"
        transport.close()
        ((line, credential),) = proxy.targets
        assert line == f"CONNECT localhost:{server.port} HTTP/1.1"
        assert credential is not None
        assert b64decode(credential.removeprefix("Basic ")) == f"user:{WORD}".encode()
        assert server.requests[0].line == "POST /v1 HTTP/1.1"
        assert "proxy-authorization" not in server.requests[0].headers


def test_a_proxy_without_a_password_is_told_none(
    make_transport: Callable[..., Transport], call: Call, certificate: Certificate
) -> None:
    with RawServer(tls=certificate.server) as server, TunnelProxy() as proxy:
        transport = make_transport(proxies=f"http://127.0.0.1:{proxy.port}", verify=certificate.path)
        assert transport.endpoint(f"https://localhost:{server.port}/", {}).post(b"{}", call).read() == b"{}"
        transport.close()
        assert proxy.targets == [(f"CONNECT localhost:{server.port} HTTP/1.1", None)]


REFUSALS: dict[str, tuple[list[Any], str]] = {
    "407": ([REQUEST, answer("407 Authenticate", b"no")], r"tunnel refused \(407\)"),
    "503": ([REQUEST, answer("503 Busy", b"no")], r"tunnel refused \(503\)"),
    "talks at once": ([REQUEST, head("200 OK") + b"surplus", HOLD], "tunnel refused"),
    "garbage": ([REQUEST, b"garbage\r\n\r\n", HOLD], "status line, from the proxy"),
    "closes": ([REQUEST], "closed before a status line"),
    "resets": ([REQUEST, RST], "connection reset by peer while waiting for the answer of"),
}


@pytest.mark.parametrize("refusal", REFUSALS)
def test_a_tunnel_that_does_not_come_about_is_an_error_before_anything_is_sent(
    make_transport: Callable[..., Transport], call: Call, refusal: str
) -> None:
    script, words = REFUSALS[refusal]
    with RawServer(script) as proxy:
        transport = make_transport(proxies=f"http://user:{SECRET}@127.0.0.1:{proxy.port}")
        with pytest.raises(APIConnectionError, match=words) as caught:
            transport.endpoint("https://api.test/", {}).post(b"{}", call)
    assert not caught.value.sent
    assert f"proxy 127.0.0.1:{proxy.port}" in str(caught.value) or "proxy" in str(caught.value)
    assert WORD not in str(caught.value)
    assert SECRET not in str(caught.value)


def test_a_proxy_that_is_not_there_is_a_refused_connection(
    make_transport: Callable[..., Transport], call: Call
) -> None:
    with closed_port() as port:
        transport = make_transport(proxies=f"http://127.0.0.1:{port}")
        for scheme in ("http", "https"):
            with pytest.raises(APIConnectionError, match=f"refused by 127.0.0.1:{port}") as caught:
                transport.endpoint(f"{scheme}://api.test/", {}).post(b"{}", call)
            assert not caught.value.sent


@pytest.mark.realtime
def test_a_proxy_that_stalls_costs_the_connect_patience(make_transport: Callable[..., Transport]) -> None:
    with RawServer([REQUEST, HOLD]) as proxy:
        endpoint = make_transport(proxies=f"http://127.0.0.1:{proxy.port}").endpoint("https://api.test/", {})
        begun = time.monotonic()
        with pytest.raises(APITimeoutError) as caught:
            endpoint.post(b"{}", new_call(5.0, connect_timeout=0.2))
        assert 0.19 < time.monotonic() - begun < 0.3
        assert (caught.value.patience, caught.value.sent) == ("connect", False)


def test_the_environment_is_read_once(
    make_transport: Callable[..., Transport], call: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    """F46."""
    with RawServer() as proxy, RawServer() as direct:
        monkeypatch.setenv("http_proxy", f"127.0.0.1:{proxy.port}")
        monkeypatch.setenv("NO_PROXY", f"other.test,127.0.0.1,.inside.test:{direct.port}")
        transport = make_transport()
        outside, inside = transport.endpoint("http://api.test/", {}), transport.endpoint(direct.url, {})
        monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
        monkeypatch.delenv("NO_PROXY")
        for endpoint in (outside, inside):
            endpoint.post(b"{}", call).read()
        assert (proxy.hits, direct.hits) == (1, 1)


def test_given_proxies_take_the_place_of_the_environment(
    make_transport: Callable[..., Transport], call: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    with RawServer() as proxy, RawServer() as direct:
        monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
        monkeypatch.setenv("no_proxy", "127.0.0.1")
        make_transport(proxies={}).endpoint(direct.url, {}).post(b"{}", call).read()
        url = f"http://127.0.0.1:{proxy.port}"
        make_transport(proxies=url).endpoint(direct.url, {}).post(b"{}", call).read()
        make_transport(proxies={"http://127.0.0.1": url}).endpoint(direct.url, {}).post(b"{}", call).read()
        with_exception = make_transport(proxies={"all": url, "no_proxy": "127.0.0.1"})
        with_exception.endpoint(direct.url, {}).post(b"{}", call).read()
        assert (proxy.hits, direct.hits) == (2, 2)


@pytest.mark.parametrize("url", ["socks5://u:{}@h:1", "socks5h://h:1", "https://u:{}@h:1"])
def test_proxies_of_other_kinds_are_refused_with_the_way_out(
    make_transport: Callable[..., Transport], url: str
) -> None:
    transport = make_transport(proxies=url.format(SECRET))
    with pytest.raises(ConfigurationError, match=r"session=requests\.Session") as caught:
        transport.endpoint("http://api.test/", {})
    assert SECRET not in str(caught.value)


@pytest.mark.parametrize("url", ["http://u:{}@", "ftp://u:{}@h", "http://u:{}@h:port", "http://[u:{}@h"])
def test_unusable_proxies_are_refused_without_their_password(
    make_transport: Callable[..., Transport], url: str
) -> None:
    transport = make_transport(proxies=url.format(SECRET))
    with pytest.raises(ConfigurationError, match="no usable URL") as caught:
        transport.endpoint("http://api.test/", {})
    assert SECRET not in str(caught.value)


def test_a_transport_shows_no_password_of_a_proxy(make_transport: Callable[..., Transport]) -> None:
    transport = make_transport(proxies=f"http://user:{SECRET}@proxy.test:3128")
    endpoint = transport.endpoint("http://api.test/", {})
    shown = repr(transport) + repr(endpoint) + repr(transport._pools) + repr(transport._proxies.proxy_for(endpoint.url))
    assert "api.test:80 (proxy proxy.test:3128)" in shown
    assert not any(secret in shown for secret in (SECRET, WORD, "user", "Basic"))
