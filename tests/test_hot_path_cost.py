"""What a call costs, without a clock: counted function calls, locks taken and what is left behind, with bounds.

A bound is what was counted when it was recorded, and a little room for an honest reason. Who goes over one has made
each call dearer: look at it with `python -m benchmarks --only where`, and record anew what is worth its price.
"""

from __future__ import annotations

import gc
import json
import sys
import threading
from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest

from agentsea_gateway import BreakerPolicy, Candidate, Gateway, Response, dialects
from agentsea_gateway.errors import StreamInterruptedError
from agentsea_gateway.providers import OpenAI
from agentsea_gateway.routing import CostOptimized, Failover, LatencyOptimized, RoundRobin
from agentsea_gateway.stream_events import Content, Done, Start
from raw_server import FIN, REQUEST, RawServer, Repeat, answer, chunked, head, ok

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from agentsea_gateway.stream_events import StreamEvent

pytestmark = pytest.mark.skipif(
    sys.implementation.name != "cpython" or sys.version_info[:2] != (3, 11),
    reason="the bounds were counted with CPython 3.11; others count calls in other places",
)

BODY = {
    "id": "chatcmpl-1",
    "object": "chat.completion",
    "created": 1,
    "model": "gpt-4.1",
    "choices": [{"index": 0, "message": {"role": "assistant", "content": "Hello!"}, "finish_reason": "stop"}],
    "usage": {"prompt_tokens": 9, "completion_tokens": 3, "total_tokens": 12},
}
GOOD = ok(json.dumps(BODY).encode(), content_type="application/json", date="Wed, 24 Nov 2027 12:00:00 GMT")
BAD = answer("500 Internal Server Error", b'{"error": {"message": "no", "type": "server_error"}}')


class Count:
    """What one run called: Python functions by qualified name, and how many C functions."""

    def __init__(self, run: Callable[[], object]) -> None:
        self.functions: Counter[str] = Counter()
        self.builtins = 0
        sys.setprofile(self._note)
        try:
            run()
        finally:
            sys.setprofile(None)
        self.builtins -= 1  # the one that ends the counting

    def _note(self, frame: Any, event: str, argument: Any) -> None:
        if event == "call":
            self.functions[frame.f_code.co_qualname] += 1
        elif event == "c_call":
            self.builtins += 1

    @property
    def python(self) -> int:
        """How many Python functions were called."""
        return self.functions.total()


def counted(run: Callable[[], object]) -> Count:
    """The least of a few warm runs: what all of them do."""
    for _ in range(5):
        run()
    return min((Count(run) for _ in range(5)), key=lambda count: count.python + count.builtins)


class Instant:
    """A provider that answers at once."""

    def complete(self, messages: Any) -> Response:
        return Response("Hello!")


class Batch:
    """A stream whose events are all there at once."""

    def __init__(self, events: int) -> None:
        self.events: list[StreamEvent] = [
            Start("1", "m"),
            *[Content("word ")] * events,
            Done.of(Response("word " * events)),
        ]

    def next_batch(self) -> list[StreamEvent]:
        return self.events

    def partial(self) -> Response:
        return Response("")

    def close(self) -> None:
        pass


class Batches:
    """A provider of such streams."""

    def __init__(self, events: int) -> None:
        self.count = events

    def stream(self, messages: Any) -> Batch:
        return Batch(self.count)


class CountingLock:
    """A lock that counts how often it is taken."""

    def __init__(self) -> None:
        self.taken = 0
        self._lock = threading.Lock()

    def __enter__(self) -> None:
        self._lock.acquire()
        self.taken += 1

    def __exit__(self, *_: object) -> None:
        self._lock.release()


def offline(candidates: int = 2, **settings: Any) -> Gateway:
    """A gateway without HTTP."""
    provider = Instant()
    return Gateway([Candidate(f"c{number}", provider, "m") for number in range(candidates)], **settings)


def two(first: RawServer, second: RawServer, **settings: Any) -> Gateway:
    """A gateway over two servers."""
    candidates = [
        Candidate(name, OpenAI(api_key="sk-x", base_url=f"http://127.0.0.1:{server.port}/v1"), "gpt-4.1")
        for name, server in (("a", first), ("b", second))
    ]
    return Gateway(candidates, **settings)


@pytest.fixture
def good() -> Iterator[RawServer]:
    with RawServer([Repeat([REQUEST, GOOD])]) as server:
        yield server


@pytest.fixture
def bad() -> Iterator[RawServer]:
    with RawServer([Repeat([REQUEST, BAD])]) as server:
        yield server


# -- how many functions ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("candidates", [2, 20, 1000])
def test_the_gateways_own_share_does_not_grow_with_the_candidates(candidates: int) -> None:
    with offline(candidates) as gw:
        count = counted(lambda: gw.completion("Hi"))
    assert count.python <= 50
    assert count.builtins <= 45


def test_a_completion_over_http_stays_within_its_calls(good: RawServer) -> None:
    with two(good, good) as gw:
        count = counted(lambda: gw.completion("Hi"))
    assert count.python <= 134
    assert count.builtins <= 157


