"""Interrupts at any instant leave no permit, probe, source or lock behind, and none of them is swallowed."""

from __future__ import annotations

import gc
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from agentsea_gateway import Candidate, Gateway, Response
from agentsea_gateway.retry_policy import RetryPolicy
from agentsea_gateway.routing import RoundRobin
from agentsea_gateway.stream_events import Content, Done, Start, Thinking
from agentsea_gateway.testing import FakeClock
from support import interrupt_storm
from support.interrupting import at_every_instant

# -- at every instant, one after the other -----------------------------------------------------------------------------


class Bad:
    """Never serves."""

    def complete(self, messages: Any) -> Response:
        raise ConnectionError("no luck")

    def stream(self, messages: Any) -> Iterator[Any]:
        raise ConnectionError("no luck")


class Good:
    """Serves, and counts the streams that were begun and not finished off."""

    def __init__(self) -> None:
        self.open = 0

    def complete(self, messages: Any) -> Response:
        return Response("ab")

    def stream(self, messages: Any) -> Iterator[Any]:
        self.open += 1
        try:
            yield Start("id", "model")
            yield Thinking("hm")
            yield Content("a")
            yield Content("b")
            yield Done.of(Response("ab"))
        finally:
            self.open -= 1


class Scene:
    """A gateway whose first candidate is bad and whose second one is about to be probed."""

    def __init__(self, **settings: Any) -> None:
        self.good = Good()
        self.heard: list[str] = []
        clock = FakeClock()
        candidates = [Candidate(name="bad", provider=Bad()), Candidate(name="good", provider=self.good)]
        self.gateway = Gateway(candidates, clock=clock, listeners=[self._listen], **settings)
        self.gateway.melt("good")
        self.gateway.melt("good")
        clock.advance(30)
        self.stream: Any = None

    def _listen(self, event: Any) -> None:
        self.heard.append(event.name)

    def check(self, where: str) -> None:
        """Nothing is left behind, and the next one is served at once."""
        state = self.gateway._core.state
        assert not state._lock.locked(), where
        health = self.gateway.health()
        assert {name: found.in_flight for name, found in health.items()} == {"bad": 0, "good": 0}, where
        assert state.cells["good"].breaker.probe is None, where
        assert self.gateway.ask("good") == "ok", where  # F49: the next probe is admitted
        assert health["good"].breaker in ("closed", "half_open"), where  # nobody is blamed
        assert self.good.open == 0, where
        assert self.gateway.completion("Hi").content == "ab", where
        # One of the check, and one of what was interrupted, unless that was just about to be told.
        assert self.heard.count("agentsea.gateway.route.stop") in (1, 2), where


def plain(scene: Scene) -> None:
    scene.gateway.completion("Hi")


def whole_stream(scene: Scene) -> None:
    with scene.gateway.stream("Hi") as stream:
        for _ in stream:
            pass


def text(scene: Scene) -> None:
    for _ in scene.gateway.stream("Hi").text:
        pass


def left_early(scene: Scene) -> None:
    with scene.gateway.stream("Hi") as stream:
        next(stream)


def closed(scene: Scene) -> None:
    pieces = scene.gateway.stream("Hi").text
    next(pieces)
    pieces.close()


def abandoned(scene: Scene) -> None:
    stream = scene.gateway.stream("Hi")
    next(stream)


def asked(scene: Scene) -> None:
    scene.gateway.stream("Hi")  # abandoned, so the next verb takes its permit back
    scene.gateway.health()
    scene.gateway.ask("good")
    scene.gateway.melt("bad")


ACTIONS = (plain, whole_stream, text, left_early, closed, abandoned, asked)


@pytest.mark.parametrize("action", ACTIONS, ids=lambda action: action.__name__)
def test_an_interrupt_at_any_instant_leaves_nothing_behind(action: Callable[[Scene], None]) -> None:
    """F49: every instant of a failover to a probe at which the interpreter looks for signals, each in its own run."""
    struck = 0
    for scene, where in at_every_instant(Scene, action, keep=False):
        scene.check(where)
        struck += 1
    assert struck > 100  # else this looks nowhere


