"""Forked children: they can call at once, nothing is in flight there, and the parent notices nothing (F48, F52)."""

from __future__ import annotations

import copy
import multiprocessing
import os
import pickle
import threading
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from typing import Any

import pytest

from agentsea_gateway import Candidate, Gateway, Response
from agentsea_gateway.errors import ConfigurationError
from agentsea_gateway.stream_events import Content, Done
from agentsea_gateway.testing import FakeClock, ScriptedProvider
from support import children, forked_traffic
from support.children import in_child
from support.programs import said_by

pytestmark = [
    pytest.mark.skipif(not hasattr(os, "fork"), reason="this system cannot fork"),
    # From 3.12 on Python warns of forks beside threads: that is what these are about.
    pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning"),
]


class Holding:
    """Keeps whoever asks for "hold" until it is told otherwise, and streams without end."""

    def __init__(self) -> None:
        self.entered, self.leave = threading.Semaphore(0), threading.Event()

    def complete(self, messages: Any) -> Response:
        if messages[0]["content"] == "hold":
            self.entered.release()
            assert self.leave.wait(20)
        return Response("ok")

    def stream(self, messages: Any) -> Iterator[Any]:
        yield Content("a")
        yield Content("b")
        yield Done.of(Response("ab"))


def holding() -> tuple[Gateway, Holding]:
    provider = Holding()
    return Gateway([Candidate(name="it", provider=provider)]), provider


def facts(gateway: Gateway) -> tuple[int, int, str]:
    health = gateway.health()["it"]
    return health.in_flight, health.calls, health.breaker


def test_a_child_can_call_after_the_gateway_was_used() -> None:
    """F48."""
    gateway, _ = holding()
    gateway.completion("Hi")

    def child() -> Any:
        return gateway.completion("Hi").content, facts(gateway)

    assert in_child(child) == ("ok", (0, 2, "closed"))
    assert facts(gateway) == (0, 1, "closed")  # what the child did is the child's


def test_a_child_of_a_child_can_call() -> None:
    """Twice in a row."""
    gateway, _ = holding()
    gateway.completion("Hi")

    def child() -> Any:
        gateway.completion("Hi")
        return in_child(lambda: (gateway.completion("Hi").content, facts(gateway))), facts(gateway)

    for _ in range(2):
        assert in_child(child) == (("ok", (0, 3, "closed")), (0, 2, "closed"))
    assert facts(gateway) == (0, 1, "closed")


def test_nothing_is_in_flight_in_a_child_whose_parent_has_calls_under_way() -> None:
    gateway, provider = holding()
    threads = [threading.Thread(target=gateway.completion, args=("hold",)) for _ in range(3)]
    for thread in threads:
        thread.start()
    for _ in threads:
        assert provider.entered.acquire(timeout=10)
    stream = gateway.stream("Hi")
    try:
        assert facts(gateway)[0] == 4

        def child() -> Any:
            return facts(gateway), gateway.completion("Hi").content, facts(gateway)

        assert in_child(child) == ((0, 0, "closed"), "ok", (0, 1, "closed"))
        assert facts(gateway) == (4, 0, "closed")  # the parent's own are untouched
    finally:
        provider.leave.set()
        for thread in threads:
            thread.join()
    assert [*stream.text] == ["a", "b"]
    assert facts(gateway) == (0, 4, "closed")


def test_a_child_can_call_while_another_thread_of_its_parent_holds_the_lock() -> None:
    gateway, _ = holding()
    gateway.completion("Hi")
    held, let_go = threading.Event(), threading.Event()

    def hold() -> None:
        with gateway._core.state._lock:
            held.set()
            assert let_go.wait(20)

    thread = threading.Thread(target=hold)
    thread.start()
    assert held.wait(10)
    try:
        for _ in range(2):
            assert in_child(lambda: (gateway.completion("Hi").content, gateway.ask("it"))) == ("ok", "ok")
    finally:
        let_go.set()
        thread.join()
    assert gateway.completion("Hi").content == "ok"


def test_children_forked_in_the_middle_of_traffic_can_all_call() -> None:
    assert said_by(forked_traffic, "20").splitlines() == ["ok 0"] * 20 + ["left 0"]


