"""What single hosts add to chat completions, or do in their own way, that no recording beside the checkout shows.

Made from the hosts' documentation and clients of November 2026; each test names its host.
"""

from __future__ import annotations

import json
from typing import Any

import pytest

from agentsea_gateway.dialects import openai_chat
from agentsea_gateway.dialects.openai_chat.quirks import ANY, COMMON, Quirks
from agentsea_gateway.errors import (
    BadRequestError,
    OverloadedError,
    ProviderError,
    RateLimitError,
    UnsupportedRequestError,
)
from agentsea_gateway.response import Response
from agentsea_gateway.stream_events import Done, Thinking

USER: dict[str, Any] = {"role": "user", "content": "Hi"}
IMAGE = {"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA"}}


def chunk(delta: Any, finish: Any = None, top: Any = None, **choice: Any) -> dict[str, Any]:
    return {
        "id": "c",
        "model": "m",
        "choices": [{"index": 0, "delta": delta, "finish_reason": finish, **choice}],
        **(top or {}),
    }


def streamed(*events: dict[str, Any]) -> Response:
    """The stream's Response, which is that of the plain call with the body that it became."""
    stream = b"".join(b"data: " + json.dumps(each).encode() + b"\n\n" for each in events) + b"data: [DONE]\n\n"
    *events_, done = openai_chat.decode_stream([stream])
    assert isinstance(done, Done)
    assert openai_chat.decode_response(done.response.raw) == done.response
    assert "".join(event.text for event in events_ if isinstance(event, Thinking)) == (done.response.thinking or "")
    return done.response


def message_of(response: Response) -> dict[str, Any]:
    found: dict[str, Any] = response.raw["choices"][0]["message"]
    return found


def plain(message: dict[str, Any], finish: Any = "stop", **top: Any) -> Response:
    return openai_chat.decode_response({"choices": [{"index": 0, "message": message, "finish_reason": finish}], **top})


def goes_back(response: Response, quirks: Quirks = ANY) -> dict[str, Any]:
    """The answer as it is sent back in the history."""
    history = [USER, json.loads(json.dumps(response.message)), USER]
    found: dict[str, Any] = openai_chat.encode_request(history, model="m", quirks=quirks)["messages"][1]
    return found


def test_openais_sound_comes_in_pieces_and_goes_back_by_its_id() -> None:
    response = streamed(
        chunk({"role": "assistant", "content": None, "audio": {"id": "a-1", "transcript": "Hel"}}),
        chunk({"audio": {"data": "AAAA"}}),
        chunk({"audio": {"data": "BBBB", "transcript": "lo"}}),
        chunk({"audio": {"expires_at": 7}}),
        chunk({}, "stop"),
    )
    assert message_of(response)["audio"] == {"id": "a-1", "transcript": "Hello", "data": "AAAABBBB", "expires_at": 7}
    assert goes_back(response)["audio"] == {"id": "a-1"}


def test_openais_log_probabilities_are_in_the_raw_body() -> None:
    tokens = [{"token": "Hel", "logprob": -1}, {"token": "lo", "logprob": -2}]
    response = streamed(
        chunk({"role": "assistant", "content": ""}),
        *(chunk({"content": each["token"]}, logprobs={"content": [each], "refusal": None}) for each in tokens),
        chunk({}, "stop", logprobs=None),
    )
    assert response.content == "Hello"
    assert response.raw["choices"][0]["logprobs"] == {"content": tokens}


def test_of_several_choices_the_first_is_the_answer() -> None:
    """OpenAI's `n`, through extra_body; the others are in the raw body of the plain call."""
    second = {"id": "c", "model": "m", "choices": [{"index": 1, "delta": {"content": "B"}, "finish_reason": "length"}]}
    assert streamed(chunk({"content": "A"}), second, chunk({}, "stop"), second).content == "A"
    choices = [{"index": n, "message": {"content": text}, "finish_reason": "stop"} for n, text in enumerate("AB")]
    response = openai_chat.decode_response({"choices": choices})
    assert (response.content, len(response.raw["choices"])) == ("A", 2)


