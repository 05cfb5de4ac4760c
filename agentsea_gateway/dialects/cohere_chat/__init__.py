"""Cohere's chat API, version 2.

It speaks the Cohere API reference, "Chat" and "Chat with Streaming" (API v2, November 2026), and "Reasoning", "Tool
use" and "Structured outputs" of its documentation.

    request.py    the portable messages and options as a request body, and back
    messages.py   its messages
    tools.py      its tools and tool_choice
    answer.py     an answer's body as a Response
    stream.py     a stream's events as that body
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from agentsea_gateway.dialects import streaming
from agentsea_gateway.dialects.cohere_chat.answer import NAME, decode_response
from agentsea_gateway.dialects.cohere_chat.request import decode_request, encode, encode_request
from agentsea_gateway.dialects.cohere_chat.stream import CohereDecoder as decoder  # noqa: N813 - made like a function
from agentsea_gateway.dialects.failures import decode_error

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from agentsea_gateway.stream_events import StreamEvent

API_VERSION = "v2"

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
