"""The streams of Bedrock's Converse: Amazon's binary framing, and the events in it."""

from __future__ import annotations

import json
import struct
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agentsea_gateway.dialects.bedrock_converse import decode_response, decode_stream, decoder
from agentsea_gateway.dialects.bedrock_converse.framing import EXCEPTION, FrameDecoder
from agentsea_gateway.errors import (
    BadRequestError,
    InternalServerError,
    MalformedResponseError,
    OverloadedError,
    ProviderError,
    RateLimitError,
)
from agentsea_gateway.stream_events import Content, Done, Start, Thinking, ToolCallDelta
from support.event_stream import cut, event, exception, frame, framed, kind_and_payload, resealed
from support.made_bedrock import ANSWER, EVENTS, STREAM, delta, stop

START = event("messageStart", {"role": "assistant"})
END = event("messageStop", {"stopReason": "end_turn"})
TOLD = event("metadata", {"usage": {"inputTokens": 1, "outputTokens": 2, "totalTokens": 3}})


def done(*events: bytes) -> Done:
    *_, last = decode_stream([b"".join((START, *events, END, TOLD))])
    assert isinstance(last, Done)
    return last


# -- the framing -------------------------------------------------------------------------------------------------------


def test_frames_come_out_as_they_went_in() -> None:
    told = [("a", "{}"), ("b", ""), ("messageStart", '{"role": "Grüße 🎈"}')]
    raw = b"".join(event(kind, payload.encode()) for kind, payload in told)
    assert FrameDecoder().feed(raw) == told


def test_headers_of_every_type_are_read_past() -> None:
    """Smithy 2.0, "Amazon Event Stream Specification": ten types of values."""
    values = [
        b"\x00",
        b"\x01",
        b"\x02\x07",
        b"\x03\x00\x07",
        b"\x04" + bytes(4),
        b"\x05" + bytes(8),
        b"\x06\x00\x03abc",
        b"\x08" + bytes(8),
        b"\x09" + bytes(16),
    ]
    name = b"\x0b:event-type\x07\x00\x04kind"
    head = b"".join(b"\x01x" + value for value in values) + name
    assert FrameDecoder().feed(framed(head, b"{}")) == [("kind", "{}")]


def test_exceptions_and_errors_have_names_of_their_own() -> None:
    failed = frame(b"", message_type="error", error_code="InternalError", error_message="It broke")
    assert FrameDecoder().feed(exception("throttlingException", {"message": "x"}) + failed) == [
        (f"{EXCEPTION}throttlingException", '{"message": "x"}'),
        (f"{EXCEPTION}InternalError", '{"message":"It broke"}'),
    ]


GOOD = event("a", b"{}")
BROKEN = {
    "prelude": (bytes([GOOD[0], GOOD[1], GOOD[2], GOOD[3] ^ 1]) + GOOD[4:], "whose lengths are damaged"),
    "checksum of the prelude": (GOOD[:9] + bytes([GOOD[9] ^ 1]) + GOOD[10:], "whose lengths are damaged"),
    "payload": (GOOD[:-5] + bytes([GOOD[-5] ^ 1]) + GOOD[-4:], "that is damaged"),
    "checksum": (GOOD[:-1] + bytes([GOOD[-1] ^ 1]), "that is damaged"),
    "a header without an end": (framed(b"\x05ab", b""), "whose headers cannot be read"),
    "a value without an end": (framed(b"\x01a\x07\x00\x09ab", b""), "whose headers cannot be read"),
    "a type nobody knows": (framed(b"\x01a\x0a", b""), "whose headers cannot be read"),
    "a name that is no UTF-8": (framed(b"\x01\xff\x00", b""), "whose headers cannot be read"),
    "a payload that is no UTF-8": (event("a", b"\xff"), "invalid UTF-8"),
    "text in another coding": ("Hello there, who are you?".encode("utf-16"), "whose lengths are damaged"),
}


@pytest.mark.parametrize("kind", BROKEN)
def test_what_is_no_event_is_a_typed_error_behind_those_before_it(kind: str) -> None:
    """F37."""
    data, words = BROKEN[kind]
    with pytest.raises(MalformedResponseError, match=words):
        FrameDecoder().feed(data)
    frames = FrameDecoder()
    assert frames.feed(GOOD + data) == [("a", "{}")]
    for _ in range(2):
        with pytest.raises(MalformedResponseError, match=words):
            frames.feed(b"")


