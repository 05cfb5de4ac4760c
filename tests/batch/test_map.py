"""`gw.map`: one result per row, in bounded numbers, in threads that make calls and nothing else."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from typing import Any

import pytest

from agentsea_gateway import Candidate, Gateway, Response, ToolCall
from agentsea_gateway.batch import Result, Results
from agentsea_gateway.batch.start import AHEAD, THREADS
from agentsea_gateway.errors import (
    AllProvidersUnavailableError,
    GatewayClosedError,
    GatewayError,
    InvalidRequestError,
    OverloadedError,
    RowError,
)
from agentsea_gateway.testing import FakeClock, ScriptedCompletions, ScriptedProvider
from support.gateways import clock_of, gateway

PATIENCE = 10.0


def echo(messages: Any, options: Any) -> Any:
    """What was asked, again; "bad" is refused."""
    text = messages[-1]["content"]
    return OverloadedError("busy") if "bad" in text else text


def contents(results: Results[Any]) -> list[str]:
    return [result.content for result in results]


class Busy:
    """A provider that counts who is in it at once, and holds everybody until `count` are."""

    def __init__(self, count: int) -> None:
        self.barrier = threading.Barrier(count)
        self.most = self.now = 0
        self._lock = threading.Lock()

    def complete(self, messages: Any) -> Response:
        with self._lock:
            self.now += 1
            self.most = max(self.most, self.now)
        self.barrier.wait(PATIENCE)
        with self._lock:
            self.now -= 1
        return Response("ok")


class Slow:
    """A provider that lets a row go when another one has been answered."""

    def __init__(self, first: str, then: str) -> None:
        self._first, self._then = first, then
        self._answered = threading.Event()

    def complete(self, messages: Any) -> Response:
        text = messages[-1]["content"]
        if text == self._then:
            assert self._answered.wait(PATIENCE)
        if text == self._first:
            self._answered.set()
        return Response(text)


# -- what comes back ---------------------------------------------------------------------------------------------------


def test_one_result_per_row_with_all_that_belongs_to_it(no_leaks: None) -> None:
    with gateway(ScriptedProvider(default=echo)) as gw:
        results = gw.map([{"text": "a"}, {"text": "b"}], "Say {text}", system="Be brief.", seed=7)
        first, second = results
    assert (first.index, first.row, first.content, first.ok, first.error) == (0, {"text": "a"}, "Say a", True, None)
    assert (second.index, second.content, second.resumed) == (1, "Say b", False)
    assert first.response is not None
    assert first.response.served_by == "a"
    assert first.route is first.response.route
    assert repr(first) == "Result(0, Response('Say a', stop_reason='stop', served_by='a'))"


def test_options_and_system_go_to_every_row_unless_it_brings_its_own() -> None:
    provider = ScriptedProvider(default=echo)
    with gateway(provider) as gw:
        rows = [{"messages": "Hi", "seed": 1, "system": "Rhyme."}, {"messages": "Ho"}]
        list(gw.map(rows, system="Be brief.", seed=7, temperature=0, threads=1))
    first, second = provider.calls
    assert [first.messages[0]["content"], second.messages[0]["content"]] == ["Rhyme.", "Be brief."]
    assert [call.options["seed"] for call in provider.calls] == [1, 7]
    assert second.options["temperature"] == 0


def test_results_come_in_the_order_of_the_rows() -> None:
    with Gateway([Candidate("a", Slow("1", then="0"))]) as gw:
        assert contents(gw.map(["0", "1"], threads=2)) == ["0", "1"]


def test_or_as_they_are_finished() -> None:
    seen = threading.Event()

    def answer(messages: Any, options: Any) -> str:
        text: str = messages[-1]["content"]
        assert text == "1" or seen.wait(PATIENCE)
        return text

    with gateway(ScriptedProvider(default=answer)) as gw:
        results = gw.map(["0", "1"], threads=2, ordered=False)
        assert next(results).content == "1"
        seen.set()
        assert contents(results) == ["0"]


@pytest.mark.parametrize("ordered", [True, False])
def test_a_failed_row_carries_its_error_and_its_route(ordered: bool) -> None:
    with gateway(ScriptedCompletions(default=echo)) as gw:
        results = sorted(gw.map(["a", "bad", "c"], ordered=ordered, wait=False, threads=1), key=lambda it: it.index)
    assert [result.ok for result in results] == [True, False, True]
    failed = results[1]
    assert isinstance(failed.error, AllProvidersUnavailableError)
    assert failed.route is failed.error.route
    assert failed.route is not None
    assert [attempt.error for attempt in failed.route.attempts] == ["OverloadedError"]
    assert repr(failed) == "Result(1, error=AllProvidersUnavailableError)"
    with pytest.raises(AllProvidersUnavailableError):
        _ = failed.content


def test_a_row_that_no_provider_could_be_asked_fails_alone() -> None:
    with gateway("fine") as gw:
        results = list(gw.map(["a", [], "c"]))
    assert [type(result.error) for result in results] == [type(None), InvalidRequestError, type(None)]


def test_the_first_failure_may_end_the_batch(no_leaks: None) -> None:
    provider = ScriptedCompletions(default=echo)
    with gateway(provider) as gw:
        results = gw.map(["a", "bad", "c", "d"], on_error="raise", wait=False, threads=1)
        assert next(results).content == "a"
        with pytest.raises(AllProvidersUnavailableError) as raised:
            next(results)
        assert "in row 1 of the batch" in raised.value.__notes__
        assert list(results) == []


def test_no_rows_no_results() -> None:
    with gateway("x") as gw:
        assert list(gw.map([])) == []


# -- in bounded numbers ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("ordered", [True, False])
def test_rows_are_never_read_further_ahead_than_the_window(ordered: bool) -> None:
    read = []

    def rows() -> Iterator[int]:
        for number in range(1_000_000):
            read.append(number)
            yield number

    with gateway("x") as gw:
        results = gw.map(rows(), "{}", threads=3, ordered=ordered)
        assert read == []  # nothing before the first is wanted
        for yielded in range(1, 200):
            next(results)
            assert len(read) <= yielded + 3 * AHEAD
        results.close()
        assert len(read) < 250


def test_no_more_calls_at_once_than_threads() -> None:
    busy = Busy(4)
    with Gateway([Candidate("a", busy)]) as gw:
        assert len(list(gw.map(range(16), "{}", threads=4))) == 16
    assert busy.most == 4


def test_threads_are_started_as_they_are_needed() -> None:
    before = threading.active_count()
    most = 0

    def count(messages: Any, options: Any) -> str:
        nonlocal most
        most = max(most, threading.active_count() - before)
        return "x"

    with gateway(ScriptedProvider(default=count)) as gw:
        list(gw.map(range(3), "{}"))
    assert most <= 3 + 1  # and the janitor
    assert THREADS == 32


def test_rows_are_read_and_made_requests_of_in_the_consumers_own_thread() -> None:
    mine = threading.current_thread()
    seen = []

    def rows() -> Iterator[int]:
        for number in range(20):
            seen.append(threading.current_thread())
            yield number

    def make(row: int) -> str:
        seen.append(threading.current_thread())
        return str(row)

    with gateway("x") as gw:
        list(gw.map(rows(), make, threads=4))
    assert set(seen) == {mine}


def test_memory_is_not_spent_on_what_nobody_reads() -> None:
    clock = FakeClock()
    provider = ScriptedProvider(default=Response("x", raw={"big": 1}))
    with gateway(OverloadedError("busy"), "other", provider, clock=clock) as gw:
        gw.melt("b"), gw.melt("b")
        (served,) = gw.map(["Hi"], exclude="a")
        assert served.response is not None
        assert served.response.raw is None
        assert served.route is not None
        assert served.route.skipped == ()
        (failed,) = gw.map(["Hi"], exclude=["b", "c"], wait=False)
    assert failed.error is not None
    assert failed.error.__traceback__ is None
    assert failed.route is not None
    assert {out.reason for out in failed.route.skipped} == {"excluded"}


# -- waiting -----------------------------------------------------------------------------------------------------------


def test_a_row_waits_for_somebody_to_recover() -> None:
    """A dead minute does not cost the rest of a batch."""
    with gateway("x") as gw:
        gw.melt("a"), gw.melt("a")
        assert contents(gw.map(["1"])) == ["x"]
        assert clock_of(gw).monotonic() >= 1030


def test_but_not_longer_than_its_own_time() -> None:
    with gateway("x") as gw:
        gw.melt("a"), gw.melt("a")
        (result,) = gw.map(["1"], timeout=10)
    assert isinstance(result.error, AllProvidersUnavailableError)


# -- what is wrong -----------------------------------------------------------------------------------------------------


def test_rows_that_break_are_an_error_with_the_rows_number_after_those_before_it(no_leaks: None) -> None:
    def rows() -> Iterator[str]:
        yield "a"
        yield "b"
        raise OSError("the disk")

    with gateway(ScriptedProvider(default=echo)) as gw:
        results = gw.map(rows())
        assert [next(results).content, next(results).content] == ["a", "b"]
        with pytest.raises(RowError, match="row 2 could not be read: OSError: the disk") as raised:
            next(results)
    assert raised.value.index == 2
    assert isinstance(raised.value.__cause__, OSError)


def test_a_function_that_breaks_is_an_error_with_the_rows_number() -> None:
    with gateway("x") as gw:
        results = gw.map([1, 2, 0, 3], lambda row: str(1 / row))
        next(results), next(results)
        with pytest.raises(RowError, match="row 2 could not be made a request: ZeroDivisionError") as raised:
            next(results)
        assert list(results) == []
    assert (raised.value.index, type(raised.value.__cause__)) == (2, ZeroDivisionError)


def test_a_column_that_a_row_does_not_have_is_named() -> None:
    with gateway("x") as gw, pytest.raises(RowError, match="row 1: the prompt names 'text'"):
        list(gw.map([{"text": 1}, {"txet": 1}], "{text}"))


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"rows": "abc"}, "rows is a str"),
        ({"rows": 7}, "rows is a int"),
        ({"prompt": 7}, "prompt is a int"),
        ({"prompt": "{"}, "no format string"),
        ({"threads": 0}, "threads is 0"),
        ({"threads": 2.5}, "threads is 2.5"),
        ({"on_error": "ignore"}, "on_error is 'ignore'"),
        ({"executor": 4}, "executor is a int"),
        ({"key": "id"}, "key is a str"),
        ({"journal": 7}, "journal is 7"),
        ({"temprature": 1}, "did you mean 'temperature'"),
        ({"temperature": "hot"}, "temperature is 'hot'"),
    ],
)
def test_wrong_arguments_are_said_at_once(given: dict[str, Any], said: str) -> None:
    with gateway("x") as gw, pytest.raises(InvalidRequestError, match=said):
        gw.map(**{"rows": [], **given})


def test_a_data_frame_is_no_list_of_rows() -> None:
    class Frame:
        def __iter__(self) -> Iterator[str]:
            return iter(["column"])

        def itertuples(self) -> None:
            """As pandas has it."""

    with gateway("x") as gw, pytest.raises(InvalidRequestError, match="to_dict"):
        gw.map(Frame())


def test_an_argument_that_no_completion_takes_fails_its_row() -> None:
    with gateway("x") as gw:
        rows = [{"messages": "Hi", "stopper": 1}, {"messages": "Hi", "temprature": 1}, {"messages": "Hi"}]
        results = list(gw.map(rows))
    assert [type(result.error) for result in results] == [InvalidRequestError, InvalidRequestError, type(None)]


def test_a_closed_gateway_ends_the_batch(no_leaks: None) -> None:
    gw = gateway("x")
    results = gw.map(range(1000), "{}", threads=2)
    next(results)
    gw.close()
    with pytest.raises(GatewayClosedError):
        list(results)


def test_what_is_no_error_of_ours_ends_the_batch() -> None:
    with gateway(ScriptedProvider(default=KeyboardInterrupt())) as gw, pytest.raises(KeyboardInterrupt):
        list(gw.map(["a"]))


# -- in an executor ----------------------------------------------------------------------------------------------------


def test_an_executor_of_threads_may_be_given() -> None:
    names = set()

    def note(messages: Any, options: Any) -> str:
        names.add(threading.current_thread().name.split("_")[0])
        return "x"

    with gateway(ScriptedProvider(default=note)) as gw, ThreadPoolExecutor(3, thread_name_prefix="mine") as pool:
        assert len(list(gw.map(range(30), "{}", executor=pool))) == 30
        pool.submit(int).result()  # it is not shut down
    assert names == {"mine"}


def test_its_threads_are_the_bound_unless_another_is_given() -> None:
    class AtOnce(Executor):
        """Not even a thread."""

        def __init__(self) -> None:
            self.most = 0

        def submit(self, function: Any, /, *args: Any, **kwargs: Any) -> Future[Any]:
            function(*args, **kwargs)
            future: Future[Any] = Future()
            future.set_result(None)
            return future

    with gateway("x") as gw:
        assert len(list(gw.map(range(5), "{}", executor=AtOnce(), threads=2))) == 5


def test_an_executor_of_processes_is_refused() -> None:
    class ProcessPoolExecutor(ThreadPoolExecutor):
        """A name is all that is looked at: the real one need not be loaded."""

    with gateway("x") as gw, ProcessPoolExecutor() as pool:
        with pytest.raises(InvalidRequestError, match="give a ThreadPoolExecutor"):
            gw.map([1], executor=pool)


def test_an_executor_that_is_shut_down_ends_the_batch() -> None:
    held = threading.Event()

    def hold(messages: Any, options: Any) -> str:
        assert held.wait(PATIENCE)
        return "x"

    with gateway(ScriptedProvider(default=hold)) as gw, ThreadPoolExecutor(1) as pool:
        results = gw.map(range(10), "{}", executor=pool)
        threading.Timer(0.05, lambda: (pool.shutdown(wait=False, cancel_futures=True), held.set())).start()
        with pytest.raises((GatewayError, RuntimeError), match="shut ?down"):
            list(results)


# -- the rest ----------------------------------------------------------------------------------------------------------


def test_tool_calls_and_watched_calls_work_in_a_batch_too() -> None:
    answer = Response("", tool_calls=(ToolCall("1", "f", {}, "{}"),), stop_reason="tool_use")
    provider = ScriptedProvider(default=answer)
    with gateway(provider) as gw:
        (result,) = gw.map(["Hi"], watch=True)
    assert result.response is not None
    assert result.response.tool_calls == answer.tool_calls
    assert provider.calls[0].streamed


def test_the_results_say_how_far_they_are() -> None:
    with gateway("x") as gw:
        results = gw.map([1, 2], "{}")
        assert repr(results) == "Results(0 rows so far, open)"
        next(results)
        results.close()
        assert repr(results) == "Results(1 rows so far, closed)"


def test_the_names_that_programs_annotate_with_are_there() -> None:
    from agentsea_gateway import batch

    assert (batch.Result, batch.Results) == (Result, Results)
    with pytest.raises(AttributeError):
        _ = batch.Resluts  # type: ignore[attr-defined]
