"""A session of the user's own: used as it is, with our time-outs, and its errors made ours."""

from __future__ import annotations

import gzip
import io
import threading
import time
from typing import TYPE_CHECKING, Any

import pytest
import requests

from agentsea_gateway.errors import APIConnectionError, APITimeoutError, MalformedResponseError, ProviderError
from agentsea_gateway.transport import Limits
from raw_server import (
    HOLD,
    REQUEST,
    RST,
    Drip,
    RawServer,
    Repeat,
    Step,
    answer,
    chunked,
    closed_port,
    full_backlog,
    head,
    ok,
)
from support.loopback import new_call

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from agentsea_gateway.call import Call
    from agentsea_gateway.transport import Transport
    from support.loopback import Certificate


@pytest.fixture
def session(no_leaks: None) -> Iterator[requests.Session]:
    with requests.Session() as session:
        yield session


@pytest.fixture
def transport(make_transport: Callable[..., Transport], session: requests.Session) -> Transport:
    return make_transport(session=session)


def test_the_session_sends_with_its_own_settings(transport: Transport, session: requests.Session, call: Call) -> None:
    session.headers["X-Session"] = "1"
    session.params = {"from": "session"}
    with RawServer() as server:
        endpoint = transport.endpoint(server.url, {"Authorization": "Bearer k"})
        for _ in range(2):
            assert endpoint.post(b"abc", call, {"X-Extra": "1"}).read() == b"{}"
        assert server.connections == 1
    request = server.requests[0]
    assert (request.line, request.body) == ("POST /v1/chat?from=session HTTP/1.1", b"abc")
    expected = {"x-session": "1", "x-extra": "1", "authorization": "Bearer k", "accept-encoding": "gzip, deflate"}
    assert expected.items() <= request.headers.items()


