"""Chat completions as Responses, with what each host does in its own way."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest

from agentsea_gateway import errors
from agentsea_gateway.dialects import get
from agentsea_gateway.messages import NATIVE
from agentsea_gateway.response import NO_USAGE, ToolCall, Usage

chat = get("openai_chat")


def body(message: Any = None, finish: Any = "stop", usage: Any = None, **more: Any) -> dict[str, Any]:
    choice = {"index": 0, "message": {"role": "assistant", "content": "Hi", **(message or {})}, "finish_reason": finish}
    return {"id": "chatcmpl-1", "model": "m-1", "choices": [choice], "usage": usage, **more}


def call(call_id: Any = "call_1", name: str = "f", arguments: Any = '{"a": 1}', **more: Any) -> dict[str, Any]:
    return {"id": call_id, "type": "function", "function": {"name": name, "arguments": arguments}, **more}


def test_a_plain_answer() -> None:
    given = body(usage={"prompt_tokens": 9, "completion_tokens": 12, "total_tokens": 21})
    before = copy.deepcopy(given)
    headers = {"X-Request-ID": "req_1", "x-ratelimit-remaining-requests": "99"}
    found = chat.decode_response(given, headers)
    assert (found.content, found.stop_reason, found.model, found.id) == ("Hi", "stop", "m-1", "chatcmpl-1")
    assert found.usage == Usage(9, 12)
    assert found.request_id == "req_1"
    assert found.rate_limits == {"remaining_requests": 99.0}
    assert found.raw is given
    assert given == before
    assert found.message == {"role": "assistant", "content": "Hi"}


@pytest.mark.parametrize(
    ("finish", "expected"),
    [
        ("stop", "stop"),
        ("length", "length"),
        ("tool_calls", "tool_use"),
        ("function_call", "tool_use"),
        ("content_filter", "content_filter"),
        ("model_length", "length"),
        ("eos", "stop"),
        (None, None),
        ("", None),
    ],
)
def test_stop_reasons(finish: Any, expected: str | None) -> None:
    assert chat.decode_response(body(finish=finish)).stop_reason == expected


def test_stop_with_tool_calls_is_tool_use() -> None:
    """A forced function ends with "stop" at OpenAI, every call does at Gemini's compatible endpoint."""
    assert chat.decode_response(body({"tool_calls": [call()]})).stop_reason == "tool_use"
    assert chat.decode_response(body({"tool_calls": [call()]}, "length")).stop_reason == "length"


@pytest.mark.parametrize(
    "given", [{}, {"choices": []}, {"choices": None}, body({"content": None}, None), [], "text", 3, None]
)
def test_no_answer_is_malformed(given: Any) -> None:
    """F28."""
    with pytest.raises(errors.MalformedResponseError):
        chat.decode_response(given)


def test_an_empty_text_with_a_stop_reason_is_an_answer() -> None:
    """F28, F29."""
    assert chat.decode_response(body({"content": ""})).content == ""
    found = chat.decode_response(body({"content": None, "tool_calls": [call()]}, "tool_calls"))
    assert found.content == ""
    assert found.tool_calls == (ToolCall("call_1", "f", {"a": 1}, '{"a": 1}'),)


@pytest.mark.parametrize(
    ("given", "kind"),
    [
        ({"error": {"message": "x", "code": "rate_limit_exceeded"}}, errors.RateLimitError),
        ({"error": {"message": "x", "code": 401}, "choices": []}, errors.AuthenticationError),
        ({"error": {"message": "x", "type": "insufficient_quota"}}, errors.QuotaExceededError),
        ({"error": "out of order"}, errors.InternalServerError),
        ({"object": "error", "message": "model not loaded", "code": 503}, errors.OverloadedError),
        (body(finish="error"), errors.InternalServerError),
        (
            {"choices": [{"error": {"code": 502, "message": "x"}, "message": {"content": ""}}]},
            errors.InternalServerError,
        ),
        (body(finish="insufficient_system_resource"), errors.OverloadedError),
    ],
)
def test_an_error_inside_a_200_is_that_error(given: Any, kind: type[Exception]) -> None:
    """F27, F56."""
    with pytest.raises(errors.ProviderError) as caught:
        chat.decode_response(given)
    assert type(caught.value) is kind


