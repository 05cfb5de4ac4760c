"""Streams as their consumer sees them: events, text, the end, and every way of leaving."""

from __future__ import annotations

import gc
import threading
from typing import TYPE_CHECKING, Any

import pytest

from agentsea_gateway import Response, Stream, ToolCall, Usage
from agentsea_gateway.errors import (
    APIConnectionError,
    APITimeoutError,
    GatewayError,
    RateLimitError,
    StreamInterruptedError,
)
from agentsea_gateway.stream_events import Content, Done, Start, Thinking, ToolCallDelta
from agentsea_gateway.testing import FakeClock, ScriptedProvider
from support.gateways import clock_of, counts, gateway

if TYPE_CHECKING:
    from collections.abc import Iterator


CUT = APIConnectionError("connection reset")
CALL = [
    ToolCallDelta(0, "id-1", "weather"),
    ToolCallDelta(0, arguments='{"city": '),
    ToolCallDelta(0, arguments='"Rome"}'),
]
WHOLE = Response(
    "Hello there",
    thinking="Hm.",
    tool_calls=(ToolCall("id-1", "weather", {"city": "Rome"}, '{"city": "Rome"}'),),
    stop_reason="tool_use",
    usage=Usage(3, 4),
    model="m-1",
    id="r-1",
    raw={"id": "r-1"},
)


def ends_of(heard: list[Any]) -> list[str]:
    """The outcomes of the routes that listeners heard the end of."""
    return [event.outcome for event in heard if event.name == "agentsea.gateway.route.stop"]


def assert_no_answer(stream: Stream, came: str) -> None:
    """Whoever reads on in a stream that was left or broke is told so, every time: it must not look like an end."""
    for read in (lambda: next(stream), lambda: list(stream), lambda: "".join(stream.text)):
        with pytest.raises(StreamInterruptedError, match=r"^a: the stream was closed before its end\b") as caught:
            read()
        assert caught.value.partial.content == came
        assert caught.value.route is stream.route
    with pytest.raises(GatewayError, match="closed before its end: there is no whole response, see .partial") as closed:
        _ = stream.response
    assert closed.value.route is stream.route
    assert stream.partial.content == came


# -- reading -----------------------------------------------------------------------------------------------------------


def test_typed_events_come_in_order_and_end_in_done() -> None:
    events = list(gateway(WHOLE).stream("Hi"))
    assert events[:-1] == [
        Start("r-1", "m-1"),
        Thinking("Hm."),
        Content("Hello"),
        Content(" there"),
        ToolCallDelta(0, "id-1", "weather"),
        ToolCallDelta(0, arguments='{"city": "Rome"}'),
    ]
    done = events[-1]
    assert isinstance(done, Done)
    assert (done.stop_reason, done.usage) == ("tool_use", Usage(3, 4))
    assert done.response == WHOLE.with_fields(served_by="a")


def test_the_streams_response_is_the_plain_calls() -> None:
    gw = gateway(WHOLE)
    with gw.stream("Hi") as stream:
        for _ in stream:
            pass
    assert stream.response == gw.completion("Hi")
    assert stream.partial is stream.response
    assert stream.response.raw == {"id": "r-1"}
    assert stream.response.route is stream.route


def test_text_leaves_everything_else_out() -> None:
    text = gateway(WHOLE).stream("Hi").text
    assert "".join(text) == "Hello there"
    assert text.stream.response.stop_reason == "tool_use"


def test_without_raw_the_body_is_dropped() -> None:
    gw = gateway(WHOLE, keep_raw=False)
    stream = gw.stream("Hi")
    assert [event.response.raw for event in stream if isinstance(event, Done)] == [None]
    assert stream.response.raw is None
    assert gw.completion("Hi").raw is None


def test_the_response_is_there_once_the_stream_is_done() -> None:
    stream = gateway("Hello there").stream("Hi")
    with pytest.raises(GatewayError, match="not done: read it to its end first, or look at .partial") as caught:
        _ = stream.response
    assert caught.value.route is stream.route
    assert [next(stream), next(stream)] == [Start(model="model-a"), Content("Hello")]
    assert stream.partial.content == "Hello"
    assert (stream.partial.stop_reason, stream.partial.served_by) == (None, "a")


def test_after_the_end_there_is_nothing_more() -> None:
    gw = gateway("Hello")
    stream = gw.stream("Hi")
    assert len(list(stream)) == 3
    assert list(stream) == []
    assert list(stream.text) == []
    assert counts(gw.health()) == {"a": (1, 0)}