def test_our_credential_goes_before_netrc_and_the_sessions_own_before_ours(
    transport: Transport, session: requests.Session, call: Call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """F45."""
    (tmp_path / "netrc").write_text("machine 127.0.0.1 login other password other\n")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    with RawServer() as server:
        endpoint = transport.endpoint(server.url, {"Authorization": "Bearer ours"})
        endpoint.post(b"{}", call).read()
        session.auth = ("user", "word")
        endpoint.post(b"{}", call).read()
    first, second = (request.headers["authorization"] for request in server.requests)
    assert first == "Bearer ours"
    assert second.startswith("Basic ")


@pytest.mark.parametrize("status", ["302 Found", "500 Broken", "429 Slow down"])
def test_any_status_is_an_answer(transport: Transport, call: Call, status: str) -> None:
    """F20."""
    with RawServer() as target, RawServer([REQUEST, answer(status, b"why", location=target.url)]) as server:
        reply = transport.endpoint(server.url, {}).post(b"{}", call)
        assert (reply.status, reply.read()) == (int(status[:3]), b"why")
        assert target.connections == 0


BODIES: dict[str, bytes] = {
    "length": ok(b"hello" * 1000),
    "chunked": head(transfer_encoding="chunked") + chunked(b"hello" * 500, b"hello" * 500),
    "close": head() + b"hello" * 1000,
    "gzip": ok(gzip.compress(b"hello" * 1000), content_encoding="gzip"),
    "gzip in chunks": head(transfer_encoding="chunked", content_encoding="gzip")
    + chunked(gzip.compress(b"hello" * 1000)[:20], gzip.compress(b"hello" * 1000)[20:]),
}


@pytest.mark.parametrize("framing", BODIES)
def test_bodies_are_read_whole_decompressed_and_capped(
    make_transport: Callable[..., Transport], session: requests.Session, call: Call, framing: str
) -> None:
    """F18."""
    with RawServer([REQUEST, BODIES[framing]]) as server:
        assert make_transport(session=session).endpoint(server.url, {}).post(b"{}", call).read() == b"hello" * 1000
        assert server.ended[0].wait(5)
        capped = make_transport(session=session, limits=Limits(body=4999))
        with pytest.raises(MalformedResponseError, match="larger than 4999"):
            capped.endpoint(server.url, {}).post(b"{}", call).read()


def test_pieces_come_as_they_are_sent(transport: Transport, call: Call) -> None:
    gate = threading.Event()
    steps: list[Step] = [head(transfer_encoding="chunked"), chunked(b"1", end=b""), gate, chunked(b"2"), HOLD]
    with RawServer([REQUEST, *steps]) as server:
        reply = transport.endpoint(server.url, {}).post(b"{}", call)
        assert reply.read_some() == b"1"
        gate.set()
        assert (reply.read_some(), reply.read_some(), reply.read_some()) == (b"2", b"", b"")


BROKEN: dict[str, tuple[list[Step], type[ProviderError]]] = {
    "F10": ([0.0], APIConnectionError),
    "F11": ([RST], APIConnectionError),
    "F14": ([head(content_length="9") + b"abc"], MalformedResponseError),
    "F15": ([head(transfer_encoding="chunked") + b"5\r\nhel"], MalformedResponseError),
    "F17": ([ok(gzip.compress(b"hello" * 100)[:-9], content_encoding="gzip")], MalformedResponseError),
    "F19 headers": ([b"HTTP/1.1 200 OK\r\n" + b"a: b\r\n" * 101 + b"\r\n"], APIConnectionError),
    "F19 garbage": ([b"garbage\r\n\r\n"], APIConnectionError),
    "corrupt": ([ok(b"no gzip", content_encoding="gzip")], MalformedResponseError),
    "br": ([ok(b"x", content_encoding="br")], MalformedResponseError),
}


@pytest.mark.parametrize("fault", BROKEN)
def test_a_broken_answer_is_one_typed_error_and_one_hit(transport: Transport, call: Call, fault: str) -> None:
    steps, error = BROKEN[fault]
    with RawServer([REQUEST, *steps]) as server:
        with pytest.raises(error) as caught:
            transport.endpoint(server.url, {"Authorization": "Bearer canary"}).post(b"{}", call).read()
        assert (server.hits, type(caught.value), getattr(caught.value, "sent", True)) == (1, error, True)
    assert caught.value.__context__ is None or caught.value.__suppress_context__
    assert "canary" not in str(caught.value)


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (answer("429 Slow Down", b"no gzip", content_encoding="gzip"), b""),
        (answer("429 Slow Down", b"x", content_encoding="zstd"), b""),
        (head("429 Slow Down", content_length="9") + b"slow", b"slow"),
        (head("429 Slow Down", transfer_encoding="chunked") + b"4\r\nslow\r\n9", b"slow"),
        (answer("429 Slow Down", b"slow down"), b"slow down"),
    ],
)
def test_of_an_errors_body_what_came_is_had_and_the_status_stays(
    transport: Transport, call: Call, body: bytes, words: bytes
) -> None:
    with RawServer([REQUEST, body]) as server:
        reply = transport.endpoint(server.url, {}).post(b"{}", call)
        assert (reply.status, reply.salvage()) == (429, words)
        assert reply.salvage() == b""


def test_a_closed_port_and_a_bad_certificate_are_errors_before_anything_was_sent(
    transport: Transport, call: Call, certificate: Certificate
) -> None:
    """F01, F04."""
    with closed_port() as port, RawServer(tls=certificate.server) as server:
        for url, words in ((f"http://127.0.0.1:{port}/", "refused"), (server.url, "certificate")):
            with pytest.raises(APIConnectionError, match=words) as caught:
                transport.endpoint(url, {}).post(b"{}", call)
            assert not caught.value.sent


@pytest.mark.realtime
@pytest.mark.parametrize(
    ("steps", "patience"),
    [([HOLD], "share"), ([head(content_length="9") + b"abc", HOLD], "share"), (None, "connect")],
    ids=["F05", "F07", "F02"],
)
def test_a_stall_ends_with_the_limit(transport: Transport, steps: list[Step] | None, patience: str) -> None:
    call = new_call(0.3, patience="share", connect_timeout=0.2)
    with RawServer([REQUEST, *(steps or [])]) as server, full_backlog() as port:
        url = server.url if steps else f"http://127.0.0.1:{port}/"
        begun = time.monotonic()
        with pytest.raises(APITimeoutError) as caught:
            transport.endpoint(url, {}).post(b"{}", call).read()
        assert time.monotonic() - begun < 0.45
        assert (caught.value.patience, caught.value.sent) == (patience, steps is not None)


