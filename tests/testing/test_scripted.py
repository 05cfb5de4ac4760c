"""A provider that follows a script."""

from __future__ import annotations

import threading
from typing import Any

import pytest

from agentsea_gateway.call import Call
from agentsea_gateway.clock import SYSTEM, Deadline
from agentsea_gateway.errors import (
    APIConnectionError,
    APITimeoutError,
    MalformedResponseError,
    OverloadedError,
    RateLimitError,
)
from agentsea_gateway.response import Response, ToolCall
from agentsea_gateway.stream_events import Content, Done, Start, Thinking, ToolCallDelta
from agentsea_gateway.testing import FakeClock, ScriptedCompletions, ScriptedProvider
from agentsea_gateway.testing.scripted import Part

ASKED = [{"role": "user", "content": "Hello"}]


def test_it_answers_from_the_script_and_then_by_default() -> None:
    whole = Response(content="whole", stop_reason="length")
    provider = ScriptedProvider("text", whole, lambda messages, options: messages[0]["content"], default="usual")
    found = [provider.complete(ASKED) for _ in range(5)]
    assert [response.content for response in found] == ["text", "whole", "Hello", "usual", "usual"]
    assert found[1] is whole
    assert found[0].stop_reason == "stop"


def test_it_raises_what_the_script_raises() -> None:
    fault = RateLimitError("slow down", retry_after=3)
    provider = ScriptedProvider(fault, OverloadedError, lambda messages, options: ValueError("odd"), KeyboardInterrupt)
    with pytest.raises(RateLimitError) as caught:
        provider.complete(ASKED)
    assert caught.value is fault
    for error in (OverloadedError, ValueError, KeyboardInterrupt):
        with pytest.raises(error):
            provider.complete(ASKED)
    assert provider.complete(ASKED).content == "ok"


def test_it_remembers_what_it_was_asked() -> None:
    provider = ScriptedProvider()
    provider.complete(ASKED, model="m-1", temperature=0)
    list(provider.stream(ASKED, model="m-2"))
    assert [(call.messages, call.options, call.streamed) for call in provider.calls] == [
        (ASKED, {"model": "m-1", "temperature": 0}, False),
        (ASKED, {"model": "m-2"}, True),
    ]
    assert provider.hits == 2


def test_more_lines_may_be_given_later() -> None:
    provider = ScriptedProvider("one")
    provider.script("two")
    provider.always(ValueError("gone"))
    assert [provider.complete(ASKED).content for _ in range(2)] == ["one", "two"]
    for _ in range(2):
        with pytest.raises(ValueError, match="gone"):
            provider.complete(ASKED)


def test_a_stream_brings_a_text_word_by_word_and_ends_in_done() -> None:
    events = list(ScriptedProvider("Hello you").stream(ASKED, model="m-1"))
    assert events[:3] == [Start(model="m-1"), Content("Hello"), Content(" you")]
    (done,) = events[3:]
    assert isinstance(done, Done)
    assert done.response == ScriptedProvider("Hello you").complete(ASKED, model="m-1")


def test_a_stream_of_a_response_ends_with_that_response() -> None:
    call = ToolCall("c-1", "f", {"a": 1}, '{"a": 1}')
    whole = Response(content="x y", thinking="hm", tool_calls=(call,), stop_reason="tool_use", id="r-1", model="m-1")
    assert list(ScriptedProvider(whole).stream(ASKED)) == [
        Start("r-1", "m-1"),
        Thinking("hm"),
        Content("x"),
        Content(" y"),
        ToolCallDelta(0, "c-1", "f"),
        ToolCallDelta(0, arguments='{"a": 1}'),
        Done.of(whole),
    ]


def test_parts_come_as_they_are_written() -> None:
    parts: list[Part] = ["a", Thinking("hm"), ToolCallDelta(0, "c-1", "f", "{}"), "b"]
    provider = ScriptedProvider(parts, parts)
    events = list(provider.stream(ASKED))
    assert events[1:-1] == [Content("a"), Thinking("hm"), ToolCallDelta(0, "c-1", "f", "{}"), Content("b")]
    response = provider.complete(ASKED)
    assert isinstance(events[-1], Done)
    assert events[-1].response == response
    assert (response.content, response.thinking, response.stop_reason) == ("ab", "hm", "tool_use")
    assert response.tool_calls == (ToolCall("c-1", "f", {}, "{}"),)


