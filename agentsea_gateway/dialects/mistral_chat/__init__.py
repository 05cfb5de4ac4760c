"""Mistral's chat completions: OpenAI's, but for what it names differently.

It speaks the Mistral AI API reference, "Chat completion", and "Vision", "Document QnA", "Reasoning" and "Citations" of
its documentation (November 2026), as typed by mistralai 3.7. What it has in common with OpenAI's stands there.

    request.py   the portable messages and options as a request body, and back
    messages.py  what messages may follow each other, and what they may hold
    parts.py     the parts of a message that have another form
    ids.py       ids of tool calls in the form that it demands
    answer.py    whose answer it was
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from agentsea_gateway.dialects import streaming
from agentsea_gateway.dialects.failures import decode_error
from agentsea_gateway.dialects.mistral_chat.answer import NAME, decode_response
from agentsea_gateway.dialects.mistral_chat.answer import MistralDecoder as decoder  # noqa: N813 - made like a function
from agentsea_gateway.dialects.mistral_chat.request import decode_request, encode, encode_request

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from agentsea_gateway.stream_events import StreamEvent

API_VERSION = "v1"

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
