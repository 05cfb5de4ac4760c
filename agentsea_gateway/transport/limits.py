"""How much of an answer the transport takes before it calls it an error."""

from __future__ import annotations

from attrs import frozen

MIB = 1024 * 1024


@frozen
class Limits:
    """Caps on what a peer may make us hold.

    body            bytes of a whole answer, after decompression
    stream          bytes of an answer that is read piece by piece, after decompression
    head            bytes of one head: status line and fields; the trailers of a chunked body count alike
    fields          header fields of one head
    informational   1xx answers before the final one
    """

    body: int = 64 * MIB
    stream: int = 512 * MIB
    head: int = 64 * 1024
    fields: int = 100
    informational: int = 10


DEFAULT = Limits()