def test_lengths_that_do_not_fit_are_refused() -> None:
    from zlib import crc32

    for total, headers, words in ((15, 0, "shorter than its headers"), (40, 30, "shorter"), (2**24 + 1, 0, "longer")):
        prelude = struct.pack(">II", total, headers)
        with pytest.raises(MalformedResponseError, match=words):
            FrameDecoder().feed(prelude + struct.pack(">I", crc32(prelude)))


def test_an_event_over_the_cap_is_refused_before_it_is_there() -> None:
    """F40."""
    big = event("a", b'"' + b"x" * 2000 + b'"')
    assert FrameDecoder(len(big)).feed(big)
    with pytest.raises(MalformedResponseError, match="longer than 2000 bytes"):
        FrameDecoder(2000).feed(big[:12])


def test_a_stream_that_ends_inside_an_event_was_truncated() -> None:
    frames = FrameDecoder()
    assert frames.feed(GOOD + GOOD[:-1]) == [("a", "{}")]
    with pytest.raises(MalformedResponseError, match="truncated in the middle of an event"):
        frames.flush()


@given(
    payloads=st.lists(st.text(max_size=20), max_size=4),
    names=st.lists(st.text("abc", max_size=5), min_size=4, max_size=4),
    cuts=st.lists(st.integers(0, 400), max_size=6),
    damage=st.none() | st.tuples(st.integers(0, 400), st.integers(1, 255)),
)
@settings(max_examples=100)
def test_botocore_reads_the_same_events(
    payloads: list[str], names: list[str], cuts: list[int], damage: tuple[int, int] | None
) -> None:
    """However they are cut, and whatever is damaged: the same events, and an error where it has one."""
    pytest.importorskip("botocore", reason="botocore is not installed")
    raw = bytearray(b"".join(event(*told) for told in zip(names, map(str.encode, payloads), strict=False)))
    if damage is not None and raw:
        raw[damage[0] % len(raw)] ^= damage[1]
    ends = sorted({0, len(raw), *(each for each in cuts if each < len(raw))})
    reads = [bytes(raw[begin:end]) for begin, end in pairwise(ends)]
    if raw and raw[0] not in b"{[< \t\r\n":  # text, which is none of botocore's business
        assert read_by(FrameDecoder(), reads) == read_by_botocore(reads)


def read_by(frames: FrameDecoder, reads: list[bytes]) -> tuple[list[tuple[str, str]], bool]:
    """The events, and whether there was an error."""
    found: list[tuple[str, str]] = []
    try:
        for read in [*reads, b""]:
            found += frames.feed(read)
    except MalformedResponseError:
        return found, True
    return found, False


def read_by_botocore(reads: list[bytes]) -> tuple[list[tuple[str, str]], bool]:
    """The same, of Amazon's own code."""
    from botocore.eventstream import EventStreamBuffer, ParserError

    buffer, found = EventStreamBuffer(), []
    try:
        for read in reads:
            buffer.add_data(read)
            found.extend((each.headers[":event-type"], each.payload.decode()) for each in buffer)
    except ParserError:
        return found, True
    return found, False


# -- the events --------------------------------------------------------------------------------------------------------


def test_events_come_as_the_bytes_do() -> None:
    found = decoder()
    said: list[Any] = []
    for data in EVENTS[:-2]:
        assert found.feed(data[:-1]) == []
        said += found.feed(data[-1:])
    assert said == [
        Start(),
        Thinking("H"),
        Thinking("m"),
        Content("Hel"),
        Content("lo "),
        Content("there"),
        ToolCallDelta(0, "a", "f"),
        ToolCallDelta(0, arguments='{"x"'),
        ToolCallDelta(0, arguments=": 1}"),
    ]
    assert not found.ended
    assert found.partial().content == "Hello there"
    with pytest.raises(MalformedResponseError, match="without a finish reason"):
        decoder().finish()
    assert found.feed(b"".join(EVENTS[-2:])) == []
    assert found.ended
    assert found.finish().response == decode_response(ANSWER)


def test_the_stop_reason_proves_the_end_and_the_metadata_are_worth_a_wait() -> None:
    found = decoder()
    found.feed(b"".join(EVENTS[:-1]))
    assert not found.ended
    response = found.finish().response
    assert (response.content, response.usage.input_tokens) == ("Hello there", None)


def test_half_an_event_behind_the_stop_reason_takes_nothing() -> None:
    found = decoder()
    found.feed(b"".join(EVENTS[:-1]) + EVENTS[-1][:-9])
    assert found.finish().response.content == "Hello there"


