"""Text that can be encoded: lone surrogates, which JSON can smuggle in as \\ud800, become U+FFFD."""

from __future__ import annotations

from typing import Any

REPLACEMENT = "\ufffd"


def mended(text: str) -> str:
    """`text` with each lone surrogate replaced; two that make a pair become their character.

    >>> mended("a" + chr(0xD800) + "b")
    'a\\ufffdb'
    """
    if text.isascii():
        return text
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return text


def mended_value(value: Any) -> Any:
    """A JSON value with every text in it mended; the same object where nothing was to mend."""
    if isinstance(value, str):
        return mended(value)
    if isinstance(value, dict):
        inner = {mended(key): mended_value(each) for key, each in value.items()}
        same = all(new is old for new, old in zip(inner.values(), value.values(), strict=False))
        return value if same and inner.keys() == value.keys() else inner
    if isinstance(value, list):
        items = [mended_value(each) for each in value]
        return value if all(new is old for new, old in zip(items, value, strict=True)) else items
    return value


def mended_or_none(value: Any) -> str | None:
    """`value` mended where it is text that is not empty, else None: for ids and names."""
    return mended(value) if isinstance(value, str) and value else None


class TextPieces:
    """A text that comes in pieces, which may split a surrogate pair between two of them.

    An ASCII piece may be appended to `pieces` directly while nothing is `held`: a stream's hot path.
    """

    __slots__ = ("held", "pieces")

    def __init__(self) -> None:
        self.pieces: list[str] = []
        self.held = ""  # a high surrogate at the end of the last piece

    def add(self, piece: str) -> str:
        """Take the next piece; what of it can be shown now."""
        if not piece.isascii() or self.held:
            piece = self.held + piece
            self.held = piece[-1] if "\ud800" <= piece[-1:] <= "\udbff" else ""
            piece = mended(piece[: len(piece) - len(self.held)])
        self.pieces.append(piece)
        return piece

    def __str__(self) -> str:
        return "".join(self.pieces) + (REPLACEMENT if self.held else "")

    def __bool__(self) -> bool:
        return bool(self.held) or any(self.pieces)
