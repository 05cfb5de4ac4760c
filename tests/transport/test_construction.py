"""Building endpoints: what HTTP cannot carry is refused at once, and no key is ever shown."""

from __future__ import annotations

import copy
import os
import pickle
import subprocess
import sys
import traceback
from typing import TYPE_CHECKING, Any

import pytest
import requests

from agentsea_gateway.errors import APIConnectionError, ConfigurationError, InvalidRequestError, ProviderError
from agentsea_gateway.transport import Transport
from raw_server import FIN, REQUEST, RST, RawServer, closed_port, ok
from support.source import ROOT

if TYPE_CHECKING:
    from collections.abc import Callable

    from agentsea_gateway.call import Call

CANARY = "sk-canary-1234567890"


@pytest.mark.parametrize("bad", ["\n", "\r\n", "\r\nX-Injected: 1", "\0", "\x7f", "\x1b", "\u2026", "\u0455", "\ud800"])
def test_a_key_that_http_cannot_carry_is_refused_without_showing_it(transport: Transport, bad: str) -> None:
    """F47."""
    with pytest.raises(ConfigurationError, match="the header Authorization holds a newline") as caught:
        transport.endpoint("http://h.test/", {"Authorization": f"Bearer {CANARY}{bad}"})
    assert CANARY not in repr(caught.value)


def test_latin_1_and_tabs_are_carried(transport: Transport, call: Call) -> None:
    with RawServer([REQUEST, ok()]) as server:
        transport.endpoint(server.url, {"X-Name": "J\xfcrgen\tM"}).post(b"{}", call).read()
    assert server.requests[0].headers["x-name"] == "J\xfcrgen\tM"


@pytest.mark.parametrize(
    ("headers", "words"),
    [
        ({"X Name": "v"}, "a header's name"),
        ({"": "v"}, "a header's name"),
        ({"X:": "v"}, "a header's name"),
        ({"X\n": "v"}, "a header's name"),
        ({"\xe4": "v"}, "a header's name"),
        ({b"X": "v"}, "a header's name"),
        ({"X": b"v"}, "is a bytes"),
        ({"X": None}, "is a NoneType"),
        ({"X": 1}, "is a int"),
        ({"Content-Length": "1"}, "the transport's own"),
        ({"transfer-encoding": "chunked"}, "the transport's own"),
    ],
)
def test_headers_that_are_none_are_refused(
    transport: Transport, call: Call, headers: dict[Any, Any], words: str
) -> None:
    with pytest.raises(ConfigurationError, match=words):
        transport.endpoint("http://h.test/", headers)
    with pytest.raises(InvalidRequestError, match=words):
        transport.endpoint("http://h.test/", {}).post(b"{}", call, headers)


@pytest.mark.parametrize(
    "url",
    ["", "h.test/v1", "ftp://h.test/", "file:///etc/passwd", "http://", "http:///v1", "http://h:port/", "http://h:99999/",
     "http://*.h/", "http://[::1/", "mailto:someone", "http://" + "a" * 70 + "\u0455.test/"],
)  # fmt: skip
def test_urls_that_lead_nowhere_are_refused(transport: Transport, url: str) -> None:
    with pytest.raises(ConfigurationError, match="is no usable URL"):
        transport.endpoint(url, {})


@pytest.mark.parametrize("url", [f"http://user:{CANARY}@h.test/", f"http://{CANARY}@h.test/?key={CANARY}"])
def test_credentials_in_a_url_are_refused_without_showing_them(transport: Transport, url: str) -> None:
    with pytest.raises(ConfigurationError, match=r"the URL for h\.test holds a user or password") as caught:
        transport.endpoint(url, {})
    assert CANARY not in str(caught.value)


@pytest.mark.parametrize("proxies", [{}, "http://proxy.test:3128"])
def test_a_urls_fragment_goes_nowhere(make_transport: Callable[..., Transport], proxies: Any) -> None:
    """RFC 9110, 4.2.5: neither to the server nor, where the whole URL is sent, to a proxy."""
    endpoint = make_transport(proxies=proxies).endpoint("http://h.test/v1?q=1#part", {})
    assert endpoint.url == "http://h.test/v1?q=1"
    assert repr(endpoint) == "Endpoint('http://h.test/v1')"
    assert endpoint._target.line == ("http://h.test/v1?q=1" if proxies else "/v1?q=1")


