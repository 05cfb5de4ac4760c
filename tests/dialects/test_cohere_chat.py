"""Cohere's chat API: what its documentation says and no recording shows; what each message and option becomes."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from agentsea_gateway.dialects import cohere_chat as dialect
from agentsea_gateway.dialects import get
from agentsea_gateway.errors import (
    ContextWindowExceededError,
    InternalServerError,
    InvalidRequestError,
    MalformedResponseError,
    ProviderError,
    UnsupportedRequestError,
)
from agentsea_gateway.messages import NATIVE
from agentsea_gateway.response import ToolCall, Usage
from agentsea_gateway.stream_events import Content, Start, Thinking, ToolCallDelta
from support.made_cohere import ANSWER, BEGUN, CALL, CITATION, END, event, sse

HI = [{"role": "user", "content": "Hi"}]
ASKED = {"role": "assistant", "content": "", "tool_calls": [CALL]}
RESULT = {"role": "tool", "tool_call_id": "a", "content": "x"}
TOOLS = [
    {"type": "function", "function": {"name": name, "parameters": {"type": "object", "properties": {}}}}
    for name in ("f", "g")
]


def wire(*messages: dict[str, Any]) -> Any:
    return dialect.encode_request([*messages])["messages"]


# Answers


def test_a_whole_answer() -> None:
    response = dialect.decode_response(ANSWER)
    assert (response.content, response.thinking, response.stop_reason) == ("Hello there", "Hm", "tool_use")
    assert response.tool_calls == (ToolCall("a", "f", {"x": 1}, '{"x": 1}'),)
    assert response.citations == (CITATION,)
    assert response.usage == Usage(3, 4, 1, None, 1)


@pytest.mark.parametrize(
    ("usage", "expected"),
    [
        ({"billed_units": {"input_tokens": 1, "output_tokens": 2}}, Usage(1, 2)),
        ({"tokens": {"input_tokens": 34, "output_tokens": 5, "image_tokens": 259}}, Usage(293, 5)),
        ({"tokens": {"input_tokens": -1, "output_tokens": "5"}, "cached_tokens": 0.5}, Usage()),
        ({"tokens": []}, Usage()),
        ([], Usage()),
    ],
)
def test_usage_is_what_was_read_and_written(usage: Any, expected: Usage) -> None:
    """F55."""
    assert dialect.decode_response({**ANSWER, "usage": usage}).usage == expected


@pytest.mark.parametrize(
    ("finish", "reason"),
    [("COMPLETE", "stop"), ("STOP_SEQUENCE", "stop"), ("MAX_TOKENS", "length"), ("ERROR_TOXIC", "content_filter")],
)
def test_finish_reasons(finish: str, reason: str) -> None:
    body = {"id": "c", "message": {"content": [{"type": "text", "text": "x"}]}, "finish_reason": finish}
    assert dialect.decode_response(body).stop_reason == reason


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        ({**ANSWER, "finish_reason": "ERROR"}, InternalServerError),
        ({**ANSWER, "finish_reason": "TIMEOUT"}, InternalServerError),
        ({"error_type": "TOO_MANY_TOKENS", "message": "too many tokens"}, ContextWindowExceededError),
        ({"message": {"role": "assistant"}}, MalformedResponseError),
        ({"message": {"content": [None]}}, MalformedResponseError),
        ({}, MalformedResponseError),
        (None, MalformedResponseError),
    ],
)
def test_what_is_no_answer(body: Any, kind: type[ProviderError]) -> None:
    """F27, F28, F30."""
    with pytest.raises(kind):
        dialect.decode_response(body)


# Streams


def decoded(*events: dict[str, Any]) -> Any:
    return list(dialect.decode_stream([sse(*events)]))


def test_events_come_as_the_bytes_do() -> None:
    decoder = dialect.decoder()
    seen = [found for each in [*BEGUN, END] for found in decoder.feed(sse(each))]
    assert seen == [
        Start("c", None),
        Thinking("H"),
        Content("Hello "),
        Content("there"),
        Thinking("m"),
        ToolCallDelta(0, "a", "f"),
        ToolCallDelta(0, arguments='{"x"'),
        ToolCallDelta(0, arguments=": 1}"),
    ]
    assert decoder.ended
    assert decoder.finish().response == dialect.decode_response(ANSWER)


def test_a_stream_without_its_last_event_was_truncated() -> None:
    """F34."""
    with pytest.raises(MalformedResponseError, match="truncated"):
        decoded(*BEGUN)


@pytest.mark.parametrize(
    ("broken", "kind"),
    [
        ({"type": "message-end", "delta": {"finish_reason": "ERROR", "error": "it broke"}}, InternalServerError),
        ({"type": "message-end", "delta": {"finish_reason": "TIMEOUT"}}, InternalServerError),
        ({"type": "content-delta", "index": 0, "delta": {}}, MalformedResponseError),
        (event("content-delta", 0, content={"text": "x"}), MalformedResponseError),
        (event("tool-call-delta", 9, tool_calls={}), MalformedResponseError),
        (event("content-start", 2, content={"type": "hologram"}), MalformedResponseError),
    ],
)
def test_errors_in_a_stream_are_typed(broken: dict[str, Any], kind: type[ProviderError]) -> None:
    """F32, F33, F37."""
    decoder = dialect.decoder()
    decoder.feed(sse(*BEGUN, broken))
    with pytest.raises(kind):
        decoder.feed(b"")
    assert decoder.partial().content == "Hello there"


def test_events_that_nobody_knows_mean_nothing() -> None:
    assert decoded(*BEGUN, {"type": "debug", "prompt": "x"}, END) == decoded(*BEGUN, END)


def test_a_part_may_come_without_its_start() -> None:
    events = [each for each in BEGUN if each["type"] != "content-start"]
    assert decoded(*events, END)[-1].response == dialect.decode_response(ANSWER)


# Requests


def test_options_have_their_names() -> None:
    body = dialect.encode_request(
        "Hi", model="m", stream=True, max_tokens=5, temperature=0.5, top_p=0.5, top_k=3, stop="x", seed=1
    )
    assert body == {
        "model": "m",
        "messages": HI,
        "stream": True,
        "max_tokens": 5,
        "temperature": 0.5,
        "p": 0.5,
        "k": 3,
        "stop_sequences": ["x"],
        "seed": 1,
    }


@pytest.mark.parametrize("options", [{"user": "u"}, {"metadata": {"a": "b"}}, {"parallel_tool_calls": False}])
def test_what_the_api_has_no_word_for_is_listed(options: dict[str, Any]) -> None:
    encoded = dialect.encode("Hi", options)
    assert encoded.degraded == (*options,)
    assert encoded.body == {"messages": HI}


def test_an_unknown_option_is_refused() -> None:
    with pytest.raises(UnsupportedRequestError, match="has no option 'logprobs'"):
        dialect.encode("Hi", logprobs=True)


@pytest.mark.parametrize(
    ("options", "thinking"),
    [
        ({"reasoning_effort": "none"}, {"type": "disabled"}),
        ({"reasoning_effort": "low"}, {"type": "enabled", "token_budget": 2048}),
        ({"reasoning_effort": "high"}, {"type": "enabled"}),
        ({"reasoning_budget": 500}, {"type": "enabled", "token_budget": 500}),
        ({"reasoning_effort": "high", "reasoning_budget": 500}, {"type": "enabled", "token_budget": 500}),
    ],
)
def test_reasoning_is_thinking(options: dict[str, Any], thinking: dict[str, Any]) -> None:
    body = dialect.encode_request("Hi", options)
    assert body["thinking"] == thinking
    assert dialect.encode_request("Hi", dialect.decode_request(body)[1]) == body


@pytest.mark.parametrize(
    ("form", "sent"),
    [
        ({"type": "text"}, {"type": "text"}),
        ({"type": "json_object"}, {"type": "json_object"}),
        (
            {"type": "json_schema", "json_schema": {"name": "response", "schema": {"type": "object"}, "strict": True}},
            {"type": "json_object", "json_schema": {"type": "object"}},
        ),
    ],
)
def test_response_format_both_ways(form: dict[str, Any], sent: dict[str, Any]) -> None:
    body = dialect.encode_request("Hi", response_format=form)
    assert body["response_format"] == sent
    assert dialect.decode_request(body)[1] == {"response_format": form}


@pytest.mark.parametrize(
    ("choice", "word", "names"),
    [
        ("auto", None, ["f", "g"]),
        ("none", "NONE", ["f", "g"]),
        ("required", "REQUIRED", ["f", "g"]),
        ({"type": "function", "function": {"name": "g"}}, "REQUIRED", ["g"]),
        ({"type": "allowed_tools", "allowed_tools": {"mode": "auto", "tools": [TOOLS[0]]}}, None, ["f"]),
    ],
)
def test_the_choice_between_tools(choice: Any, word: str | None, names: list[str]) -> None:
    body = dialect.encode_request("Hi", tools=TOOLS, tool_choice=choice)
    assert body.get("tool_choice") == word
    assert [tool["function"]["name"] for tool in body["tools"]] == names


def test_a_history_without_pairs_stays_as_it_was() -> None:
    called = {"id": "c", "type": "function", "function": {"name": "f", "arguments": "{}"}}
    for messages in (
        [{"role": "tool", "tool_call_id": "c", "content": "x"}],
        [{"role": "assistant", "tool_calls": [called]}, {"role": "user", "content": "x"}],
    ):
        body = {"messages": messages}
        assert dialect.encode_request(*dialect.decode_request(body)) == body


def test_no_tool_may_be_the_choice_where_there_are_none() -> None:
    body = {"messages": [{"role": "user", "content": "Hi"}], "tool_choice": "NONE"}
    assert dialect.encode_request(*dialect.decode_request(body)) == body


def test_strict_stands_beside_all_tools() -> None:
    strict = [{**tool, "function": {**tool["function"], "strict": True}} for tool in TOOLS]
    body = dialect.encode_request("Hi", tools=strict)
    assert (body["strict_tools"], body["tools"]) == (True, TOOLS)
    assert dialect.decode_request(body)[1] == {"tools": strict}
    assert dialect.encode("Hi", tools=[strict[0], TOOLS[1]]).degraded == ("strict",)


def test_what_has_no_option_stands_in_extra_body() -> None:
    said = {"documents": [{"data": "x"}], "safety_mode": "OFF", "citation_options": {"mode": "FAST"}}
    messages, options = dialect.decode_request({"messages": HI, **said})
    assert options == {"extra_body": said}
    assert dialect.encode_request(messages, options) == {"messages": HI, **said}


@pytest.mark.parametrize(
    ("message", "words"),
    [
        ({"role": "user", "content": [{"type": "input_audio"}]}, "part of type 'input_audio'"),
        ({"role": "user", "content": [{"type": "file", "file": {"file_id": "x"}}]}, "Cohere takes text and images"),
        (RESULT, "is the result of tool call 'a'"),
        (ASKED, "before the results of the tool calls 'a'"),
    ],
)
def test_what_cannot_be_said_is_refused_with_its_reason(message: dict[str, Any], words: str) -> None:
    with pytest.raises(UnsupportedRequestError, match=words):
        wire(message)


def test_tools_that_another_vendor_runs_are_refused() -> None:
    with pytest.raises(UnsupportedRequestError, match="give functions"):
        dialect.encode("Hi", tools=[{"type": "web_search"}])


def test_a_file_of_text_is_text() -> None:
    part = {"type": "file", "file": {"file_data": "data:text/plain;base64,SGk="}}
    assert wire({"role": "user", "content": [part]})[0]["content"] == [{"type": "text", "text": "Hi"}]


def test_images_of_a_result_follow_in_a_user_message() -> None:
    image = {"type": "image_url", "image_url": {"url": "https://a"}}
    _, result, user = wire(ASKED, {**RESULT, "content": [{"type": "text", "text": "x"}, image]})
    assert result["content"] == [{"type": "text", "text": "x"}]
    assert user == {"role": "user", "content": [{"type": "text", "text": "Result of tool call a:"}, image]}


def test_developers_speak_as_the_system_and_empty_turns_fall_out() -> None:
    assert wire({"role": "developer", "content": "x"}, {"role": "assistant", "content": ""}) == [
        {"role": "system", "content": "x"}
    ]


def test_caching_marks_are_dropped_and_listed() -> None:
    mark = {"cache_control": {"type": "ephemeral"}}
    message = {"role": "user", "content": [{"type": "text", "text": "x", **mark}]}
    encoded = dialect.encode([message], tools=[{**TOOLS[0], **mark}])
    assert encoded.degraded == ("cache_control",)
    assert "cache_control" not in str(encoded.body)


def test_thinking_plan_and_citations_go_back_to_their_maker() -> None:
    message = dialect.decode_response(ANSWER).message
    sent, _ = wire(message, RESULT)
    assert sent == ANSWER["message"]
    edited, _ = wire({**message, "content": "Bye"}, RESULT)
    assert edited == {"role": "assistant", "content": "Bye", "tool_calls": [CALL]}
    for other in ("openai_chat", "anthropic_messages", "openai_responses", "gemini"):
        assert NATIVE not in str(get(other).encode_request([*HI, message, RESULT], model="m"))


@pytest.mark.parametrize(
    "message",
    [
        {"role": "assistant", "tool_plan": "p", "tool_calls": [CALL]},
        {"role": "assistant", "content": [{"type": "thinking", "thinking": "t"}], "tool_calls": [CALL]},
        {"role": "assistant", "content": "x", "citations": [CITATION], "tool_calls": [CALL]},
        {
            "role": "assistant",
            "content": [{"type": "text", "text": "x"}, {"type": "text", "text": "y"}],
            "tool_calls": [CALL],
        },
    ],
)
def test_what_the_portable_form_cannot_hold_survives_it(message: dict[str, Any]) -> None:
    documents = [{"type": "document", "document": {"id": "d", "data": {"text": "x"}}}]
    body = {"messages": [message, {"role": "tool", "tool_call_id": "a", "content": documents}]}
    before = copy.deepcopy(body)
    messages, options = dialect.decode_request(body)
    assert body == before
    assert messages[1]["content"] == [{"type": "text", "text": '{"text":"x"}'}]
    assert dialect.encode_request(messages, options) == body


@pytest.mark.parametrize("body", [{}, {"messages": [None]}, {"messages": [{"role": "tool"}]}, None])
def test_what_is_no_request(body: Any) -> None:
    with pytest.raises(InvalidRequestError):
        dialect.decode_request(body)
