"""The portable messages and options as chat completion requests, and back."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from agentsea_gateway.dialects import get, openai_chat
from agentsea_gateway.errors import InvalidRequestError, UnsupportedRequestError
from agentsea_gateway.messages import NATIVE, with_native
from support.wire import same_form

chat = get("openai_chat")
USER = {"role": "user", "content": "Hi"}
TOOL = {"type": "function", "function": {"name": "f", "parameters": {"type": "object", "properties": {}}}}
IMAGE = {"type": "image_url", "image_url": {"url": "data:image/png;base64,AA"}}
MARK = {"type": "ephemeral"}


def call(call_id: str = "call_1", **more: Any) -> dict[str, Any]:
    return {"id": call_id, "type": "function", "function": {"name": "f", "arguments": "{}"}, **more}


def test_messages_and_options_are_the_body() -> None:
    body = chat.encode_request(
        [{"role": "system", "content": "Be brief."}, USER],
        model="gpt-4.1",
        max_tokens=5,
        temperature=0.5,
        stop=["x"],
        seed=None,
        tools=[TOOL],
        tool_choice="required",
        extra_headers={"x-a": "b"},
    )
    assert body == {
        "model": "gpt-4.1",
        "messages": [{"role": "system", "content": "Be brief."}, USER],
        "max_tokens": 5,
        "temperature": 0.5,
        "stop": ["x"],
        "tools": [TOOL],
        "tool_choice": "required",
    }


def test_options_may_come_as_one_mapping() -> None:
    by_name = chat.encode_request([USER], model="m", max_tokens=5, stream=True)
    assert chat.encode_request([USER], {"model": "m", "max_tokens": 5, "stream": True}) == by_name
    assert chat.encode_request([USER], {"model": "m", "max_tokens": 9}, max_tokens=5, stream=True) == by_name


def test_a_stream_asks_for_its_usage() -> None:
    body = chat.encode_request("Hi", model="m", stream=True)
    assert (body["stream"], body["stream_options"], body["messages"]) == (True, {"include_usage": True}, [USER])


@pytest.mark.parametrize(
    ("model", "name"),
    [
        ("gpt-4.1", "max_tokens"),
        ("gpt-4o", "max_tokens"),
        ("deepseek-chat", "max_tokens"),
        ("o3-mini", "max_completion_tokens"),
        ("openai/o4-mini", "max_completion_tokens"),
        ("gpt-5.2", "max_completion_tokens"),
        ("gpt-6-astra", "max_completion_tokens"),
        ("solo1", "max_tokens"),
        (None, "max_tokens"),
    ],
)
def test_reasoning_models_have_another_name_for_the_limit(model: str | None, name: str) -> None:
    assert chat.encode_request([USER], model=model, max_tokens=7)[name] == 7


def test_extra_body_comes_last_and_wins() -> None:
    body = chat.encode_request([USER], model="m", temperature=1, extra_body={"temperature": 0, "logprobs": True})
    assert (body["temperature"], body["logprobs"]) == (0, True)


def test_arguments_are_never_changed() -> None:
    messages: list[Any] = [
        {"role": "system", "content": "s", "cache_control": MARK},
        {"role": "user", "content": [{"type": "text", "text": "t", "cache_control": MARK}, IMAGE]},
        with_native({"role": "assistant", "content": "", "tool_calls": [call()]}, "openai_chat", {"reasoning": "r"}),
        {"role": "tool", "tool_call_id": "call_1", "content": [IMAGE], "is_error": True},
    ]
    options = {"tools": [{**TOOL, "cache_control": MARK}], "extra_body": {"a": 1}}
    before = copy.deepcopy((messages, options))
    for quirks in (openai_chat.Quirks(), openai_chat.OPENAI):
        openai_chat.encode(messages, options, quirks=quirks)
    assert (messages, options) == before


def test_unknown_options_and_shapes_are_typed_errors() -> None:
    with pytest.raises(UnsupportedRequestError, match="best_of"):
        chat.encode([USER], best_of=3)
    for wrong in ([{"content": "x"}], [3], 3, [{"role": "user", "content": [3]}]):
        with pytest.raises(InvalidRequestError):
            chat.encode(wrong, model="m")
    with pytest.raises(InvalidRequestError):
        chat.encode([USER], model="m", extra_body=[1])


def test_parts_that_only_another_vendor_knows_are_refused() -> None:
    for part in ({"type": "search_result", "content": []}, {"type": "document", "source": {"type": "content"}}):
        with pytest.raises(UnsupportedRequestError, match="anthropic_messages"):
            chat.encode([{"role": "user", "content": [part]}], model="m")
    with pytest.raises(UnsupportedRequestError, match="web_search_20250305"):
        chat.encode([USER], model="m", tools=[{"type": "web_search_20250305", "name": "web_search"}])


def test_reasoning_goes_back_to_its_maker_while_the_message_is_unedited() -> None:
    kept = with_native({"role": "assistant", "content": "Hi"}, "openai_chat", {"reasoning_content": "Hm"})
    edited = {**kept, "content": "Ho"}
    foreign = with_native({"role": "assistant", "content": "Hi"}, "anthropic_messages", [{"type": "thinking"}])
    sent = chat.encode_request([USER, kept, USER, edited, USER, foreign], model="m")["messages"]
    assert sent[1] == {"role": "assistant", "content": "Hi", "reasoning_content": "Hm"}
    assert sent[3] == {"role": "assistant", "content": "Ho"}
    assert sent[5] == {"role": "assistant", "content": "Hi"}
    assert NATIVE not in str(sent)


def test_openai_itself_gets_nothing_that_it_does_not_know() -> None:
    """Quirks: caching is automatic, media follow in a user message, no reasoning, short ids."""
    long_id = "toolu_" + "x" * 60
    messages = [
        {"role": "system", "content": "s", "cache_control": MARK},
        {"role": "user", "content": [{"type": "text", "text": "t", "cache_control": MARK}]},
        with_native(
            {"role": "assistant", "content": "", "tool_calls": [call(long_id), call("b")]},
            "openai_chat",
            {"reasoning": "r"},
        ),
        {
            "role": "tool",
            "tool_call_id": long_id,
            "content": [{"type": "text", "text": "see"}, IMAGE],
            "is_error": True,
        },
        {"role": "tool", "tool_call_id": "b", "content": [IMAGE]},
        USER,
    ]
    found = openai_chat.encode(
        messages, model="m", tools=[{**TOOL, "cache_control": MARK}], top_k=3, quirks=openai_chat.OPENAI
    )
    assert "cache_control" not in str(found.body)
    assert found.body["tools"] == [TOOL]
    assert set(found.degraded) == {"cache_control", "is_error", "top_k"}
    sent = found.body["messages"]
    assert [message["role"] for message in sent] == ["system", "user", "assistant", "tool", "tool", "user", "user"]
    short = sent[2]["tool_calls"][0]["id"]
    assert len(short) <= 40
    assert "reasoning" not in sent[2]
    assert sent[3] == {"role": "tool", "tool_call_id": short, "content": [{"type": "text", "text": "see"}]}
    assert sent[4] == {"role": "tool", "tool_call_id": "b", "content": "The result follows in the next user message."}
    assert [part["type"] for part in sent[5]["content"]] == ["text", "image_url", "text", "image_url"]


def test_a_host_without_quirks_gets_all_of_it() -> None:
    messages = [
        {"role": "user", "content": "x", "cache_control": MARK},
        {"role": "assistant", "content": "", "tool_calls": [call()]},
        {"role": "tool", "tool_call_id": "call_1", "content": [IMAGE]},
    ]
    found = chat.encode(messages, model="m", top_k=3, reasoning_budget=2000)
    assert found.body["messages"] == messages
    assert found.body["reasoning"] == {"max_tokens": 2000}
    assert found.degraded == ()


ROUND_TRIPS: list[dict[str, Any]] = [
    {"messages": [USER], "model": "m", "max_tokens": 3, "stop": "x", "n": 2, "logprobs": True},
    {"messages": [USER], "stream_options": {"include_usage": True, "include_obfuscation": False}},
    {"messages": [USER], "reasoning_effort": "high", "reasoning": {"enabled": True}, "thinking": {"type": "disabled"}},
    {"messages": [USER], "reasoning": {"effort": "low", "exclude": True}},
    {"messages": [USER], "functions": [{"name": "f"}], "function_call": "auto"},
    {
        "messages": [USER],
        "tools": [{"type": "custom", "custom": {"name": "c"}}],
        "tool_choice": {"type": "custom", "custom": {"name": "c"}},
    },
    {
        "messages": [USER],
        "tools": [TOOL],
        "tool_choice": {"type": "allowed_tools", "allowed_tools": {"mode": "auto", "tools": []}},
    },
    {
        "messages": [
            {"role": "developer", "content": "d", "name": "n"},
            {
                "role": "user",
                "content": [
                    {"type": "text", "text": "a"},
                    {"type": "input_audio", "input_audio": {"data": "AA", "format": "wav"}},
                ],
            },
            {"role": "assistant", "content": None, "audio": {"id": "audio_1"}},
            {
                "role": "user",
                "content": [
                    {"type": "file", "file": {"file_id": "f"}, "prompt_cache_breakpoint": {"mode": "explicit"}}
                ],
            },
            {"role": "assistant", "content": [{"type": "refusal", "refusal": "no"}]},
            {"role": "user", "content": [{"type": "video_url", "video_url": {"url": "u"}}]},
            {"role": "assistant", "content": "x", "prefix": True},
        ]
    },
    {
        "messages": [
            USER,
            {
                "role": "assistant",
                "content": "",
                "tool_calls": [{"id": "c", "type": "custom", "custom": {"name": "n", "input": "free"}}],
            },
            {"role": "tool", "tool_call_id": "c", "content": "r", "name": "n"},
            {
                "role": "assistant",
                "content": "",
                "tool_calls": [{"id": "d", "function": {"name": "f", "arguments": "{}"}}],
            },
            {"role": "tool", "tool_call_id": "d", "content": [{"type": "text", "text": "r"}, IMAGE]},
            {"role": "assistant", "content": None, "function_call": {"name": "f", "arguments": "{}"}},
            {"role": "function", "name": "f", "content": "r"},
        ]
    },
    {
        "messages": [
            USER,
            {
                "role": "assistant",
                "content": [
                    {"type": "thinking", "thinking": [{"type": "text", "text": "h"}]},
                    {"type": "text", "text": "a"},
                ],
            },
            USER,
            {
                "role": "assistant",
                "content": "a",
                "reasoning": "r",
                "reasoning_details": [{"type": "reasoning.encrypted", "data": "x"}],
            },
            USER,
        ]
    },
]


@pytest.mark.parametrize("body", ROUND_TRIPS)
def test_a_body_taken_apart_and_put_together_says_the_same(body: dict[str, Any]) -> None:
    before = copy.deepcopy(body)
    messages, options = chat.decode_request(body)
    assert body == before
    assert all(message["role"] in ("system", "developer", "user", "assistant", "tool") for message in messages)
    assert chat.encode_request(messages, options) == chat.encode_request(messages, **options) == body


def test_what_lies_between_is_portable() -> None:
    messages, options = chat.decode_request(
        {
            "model": "m",
            "messages": [{"role": "user", "content": [{"type": "image_url", "image_url": "https://a/b.png"}]}],
            "max_completion_tokens": 5,
            "tool_choice": "any",
            "stream": True,
            "service_tier": "flex",
        }
    )
    assert messages == [{"role": "user", "content": [{"type": "image_url", "image_url": {"url": "https://a/b.png"}}]}]
    assert options == {
        "model": "m",
        "max_tokens": 5,
        "tool_choice": "required",
        "stream": True,
        "extra_body": {"service_tier": "flex"},
    }


@pytest.mark.parametrize("body", [{}, {"messages": 3}, {"messages": [3]}, {"messages": [{}]}, {"messages": None}])
def test_a_body_that_is_no_request_is_a_typed_error(body: Any) -> None:
    with pytest.raises(InvalidRequestError):
        chat.decode_request(body)


CALLING = {"role": "assistant", "content": "", "tool_calls": [call()]}
RESULT = {"role": "tool", "tool_call_id": "call_1", "content": "x"}
SERVERS = {"id": "s", "type": "openrouter:advisor", "advisor": {}}


@pytest.mark.parametrize("dialect", ["openai_chat", "mistral_chat"])
@pytest.mark.parametrize(
    "messages",
    [
        [USER, CALLING, USER],
        [USER, CALLING],
        [USER, RESULT],
        [USER, CALLING, RESULT, RESULT],
        [USER, CALLING, USER, RESULT],
        [USER, CALLING, {"role": "tool", "name": "f", "content": "x"}],
        [USER, {"role": "assistant", "content": "x", "tool_calls": [SERVERS]}, USER],
        [USER, {"role": "assistant", "content": "x", "tool_calls": [SERVERS, call()]}, RESULT],
        [USER, {"role": "assistant", "content": "x", "function_call": {"name": "", "arguments": ""}}, USER],
    ],
)
def test_a_history_that_a_host_was_sent_stays_as_it_was(dialect: str, messages: list[dict[str, Any]]) -> None:
    """Also one whose calls and results are no pairs, which is refused or sorted where it is not a body's own."""
    speaks = get(dialect)
    encoded = speaks.encode(*speaks.decode_request(copy.deepcopy({"model": "m", "messages": messages})))
    assert same_form("chat", dict(encoded.body)) == same_form("chat", {"model": "m", "messages": messages})


@pytest.mark.parametrize(
    "other", ["anthropic_messages", "bedrock_converse", "cohere_chat", "gemini", "openai_responses"]
)
def test_it_is_refused_on_its_way_to_another_dialect(other: str) -> None:
    messages, _ = chat.decode_request({"model": "m", "messages": [USER, CALLING, USER]})
    with pytest.raises(UnsupportedRequestError, match="before the results"):
        get(other).encode_request(messages)


@pytest.mark.parametrize("given", [True, False])
def test_mistral_is_told_of_a_prefix_what_the_caller_says(given: bool) -> None:
    body = {"model": "m", "messages": [USER, {"role": "assistant", "content": "a", "prefix": given}]}
    speaks = get("mistral_chat")
    assert speaks.encode_request(*speaks.decode_request(body))["messages"] == body["messages"]