def test_a_stream_with_no_content_at_all_is_an_answer() -> None:
    """F28."""
    gw = gateway(Response("", usage=Usage(1, 0)))
    assert [type(event) for event in gw.stream("Hi")] == [Start, Done]
    assert counts(gw.health()) == {"a": (1, 0)}


def test_what_a_plain_provider_yields_after_done_is_not_read() -> None:
    class Talkative:
        closed = False

        def stream(self, messages: Any) -> Iterator[Any]:
            try:
                yield Content("x")
                yield Done.of(Response("x"))
                raise AssertionError("read on after Done")
            finally:
                self.closed = True

    provider = Talkative()
    assert [type(event) for event in gateway(provider).stream("Hi")] == [Content, Done]
    assert provider.closed


def test_two_threads_cannot_read_one_stream() -> None:
    inside, go = threading.Event(), threading.Event()

    class Slow:
        def stream(self, messages: Any) -> Iterator[Any]:
            yield Content("x")
            inside.set()
            assert go.wait(5)
            yield Done.of(Response("x"))

    stream = gateway(Slow()).stream("Hi")
    first = threading.Thread(target=list, args=(stream,))
    first.start()
    assert inside.wait(5)
    with pytest.raises(GatewayError, match="two threads read one stream"):
        next(stream)
    go.set()
    first.join()
    assert stream.response.content == "x"


# -- breaking ----------------------------------------------------------------------------------------------------------

BREAKS: dict[str, tuple[Any, str]] = {
    "a cut": (CUT, "APIConnectionError"),
    "an end without Done": (..., "MalformedResponseError"),
    "a foreign exception": (ZeroDivisionError("oh"), "ZeroDivisionError"),
    "nonsense": ({"text": "x"}, "MalformedResponseError"),
}


@pytest.mark.parametrize(("last", "name"), BREAKS.values(), ids=BREAKS)
def test_after_content_nobody_else_is_asked(last: Any, name: str) -> None:
    """G05, F33, F34: interrupted, the partial answer kept, the backup untouched."""
    heard: list[Any] = []
    backup = ScriptedProvider()
    gw = gateway([Start("r-1", "m-1"), Thinking("Hm."), "Hello", *CALL[:2], last], backup, listeners=heard.append)
    stream = gw.stream("Hi")
    seen = []
    with pytest.raises(StreamInterruptedError, match="^a: the stream broke after content: ") as caught:
        seen.extend(stream)
    error = caught.value
    assert (error.candidate, error.provider, error.model, error.error) == ("a", "scripted", "model-a", name)
    assert error.partial == Response(
        "Hello",
        thinking="Hm.",
        tool_calls=(ToolCall("id-1", "weather", None, '{"city": '),),
        stop_reason=None,
        id="r-1",
        model="m-1",
        served_by="a",
    )
    assert backup.hits == 0
    assert counts(gw.health()) == {"a": (1, 1), "b": (0, 0)}
    assert error.route is stream.route
    assert [attempt.outcome for attempt in stream.route.attempts] == ["failure"]
    assert ends_of(heard) == ["error"]
    assert_no_answer(stream, "Hello")
    assert repr(stream) == "Stream(closed, served_by='a')"


def test_whole_tool_calls_are_parsed_in_the_partial() -> None:
    with pytest.raises(StreamInterruptedError) as caught:
        list(gateway(["Hello", *CALL, CUT]).stream("Hi"))
    assert caught.value.partial.tool_calls == (ToolCall("id-1", "weather", {"city": "Rome"}, '{"city": "Rome"}'),)


def test_a_break_melts_and_two_of_them_blow() -> None:
    gw = gateway(["Hello", CUT], "b")
    for _ in range(2):
        with pytest.raises(StreamInterruptedError):
            list(gw.stream("Hi"))
    assert gw.ask("a") == "blown"
    assert gw.stream("Hi").served_by == "b"


def test_pushback_after_content_benches() -> None:
    """F56."""
    gw = gateway(["Hello", RateLimitError("slow down", retry_after=9)], "b")
    with pytest.raises(StreamInterruptedError):
        list(gw.stream("Hi"))
    assert gw.health()["a"].benched_until is not None
    assert gw.ask("a") == "ok"


