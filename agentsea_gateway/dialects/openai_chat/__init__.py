"""OpenAI's chat completions, and the hosts that follow it, each with its own additions.

It speaks the OpenAI API reference, "Chat completions" (API v1), as typed by openai-python 3.57 (November 2026), and
reads what DeepSeek, xAI, Groq, Mistral, OpenRouter, Vercel, Perplexity, Azure, Z.ai, llama.cpp, vLLM and Ollama add or
do differently: that is told by the answer itself, never by the host's name. What a host refuses in a request is data:
`Quirks`.

    request.py    the portable messages and options as a request body, and back
    messages.py   its messages
    quirks.py     what a host does not take
    answer.py     an answer's body as a Response
    stream.py     a stream's events as that body
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from agentsea_gateway.dialects import streaming
from agentsea_gateway.dialects.failures import decode_error
from agentsea_gateway.dialects.openai_chat.answer import NAME, decode_response
from agentsea_gateway.dialects.openai_chat.quirks import OPENAI, Quirks
from agentsea_gateway.dialects.openai_chat.request import decode_request, encode, encode_request
from agentsea_gateway.dialects.openai_chat.stream import ChatDecoder as decoder  # noqa: N813 - made like a function

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from agentsea_gateway.stream_events import StreamEvent

API_VERSION = "v1"

__all__ = [
    "API_VERSION",
    "NAME",
    "OPENAI",
    "Quirks",
    "decode_error",
    "decode_request",
    "decode_response",
    "decode_stream",
    "decoder",
    "encode",
    "encode_request",
]


def decode_stream(chunks: Iterable[bytes], headers: Mapping[str, str] | None = None) -> Iterator[StreamEvent]:
    """The events of a stream, ending in Done."""
    return streaming.decode_stream(decoder(headers), chunks)
