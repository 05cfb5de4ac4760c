"""Chat completion streams: events as they come, the proven end, and the Response of the plain call."""

from __future__ import annotations

import json
from typing import Any

import pytest

from agentsea_gateway import errors
from agentsea_gateway.dialects import get
from agentsea_gateway.response import ToolCall, Usage
from agentsea_gateway.stream_events import Content, Done, Start, StreamEvent, Thinking, ToolCallDelta

chat = get("openai_chat")
USAGE = {"prompt_tokens": 3, "completion_tokens": 2, "total_tokens": 5}
DONE = "[DONE]"


def chunk(delta: Any = None, finish: Any = None, usage: Any = None, **more: Any) -> dict[str, Any]:
    choices = [] if delta is None else [{"index": 0, "delta": delta, "finish_reason": finish}]
    return {"id": "c-1", "object": "chat.completion.chunk", "model": "m-1", "choices": choices, "usage": usage, **more}


def sse(*payloads: Any, end: str = "\n\n", lead: str = "data: ") -> bytes:
    texts = [payload if isinstance(payload, str) else json.dumps(payload) for payload in payloads]
    return "".join(lead + text + end for text in texts).encode()


def decoded(*payloads: Any, **framing: str) -> list[StreamEvent]:
    return list(chat.decode_stream([sse(*payloads, **framing)]))


def done_of(*payloads: Any) -> Done:
    last = decoded(*payloads)[-1]
    assert isinstance(last, Done)
    return last


TEXT = [
    chunk({"role": "assistant", "content": ""}),
    chunk({"content": "Hel"}),
    chunk({"content": "lo"}),
    chunk({}, "stop"),
    chunk(usage=USAGE),
    DONE,
]


def test_text_comes_as_it_is_written_and_ends_in_the_plain_calls_response() -> None:
    events = decoded(*TEXT)
    assert events[:3] == [Start("c-1", "m-1"), Content("Hel"), Content("lo")]
    message = {"role": "assistant", "content": "Hello"}
    plain = {"id": "c-1", "model": "m-1", "choices": [{"message": message, "finish_reason": "stop"}], "usage": USAGE}
    assert events[3:] == [Done.of(chat.decode_response(plain))]
    assert events[3].response.raw["choices"][0]["message"]["content"] == "Hello"


@pytest.mark.parametrize("end", ["\n\n", "\r\n\r\n", "\r\r", "\n\n: PROCESSING\n\n"])
@pytest.mark.parametrize("lead", ["data: ", "data:", "event: message\ndata: ", "id: 1\ndata:"])
def test_the_framing_changes_nothing(end: str, lead: str) -> None:
    """F44."""
    assert decoded(*TEXT, end=end, lead=lead) == decoded(*TEXT)


def test_the_decoder_says_when_nothing_more_needs_to_be_read() -> None:
    decoder = chat.decoder()
    decoder.feed(sse(*TEXT[:-1]))
    assert not decoder.ended
    decoder.feed(sse(DONE))
    assert decoder.ended
    assert decoder.feed(b"data: whatever\n\n") == []


@pytest.mark.parametrize("ending", [[chunk({}, "stop")], [DONE], [chunk({}, "stop"), DONE]])
def test_any_one_proof_of_the_end_is_enough(ending: list[Any]) -> None:
    assert done_of(chunk({"content": "Hi"}), *ending).response.content == "Hi"


@pytest.mark.parametrize(
    "stream",
    [
        b"",
        sse(chunk({"content": "Hi"})),
        sse(chunk({"content": "Hi"})) + b'data: {"choices": [{"del',
        b": ping\n\n: ping\n\n",
        sse(DONE),
    ],
    ids=["nothing", "no finish", "EOF inside JSON", "pings", "nothing but the terminator"],
)
def test_an_end_without_proof_is_truncation(stream: bytes) -> None:
    """F34, F35, F28."""
    with pytest.raises(errors.MalformedResponseError):
        list(chat.decode_stream([stream]))


def test_a_stream_that_is_cut_anywhere_never_ends_cleanly_before_its_finish() -> None:
    """F34-F36."""
    whole = sse(*TEXT)
    finish = whole.index(b'"stop"') + len(b'"stop"')
    for cut in range(len(whole)):
        try:
            *_, done = chat.decode_stream([whole[:cut]])
        except errors.MalformedResponseError:
            continue
        assert cut > finish
        assert isinstance(done, Done)
        assert done.response.content == "Hello"


