"""`responses` works: users test their own programs with it, and what it makes up arrives like an answer of the wire."""

from __future__ import annotations

import functools
import gzip
import socket
import ssl
import sys
from types import ModuleType
from typing import TYPE_CHECKING, Any
from unittest import mock

import pytest
import requests
import responses
from requests.adapters import HTTPAdapter
from responses import matchers

from agentsea_gateway.errors import (
    APIConnectionError,
    APITimeoutError,
    MalformedResponseError,
    OverloadedError,
    ProviderError,
)
from agentsea_gateway.transport import Limits
from raw_server import RawServer
from support import patched_before
from support.programs import said_by

if TYPE_CHECKING:
    from collections.abc import Callable

    from agentsea_gateway.call import Call
    from agentsea_gateway.transport import Transport

URL = "https://api.test/v1/chat?v=1"


@responses.activate
def test_a_made_up_answer_arrives(transport: Transport, call: Call) -> None:
    responses.post(URL, json={"a": 1}, headers={"X-Request-Id": "r1", "Set-Cookie": "a=b"})
    reply = transport.endpoint(URL, {"Authorization": "Bearer k"}).post(b'{"b": 2}', call)
    assert (reply.status, reply.read(), reply.headers["x-request-id"]) == (200, b'{"a": 1}', "r1")
    request = responses.calls[0].request
    assert (request.url, request.method, request.body) == (URL, "POST", b'{"b": 2}')
    assert (request.headers["authorization"], request.headers["Content-Length"]) == ("Bearer k", "8")
    assert request.params == {"v": "1"}  # type: ignore[attr-defined]


@responses.activate
def test_the_matchers_of_responses_see_the_request(transport: Transport, call: Call) -> None:
    match = [
        matchers.json_params_matcher({"model": "m"}),
        matchers.header_matcher({"X-Version": "3", "X-Extra": "1"}),
        matchers.query_param_matcher({"v": "1"}),
    ]
    responses.post("https://api.test/v1/chat", body=b"{}", match=match)
    endpoint = transport.endpoint(URL, {"X-Version": "3"})
    assert endpoint.post(b'{"model": "m"}', call, {"X-Extra": "1"}).read() == b"{}"


@responses.activate
def test_answers_come_one_after_the_other(transport: Transport, call: Call) -> None:
    for status in (500, 429, 200):
        responses.post(URL, body=str(status), status=status, headers={"Retry-After": "1"})
    endpoint = transport.endpoint(URL, {})
    replies = [endpoint.post(b"{}", call) for _ in range(3)]
    assert [(reply.status, reply.read()) for reply in replies] == [(500, b"500"), (429, b"429"), (200, b"200")]
    assert responses.assert_call_count(URL, 3)


@responses.activate
def test_redirects_are_not_followed(transport: Transport, call: Call) -> None:
    """F20."""
    responses.post(URL, status=302, headers={"Location": "https://elsewhere.test/"})
    assert transport.endpoint(URL, {}).post(b"{}", call).status == 302
    assert len(responses.calls) == 1


@responses.activate
def test_a_stream_arrives_in_pieces(transport: Transport, call: Call) -> None:
    body = b"".join(b"data: %d\n\n" % number for number in range(20_000))
    responses.post(URL, body=body, content_type="text/event-stream")
    reply = transport.endpoint(URL, {}).post(b"{}", call)
    pieces = []
    while piece := reply.read_some():
        pieces.append(piece)
    reply.finish()
    assert b"".join(pieces) == body
    assert len(pieces) > 1


@responses.activate
def test_a_compressed_answer_is_decompressed_and_capped(make_transport: Callable[..., Transport], call: Call) -> None:
    """F17, F18."""
    packed = gzip.compress(b"hello" * 100)
    for body in (packed, packed, packed[:-9]):
        responses.post(URL, body=body, headers={"Content-Encoding": "gzip"})
    assert make_transport().endpoint(URL, {}).post(b"{}", call).read() == b"hello" * 100
    with pytest.raises(MalformedResponseError, match="larger than 499"):
        make_transport(limits=Limits(body=499)).endpoint(URL, {}).post(b"{}", call).read()
    with pytest.raises(MalformedResponseError, match="truncated"):
        make_transport().endpoint(URL, {}).post(b"{}", call).read()


@responses.activate
def test_a_body_shorter_than_its_length_is_truncated(transport: Transport, call: Call) -> None:
    """F14."""
    responses.post(URL, body=b"abc", headers={"Content-Length": "9"})
    with pytest.raises(MalformedResponseError, match="truncated"):
        transport.endpoint(URL, {}).post(b"{}", call).read()


RAISED: list[tuple[Exception, type[ProviderError], bool]] = [
    (requests.ConnectionError("down"), APIConnectionError, True),
    (requests.exceptions.ConnectTimeout("slow"), APITimeoutError, False),
    (requests.exceptions.ReadTimeout("slow"), APITimeoutError, True),
    (requests.exceptions.Timeout("slow"), APITimeoutError, True),
    (requests.exceptions.SSLError(ssl.SSLCertVerificationError("bad")), APIConnectionError, False),
    (requests.exceptions.ProxyError("no"), APIConnectionError, False),
    (requests.exceptions.ChunkedEncodingError("cut"), MalformedResponseError, True),
    (requests.exceptions.ContentDecodingError("corrupt"), MalformedResponseError, True),
    (requests.exceptions.InvalidURL("odd"), APIConnectionError, True),
    (ConnectionRefusedError(111, "Connection refused"), APIConnectionError, False),
    (ConnectionResetError(104, "Connection reset by peer"), APIConnectionError, True),
    (TimeoutError("slow"), APITimeoutError, True),
    (socket.gaierror(-2, "Name or service not known"), APIConnectionError, False),
    (ValueError("anything at all"), APIConnectionError, True),
    (OverloadedError("busy", status_code=529), OverloadedError, True),
]


