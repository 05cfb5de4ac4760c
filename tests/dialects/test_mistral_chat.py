"""What Mistral's chat has in other forms than OpenAI's: names, parts, ids, references, and whose history it is."""

from __future__ import annotations

import json
from typing import Any

import pytest

from agentsea_gateway.dialects import get, mistral_chat, openai_chat
from agentsea_gateway.errors import (
    AuthenticationError,
    BadRequestError,
    InternalServerError,
    NotFoundError,
    ProviderError,
    RateLimitError,
)
from agentsea_gateway.messages import NATIVE
from agentsea_gateway.stream_events import Content, Done, Thinking
from support.made_mistral import ANSWER, CALL, REFERENCE, THOUGHT, chunk, sse

USER: dict[str, Any] = {"role": "user", "content": "Hi"}


def sent(*messages: Any, **options: Any) -> dict[str, Any]:
    return mistral_chat.encode_request([*messages], model="m", **options)


# -- requests ----------------------------------------------------------------------------------------------------------


def test_options_have_mistrals_names() -> None:
    encoded = mistral_chat.encode([USER], model="m", seed=3, max_tokens=5, user="ann", top_k=4, reasoning_budget=9)
    assert encoded.body == {"model": "m", "messages": [USER], "random_seed": 3, "max_tokens": 5, "top_k": 4}
    assert encoded.degraded == ("user", "reasoning_budget")


def test_a_stream_needs_no_word_to_be_counted() -> None:
    assert sent(USER, stream=True) == {"model": "m", "messages": [USER], "stream": True}


@pytest.mark.parametrize(
    ("portable", "wire"),
    [
        (
            {"type": "file", "file": {"file_data": "data:application/pdf;base64,AAAA", "filename": "a.pdf"}},
            {"type": "document_url", "document_url": "data:application/pdf;base64,AAAA", "document_name": "a.pdf"},
        ),
        (
            {"type": "file", "file": {"file_data": "https://a/b.pdf"}},
            {"type": "document_url", "document_url": "https://a/b.pdf"},
        ),
        ({"type": "file", "file": {"file_id": "f-1"}}, {"type": "file", "file_id": "f-1"}),
        (
            {"type": "input_audio", "input_audio": {"data": "AAAA", "format": "wav"}},
            {"type": "input_audio", "input_audio": "AAAA"},
        ),
        (
            {"type": "image_url", "image_url": {"url": "https://a/b.png"}},
            {"type": "image_url", "image_url": {"url": "https://a/b.png"}},
        ),
    ],
)
def test_parts_have_mistrals_forms(portable: Any, wire: Any) -> None:
    body = sent({"role": "user", "content": [portable]})
    assert body["messages"][0]["content"] == [wire]
    assert mistral_chat.decode_request(body)[0] == [{"role": "user", "content": [portable]}]


def test_a_file_of_text_goes_as_text() -> None:
    part = {"type": "file", "file": {"file_data": "data:text/plain;base64,SGk="}}
    assert sent({"role": "user", "content": [part]})["messages"][0]["content"] == [{"type": "text", "text": "Hi"}]


def test_ids_of_calls_become_nine_letters_and_digits() -> None:
    def turn(*ids: str) -> list[dict[str, Any]]:
        calls = [{"id": each, "type": "function", "function": {"name": "f", "arguments": "{}"}} for each in ids]
        results = [{"role": "tool", "tool_call_id": each, "content": each} for each in ids]
        return [{"role": "assistant", "content": "", "tool_calls": calls}, *results]

    body = sent(USER, *turn("call_0", "D681PevKs"), *turn("call_0"), USER)
    first, second = (message for message in body["messages"] if message["role"] == "assistant")
    ids = [call["id"] for call in (*first["tool_calls"], *second["tool_calls"])]
    assert all(len(each) == 9 and each.isalnum() for each in ids)
    assert ids[1] == "D681PevKs"
    assert len(set(ids)) == 3
    assert [message["tool_call_id"] for message in body["messages"] if message["role"] == "tool"] == ids
    assert body == sent(USER, *turn("call_0", "D681PevKs"), *turn("call_0"), USER)


def test_a_request_with_other_ids_comes_back_as_it_was() -> None:
    """An exchange that was really answered says what the API takes."""
    call = {"id": "call_0", "type": "function", "function": {"name": "f", "arguments": "{}"}}
    result = {"role": "tool", "tool_call_id": "call_0", "name": "f", "content": "42"}
    body = {"model": "m", "messages": [USER, {"role": "assistant", "content": "", "tool_calls": [call]}, result]}
    messages, options = json.loads(json.dumps(mistral_chat.decode_request(body)))
    assert messages[2]["tool_call_id"] == "call_0"
    assert mistral_chat.encode_request(messages, options) == body