def test_a_finish_that_lacks_its_blank_line_is_taken_all_the_same() -> None:
    assert done_of(*TEXT[:3], chunk({}, "stop")).response == done_of(*TEXT[:4]).response
    stream = sse(*TEXT[:4]).rstrip()
    *_, done = chat.decode_stream([stream])
    assert done.stop_reason == "stop"


@pytest.mark.parametrize(
    ("payload", "kind"),
    [
        ({"error": {"message": "slow down", "code": "rate_limit_exceeded"}}, errors.RateLimitError),
        ({"error": {"message": "x", "code": 503}}, errors.OverloadedError),
        ({"error": "broke"}, errors.InternalServerError),
        (chunk({}, "error"), errors.InternalServerError),
        (
            {**chunk({"content": ""}, "error"), "error": {"code": 502, "message": "upstream"}},
            errors.InternalServerError,
        ),
        ("{bad json", errors.MalformedResponseError),
        ("[1, 2]", errors.MalformedResponseError),
        ('{"choices": 3}', errors.MalformedResponseError),
        ('{"choices": [3]}', errors.MalformedResponseError),
        ('{"choices": []} trailing', errors.MalformedResponseError),
    ],
)
def test_an_error_event_is_that_error_behind_what_came_before_it(payload: Any, kind: type[Exception]) -> None:
    """F32, F33, F37, F56."""
    first = chat.decoder()
    with pytest.raises(errors.ProviderError) as caught:
        first.feed(sse(payload))
    assert type(caught.value) is kind
    later = chat.decoder()
    assert later.feed(sse(chunk({"content": "Hi"}), payload)) == [Start("c-1", "m-1"), Content("Hi")]
    for act in (lambda: later.feed(b""), later.finish):
        with pytest.raises(kind):
            act()
    assert later.partial().content == "Hi"
    assert later.partial().stop_reason is None


def test_invalid_utf8_behind_an_event_is_known_at_once() -> None:
    """F30: more bytes may never come."""
    decoder = chat.decoder()
    assert decoder.feed(sse(chunk({"content": "Hi"})) + b"data: \xff\n\n") == [Start("c-1", "m-1"), Content("Hi")]
    assert isinstance(decoder.failure, errors.MalformedResponseError)
    with pytest.raises(errors.MalformedResponseError, match="UTF-8"):
        decoder.feed(b"")


def test_an_error_event_by_its_name() -> None:
    with pytest.raises(errors.OverloadedError):
        chat.decoder().feed(b'event: error\ndata: {"code": "engine_overloaded", "message": "x"}\n\n')


def test_a_plain_answer_instead_of_a_stream() -> None:
    """A host that ignores `stream`, and an error that came with 200 and without framing."""
    decoder = chat.decoder()
    answer = json.dumps({"id": "c", "choices": [{"message": {"content": "Hi"}, "finish_reason": "stop"}]}).encode()
    assert decoder.feed(answer[:20]) == decoder.feed(answer[20:]) == []
    assert decoder.finish().response.content == "Hi"
    decoder = chat.decoder()
    decoder.feed(b'{"error": {"code": "insufficient_quota", "message": "x"}}')
    with pytest.raises(errors.QuotaExceededError):
        decoder.finish()
    decoder = chat.decoder()
    decoder.feed(b"<html><title>Sign in</title></html>")
    with pytest.raises(errors.MalformedResponseError, match="Sign in"):
        decoder.finish()


def tool_delta(*deltas: dict[str, Any]) -> dict[str, Any]:
    return chunk({"tool_calls": list(deltas)})


def part(index: Any, call_id: Any = None, name: Any = None, arguments: Any = None) -> dict[str, Any]:
    function = {key: value for key, value in (("name", name), ("arguments", arguments)) if value is not None}
    head = {key: value for key, value in (("index", index), ("id", call_id)) if value is not None}
    return {**head, "function": function}


TWO_CALLS = (ToolCall("a", "f", {"x": 1}, '{"x": 1}'), ToolCall("b", "g", {}, "{}"))