def test_a_call_without_arguments_has_none_and_a_broken_one_keeps_its_text() -> None:
    start = event("contentBlockStart", {"contentBlockIndex": 0, "start": {"toolUse": {"toolUseId": "a", "name": "f"}}})
    (call,) = done(start, stop(0)).response.tool_calls
    assert (call.arguments, call.raw_arguments) == ({}, "{}")
    (call,) = done(start, delta(0, {"toolUse": {"input": '{"x'}}), stop(0)).response.tool_calls
    assert (call.arguments, call.raw_arguments) == (None, '{"x')


def test_a_block_that_begins_again_under_the_same_index_takes_nothing_from_the_first() -> None:
    start = event("contentBlockStart", {"contentBlockIndex": 0, "start": {"toolUse": {"toolUseId": "a", "name": "f"}}})
    response = done(delta(0, {"text": "Hi"}), start, delta(0, {"toolUse": {"input": "{}"}})).response
    assert (response.content, [call.name for call in response.tool_calls]) == ("Hi", ["f"])


def test_thinking_and_text_under_one_index_are_two_blocks() -> None:
    start = event("contentBlockStart", {"contentBlockIndex": 1, "start": {"toolUse": {"toolUseId": "a", "name": "f"}}})
    thought = delta(0, {"reasoningContent": {"text": "Hm"}})
    events = (thought, delta(0, {"text": "a"}), delta(0, {"text": "b"}), thought, start, delta(1, {"text": "c"}))
    response = done(*events).response
    assert (response.thinking, response.content, len(response.tool_calls)) == ("HmHm", "abc", 1)


def test_what_the_maker_ran_itself_is_no_call_of_the_callers() -> None:
    use = {"toolUse": {"toolUseId": "s", "name": "g", "type": "server_tool_use"}}
    told = {"toolResult": {"toolUseId": "s", "status": "success", "type": "g_result"}}
    response = done(
        event("contentBlockStart", {"contentBlockIndex": 0, "start": use}),
        delta(0, {"toolUse": {"input": '{"q": 1}'}}),
        event("contentBlockStart", {"contentBlockIndex": 1, "start": told}),
        delta(1, {"toolResult": [{"text": "fo"}]}),
        delta(1, {"toolResult": [{"text": "und"}, {"json": {"x": 1}}]}),
        delta(2, {"text": "Hi"}),
    ).response
    assert (response.content, response.tool_calls, response.stop_reason) == ("Hi", (), "stop")
    assert response.message["_native"]["parts"] == [
        {"toolUse": {**use["toolUse"], "input": {"q": 1}}},
        {"toolResult": {**told["toolResult"], "content": [{"text": "found"}, {"json": {"x": 1}}]}},
        {"text": "Hi"},
    ]


def test_images_and_unknown_deltas_are_kept() -> None:
    response = done(
        event("contentBlockStart", {"contentBlockIndex": 0, "start": {"image": {"format": "png"}}}),
        delta(0, {"image": {"source": {"bytes": "AAAA"}}}),
        delta(1, {"text": "Hi"}),
        event("somethingNew", {"x": 1}),
    ).response
    assert response.content == "Hi"
    assert response.message["_native"]["parts"][0] == {"image": {"format": "png", "source": {"bytes": "AAAA"}}}


def test_a_surrogate_pair_split_between_two_events_is_one_character() -> None:
    halves = (
        b'{"contentBlockIndex":0,"delta":{"text":"\\ud83c"}}',
        b'{"contentBlockIndex":0,"delta":{"text":"\\udf88"}}',
    )
    assert done(*(event("contentBlockDelta", half) for half in halves)).response.content == "🎈"


@pytest.mark.parametrize(
    ("kind", "said", "error", "status"),
    [
        ("throttlingException", {"message": "Too many tokens"}, RateLimitError, 429),
        ("internalServerException", {"message": "It broke"}, InternalServerError, 500),
        ("validationException", {"message": "No"}, BadRequestError, 400),
        ("serviceUnavailableException", {"message": "Later"}, OverloadedError, 503),
        ("modelStreamErrorException", {"message": "It broke"}, InternalServerError, 500),
        (
            "modelStreamErrorException",
            {"originalMessage": "Slow down", "originalStatusCode": 429},
            RateLimitError,
            429,
        ),
        ("somethingNewException", {"message": "Who knows"}, InternalServerError, 500),
        ("throttlingException", b"no JSON at all", RateLimitError, 429),
    ],
)
@pytest.mark.parametrize("behind", [False, True])
def test_an_exception_inside_the_stream_is_the_error_of_its_type(
    kind: str, said: Any, error: type[ProviderError], status: int, behind: bool
) -> None:
    """F32, F33."""
    found = decoder({"x-amzn-requestid": "r1"})
    if behind:
        assert found.feed(START + delta(0, {"text": "Hel"}) + exception(kind, said)) == [Start(), Content("Hel")]
    with pytest.raises(error) as caught:
        found.feed(b"" if behind else exception(kind, said))
    assert type(caught.value) is error
    assert (caught.value.status_code, caught.value.code, caught.value.request_id) == (status, kind, "r1")
    assert found.failure is caught.value
    assert found.partial().content == ("Hel" if behind else "")


