"""The Django example in the real Django, on real sockets: under WSGI, and under ASGI with a real server."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from agentsea_gateway.testing import Fault, Sandbox
from support.websites import Visitor, asgi, wsgi

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

pytest.importorskip("django", reason="Django is not installed: pip install '.[web]'")
pytest.importorskip("uvicorn", reason="uvicorn is not installed: pip install '.[web]'")
pytest.importorskip("werkzeug", reason="werkzeug is not installed: pip install '.[web]'")


@pytest.fixture(scope="module")
def app(box: Sandbox, load: Callable[[str], Any]) -> Iterator[Any]:
    """The example."""
    module = load("django_app")
    yield module
    module.gateway.close()


@pytest.fixture(scope="module")
def under_wsgi(app: Any) -> Iterator[int]:
    """The example behind werkzeug's threaded server."""
    with wsgi(app.application) as port:
        yield port


@pytest.fixture(scope="module")
def under_asgi(app: Any) -> Iterator[int]:
    """The example behind uvicorn."""
    with asgi(app.asgi) as port:
        yield port


@pytest.fixture(params=["wsgi", "asgi"])
def port(request: pytest.FixtureRequest) -> int:
    """Both, one after the other."""
    found: int = request.getfixturevalue(f"under_{request.param}")
    return found


@pytest.fixture
def well(box: Sandbox, app: Any) -> Iterator[None]:
    """Whatever a test does to the provider, the next one finds it well."""
    yield
    box.recover()
    app.gateway.reset("openai/gpt-4.1")


def text_of(answer: bytes) -> str:
    """The text in an answer of events."""
    events = [json.loads(line[6:]) for line in answer.decode().splitlines() if line.startswith("data: ")]
    assert events[-1]["type"] == "done"
    return "".join(event.get("text", "") for event in events)


def test_without_models_it_asks_a_sandbox(app: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AGENTSEA_MODELS")
    with app.build() as gateway:
        assert gateway.completion("Hello").content == "sandbox: Hello"


def test_the_plain_view_answers_in_json(port: int) -> None:
    with Visitor(port, "/ask/?prompt=Hello") as visitor:
        assert json.loads(visitor.body())["content"] == "you said Hello"


@pytest.mark.usefixtures("well")
def test_where_nobody_serves_the_client_gets_a_503(port: int, box: Sandbox) -> None:
    box.always(Fault.status(401))
    with Visitor(port, "/ask/?prompt=Hello") as visitor:
        answer = visitor.read().decode()
    assert " 503 " in answer.splitlines()[0]
    assert "no model is available now" in answer


def test_under_wsgi_a_blocking_stream_streams(under_wsgi: int, box: Sandbox) -> None:
    with Visitor(under_wsgi, "/stream/?prompt=Hello") as visitor:
        assert text_of(visitor.body()) == "you said Hello"


def test_under_asgi_an_unblocked_stream_streams(under_asgi: int, box: Sandbox) -> None:
    with Visitor(under_asgi, "/astream/?prompt=Hello") as visitor:
        assert text_of(visitor.body()) == "you said Hello"
    assert b"text/event-stream" in visitor.seen


@pytest.mark.parametrize(("server", "target"), [("wsgi", "/stream/"), ("asgi", "/astream/")])
def test_a_client_that_leaves_frees_the_providers_connection(
    server: str, target: str, request: pytest.FixtureRequest, box: Sandbox, app: Any
) -> None:
    """F42: the first piece is there before the last was written, and leaving ends it."""
    with Visitor(request.getfixturevalue(f"under_{server}"), f"{target}?prompt=long") as visitor:
        seen = visitor.read_until(b"word")
        assert app.gateway.health()["openai/gpt-4.1"].in_flight == 1
        assert seen.count(b"word") < 100
        open_then = box.open_connections
    assert box.wait_until(lambda: box.open_connections < open_then)
    assert box.wait_until(lambda: app.gateway.health()["openai/gpt-4.1"].in_flight == 0, 2)


@pytest.mark.usefixtures("well")
def test_under_asgi_a_silent_provider_is_left_as_soon_as_the_client_leaves(
    under_asgi: int, box: Sandbox, app: Any
) -> None:
    """Long before the idle time runs out: an ASGI server tells of a client that leaves while nothing is written."""
    box.always(Fault.stall(1, reply="one two three"))
    with Visitor(under_asgi, "/astream/?prompt=Hello") as visitor:
        visitor.read_until(b"one")
        open_then = box.open_connections
    assert box.wait_until(lambda: box.open_connections < open_then, 5)
    assert box.wait_until(lambda: app.gateway.health()["openai/gpt-4.1"].in_flight == 0, 2)


@pytest.mark.filterwarnings("ignore:StreamingHttpResponse must consume synchronous iterators")
def test_under_asgi_django_collects_a_blocking_stream_first(under_asgi: int, app: Any) -> None:
    """What the example's docstring warns of: the first piece comes once the provider is done."""
    with Visitor(under_asgi, "/stream/?prompt=some") as visitor:
        visitor.read_until(b"you")
        assert app.gateway.health()["openai/gpt-4.1"].in_flight == 0
        assert text_of(visitor.body()) == "you said some"
