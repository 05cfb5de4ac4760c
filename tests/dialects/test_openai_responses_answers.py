"""Answers of the Responses API, plain and streamed: made from its documentation, where no recording has them."""

from __future__ import annotations

import json
from typing import Any

import pytest

from agentsea_gateway.dialects import openai_responses as dialect
from agentsea_gateway.errors import (
    BadRequestError,
    InternalServerError,
    MalformedResponseError,
    ProviderError,
    RateLimitError,
)
from agentsea_gateway.response import ToolCall, Usage
from agentsea_gateway.stream_events import Content, Start, Thinking, ToolCallDelta
from support.made_responses import RESPONSE, events_of, sse


def body(*items: dict[str, Any], **changes: Any) -> dict[str, Any]:
    return {**RESPONSE, "output": [*items], **changes}


def said(*parts: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"type": "message", "id": "msg_1", "role": "assistant", "content": [*parts], **more}


def text(words: str, **more: Any) -> dict[str, Any]:
    return {"type": "output_text", "text": words, "annotations": [], **more}


CALL = {
    "type": "function_call",
    "id": "fc_1",
    "call_id": "call_1",
    "name": "f",
    "arguments": "{}",
    "status": "completed",
}
SEARCH = {"type": "web_search_call", "id": "ws_1", "status": "completed", "action": {"type": "search"}}
ENCRYPTED = {"type": "reasoning", "id": "rs_1", "summary": [], "encrypted_content": "e", "content": None}


def test_a_whole_answer() -> None:
    response = dialect.decode_response(RESPONSE, {"x-request-id": "r"})
    assert (response.content, response.thinking, response.stop_reason) == ("Hello there", "Hm", "tool_use")
    assert response.tool_calls == (ToolCall("a", "f", {"x": 1}, '{"x": 1}'),)
    assert response.usage == Usage(3, 4, 1, None, 1)
    assert (response.id, response.model, response.request_id) == ("resp_1", "gpt-5", "r")
    assert response.citations == ({"type": "url_citation"},)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"status": "completed"}, "stop"),
        ({"status": "incomplete", "incomplete_details": {"reason": "max_output_tokens"}}, "length"),
        ({"status": "incomplete", "incomplete_details": {"reason": "content_filter"}}, "content_filter"),
        ({"status": "incomplete", "incomplete_details": None}, "length"),
        ({"status": "in_progress"}, None),
    ],
)
def test_the_status_is_the_stop_reason(changes: dict[str, Any], reason: str | None) -> None:
    assert dialect.decode_response(body(said(text("x")), **changes)).stop_reason == reason


def test_the_id_of_a_call_is_its_call_id() -> None:
    assert dialect.decode_response(body(CALL)).tool_calls[0].id == "call_1"


def test_what_the_server_runs_itself_is_no_call_of_the_callers() -> None:
    response = dialect.decode_response(body(SEARCH, said(text("x"))))
    assert (response.tool_calls, response.stop_reason, response.content) == ((), "stop", "x")
    assert response.native is not None
    assert SEARCH in response.native.parts["items"]


def test_the_searches_that_xai_runs_are_none_either() -> None:
    """They come as calls of a free-form tool; what followed them goes on without a result."""
    search = {**CALL, "type": "custom_tool_call", "call_id": "xs_call_1", "input": "{}"}
    response = dialect.decode_response(body(search, said(text("a")), model="grok-4.3"))
    assert (response.tool_calls, response.stop_reason) == ((), "stop")
    hi = {"role": "user", "content": "Hi"}
    assert dialect.encode_request([hi, response.message, hi], model="grok-4.3")["input"][1]["call_id"] == "xs_call_1"
    *events, done = decoded(*events_of(response.raw))
    assert (done.response, [type(event) for event in events]) == (response, [Start, Content])


def test_what_goes_on_in_the_background_is_an_answer_of_no_words_yet() -> None:
    response = dialect.decode_response(body(status="queued", background=True, usage=None))
    assert (response.content, response.stop_reason, response.id) == ("", None, "resp_1")


def test_reasoning_as_a_text_beside_the_output() -> None:
    """mistral.rs."""
    assert dialect.decode_response(body(said(text("a")), reasoning="Hm")).thinking == "Hm"


def test_a_free_form_call_has_its_input_as_text() -> None:
    call = {"type": "custom_tool_call", "id": "ctc_1", "call_id": "call_1", "name": "sh", "input": "ls -l"}
    response = dialect.decode_response(body(call))
    assert response.tool_calls == (ToolCall("call_1", "sh", None, "ls -l"),)
    result = {"role": "tool", "tool_call_id": "call_1", "content": "x"}
    *_, item = dialect.encode_request([response.message, result], model="gpt-5")["input"]
    assert item == {"type": "custom_tool_call_output", "call_id": "call_1", "output": "x"}


