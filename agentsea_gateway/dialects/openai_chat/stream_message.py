"""Lists in a streamed message whose members come in pieces: reasoning details and chunks of content."""

from __future__ import annotations

from typing import Any

_TEXTS = ("text", "summary")  # the fields of a reasoning detail that grow; all others are set


def merge_details(details: list[Any], pieces: list[Any]) -> None:
    """Go on with OpenRouter's `reasoning_details`: pieces of one index and type are one detail.

    Encrypted ones come whole, several under one index.
    """
    for piece in pieces:
        last = next((each for each in reversed(details) if _continues(each, piece)), None)
        if last is None:
            details.append(dict(piece))
            continue
        for key, value in piece.items():
            if key in _TEXTS and isinstance(value, str) and isinstance(last.get(key), str):
                last[key] += value
            elif value is not None:
                last[key] = value


def _continues(detail: dict[str, Any], piece: dict[str, Any]) -> bool:
    if piece.get("type") == "reasoning.encrypted":
        return False
    return detail.get("index") == piece.get("index") and detail.get("type") == piece.get("type")


def merge_chunks(chunks: list[Any], pieces: list[Any]) -> None:
    """Go on with Mistral's content chunks: pieces of the kind of the last chunk belong to it."""
    for piece in pieces:
        last = chunks[-1] if chunks else {}
        if piece.get("type") == "text" == last.get("type"):
            last["text"] += piece["text"]
        elif piece.get("type") == "thinking" == last.get("type"):
            last["thinking"] = _merged_thoughts(last["thinking"], piece["thinking"])
            last |= {key: value for key, value in piece.items() if key != "thinking"}
        else:
            chunks.append(dict(piece))


def _merged_thoughts(thoughts: Any, pieces: Any) -> Any:
    if isinstance(thoughts, str) and isinstance(pieces, str):
        return thoughts + pieces
    merged = [*thoughts]
    for piece in pieces:
        last = merged[-1] if merged else {}
        if piece.get("type") == "text" == last.get("type"):
            merged[-1] = {**last, "text": last["text"] + piece["text"]}
        else:
            merged.append(piece)
    return merged