def test_a_childs_breaker_is_its_own_and_the_parents_probe_is_not_in_its_way() -> None:
    clock = FakeClock()
    gateway = Gateway([Candidate(name="it", provider=ScriptedProvider())], clock=clock)
    gateway.melt("it")
    gateway.melt("it")
    clock.advance(30)
    state = gateway._core.state
    probe: Any = state.admit("it", clock.monotonic(), clock.monotonic() + 60)
    assert gateway.ask("it") == "blown"

    def child() -> Any:
        before = gateway.ask("it")
        gateway.completion("Hi")
        state.settle(probe, "failure", clock.monotonic())  # the parent's permit counts for nothing here
        return before, facts(gateway)

    assert in_child(child) == ("ok", (0, 1, "closed"))
    assert facts(gateway) == (1, 0, "half_open")
    state.settle(probe, "success", clock.monotonic())
    assert facts(gateway) == (0, 1, "closed")


def test_a_stream_that_was_open_before_the_fork_stays_the_parents() -> None:
    gateway, _ = holding()
    stream = gateway.stream("Hi")

    def child() -> Any:
        stream.close()
        return facts(gateway)

    assert in_child(child) == (0, 0, "closed")
    assert facts(gateway) == (1, 0, "closed")
    assert [*stream.text] == ["a", "b"]
    assert facts(gateway) == (0, 1, "closed")


def test_a_child_tells_nobody_of_its_parents_abandoned_streams() -> None:
    """G09: each route's one event is told by the process whose call it was."""
    heard: list[str] = []
    gateway, _ = holding()
    gateway = gateway.with_options(listeners=[lambda event: heard.append(event.name)])
    next(gateway.stream("Hi"))
    gateway.health()  # takes the permit back; the next call tells

    def child() -> Any:
        heard.clear()  # what the parent was told before
        gateway.completion("Hi")
        return heard

    assert in_child(child).count("agentsea.gateway.route.stop") == 1
    gateway.completion("Hi")
    assert heard.count("agentsea.gateway.route.stop") == 2


def test_a_fork_inside_a_providers_call_leaves_both_with_an_answer() -> None:
    class Forking:
        def complete(self, messages: Any) -> Response:
            return Response(in_child(lambda: "from the child"))

    gateway = Gateway([Candidate(name="it", provider=Forking())])
    assert gateway.completion("Hi").content == "from the child"
    assert facts(gateway) == (0, 1, "closed")


def test_derived_and_other_gateways_are_freed_too() -> None:
    gateway, _ = holding()
    other, _ = holding()
    derived = gateway.with_options(timeout=5)
    streams = [gateway.stream("Hi"), other.stream("Hi"), derived.stream("Hi")]
    assert in_child(lambda: [facts(each)[0] for each in (gateway, other, derived)]) == [0, 0, 0]
    assert [facts(each)[0] for each in (gateway, other, derived)] == [2, 1, 2]
    del streams


def test_a_gateway_that_is_gone_is_not_kept_for_forks() -> None:
    from agentsea_gateway import state as module

    before = len(module._states)
    gateway, _ = holding()
    assert len(module._states) == before + 1
    del gateway
    assert len(module._states) == before


# -- multiprocessing ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("method", multiprocessing.get_all_start_methods())
def test_a_worker_builds_its_own_gateway(method: str) -> None:
    """F52: "build it in the worker", in every start method."""
    context = multiprocessing.get_context(method)
    with ProcessPoolExecutor(2, mp_context=context, initializer=children.build) as pool:
        answers = [*pool.map(children.ask, ["Hi"] * 6)]
    workers = {content for content, _, _ in answers}
    assert 1 <= len(workers) <= 2
    assert f"from {os.getpid()}" not in workers
    assert all((calls >= 1, in_flight) == (True, 0) for _, calls, in_flight in answers)


# -- copies ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "attempt",
    [
        pickle.dumps,
        copy.copy,
        copy.deepcopy,
        lambda gateway: pickle.dumps(gateway, protocol=2),
        lambda gateway: pickle.dumps({"gateway": gateway}),
        lambda gateway: copy.deepcopy([gateway]),
    ],
)
@pytest.mark.parametrize("derived", [False, True])
def test_a_gateway_that_is_pickled_or_copied_says_what_to_do_instead(attempt: Any, *, derived: bool) -> None:
    """F52: never a shared lock."""
    gateway, _ = holding()
    gateway.completion("Hi")
    with pytest.raises(ConfigurationError, match="cannot be pickled or copied; build it in the worker"):
        attempt(gateway.with_options(timeout=1) if derived else gateway)
    assert facts(gateway) == (0, 1, "closed")
