"""Gemini's streams: events as they come, the proven end, and the Response of the plain call."""

from __future__ import annotations

import json
from typing import Any

import pytest

from agentsea_gateway import errors
from agentsea_gateway.dialects import get
from agentsea_gateway.response import ToolCall, Usage
from agentsea_gateway.stream_events import Content, Done, Start, StreamEvent, Thinking, ToolCallDelta
from support.made_gemini import chunk, sse

gemini = get("gemini")
END = chunk({"text": ""}, finishReason="STOP")
SIGNED = {"thoughtSignature": "c2ln"}


def decoded(*events: dict[str, Any]) -> list[StreamEvent]:
    return list(gemini.decode_stream([sse(*events)]))


def call(name: str | None = "f", **more: Any) -> dict[str, Any]:
    return {"functionCall": {**({"name": name} if name else {}), **more}}


def test_events_come_as_the_bytes_do() -> None:
    decoder = gemini.decoder()
    assert decoder.feed(sse(chunk({"text": "H"}))) == [Start("r1", "gemini-3.6-flash"), Content("H")]
    assert decoder.feed(sse(chunk({"text": "m", "thought": True}))) == [Thinking("m")]
    assert decoder.feed(sse(chunk(call(args={"a": 1})))) == [ToolCallDelta(0, "call_0", "f", '{"a":1}')]
    assert decoder.feed(sse(END)) == []
    assert not decoder.ended  # there is no terminator
    assert decoder.finish().stop_reason == "tool_use"


def test_pieces_of_a_text_are_one_part_and_signatures_stay_where_they_are() -> None:
    signed = {"text": "", "thoughtSignature": "c2ln"}
    *_, done = decoded(chunk({"text": "a"}), chunk({"text": "b"}), chunk(signed), chunk({"text": "c"}), END)
    assert isinstance(done, Done)
    assert done.response.content == "abc"
    assert done.response.native is not None
    assert done.response.native.parts == [{"text": "ab"}, signed, {"text": "c"}]


def test_the_last_usage_counts_with_what_only_an_earlier_one_said() -> None:
    first = {**chunk({"text": "a"}), "usageMetadata": {"promptTokenCount": 9, "cachedContentTokenCount": 2}}
    last = {**END, "usageMetadata": {"promptTokenCount": 10, "candidatesTokenCount": 3, "thoughtsTokenCount": 1}}
    *_, done = decoded(first, last)
    assert isinstance(done, Done)
    assert done.usage == Usage(10, 4, 2, None, 1)


def test_other_candidates_are_left_out() -> None:
    other = {"index": 1, "content": {"parts": [{"text": "no"}]}, "finishReason": "MAX_TOKENS"}
    both = chunk({"text": "yes"})
    both["candidates"].append(other)
    *_, done = decoded(both, END)
    assert isinstance(done, Done)
    assert (done.response.content, done.stop_reason) == ("yes", "stop")


def test_arguments_that_come_bit_by_bit() -> None:
    """Vertex AI, streamFunctionCallArguments."""
    bits = [
        [{"jsonPath": "$.city", "stringValue": "Ro", "willContinue": True}],
        [{"jsonPath": "$.city", "stringValue": "me"}, {"jsonPath": "$.days[0].n", "numberValue": 1}],
        [{"jsonPath": "$.days[1]", "boolValue": True}, {"jsonPath": "$['a b']", "nullValue": "NULL_VALUE"}],
    ]
    parts = [call(None, partialArgs=each, willContinue=True) for each in bits]
    begun = {**call(id="i", willContinue=True), "thoughtSignature": "c2ln"}
    events = decoded(chunk(begun), *map(chunk, parts), chunk({"functionCall": {}}), chunk(call("g", args={})), END)
    found = {"city": "Rome", "days": [{"n": 1}, True], "a b": None}
    done = events[-1]
    assert isinstance(done, Done)
    assert [each.arguments for each in done.response.tool_calls] == [found, {}]
    assert events[1:4] == [
        ToolCallDelta(0, "i", "f"),
        ToolCallDelta(0, arguments=json.dumps(found, separators=(",", ":"))),
        ToolCallDelta(1, "call_1", "g", "{}"),
    ]
    assert done.response.native is not None
    assert done.response.native.parts[0] == {**call(id="i", args=found), "thoughtSignature": "c2ln"}


@pytest.mark.parametrize("path", ["", "$", "$.a[9999]", "$..", "nothing"])
def test_a_place_that_is_none_is_a_bad_event(path: str) -> None:
    """F30."""
    broken = call(None, partialArgs=[{"jsonPath": path, "stringValue": "x"}])
    try:
        decoded(chunk(call(willContinue=True)), chunk(broken), END)
    except errors.MalformedResponseError:
        assert path != "$.a[9999]"


@pytest.mark.parametrize("tail", [b"", b"data: {", sse(chunk({"text": "more"}))[:-8]])
def test_an_end_without_a_finish_reason_is_truncation(tail: bytes) -> None:
    """F34-F36."""
    decoder = gemini.decoder()
    decoder.feed(sse(chunk({"text": "Hi"})) + tail)
    with pytest.raises(errors.MalformedResponseError, match="truncated"):
        decoder.finish()
    assert (decoder.partial().content, decoder.partial().stop_reason) == ("Hi", None)


