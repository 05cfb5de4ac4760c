"""Anthropic's streams: events as they come, the proven end, and the Response of the plain call."""

from __future__ import annotations

import json
from typing import Any

import pytest

from agentsea_gateway import errors
from agentsea_gateway.dialects import get
from agentsea_gateway.response import Response, ToolCall, Usage
from agentsea_gateway.stream_events import Content, Done, Start, StreamEvent, Thinking, ToolCallDelta

anthropic = get("anthropic_messages")
PING = {"type": "ping"}


def start(usage: Any = None, **more: Any) -> dict[str, Any]:
    usage = usage or {"input_tokens": 9, "cache_read_input_tokens": 0, "output_tokens": 1}
    message = {"id": "msg_1", "type": "message", "role": "assistant", "model": "claude", "content": [], "usage": usage}
    return {"type": "message_start", "message": {**message, "stop_reason": None, "stop_sequence": None, **more}}


def block(index: int, content: dict[str, Any], *deltas: dict[str, Any]) -> list[dict[str, Any]]:
    return [
        {"type": "content_block_start", "index": index, "content_block": content},
        *({"type": "content_block_delta", "index": index, "delta": delta} for delta in deltas),
        {"type": "content_block_stop", "index": index},
    ]


def text(index: int, *pieces: str) -> list[dict[str, Any]]:
    return block(index, {"type": "text", "text": ""}, *({"type": "text_delta", "text": piece} for piece in pieces))


def tool(index: int, call_id: str, *pieces: str, kind: str = "tool_use") -> list[dict[str, Any]]:
    deltas = ({"type": "input_json_delta", "partial_json": piece} for piece in pieces)
    return block(index, {"type": kind, "id": call_id, "name": "f", "input": {}}, *deltas)


def end(reason: str | None = "end_turn", usage: Any = None, **more: Any) -> list[dict[str, Any]]:
    delta = {"stop_reason": reason, "stop_sequence": None, **more}
    return [
        {"type": "message_delta", "delta": delta, "usage": usage or {"output_tokens": 12}},
        {"type": "message_stop"},
    ]


def sse(*payloads: Any, line: str = "\n") -> bytes:
    return "".join(f"event: {each['type']}{line}data: {json.dumps(each)}{line}{line}" for each in payloads).encode()


def decoded(*payloads: Any) -> list[StreamEvent]:
    return list(anthropic.decode_stream([sse(*payloads)]))


def response(*payloads: Any) -> Response:
    done = decoded(start(), *payloads)[-1]
    assert isinstance(done, Done)
    return done.response


TEXT = [start(), PING, *text(0, "Hel", "lo"), *end()]


def plain(*blocks: Any, reason: str = "end_turn", **more: Any) -> Response:
    usage = {"input_tokens": 9, "cache_read_input_tokens": 0, "output_tokens": 12}
    return anthropic.decode_response(
        {
            "id": "msg_1",
            "type": "message",
            "model": "claude",
            "content": [*blocks],
            "stop_reason": reason,
            "usage": usage,
            **more,
        }
    )


def test_text_comes_as_it_is_written_and_ends_in_the_plain_calls_response() -> None:
    events = decoded(*TEXT)
    assert events == [
        Start("msg_1", "claude"),
        Content("Hel"),
        Content("lo"),
        Done.of(plain({"type": "text", "text": "Hello"})),
    ]
    assert events[-1].response.raw["content"] == [{"type": "text", "text": "Hello"}]


def test_blocks_that_all_have_the_same_index_are_kept_one_behind_the_other() -> None:
    """Some hosts that follow Anthropic number every block 0; what somebody has read is in the response too."""
    events = decoded(
        start(), *text(0, "Let me ", "look."), *tool(0, "call_1", "{}"), *text(0, "Done."), *end("tool_use")
    )
    assert "".join(event.text for event in events if isinstance(event, Content)) == "Let me look.Done."
    done = events[-1]
    assert isinstance(done, Done)
    assert done.response.content == "Let me look.Done."
    assert [(call.id, call.arguments) for call in done.response.tool_calls] == [("call_1", {})]


def test_thinking_signatures_and_redacted_blocks_are_whole_in_the_response() -> None:
    stream = [
        start(),
        *block(
            0,
            {"type": "thinking", "thinking": "", "signature": ""},
            {"type": "thinking_delta", "thinking": "H"},
            {"type": "thinking_delta", "thinking": "m"},
            {"type": "signature_delta", "signature": "sig"},
        ),
        *block(1, {"type": "redacted_thinking", "data": "opaque"}),
        *text(2, "Hi"),
        *tool(3, "toolu_1", '{"a"', ": 1}"),
        *end("tool_use"),
    ]
    events = decoded(*stream)
    assert events[1:-1] == [
        Thinking("H"),
        Thinking("m"),
        Content("Hi"),
        ToolCallDelta(0, "toolu_1", "f"),
        ToolCallDelta(0, arguments='{"a"'),
        ToolCallDelta(0, arguments=": 1}"),
    ]
    assert events[-1].response == plain(
        {"type": "thinking", "thinking": "Hm", "signature": "sig"},
        {"type": "redacted_thinking", "data": "opaque"},
        {"type": "text", "text": "Hi"},
        {"type": "tool_use", "id": "toolu_1", "name": "f", "input": {"a": 1}},
        reason="tool_use",
    )