@pytest.mark.parametrize(
    "deltas",
    [
        [
            [part(0, "a", "f", "")],
            [part(0, None, None, '{"x"')],
            [part(0, None, None, ": 1}")],
            [part(1, "b", "g", "{}")],
        ],
        [[part(0, "a", "f", '{"x": 1}'), part(1, "b", "g", "{}")]],
        [[part(None, "a", "f", '{"x": 1}')], [part(None, "b", "g", "{}")]],
        [
            [part(None, "a", "f", '{"x"')],
            [part(None, None, None, ": 1}")],
            [part(None, "b", "g")],
            [part(None, None, None, "{}")],
        ],
        [[part(0, "a", "f", '{"x": 1}')], [part(0, "b", "g", "{}")]],
        [[part(0, "a", "f", '{"x"'), part(1, "b", "g", "")], [part(1, None, None, "{}"), part(0, None, None, ": 1}")]],
        [[part(0, "a", "f", '{"x"')], [part(0, "a", "f", ": 1}")], [part(1, "b", "g", "")]],
        [[part(0, "a", "f", {"x": 1})], [part(1, "b", "g", {})]],
    ],
    ids=[
        "usual",
        "merged",
        "no index",
        "no index, in pieces",
        "index 0 twice",
        "interleaved",
        "id repeated",
        "objects",
    ],
)
def test_tool_calls_however_their_deltas_are_cut(deltas: list[list[dict[str, Any]]]) -> None:
    events = decoded(*(tool_delta(*each) for each in deltas), chunk({}, "tool_calls"), DONE)
    done = events[-1]
    assert isinstance(done, Done)
    found = [(call.id, call.name, call.arguments) for call in done.response.tool_calls]
    assert found == [(call.id, call.name, call.arguments) for call in TWO_CALLS]
    assert done.stop_reason == "tool_use"
    pieces = [event for event in events if isinstance(event, ToolCallDelta)]
    for index, call in enumerate(done.response.tool_calls):
        own = [piece for piece in pieces if piece.index == index]
        assert (own[0].id, own[0].name) == (call.id, call.name)
        assert {piece.id for piece in own[1:]} | {piece.name for piece in own[1:]} <= {None}
        assert json.loads("".join(piece.arguments for piece in own) or "{}") == call.arguments


def test_a_call_without_an_id_gets_one_in_both_forms() -> None:
    events = decoded(tool_delta(part(0, None, "f", "{}")), chunk({}, "tool_calls"))
    assert events[1] == ToolCallDelta(0, "call_0", "f", "{}")
    assert events[-1].response.tool_calls == (ToolCall("call_0", "f", {}, "{}"),)


def test_a_function_call_of_the_form_before_tools() -> None:
    events = decoded(
        chunk({"function_call": {"name": "f", "arguments": ""}}),
        chunk({"function_call": {"arguments": "{}"}}),
        chunk({}, "function_call"),
    )
    assert events[1:3] == [ToolCallDelta(0, "call_0", "f", ""), ToolCallDelta(0, None, None, "{}")]
    assert events[-1].stop_reason == "tool_use"


@pytest.mark.parametrize(
    "deltas",
    [
        [{"reasoning_content": "H"}, {"reasoning_content": "m"}],
        [{"reasoning": "H"}, {"reasoning": "m", "content": ""}],
        [{"reasoning": "H", "reasoning_content": "H"}, {"reasoning": "m", "reasoning_content": "m"}],
        [
            {"reasoning": "H", "reasoning_details": [{"type": "reasoning.text", "text": "H", "index": 0}]},
            {"reasoning": "m", "reasoning_details": [{"type": "reasoning.text", "text": "m", "index": 0}]},
            {"reasoning_details": [{"type": "reasoning.text", "signature": "sig", "index": 0}]},
        ],
        [
            {"reasoning_details": [{"type": "reasoning.summary", "summary": "H", "index": 0}]},
            {"reasoning_details": [{"type": "reasoning.summary", "summary": "m", "index": 0}]},
            {"reasoning_details": [{"type": "reasoning.encrypted", "data": "x", "index": 0}]},
        ],
        [
            {"content": [{"type": "thinking", "thinking": [{"type": "text", "text": "H"}]}]},
            {"content": [{"type": "thinking", "thinking": [{"type": "text", "text": "m"}], "closed": True}]},
        ],
    ],
    ids=["content", "reasoning", "both", "details", "summaries", "chunks"],
)
def test_reasoning_under_every_hosts_name(deltas: list[dict[str, Any]]) -> None:
    events = decoded(*map(chunk, deltas), chunk({"content": "Hi"}), chunk({}, "stop"))
    assert [event for event in events if isinstance(event, (Thinking, Content))] == [
        Thinking("H"),
        Thinking("m"),
        Content("Hi"),
    ]
    response = events[-1].response
    assert (response.thinking, response.content) == ("Hm", "Hi")
    assert response.native is not None