def test_a_failover_costs_little_more_than_two_calls(good: RawServer, bad: RawServer) -> None:
    with two(good, good) as gw:
        one = counted(lambda: gw.completion("Hi"))
    with two(bad, good, breaker=BreakerPolicy(window=1e-6, lookback=False)) as gw:
        over = counted(lambda: gw.completion("Hi"))
    assert over.python <= 2.2 * one.python
    assert over.builtins <= 2.5 * one.builtins  # an error's body is looked at more closely


def test_an_event_of_a_stream_costs_the_consumer_one_function() -> None:
    def streamed(events: int) -> Count:
        with Gateway([Candidate("a", Batches(events))]) as gw:
            return counted(lambda: [*gw.stream("Hi")])

    few, many = streamed(20), streamed(120)
    assert (many.python - few.python) / 100 <= 1
    assert (many.builtins - few.builtins) / 100 <= 1


def test_an_event_of_a_stream_is_decoded_in_a_few_calls() -> None:
    def decoded(events: int) -> Count:
        chunk = {
            "id": "1",
            "model": "m",
            "choices": [{"index": 0, "delta": {"content": "word "}, "finish_reason": None}],
        }
        data = b"data: " + json.dumps(chunk).encode() + b"\n\n"

        def run() -> None:
            decoder = dialects.get("openai_chat").decoder()
            decoder.feed(data * 2)
            decoder.feed(data * events)

        return counted(run)

    few, many = decoded(20), decoded(120)
    assert (many.python - few.python) / 100 <= 1
    assert (many.builtins - few.builtins) / 100 <= 8


# -- what is not done --------------------------------------------------------------------------------------------------


def test_nothing_is_told_where_nobody_listens_and_nothing_explained_where_nobody_asks(good: RawServer) -> None:
    with two(good, good) as gw:
        names = counted(lambda: gw.completion("Hi")).functions
    assert not [name for name in names if name in ("emit", "Route.explain", "wall_clock", "logger", "retry")]


def test_what_is_constant_for_a_candidate_is_not_built_again(good: RawServer) -> None:
    with two(good, good) as gw:
        names = counted(lambda: gw.completion("Hi")).functions
    built_once = ("with_defaults", "head_bytes", "checked_headers", "target_of", "Signature.__init__", "get_endpoint")
    assert not [name for name in names if name in built_once]


@pytest.mark.parametrize("strategy", [Failover(), RoundRobin(), CostOptimized(), LatencyOptimized()])
def test_no_strategy_asks_the_state_about_every_candidate(strategy: Any) -> None:
    with offline(200, strategy=strategy) as gw:
        names = counted(lambda: gw.completion("Hi")).functions
    assert names["Cell.usable_at"] <= 3
    assert names["LocalState._sort_out_locked"] == 0


# -- locks -------------------------------------------------------------------------------------------------------------


def test_a_completion_takes_the_lock_three_times(good: RawServer) -> None:
    with two(good, good) as gw:
        gw.completion("Hi")
        lock = gw._core.state._lock = CountingLock()
        gw.completion("Hi")
    assert lock.taken == 3  # plan, admit, settle


def test_a_stream_takes_the_lock_four_times() -> None:
    with Gateway([Candidate("a", Batches(100))]) as gw:
        [*gw.stream("Hi")]
        lock = gw._core.state._lock = CountingLock()
        [*gw.stream("Hi")]
    assert lock.taken == 4  # and once for its first content


def test_a_failover_takes_the_lock_five_times(good: RawServer, bad: RawServer) -> None:
    with two(bad, good) as gw:
        lock = gw._core.state._lock = CountingLock()
        gw.completion("Hi")
    assert lock.taken == 5


# -- what is left behind -----------------------------------------------------------------------------------------------


def test_calls_leave_nothing_behind() -> None:
    with offline() as gw:
        for _ in range(100):
            gw.completion("Hi")
        gc.collect()
        before = sys.getallocatedblocks()
        for _ in range(1000):
            gw.completion("Hi")
        gc.collect()
        left = sys.getallocatedblocks() - before
    assert left <= 50


def test_a_call_makes_no_work_for_the_collector(good: RawServer, bad: RawServer) -> None:
    with two(good, good) as well, two(bad, good, breaker=BreakerPolicy(window=1e-6, lookback=False)) as ill:
        for gw in (well, ill):
            gw.completion("Hi")
            gc.collect()
            gc.disable()
            try:
                for _ in range(20):
                    gw.completion("Hi")
                assert gc.collect() == 0
            finally:
                gc.enable()


def test_a_stream_that_breaks_makes_no_work_for_the_collector() -> None:
    """An error held by a frame that it was raised through would keep sockets and buffers until the next collection."""
    chunk = b'data: {"id": "1", "model": "m", "choices": [{"index": 0, "delta": {"content": "word "}}]}\n\n'
    opening = head(content_type="text/event-stream", transfer_encoding="chunked")
    with (
        RawServer([REQUEST, opening + chunked(chunk, chunk, end=b""), FIN]) as breaking,
        two(breaking, breaking, breaker=BreakerPolicy(window=1e-6, lookback=False)) as gw,
    ):
        read_until_it_breaks(gw)
        gc.collect()
        gc.disable()
        try:
            for _ in range(10):
                read_until_it_breaks(gw)
            assert gc.collect() == 0
        finally:
            gc.enable()


def read_until_it_breaks(gw: Gateway) -> None:
    """Read a stream that ends in an error."""
    with pytest.raises(StreamInterruptedError):
        [*gw.stream("Hi")]
