"""Amazon Bedrock's Converse API, for every model that Bedrock hosts.

It speaks API version 2023-09-30 as in the Amazon Bedrock API reference, "Converse" and "ConverseStream", and as
modelled in botocore 1.44 (November 2026). A stream is Amazon's binary event stream.

    request.py    the portable messages and options as a request body, and back
    turns.py      its system prompt and turns;   history.py   the way back
    blocks.py     the parts of a turn as content blocks;   media.py   those with files
    tools.py      its tools and toolChoice
    thinking.py   reasoning options as what each maker's models take
    models.py     which model takes what
    answer.py     an answer's body as a Response
    framing.py    the bytes of a stream as events;   stream.py   these as that body
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from agentsea_gateway.dialects import streaming
from agentsea_gateway.dialects.bedrock_converse.answer import NAME, decode_response
from agentsea_gateway.dialects.bedrock_converse.request import decode_request, encode, encode_request
from agentsea_gateway.dialects.bedrock_converse.stream import ConverseDecoder as decoder  # noqa: N813 - made like a function
from agentsea_gateway.dialects.failures import decode_error

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from agentsea_gateway.stream_events import StreamEvent

API_VERSION = "2023-09-30"

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
