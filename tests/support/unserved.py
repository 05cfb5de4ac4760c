"""What the sandbox says, without its server: answers and refusals of each dialect as plain values."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from agentsea_gateway import dialects
from agentsea_gateway.response import Response
from agentsea_gateway.stream_events import Done
from agentsea_gateway.testing import sides
from agentsea_gateway.testing.recorded import Request
from agentsea_gateway.testing.side import Rules

if TYPE_CHECKING:
    from agentsea_gateway.testing import Reply
    from agentsea_gateway.testing.side import Refusal

NAMES = tuple(sorted(sides.NAMES))
SIDE = {name: sides.side_of(name) for name in NAMES}
MODELS = {
    "anthropic_messages": "claude-sonnet-4-5",
    "bedrock_converse": "us.anthropic.claude-sonnet-4-5-20250929-v1:0",
    "cohere_chat": "command-a-03-2025",
    "gemini": "gemini-3.6-flash",
    "mistral_chat": "mistral-large-latest",
    "ollama_chat": "qwen3",
    "openai_chat": "gpt-4.1",
    "openai_responses": "gpt-5",
}
_PATHS = {
    "anthropic_messages": "/v1/messages",
    "bedrock_converse": "/model/{model}/converse",
    "cohere_chat": "/v2/chat",
    "gemini": "/v1beta/models/{model}:generateContent",
    "mistral_chat": "/mistral/v1/chat/completions",
    "ollama_chat": "/api/chat",
    "openai_chat": "/v1/chat/completions",
    "openai_responses": "/v1/responses",
}
_ASKED = [{"role": "user", "content": "Hello"}]


def request_of(name: str, body: dict[str, Any]) -> Request:
    """A request with this body, as the sandbox would record it."""
    model = MODELS[name]
    path = _PATHS[name].format(model=model)
    data = json.dumps(body).encode()
    return Request(1, name, "POST", path, "", {}, data, json.loads(data), model=model)


def asked(name: str, messages: list[dict[str, Any]] | None = None, **options: Any) -> Request:
    """The request that the dialect makes of these messages."""
    given = {"max_tokens": 2000, **options}
    return request_of(name, dialects.get(name).encode_request(messages or _ASKED, given, model=MODELS[name]))


def refusal(request: Request) -> Refusal | None:
    """Why the vendor would refuse it."""
    headers = {"anthropic-version": "2023-06-01"}
    return SIDE[request.dialect].refusal(request, headers, Rules())


def plain(name: str, reply: Reply) -> Any:
    """The body of a plain answer."""
    return SIDE[name].plain(reply, asked(name), "x_1")


def frames(name: str, reply: Reply) -> list[bytes]:
    """The events of a streamed answer."""
    options = {"extra_body": {"stream_options": {"include_usage": True}}} if name == "openai_chat" else {}
    return [frame.data for frame in SIDE[name].stream(reply, asked(name, **options), "x_1")]


def both_ways(name: str, reply: Reply) -> tuple[Response, Response]:
    """The Response that the dialect reads from a plain answer, and the one from a stream."""
    dialect = dialects.get(name)
    *_, done = dialect.decode_stream(frames(name, reply))
    assert isinstance(done, Done)
    return dialect.decode_response(plain(name, reply)), done.response