def test_a_refusal_is_no_content() -> None:
    response = dialect.decode_response(body(said({"type": "refusal", "refusal": "No."})))
    assert (response.content, response.refusal, response.stop_reason) == ("", "No.", "stop")
    assert response.native is None
    (item,) = dialect.encode_request([response.message])["input"]
    assert item == {"role": "assistant", "content": [{"type": "refusal", "refusal": "No."}]}


def test_a_text_and_its_calls_need_no_private_key() -> None:
    response = dialect.decode_response(body(said(text("x", logprobs=[])), CALL))
    assert response.native is None


def test_reasoning_that_is_only_an_id_is_not_kept_unless_it_was_stored() -> None:
    reasoning = {"type": "reasoning", "id": "rs_1", "summary": [{"type": "summary_text", "text": "Hm"}]}
    response = dialect.decode_response(body(reasoning, CALL))
    assert (response.thinking, response.native) == ("Hm", None)
    stored = dialect.decode_response(body(reasoning, CALL, store=True))
    assert stored.native is not None
    assert stored.native.parts["items"] == [reasoning, CALL]


def test_what_was_not_stored_goes_back_without_the_ids_that_bind_it() -> None:
    response = dialect.decode_response(body(ENCRYPTED, CALL))
    assert response.native is not None
    reasoning, call = response.native.parts["items"]
    assert reasoning == {"type": "reasoning", "id": "rs_1", "summary": [], "encrypted_content": "e"}
    assert "id" not in call


@pytest.mark.parametrize(
    ("broken", "kind"),
    [
        ({"error": {"code": "rate_limit_exceeded", "message": "slow"}, "status": "failed"}, RateLimitError),
        ({"error": {"code": "server_error", "message": "x"}, "status": "failed"}, InternalServerError),
        ({"error": {"code": "invalid_image_format", "message": "x"}, "status": "failed"}, BadRequestError),
        ({"status": "failed"}, InternalServerError),
        ({"output": [], "status": None}, MalformedResponseError),
        ({"output": "x"}, MalformedResponseError),
        ({"output": [None]}, MalformedResponseError),
    ],
)
def test_what_is_no_answer(broken: dict[str, Any], kind: type[ProviderError]) -> None:
    """F27, F28."""
    with pytest.raises(kind):
        dialect.decode_response({**RESPONSE, **broken})


@pytest.mark.parametrize("nothing", [{}, {"object": "response"}, None, [], "x"])
def test_a_body_without_output_is_malformed(nothing: Any) -> None:
    """F28, F30."""
    with pytest.raises(MalformedResponseError):
        dialect.decode_response(nothing)


def test_an_answer_of_no_words_with_a_status_is_one() -> None:
    """F28."""
    assert dialect.decode_response(body()).stop_reason == "stop"


def test_sources_that_stand_beside_the_output_are_citations() -> None:
    response = dialect.decode_response(body(said(text("x")), citations=["https://a"]))
    assert response.citations == ({"url": "https://a"},)


# Streams


def decoded(*events: dict[str, Any]) -> Any:
    return list(dialect.decode_stream([sse(*events)]))


def test_events_come_as_the_bytes_do() -> None:
    decoder = dialect.decoder()
    seen = [found for event in events_of(RESPONSE) for found in decoder.feed(sse(event))]
    assert seen == [
        Start("resp_1", "gpt-5"),
        Thinking("H"),
        Thinking("m"),
        Content("Hello "),
        Content("there"),
        ToolCallDelta(0, "a", "f"),
        ToolCallDelta(0, arguments='{"x"'),
        ToolCallDelta(0, arguments=": 1}"),
    ]
    assert decoder.ended
    assert decoder.finish().response == dialect.decode_response(RESPONSE)


@pytest.mark.parametrize("left_out", ["delta", "output_item.done", "output_item.added"])
def test_a_host_that_sends_fewer_events_loses_nothing(left_out: str) -> None:
    events = [event for event in events_of(RESPONSE) if left_out not in event["type"]]
    if left_out == "output_item.added":
        events = [event for event in events if ".delta" not in event["type"] and "annotation" not in event["type"]]
    *said_, done = decoded(*events)
    assert done.response == dialect.decode_response(RESPONSE)
    assert "".join(event.text for event in said_ if isinstance(event, Content)) == "Hello there"
    assert "".join(event.text for event in said_ if isinstance(event, Thinking)) == "Hm"
    assert "".join(event.arguments for event in said_ if isinstance(event, ToolCallDelta)) == '{"x": 1}'


