"""The canary: a key never appears in what anything shows, says, raises, logs or pickles (F51)."""

from __future__ import annotations

import gzip
import logging
import pickle
import traceback
from typing import TYPE_CHECKING, Any

import pytest

from agentsea_gateway import Candidate, Config, Gateway
from agentsea_gateway.errors import ConfigurationError, GatewayError, InvalidRequestError
from raw_server import FIN, HOLD, REQUEST, RST, Made, answer, chunked, closed_port, head
from support.scene import MODES, ask, scene
from support.spoken import KEY, SPOKEN, TEXT

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from raw_server import Received, Step
    from support.spoken import Spoken

FORMLESS = "hunter22canary"  # a key that no pattern knows
EVERY = pytest.mark.parametrize(
    ("spoken", "mode"), [pytest.param(it, mode, id=f"{it.name}-{mode}") for it in SPOKEN.values() for mode in MODES]
)
ALL = pytest.mark.parametrize("spoken", SPOKEN.values(), ids=SPOKEN)
KEYS = pytest.mark.parametrize("key", [KEY, FORMLESS], ids=["known form", "no form"])


# -- looking everywhere ------------------------------------------------------------------------------------------------


def shown(thing: Any) -> Iterator[str]:
    """Everything that an object tells of itself, and what it says when it is pickled."""
    yield repr(thing)
    yield str(thing)
    yield f"{thing}"
    try:
        yield pickle.dumps(thing).decode("latin-1")
    except Exception as error:
        yield f"{error!r} {error}"
    for told in getattr(thing, "__dict__", {}) if isinstance(thing, BaseException) else ():
        yield f"{told}={getattr(thing, told)!r}"


def shown_error(error: BaseException, *, variables: bool = True) -> Iterator[str]:
    """An error with all that hangs on it, shown or not: causes, contexts, tracebacks, the variables of our frames."""
    seen: list[BaseException] = []
    waiting: list[BaseException | None] = [error]
    while waiting:
        each = waiting.pop()
        if each is None or each in seen:
            continue
        seen.append(each)
        waiting += [each.__cause__, each.__context__]
        yield from shown(each)
        yield "".join(traceback.format_exception(each))
        if variables:
            stack = traceback.TracebackException.from_exception(each, capture_locals=True).stack
            yield from (str(frame.locals) for frame in stack if "agentsea_gateway" in frame.filename)


class Everything(logging.Handler):
    """Every record of every logger, with its arguments."""

    def __init__(self) -> None:
        super().__init__(0)
        self.said: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.said.append(f"{self.format(record)} {record.args!r} {record.__dict__!r}")


@pytest.fixture
def everything_logged() -> Iterator[list[str]]:
    handler, root = Everything(), logging.getLogger()
    before = root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    names = ["urllib3", "requests", "tenacity", "agentsea_gateway", "urllib3.connectionpool"]
    levels = {name: logging.getLogger(name).level for name in names}
    for name in names:
        logging.getLogger(name).setLevel(1)
    yield handler.said
    root.removeHandler(handler)
    root.setLevel(before)
    for name, level in levels.items():
        logging.getLogger(name).setLevel(level)


def assert_hidden(secret: str, texts: Sequence[str]) -> None:
    found = [text for text in texts if secret in text]
    assert not found, found[0][max(0, found[0].index(secret) - 300) :][:500]


# -- a server that tells everything it was told ------------------------------------------------------------------------


def key_in(request: Received, it: Spoken) -> str:
    """The key as the server reads it."""
    return request.headers[it.credential[0]].rpartition(" ")[2]


def told(status: str, make: Callable[[str], str]) -> Callable[[Spoken, str], list[Step]]:
    """An answer with this status whose body is made from the key."""

    def script(it: Spoken, mode: str) -> list[Step]:
        return [REQUEST, Made(lambda request: answer(status, make(key_in(request, it)).encode())), FIN]

    return script


def refusal(status: int) -> Callable[[Spoken, str], list[Step]]:
    """The dialect's own refusal, which quotes the key."""

    def script(it: Spoken, mode: str) -> list[Step]:
        def make(request: Received) -> bytes:
            key, body = key_in(request, it), it.refusal(status).decode()
            for word in ("provided", "x-api-key", "max_tokens", "Slow down", "server", "overloaded", "Overloaded"):
                body = body.replace(word, f"{word} {key}", 1)
            return it.whole(body.encode(), f"{status} No", x_request_id=key, request_id=key)

        return [REQUEST, Made(make), FIN]

    return script


def event(make: Callable[[str], str], before: bool = False) -> Callable[[Spoken, str], list[Step]]:
    """A stream's event made from the key, at once or behind the first content."""

    def script(it: Spoken, mode: str) -> list[Step]:
        begun = (*it.opening, it.contents[0]) if before else ()
        body = Made(lambda request: chunked(it.told(make(key_in(request, it)).encode()), end=b""))
        return [REQUEST, it.stream_head() + chunked(*begun, end=b""), body, FIN]

    return script


