"""The vendors' own clients talk to the sandbox as they talk to the vendors. Runs where they are installed."""

from __future__ import annotations

import json
from contextlib import closing
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


def test_openais_client_is_served_at_azures_paths(box: Sandbox) -> None:
    openai = pytest.importorskip("openai", reason="openai is not installed")
    made = {"azure_endpoint": box.azure_url, "api_key": box.api_key, "api_version": "2024-10-21"}
    with openai.AzureOpenAI(**made, max_retries=0, timeout=5) as client:
        create = client.chat.completions.create
        assert create(model="m", messages=ASKED).choices[0].message.content == "sandbox: Hello"
        chunks = create(model="m", messages=ASKED, stream=True)
        assert "".join(chunk.choices[0].delta.content or "" for chunk in chunks) == "sandbox: Hello"


def test_anthropics_client_is_served_at_google_clouds_paths(box: Sandbox) -> None:
    anthropic = pytest.importorskip("anthropic", reason="anthropic is not installed")
    made = {"project_id": "p", "region": "global", "access_token": box.api_key, "base_url": f"{box.anthropic_url}/v1"}
    with anthropic.AnthropicVertex(**made, max_retries=0, timeout=5) as client:
        asked = {"model": "m@1", "max_tokens": 10, "messages": ASKED}
        assert client.messages.create(**asked).content[0].text == "sandbox: Hello"
        with client.messages.stream(**asked) as stream:
            assert stream.get_final_message().model == "m@1"


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


FULL = Reply("sure thing", thinking="let me see", tool_calls=Reply.tool("f", a=[1, {"b": "c"}]).tool_calls)
ARGUMENTS = {"a": [1, {"b": "c"}]}


def test_openais_client_goes_on_with_reasoning_in_responses(box: Sandbox, openai_client: Any) -> None:
    asked: Any = {"model": "gpt-5", "store": False, "include": ["reasoning.encrypted_content"]}
    assert openai_client.responses.create(input="Hello", **asked).output_text == "sandbox: Hello"
    box.script(FULL, FULL)
    with openai_client.responses.stream(input="Hello", **asked) as stream:
        kinds = {event.type for event in stream}
        text = stream.get_final_response().output_text
    assert {"response.created", "response.reasoning_summary_text.delta", "response.completed"} <= kinds
    said = openai_client.responses.create(input="Hello", **asked).output
    assert text == said[1].content[0].text == "sure thing"
    assert [item.type for item in said] == ["reasoning", "message", "function_call"]
    result = {"type": "function_call_output", "call_id": said[2].call_id, "output": "ok"}
    items = [{"role": "user", "content": "Hello"}, *[item.to_dict() for item in said], result]
    assert openai_client.responses.create(input=items, **asked).output_text == "sandbox: Hello"


@pytest.fixture
def gemini_client(box: Sandbox) -> Iterator[Any]:
    """Google's own client."""
    genai = pytest.importorskip("google.genai", reason="google-genai is not installed")
    with genai.Client(api_key=box.api_key, http_options={"base_url": box.gemini_url}) as client:
        yield client


@pytest.mark.slow
def test_googles_client_gets_a_plain_answer_and_a_stream(gemini_client: Any) -> None:
    asked = {"model": "gemini-3.6-flash", "contents": "Hello"}
    plain = gemini_client.models.generate_content(**asked)
    assert (plain.text, plain.model_version, plain.usage_metadata.total_token_count) == (
        "sandbox: Hello",
        "gemini-3.6-flash",
        6,
    )
    events = list(gemini_client.models.generate_content_stream(**asked))
    assert "".join(event.text or "" for event in events) == "sandbox: Hello"
    assert events[-1].usage_metadata.total_token_count == 6
    assert [model.name for model in gemini_client.models.list()] == ["models/sandbox-model"]


@pytest.mark.slow
def test_googles_client_goes_on_with_thoughts_and_calls(box: Sandbox, gemini_client: Any) -> None:
    box.script(FULL)
    said = gemini_client.models.generate_content(model="gemini-3.6-flash", contents="Hello").candidates[0].content
    assert [bool(part.thought) for part in said.parts] == [True, False, False]
    call = said.parts[-1].function_call
    assert call.args == ARGUMENTS
    response = {"function_response": {"id": call.id, "name": "f", "response": {"result": "ok"}}}
    turns = [{"role": "user", "parts": [{"text": "Hello"}]}, said, {"role": "user", "parts": [response]}]
    went_on = gemini_client.models.generate_content(model="gemini-3.6-flash", contents=turns)
    assert went_on.text == "sandbox: Hello"
    said.parts[-1].function_call.args = {"a": 2}
    with pytest.raises(Exception, match="Corrupted thought signature"):
        gemini_client.models.generate_content(model="gemini-3.6-flash", contents=turns)


@pytest.mark.slow
def test_googles_client_raises_its_own_errors(box: Sandbox, gemini_client: Any) -> None:
    from google.genai import errors  # type: ignore[import-not-found]

    box.script(Fault.status("bad_key"), Fault.status(503))
    with pytest.raises(errors.ClientError) as refused:
        gemini_client.models.generate_content(model="m", contents="Hello")
    assert (refused.value.code, refused.value.status) == (400, "INVALID_ARGUMENT")
    with pytest.raises(errors.ServerError, match="UNAVAILABLE"):
        gemini_client.models.generate_content(model="m", contents="Hello")


