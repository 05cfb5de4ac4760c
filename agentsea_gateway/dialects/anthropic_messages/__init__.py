"""Anthropic's messages API, and the hosts that follow it.

It speaks API version 2023-06-01 as documented and typed by anthropic-python 2.13 (November 2026): adaptive thinking and
effort, `output_config.format`, system messages inside the conversation, server-run tools, citations, prompt caching.

    request.py    the portable messages and options as a request body, and back
    turns.py      its system prompt and turns
    blocks.py     the parts of a turn as content blocks
    thinking.py   reasoning options as thinking and effort
    models.py     which Claude takes what
    quirks.py     what differs where somebody else hosts it
    answer.py     an answer's body as a Response
    stream.py     a stream's events as that body
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from agentsea_gateway.dialects import streaming
from agentsea_gateway.dialects.anthropic_messages.answer import NAME, decode_response
from agentsea_gateway.dialects.anthropic_messages.quirks import VERTEX, Quirks
from agentsea_gateway.dialects.anthropic_messages.request import decode_request, encode, encode_request
from agentsea_gateway.dialects.anthropic_messages.stream import MessagesDecoder as decoder  # noqa: N813 - made like a function
from agentsea_gateway.dialects.failures import decode_error

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from agentsea_gateway.stream_events import StreamEvent

# Of the header `anthropic-version`. The newer one, 2026-10-21, answers the same, and refuses temperature, top_p and
# top_k ("Migrating to API version 2026-10-21"), which models before Claude 4.7 take; `headers=` goes there.
API_VERSION = "2023-06-01"

__all__ = [
    "API_VERSION",
    "NAME",
    "VERTEX",
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
