"""What a program does with the bytes of a completion when its client knows only HTTP."""

from __future__ import annotations

from json import dumps, loads
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

__all__ = ["content_of", "dumps", "lines_of", "loads", "pieces_of"]


def content_of(answer: Any) -> str:
    """The text of a completion."""
    found: str = answer["choices"][0]["message"]["content"]
    return found


def piece_of(line: bytes | str) -> str | None:
    """The text in a line of a stream; None where it has none."""
    data = line.encode() if isinstance(line, str) else line
    if not data.startswith(b"data: ") or data == b"data: [DONE]":
        return None
    choices = loads(data[6:])["choices"]
    return (choices[0]["delta"].get("content") or "") if choices else None


def pieces_of(lines: Iterable[bytes | str]) -> Iterator[str]:
    """The texts in the lines of a stream."""
    for line in lines:
        piece = piece_of(line)
        if piece is not None:
            yield piece


def lines_of(blocks: Iterable[bytes]) -> Iterator[bytes]:
    """Blocks of bytes as lines."""
    rest = b""
    for block in blocks:
        *lines, rest = (rest + block).split(b"\n")
        yield from lines