@pytest.mark.slow
def test_coheres_client_gets_answers_and_errors(box: Sandbox) -> None:
    cohere = pytest.importorskip("cohere", reason="cohere is not installed")
    client = cohere.ClientV2(api_key=box.api_key, base_url=box.cohere_url)
    plain = client.chat(model="m", messages=ASKED)
    assert (plain.message.content[0].text, plain.finish_reason) == ("sandbox: Hello", "COMPLETE")
    assert plain.usage.tokens.output_tokens == 4
    box.script(FULL, Fault.status(429))
    events = list(client.chat_stream(model="m", messages=ASKED))
    pieces = [event.delta.message.tool_calls.function.arguments for event in events if event.type == "tool-call-delta"]
    assert json.loads("".join(pieces)) == ARGUMENTS
    assert events[-1].delta.finish_reason == "TOOL_CALL"
    with pytest.raises(cohere.TooManyRequestsError) as limited:
        client.chat(model="m", messages=ASKED, request_options={"max_retries": 0})
    assert limited.value.body["error_type"] == "RATE_LIMITED"
    client._client_wrapper.httpx_client.httpx_client.close()


@pytest.mark.slow
def test_mistrals_client_gets_answers_and_errors(box: Sandbox) -> None:
    sdk = pytest.importorskip("mistralai.client", reason="mistralai is not installed")
    with sdk.Mistral(api_key=box.api_key, server_url=box.mistral_url.removesuffix("/v1")) as client:
        plain = client.chat.complete(model="m", messages=ASKED)
        assert (plain.choices[0].message.content, plain.usage.total_tokens) == ("sandbox: Hello", 6)
        assert [model.id for model in client.models.list().data] == ["sandbox-model"]
        box.script(FULL, FULL, Fault.status(429))
        said = client.chat.complete(model="m", messages=ASKED).choices[0].message
        assert (said.content[0].thinking[0].text, said.content[1].text) == ("let me see", "sure thing")
        call = said.tool_calls[0]
        assert json.loads(call.function.arguments) == ARGUMENTS
        with client.chat.stream(model="m", messages=ASKED) as stream:
            assert [event.data.choices[0].finish_reason for event in stream][-1] == "tool_calls"
        with pytest.raises(sdk.errors.SDKError) as limited:
            client.chat.complete(model="m", messages=ASKED)
        assert limited.value.status_code == 429
        turns = [*ASKED, said, {"role": "tool", "tool_call_id": call.id, "content": "ok"}]
        assert client.chat.complete(model="m", messages=turns).choices[0].finish_reason == "stop"


@pytest.mark.slow
def test_ollamas_client_gets_answers_and_errors(box: Sandbox) -> None:
    ollama = pytest.importorskip("ollama", reason="ollama is not installed")
    client = ollama.Client(host=box.ollama_url, headers={"Authorization": f"Bearer {box.api_key}"})
    plain = client.chat(model="m", messages=ASKED)
    assert (plain.message.content, plain.done_reason, plain.eval_count) == ("sandbox: Hello", "stop", 4)
    assert [model.model for model in client.list().models] == ["sandbox-model"]
    box.script(FULL, Fault.status(404), Fault.error("overloaded", after=1))
    lines = list(client.chat(model="m", messages=ASKED, stream=True))
    assert "".join(line.message.thinking or "" for line in lines) == "let me see"
    assert [line.done for line in lines][-2:] == [False, True]
    (call,) = [call for line in lines for call in line.message.tool_calls or ()]
    assert call.function.arguments == ARGUMENTS
    with pytest.raises(ollama.ResponseError) as missing:
        client.chat(model="m", messages=ASKED)
    assert missing.value.status_code == 404
    with pytest.raises(ollama.ResponseError, match="server busy"):
        list(client.chat(model="m", messages=ASKED, stream=True))
    client._client.close()


@pytest.mark.slow
def test_amazons_client_gets_answers_and_errors(box: Sandbox) -> None:
    """Its requests are signed, and its streams are binary, checksums and all."""
    boto3 = pytest.importorskip("boto3", reason="boto3 is not installed")
    from botocore.config import Config  # type: ignore[import-not-found]
    from botocore.exceptions import EventStreamError  # type: ignore[import-not-found]

    keys = {"aws_access_key_id": box.api_key, "aws_secret_access_key": "x", "region_name": "us-east-1"}
    config = Config(retries={"max_attempts": 0})
    client = boto3.client("bedrock-runtime", endpoint_url=box.bedrock_url, config=config, **keys)
    asked: Any = {"modelId": "anthropic.m-v1:0", "messages": [{"role": "user", "content": [{"text": "Hello"}]}]}
    plain = client.converse(**asked)
    assert plain["output"]["message"]["content"] == [{"text": "sandbox: Hello"}]
    assert (plain["stopReason"], plain["usage"]["totalTokens"]) == ("end_turn", 6)
    assert box.requests[-1].model == "anthropic.m-v1:0"
    box.script(FULL, Fault.status(429), Fault.error("overloaded", after=1))
    with closing(client.converse_stream(**asked)["stream"]) as stream:
        events = list(stream)
    deltas = [event["contentBlockDelta"]["delta"] for event in events if "contentBlockDelta" in event]
    assert json.loads("".join(delta["toolUse"]["input"] for delta in deltas if "toolUse" in delta)) == ARGUMENTS
    assert {next(iter(event)) for event in events[-2:]} == {"messageStop", "metadata"}
    with pytest.raises(client.exceptions.ThrottlingException):
        client.converse(**asked)
    with (
        closing(client.converse_stream(**asked)["stream"]) as stream,
        pytest.raises(EventStreamError, match="serviceUnavailableException"),
    ):
        list(stream)
    client.close()