def echo(wrap: Callable[[bytes], bytes]) -> Callable[[Spoken, str], list[Step]]:
    """The whole request comes back, wrapped."""
    return lambda it, mode: [REQUEST, Made(lambda request: wrap(request.head)), FIN]


def flat(request: bytes) -> bytes:
    """A head in one line."""
    return request.replace(b"\r\n", b" ")


ERROR = '{{"type": "error", "error": {{"message": "no: {key}", "type": "{kind}", "code": "{code}"}}}}'
INDISCREET: dict[str, Callable[[Spoken, str], list[Step]]] = {
    "400": refusal(400),
    "401": refusal(401),
    "429": refusal(429),
    "503": refusal(503),
    "500 without JSON": told("500 Broken", lambda key: f"denied for {key} ({key})"),
    "500 with a page": told("500 Broken", lambda key: f"<html><title>{key}</title>{key}</html>"),
    "500 with the key as code": told("500 Broken", lambda key: f'{{"error": {{"message": "", "code": "{key}"}}}}'),
    "500 with the key as type": told("500 Broken", lambda key: f'{{"error": {{"message": 7, "type": "{key}"}}}}'),
    "500 with the key as request id": told("500 Broken", lambda key: f'{{"error": "x", "request_id": "{key}"}}'),
    "500 with a list": told("500 Broken", lambda key: f'[{{"error": {{"message": ["{key}"]}}}}]'),
    "500 with the key cut by the cap": told("500 Broken", lambda key: "x" * 1990 + " " + key * 200),
    "error in a 200": told("200 OK", lambda key: ERROR.format(key=key, kind="api_error", code=key)),
    "page in a 200": told("200 OK", lambda key: f"<!DOCTYPE html><title>{key}</title>"),
    "no JSON in a 200": told("200 OK", lambda key: f'{{"{key}": {key}}}'),
    "a string in a 200": told("200 OK", lambda key: f'"{key}"'),
    "another shape in a 200": told("200 OK", lambda key: f'{{"choices": ["{key}"], "content": ["{key}"]}}'),
    "a key of another type": told("200 OK", lambda key: f'{{"choices": {{"{key}": 1}}, "content": {{"{key}": 1}}}}'),
    "redirect": lambda it, mode: [
        REQUEST,
        Made(lambda request: head("302 Found", location=f"https://elsewhere.test/?key={key_in(request, it)}")),
        FIN,
    ],
    "echo as a status line": echo(lambda request: request),
    "echo as a reason": echo(lambda request: b"HTTP/1.1 500 " + flat(request) + b"\r\n\r\n"),
    "echo as fields": echo(lambda request: b"HTTP/1.1 200 OK\r\n" + request.split(b"\r\n", 1)[1] + b"\r\noops\r\n\r\n"),
    "echo as a chunk's size": echo(lambda request: head(transfer_encoding="chunked") + request),
    "echo as a length": echo(lambda request: b"HTTP/1.1 200 OK\r\ncontent-length: " + flat(request) + b"\r\n\r\n"),
    "echo as a coding": echo(lambda request: b"HTTP/1.1 200 OK\r\ncontent-encoding: " + flat(request) + b"\r\n\r\n"),
    "echo as gzip": echo(lambda request: answer("500 Broken", gzip.compress(request), content_encoding="gzip")),
    "echo as 101": echo(lambda request: head("101 Switching", upgrade=flat(request).decode("latin-1"))),
}  # fmt: skip
DISCREET: dict[str, Callable[[Spoken, str], list[Step]]] = {
    "FIN": lambda it, mode: [REQUEST, FIN],
    "RST": lambda it, mode: [REQUEST, RST],
    "garbage": lambda it, mode: [REQUEST, b"garbage\r\n\r\n", HOLD],
    "cut body": lambda it, mode: [REQUEST, it.begun(mode), FIN],
    "no answer": lambda it, mode: [REQUEST, it.whole(b"[]"), FIN],
    "refusal": lambda it, mode: [REQUEST, it.whole(it.refusal(401), "401 No"), FIN],
}
STREAMED: dict[str, Callable[[Spoken, str], list[Step]]] = {
    "error event": event(lambda key: ERROR.format(key=key, kind="overloaded_error", code=key)),
    "error event after content": event(
        lambda key: ERROR.format(key=key, kind="overloaded_error", code=key), before=True
    ),
    "bad event": event(lambda key: f'{{"{key}": {key}}}'),
    "bad event after content": event(lambda key: f'{{"{key}": {key}}}', before=True),
    "event of another shape": event(lambda key: f'{{"choices": "{key}", "type": "{key}", "delta": "{key}"}}'),
}
PAIRS = [
    pytest.param(script, spoken, mode, id=f"{name}-{spoken.name}-{mode}")
    for table, modes in ((INDISCREET, MODES[:2]), (DISCREET, MODES), (STREAMED, MODES[1:2]))
    for name, script in table.items()
    for spoken in SPOKEN.values()
    for mode in modes
]