def test_silence_after_content_is_a_failure() -> None:
    """F39: the idle time ran out."""
    gw = gateway(["Hello", 20.0, Start(), 11.0, "there"], idle_timeout=30)
    began = clock_of(gw).monotonic()
    with pytest.raises(StreamInterruptedError) as caught:
        list(gw.stream("Hi"))
    assert clock_of(gw).monotonic() - began == pytest.approx(30)
    assert caught.value.route is not None
    attempt = caught.value.route.attempts[0]
    assert (attempt.patience, attempt.outcome) == ("idle", "failure")


def test_a_consumer_slower_than_the_idle_time_is_not_charged() -> None:
    """F43: the consumer's own time is free."""
    gw = gateway(["one ", 25.0, "two ", 25.0, "three"], idle_timeout=30, timeout=5)
    text = []
    for piece in gw.stream("Hi").text:
        text.append(piece)
        clock_of(gw).advance(1_000)
    assert "".join(text) == "one two three"
    assert counts(gw.health()) == {"a": (1, 0)}


@pytest.mark.parametrize("honours", [True, False])
def test_a_total_time_ends_a_stream_and_blames_nobody(honours: bool) -> None:
    clock = FakeClock()

    class Endless:
        """Does not know of the call's time."""

        def stream(self, messages: Any) -> Iterator[Any]:
            while True:
                clock.sleep(20)
                yield Content("x")

    provider = ScriptedProvider(default=[20.0, "x"] * 9) if honours else Endless()
    gw = gateway(provider, clock=clock, total_timeout=70)
    stream = gw.stream("Hi")
    with pytest.raises(StreamInterruptedError, match="APITimeoutError") as caught:
        list(stream)
    assert len(caught.value.partial.content) == (3 if honours else 4)
    assert [(it.patience, it.outcome) for it in stream.route.attempts] == [("total", "neutral")]
    assert counts(gw.health()) == {"a": (1, 0)}
    assert isinstance(caught.value.__cause__, APITimeoutError)


# -- leaving -----------------------------------------------------------------------------------------------------------


def leave_by_close(stream: Stream) -> None:
    stream.close()


def leave_by_with(stream: Stream) -> None:
    with stream:
        pass


def leave_by_an_error(stream: Stream) -> None:
    with pytest.raises(ZeroDivisionError), stream:
        raise ZeroDivisionError


def leave_by_closing_the_text(stream: Stream) -> None:
    stream.text.close()


def leave_by_breaking_off(stream: Stream) -> None:
    with stream.text as text:
        for _ in text:
            break


def leave_by_another_thread(stream: Stream) -> None:
    thread = threading.Thread(target=stream.close)
    thread.start()
    thread.join()


LEAVING = [
    leave_by_close,
    leave_by_with,
    leave_by_an_error,
    leave_by_closing_the_text,
    leave_by_breaking_off,
    leave_by_another_thread,
]


@pytest.mark.parametrize("leave", LEAVING)
def test_leaving_early_closes_and_blames_nobody(leave: Any) -> None:
    """F41."""
    heard: list[Any] = []
    provider = ScriptedProvider(default="one two three")
    gw = gateway(provider, listeners=heard.append)
    stream = gw.stream("Hi")
    assert provider.open_streams == 1
    leave(stream)
    assert provider.open_streams == 0
    stream.close()
    assert_no_answer(stream, "one")
    health = gw.health()["a"]
    assert (health.calls, health.errors, health.in_flight) == (1, 0, 0)
    assert [attempt.outcome for attempt in stream.route.attempts] == ["neutral"]
    assert ends_of(heard) == ["cancelled"]


def test_a_text_that_was_closed_is_at_its_end_as_a_generator_is() -> None:
    """WSGI: whoever closes it has seen that it is not whole."""
    text = gateway("one two").stream("Hi").text
    assert next(text) == "one"
    text.close()
    assert list(text) == []
    with pytest.raises(GatewayError, match="closed before its end"):
        _ = text.stream.response


@pytest.mark.parametrize("last", [CUT, "two"])
def test_a_text_that_ended_or_broke_stays_at_its_end(last: Any) -> None:
    text = gateway(["one", last]).stream("Hi").text
    try:
        list(text)
    except StreamInterruptedError:
        assert last is CUT
    assert list(text) == []


def test_a_text_whose_stream_is_closed_under_it_is_not_at_an_answers_end() -> None:
    stream = gateway("one two").stream("Hi")
    text = stream.text
    assert next(text) == "one"
    stream.close()
    with pytest.raises(StreamInterruptedError, match="closed before its end"):
        list(text)
    assert list(text) == []