def test_an_answer_that_bedrock_could_not_read_is_none() -> None:
    end = event("messageStop", {"stopReason": "malformed_tool_use"})
    with pytest.raises(MalformedResponseError, match="no readable answer: malformed_tool_use"):
        list(decode_stream([START + delta(0, {"text": "x"}) + end + TOLD]))


@pytest.mark.parametrize("data", [b"[]", b"7", b"{", b'"x"', b"{} {}", b"\xef\xbb\xbf{}"])
def test_an_event_that_is_no_object_is_a_typed_error(data: bytes) -> None:
    """F37."""
    with pytest.raises(MalformedResponseError, match="no JSON object of this dialect"):
        decoder().feed(event("contentBlockDelta", data))


def test_a_plain_answer_instead_of_a_stream_is_an_answer() -> None:
    """F29."""
    *_, last = decode_stream([b" ", json.dumps(ANSWER).encode()])
    assert isinstance(last, Done)
    assert last.response == decode_response(ANSWER)
    with pytest.raises(RateLimitError):
        list(decode_stream([b'{"message": "Slow down", "__type": "ThrottlingException"}']))
    with pytest.raises(MalformedResponseError):
        list(decode_stream([b"<html><title>Sign in</title></html>"]))


JUNK: Any = st.sampled_from([None, 0, -1, 1.5, True, "", "x", "\ud800", [], {}, [None], {"x": 1}, [[]], 10**30])


@given(data=st.data())
@settings(max_examples=250)
def test_a_mutated_stream_ends_in_done_or_a_typed_error(data: st.DataObject) -> None:
    """F30, F37: fuzz of what the events say, and of the bytes around it."""
    events = cut(STREAM)
    for _ in range(data.draw(st.integers(0, 2))):
        at = data.draw(st.integers(0, len(events) - 1))
        kind, payload = kind_and_payload(events[at])
        events[at] = event(kind, json.dumps(mutated(payload, data)).encode())
    raw = bytearray(b"".join(data.draw(st.permutations(events)) if data.draw(st.booleans()) else events))
    if data.draw(st.booleans()):
        raw[data.draw(st.integers(0, len(raw) - 1))] = data.draw(st.integers(0, 255))
    found = decoder()
    try:
        for begin in range(0, len(raw), 200):
            for each in found.feed(bytes(raw[begin : begin + 200])):
                json.dumps(getattr(each, "text", ""), ensure_ascii=False).encode()
        last = found.finish()
        assert isinstance(last, Done)
        json.dumps(last.response.message, ensure_ascii=False).encode()
    except ProviderError:
        pass
    found.partial()


def mutated(value: Any, data: st.DataObject) -> Any:
    """The value with something in it replaced."""
    inner = list(value) if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else ()
    if not inner or data.draw(st.integers(0, 3)) == 0:
        return data.draw(JUNK)
    key = data.draw(st.sampled_from(list(inner)))
    copied = value.copy()
    copied[key] = mutated(value[key], data)
    return copied


@given(data=st.binary(max_size=64), before=st.booleans())
@settings(max_examples=200)
def test_any_bytes_are_events_or_a_typed_error(data: bytes, before: bool) -> None:
    found = FrameDecoder()
    try:
        found.feed(GOOD * before + data)
        found.flush()
    except MalformedResponseError:
        pass


@given(head=st.binary(max_size=40), payload=st.binary(max_size=20))
@settings(max_examples=200)
def test_any_headers_are_read_or_a_typed_error(head: bytes, payload: bytes) -> None:
    try:
        (found,) = FrameDecoder().feed(resealed(framed(head, payload)))
    except MalformedResponseError:
        return
    assert found[1].encode() == payload or found[0].startswith(EXCEPTION)