def test_openrouters_images_are_in_the_message_and_go_back() -> None:
    response = streamed(chunk({"content": "See", "images": [IMAGE]}), chunk({"content": ""}, "stop"))
    assert message_of(response)["images"] == [IMAGE]
    assert goes_back(response)["images"] == [IMAGE]
    assert "images" not in goes_back(response, COMMON)


def test_groqs_own_tools_are_no_calls_of_the_callers() -> None:
    """GroqDocs, "Compound": executed_tools; the usage stands in `x_groq`."""
    ran = {"index": 0, "type": "search", "arguments": "{}", "output": "found"}
    usage = {"prompt_tokens": 3, "completion_tokens": 4, "total_tokens": 7}
    response = streamed(
        chunk({"role": "assistant", "reasoning": "Hm"}, top={"x_groq": {"id": "req"}}),
        chunk({"executed_tools": [ran]}),
        chunk({"content": "Hi"}),
        chunk({}, "stop", top={"x_groq": {"id": "req", "usage": usage}}),
    )
    assert (response.thinking, response.tool_calls, response.usage.total_tokens) == ("Hm", (), 7)
    assert message_of(response)["executed_tools"] == [ran]
    assert goes_back(response, Quirks(reasoning_fields=("reasoning",)))["reasoning"] == "Hm"


def test_perplexitys_steps_are_in_the_message_and_its_sources_are_citations() -> None:
    step = {"thought": "search", "type": "web_search", "web_search": {"search_keywords": ["x"]}}
    found = {"title": "A", "url": "https://a", "date": None}
    response = streamed(
        chunk({"role": "assistant", "content": "", "reasoning_steps": [step]}),
        chunk({"content": "Hi"}),
        chunk({"content": ""}, "stop", top={"search_results": [found], "citations": ["https://a"]}),
    )
    assert message_of(response)["reasoning_steps"] == [step]
    assert response.citations == (found,)


def test_moonshots_usage_may_stand_in_the_choice() -> None:
    usage = {"prompt_tokens": 3, "completion_tokens": 4, "total_tokens": 7}
    assert streamed(chunk({"content": "Hi"}), chunk({}, "stop", usage=usage)).usage.total_tokens == 7


def test_signed_thinking_of_a_proxy_is_kept_and_goes_back() -> None:
    """LiteLLM's proxy in front of Anthropic: the reasoning twice, signed in one of them."""
    response = streamed(
        chunk(
            {"reasoning_content": "H", "thinking_blocks": [{"type": "thinking", "thinking": "H", "signature": None}]}
        ),
        chunk({"reasoning_content": "m", "thinking_blocks": [{"type": "thinking", "thinking": "m", "signature": "s"}]}),
        chunk({"content": "Hi"}),
        chunk({}, "stop"),
    )
    assert response.thinking == "Hm"
    assert goes_back(response)["thinking_blocks"] == [{"type": "thinking", "thinking": "Hm", "signature": "s"}]
    blocks = [{"type": "thinking", "thinking": "Hm", "signature": "s"}, {"type": "redacted_thinking", "data": "d"}]
    assert plain({"content": "Hi", "thinking_blocks": blocks}).thinking == "Hm"


def test_geminis_signature_beside_the_text_goes_back() -> None:
    """Gemini API docs, "Thought signatures", OpenAI compatibility."""
    signed = {"google": {"thought_signature": "s"}}
    response = streamed(chunk({"content": "Hi", "extra_content": signed}), chunk({}, "stop"))
    assert goes_back(response)["extra_content"] == signed