@pytest.mark.parametrize(
    ("usage", "expected"),
    [
        (None, NO_USAGE),
        ([], NO_USAGE),
        ("many", NO_USAGE),
        ({"prompt_tokens": -1, "completion_tokens": 1.5}, NO_USAGE),
        ({"prompt_tokens": "9", "completion_tokens": [3]}, NO_USAGE),
        ({"prompt_tokens": 9, "completion_tokens": None, "prompt_tokens_details": [1]}, Usage(9)),
        (
            {
                "prompt_tokens": 9,
                "completion_tokens": 12,
                "prompt_tokens_details": {"cached_tokens": 4, "cache_write_tokens": 2},
                "completion_tokens_details": {"reasoning_tokens": 7},
            },
            Usage(9, 12, 4, 2, 7),
        ),
        ({"prompt_tokens": 9, "completion_tokens": 1, "prompt_cache_hit_tokens": 8}, Usage(9, 1, 8)),  # DeepSeek
        (  # xAI: only the total shows that reasoning is apart
            {
                "prompt_tokens": 10,
                "completion_tokens": 5,
                "total_tokens": 45,
                "completion_tokens_details": {"reasoning_tokens": 30},
            },
            Usage(10, 35, None, None, 30),
        ),
        (  # Gemini's compatible endpoint: not even how much
            {"prompt_tokens": 35, "completion_tokens": 12, "total_tokens": 126},
            Usage(35, 91),
        ),
        (  # Vercel's Gemini models: more reasoning than completion
            {
                "prompt_tokens": 9,
                "completion_tokens": 2,
                "total_tokens": 11,
                "completion_tokens_details": {"reasoning_tokens": 25},
            },
            Usage(9, 27, None, None, 25),
        ),
        (  # Grok on Azure: more cached than prompt
            {
                "prompt_tokens": 10,
                "completion_tokens": 2,
                "total_tokens": 12,
                "prompt_tokens_details": {"cached_tokens": 161},
            },
            Usage(171, 2, 161),
        ),
        (  # reasoning inside the completion, as documented
            {
                "prompt_tokens": 9,
                "completion_tokens": 30,
                "total_tokens": 39,
                "completion_tokens_details": {"reasoning_tokens": 20},
            },
            Usage(9, 30, None, None, 20),
        ),
    ],
)
def test_usage(usage: Any, expected: Usage) -> None:
    """F55: what is no count is unknown, and the answer stands."""
    found = chat.decode_response(body(usage=usage))
    assert found.content == "Hi"
    assert found.usage == expected


def test_groqs_usage_beside_the_answer() -> None:
    found = chat.decode_response(body(x_groq={"usage": {"prompt_tokens": 1, "completion_tokens": 2}}))
    assert found.usage == Usage(1, 2)


def test_tool_calls_keep_their_order_and_their_raw_text() -> None:
    calls = [call("a", "f", '{"x": 1}'), call("b", "g", "not json"), call(None, "h", ""), call("d", "i", {"y": 2})]
    found = chat.decode_response(body({"tool_calls": calls}, "tool_calls")).tool_calls
    assert found == (
        ToolCall("a", "f", {"x": 1}, '{"x": 1}'),
        ToolCall("b", "g", None, "not json"),
        ToolCall("call_2", "h", {}, "{}"),
        ToolCall("d", "i", {"y": 2}, '{"y":2}'),
    )


def test_calls_that_the_host_ran_itself_are_not_the_callers() -> None:
    found = chat.decode_response(body({"tool_calls": [{"id": "ws_1", "type": "web_search_call"}, call()]}))
    assert [each.id for each in found.tool_calls] == ["call_1"]


def test_a_function_call_of_the_form_before_tools() -> None:
    given = body({"content": None, "function_call": {"name": "f", "arguments": "{}"}}, "function_call")
    found = chat.decode_response(given)
    assert found.tool_calls == (ToolCall("call_0", "f", {}, "{}"),)
    assert found.stop_reason == "tool_use"


def test_a_refusal_is_no_text() -> None:
    found = chat.decode_response(body({"content": None, "refusal": "I can't."}))
    assert (found.content, found.refusal, found.stop_reason) == ("", "I can't.", "stop")
    assert found.message["refusal"] == "I can't."