@KEYS
@pytest.mark.parametrize(("script", "spoken", "mode"), PAIRS)
def test_a_server_that_tells_the_key_tells_nobody(
    script: Any, spoken: Spoken, mode: str, key: str, everything_logged: list[str]
) -> None:
    """F51: not in an error with its whole chain, in routes, events, health, logs or pickles, failed over or not."""
    events: list[Any] = []
    # What a server said of us may stand in the variables of the frame that read it; what we said may not.
    variables = script in DISCREET.values()
    connection = {"api_key": key}
    with scene(spoken, script(spoken, mode), mode=mode, connection=connection, listeners=events.append) as at:
        alone, both = ask(at.gw, mode, exclude="b"), at.ask()
        assert alone.error is not None
        texts = [*shown_error(alone.error, variables=variables)]
        texts += shown_error(both.error, variables=variables) if both.error is not None else [both.text]
        things = [alone.route, alone.route.explain(), both.route, both.route.explain(), both.response, at.gw.health()]
        texts += [text for thing in (*things, *events, *both.route.skipped) for text in shown(thing)]
    assert_hidden(key, [*texts, *everything_logged])


@EVERY
@KEYS
def test_nothing_that_is_built_shows_the_key(spoken: Spoken, mode: str, key: str, everything_logged: list[str]) -> None:
    """F51: gateway, config, candidate, provider, transport, endpoint, stream, response, call."""
    with scene(spoken, [REQUEST, spoken.good(mode), HOLD], mode=mode, connection={"api_key": key}) as at:
        candidate = at.gw.candidates[0]
        provider = candidate.provider
        things = [at.gw, candidate, at.gw.candidates, provider, provider._transport, provider._endpoint]
        things += [at.gw._core.config, Config([candidate]), at.gw.with_options(timeout=5), at.gw.health()]
        if mode == "stream":
            with at.gw.stream("Hi") as stream:
                things += [stream, stream.text, stream.partial, stream.route]
                assert "".join(stream.text) == TEXT
            things += [stream.response, *stream]
        else:
            reply = at.gw.completion("Hi", watch=mode == "watched")
            things += [reply, reply.message, reply.route, reply.usage, reply.raw]
        texts = [text for thing in things for text in shown(thing)]
    assert_hidden(key, [*texts, *everything_logged])


@ALL
@KEYS
def test_what_never_reached_anybody_does_not_show_the_key(
    spoken: Spoken, key: str, everything_logged: list[str]
) -> None:
    """F51: a closed port, a time-out, a certificate, a call's own mistake, a closed gateway."""
    texts: list[str] = []
    with closed_port() as port:
        candidate = Candidate("a", spoken.provider(f"http://127.0.0.1:{port}", api_key=key), "m")
        with Gateway([candidate], timeout=0.3) as gw:
            calls: list[Callable[[], Any]] = [
                lambda: gw.completion("Hi"),
                lambda: gw.stream("Hi"),
                lambda: gw.completion("Hi", extra_headers={"x-other": f"{key}\n"}),
                lambda: gw.completion("Hi", extra_headers={"x-other": key}, extra_body={"a": float("nan")}),
                lambda: gw.completion([{"role": "nobody", "content": "Hi"}]),
                lambda: gw.completion("Hi", temprature=1),  # type: ignore[call-arg]
            ]
            for call in calls:
                with pytest.raises(GatewayError) as caught:
                    call()
                texts += shown_error(caught.value, variables=False)  # they hold what the caller passed
        with pytest.raises(GatewayError) as closed:
            gw.completion("Hi")
        texts += shown_error(closed.value)
    assert_hidden(key, [*texts, *everything_logged])


@ALL
def test_extra_headers_are_secrets_too(spoken: Spoken, everything_logged: list[str]) -> None:
    """F51: what a caller adds to one request, told by the server."""

    def make(request: Received) -> bytes:
        return answer("500 Broken", f'{{"error": {{"message": "{request.headers["x-api-token"]}"}}}}'.encode())

    with scene(spoken, [REQUEST, Made(make), FIN], backup=False) as at:
        told = at.ask(extra_headers={"x-api-token": FORMLESS})
        assert told.error is not None
        assert_hidden(FORMLESS, [*shown_error(told.error, variables=False), *shown(told.route), *everything_logged])


@ALL
@pytest.mark.parametrize("url", ["http://user:{key}@127.0.0.1:9", "ftp://user:{key}@127.0.0.1", "http://:{key}@[::1"])
def test_an_address_with_a_secret_in_it_is_refused_without_showing_it(spoken: Spoken, url: str) -> None:
    """F51, F47."""
    with pytest.raises((ConfigurationError, InvalidRequestError)) as caught:
        spoken.provider(url.format(key=FORMLESS))
    assert_hidden(FORMLESS, [*shown_error(caught.value, variables=False)])
