"""What of a streamed message comes in pieces beside its text: reasoning details, chunks of content, sound, lists."""

from __future__ import annotations

from typing import Any

# Lists whose members come whole: OpenAI's, OpenRouter's, and those of Groq's and Perplexity's own tools.
LISTS = ("annotations", "images", "executed_tools", "reasoning_steps")
_TEXTS = ("text", "summary")  # the fields of a reasoning detail that grow; all others are set


def merge_details(details: list[Any], pieces: list[Any]) -> None:
    """Go on with OpenRouter's `reasoning_details`: pieces of one index and type are one detail.

    Encrypted ones come whole, several under one index; a signature ends a text.
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
    if piece.get("type") == "reasoning.encrypted" or (_is_signed(detail) and piece.get("text")):
        return False
    return detail.get("index") == piece.get("index") and detail.get("type") == piece.get("type")


def merge_chunks(chunks: list[Any], pieces: list[Any]) -> None:
    """Go on with Mistral's content chunks: pieces of the kind of the last chunk belong to it.

    And with LiteLLM's `thinking_blocks`: a signature, alone or beside a null, ends one, and what is thought then begins
    the next.
    """
    for piece in pieces:
        last = chunks[-1] if chunks else {}
        if piece.get("type") == "text" == last.get("type"):
            last["text"] += piece["text"]
        elif piece.get("type") == "thinking" == last.get("type") and not (_is_signed(last) and piece.get("thinking")):
            thoughts = [each["thinking"] for each in (last, piece) if each.get("thinking")]
            last |= {key: value for key, value in piece.items() if value is not None and key != "thinking"}
            if thoughts:
                last["thinking"] = _merged_thoughts(*thoughts) if len(thoughts) == 2 else thoughts[0]
        else:
            chunks.append(dict(piece))


def _is_signed(block: dict[str, Any]) -> bool:
    return bool(block.get("signature"))


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


def merged_audio(audio: dict[str, Any], piece: dict[str, Any]) -> dict[str, Any]:
    """Go on with OpenAI's `audio`: its data and its transcript grow, the rest is set."""
    grown = {key: audio.get(key, "") + piece[key] for key in ("data", "transcript") if isinstance(piece.get(key), str)}
    return {**audio, **piece, **grown}


def merge_logprobs(logprobs: dict[str, Any], pieces: dict[str, Any]) -> None:
    """Go on with the log probabilities of a choice: lists of tokens grow."""
    for key, value in pieces.items():
        if isinstance(value, list) and isinstance(logprobs.get(key), list):
            logprobs[key] = logprobs[key] + value
        elif value is not None:
            logprobs[key] = value
