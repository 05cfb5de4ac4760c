"""OpenAI's Responses API, and the hosts that follow it: Azure, xAI, DeepSeek, Amazon Bedrock.

It speaks the OpenAI API reference, "Responses" (API v1), as typed by openai-python 3.57 (November 2026). Requests are
stateless, see request.py: the history is the caller's, and nothing is kept at the vendor unless `extra_body` asks for
it. Reasoning, server-run tools and whatever else has no portable form ride in the private key of the message.

    request.py       the portable messages and options as a request body, and back
    tools.py         its tools, tool_choice and text format
    input.py         its input items
    content.py       the parts of an item
    items.py         what the items of an answer hold
    answer.py        an answer's body as a Response
    stream_items.py  the items of a stream, put together
    stream.py        a stream's events as that body
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from agentsea_gateway.dialects import streaming
from agentsea_gateway.dialects.failures import decode_error
from agentsea_gateway.dialects.openai_responses.answer import decode_response
from agentsea_gateway.dialects.openai_responses.items import NAME
from agentsea_gateway.dialects.openai_responses.request import decode_request, encode, encode_request
from agentsea_gateway.dialects.openai_responses.stream import ResponsesDecoder as decoder  # noqa: N813 - made like a function

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