def test_an_interrupt_that_somebody_keeps_holds_no_permit_of_a_plain_call() -> None:
    """Notebooks keep the last traceback, and with it every frame of the call."""
    for scene, where in at_every_instant(Scene, plain, keep=True):
        scene.check(where)


def test_an_interrupt_in_a_retry_leaves_nothing_behind() -> None:
    def scene() -> Scene:
        retry = RetryPolicy(max_retries=1, base=0, outcomes=("failure",))
        made = Scene(retry=retry, strategy=RoundRobin())
        made.gateway.reset("good")
        return made

    def only_bad(scene: Scene) -> None:
        with pytest.raises(Exception, match="no luck"):
            scene.gateway.completion("Hi", exclude="good")

    only_bad(scene())  # loads what retries need
    for made, where in at_every_instant(scene, only_bad, keep=True):
        made.check(where)


def test_after_an_interrupted_close_close_can_be_called_again() -> None:
    """Its variable lives on in a notebook, where nothing would ever drop the stream."""

    def open_stream() -> Scene:
        scene = Scene()
        scene.stream = scene.gateway.stream("Hi")
        return scene

    for scene, where in at_every_instant(open_stream, lambda scene: scene.stream.close(), keep=True):
        scene.stream.close()
        scene.check(where)


def test_with_closes_a_stream_whose_reading_was_interrupted() -> None:
    def open_stream() -> Scene:
        scene = Scene()
        scene.stream = scene.gateway.stream("Hi")
        return scene

    def read(scene: Scene) -> None:
        try:
            for _ in scene.stream:
                pass
        except BaseException:
            scene.stream.close()
            raise

    for scene, where in at_every_instant(open_stream, read, keep=True):
        scene.stream.close()
        scene.check(where)


# -- thousands at random instants --------------------------------------------------------------------------------------


def storm(kind: str, count: int, seed: int = 1, mutant: str = "") -> dict[str, Any]:
    """What a process of its own says about `count` interrupts."""
    program = [sys.executable, "-W", "error", interrupt_storm.__file__, kind, str(count), str(seed)]
    found = subprocess.run(
        program + [mutant] * bool(mutant),
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(Path(__file__).parent), *sys.path])},
        capture_output=True,
        text=True,
        timeout=250,
        check=False,
    )
    assert found.returncode == 0, found.stderr
    report: dict[str, Any] = json.loads(found.stdout)
    return report


def assert_nothing_left(report: dict[str, Any]) -> None:
    assert report["unraisable"] == []
    assert report["seen"] == report["sent"]
    assert not report["locked"]
    assert (report["in_flight"], report["probing"]) == ({}, [])
    assert report["served_after"]


@pytest.mark.parametrize("kind", ["signals", "threads"])
def test_thousands_of_interrupts_at_random_instants_are_all_seen_and_leave_nothing(kind: str) -> None:
    """Ctrl-C in the main thread, and interrupts into six threads that share a gateway."""
    report = storm(kind, 2_500)
    assert report["sent"] == 2_500
    assert_nothing_left(report)
    assert report["threads"] == 1


def test_hundreds_of_interrupts_of_real_connections_are_all_seen_and_leave_no_socket() -> None:
    report = storm("sockets", 500)
    assert report["sent"] == 500
    assert_nothing_left(report)
    assert report["descriptors"] < 30  # those of the server included


@pytest.mark.slow
@pytest.mark.timeout(300)
@pytest.mark.parametrize("seed", [1, 2, 3])
@pytest.mark.parametrize("kind", ["signals", "threads"])
def test_twenty_thousand_interrupts_at_random_instants_are_all_seen_and_leave_nothing(kind: str, seed: int) -> None:
    report = storm(kind, 20_000, seed)
    assert report["sent"] == 20_000
    assert_nothing_left(report)


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_thousands_of_interrupts_of_real_connections_are_all_seen_and_leave_no_socket() -> None:
    report = storm("sockets", 10_000)
    assert_nothing_left(report)
    assert report["descriptors"] < 30


