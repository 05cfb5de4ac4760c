"""Amazon's binary event stream, written and read in the plainest way."""

from __future__ import annotations

import json
import struct
import zlib
from typing import Any


def frame(payload: Any = b"", **headers: str) -> bytes:
    """One event; its headers hold text. A payload that is no bytes becomes JSON."""
    body = payload if isinstance(payload, bytes) else json.dumps(payload, ensure_ascii=False).encode()
    head = b"".join(_header(name, value.encode()) for name, value in headers.items())
    return framed(head, body)


def framed(head: bytes, body: bytes) -> bytes:
    """One event with the bytes of its headers as they are."""
    prelude = struct.pack(">II", 16 + len(head) + len(body), len(head))
    whole = prelude + struct.pack(">I", zlib.crc32(prelude)) + head + body
    return whole + struct.pack(">I", zlib.crc32(whole))


def _header(name: str, value: bytes) -> bytes:
    wire = f":{name.replace('_', '-')}".encode()
    return bytes([len(wire)]) + wire + b"\x07" + struct.pack(">H", len(value)) + value


def resealed(data: bytes) -> bytes:
    """An event whose payload was changed, with the lengths and checksums that fit."""
    (headers,) = struct.unpack_from(">I", data, 4)
    return framed(data[12 : 12 + headers], data[12 + headers : -4])


def event(kind: str, payload: Any) -> bytes:
    """An event as ConverseStream sends it."""
    return frame(payload, event_type=kind, content_type="application/json", message_type="event")


def exception(kind: str, payload: Any) -> bytes:
    """An exception inside the stream."""
    return frame(payload, exception_type=kind, content_type="application/json", message_type="exception")


def cut(raw: bytes) -> list[bytes]:
    """The events of a whole stream, as bytes."""
    found = []
    while raw:
        (length,) = struct.unpack_from(">I", raw)
        found.append(raw[:length])
        raw = raw[length:]
    return found


def kind_and_payload(data: bytes) -> tuple[str, Any]:
    """What one event of ConverseStream says; its first header is its type."""
    (headers,) = struct.unpack_from(">I", data, 4)
    name = data[12] + 1 + 1  # its length, and the type of the value
    (length,) = struct.unpack_from(">H", data, 12 + name)
    kind = data[12 + name + 2 : 12 + name + 2 + length].decode()
    return kind, json.loads(data[12 + headers : -4])