@pytest.mark.parametrize(
    ("message", "thinking"),
    [
        ({"reasoning_content": "Hm."}, "Hm."),
        ({"reasoning": "Hm."}, "Hm."),
        ({"reasoning": "Hm.", "reasoning_content": "Hm."}, "Hm."),
        (
            {"reasoning": "Hm.", "reasoning_details": [{"type": "reasoning.text", "text": "Hm.", "signature": "s"}]},
            "Hm.",
        ),
        ({"reasoning": None, "reasoning_details": [{"type": "reasoning.summary", "summary": "Hm."}]}, "Hm."),
        ({"reasoning_details": [{"type": "reasoning.encrypted", "data": "xyz"}]}, None),
        (
            {
                "content": [
                    {"type": "thinking", "thinking": [{"type": "text", "text": "Hm."}]},
                    {"type": "text", "text": "Hi"},
                ]
            },
            "Hm.",
        ),
        ({}, None),
    ],
)
def test_reasoning_under_every_hosts_name(message: dict[str, Any], thinking: str | None) -> None:
    found = chat.decode_response(body(message))
    assert (found.content, found.thinking) == ("Hi", thinking)
    carried = found.message.get(NATIVE, {"parts": {}})["parts"]
    assert carried == {key: value for key, value in message.items() if value}
    assert json.loads(json.dumps(found.message)) == found.message


def test_signatures_of_calls_ride_along_and_come_back() -> None:
    """Gemini's compatible endpoint puts a signature beside the function."""
    signed = call(extra_content={"google": {"thought_signature": "sig"}})
    found = chat.decode_response(body({"content": None, "tool_calls": [signed]}, "tool_calls"))
    sent = chat.encode_request(
        [{"role": "user", "content": "x"}, found.message, {"role": "tool", "tool_call_id": "call_1", "content": "y"}]
    )
    assert sent["messages"][1]["tool_calls"] == [signed]


@pytest.mark.parametrize(
    ("given", "citations"),
    [
        (
            body({"annotations": [{"type": "url_citation", "url_citation": {"url": "u"}}]}),
            ({"type": "url_citation", "url_citation": {"url": "u"}},),
        ),
        (body(citations=["u"], search_results=[{"title": "t", "url": "u"}]), ({"title": "t", "url": "u"},)),
        (body(citations=["u", "v"]), ({"url": "u"}, {"url": "v"})),
        (body({"annotations": []}), ()),
    ],
)
def test_citations(given: dict[str, Any], citations: tuple[Any, ...]) -> None:
    assert chat.decode_response(given).citations == citations


def test_lone_surrogates_become_replacement_characters_and_raw_keeps_them() -> None:
    """F30."""
    bad = "a\ud800"
    given = body(
        {"content": bad, "reasoning": bad, "refusal": bad, "tool_calls": [call(bad, bad, {bad: bad})]},
        model=bad,
        id=bad,
        citations=[bad],
    )
    found = chat.decode_response(given)
    assert found.content == "a\ufffd"
    json.dumps(
        [found.message, found.thinking, found.model, found.id, list(found.citations)], ensure_ascii=False
    ).encode()
    assert found.raw["choices"][0]["message"]["content"] == bad


def test_what_some_write_into_every_message_says_nothing_where_it_is_empty() -> None:
    """Snowflake Cortex: all variants of a call, all but one of them empty."""
    empty = {"name": "", "arguments": ""}
    calls = [call(custom={"name": "", "input": ""})]
    found = chat.decode_response(body({"content": "", "function_call": empty, "tool_calls": calls}, "tool_calls"))
    assert found.tool_calls == (ToolCall("call_1", "f", {"a": 1}, '{"a": 1}'),)
    assert found.native is None


def test_the_first_vision_models_say_why_they_stopped_in_another_field() -> None:
    given = body(finish=None)
    given["choices"][0]["finish_details"] = {"type": "max_tokens"}
    assert chat.decode_response(given).stop_reason == "length"


def test_what_azure_found_in_the_callers_own_data_are_citations() -> None:
    found = {"content": "d", "chunk_id": "0"}
    assert chat.decode_response(body({"context": {"citations": [found]}})).citations == (found,)


def test_a_total_that_says_more_than_the_parts_counts() -> None:
    """Moonshot: one token of reasoning is in the total alone."""
    usage = {
        "prompt_tokens": 951,
        "completion_tokens": 6000,
        "total_tokens": 6952,
        "completion_tokens_details": {"reasoning_tokens": 6001},
    }
    assert chat.decode_response(body(usage=usage)).usage.output_tokens == 6001