def test_without_tickets_the_storm_finds_permits_left_behind() -> None:
    """Else it would prove nothing."""
    report = storm("signals", 1_000, mutant="LeakedPermit")
    assert report["in_flight"]


# -- other ways out ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("leave", [KeyboardInterrupt, SystemExit, GeneratorExit])
@pytest.mark.parametrize("streamed", [False, True])
def test_whoever_leaves_by_force_blames_nobody(leave: type[BaseException], *, streamed: bool) -> None:
    class Leaving:
        def complete(self, messages: Any) -> Response:
            raise leave

        def stream(self, messages: Any) -> Iterator[Any]:
            yield Start()
            raise leave

    gateway = Gateway([Candidate(name="a", provider=Leaving()), Candidate(name="b", provider=Good())])
    heard: list[Any] = []
    gateway = gateway.with_options(listeners=[heard.append])
    for _ in range(5):
        with pytest.raises(leave):
            (gateway.stream if streamed else gateway.completion)("Hi")
    health = gateway.health()["a"]
    assert (health.in_flight, health.calls, health.errors, health.breaker) == (0, 5, 0, "closed")
    assert gateway.health()["b"].calls == 0  # no failover behind the caller's back
    stops = [event for event in heard if event.name == "agentsea.gateway.route.stop"]
    assert [stop.outcome for stop in stops] == ["cancelled"] * 5
    assert [attempt.outcome for attempt in stops[0].route.attempts] == ["neutral"]


@pytest.mark.parametrize("leave", [KeyboardInterrupt, SystemExit, GeneratorExit])
def test_a_stream_that_is_left_by_force_after_content_blames_nobody(leave: type[BaseException]) -> None:
    class Leaving(Good):
        def stream(self, messages: Any) -> Iterator[Any]:
            yield Content("a")
            raise leave

    gateway = Gateway([Candidate(name="a", provider=Leaving())])
    for _ in range(3):
        stream = gateway.stream("Hi")
        next(stream)
        with pytest.raises(leave):
            next(stream)
        assert repr(stream) == "Stream(closed, served_by='a')"
        health = gateway.health()["a"]
        assert (health.in_flight, health.errors, health.breaker) == (0, 0, "closed")


def test_a_generator_over_a_stream_that_is_closed_closes_the_stream() -> None:
    """GeneratorExit: what a web server does when its client goes away."""
    good = Good()
    gateway = Gateway([Candidate(name="a", provider=good)])

    def view() -> Iterator[str]:
        yield from gateway.stream("Hi").text

    pieces = view()
    assert next(pieces) == "a"
    pieces.close()
    assert good.open == 0
    assert gateway.health()["a"].in_flight == 0


class Sulking:
    """Its iterator breaks the rules when it is closed."""

    def __init__(self) -> None:
        self.left = [Content("a")]

    def complete(self, messages: Any) -> Response:
        raise NotImplementedError

    def stream(self, messages: Any) -> Any:
        return self

    def __iter__(self) -> Any:
        return self

    def __next__(self) -> Any:
        if self.left:
            return self.left.pop()
        raise KeyboardInterrupt

    def close(self) -> None:
        raise RuntimeError("I will not")


def test_a_provider_that_raises_when_it_is_closed_keeps_no_permit() -> None:
    gateway = Gateway([Candidate(name="a", provider=Sulking())])
    stream = gateway.stream("Hi")
    with pytest.raises(RuntimeError, match="I will not"):  # for users it is logged
        stream.close()
    assert gateway.health()["a"].in_flight == 0
    assert stream is not None


def test_an_interrupt_is_not_replaced_by_what_the_provider_raises_when_it_is_closed(
    fallbacks_keep_serving: None,
) -> None:
    gateway = Gateway([Candidate(name="a", provider=Sulking())])
    with pytest.raises(KeyboardInterrupt):
        for _ in gateway.stream("Hi"):
            pass
    assert gateway.health()["a"].in_flight == 0
    gc.collect()