@pytest.mark.parametrize(
    ("finish", "reason"),
    [
        ("content-filter", "content_filter"),
        ("tool-calls", "tool_use"),
        ("MAX_TOKENS", "length"),
        ("STOP", "stop"),
        ("eos", "stop"),
        ("eos_token", "stop"),
    ],
)
def test_stop_reasons_in_a_hosts_own_spelling(finish: str, reason: str) -> None:
    assert plain({"content": "Hi"}, finish).stop_reason == reason


def test_usage_in_the_words_of_another_dialect() -> None:
    usage = plain({"content": "Hi"}, usage={"input_tokens": 3, "output_tokens": 4}).usage
    assert (usage.input_tokens, usage.output_tokens) == (3, 4)


@pytest.mark.parametrize(
    ("told", "kind"),
    [
        ({"object": "error", "message": "Slow down", "type": "rate_limit_error", "code": 429}, RateLimitError),  # vLLM
        ({"error": "Model is overloaded", "error_type": "overloaded"}, OverloadedError),  # Hugging Face
        (
            {"error": {"message": "bad", "code": 400}, "choices": [{"delta": {"content": ""}}]},
            BadRequestError,
        ),  # OpenRouter
        ({"detail": "Slow down", "code": "rate_limited"}, RateLimitError),
    ],
)
def test_errors_inside_a_stream(told: dict[str, Any], kind: type[ProviderError]) -> None:
    with pytest.raises(kind):
        streamed(chunk({"content": "Hi"}), told)


# -- quirks ------------------------------------------------------------------------------------------------------------


def encoded(quirks: Quirks, *messages: Any, **options: Any) -> tuple[dict[str, Any], tuple[str, ...]]:
    found = openai_chat.encode([*(messages or (USER,))], model="m", quirks=quirks, **options)
    return found.body, found.degraded


def test_an_option_may_have_another_name() -> None:
    body, degraded = encoded(Quirks(renamed={"seed": "random_seed"}), seed=3)
    assert (body["random_seed"], "seed" in body, degraded) == (3, False, ())


def test_an_effort_that_a_host_does_not_know_is_the_nearest_that_it_does() -> None:
    quirks = Quirks(efforts={"max": "high"})
    assert encoded(quirks, reasoning_effort="max")[0]["reasoning_effort"] == "high"
    assert encoded(quirks, reasoning_effort="max")[1] == ("reasoning_effort",)
    assert encoded(quirks, reasoning_effort="low") == encoded(ANY, reasoning_effort="low")


def test_a_schema_is_refused_and_json_is_not() -> None:
    schema = {"type": "json_schema", "json_schema": {"name": "n", "schema": {}}}
    with pytest.raises(UnsupportedRequestError, match="this host takes no JSON schema"):
        encoded(Quirks(schemas=False), response_format=schema)
    assert encoded(Quirks(schemas=False), response_format={"type": "json_object"})[0]["response_format"]


def test_a_developer_is_the_system_and_names_are_left_out() -> None:
    messages: Any = [{"role": "developer", "content": "x"}, {"role": "user", "name": "ann", "content": "y"}]
    body, degraded = encoded(Quirks(developer=False, names=False), *messages)
    assert body["messages"] == [{"role": "system", "content": "x"}, {"role": "user", "content": "y"}]
    assert degraded == ("name",)
    assert messages[0]["role"] == "developer"


def test_a_stream_may_have_to_do_without_options() -> None:
    assert "stream_options" not in encoded(Quirks(stream_usage=False), stream=True)[0]


def test_what_another_host_wrote_in_its_own_way_stays_there() -> None:
    content = [{"type": "thinking", "thinking": [{"type": "text", "text": "Hm"}]}, {"type": "text", "text": "Hi"}]
    response = plain(
        {"role": "assistant", "content": content, "reasoning_details": [{"type": "reasoning.text", "text": "Hm"}]}
    )
    assert goes_back(response)["content"] == content
    assert goes_back(response, openai_chat.OPENAI) == {"role": "assistant", "content": "Hi"}
    assert goes_back(response, COMMON)["content"] == "Hi"
