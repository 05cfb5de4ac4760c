"""The vendors' own clients, given the same call, ask for the same as our providers do: method, path, key and body."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from attrs import frozen

from agentsea_gateway import Candidate, Gateway
from agentsea_gateway.providers import (
    Anthropic,
    Azure,
    Cohere,
    Mistral,
    Ollama,
    OpenAI,
    OpenAIResponses,
    VertexAnthropic,
)
from agentsea_gateway.providers.hosts import HOSTS
from support import made_cohere, made_mistral, made_ollama
from support.overheard import listening
from support.spoken import ANTHROPIC_MESSAGES, OPENAI_CHAT, OPENAI_RESPONSES
from support.wire import same_form

if TYPE_CHECKING:
    from collections.abc import Callable

# The vendors' packages warn about each other's versions, and leave clients to be collected.
pytestmark = pytest.mark.filterwarnings("ignore")

KEY = "canary-of-no-known-form"
SCHEMA = {"type": "object", "properties": {"a": {"type": "string"}}, "required": ["a"]}
FUNCTION = {"name": "f", "description": "d", "parameters": SCHEMA}
TOOLS: Any = [{"type": "function", "function": FUNCTION}]
PNG = "iVBORAAA"
IMAGE = {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{PNG}"}}
TEXT = {"type": "text", "text": "What is this?"}
CALL_ID = "abcdef123"
CALL = {"id": CALL_ID, "type": "function", "function": {"name": "f", "arguments": '{"a":"b"}'}}
MESSAGES: Any = [
    {"role": "system", "content": "Be brief."},
    {"role": "user", "content": [TEXT, IMAGE]},
    {"role": "assistant", "content": "", "tool_calls": [CALL]},
    {"role": "tool", "tool_call_id": CALL_ID, "content": "42"},
]
OPTIONS: Any = {"max_tokens": 50, "stop": ["x"], "tools": TOOLS, "tool_choice": "auto"}


def drained(answer: Any, stream: bool) -> None:
    """Take the whole of an answer that comes in pieces."""
    if stream:
        list(answer)


# -- how each vendor's client asks for it ------------------------------------------------------------------------------


def openai_chat(url: str, stream: bool) -> None:
    openai = pytest.importorskip("openai", reason="openai is not installed")
    _openai_create(openai.OpenAI(api_key=KEY, base_url=f"{url}/v1", max_retries=0), stream)


def azure(url: str, stream: bool) -> None:
    openai = pytest.importorskip("openai", reason="openai is not installed")
    _openai_create(openai.AzureOpenAI(api_key=KEY, azure_endpoint=url, api_version="2024-10-21", max_retries=0), stream)


def groq(url: str, stream: bool) -> None:
    module = pytest.importorskip("groq", reason="groq is not installed")
    create = module.Groq(api_key=KEY, base_url=url, max_retries=0).chat.completions.create
    drained(create(model="m", messages=MESSAGES, stream=stream, **OPTIONS), stream)


def _openai_create(client: Any, stream: bool) -> None:
    more = {"stream": True, "stream_options": {"include_usage": True}} if stream else {}
    drained(client.chat.completions.create(model="m", messages=MESSAGES, **OPTIONS, **more), stream)


def openai_responses(url: str, stream: bool) -> None:
    openai = pytest.importorskip("openai", reason="openai is not installed")
    client = openai.OpenAI(api_key=KEY, base_url=f"{url}/v1", max_retries=0)
    image = {"type": "input_image", "image_url": f"data:image/png;base64,{PNG}"}
    answer = client.responses.create(
        model="m",
        input=[
            {"role": "system", "content": "Be brief."},
            {"role": "user", "content": [{"type": "input_text", "text": TEXT["text"]}, image]},
            {"type": "function_call", "call_id": CALL_ID, "name": "f", "arguments": '{"a":"b"}'},
            {"type": "function_call_output", "call_id": CALL_ID, "output": "42"},
        ],
        max_output_tokens=50,
        tools=[{"type": "function", **FUNCTION, "strict": False}],
        tool_choice="auto",
        store=False,
        stream=stream,
    )
    drained(answer, stream)


def _messages_create(client: Any, stream: bool) -> None:
    image = {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": PNG}}
    answer = client.messages.create(
        model="m",
        system="Be brief.",
        messages=[
            {"role": "user", "content": [TEXT, image]},
            {"role": "assistant", "content": [{"type": "tool_use", "id": CALL_ID, "name": "f", "input": {"a": "b"}}]},
            {"role": "user", "content": [{"type": "tool_result", "tool_use_id": CALL_ID, "content": "42"}]},
        ],
        max_tokens=50,
        stop_sequences=["x"],
        tools=[{"name": "f", "description": "d", "input_schema": SCHEMA}],
        tool_choice={"type": "auto"},
        stream=stream,
    )
    drained(answer, stream)


def anthropic(url: str, stream: bool) -> None:
    module = pytest.importorskip("anthropic", reason="anthropic is not installed")
    _messages_create(module.Anthropic(api_key=KEY, base_url=url, max_retries=0), stream)


def vertex_anthropic(url: str, stream: bool) -> None:
    module = pytest.importorskip("anthropic", reason="anthropic is not installed")
    client = module.AnthropicVertex(project_id="p", region="r", access_token=KEY, base_url=f"{url}/v1", max_retries=0)
    _messages_create(client, stream)


def mistral(url: str, stream: bool) -> None:
    module = pytest.importorskip("mistralai.client", reason="mistralai is not installed")
    chat = module.Mistral(api_key=KEY, server_url=url).chat
    drained((chat.stream if stream else chat.complete)(model="m", messages=MESSAGES, **OPTIONS), stream)


def cohere(url: str, stream: bool) -> None:
    module = pytest.importorskip("cohere", reason="cohere is not installed")
    client = module.ClientV2(api_key=KEY, base_url=url)
    ask = client.chat_stream if stream else client.chat
    answer = ask(model="m", messages=MESSAGES, max_tokens=50, stop_sequences=["x"], tools=TOOLS)
    drained(answer, stream)


def ollama(url: str, stream: bool) -> None:
    module = pytest.importorskip("ollama", reason="ollama is not installed")
    client = module.Client(host=url, headers={"Authorization": f"Bearer {KEY}"})
    answer = client.chat(
        model="m",
        messages=[
            {"role": "system", "content": "Be brief."},
            {"role": "user", "content": TEXT["text"], "images": [PNG]},
            {
                "role": "assistant",
                "content": "",
                "tool_calls": [{"function": {"name": "f", "arguments": {"a": "b"}}}],
            },
            {"role": "tool", "tool_name": "f", "content": "42"},
        ],
        options={"num_predict": 50, "stop": ["x"]},
        tools=TOOLS,
        stream=stream,
    )
    drained(answer, stream)


@frozen
class Vendor:
    """A vendor's client and our provider for the same service.

    asks      the vendor's client, asking for the call
    provider  ours, at a server's root
    kind      of the bodies, for when two say the same
    answer    what the server answers: plainly, and as a stream
    """

    name: str
    asks: Callable[[str, bool], None]
    provider: Callable[[str], Any]
    kind: str
    answer: tuple[Any, bytes]
    stream_type: str = "text/event-stream"


CHAT = (json.loads(OPENAI_CHAT.answer), OPENAI_CHAT.stream())
CLAUDE = (json.loads(ANTHROPIC_MESSAGES.answer), ANTHROPIC_MESSAGES.stream())
RESPONSES = (json.loads(OPENAI_RESPONSES.answer), OPENAI_RESPONSES.stream())
COHERE = (made_cohere.ANSWER, made_cohere.STREAM)
VENDORS = (
    Vendor("openai", openai_chat, lambda url: OpenAI(KEY, base_url=f"{url}/v1"), "chat", CHAT),
    Vendor("azure", azure, lambda url: Azure(KEY, endpoint=url, api_version="2024-10-21"), "chat", CHAT),
    Vendor("groq", groq, lambda url: OpenAI(KEY, base_url=f"{url}/openai/v1", host=HOSTS["groq"]), "chat", CHAT),
    Vendor(
        "openai-responses",
        openai_responses,
        lambda url: OpenAIResponses(KEY, base_url=f"{url}/v1"),
        "responses",
        RESPONSES,
    ),
    Vendor("anthropic", anthropic, lambda url: Anthropic(KEY, base_url=url), "messages", CLAUDE),
    Vendor(
        "vertex-anthropic",
        vertex_anthropic,
        lambda url: VertexAnthropic("p", "r", access_token=KEY, base_url=f"{url}/v1"),
        "messages",
        CLAUDE,
    ),
    Vendor(
        "mistral",
        mistral,
        lambda url: Mistral(KEY, base_url=f"{url}/v1"),
        "mistral",
        (made_mistral.ANSWER, made_mistral.STREAM),
    ),
    Vendor("cohere", cohere, lambda url: Cohere(KEY, base_url=url), "cohere", COHERE),
    Vendor(
        "ollama",
        ollama,
        lambda url: Ollama(KEY, base_url=url),
        "ollama",
        (made_ollama.ANSWER, made_ollama.STREAM),
        "application/x-ndjson",
    ),
)


def ours(vendor: Vendor, url: str, stream: bool) -> None:
    options = {name: value for name, value in OPTIONS.items() if (vendor.kind, name) != ("responses", "stop")}
    with Gateway([Candidate("a", vendor.provider(url), "m")]) as gw:
        if stream:
            drained(gw.stream(MESSAGES, **options), stream=True)
        else:
            gw.completion(MESSAGES, **options)


@pytest.mark.parametrize("stream", [False, pytest.param(True, marks=pytest.mark.slow)], ids=["plain", "stream"])
@pytest.mark.parametrize("vendor", VENDORS, ids=lambda vendor: vendor.name)
def test_the_vendors_own_client_asks_for_the_same(vendor: Vendor, stream: bool) -> None:
    with listening(*vendor.answer, vendor.stream_type) as (url, heard):
        vendor.asks(url, stream)
        ours(vendor, url, stream)
    theirs, own = heard
    assert (theirs.method, theirs.path) == (own.method, own.path)
    assert credential(theirs.headers) == credential(own.headers)
    own.body.pop("anthropic_version", None)  # each says the version that it speaks
    theirs.body.pop("anthropic_version", None)
    assert form(vendor.kind, own.body) == form(vendor.kind, theirs.body)


def credential(headers: dict[str, str]) -> tuple[str, str]:
    """The header that carries the key."""
    (found,) = [(name, value) for name, value in headers.items() if KEY in value]
    return found


def form(kind: str, body: dict[str, Any]) -> Any:
    for message in body.get("messages", ()):
        _without_defaults(kind, message)
    return same_form(kind, body) if kind != "ollama" else body


def _without_defaults(kind: str, message: dict[str, Any]) -> None:
    """Leave out what two vendors' clients spell out or leave out, and their APIs take as the same."""
    calls = message.get("tool_calls") or ()
    if kind == "mistral":
        if message.get("prefix") is False:
            del message["prefix"]
        for call in calls:
            if call.get("index") == 0:
                del call["index"]
    if kind == "ollama" and calls and message.get("content") == "":
        del message["content"]