def test_a_dropped_stream_is_freed_at_once_and_told_at_the_next_call() -> None:
    """F42: without the collector, and to the listeners of the gateway that opened it."""
    heard: list[Any] = []
    provider = ScriptedProvider(default="one two three")
    base = gateway(provider)
    derived = base.with_options(listeners=heard.append)
    gc.disable()
    try:
        stream = derived.stream("Hi")
        next(stream)
        del stream
        assert provider.open_streams == 0
        assert base.health()["a"].in_flight == 0
    finally:
        gc.enable()
    assert [event.name.rpartition(".gateway.")[2] for event in heard] == ["route.start"]
    heard.clear()
    base.completion("Hi")
    assert [event.name.rpartition(".gateway.")[2] for event in heard] == ["attempt.stop", "route.stop"]
    assert (heard[0].attempt.outcome, heard[1].outcome, heard[1].provider) == ("neutral", "cancelled", "a")
    assert counts(base.health()) == {"a": (2, 0)}


def test_a_dropped_text_frees_its_stream() -> None:
    provider = ScriptedProvider(default="one two three")
    text = gateway(provider).stream("Hi").text
    next(text)
    del text
    assert provider.open_streams == 0


@pytest.mark.parametrize("last", [CUT, "two"])
def test_text_closes_its_stream_at_the_end_and_on_error(last: Any) -> None:
    provider = ScriptedProvider(default=["one", last])
    stream = gateway(provider).stream("Hi")
    try:
        list(stream.text)
    except StreamInterruptedError:
        assert last is CUT
    assert provider.open_streams == 0


def test_an_interrupt_while_reading_leaves_the_stream() -> None:
    heard: list[Any] = []
    gw = gateway(["one", KeyboardInterrupt()], listeners=heard.append)
    stream = gw.stream("Hi")
    with pytest.raises(KeyboardInterrupt):
        list(stream)
    assert gw.health()["a"].in_flight == 0
    assert ends_of(heard) == ["cancelled"]


def test_closing_from_another_thread_wakes_the_reader() -> None:
    clock = FakeClock(auto=False)
    heard: list[Any] = []
    gw = gateway(ScriptedProvider(default=["one", 5.0, "two"]), clock=clock, listeners=heard.append)
    stream = gw.stream("Hi")
    caught: list[BaseException] = []

    def read() -> None:
        try:
            list(stream)
        except GatewayError as error:
            caught.append(error)

    reader = threading.Thread(target=read)
    reader.start()
    while not clock.sleepers:
        threading.Event().wait(0.001)
    stream.close()
    reader.join(5)
    assert not reader.is_alive()
    (error,) = caught
    assert isinstance(error, StreamInterruptedError)
    assert "the stream was closed while it was read" in str(error)
    assert error.partial.content == "one"
    assert ends_of(heard) == ["cancelled"]
    assert counts(gw.health()) == {"a": (1, 0)}


def test_many_threads_that_close_end_a_stream_once() -> None:
    heard: list[Any] = []
    gw = gateway("one two three", listeners=heard.append)
    for _ in range(50):
        stream = gw.stream("Hi")
        barrier = threading.Barrier(4)

        def leave(stream: Stream = stream, barrier: threading.Barrier = barrier) -> None:
            barrier.wait()
            stream.close()

        def read(stream: Stream = stream, barrier: threading.Barrier = barrier) -> None:
            barrier.wait()
            try:
                list(stream)
            except GatewayError:
                pass

        threads = [threading.Thread(target=task) for task in (leave, leave, leave, read)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert len(ends_of(heard)) == 50
    assert gw.health()["a"].in_flight == 0


def test_a_stream_that_is_closed_while_its_end_is_settled_ends_once() -> None:
    """What another thread could do between reading Done and settling, done by the clock."""

    class Meddling(FakeClock):
        stream: Stream | None = None

        def monotonic(self) -> float:
            stream, self.stream = self.stream, None
            if stream is not None:
                stream.close()
            return super().monotonic()

    heard: list[Any] = []
    clock = Meddling()
    stream = gateway(Response(""), clock=clock, listeners=heard.append).stream("Hi")
    next(stream)
    clock.stream = stream
    with pytest.raises(StreamInterruptedError, match="closed while it was read"):
        next(stream)
    assert ends_of(heard) == ["cancelled"]


def test_a_stream_says_what_it_is() -> None:
    stream = gateway("x").stream("Hi")
    assert repr(stream) == "Stream(open, served_by='a')"
    list(stream)
    assert repr(stream) == "Stream(done, served_by='a')"
