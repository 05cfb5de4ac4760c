"""Whatever a call asks for is in the body, refused before the call, or listed as degraded: never dropped in silence."""

from __future__ import annotations

import json
from typing import Any

import pytest

from agentsea_gateway import dialects
from agentsea_gateway.dialects.dialect import Encoded
from agentsea_gateway.dialects.gemini import VERTEX
from agentsea_gateway.dialects.openai_chat import OPENAI
from agentsea_gateway.errors import UnsupportedRequestError
from agentsea_gateway.options import KNOWN, Options
from agentsea_gateway.providers.hosts import HOSTS, Host

MODELS = {
    "anthropic_messages": ("claude-opus-4-8", "claude-haiku-4-5", "claude-3-5-haiku-20241022", "my-own"),
    "bedrock_converse": ("anthropic.claude-opus-4-8", "us.amazon.nova-pro-v1:0", "meta.llama3-3-70b-instruct-v1:0"),
    "cohere_chat": ("command-a-03-2025", "command-a-reasoning-08-2025"),
    "gemini": ("gemini-2.0-flash", "gemini-2.5-pro", "gemini-3-pro-preview", "gemma-3"),
    "mistral_chat": ("mistral-large-latest", "magistral-medium-latest"),
    "ollama_chat": ("llama3.2", "gpt-oss:20b"),
    "openai_chat": ("gpt-4.1", "gpt-5", "llama-3.3"),
    "openai_responses": ("gpt-4.1", "gpt-5"),
}
QUIRKS = {"openai_chat": (None, OPENAI), "gemini": (None, VERTEX)}
CASES = [
    pytest.param(name, model, quirks, id=f"{name}-{model}{'-quirks' if quirks else ''}")
    for name in dialects.NAMES
    for model in MODELS[name]
    for quirks in QUIRKS.get(name, (None,))
]

TEXT = [{"role": "user", "content": "Hi"}]
LOOK = {
    "type": "function",
    "function": {"name": "look", "description": "d", "parameters": {"type": "object", "properties": {}}},
}
WITH_TOOLS = {"tools": [LOOK]}
SCHEMA = {"type": "object", "properties": {"a": {"type": "integer"}}, "required": ["a"], "additionalProperties": False}
FORM = {"type": "json_schema", "json_schema": {"name": "marker", "schema": SCHEMA, "strict": True}}

# Every option, what it stands beside, and values that differ from what a vendor does without being asked.
OPTIONS: list[tuple[str, Any, dict[str, Any]]] = [
    ("max_tokens", 77, {}),
    ("temperature", 0.25, {}),
    ("temperature", 1.75, {}),
    ("top_p", 0.5, {}),
    ("top_k", 7, {}),
    ("seed", 7, {}),
    ("stop", "END", {}),
    ("stop", ["END", "STOP"], {}),
    ("stop", [" "], {}),
    ("presence_penalty", 0.5, {}),
    ("frequency_penalty", 0.5, {}),
    ("tools", [LOOK], {}),
    ("tool_choice", "none", WITH_TOOLS),
    ("tool_choice", "required", WITH_TOOLS),
    ("tool_choice", {"type": "function", "function": {"name": "look"}}, WITH_TOOLS),
    ("tool_choice", "required", {}),
    ("parallel_tool_calls", False, WITH_TOOLS),
    ("response_format", FORM, {}),
    ("response_format", {"type": "json_object"}, {}),
    *(("reasoning_effort", effort, {}) for effort in ("none", "minimal", "low", "medium", "high", "xhigh", "max")),
    ("reasoning_budget", 2048, {}),
    ("user", "marker", {}),
    ("metadata", {"team": "marker"}, {}),
    ("metadata", {"user_id": "marker", "team": "other"}, {}),
    ("extra_body", {"marker": 1}, {}),
]
# Where a body without a word of it is what was asked for: (dialect, model, option, value) and why.
SAID_BY_SILENCE: dict[tuple[str, str, str, Any], str] = {
    ("anthropic_messages", "claude-3-5-haiku-20241022", "reasoning_effort", "none"): "it never thinks",
    ("gemini", "gemini-2.0-flash", "reasoning_effort", "none"): "it never thinks",
}


