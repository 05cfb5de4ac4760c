"""Tokens of a request before anybody has counted them: an estimate by its characters.

Four characters a token is what OpenAI's documentation names for English ("What are tokens and how to count them?"). The
texts of messages and tools are counted; images, files and audio are not.
"""

from __future__ import annotations

import os
from functools import cache
from typing import TYPE_CHECKING, Any

from agentsea_gateway.aside import load

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

CHARACTERS = 4  # of a token, on the average
MANY_CHARACTERS = 6  # of a token, in text that has longer ones than almost any
COUNTED = 100_000  # characters of a request that are worth the milliseconds of counting them
_VOCABULARY = "https://openaipublic.blob.core.windows.net/encodings/o200k_base.tiktoken"


def characters(messages: Iterable[Mapping[str, Any]]) -> int:
    """How many characters of text the messages have, tool calls included."""
    total = 0
    for message in messages:
        content = message.get("content")
        if type(content) is str:
            total += len(content)
        elif content:
            total += sum(len(part["text"]) for part in content if isinstance(part.get("text"), str))
        for call in message.get("tool_calls") or ():
            total += len(call["function"].get("arguments") or "")
    return total


def characters_of_tools(options: Mapping[str, Any]) -> int:
    """How many characters the tools and the schema of a call have, nearly."""
    return sum(len(str(options[name])) for name in ("tools", "response_format") if options.get(name))


def estimated(count: int) -> int:
    """Tokens that so many characters are.

    >>> estimated(0), estimated(1), estimated(4000)
    (0, 1, 1000)
    """
    return -(-count // CHARACTERS)


def is_short_text(messages: Iterable[Mapping[str, Any]], most: int) -> bool:
    """Whether the messages are text alone, of at most so many characters."""
    for message in messages:
        content = message.get("content")
        if type(content) is not str:
            return False
        most -= len(content)
    return most >= 0


def expected_input(messages: Sequence[Mapping[str, Any]], options: Mapping[str, Any]) -> int:
    """Tokens of input that a call will have: counted by tiktoken where it is at hand, else estimated."""
    tools = characters_of_tools(options)
    encoding = _encoding()
    if encoding is not None:
        texts = [content for message in messages if type(content := message.get("content")) is str]
        if len(texts) == len(messages) and sum(map(len, texts)) <= COUNTED:
            return sum(map(len, encoding.encode_ordinary_batch(texts, num_threads=1))) + estimated(tools)
    return estimated(characters(messages) + tools)


@cache
def _encoding() -> Any:
    """tiktoken's encoding of OpenAI's models since GPT-4o, which is near enough for the others.

    None where tiktoken is not installed, or where it would have to fetch its vocabulary from the network in the middle
    of somebody's call: `tiktoken.get_encoding("o200k_base")`, called once, keeps it on the disk.
    """
    load("hashlib")
    load("pathlib")
    load("tempfile")
    from hashlib import sha1
    from pathlib import Path
    from tempfile import gettempdir

    own = os.environ.get("TIKTOKEN_CACHE_DIR") or os.environ.get("DATA_GYM_CACHE_DIR")
    place = Path(own) if own else Path(gettempdir(), "data-gym-cache")
    if not (place / sha1(_VOCABULARY.encode(), usedforsecurity=False).hexdigest()).exists():  # as tiktoken names it
        return None
    try:
        load("tiktoken")
        import tiktoken

        return tiktoken.get_encoding("o200k_base")
    except Exception:  # not installed, or not as it was: an estimate will do
        return None