def test_a_last_event_without_the_output_has_what_was_streamed() -> None:
    *events, last = events_of(RESPONSE)
    last = {**last, "response": {**RESPONSE, "output": []}}
    assert decoded(*events, last)[-1].response == dialect.decode_response(RESPONSE)
    fewer = [event for event in events if "output_item.done" not in event["type"]]
    response = decoded(*fewer, last)[-1].response
    assert (response.content, response.thinking, response.tool_calls[0].arguments) == ("Hello there", "Hm", {"x": 1})


def test_items_that_stand_elsewhere_in_the_last_event_are_known_by_their_type() -> None:
    *events, last = [event for event in events_of(RESPONSE) if "output_item.done" not in event["type"]]
    ids = iter("abc")
    items = [{**item, "id": next(ids)} for item in RESPONSE["output"] if item["type"] != "reasoning"]
    *said_, done = decoded(*events, {**last, "response": {**RESPONSE, "output": items}})
    assert "".join(event.text for event in said_ if isinstance(event, Content)) == done.response.content
    assert [event.id for event in said_ if isinstance(event, ToolCallDelta)] == ["a", None, None]


def test_a_whole_item_without_its_content_takes_nothing_away() -> None:
    """Hugging Face."""
    events = [{**event} for event in events_of(RESPONSE)]
    for event in events:
        if event["type"] == "response.output_item.done" and event["item"]["type"] == "message":
            event["item"] = {**event["item"], "content": []}
    events[-1]["response"] = {**RESPONSE, "output": []}
    assert decoded(*events)[-1].response.content == "Hello there"


def test_the_last_event_may_be_named_done() -> None:
    *events, last = events_of(RESPONSE)
    assert decoded(*events, {**last, "type": "response.done"})[-1].response == dialect.decode_response(RESPONSE)


def test_a_host_that_numbers_the_parts_otherwise_says_nothing_twice() -> None:
    """vLLM, behind Amazon Bedrock."""
    events = [{**event, "content_index": 7} if "content_index" in event else event for event in events_of(RESPONSE)]
    *said_, done = decoded(*events)
    assert "".join(event.text for event in said_ if isinstance(event, Content)) == done.response.content


@pytest.mark.parametrize(
    ("event", "kind"),
    [
        ({"type": "error", "code": "rate_limit_exceeded", "message": "slow"}, RateLimitError),
        ({"type": "error", "error": {"type": "server_error", "message": "x"}}, InternalServerError),
        (
            {"type": "response.failed", "response": {"error": {"code": "server_error", "message": "x"}}},
            InternalServerError,
        ),
        ({"type": "response.failed", "response": {"error": None}}, InternalServerError),
        ({"type": "response.output_text.delta", "output_index": 9, "content_index": 0}, MalformedResponseError),
        ({"type": "response.output_item.added", "output_index": [], "item": {}}, MalformedResponseError),
    ],
)
def test_errors_in_a_stream_are_typed_and_come_behind_what_was_said(
    event: dict[str, Any], kind: type[ProviderError]
) -> None:
    """F32, F33, F56."""
    decoder = dialect.decoder()
    begun = [each for each in events_of(RESPONSE) if each["type"] != "response.completed"]
    assert decoder.feed(sse(*begun, event))
    with pytest.raises(kind):
        decoder.feed(b"")
    assert decoder.partial().content == "Hello there"


def test_a_stream_without_its_last_event_was_truncated() -> None:
    """F34."""
    with pytest.raises(MalformedResponseError, match="truncated"):
        decoded(*events_of(RESPONSE)[:-1])


def test_an_incomplete_stream_ends_with_its_reason() -> None:
    response = {**RESPONSE, "status": "incomplete", "incomplete_details": {"reason": "max_output_tokens"}}
    *events, last = events_of(response)
    done = decoded(*events, {**last, "type": "response.incomplete"})[-1]
    assert done.stop_reason == "length"


def test_kinds_of_events_that_nobody_knows_mean_nothing() -> None:
    events = events_of(RESPONSE)
    unknown = {"type": "response.something.new", "delta": "x", "output_index": 0}
    assert decoded(*events[:3], unknown, *events[3:]) == decoded(*events)


def test_a_surrogate_pair_split_over_two_pieces_is_its_character() -> None:
    at = {"item_id": "m", "output_index": 0, "content_index": 0, "type": "response.output_text.delta"}
    start = {"type": "response.output_item.added", "output_index": 0, "item": said()}
    end = {"type": "response.completed", "response": body(said(text("🎈")))}
    *events, done = decoded(start, {**at, "delta": "\ud83c"}, {**at, "delta": "\udf88"}, end)
    assert [event.text for event in events if isinstance(event, Content)] == ["🎈"]
    assert json.dumps(done.response.content, ensure_ascii=False).encode()