def test_reasoning_details_come_together_as_in_the_plain_answer() -> None:
    deltas = [
        {"reasoning": "H", "reasoning_details": [{"type": "reasoning.text", "text": "H", "index": 0, "format": "f"}]},
        {"reasoning": "m", "reasoning_details": [{"type": "reasoning.text", "text": "m", "index": 0}]},
        {"reasoning_details": [{"type": "reasoning.text", "signature": "sig", "index": 0}]},
        {"reasoning_details": [{"type": "reasoning.encrypted", "data": "x", "index": 0, "id": "1"}]},
        {"reasoning_details": [{"type": "reasoning.encrypted", "data": "y", "index": 0, "id": "2"}]},
    ]
    native = done_of(*map(chunk, deltas), chunk({"content": "Hi"}), chunk({}, "stop")).response.native
    assert native is not None
    assert native.parts["reasoning_details"] == [
        {"type": "reasoning.text", "text": "Hm", "index": 0, "format": "f", "signature": "sig"},
        {"type": "reasoning.encrypted", "data": "x", "index": 0, "id": "1"},
        {"type": "reasoning.encrypted", "data": "y", "index": 0, "id": "2"},
    ]


def test_mistrals_chunks_come_together_as_in_the_plain_answer() -> None:
    done = done_of(
        chunk({"content": ""}),
        chunk({"content": [{"type": "thinking", "thinking": [{"type": "text", "text": "H"}]}]}),
        chunk(
            {
                "content": [
                    {"type": "thinking", "thinking": [{"type": "text", "text": "m"}], "closed": True},
                    {"type": "text", "text": "1"},
                ]
            }
        ),
        chunk({"content": "44"}),
        chunk({"content": "!"}, "stop"),
    )
    content = [
        {"type": "thinking", "thinking": [{"type": "text", "text": "Hm"}], "closed": True},
        {"type": "text", "text": "144!"},
    ]
    plain = {"id": "c-1", "model": "m-1", "choices": [{"message": {"content": content}, "finish_reason": "stop"}]}
    assert done.response == chat.decode_response(plain)


def test_azures_empty_first_chunk_and_empty_choices_are_no_content() -> None:
    events = decoded({"choices": [], "id": "", "model": "", "prompt_filter_results": [1]}, *TEXT)
    assert events[0] == Start("c-1", "m-1")
    assert events[-1].response == done_of(*TEXT).response
    assert events[-1].response.raw["prompt_filter_results"] == [1]


def test_a_finish_reason_and_a_usage_that_come_twice_count_once() -> None:
    """OpenRouter, Groq."""
    twice = [*TEXT[:4], chunk({"content": "", "role": "assistant"}, "stop", USAGE), chunk(usage=USAGE), DONE]
    assert done_of(*twice).response == done_of(*TEXT).response


def test_perplexity_repeats_the_whole_message_and_ends_without_a_terminator() -> None:
    def both(delta: str, so_far: str, finish: Any = None) -> dict[str, Any]:
        choice = {"index": 0, "delta": {"role": "assistant", "content": delta}, "message": {"content": so_far}}
        return {**chunk(), "choices": [{**choice, "finish_reason": finish}], "usage": USAGE, "citations": ["u"]}

    events = decoded(both("Hel", "Hel"), both("lo", "Hello"), both("", "Hello", "stop"), end="\r\n\r\n")
    assert events[1:3] == [Content("Hel"), Content("lo")]
    assert events[-1].response.content == "Hello"
    assert events[-1].response.citations == ({"url": "u"},)
    assert events[-1].usage == Usage(3, 2)


def test_a_host_with_whole_messages_and_no_deltas() -> None:
    def whole(text: str, finish: Any = None) -> dict[str, Any]:
        return {**chunk(), "choices": [{"index": 0, "message": {"content": text}, "finish_reason": finish}]}

    events = decoded(whole("Hel"), whole("Hello"), whole("Hello", "stop"))
    assert events[1:3] == [Content("Hel"), Content("lo")]
    assert events[-1].response.content == "Hello"


def test_other_choices_than_the_first_are_left_to_nobody() -> None:
    other = {**chunk({"content": "no"}), "choices": [{"index": 1, "delta": {"content": "no"}, "finish_reason": None}]}
    both = chunk({"content": "yes"})
    both["choices"] = [*other["choices"], *both["choices"]]
    assert done_of(TEXT[0], other, both, chunk({}, "stop")).response.content == "yes"


def test_a_refusal_and_annotations_are_on_the_response() -> None:
    note = {"type": "url_citation", "url_citation": {"url": "u"}}
    done = done_of(
        chunk({"refusal": "No"}), chunk({"refusal": "pe."}), chunk({"annotations": [note]}), chunk({}, "stop")
    )
    assert (done.response.refusal, done.response.citations) == ("Nope.", (note,))


