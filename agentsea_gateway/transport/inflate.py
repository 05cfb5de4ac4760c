"""Decompression in bounded steps: what a few bytes can blow up to is never held at once."""

from __future__ import annotations

import zlib

from agentsea_gateway.errors import MalformedResponseError

STEP = 256 * 1024  # bytes that one step may give
_GZIP_MAGIC = b"\x1f\x8b"
_GZIP, _ZLIB, _RAW = 31, 15, -15  # zlib's window bits


class Inflater:
    """One gzip or deflate body. `feed` gives at most STEP bytes; while `pending`, feed(b"") gives more, or raises what
    is wrong behind the bytes that were given last."""

    __slots__ = ("_broken", "_coding", "_decoder", "_rest", "pending")

    def __init__(self, coding: str) -> None:
        self._coding = coding
        self._decoder = zlib.decompressobj(_GZIP) if coding == "gzip" else None
        self._rest = b""
        self._broken = False
        self.pending = False

    def feed(self, data: bytes) -> bytes:
        """The next decompressed bytes. Raises MalformedResponseError where the data is corrupt."""
        if self._broken:
            raise self._corrupt()
        if self._rest:
            data, self._rest = self._rest + data, b""
        decoder = self._decoder_for(data)
        if decoder is None:
            self.pending = False
            return b""
        before = decoder.copy()
        try:
            out = decoder.decompress(data, STEP)
        except zlib.error:
            self._broken = self.pending = True
            out = _sound_part(before, data)
            if not out:
                raise self._corrupt() from None
            return out
        self._rest = decoder.unused_data if decoder.eof else decoder.unconsumed_tail
        # A full step may leave output inside zlib although it took all the input.
        self.pending = bool(self._rest) or len(out) == STEP
        return out

    def _corrupt(self) -> MalformedResponseError:
        return MalformedResponseError(f"the answer's {self._coding} body is corrupt")

    def _decoder_for(self, data: bytes) -> zlib._Decompress | None:
        decoder = self._decoder
        if decoder is None:  # deflate, with or (as some servers have it) without zlib's wrapper
            if len(data) < 2:
                self._rest = data
                return None
            wrapped = data[0] & 0x0F == 8 and int.from_bytes(data[:2]) % 31 == 0
            self._decoder = decoder = zlib.decompressobj(_ZLIB if wrapped else _RAW)
        elif decoder.eof:  # another gzip member, or padding that means nothing
            if len(data) < 2 or self._coding != "gzip" or not data.startswith(_GZIP_MAGIC):
                self._rest = data if self._coding == "gzip" and data == _GZIP_MAGIC[:1] else b""
                return None
            self._decoder = decoder = zlib.decompressobj(_GZIP)
        return decoder

    def end(self, fed: bool) -> None:
        """The body's last byte was fed (`fed`: there was one). Raises MalformedResponseError where data is missing."""
        if fed and (self._decoder is None or not self._decoder.eof):
            raise MalformedResponseError(f"truncated: the answer's {self._coding} body ends too early")


def _sound_part(decoder: zlib._Decompress, data: bytes) -> bytes:
    """What `data` gives before it turns out to be corrupt: zlib throws that away with the error."""
    out = bytearray()
    try:
        for at in range(len(data)):
            out += decoder.decompress(data[at : at + 1])
    except zlib.error:
        pass
    return bytes(out)


def inflater_of(coding: str | None) -> Inflater | None:
    """What undoes this Content-Encoding; None where nothing has to be undone.

    Raises MalformedResponseError for one that nobody asked for.
    """
    if coding is None:
        return None
    plain = coding.strip().lower()
    if plain in ("gzip", "x-gzip"):
        return Inflater("gzip")
    if plain == "deflate":
        return Inflater("deflate")
    if plain in ("", "identity"):
        return None
    raise MalformedResponseError("the answer's content-encoding is neither gzip nor deflate; no other was asked for")
