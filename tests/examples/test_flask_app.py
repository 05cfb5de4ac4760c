"""The Flask example in the real Flask, on real sockets."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from agentsea_gateway.testing import Fault, Sandbox
from support.websites import Visitor, wsgi

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

pytest.importorskip("flask", reason="Flask is not installed: pip install '.[web]'")


@pytest.fixture(scope="module")
def app(box: Sandbox, load: Callable[[str], Any]) -> Iterator[Any]:
    """The example."""
    module = load("flask_app")
    yield module
    module.gateway.close()


@pytest.fixture(scope="module")
def port(app: Any) -> Iterator[int]:
    """The example behind werkzeug's threaded server."""
    with wsgi(app.app) as port:
        yield port


@pytest.fixture
def well(box: Sandbox, app: Any) -> Iterator[None]:
    """Whatever a test does to the provider, the next one finds it well."""
    yield
    box.recover()
    app.gateway.reset("openai/gpt-4.1")


def asked(prompt: str) -> bytes:
    return json.dumps({"prompt": prompt}).encode()


def test_without_models_it_asks_a_sandbox(app: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AGENTSEA_MODELS")
    with app.build() as gateway:
        assert gateway.completion("Hello").content == "sandbox: Hello"


def test_the_plain_view_answers_in_json(port: int, box: Sandbox) -> None:
    with Visitor(port, "/ask", asked("Hello")) as visitor:
        assert json.loads(visitor.body()) == {"content": "you said Hello", "served_by": "openai/gpt-4.1"}
    assert b" 200 OK\r\n" in visitor.seen


def test_the_stream_comes_as_events(port: int) -> None:
    with Visitor(port, "/stream", asked("Hello")) as visitor:
        answer = visitor.read().decode()
    assert "Content-Type: text/event-stream; charset=utf-8" in answer
    events = [json.loads(line[6:]) for line in answer.splitlines() if line.startswith("data: ")]
    assert "".join(event.get("text", "") for event in events) == "you said Hello"
    assert events[-1]["type"] == "done"


def test_text_comes_as_text(port: int) -> None:
    with Visitor(port, "/text?prompt=Hello") as visitor:
        assert visitor.body() == b"you said Hello"
    assert b"Content-Type: text/plain" in visitor.seen


@pytest.mark.parametrize("target", ["/stream", "/text?prompt=long"])
def test_a_client_that_leaves_frees_the_providers_connection(target: str, port: int, box: Sandbox, app: Any) -> None:
    """F42: the server notices when it writes, which is at the next piece."""
    before = app.gateway.health()["openai/gpt-4.1"]
    with Visitor(port, target, asked("long") if target == "/stream" else b"") as visitor:
        assert visitor.read_until(b"word").count(b"word") < 100
        open_then = box.open_connections
    assert box.wait_until(lambda: box.open_connections < open_then)
    assert box.wait_until(lambda: app.gateway.health()["openai/gpt-4.1"].in_flight == 0, 2)
    after = app.gateway.health()["openai/gpt-4.1"]
    assert (after.calls, after.errors) == (before.calls + 1, before.errors)


@pytest.mark.realtime
@pytest.mark.usefixtures("well")
def test_of_a_silent_provider_a_wsgi_server_learns_when_the_idle_time_is_over(
    port: int, box: Sandbox, app: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """F42: nothing is written, so nobody notices that the client went away; but that has a bound."""
    monkeypatch.setattr(app, "gateway", app.gateway.with_options(idle_timeout=0.3))
    box.always(Fault.stall(1, reply="one two three"))
    with Visitor(port, "/text?prompt=Hello") as visitor:
        visitor.read_until(b"one")
        open_then = box.open_connections
    assert box.wait_until(lambda: box.open_connections < open_then, 2)


@pytest.mark.usefixtures("well")
@pytest.mark.parametrize("target", ["/ask", "/stream"])
def test_where_nobody_serves_the_client_gets_a_503(target: str, port: int, box: Sandbox) -> None:
    box.always(Fault.status("rate_limit", retry_after=7))
    with Visitor(port, target, asked("Hello")) as visitor:
        answer = visitor.read().decode()
    assert " 503 " in answer.splitlines()[0]
    assert "Retry-After: 7\r\n" in answer
    assert json.loads(answer.partition("\r\n\r\n")[2])["error"]["message"] == "no model is available now"


@pytest.mark.usefixtures("well")
def test_a_stream_that_breaks_ends_in_an_error_event(port: int, box: Sandbox) -> None:
    box.always(Fault.drop(2, reply="one two three"))
    with Visitor(port, "/stream", asked("Hello")) as visitor:
        answer = visitor.read().decode()
    assert answer.count('"type":"content"') == 2
    assert 'data: {"type":"error","message":"the answer broke off"}\n\n' in answer