@pytest.mark.parametrize(
    ("event", "kind"),
    [
        ({"error": {"code": 503, "status": "UNAVAILABLE", "message": "overloaded"}}, errors.OverloadedError),
        ({"error": {"code": 429, "status": "RESOURCE_EXHAUSTED"}}, errors.RateLimitError),
        ({"promptFeedback": {"blockReason": "SAFETY"}}, errors.ContentPolicyViolationError),
        (chunk(finishReason="MALFORMED_FUNCTION_CALL"), errors.MalformedResponseError),
        ({"candidates": 5}, errors.MalformedResponseError),
        ([], errors.MalformedResponseError),
    ],
)
def test_an_error_event_first_and_later(event: Any, kind: type[errors.ProviderError]) -> None:
    """F31-F33: what stood in front of it is handed out first."""
    with pytest.raises(kind):
        gemini.decoder().feed(sse(event))
    decoder = gemini.decoder()
    assert decoder.feed(sse(chunk({"text": "Hi"}), event))[1:] == [Content("Hi")]
    for act in (lambda: decoder.feed(b""), decoder.finish):
        with pytest.raises(kind):
            act()
    assert decoder.partial().content == "Hi"


def test_a_plain_answer_instead_of_a_stream() -> None:
    decoder = gemini.decoder()
    decoder.feed(json.dumps(END | chunk({"text": "Hi"}, finishReason="STOP")).encode())
    assert decoder.finish().response.content == "Hi"
    decoder = gemini.decoder()
    decoder.feed(b'{"error":{"code":400,"message":"API key not valid","details":[{"reason":"API_KEY_INVALID"}]}}')
    with pytest.raises(errors.AuthenticationError):
        decoder.finish()


def test_a_terminator_of_openais_ends_the_stream() -> None:
    decoder = gemini.decoder()
    decoder.feed(sse(chunk(call(args={}, id="i"), finishReason="STOP")) + b"data: [DONE]\n\n")
    assert decoder.ended
    assert decoder.finish().response.tool_calls == (ToolCall("i", "f", {}, "{}"),)


def test_one_array_of_chunks_is_a_stream_too() -> None:
    """Without `alt=sse`."""
    chunks = [chunk({"text": "a"}), chunk({"text": 'b"]}'}), END]
    for framed in (json.dumps(chunks, indent=2), ",\r\n".join(map(json.dumps, chunks)).join("[]")):
        decoder = gemini.decoder()
        events = [event for byte in framed.encode() for event in decoder.feed(bytes([byte]))]
        assert [type(event) for event in events] == [Start, Content, Content]
        assert decoder.finish().response.content == 'ab"]}'
    with pytest.raises(errors.OverloadedError):
        list(gemini.decode_stream([json.dumps([{"error": {"code": 503, "status": "UNAVAILABLE"}}]).encode()]))
    with pytest.raises(errors.MalformedResponseError, match="truncated"):
        list(gemini.decode_stream([json.dumps(chunks[:2])[:-1].encode()]))


def test_a_stop_behind_code_of_googles_own_is_not_the_end() -> None:
    events = [
        chunk({"executableCode": {"code": "x"}}, finishReason="STOP"),
        chunk({"codeExecutionResult": {"output": "4"}}),
        chunk({"text": "b"}),
    ]
    for cut in (1, 2, 3):
        with pytest.raises(errors.MalformedResponseError, match="truncated"):
            decoded(*events[:cut])
    done = decoded(*events, END)[-1]
    assert isinstance(done, Done)
    assert (done.response.content, done.stop_reason) == ("b", "stop")


@pytest.mark.parametrize(
    "behind", [{"text": ""}, {"text": "", "thoughtSignature": "c2ln"}, {"thoughtSignature": "c2ln"}]
)
def test_a_signature_behind_the_end_leaves_it_the_end(behind: dict[str, Any]) -> None:
    done = decoded(chunk({"text": "a"}, finishReason="STOP"), chunk(behind))[-1]
    assert isinstance(done, Done)
    assert (done.response.content, done.stop_reason) == ("a", "stop")


def test_counts_that_the_last_usage_leaves_out_are_zero_where_it_has_a_total() -> None:
    first = {**chunk({"text": "a"}), "usageMetadata": {"promptTokenCount": 8, "candidatesTokenCount": 9}}
    last = {**END, "usageMetadata": {"promptTokenCount": 8, "totalTokenCount": 8}}
    done = decoded(first, last)[-1]
    assert isinstance(done, Done)
    assert (done.usage.input_tokens, done.usage.output_tokens) == (8, 0)


@pytest.mark.parametrize("behind", [[END], [chunk({"text": "x"}), END], [chunk(finishReason="STOP")]])
def test_a_call_that_nothing_completes_has_its_arguments_all_the_same(behind: list[dict[str, Any]]) -> None:
    bits = [{"jsonPath": "$.id", "stringValue": "A"}]
    begun = (chunk(call(willContinue=True)), chunk(call(None, partialArgs=bits, willContinue=True)))
    *events, done = decoded(*begun, *behind)
    assert isinstance(done, Done)
    shown = "".join(event.arguments for event in events if isinstance(event, ToolCallDelta))
    assert (json.loads(shown), done.response.tool_calls[0].arguments) == ({"id": "A"}, {"id": "A"})