def test_a_signature_without_thinking_text_is_kept() -> None:
    """`display: omitted`."""
    found = response(
        *block(
            0, {"type": "thinking", "thinking": "", "signature": ""}, {"type": "signature_delta", "signature": "sig"}
        ),
        *text(1, "Hi"),
        *end(),
    )
    assert found.thinking is None
    assert found.native is not None
    assert found.native.parts[0] == {"type": "thinking", "thinking": "", "signature": "sig"}


def test_calls_without_arguments_and_broken_ones() -> None:
    found = response(*tool(0, "a"), *tool(1, "b", ""), *tool(2, "c", '{"cut'), *end("max_tokens"))
    assert found.tool_calls == (
        ToolCall("a", "f", {}, "{}"),
        ToolCall("b", "f", {}, "{}"),
        ToolCall("c", "f", None, '{"cut'),
    )


def test_input_that_comes_with_the_start_of_its_block() -> None:
    """Hosts that follow this API."""
    found = response(*block(0, {"type": "tool_use", "id": "a", "name": "f", "input": {"x": 1}}), *end("tool_use"))
    assert found.tool_calls == (ToolCall("a", "f", {"x": 1}, '{"x":1}'),)
    events = decoded(start(), *block(0, {"type": "text", "text": "Hi"}, {"type": "text_delta", "text": "!"}), *end())
    assert [event.text for event in events if isinstance(event, Content)] == ["Hi", "!"]


def test_tools_that_the_server_runs_make_no_events_and_no_calls() -> None:
    result = {
        "type": "web_search_tool_result",
        "tool_use_id": "s",
        "content": [{"type": "web_search_result", "url": "u"}],
    }
    cite = {"type": "citations_delta", "citation": {"type": "web_search_result_location", "url": "u"}}
    stream = [
        start(),
        *tool(0, "s", '{"query": "q"}', kind="server_tool_use"),
        *block(1, result),
        *block(2, {"type": "text", "text": "", "citations": []}, cite, {"type": "text_delta", "text": "Hi"}),
        *end(),
    ]
    events = decoded(*stream)
    assert events[1:-1] == [Content("Hi")]
    assert events[-1].response == plain(
        {"type": "server_tool_use", "id": "s", "name": "f", "input": {"query": "q"}},
        result,
        {"type": "text", "text": "Hi", "citations": [cite["citation"]]},
    )


def test_usage_is_the_last_that_was_said() -> None:
    """With server tools and compaction the last delta's input replaces the first; one that is all 0 does not."""
    begun = start({"input_tokens": 9, "cache_read_input_tokens": 5, "output_tokens": 1}), *text(0, "Hi")
    last = {"input_tokens": 90, "cache_read_input_tokens": 0, "output_tokens": 12}
    assert decoded(*begun, *end(usage=last))[-1].usage == Usage(90, 12, 0)
    assert decoded(*begun, *end(usage={**last, "input_tokens": 0}))[-1].usage == Usage(14, 12, 5)


def test_a_refusal_in_the_middle_is_content_filter() -> None:
    found = response(*text(0, "Well"), *end("refusal", stop_details={"type": "refusal", "explanation": "No."}))
    assert (found.content, found.stop_reason, found.refusal) == ("Well", "content_filter", "No.")


@pytest.mark.parametrize(
    "payloads",
    [
        [],
        [PING, PING],
        [start(), *text(0, "Hi")],
        [start(), *text(0, "Hi"), {"type": "message_delta", "delta": {"stop_reason": None}, "usage": {}}],
        [start(), {"type": "message_stop"}],
    ],
    ids=["nothing", "pings", "no stop reason", "null stop reason", "nothing but the terminator"],
)
def test_an_end_without_proof_is_truncation(payloads: list[Any]) -> None:
    """F34, F39, F28."""
    with pytest.raises(errors.MalformedResponseError):
        decoded(*payloads)


@pytest.mark.parametrize("line", ["\n", "\r\n"])
def test_a_stream_that_is_cut_anywhere_never_ends_cleanly_before_its_stop_reason(line: str) -> None:
    """F34-F36."""
    whole = sse(*TEXT, line=line)
    stop = whole.index(b"end_turn")
    for cut in range(len(whole)):
        try:
            *_, done = anthropic.decode_stream([whole[:cut]])
        except errors.MalformedResponseError:
            continue
        assert cut > stop
        assert isinstance(done, Done)
        assert done.response.content == "Hello"