@pytest.mark.parametrize(
    ("url", "line", "host"),
    [
        ("http://127.0.0.1:{}/a b/\u00e4?q=\u00e4 b#frag", "/a%20b/%C3%A4?q=%C3%A4%20b", "127.0.0.1:{}"),
        ("http://127.0.0.1:{}", "/", "127.0.0.1:{}"),
        ("http://127.0.0.1:{}/a\r\nX: 1", "/a%0D%0AX:%201", "127.0.0.1:{}"),
        ("http://LocalHost:{}/A/../B", None, "localhost:{}"),
    ],
)
def test_urls_are_sent_in_the_form_that_requests_gives_them(
    transport: Transport, call: Call, url: str, line: str | None, host: str
) -> None:
    with RawServer() as server:
        url = url.format(server.port)
        transport.endpoint(url, {}).post(b"{}", call).read()
        with requests.Session() as session:
            session.post(url, data=b"{}").close()
    ours, theirs = server.requests
    assert ours.line == theirs.line
    assert ours.headers["host"].lower() == theirs.headers["host"].lower() == host.format(server.port)
    assert line is None or ours.line == f"POST {line} HTTP/1.1"


@pytest.mark.parametrize(
    ("url", "host"),
    [
        ("http://H.test/", "h.test"),
        ("https://h.test:443/", "h.test"),
        ("http://h.test:443/", "h.test:443"),
        ("http://[::1]/", "[::1]"),
        ("http://b\xfccher.test/", "xn--bcher-kva.test"),
    ],
)
def test_the_host_field_names_the_port_only_where_it_is_not_the_usual_one(
    transport: Transport, url: str, host: str
) -> None:
    assert transport.endpoint(url, {})._target.fields["Host"] == host


def test_a_host_of_ones_own_is_sent(transport: Transport, call: Call) -> None:
    with RawServer() as server:
        transport.endpoint(server.url, {"Host": "virtual.test"}).post(b"{}", call).read()
    assert server.requests[0].headers["host"] == "virtual.test"
    assert server.requests[0].head.lower().count(b"host:") == 1


@pytest.mark.parametrize("script", [[REQUEST, FIN], [REQUEST, RST], [REQUEST, b"garbage\r\n\r\n"], None])
@pytest.mark.parametrize("per_call", [False, True])
def test_a_traceback_shows_no_key_even_with_its_locals(
    transport: Transport, call: Call, script: list[Any] | None, per_call: bool
) -> None:
    """F51."""
    secret = {"Authorization": f"Bearer {CANARY}"}
    with RawServer(script or [FIN]) as server, closed_port() as port:
        url = server.url if script else f"http://127.0.0.1:{port}/"
        endpoint = transport.endpoint(f"{url}?key={CANARY}", secret)
        with pytest.raises(ProviderError) as caught:
            endpoint.post(b"{}", call, {"X-Key": "v"} if per_call else None)
    shown = traceback.TracebackException.from_exception(caught.value, capture_locals=True)
    stack = [frame for frame in shown.stack if "tests" not in frame.filename]  # what a test holds is its own affair
    assert len(stack) > 2
    assert not any(CANARY in str(value) for frame in stack for value in (frame.locals or {}).values())
    assert CANARY not in repr(caught.value) + str(caught.value)
    assert CANARY.encode() not in pickle.dumps(caught.value)


def test_nothing_shows_the_key(transport: Transport) -> None:
    """F51."""
    endpoint = transport.endpoint(f"http://h.test/v1?key={CANARY}", {"Authorization": f"Bearer {CANARY}"})
    for value in (transport, endpoint, endpoint._target, endpoint._head, endpoint._headers, vars(Transport)):
        assert CANARY not in repr(value) + str(value)
    assert repr(endpoint) == "Endpoint('http://h.test/v1')"
    assert f"{endpoint._head!r}" == f"<{len(endpoint._head)} secret bytes>"


def test_what_holds_connections_is_not_pickled_or_copied(transport: Transport) -> None:
    """F52."""
    for value in (transport, transport.endpoint("http://h.test/", {})):
        for attempt in (pickle.dumps, copy.copy, copy.deepcopy):
            with pytest.raises(TypeError, match="build it in the worker"):
                attempt(value)


def test_a_session_that_is_none_is_refused(make_transport: Callable[..., Transport]) -> None:
    with pytest.raises(ConfigurationError, match=r"session is a str; give a requests\.Session"):
        make_transport(session="s")


def test_errors_survive_a_pickle(transport: Transport, call: Call) -> None:
    with closed_port() as port, pytest.raises(APIConnectionError) as caught:
        transport.endpoint(f"http://127.0.0.1:{port}/", {}).post(b"{}", call)
    again = pickle.loads(pickle.dumps(caught.value))
    assert (str(again), again.sent) == (str(caught.value), False)


def test_the_package_names_what_it_has_and_loads_requests_only_with_it() -> None:
    import agentsea_gateway.transport as package

    assert {"Endpoint", "Headers", "Limits", "Reply", "Transport"} <= set(dir(package))
    with pytest.raises(AttributeError, match="no attribute 'Transprot'"):
        package.Transprot  # noqa: B018
    code = "import sys; from agentsea_gateway.transport import Limits; Limits(); print('requests' in sys.modules)"
    environment = {**os.environ, "PYTHONPATH": str(ROOT.parent)}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