def test_a_stream_may_break_in_the_middle() -> None:
    """F33"""
    provider = ScriptedProvider(["one ", "two", ConnectionError("cut")])
    seen: list[Any] = []
    with pytest.raises(ConnectionError, match="cut"):
        seen.extend(provider.stream(ASKED))
    assert seen == [Start(), Content("one "), Content("two")]
    assert provider.open_streams == 0


def test_a_stream_may_end_without_its_end() -> None:
    """F34"""
    provider = ScriptedProvider(["one", ...], ["one", ...])
    assert list(provider.stream(ASKED)) == [Start(), Content("one")]
    with pytest.raises(MalformedResponseError):
        provider.complete(ASKED)


def test_a_done_of_its_own_ends_a_stream() -> None:
    done = Done.of(Response(content="else"))
    assert list(ScriptedProvider(["one", done, "never"]).stream(ASKED)) == [Start(), Content("one"), done]


def test_open_streams_are_counted_and_closing_one_ends_it() -> None:
    provider = ScriptedProvider("one two three")
    stream: Any = provider.stream(ASKED)
    assert provider.open_streams == 0
    next(stream)
    assert provider.open_streams == 1
    stream.close()
    assert provider.open_streams == 0


def test_one_that_cannot_stream_has_no_stream() -> None:
    assert not hasattr(ScriptedCompletions(), "stream")
    assert ScriptedCompletions("x").complete(ASKED).content == "x"


def test_latency_passes_on_the_given_clock() -> None:
    clock = FakeClock()
    provider = ScriptedProvider("a", [2.0, "b", 3.0], latency=0.5, clock=clock)
    provider.complete(ASKED)
    assert clock.monotonic() == 1000.5
    provider.complete(ASKED)
    assert clock.monotonic() == 1006.0


def test_latency_passes_on_the_calls_clock_where_none_is_given() -> None:
    clock = FakeClock()
    ScriptedProvider(latency=2).complete(ASKED, call=Call(Deadline.after(10, clock)))
    assert clock.monotonic() == 1002.0


def test_what_takes_longer_than_the_call_ends_when_the_call_ends() -> None:
    clock = FakeClock()
    call = Call(Deadline.after(100, clock), limit=1005.0, patience="attempt")
    with pytest.raises(APITimeoutError) as caught:
        ScriptedProvider(latency=60).complete(ASKED, call=call)
    assert (caught.value.patience, clock.monotonic()) == ("attempt", 1005.0)


def test_exactly_the_calls_time_is_in_time() -> None:
    clock = FakeClock()
    assert ScriptedProvider(latency=5).complete(ASKED, call=Call(Deadline.after(5, clock))).content == "ok"


def test_a_streams_pauses_keep_to_a_limit_that_moves() -> None:
    clock = FakeClock()
    call = Call(Deadline.after(1000, clock), limit=1010.0, patience="idle")
    stream = ScriptedProvider(["a", 8.0, "b", 8.0, "c"]).stream(ASKED, call=call)
    assert [next(stream) for _ in range(3)] == [Start(), Content("a"), Content("b")]
    with pytest.raises(APITimeoutError):
        next(stream)
    assert clock.monotonic() == 1010.0


def test_cancelling_ends_a_wait(no_leaks: None) -> None:
    call, raised = Call(Deadline.after(60, SYSTEM)), []

    def ask() -> None:
        try:
            ScriptedProvider(latency=30).complete(ASKED, call=call)
        except APIConnectionError as error:
            raised.append(error)

    thread = threading.Thread(target=ask)
    thread.start()
    call.cancel()
    thread.join(5)
    assert [error.message for error in raised] == ["cancelled"]


def test_many_threads_use_up_a_script_exactly_once() -> None:
    provider = ScriptedProvider(*["first"] * 100, default="later")
    found: list[str] = []
    threads = [
        threading.Thread(target=lambda: found.extend(provider.complete(ASKED).content for _ in range(25)))
        for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (found.count("first"), found.count("later"), provider.hits) == (100, 100, 200)