def test_what_only_mistral_knows_passes_through_extra_body() -> None:
    body = {"model": "m", "messages": [USER], "random_seed": 3, "safe_prompt": True, "prompt_mode": "reasoning"}
    _, options = mistral_chat.decode_request(body)
    assert options == {"model": "m", "seed": 3, "extra_body": {"safe_prompt": True, "prompt_mode": "reasoning"}}
    assert mistral_chat.encode_request([USER], options) == body


def test_any_tool_is_required_in_the_portable_form() -> None:
    tools = [{"type": "function", "function": {"name": "f"}}]
    _, options = mistral_chat.decode_request({"messages": [USER], "tools": tools, "tool_choice": "any"})
    assert options["tool_choice"] == "required"


# -- answers -----------------------------------------------------------------------------------------------------------


def test_thinking_goes_back_to_mistral_and_to_nobody_else() -> None:
    response = mistral_chat.decode_response(ANSWER)
    assert (response.thinking, response.content) == ("Hm", "Hello there")
    history = [
        USER,
        json.loads(json.dumps(response.message)),
        {"role": "tool", "tool_call_id": CALL["id"], "content": "4"},
    ]
    (_, again, _) = sent(*history)["messages"]
    assert again["content"] == ANSWER["choices"][0]["message"]["content"]
    for other in (
        openai_chat.encode_request(history, model="m"),
        get("ollama_chat").encode_request(history, model="m"),
    ):
        assert other["messages"][1]["content"] == "Hello there"
        assert NATIVE not in json.dumps(other)


def test_references_are_citations() -> None:
    assert mistral_chat.decode_response(ANSWER).citations == (REFERENCE,)
    found = {"type": "tool_reference", "tool": "web_search", "title": "A", "url": "https://a"}
    content = [{"type": "text", "text": "See"}, found]
    body = {"choices": [{"message": {"role": "assistant", "content": content}, "finish_reason": "stop"}]}
    assert mistral_chat.decode_response(body).citations == (found,)


def test_thinking_that_holds_references_is_read_past_them() -> None:
    thought = {
        "type": "thinking",
        "thinking": [{"type": "text", "text": "H"}, REFERENCE, {"type": "text", "text": "m"}],
    }
    stream = sse(
        chunk({"role": "assistant", "content": [thought]}), chunk({"content": "Hi"}), chunk({"content": ""}, "stop")
    )
    *events, done = mistral_chat.decode_stream([stream])
    assert isinstance(done, Done)
    assert done.response.thinking == "Hm"
    assert [event.text for event in events if isinstance(event, (Content, Thinking))] == ["Hm", "Hi"]
    assert mistral_chat.decode_response(done.response.raw) == done.response


def test_the_finish_chunk_may_carry_text() -> None:
    *_, done = mistral_chat.decode_stream([sse(chunk({"content": "Hel"}), chunk({"content": "lo"}, "length"))])
    assert isinstance(done, Done)
    assert (done.response.content, done.stop_reason) == ("Hello", "length")


def test_a_signature_stays_with_its_thought() -> None:
    native = mistral_chat.decode_response(ANSWER).native
    assert native is not None
    assert (native.dialect, native.parts["content"][0]) == ("mistral_chat", THOUGHT)


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (401, {"detail": "Unauthorized"}, AuthenticationError),
        (
            400,
            {"object": "error", "message": "Invalid model: x", "type": "invalid_model", "code": "1500"},
            NotFoundError,
        ),
        (422, {"detail": [{"type": "missing", "loc": ["body", "messages"], "msg": "Field required"}]}, BadRequestError),
        (
            429,
            {"object": "error", "message": "Rate limit exceeded", "type": "rate_limited", "code": "1300"},
            RateLimitError,
        ),
        (
            500,
            {"object": "error", "message": "Internal server error", "type": "x", "code": "1000"},
            InternalServerError,
        ),
    ],
)
def test_errors(status: int, body: Any, kind: type[ProviderError]) -> None:
    error = mistral_chat.decode_error(status, {"mistral-correlation-id": "c"}, json.dumps(body).encode())
    assert type(error) is kind


def test_an_error_inside_a_stream_needs_no_field_of_that_name() -> None:
    told = {"object": "error", "message": "Rate limit exceeded", "type": "rate_limited", "code": "1300"}
    with pytest.raises(RateLimitError, match="Rate limit exceeded"):
        list(mistral_chat.decode_stream([sse(chunk({"content": "Hi"}), told)]))
