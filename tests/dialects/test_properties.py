"""What holds for any input: encode and decode are each other's inverse, streams equal plain calls, errors are typed."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from agentsea_gateway.dialects import NAMES, get
from agentsea_gateway.errors import InvalidRequestError, ProviderError, UnsupportedRequestError
from agentsea_gateway.messages import checked
from agentsea_gateway.stream_events import Content, Done, Thinking, ToolCallDelta
from support import made_bedrock, made_cohere, made_gemini, made_mistral, made_ollama
from support.made_responses import RESPONSE, STREAM
from support.mutations import JUNK, places, replaced

WORDS = st.text(st.characters(exclude_categories=["Cs", "Z", "Cc"]), min_size=1, max_size=8)
IDS = st.text("abcXYZ019_-", min_size=1, max_size=12)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)
ARGUMENTS = st.dictionaries(st.text(max_size=5), JSON, max_size=3)
TEXT = st.builds(lambda words: {"type": "text", "text": words}, WORDS)
IMAGE = st.sampled_from(
    [
        {"type": "image_url", "image_url": {"url": "https://a/b.png"}},
        {"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA"}},
    ]
)
FILE = st.sampled_from(
    [
        {"type": "file", "file": {"file_data": "data:application/pdf;base64,AAAA", "filename": "a.pdf"}},
        {"type": "file", "file": {"file_id": "file_1"}},
    ]
)
PARTS = st.lists(TEXT | IMAGE | FILE, min_size=1, max_size=3)


@st.composite
def conversations(draw: st.DrawFn) -> list[dict[str, Any]]:
    """Portable conversations of alternating turns, with every call answered at once."""
    messages: list[dict[str, Any]] = []
    if draw(st.booleans()):
        messages.append({"role": "system", "content": draw(WORDS)})
    for turn in range(draw(st.integers(1, 3))):
        messages.append({"role": "user", "content": draw(PARTS)})
        if draw(st.booleans()):
            names = draw(st.lists(IDS, min_size=1, max_size=3, unique=True))
            calls = [
                {
                    "id": f"t{turn}_{name}",
                    "type": "function",
                    "function": {
                        "name": draw(IDS),
                        "arguments": json.dumps(draw(ARGUMENTS), separators=(",", ":"), ensure_ascii=False),
                    },
                }
                for name in names
            ]
            messages.append({"role": "assistant", "content": draw(WORDS | st.just("")), "tool_calls": calls})
            results = [
                {
                    "role": "tool",
                    "tool_call_id": call["id"],
                    "content": draw(st.lists(TEXT | IMAGE, min_size=1, max_size=2)),
                }
                for call in calls
            ]
            messages += results
        messages.append({"role": "assistant", "content": draw(WORDS)})
    messages.append({"role": "user", "content": draw(PARTS)})
    return messages


OPTIONS = st.fixed_dictionaries(
    {
        "model": st.sampled_from(["claude-sonnet-4-5", "claude-opus-4-8", "gpt-4.1", "m"]),
        "max_tokens": st.integers(20_000, 30_000),
    },
    optional={
        "temperature": st.just(1),
        "top_p": st.sampled_from([0.95, 1]),
        "stop": st.lists(WORDS, min_size=1, max_size=2),
        "user": WORDS,
        "stream": st.just(True),
        "tools": st.just(
            [{"type": "function", "function": {"name": "f", "parameters": {"type": "object", "properties": {}}}}]
        ),
        "extra_body": st.just({"service_tier": "auto"}),
        "response_format": st.just(
            {
                "type": "json_schema",
                "json_schema": {
                    "name": "response",
                    "schema": {"type": "object", "additionalProperties": False},
                    "strict": True,
                },
            }
        ),
    },
)


# What a dialect has no word for, of these options.
INEXPRESSIBLE = {
    "openai_responses": ("stop",),
    "gemini": ("user", "model", "stream"),
    "cohere_chat": ("user",),
    "bedrock_converse": ("user", "model", "stream"),
    "mistral_chat": ("user",),
    "ollama_chat": ("user",),
}
# What a dialect cannot tell apart, brought into one form.
EXPRESSIBLE = {
    "gemini": made_gemini.expressible,
    "cohere_chat": made_cohere.expressible,
    "bedrock_converse": made_bedrock.expressible,
    "mistral_chat": made_mistral.expressible,
    "ollama_chat": made_ollama.expressible,
}


@pytest.mark.parametrize("name", NAMES)
@given(messages=conversations(), options=OPTIONS)
@settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow])
def test_what_was_encoded_is_decoded_again(name: str, messages: list[dict[str, Any]], options: dict[str, Any]) -> None:
    """On what a dialect can express, decode is the inverse of encode, and neither changes its arguments."""
    dialect = get(name)
    options = {key: value for key, value in options.items() if key not in INEXPRESSIBLE.get(name, ())}
    messages = EXPRESSIBLE.get(name, list)(messages)
    before = copy.deepcopy((messages, options))
    encoded = dialect.encode(messages, options)
    assert (messages, options) == before
    assert encoded.degraded == ()
    found, found_options = dialect.decode_request(json.loads(json.dumps(encoded.body)))
    assert found == messages
    assert found_options == options
    assert checked(found) == found


HOSTILE = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=3)
    | st.sampled_from(["text", "function", "tool_use", "user", "assistant", "tool"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                [
                    "role",
                    "content",
                    "type",
                    "text",
                    "tool_calls",
                    "tool_call_id",
                    "function",
                    "name",
                    "arguments",
                    "id",
                    "image_url",
                    "url",
                    "_native",
                    "call_id",
                    "output",
                    "summary",
                    "json_schema",
                    "parts",
                    "functionCall",
                    "functionResponse",
                    "functionDeclarations",
                    "toolUse",
                    "toolUseId",
                    "toolResult",
                    "document",
                    "source",
                    "format",
                    "bytes",
                    "file",
                    "file_data",
                    "cachePoint",
                    "reasoningContent",
                    "images",
                    "thinking",
                    "tool_name",
                    "document_url",
                    "input_audio",
                    "options",
                    "inlineData",
                    "mimeType",
                    "mode",
                ]
            ),
            inner,
            max_size=5,
        )
    ),
    max_leaves=15,
)


@pytest.mark.parametrize("name", NAMES)
@given(
    messages=st.lists(HOSTILE, max_size=4),
    options=st.dictionaries(
        st.sampled_from(
            ["tools", "tool_choice", "stop", "metadata", "response_format", "reasoning_effort", "extra_body"]
        ),
        HOSTILE,
        max_size=3,
    ),
)
@settings(max_examples=150)
def test_no_arguments_make_encode_raise_anything_but_typed_errors(
    name: str, messages: list[Any], options: dict[str, Any]
) -> None:
    try:
        get(name).encode(messages, options, model="m")
    except (InvalidRequestError, UnsupportedRequestError):
        pass


@pytest.mark.parametrize("name", NAMES)
@given(
    body=st.dictionaries(
        st.sampled_from(
            [
                "messages",
                "input",
                "include",
                "text",
                "system",
                "tools",
                "tool_choice",
                "thinking",
                "output_config",
                "reasoning",
                "metadata",
                "model",
                "contents",
                "systemInstruction",
                "generationConfig",
                "toolConfig",
                "inferenceConfig",
                "outputConfig",
                "additionalModelRequestFields",
            ]
        ),
        HOSTILE,
    )
)
@settings(max_examples=150)
def test_no_body_makes_decode_request_raise_anything_but_typed_errors(name: str, body: dict[str, Any]) -> None:
    try:
        get(name).decode_request(body)
    except InvalidRequestError:
        pass


CHAT: dict[str, Any] = {
    "id": "c",
    "model": "m",
    "choices": [
        {
            "index": 0,
            "message": {
                "role": "assistant",
                "content": "Hello there",
                "reasoning": "Hm",
                "reasoning_details": [{"type": "reasoning.text", "text": "Hm", "index": 0}],
                "refusal": None,
                "annotations": [{"type": "url_citation"}],
                "tool_calls": [{"id": "a", "type": "function", "function": {"name": "f", "arguments": '{"x": 1}'}}],
            },
            "finish_reason": "tool_calls",
        }
    ],
    "usage": {
        "prompt_tokens": 3,
        "completion_tokens": 4,
        "total_tokens": 7,
        "prompt_tokens_details": {"cached_tokens": 1},
        "completion_tokens_details": {"reasoning_tokens": 1},
    },
}
MESSAGE: dict[str, Any] = {
    "id": "msg",
    "type": "message",
    "model": "claude",
    "content": [
        {"type": "thinking", "thinking": "Hm", "signature": "s"},
        {"type": "text", "text": "Hello there", "citations": [{"type": "char_location"}]},
        {"type": "tool_use", "id": "a", "name": "f", "input": {"x": 1}},
    ],
    "stop_reason": "tool_use",
    "usage": {"input_tokens": 3, "output_tokens": 4, "cache_read_input_tokens": 1},
}


def sse(*events: dict[str, Any]) -> bytes:
    return "".join(
        (f"event: {each['type']}\n" if "type" in each else "") + f"data: {json.dumps(each)}\n\n" for each in events
    ).encode()


def chat_stream() -> bytes:
    def chunk(delta: Any, finish: Any = None, usage: Any = None) -> dict[str, Any]:
        return {
            "id": "c",
            "model": "m",
            "choices": [{"index": 0, "delta": delta, "finish_reason": finish}],
            "usage": usage,
        }

    message = CHAT["choices"][0]["message"]
    return (
        sse(
            chunk({"role": "assistant", "content": ""}),
            chunk({"reasoning": "H", "reasoning_details": [{"type": "reasoning.text", "text": "H", "index": 0}]}),
            chunk({"reasoning": "m", "reasoning_details": [{"type": "reasoning.text", "text": "m", "index": 0}]}),
            chunk({"content": "Hello "}),
            chunk({"content": "there"}),
            chunk({"annotations": message["annotations"]}),
            chunk(
                {
                    "tool_calls": [
                        {"index": 0, "id": "a", "type": "function", "function": {"name": "f", "arguments": ""}}
                    ]
                }
            ),
            chunk({"tool_calls": [{"index": 0, "function": {"arguments": '{"x": 1}'}}]}),
            chunk({}, "tool_calls", CHAT["usage"]),
        )
        + b"data: [DONE]\n\n"
    )


def message_stream() -> bytes:
    events: list[dict[str, Any]] = [
        {"type": "message_start", "message": {**MESSAGE, "content": [], "stop_reason": None}}
    ]
    for index, block in enumerate(MESSAGE["content"]):
        start: dict[str, Any] = {
            "thinking": {"type": "thinking", "thinking": "", "signature": ""},
            "text": {"type": "text", "text": "", "citations": []},
            "tool_use": {**block, "input": {}},
        }[block["type"]]
        deltas: list[dict[str, Any]] = {
            "thinking": [
                {"type": "thinking_delta", "thinking": "H"},
                {"type": "thinking_delta", "thinking": "m"},
                {"type": "signature_delta", "signature": "s"},
            ],
            "text": [
                {"type": "text_delta", "text": "Hello "},
                {"type": "text_delta", "text": "there"},
                {"type": "citations_delta", "citation": {"type": "char_location"}},
            ],
            "tool_use": [
                {"type": "input_json_delta", "partial_json": '{"x"'},
                {"type": "input_json_delta", "partial_json": ": 1}"},
            ],
        }[block["type"]]
        events.append({"type": "content_block_start", "index": index, "content_block": start})
        events += [{"type": "content_block_delta", "index": index, "delta": delta} for delta in deltas]
        events.append({"type": "content_block_stop", "index": index})
    events += [
        {"type": "message_delta", "delta": {"stop_reason": "tool_use"}, "usage": MESSAGE["usage"]},
        {"type": "message_stop"},
    ]
    return sse(*events)


BINARY = ("bedrock_converse",)  # their streams are no lines: see test_bedrock_streams.py
PLAIN = {
    "openai_chat": CHAT,
    "anthropic_messages": MESSAGE,
    "openai_responses": RESPONSE,
    "gemini": made_gemini.ANSWER,
    "cohere_chat": made_cohere.ANSWER,
    "bedrock_converse": made_bedrock.ANSWER,
    "mistral_chat": made_mistral.ANSWER,
    "ollama_chat": made_ollama.ANSWER,
}
STREAMS = {
    "openai_chat": chat_stream(),
    "anthropic_messages": message_stream(),
    "openai_responses": STREAM,
    "gemini": made_gemini.STREAM,
    "cohere_chat": made_cohere.STREAM,
    "bedrock_converse": made_bedrock.STREAM,
    "mistral_chat": made_mistral.STREAM,
    "ollama_chat": made_ollama.STREAM,
}


@pytest.mark.parametrize("name", NAMES)
def test_a_streams_final_response_equals_the_plain_calls(name: str) -> None:
    *events, done = get(name).decode_stream([STREAMS[name]])
    assert isinstance(done, Done)
    plain = get(name).decode_response(PLAIN[name])
    assert done.response == plain
    assert done.response.message == plain.message
    assert "".join(event.text for event in events if isinstance(event, Content)) == plain.content
    assert "".join(event.text for event in events if isinstance(event, Thinking)) == plain.thinking
    pieces = "".join(event.arguments for event in events if isinstance(event, ToolCallDelta))
    assert json.loads(pieces) == plain.tool_calls[0].arguments


@pytest.mark.parametrize("name", NAMES)
@given(data=st.data())
@settings(max_examples=100)
def test_however_a_stream_is_cut_into_reads_its_events_are_the_same(name: str, data: st.DataObject) -> None:
    """F38."""
    stream = STREAMS[name]
    whole = list(get(name).decode_stream([stream]))
    cuts = sorted(data.draw(st.lists(st.integers(0, len(stream)), max_size=8)))
    reads = [stream[a:b] for a, b in zip([0, *cuts], [*cuts, len(stream)], strict=True)]
    assert list(get(name).decode_stream(reads)) == whole


@pytest.mark.parametrize("name", NAMES)
@given(data=st.data())
@settings(max_examples=250)
def test_a_mutated_body_is_an_answer_or_a_typed_error(name: str, data: st.DataObject) -> None:
    """F30, F55, F56: fuzz."""
    body = PLAIN[name]
    for _ in range(data.draw(st.integers(1, 3))):
        path = data.draw(st.sampled_from(places(body)))
        body = replaced(body, path, data.draw(JUNK | st.just(...)) if path else data.draw(JUNK))
    before = copy.deepcopy(body)
    try:
        response = get(name).decode_response(body, {})
    except ProviderError:
        pass
    else:
        json.dumps([response.message, response.content, response.id, response.model], ensure_ascii=False).encode()
        assert all(value is None or value >= 0 for value in (response.usage.input_tokens, response.usage.output_tokens))
    assert body == before


@pytest.mark.parametrize("name", [name for name in NAMES if name not in BINARY])
@given(data=st.data())
@settings(max_examples=250)
def test_a_mutated_stream_ends_in_done_or_a_typed_error(name: str, data: st.DataObject) -> None:
    """F30, F37: fuzz of events, and of bytes."""
    lines = STREAMS[name].split(b"\n")
    at = data.draw(st.sampled_from([index for index, line in enumerate(lines) if line.startswith((b"data: {", b"{"))]))
    prefix = b"data: " if lines[at].startswith(b"data: ") else b""
    event = json.loads(lines[at].removeprefix(prefix))
    path = data.draw(st.sampled_from(places(event)))
    event = replaced(event, path, data.draw(JUNK | st.just(...)) if path else data.draw(JUNK))
    lines[at] = prefix + json.dumps(event).encode()
    stream = bytearray(b"\n".join(lines))
    if data.draw(st.booleans()):
        stream[data.draw(st.integers(0, len(stream) - 1))] = data.draw(st.integers(0, 255))
    decoder = get(name).decoder()
    try:
        for cut in range(0, len(stream), 200):
            for found in decoder.feed(bytes(stream[cut : cut + 200])):
                json.dumps(getattr(found, "text", ""), ensure_ascii=False).encode()
        assert isinstance(decoder.finish(), Done)
    except ProviderError:
        pass
    decoder.partial()
