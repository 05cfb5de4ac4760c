"""Server-sent events: one JSON object each, a done or an error at the end, and nothing left behind."""

from __future__ import annotations

import json
from typing import Any

import pytest

from agentsea_gateway.errors import InternalServerError
from agentsea_gateway.integrations.sse import EventStream
from agentsea_gateway.response import Response, Usage
from agentsea_gateway.stream_events import Done, Start, Thinking, ToolCallDelta
from agentsea_gateway.testing import ScriptedProvider
from support.gateways import gateway

DOWN = InternalServerError("the secret upstream is down", status_code=503)
CALL = ToolCallDelta(0, "call-1", "get_weather"), ToolCallDelta(0, None, None, '{"city": "Ulm"}')


def events(stream: EventStream) -> list[Any]:
    """What a browser would make of it."""
    pieces = [*stream]
    assert all(piece.startswith(b"data: ") and piece.endswith(b"\n\n") and piece.count(b"\n") == 2 for piece in pieces)
    return [json.loads(piece.removeprefix(b"data: ")) for piece in pieces]


def test_text_comes_piece_by_piece_and_ends_in_done() -> None:
    end = Done.of(Response("one\ntwo", usage=Usage(3, 4)))
    assert events(EventStream(gateway([Start("1", "m"), "one\n", "two", end]).stream("Hi"))) == [
        {"type": "content", "text": "one\n"},
        {"type": "content", "text": "two"},
        {
            "type": "done",
            "stop_reason": "stop",
            "usage": {"input_tokens": 3, "output_tokens": 4, "total_tokens": 7},
        },
    ]


def test_tool_calls_come_as_far_as_they_came() -> None:
    found = events(EventStream(gateway([*CALL]).stream("Hi")))
    assert found[:2] == [
        {"type": "tool_call", "index": 0, "id": "call-1", "name": "get_weather"},
        {"type": "tool_call", "index": 0, "arguments": '{"city": "Ulm"}'},
    ]


def test_thinking_is_sent_only_where_it_is_wanted() -> None:
    def kinds(**wanted: bool) -> list[str]:
        return [event["type"] for event in events(EventStream(gateway([Thinking("Hm."), "x"]).stream("Hi"), **wanted))]

    assert kinds() == ["content", "done"]
    assert kinds(thinking=True) == ["thinking", "content", "done"]


def test_a_break_is_an_error_event_that_tells_nothing_of_the_inside() -> None:
    gw = gateway(ScriptedProvider(["one ", DOWN]))
    stream = EventStream(gw.stream("Hi"))
    assert events(stream) == [
        {"type": "content", "text": "one "},
        {"type": "error", "message": "the answer broke off"},
    ]
    assert stream.stream.partial.content == "one "
    assert gw.health()["a"].errors == 1


def test_what_a_client_is_told_of_a_break_may_be_said_otherwise() -> None:
    stream = gateway(ScriptedProvider(["one ", DOWN])).stream("Hi")
    found = events(EventStream(stream, describe=lambda error: {"kind": type(error).__name__}))
    assert found[-1] == {"type": "error", "kind": "StreamInterruptedError"}


def test_leaving_closes_the_stream() -> None:
    provider = ScriptedProvider(default="one two three")
    gw = gateway(provider)
    with EventStream(gw.stream("Hi")) as stream:
        next(stream)
        assert provider.open_streams == 1
    assert provider.open_streams == 0
    assert next(stream, None) is None
    dropped = EventStream(gw.stream("Hi"))
    next(dropped)
    del dropped
    assert (provider.open_streams, gw.health()["a"].in_flight) == (0, 0)


def test_an_interrupt_is_no_error_event() -> None:
    stream = EventStream(gateway(["one ", KeyboardInterrupt()]).stream("Hi"))
    next(stream)
    with pytest.raises(KeyboardInterrupt):
        next(stream)
    assert repr(stream) == "EventStream(Stream(closed, served_by='a'))"