def test_a_surrogate_pair_split_between_two_events_is_one_character() -> None:
    """F30, F44."""
    events = decoded(
        chunk({"content": "a"}), chunk({"content": "b\ud83d"}), chunk({"content": "\ude00c"}), chunk({}, "stop")
    )
    assert [event.text for event in events if isinstance(event, Content)] == ["a", "b", "😀c"]
    lone = decoded(chunk({"content": "a\ud83d"}), chunk({}, "stop"))
    assert lone[-1].response.content == "a\ufffd"


def test_partial_is_what_there_is_so_far() -> None:
    decoder = chat.decoder({"x-request-id": "r"})
    assert decoder.partial().content == ""
    decoder.feed(sse(chunk({"content": "Hi"}), chunk({"reasoning": "Hm"}), tool_delta(part(0, "a", "f", '{"x'))))
    partial = decoder.partial()
    assert (partial.content, partial.thinking, partial.stop_reason, partial.request_id) == ("Hi", "Hm", None, "r")
    assert partial.tool_calls == (ToolCall("a", "f", None, '{"x'),)


def piece(arguments: str = "", name: str | None = None, **more: Any) -> dict[str, Any]:
    return {"function": {**({"name": name} if name else {}), "arguments": arguments}, **more}


def test_calls_without_an_index_go_on_in_their_places() -> None:
    """Moonshot."""
    begun = [piece(name="f", id="a"), piece(name="g", id="b")]
    lists = [begun, [piece('{"x"'), piece('{"y"')], [piece(":1}"), piece(":2}")]]
    calls = done_of(*(chunk({"tool_calls": each}) for each in lists), chunk({}, "tool_calls"), DONE).response.tool_calls
    assert [(call.id, call.arguments) for call in calls] == [("a", {"x": 1}), ("b", {"y": 2})]


def test_empty_variants_of_a_call_change_nothing() -> None:
    empty = {"function_call": {"name": "", "arguments": ""}}
    given = piece("{}", "f", id="a", custom={"name": "", "input": ""})
    calls = done_of(chunk({"tool_calls": [given], **empty}), chunk(empty, "tool_calls"), DONE).response.tool_calls
    assert calls == (ToolCall("a", "f", {}, "{}"),)


def test_why_the_first_vision_models_stopped() -> None:
    last = chunk({})
    last["choices"][0]["finish_details"] = {"type": "stop"}
    assert done_of(chunk({"content": "a"}), last, DONE).stop_reason == "stop"


def test_what_azure_found_comes_first_and_stays() -> None:
    found = {"content": "d", "chunk_id": "0"}
    done = done_of(chunk({"role": "assistant", "context": {"citations": [found]}}), *TEXT)
    assert done.response.citations == (found,)


@pytest.mark.parametrize("empty", [{"thinking": ""}, {"thinking": None}, {}])
def test_a_signature_ends_a_block_of_thinking(empty: dict[str, Any]) -> None:
    """LiteLLM's proxy."""

    def block(**fields: Any) -> dict[str, Any]:
        return chunk({"thinking_blocks": [{"type": "thinking", **fields}]})

    first = [block(thinking="a", signature=None), block(thinking="b"), block(signature="s1", **empty)]
    done = done_of(*first, block(thinking="c"), block(signature="s2", **empty), *TEXT)
    assert done.response.raw["choices"][0]["message"]["thinking_blocks"] == [
        {"type": "thinking", "thinking": "ab", "signature": "s1"},
        {"type": "thinking", "thinking": "c", "signature": "s2"},
    ]


def test_a_signature_ends_a_detail_of_reasoning() -> None:
    def detail(**fields: Any) -> dict[str, Any]:
        return chunk({"reasoning_details": [{"type": "reasoning.text", "index": 0, **fields}]})

    done = done_of(detail(text="a"), detail(text="b"), detail(signature="s"), detail(text="c"), *TEXT)
    details = done.response.raw["choices"][0]["message"]["reasoning_details"]
    assert [(each["text"], each.get("signature")) for each in details] == [("ab", "s"), ("c", None)]


def test_a_piece_of_a_call_that_nothing_began_begins_one() -> None:
    done = done_of(chunk({"tool_calls": [piece('{"x":1}')]}), chunk({}, "tool_calls"), DONE)
    assert [(call.id, call.arguments) for call in done.response.tool_calls] == [("call_0", {"x": 1})]