def encoded(name: str, messages: Any, options: dict[str, Any], model: str, quirks: Any) -> Encoded | None:
    """The request, or None where it is refused with a reason."""
    more = {} if quirks is None else {"quirks": quirks}
    try:
        return dialects.get(name).encode(messages, options, model=model, **more)
    except UnsupportedRequestError as error:
        if not error.message:
            raise
        return None


def silent_options(name: str, model: str, quirks: Any) -> list[tuple[str, Any]]:
    """The options that change nothing in the body, and of which nothing is said."""
    found = []
    for option, value, beside in OPTIONS:
        without = encoded(name, TEXT, beside, model, quirks)
        with_it = encoded(name, TEXT, {**beside, option: value}, model, quirks)
        if without and with_it and with_it.body == without.body and option not in with_it.degraded:
            found.append((option, value))
    return found


def test_every_option_is_in_the_table() -> None:
    assert {option for option, _, _ in OPTIONS} | {"extra_headers"} == KNOWN == set(Options.__annotations__)


def test_every_dialect_is_in_the_table() -> None:
    assert set(MODELS) >= set(dialects.NAMES)


@pytest.mark.parametrize(("name", "model", "quirks"), CASES)
def test_no_option_is_dropped_in_silence(name: str, model: str, quirks: Any) -> None:
    excused = [(option, value) for dialect, its, option, value in SAID_BY_SILENCE if (dialect, its) == (name, model)]
    assert silent_options(name, model, quirks) == excused


# Content of messages. Each holds the word MARKER, which is in the body, or else somebody says that it is not.
DATA = "TUFSS0VSTUFSS0VS"  # MARKERMARKER in base64
URL = "https://example.com/MARKER"
CALL = {"id": "call_1", "type": "function", "function": {"name": "look", "arguments": '{"at": "MARKER"}'}}
CALLING = {"role": "assistant", "content": None, "tool_calls": [CALL]}


def user(*parts: Any, **more: Any) -> list[dict[str, Any]]:
    return [{"role": "user", "content": [{"type": "text", "text": "Hi"}, *parts], **more}]


def result(content: Any) -> list[dict[str, Any]]:
    return [*TEXT, CALLING, {"role": "tool", "tool_call_id": "call_1", "content": content}]


MESSAGES: dict[str, list[dict[str, Any]]] = {
    "system": [{"role": "system", "content": "MARKER"}, *TEXT],
    "developer": [{"role": "developer", "content": "MARKER"}, *TEXT],
    "a system message inside": [
        *TEXT,
        {"role": "assistant", "content": "Yes?"},
        {"role": "system", "content": "MARKER"},
        *TEXT,
    ],
    "two turns of one role": [*TEXT, {"role": "user", "content": "MARKER"}],
    "an image by URL": user({"type": "image_url", "image_url": {"url": URL + ".png"}}),
    "an image": user({"type": "image_url", "image_url": {"url": f"data:image/png;base64,{DATA}"}}),
    "a PDF": user({"type": "file", "file": {"file_data": f"data:application/pdf;base64,{DATA}", "filename": "a.pdf"}}),
    "a PDF by URL": user({"type": "file", "file": {"file_data": URL + ".pdf", "filename": "a.pdf"}}),
    "a file by id": user({"type": "file", "file": {"file_id": "MARKER"}}),
    "audio": user({"type": "input_audio", "input_audio": {"data": DATA, "format": "wav"}}),
    "a part nobody knows": user({"type": "hologram", "hologram": "MARKER"}),
    "a tool call": result("ok"),
    "a tool result": result("MARKER"),
    "a result in parts": result([{"type": "text", "text": "MARKER"}]),
    "an image in a result": result([{"type": "image_url", "image_url": {"url": f"data:image/png;base64,{DATA}"}}]),
    "a refusal": [*TEXT, {"role": "assistant", "content": None, "refusal": "MARKER"}, *TEXT],
}


@pytest.mark.parametrize(("name", "model", "quirks"), CASES)
def test_no_content_is_dropped_in_silence(name: str, model: str, quirks: Any) -> None:
    silent = []
    for what, messages in MESSAGES.items():
        options = WITH_TOOLS if "role': 'tool" in str(messages) else {}
        found = encoded(name, messages, options, model, quirks)
        if found is None or found.degraded:
            continue
        body = json.dumps(found.body)
        if "MARKER" not in body and DATA not in body:
            silent.append(what)
    assert silent == []