@pytest.mark.realtime
def test_a_drip_ends_at_the_first_read_behind_the_limit(transport: Transport) -> None:
    """F08: time-outs are per receive there, so the limit is looked at between two reads."""
    with RawServer([REQUEST, head(content_length="99999"), Drip(b"x", 0.01, forever=True)]) as server:
        begun = time.monotonic()
        with pytest.raises(APITimeoutError):
            transport.endpoint(server.url, {}).post(b"{}", new_call(0.3)).read()
        assert 0.29 < time.monotonic() - begun < 0.45


def test_no_time_or_a_cancelled_call_sends_nothing(transport: Transport) -> None:
    cancelled, late = new_call(), new_call(0)
    cancelled.cancel()
    with RawServer() as server:
        endpoint = transport.endpoint(server.url, {})
        for call, error in ((cancelled, APIConnectionError), (late, APITimeoutError)):
            with pytest.raises(error, match="before anything was sent"):
                endpoint.post(b"{}", call)
        assert server.connections == 0


@pytest.mark.parametrize("stop", ["cancel", "close"])
def test_another_thread_ends_a_read(transport: Transport, stop: str) -> None:
    call = new_call(20)
    with RawServer([REQUEST, head(content_length="9") + b"abc", HOLD]) as server:
        reply = transport.endpoint(server.url, {}).post(b"{}", call)
        thread = threading.Timer(0.05, call.cancel if stop == "cancel" else reply.close)
        thread.start()
        begun = time.monotonic()
        with pytest.raises(APIConnectionError, match=r"cancelled|closed"):
            reply.read()
        thread.join()
        assert time.monotonic() - begun < 5
        assert server.ended[0].wait(5)


def test_leaving_early_closes_the_connection(transport: Transport, call: Call) -> None:
    """F41."""
    with RawServer([REQUEST, head(content_length="9") + b"abc", HOLD]) as server:
        reply = transport.endpoint(server.url, {}).post(b"{}", call)
        assert reply.read_some() == b"abc"
        reply.finish()
        assert server.ended[0].wait(5)
        with pytest.raises(APIConnectionError):
            reply.read_some()


def test_a_hook_of_the_session_may_read_the_answer_first(
    transport: Transport, session: requests.Session, call: Call
) -> None:
    seen: list[str] = []
    session.hooks["response"].append(lambda response, **_: seen.append(response.text))
    with RawServer([REQUEST, ok(gzip.compress(b"text"), content_encoding="gzip")]) as server:
        assert transport.endpoint(server.url, {}).post(b"{}", call).read() == b"text"
    assert seen == ["text"]


def test_an_adapter_of_the_session_may_answer_with_anything(
    transport: Transport, session: requests.Session, call: Call
) -> None:
    class Fixed(requests.adapters.BaseAdapter):
        def send(self, request: requests.PreparedRequest, **_: Any) -> requests.Response:
            response = requests.Response()
            response.status_code, response._content = 200, b"fixed"
            response.url, response.request = str(request.url), request
            response.headers["content-type"] = "text/plain"
            return response

        def close(self) -> None:
            pass

    class Filed(Fixed):
        def send(self, request: requests.PreparedRequest, **given: Any) -> requests.Response:
            response = super().send(request, **given)
            response._content, response.raw = False, io.BytesIO(b"filed")
            return response

    session.mount("http://fixed.test", Fixed())
    session.mount("http://filed.test", Filed())
    assert transport.endpoint("http://fixed.test/", {}).post(b"{}", call).read() == b"fixed"
    reply = transport.endpoint("http://filed.test/", {}).post(b"{}", call)
    assert (reply.read_some(), reply.read_some()) == (b"filed", b"")


def test_the_session_stays_open_when_the_transport_is_closed(transport: Transport, call: Call) -> None:
    with RawServer([Repeat([REQUEST, ok()])]) as server:
        endpoint = transport.endpoint(server.url, {})
        endpoint.post(b"{}", call).read()
        transport.close()
        endpoint.post(b"{}", call).read()
        assert server.connections == 1
    assert repr(transport) == "Transport(session)"
    assert repr(endpoint) == f"Endpoint('{server.url}')"