@pytest.mark.parametrize(("raised", "typed", "sent"), RAISED, ids=lambda value: getattr(type(value), "__name__", ""))
@responses.activate
def test_what_responses_raises_becomes_a_typed_error(
    transport: Transport, call: Call, raised: Exception, typed: type[ProviderError], sent: bool
) -> None:
    responses.post(URL, body=raised)
    with pytest.raises(ProviderError) as caught:
        transport.endpoint(URL, {}).post(b"{}", call)
    assert type(caught.value) is typed
    assert getattr(caught.value, "sent", True) is sent
    assert caught.value.__context__ is None


@responses.activate
def test_a_request_that_nothing_matches_says_so_without_the_query(transport: Transport, call: Call) -> None:
    responses.get("https://api.test/")
    with pytest.raises(APIConnectionError, match="the call doesn't match any registered mock") as caught:
        transport.endpoint("https://api.test/?key=canary", {}).post(b"{}", call)
    assert "canary" not in str(caught.value)


@responses.activate
def test_what_passes_through_reaches_the_wire(transport: Transport, call: Call) -> None:
    with RawServer() as server:
        responses.add_passthru("http://127.0.0.1")
        assert transport.endpoint(server.url, {}).post(b"{}", call).read() == b"{}"
        responses.reset()
        responses.add(responses.PassthroughResponse("POST", server.url))
        assert transport.endpoint(server.url, {}).post(b"{}", call).read() == b"{}"
        assert (server.hits, server.connections) == (2, 1)


@responses.activate
def test_a_callback_answers(transport: Transport, call: Call) -> None:
    def answer(request: Any) -> tuple[int, dict[str, str], bytes]:
        return 201, {"X-Seen": request.headers["Authorization"]}, request.body

    responses.add_callback(responses.POST, URL, callback=answer)
    reply = transport.endpoint(URL, {"Authorization": "Bearer k"}).post(b"echo", call)
    assert (reply.status, reply.headers["x-seen"], reply.read()) == (201, "Bearer k", b"echo")


def forwarding(seen: list[str]) -> Callable[..., Any]:
    """A function in the place of HTTPAdapter.send that looks exactly like it."""
    send = HTTPAdapter.send

    @functools.wraps(send)
    def forward(self: HTTPAdapter, request: Any, **options: Any) -> Any:
        seen.append(request.headers["authorization"])
        return send(self, request, **options)

    return forward


def test_whatever_takes_the_place_of_send_sees_the_request_and_may_hand_it_on(
    transport: Transport, call: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[str] = []
    with RawServer() as server:
        endpoint = transport.endpoint(server.url, {"Authorization": "Bearer k"})
        with monkeypatch.context() as patch:
            patch.setattr(HTTPAdapter, "send", forwarding(seen))
            assert endpoint.post(b"{}", call).read() == b"{}"
            patch.setattr(HTTPAdapter, "send", mock.Mock(side_effect=requests.ConnectionError("down")))
            with pytest.raises(APIConnectionError):
                endpoint.post(b"{}", call)
        assert endpoint.post(b"{}", call).read() == b"{}"
        assert (seen, server.hits, server.connections) == (["Bearer k"], 2, 1)


def test_who_took_the_place_before_we_were_loaded_is_noticed_too() -> None:
    assert said_by(patched_before).splitlines() == ["made up", "True"]


class Transparent:
    """A wrapper that shows everything of what it wraps, as wrapt's do."""

    def __init__(self, wrapped: Any) -> None:
        self.wrapped = wrapped
        self.asked = 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self.wrapped, name)

    def __call__(self, *arguments: Any, **options: Any) -> Any:
        self.asked += 1
        return self.wrapped(*arguments, **options)

    def __get__(self, instance: Any, _: Any = None) -> Any:
        return self if instance is None else functools.partial(self, instance)


def test_a_wrapper_that_looks_like_what_it_wraps_is_asked(
    transport: Transport, call: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    wrapper = Transparent(HTTPAdapter.send)
    monkeypatch.setattr(HTTPAdapter, "send", wrapper)
    with RawServer() as server:
        assert transport.endpoint(server.url, {}).post(b"{}", call).read() == b"{}"
    assert (wrapper.asked, server.hits) == (1, 1)


def test_the_wire_is_asked_while_another_thread_is_loading_requests(
    transport: Transport, call: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "requests.adapters", ModuleType("requests.adapters"))  # nothing in it yet
    with RawServer() as server:
        assert transport.endpoint(server.url, {}).post(b"{}", call).read() == b"{}"


def test_the_wire_is_back_afterwards(transport: Transport, call: Call) -> None:
    with RawServer() as server:
        endpoint = transport.endpoint(server.url, {})
        with responses.RequestsMock() as mock:
            mock.post(server.url, body=b"made up")
            assert endpoint.post(b"{}", call).read() == b"made up"
        assert endpoint.post(b"{}", call).read() == b"{}"
        assert server.hits == 1