@pytest.mark.parametrize(("name", "model", "quirks"), CASES)
def test_what_is_only_partly_taken_is_told(name: str, model: str, quirks: Any) -> None:
    """Marks for prompt caching, names of speakers, and the rest of the metadata."""
    marked = [{"role": "user", "content": "Hi", "name": "MARKER"}]
    cached = user({"type": "text", "text": "long", "cache_control": {"type": "ephemeral"}})
    partly = {"user_id": "u1", "team": "MARKER"}
    for what, messages, options in (
        ("name", marked, {}),
        ("cache_control", cached, {}),
        ("metadata", TEXT, {"metadata": partly}),
    ):
        found = encoded(name, messages, options, model, quirks)
        if found is None:
            continue
        body = json.dumps(found.body)
        assert "MARKER" in body or "cache_control" in body or "cachePoint" in body or what in found.degraded, what


EXTRA = {"marker": "MARKER"}
EXTRAS: dict[str, tuple[list[dict[str, Any]], dict[str, Any]]] = {
    "beside a function": (TEXT, {"tools": [LOOK | EXTRA]}),
    "in a function": (TEXT, {"tools": [LOOK | {"function": LOOK["function"] | EXTRA}]}),
    "in a text": (user({"type": "text", "text": "x"} | EXTRA), {}),
    "beside an image": (user({"type": "image_url", "image_url": {"url": f"data:image/png;base64,{DATA}"}} | EXTRA), {}),
    "in an image": (user({"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA"} | EXTRA}), {}),
    "in a file": (user({"type": "file", "file": {"file_data": "data:text/plain;base64,QQ=="} | EXTRA}), {}),
    "in audio": (user({"type": "input_audio", "input_audio": {"data": "QQ==", "format": "wav"} | EXTRA}), {}),
    "beside a call": ([*TEXT, CALLING | {"tool_calls": [CALL | EXTRA]}, *result("x")[-1:]], WITH_TOOLS),
    "in a result": ([*result("x")[:-1], result("x")[-1] | EXTRA], WITH_TOOLS),
    "in a message": ([TEXT[0] | EXTRA], {}),
}


@pytest.mark.parametrize(("name", "model", "quirks"), CASES)
def test_keys_that_nobody_knows_are_on_their_way_or_listed(name: str, model: str, quirks: Any) -> None:
    silent = []
    for what, (messages, options) in EXTRAS.items():
        found = encoded(name, messages, options, model, quirks)
        if found is not None and '"marker": "MARKER"' not in json.dumps(found.body) and "marker" not in found.degraded:
            silent.append(what)
    assert silent == []


@pytest.mark.parametrize(("name", "model", "quirks"), CASES)
def test_the_name_of_a_result_is_its_calls_and_nothing_that_is_left_out(name: str, model: str, quirks: Any) -> None:
    found = encoded(name, [*result("x")[:-1], result("x")[-1] | {"name": "look"}], WITH_TOOLS, model, quirks)
    assert found is not None
    assert "name" not in found.degraded


@pytest.mark.parametrize(("name", "model", "quirks"), CASES)
def test_what_a_schema_is_for_is_on_its_way(name: str, model: str, quirks: Any) -> None:
    form = FORM | {"json_schema": FORM["json_schema"] | {"description": "MARKER"}}
    found = encoded(name, TEXT, {"response_format": form}, model, quirks)
    assert found is None or "MARKER" in json.dumps(found.body)


@pytest.mark.parametrize(("name", "model", "quirks"), CASES)
def test_an_images_detail_is_on_its_way_or_listed(name: str, model: str, quirks: Any) -> None:
    image = {"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA", "detail": "high"}}
    found = encoded(name, user(image), {}, model, quirks)
    assert found is None or '"high"' in json.dumps(found.body) or "image_url.detail" in found.degraded


@pytest.mark.parametrize("host", [pytest.param(host, id=host.name) for host in HOSTS.values()])
def test_no_host_drops_an_option_in_silence(host: Host) -> None:
    assert silent_options(host.dialect, "my-own", host.quirks) == []
