"""The vendors' own clients talk to the sandbox as they talk to the vendors. Runs where they are installed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from agentsea_gateway.testing import Fault, Reply, Sandbox

if TYPE_CHECKING:
    from collections.abc import Iterator

ASKED: Any = [{"role": "user", "content": "Hello"}]


@pytest.fixture
def openai_client(box: Sandbox) -> Iterator[Any]:
    """OpenAI's own client."""
    openai = pytest.importorskip("openai", reason="openai is not installed")
    with openai.OpenAI(base_url=box.openai_url, api_key=box.api_key, max_retries=0, timeout=5) as client:
        yield client


@pytest.fixture
def anthropic_client(box: Sandbox) -> Iterator[Any]:
    """Anthropic's own client."""
    anthropic = pytest.importorskip("anthropic", reason="anthropic is not installed")
    with anthropic.Anthropic(base_url=box.anthropic_url, api_key=box.api_key, max_retries=0, timeout=5) as client:
        yield client


def test_openais_client_gets_a_plain_answer_and_a_stream(openai_client: Any) -> None:
    create = openai_client.chat.completions.create
    assert create(model="m", messages=ASKED).choices[0].message.content == "sandbox: Hello"
    chunks = list(create(model="m", messages=ASKED, stream=True, stream_options={"include_usage": True}))
    assert "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices) == "sandbox: Hello"
    assert chunks[-1].usage.total_tokens == 6


def test_openais_client_assembles_a_streamed_tool_call(box: Sandbox, openai_client: Any) -> None:
    box.script(Reply.tool("get_weather", city="Rome"))
    with openai_client.chat.completions.stream(model="m", messages=ASKED) as stream:
        (call,) = stream.get_final_completion().choices[0].message.tool_calls
    assert (call.function.name, call.function.arguments) == ("get_weather", '{"city":"Rome"}')


def test_openais_client_raises_its_own_errors(box: Sandbox, openai_client: Any) -> None:
    import openai  # type: ignore[import-not-found]

    box.script(Fault.status(429, retry_after=3), Fault.status("context_window"), Fault.error("overloaded", after=1))
    with pytest.raises(openai.RateLimitError) as limited:
        openai_client.chat.completions.create(model="m", messages=ASKED)
    assert limited.value.code == "rate_limit_exceeded"
    with pytest.raises(openai.BadRequestError) as long:
        openai_client.chat.completions.create(model="m", messages=ASKED)
    assert long.value.code == "context_length_exceeded"
    with pytest.raises(openai.APIError, match="overloaded"):
        list(openai_client.chat.completions.create(model="m", messages=ASKED, stream=True))


def test_anthropics_client_gets_a_plain_answer_and_a_stream(anthropic_client: Any) -> None:
    asked = {"model": "m", "max_tokens": 10, "messages": ASKED}
    plain = anthropic_client.messages.create(**asked)
    assert plain.content[0].text == "sandbox: Hello"
    with anthropic_client.messages.stream(**asked) as stream:
        assert list(stream.text_stream) == ["sandbox:", " Hello"]
        assert stream.get_final_message().usage == plain.usage


def test_anthropics_client_goes_on_with_thinking_and_tools(box: Sandbox, anthropic_client: Any) -> None:
    box.script(Reply("sure", thinking="let me see", tool_calls=Reply.tool("f", a=[1, {"b": "c"}]).tool_calls))
    with anthropic_client.messages.stream(model="m", max_tokens=10, messages=ASKED) as stream:
        said = stream.get_final_message().content
    assert [block.type for block in said] == ["thinking", "text", "tool_use"]
    assert said[-1].input == {"a": [1, {"b": "c"}]}
    result = {"type": "tool_result", "tool_use_id": said[-1].id, "content": "ok"}
    turns = [*ASKED, {"role": "assistant", "content": said}, {"role": "user", "content": [result]}]
    assert anthropic_client.messages.create(model="m", max_tokens=10, messages=turns).stop_reason == "end_turn"


def test_anthropics_client_raises_its_own_errors(box: Sandbox, anthropic_client: Any) -> None:
    import anthropic  # type: ignore[import-not-found]

    box.script(Fault.status(529), Fault.error("overloaded", after=1))
    with pytest.raises(anthropic.InternalServerError) as overloaded:
        anthropic_client.messages.create(model="m", max_tokens=10, messages=ASKED)
    assert overloaded.value.request_id == "req_sandbox_1"
    with (
        pytest.raises(anthropic.APIStatusError, match="overloaded_error"),
        anthropic_client.messages.stream(model="m", max_tokens=10, messages=ASKED) as stream,
    ):
        stream.get_final_message()