def test_the_decoder_says_when_nothing_more_needs_to_be_read() -> None:
    decoder = anthropic.decoder()
    decoder.feed(sse(*TEXT[:-1]))
    assert not decoder.ended
    decoder.feed(sse(TEXT[-1]))
    assert decoder.ended


@pytest.mark.parametrize(
    ("payload", "kind"),
    [
        ({"type": "error", "error": {"type": "overloaded_error", "message": "x"}}, errors.OverloadedError),
        ({"type": "error", "error": {"type": "rate_limit_error", "message": "x"}}, errors.RateLimitError),
        (
            {"type": "error", "error": {"type": "invalid_request_error", "message": "prompt is too long"}},
            errors.ContextWindowExceededError,
        ),
        (
            {"type": "content_block_delta", "index": 7, "delta": {"type": "text_delta", "text": "x"}},
            errors.MalformedResponseError,
        ),
        ({"type": "content_block_delta", "index": 0}, errors.MalformedResponseError),
        ({"type": "message_start"}, errors.MalformedResponseError),
        ({"type": "message_delta", "delta": 3}, errors.MalformedResponseError),
    ],
)
def test_an_error_event_is_that_error_behind_what_came_before_it(payload: Any, kind: type[Exception]) -> None:
    """F32, F33, F37, F56."""
    first = anthropic.decoder()
    with pytest.raises(errors.ProviderError) as caught:
        first.feed(sse(payload))
    assert type(caught.value) is kind
    later = anthropic.decoder()
    assert later.feed(sse(start(), *text(0, "Hi"), payload)) == [Start("msg_1", "claude"), Content("Hi")]
    assert isinstance(later.failure, kind)
    assert later.failure is not None
    for act in (lambda: later.feed(b""), later.finish):
        with pytest.raises(kind):
            act()
    assert later.partial().content == "Hi"


def test_events_that_nobody_knew_when_this_was_written_mean_nothing() -> None:
    extra = {"type": "content_block_delta", "index": 0, "delta": {"type": "new_delta", "note": "n"}}
    events = decoded(start(), {"type": "new_event", "x": 1}, *text(0, "Hi")[:2], extra, *end())
    assert events[1:-1] == [Content("Hi")]


def test_the_events_name_counts_where_the_data_has_no_type() -> None:
    nameless = sse(*TEXT).replace(b'"type": "message_stop"', b"")
    *_, done = anthropic.decode_stream([nameless])
    assert done.stop_reason == "stop"


def test_a_terminator_of_openais_is_no_bad_event() -> None:
    *_, done = anthropic.decode_stream([sse(*TEXT[:-1]) + b"data: [DONE]\n\n"])
    assert done.response.content == "Hello"


def test_a_plain_answer_instead_of_a_stream() -> None:
    decoder = anthropic.decoder()
    decoder.feed(json.dumps(plain({"type": "text", "text": "Hi"}).raw).encode())
    assert decoder.finish().response.content == "Hi"
    decoder = anthropic.decoder()
    decoder.feed(b'{"type":"error","error":{"type":"authentication_error","message":"invalid x-api-key"}}')
    with pytest.raises(errors.AuthenticationError):
        decoder.finish()


def test_partial_is_what_there_is_so_far() -> None:
    decoder = anthropic.decoder({"request-id": "r"})
    assert decoder.partial().content == ""
    decoder.feed(sse(start(), *text(0, "Hi"), *tool(1, "a", '{"x')[:2]))
    partial = decoder.partial()
    assert (partial.content, partial.stop_reason, partial.request_id, partial.usage) == (
        "Hi",
        None,
        "r",
        Usage(9, 1, 0),
    )
    assert partial.tool_calls == (ToolCall("a", "f", None, '{"x'),)


def test_a_message_that_begins_with_content_has_it() -> None:
    """Programmatic tool calling: what the code called stands in the start, and nothing follows."""
    called = {"type": "tool_use", "id": "toolu_1", "name": "f", "input": {"a": 1}}
    events = decoded(start(content=[called], stop_reason="tool_use"), {"type": "message_stop"})
    assert events[1:-1] == [ToolCallDelta(0, "toolu_1", "f"), ToolCallDelta(0, arguments='{"a":1}')]
    done = events[-1]
    assert isinstance(done, Done)
    assert done.response.tool_calls == (ToolCall("toolu_1", "f", {"a": 1}, '{"a":1}'),)
    assert done.stop_reason == "tool_use"


def test_an_input_that_came_whole_with_its_start_is_told_once() -> None:
    called = block(0, {"type": "tool_use", "id": "toolu_1", "name": "f", "input": {"a": 1}})
    events = decoded(start(), *called, called[-1], *end("tool_use"))
    assert [event.arguments for event in events if isinstance(event, ToolCallDelta)] == ["", '{"a":1}']


def test_what_stands_beside_the_delta_of_the_message_is_in_the_raw_body() -> None:
    managed = {"applied_edits": []}
    delta, stop = end()
    assert response(*text(0, "Hi"), {**delta, "context_management": managed}, stop).raw["context_management"] == managed
