"""A batch that is left: what is under way is cancelled, nobody is blamed, and nothing is left behind."""

from __future__ import annotations

import contextlib
import gc
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from agentsea_gateway import Candidate, Gateway, Response
from agentsea_gateway.batch import Results
from agentsea_gateway.batch import run as run_module
from agentsea_gateway.errors import GatewayError
from agentsea_gateway.providers import OpenAI
from agentsea_gateway.testing import Fault, Sandbox, ScriptedCompletions, ScriptedProvider
from support.children import in_child
from support.gateways import gateway

pytestmark = pytest.mark.usefixtures("no_leaks")
LONG = 30.0  # seconds that nobody waits
SOON = 3.0


def by_close(results: Results[Any]) -> None:
    results.close()


def by_with(results: Results[Any]) -> None:
    with results:
        pass


def by_an_error(results: Results[Any]) -> None:
    with pytest.raises(ZeroDivisionError), results:
        1 / 0  # noqa: B018


def by_dropping(results: Results[Any]) -> None:
    """The caller's own reference is the last one."""


def by_a_cycle(results: Results[Any]) -> None:
    cycle: list[Any] = [results]
    cycle.append(cycle)


WAYS = [by_close, by_with, by_an_error, by_dropping, by_a_cycle]


def quickly(condition: Callable[[], bool]) -> bool:
    end = time.monotonic() + SOON
    while not condition():
        if time.monotonic() > end:
            return False
        time.sleep(0.005)
    return True


def reader(results: Results[Any], *, or_has_it: bool = False) -> threading.Thread:
    """Another thread that wants the first result, and does not get it."""

    def read() -> None:
        expected = pytest.raises(GatewayError, match="closed while it was read")
        with contextlib.suppress(GatewayError) if or_has_it else expected:
            next(results)

    thread = threading.Thread(target=read)
    thread.start()
    return thread


@pytest.mark.parametrize("leave", WAYS, ids=lambda way: way.__name__)
def test_calls_under_way_are_cancelled_and_blame_nobody(leave: Any) -> None:
    first = ScriptedCompletions(default="quick")
    slow = ScriptedCompletions("quick", latency=0)
    slow.always([LONG, "late"])
    with Gateway([Candidate("a", slow), Candidate("b", first)]) as gw:
        results = gw.map(range(4), "{}", threads=4, ordered=False)
        next(results)
        run = results._run
        assert quickly(lambda: gw.health()["a"].in_flight == slow.hits - 1 == run.out > 0)
        asked = slow.hits
        leave(results)
        del results
        gc.collect()
        assert quickly(lambda: gw.health()["a"].in_flight == 0)
        assert slow.hits == asked  # nothing more is begun
        assert first.hits == 0  # and nothing fails over
        assert gw.health()["a"].errors == 0
        assert gw.completion("Hi", exclude="a").content == "quick"


def test_a_real_connection_is_closed() -> None:
    with Sandbox() as box:
        box.always(Fault.stall())
        candidate = Candidate("a", OpenAI(api_key=box.api_key, base_url=box.openai_url), "m")
        with Gateway([candidate]) as gw:
            results = gw.map(range(100), "{}", threads=3)
            reading = reader(results)
            assert box.wait_until(lambda: box.hits == 3)
            results._run.stop()
            reading.join(SOON)
            assert not reading.is_alive()
            assert box.wait_until(lambda: box.open_connections == 0)
            assert gw.health()["a"].errors == 0


def test_a_row_that_waits_for_recovery_is_left_too() -> None:
    with Gateway([Candidate("a", ScriptedProvider())]) as gw:
        gw.melt("a"), gw.melt("a")
        results = gw.map(range(3), "{}", threads=2)
        reading = reader(results)
        assert quickly(lambda: len(results._run._crew) == 2)
        results._run.bell.put(None)  # as if it had been dropped
        reading.join(SOON)
        assert not reading.is_alive()


def test_an_interrupt_while_waiting_leaves_the_batch_and_goes_on() -> None:
    slow = ScriptedCompletions(default=[LONG, "late"])
    with Gateway([Candidate("a", slow)]) as gw:
        results = gw.map(range(10), "{}", threads=2)
        results._run.take = _interrupting(lambda: slow.hits == 2)  # type: ignore[method-assign]
        began = time.monotonic()
        with pytest.raises(KeyboardInterrupt):
            next(results)
        assert time.monotonic() - began < SOON
        assert gw.health()["a"].in_flight == 0
        assert list(results) == []


def _interrupting(ready: Callable[[], bool]) -> Any:
    def take() -> None:
        assert quickly(ready)
        raise KeyboardInterrupt

    return take


def test_a_provider_that_cannot_be_cancelled_is_not_waited_for_long(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run_module, "PATIENCE", 0.1)
    held, inside = threading.Event(), threading.Event()

    class Stubborn:
        def complete(self, messages: Any) -> Response:
            inside.set()
            held.wait(LONG)
            return Response("late")

    with Gateway([Candidate("a", Stubborn())]) as gw:
        results = gw.map(range(10), "{}", threads=1)
        reading = reader(results)
        assert inside.wait(SOON)
        began = time.monotonic()
        results.close()
        assert time.monotonic() - began < 1
        held.set()
        reading.join(SOON)


def test_what_was_handed_to_an_executor_is_not_begun_any_more() -> None:
    held = threading.Event()
    asked = []

    def hold(messages: Any, options: Any) -> str:
        asked.append(messages)
        held.wait(LONG)
        return "x"

    with gateway(ScriptedProvider(default=hold)) as gw, ThreadPoolExecutor(1) as pool:
        results = gw.map(range(10), "{}", executor=pool)
        reading = reader(results, or_has_it=True)  # the first call may be through just then
        assert quickly(lambda: len(asked) == 1)
        results._run.stopper.stop()
        held.set()
        results.close()
        reading.join(SOON)
    assert len(asked) == 1


def test_results_that_nobody_wanted_leave_nothing(tmp_path: Any) -> None:
    with gateway("x") as gw:
        results = gw.map(range(10), "{}", journal=tmp_path / "run.sqlite")
        del results
        for _ in gw.map(range(10), "{}", journal=tmp_path / "run.sqlite"):
            break
        gw.map(range(10), "{}", journal=tmp_path / "run.sqlite").close()  # who goes before is given time to end
        assert [path.name for path in tmp_path.iterdir()] == ["run.sqlite"]


def test_a_generator_of_rows_is_let_go() -> None:
    ended = []

    def rows() -> Iterator[int]:
        try:
            yield from range(1000)
        finally:
            ended.append(True)

    with gateway("x") as gw:
        with gw.map(rows(), "{}", threads=2) as results:
            next(results)
        assert ended == [True]


def test_a_batch_does_not_go_on_in_a_forked_child() -> None:
    with gateway("x") as gw:
        results = gw.map(range(10), "{}", threads=2)
        next(results)
        run = results._run
        assert quickly(lambda: run._todo.empty() and not run._working)  # see support/forked_traffic.py

        def go_on() -> str:
            try:
                next(results)
            except Exception as error:
                results.close()
                return str(error)
            return "it went on"

        assert "only in the process that began it" in in_child(go_on)
        assert len(list(results)) == 9
