"""What holds for every answer in every dialect: a stream is the plain call, and every vendor takes it back."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from agentsea_gateway import ToolCall, dialects
from agentsea_gateway.dialects.text import mended_value
from agentsea_gateway.errors import InvalidRequestError, ProviderError, UnsupportedRequestError
from agentsea_gateway.messages import DEPTH, checked
from agentsea_gateway.response import Usage
from agentsea_gateway.stream_events import Content, Done, Thinking, ToolCallDelta
from agentsea_gateway.strict_json import dumps, loads
from agentsea_gateway.testing import Reply
from agentsea_gateway.testing.bedrock_side import message as amazons
from support.mutations import garbled, mutated
from support.sandbox_client import messages_in
from support.unserved import NAMES, SIDE, asked, both_ways, frames, plain, refusal

SLOW = pytest.mark.slow
EACH = pytest.mark.parametrize("name", NAMES)
TEXT = st.text(st.characters(), max_size=12)  # lone surrogates among them
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=6,
)
TOOL_NAMES = st.sampled_from(["look_up", "draw", "a-b", "f1"])
CALLS = st.lists(
    st.builds(lambda name, given: ToolCall("", name, given), TOOL_NAMES, st.dictionaries(TEXT, JSON, max_size=3)),
    max_size=3,
)
REPLIES = st.builds(
    Reply,
    TEXT,
    thinking=st.none() | TEXT,
    tool_calls=CALLS,
    stop_reason=st.sampled_from([None, "length"]),
    usage=st.none() | st.just(Usage(100, 20, 60, None, 5)),
    chunks=st.none() | st.integers(1, 4),
)
WHOLE = Reply(
    "Grüße: 東京 🎈, that is all",
    thinking="let me see\nonce more",
    tool_calls=[ToolCall("", "look_up", {"of": ["sky", {"deep": None}]}), ToolCall("", "draw", {})],
    usage=Usage(100, 20, 60, None, 5),
)
SOME = settings(max_examples=15, suppress_health_check=[HealthCheck.too_slow])
MANY = settings(max_examples=400, suppress_health_check=[HealthCheck.too_slow])
TOOLS = [
    {"type": "function", "function": {"name": name, "parameters": {"type": "object", "properties": {}}}}
    for name in ("look_up", "draw", "a-b", "f1")
]


def check_an_answer(name: str, reply: Reply) -> None:
    """A stream says in pieces, and at its end, what the plain call says; and all of it can be encoded."""
    first, second = both_ways(name, reply)
    assert first == second
    assert first.message == second.message
    *events, _ = dialects.get(name).decode_stream(frames(name, reply))
    # Half of a pair that never comes is mended only where the end is known: in the response.
    for kind, text in ((Content, first.content), (Thinking, first.thinking or "")):
        told = "".join(event.text for event in events if isinstance(event, kind))
        assert told in (text, text.removesuffix("\ufffd"))
    pieces = [event for event in events if isinstance(event, ToolCallDelta)]
    for index, call in enumerate(first.tool_calls):
        told = "".join(event.arguments for event in pieces if event.index == index) or "{}"
        assert mended_value(loads(told)) == call.arguments
    json.dumps([first.message, first.content, first.thinking], ensure_ascii=False).encode()


@EACH
@given(reply=REPLIES)
@SOME
def test_a_stream_is_the_plain_call(name: str, reply: Reply) -> None:
    check_an_answer(name, reply)


@SLOW
@EACH
@given(reply=REPLIES)
@MANY
def test_every_stream_is_the_plain_call(name: str, reply: Reply) -> None:
    check_an_answer(name, reply)


def check_a_history(maker: str, taker: str, reply: Reply, result: Any) -> None:
    """What one vendor answered, another takes back, tools and all; after a trip through JSON."""
    said = json.loads(json.dumps(both_ways(maker, reply)[0].message))
    history = [{"role": "user", "content": "Hello"}, said]
    history += [{"role": "tool", "tool_call_id": call["id"], "content": result} for call in said.get("tool_calls", ())]
    history.append({"role": "user", "content": "Go on"})
    assert checked(history) == history
    request = asked(taker, history, tools=TOOLS)
    assert refusal(request) is None, (maker, taker, request.body)
    assert b'"_native"' not in request.data
    messages, _ = request.portable()
    told = [call["function"]["name"] for message in messages for call in message.get("tool_calls") or ()]
    assert told == [call.name for call in reply.tool_calls]


@pytest.mark.parametrize("taker", NAMES)
@given(maker=st.sampled_from(NAMES), reply=REPLIES, result=st.text(max_size=5))
@SOME
def test_what_one_vendor_answered_another_takes_back(maker: str, taker: str, reply: Reply, result: str) -> None:
    check_a_history(maker, taker, reply, result)


@SLOW
@pytest.mark.parametrize("maker", NAMES)
@pytest.mark.parametrize("taker", NAMES)
@given(reply=REPLIES, result=st.text(max_size=5))
@settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow])
def test_what_every_vendor_answered_every_other_takes_back(maker: str, taker: str, reply: Reply, result: str) -> None:
    check_a_history(maker, taker, reply, result)


@EACH
def test_what_a_broken_stream_left_is_taken_back_by_all(name: str) -> None:
    """The message of `StreamInterruptedError.partial`, wherever the stream broke."""
    said = frames(name, WHOLE)
    for end in range(len(said) + 1):
        decoder = dialects.get(name).decoder({})
        for event in said[:end]:
            decoder.feed(event)
        message = json.loads(json.dumps(decoder.partial().message))
        results = [
            {"role": "tool", "tool_call_id": call["id"], "content": "ok"} for call in message.get("tool_calls", ())
        ]
        history = [{"role": "user", "content": "Hello"}, message, *results, {"role": "user", "content": "Go on"}]
        for taker in NAMES:
            assert refusal(asked(taker, history, tools=TOOLS)) is None, (taker, end)


@EACH
@given(data=st.data())
@SOME
def test_however_a_stream_is_cut_its_events_are_the_same(name: str, data: st.DataObject) -> None:
    """F38."""
    stream = b"".join(frames(name, WHOLE))
    whole = list(dialects.get(name).decode_stream([stream]))
    cuts = sorted(data.draw(st.lists(st.integers(0, len(stream)), max_size=8)))
    reads = [stream[a:b] for a, b in zip([0, *cuts], [*cuts, len(stream)], strict=True)]
    assert list(dialects.get(name).decode_stream(reads)) == whole


@SLOW
@EACH
def test_a_stream_cut_at_every_byte_has_the_same_events_or_no_end(name: str) -> None:
    """F38, F34: every cut in two, byte by byte, and every stream that ends too early."""
    stream = b"".join(frames(name, WHOLE))
    dialect = dialects.get(name)
    whole = list(dialect.decode_stream([stream]))
    assert list(dialect.decode_stream([stream[at : at + 1] for at in range(len(stream))])) == whole
    for at in range(len(stream)):
        assert list(dialect.decode_stream([stream[:at], stream[at:]])) == whole
        try:
            found = list(dialect.decode_stream([stream[:at]]))
        except ProviderError:
            continue
        assert isinstance(found[-1], Done)
        assert found[-1].response.content == WHOLE.text


def check_a_body(name: str, data: bytes) -> None:
    """Bytes that claim to be an answer are one, or a typed error."""
    try:
        response = dialects.get(name).decode_response(loads(data), {})
    except ProviderError:
        return
    json.dumps([response.message, response.id, response.model, response.stop_reason], ensure_ascii=False).encode()


def check_a_stream(name: str, data: bytes) -> None:
    """Bytes that claim to be a stream end in Done, or in a typed error; `partial` never raises."""
    decoder = dialects.get(name).decoder({})
    try:
        for at in range(0, len(data), 150):
            for event in decoder.feed(data[at : at + 150]):
                json.dumps(getattr(event, "text", ""), ensure_ascii=False).encode()
        assert isinstance(decoder.finish(), Done)
    except ProviderError:
        pass
    decoder.partial()


@EACH
@given(data=st.data())
@SOME
def test_a_garbled_answer_is_an_answer_or_a_typed_error(name: str, data: st.DataObject) -> None:
    """F30, F55: bodies, streams and errors, their values and their bytes."""
    check_garbled(name, data)


@SLOW
@EACH
@given(data=st.data())
@MANY
def test_every_garbled_answer_is_an_answer_or_a_typed_error(name: str, data: st.DataObject) -> None:
    check_garbled(name, data)


def check_garbled(name: str, data: st.DataObject) -> None:
    body = plain(name, WHOLE)
    check_a_body(name, json.dumps(data.draw(mutated(body))).encode())
    check_a_body(name, data.draw(garbled(json.dumps(body).encode())))
    events = frames(name, WHOLE)
    check_a_stream(name, data.draw(garbled(b"".join(events))))
    at = data.draw(st.integers(0, len(events) - 1))
    events[at] = data.draw(_changed(events[at]))
    check_a_stream(name, b"".join(events))
    side = SIDE[name]
    told = side.error_body(data.draw(st.sampled_from([*side.KINDS.values()])), "req")
    for wrong in (data.draw(mutated(told)), data.draw(garbled(json.dumps(told).encode()))):
        status = data.draw(st.sampled_from([None, 200, 400, 401, 404, 429, 500, 529]))
        found = dialects.get(name).decode_error(status, {}, wrong)
        assert isinstance(found, ProviderError)
        str(found).encode()


@st.composite
def _changed(draw: st.DrawFn, event: bytes) -> bytes:
    """An event whose value is changed, framed as before."""
    if not event.strip().endswith(b"}") and b"{" not in event:
        return event  # [DONE]
    if event[:1] == b"\0":  # Amazon's frame
        ((kind, value),) = messages_in(event)
        return amazons(draw(mutated(value)), ":event-type", str(kind))
    start, end = event.index(b"{"), event.rindex(b"}") + 1
    value = draw(mutated(json.loads(event[start:end])))
    return event[:start] + json.dumps(value).encode() + event[end:]


@EACH
def test_a_lone_surrogate_is_refused_in_requests_and_mended_in_answers(name: str) -> None:
    broken = [{"role": "user", "content": "a\ud800b"}]
    with pytest.raises(InvalidRequestError, match="surrogate"):
        checked(broken)
    with pytest.raises((InvalidRequestError, UnsupportedRequestError)):
        dumps(dialects.get(name).encode_request(broken, {"max_tokens": 10}, model="m"))
    reply = Reply("a\ud800b", thinking="\udfff", tool_calls=[ToolCall("", "look_up", {"of": "\ud83d"})])
    for response in both_ways(name, reply):
        assert response.content == "a\ufffdb"
        assert response.thinking == "\ufffd"
        dumps(response.message)


@EACH
@pytest.mark.parametrize("depth", [DEPTH - 20, 5_000])
def test_deep_arguments_are_carried_or_refused(name: str, depth: int) -> None:
    """F30."""
    text = '{"of":' + "[" * depth + "]" * depth + "}"
    call = {"id": "c1", "type": "function", "function": {"name": "look_up", "arguments": text}}
    history: list[dict[str, Any]] = [
        {"role": "user", "content": "Hello"},
        {"role": "assistant", "content": "", "tool_calls": [call]},
        {"role": "tool", "tool_call_id": "c1", "content": text},
    ]
    try:
        dumps(dialects.get(name).encode_request(checked(history), {"tools": TOOLS, "max_tokens": 10}, model="m"))
    except (InvalidRequestError, UnsupportedRequestError):
        assert depth > DEPTH


@SLOW
@EACH
def test_megabytes_are_carried_both_ways(name: str) -> None:
    text = "Grüße 🎈 " * 300_000
    reply = Reply(text, chunks=300, tool_calls=[ToolCall("", "look_up", {"of": text})])
    for response in both_ways(name, reply):
        assert response.content == text
        assert response.tool_calls[0].arguments == {"of": text}
    assert refusal(asked(name, [{"role": "user", "content": text}])) is None
