"""Google's Gemini API: `generateContent` and `streamGenerateContent`, in AI Studio and on Vertex AI.

It speaks the Gemini API reference, v1 and v1beta, as typed by google-genai 3.6 (November 2026): thought signatures,
levels and budgets of thinking, JSON schemas, results of functions with media, tools that Google runs itself.

    request.py           the portable messages and options as a request body, and back
    turns.py             its system instruction and contents; history.py the way back
    parts.py, results.py the parts of a content; the results of tools
    tools.py, schema.py  functions and the choice between them; their schemas
    config.py            sampling, structured output; thinking.py how much it thinks
    models.py, quirks.py which Gemini takes what; what the two services differ in
    answer.py            an answer's body as a Response
    stream.py            a stream's events as that body; stream_parts.py, stream_arguments.py its parts
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from agentsea_gateway.dialects import streaming
from agentsea_gateway.dialects.failures import decode_error
from agentsea_gateway.dialects.gemini import answer, stream
from agentsea_gateway.dialects.gemini.answer import NAME
from agentsea_gateway.dialects.gemini.quirks import AI_STUDIO, VERTEX, Quirks
from agentsea_gateway.dialects.gemini.request import decode_request, encode, encode_request
from agentsea_gateway.dialects.gemini.stream import GenerateContentDecoder as decoder  # noqa: N813 - made like a function

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from agentsea_gateway.response import Response
    from agentsea_gateway.stream_events import StreamEvent

API_VERSION = "v1"  # what google-genai asks for since its version 3; in the path

__all__ = [
    "AI_STUDIO",
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


def decode_response(body: Any, headers: Mapping[str, str] | None = None) -> Response:
    """A whole answer; a list is that of a stream without `alt=sse`. See `Dialect.decode_response`."""
    if isinstance(body, list) and body and isinstance(body[0], dict):
        return stream.decode_list(body, headers)
    return answer.decode_response(body, headers)


def decode_stream(chunks: Iterable[bytes], headers: Mapping[str, str] | None = None) -> Iterator[StreamEvent]:
    """The events of a stream, ending in Done."""
    return streaming.decode_stream(decoder(headers), chunks)
