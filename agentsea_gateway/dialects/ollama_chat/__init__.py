"""Ollama's own chat API, of a server of one's own or of its cloud.

It speaks the Ollama documentation, "API reference, Chat", "Streaming", "Thinking", "Tool calling" and "Structured
outputs" (November 2026), as typed by ollama-python 0.6: a stream is lines of JSON, a tool call's arguments are an
object and its id may be absent, a result is told by its tool's name, sampling stands in `options`.

    request.py    the portable messages and options as a request body, and back
    messages.py   its messages, encoded
    history.py    its messages, decoded
    thinking.py   the effort of reasoning as `think`, and back
    answer.py     an answer's body as a Response
    stream.py     a stream's lines as that body
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from agentsea_gateway.dialects import streaming
from agentsea_gateway.dialects.failures import decode_error
from agentsea_gateway.dialects.ollama_chat.answer import NAME, decode_response
from agentsea_gateway.dialects.ollama_chat.request import decode_request, encode, encode_request
from agentsea_gateway.dialects.ollama_chat.stream import OllamaDecoder as decoder  # noqa: N813 - made like a function

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from agentsea_gateway.stream_events import StreamEvent

API_VERSION = "0.6"  # of ollama-python; the API itself has none

__all__ = [
    "API_VERSION",
    "NAME",
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
