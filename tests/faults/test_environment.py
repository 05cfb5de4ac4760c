"""What surrounds a call: netrc, proxies, keys, interrupts, listeners, strategies, copies (F45-F47, F49, F50, F52)."""

from __future__ import annotations

import copy
import os
import pickle
import signal
import threading
import time
from typing import TYPE_CHECKING, Any

import pytest
import requests

from agentsea_gateway.errors import AllProvidersUnavailableError, ConfigurationError
from agentsea_gateway.routing import RoundRobin
from agentsea_gateway.testing import FakeClock
from raw_server import FIN, HOLD, REQUEST, RawServer, Repeat, closed_port
from support.scene import MODES, ask, scene
from support.spoken import KEY, SPOKEN, TEXT

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from raw_server import Step
    from support.spoken import Spoken

ALL = pytest.mark.parametrize("spoken", SPOKEN.values(), ids=SPOKEN)
EVERY = pytest.mark.parametrize(
    ("spoken", "mode"), [pytest.param(it, mode, id=f"{it.name}-{mode}") for it in SPOKEN.values() for mode in MODES]
)


# -- netrc and proxies -------------------------------------------------------------------------------------------------


@EVERY
@pytest.mark.parametrize("session", [False, True], ids=["own", "session"])
def test_our_credential_is_sent_and_not_that_of_netrc(
    spoken: Spoken, mode: str, session: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """F45: on the stock path of a user's own session too."""
    (tmp_path / "netrc").write_text(
        "machine 127.0.0.1 login eve password hunter22\ndefault login eve password hunter22\n"
    )
    (tmp_path / "netrc").chmod(0o600)
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    assert requests.utils.get_netrc_auth("http://127.0.0.1:1/") == ("eve", "hunter22")
    with requests.Session() as own:
        connection = {"session": own} if session else {}
        with scene(spoken, [Repeat([REQUEST, spoken.good(mode)])], mode=mode, connection=connection) as at:
            assert at.ask().served_by == "a"
            assert spoken.carries_the_key(at.servers["a"].requests[0])
            own.close()


@EVERY
def test_a_proxy_of_the_environment_is_read_once_and_gets_its_own_password_only(
    spoken: Spoken, mode: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """F46."""
    with RawServer([Repeat([REQUEST, spoken.good(mode)])]) as proxy:
        monkeypatch.setenv("http_proxy", f"http://someone:proxy-canary@127.0.0.1:{proxy.port}")
        with scene(spoken, root="http://upstream.test", backup=False, mode=mode) as at:
            monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
            assert (at.ask().text, at.ask().text) == (TEXT, TEXT)
            request = proxy.requests[0]
            assert request.line.startswith("POST http://upstream.test/")
            assert request.headers["proxy-authorization"].startswith("Basic ")
            assert request.headers["host"] == "upstream.test"
            assert spoken.carries_the_key(request)
            assert proxy.connections == 1
            for shown in (at.gw, at.gw.candidates, at.gw.candidates[0].provider):
                assert "proxy-canary" not in repr(shown)


@EVERY
def test_a_dead_proxy_is_a_failure_that_does_not_show_its_password(
    spoken: Spoken, mode: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """F46."""
    with closed_port() as port:
        monkeypatch.setenv("http_proxy", f"http://someone:proxy-canary@127.0.0.1:{port}")
        with scene(spoken, root="http://upstream.test", backup=False, mode=mode, timeout=0.3) as at:
            told = at.ask()
            assert told.error is not None
            assert "proxy-canary" not in f"{told.error!r} {told.error} {told.error.__cause__} {told.route.explain()}"


@EVERY
def test_no_proxy_is_heeded(spoken: Spoken, mode: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """F46."""
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    with scene(spoken, [REQUEST, spoken.good(mode)], mode=mode) as at:
        assert at.ask().served_by == "a"


# -- keys --------------------------------------------------------------------------------------------------------------

BAD_KEYS = [
    "sk-canary\nx: y",
    "sk-canary\r",
    "sk-canary\0",
    "sk-canary-ключ",
    "sk-canary-é",
    " sk-canary",
    "sk-canary ",
    "",
]


@ALL
@pytest.mark.parametrize("key", BAD_KEYS, ids=ascii)
def test_a_key_that_no_header_can_carry_is_refused_at_construction(
    spoken: Spoken, key: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """F47: and not shown."""
    for name in ("OPENAI_API_KEY", "ANTHROPIC_API_KEY"):
        monkeypatch.delenv(name, raising=False)
    if spoken.keyless and not key:
        pytest.skip("a server of one's own may ask for none")
    with pytest.raises(ConfigurationError) as caught:
        spoken.provider("http://127.0.0.1:9", api_key=key)
    assert "canary" not in f"{caught.value!r} {caught.value}"
    assert "key" in str(caught.value).lower()


@ALL
@pytest.mark.parametrize("value", ["canary\nx: y", "canary\r\n\r\nGET", "caf\u20ac canary", "canary\0"], ids=ascii)
def test_a_header_that_cannot_be_sent_is_refused_at_construction(spoken: Spoken, value: str) -> None:
    """F47, in another place."""
    with pytest.raises(ConfigurationError) as caught:
        spoken.provider("http://127.0.0.1:9", headers={"x-team": value})
    assert "canary" not in f"{caught.value!r} {caught.value}"


# -- interrupts --------------------------------------------------------------------------------------------------------


@pytest.fixture
def interruptible() -> Any:
    """SIGINT raises KeyboardInterrupt, also where the tests run in the background."""
    if threading.current_thread() is not threading.main_thread():
        pytest.skip("signals come to the main thread alone")
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


def interrupt_when(ready: Callable[[], bool]) -> threading.Thread:
    """Press Ctrl-C as soon as it is so."""

    def press() -> None:
        until = time.monotonic() + 5
        while not ready() and time.monotonic() < until:
            time.sleep(0.002)
        time.sleep(0.02)
        os.kill(os.getpid(), signal.SIGINT)

    thread = threading.Thread(target=press)
    thread.start()
    return thread


PLACES: dict[str, Callable[[Spoken, str], list[Step]]] = {
    "before the head": lambda it, mode: [REQUEST, HOLD],
    "inside the head": lambda it, mode: [REQUEST, b"HTTP/1.1 200 OK\r\n", HOLD],
    "inside the body": lambda it, mode: [REQUEST, it.begun(mode), HOLD],
}


@EVERY
@pytest.mark.parametrize("place", PLACES)
@pytest.mark.usefixtures("interruptible")
def test_an_interrupted_probe_frees_its_permit_and_the_next_one_is_admitted(
    spoken: Spoken, mode: str, place: str
) -> None:
    """F49: the interrupt comes through, nobody is to blame, and the socket is closed."""
    clock = FakeClock()
    down: list[Step] = [REQUEST, FIN]
    scripts = [down, down, PLACES[place](spoken, mode), [Repeat([REQUEST, spoken.good(mode)])]]
    with scene(spoken, *scripts, mode=mode, clock=clock, timeout=1000, attempt_timeout=1000) as at:
        for _ in range(2):
            assert at.ask().served_by == "b"
        clock.advance(30)
        assert at.health("a").breaker == "half_open"
        presser = interrupt_when(lambda: at.hits()["a"] == 3)
        with pytest.raises(KeyboardInterrupt):
            at.ask()
        presser.join()
        assert at.are_gone("a")
        health = at.health("a")
        assert (health.in_flight, health.breaker, health.calls, health.errors) == (0, "half_open", 3, 2)
        assert at.gw.ask("a") == "ok"
        assert at.ask().served_by == "a"
        assert at.health("a").breaker == "closed"


@ALL
@pytest.mark.usefixtures("interruptible")
def test_an_interrupt_in_the_middle_of_a_stream_blames_nobody(spoken: Spoken) -> None:
    """F49: the consumer's own Ctrl-C while it waits for more."""
    script = [REQUEST, spoken.begun("stream"), *map(_chunk, spoken.contents), HOLD]
    with scene(spoken, script, mode="stream") as at:
        text: list[str] = []
        presser = interrupt_when(lambda: "".join(text) == TEXT)
        with pytest.raises(KeyboardInterrupt):
            text.extend(at.gw.stream("Hi").text)
        presser.join()
        assert "".join(text) == TEXT
        assert at.are_gone("a")
        assert (at.health("a").in_flight, at.counts()["a"], at.gw.ask("a")) == (0, (1, 0), "ok")


def _chunk(event: bytes) -> bytes:
    return b"%x\r\n%b\r\n" % (len(event), event)


# -- what the caller brings --------------------------------------------------------------------------------------------


class Raising:
    """A strategy that does not know its own mind."""

    def __init__(self, answer: Any) -> None:
        self.answer = answer

    def order(self, candidates: Any, context: Any) -> Any:
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer(candidates) if callable(self.answer) else self.answer


NONSENSE: dict[str, Any] = {
    "raises": ZeroDivisionError("oops"),
    "nothing": None,
    "a number": 7,
    "an empty list": [],
    "strings": ["a", "b"],
    "one twice": lambda candidates: [candidates[0], candidates[0]],
    "somebody else": lambda candidates: [object()],
}


@EVERY
@pytest.mark.parametrize("kind", NONSENSE)
@pytest.mark.usefixtures("fallbacks_keep_serving")
def test_a_strategy_that_fails_breaks_no_call_and_the_route_says_so(
    spoken: Spoken, mode: str, kind: str, caplog: pytest.LogCaptureFixture
) -> None:
    """F50: configured order is used."""
    with scene(spoken, [Repeat([REQUEST, spoken.good(mode)])], mode=mode, strategy=Raising(NONSENSE[kind])) as at:
        told = at.ask()
        assert (told.served_by, told.text) == ("a", TEXT)
        assert told.route.strategy_error
        assert "strategy failed" in str(told.route.explain())
        assert "Raising" in caplog.text


@EVERY
@pytest.mark.usefixtures("fallbacks_keep_serving")
def test_a_listener_that_raises_breaks_no_call_and_no_other_listener(
    spoken: Spoken, mode: str, caplog: pytest.LogCaptureFixture
) -> None:
    """F50: on success, failover, bench, a blown breaker and an abandoned stream."""
    heard: list[str] = []

    def raising(event: Any) -> None:
        raise ZeroDivisionError(event.name)

    listeners = (raising, lambda event: heard.append(event.name))
    with scene(spoken, [Repeat([REQUEST, FIN])], mode=mode, listeners=listeners) as at:
        for _ in range(3):
            assert at.ask().text == TEXT
        assert at.gw.ask("a") == "blown"
        told = at.ask(exclude=["a", "b"])
        assert isinstance(told.error, AllProvidersUnavailableError)
        if mode == "stream":
            at.gw.stream("Hi").close()
    assert "agentsea.gateway.breaker.blown" in heard
    assert heard.count("agentsea.gateway.route.stop") == (5 if mode == "stream" else 4)
    assert "ZeroDivisionError" in caplog.text


@EVERY
def test_a_working_strategy_is_followed_by_stalls_and_all(spoken: Spoken, mode: str) -> None:
    """G07 on sockets: round robin asks the one that is down every other time, until it is out."""
    with scene(spoken, [REQUEST, FIN], mode=mode, strategy=RoundRobin()) as at:
        tried = [tuple(name for name, _ in at.ask().tried) for _ in range(6)]
        assert tried == [("a", "b"), ("b",), ("a", "b"), ("b",), ("b",), ("b",)]


@ALL
@pytest.mark.parametrize("duplicate", [pickle.dumps, copy.copy, copy.deepcopy], ids=["pickle", "copy", "deepcopy"])
def test_a_gateway_is_not_copied_and_says_what_to_do(spoken: Spoken, duplicate: Callable[[Any], Any]) -> None:
    """F52: after use as before, and with what holds it."""
    with scene(spoken, [Repeat([REQUEST, spoken.good("plain")])]) as at:
        for _ in range(2):
            with pytest.raises(ConfigurationError, match="build it in the worker"):
                duplicate(at.gw)
            assert ask(at.gw).text == TEXT
        if duplicate is not copy.copy:
            with pytest.raises(ConfigurationError, match="build it in the worker"):
                duplicate({"gateway": at.gw})
            provider = at.gw.candidates[0].provider
            with pytest.raises((TypeError, ConfigurationError)) as caught:
                duplicate(provider)
            assert KEY not in str(caught.value)
