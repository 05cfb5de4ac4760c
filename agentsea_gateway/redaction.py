"""Blanks what looks like a credential in text that errors keep: bodies and messages of providers."""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

BLANK = "[redacted]"
SHORTEST = 6  # a secret shorter than this is not searched for: blanking every "key" would leave no text

# Key forms as the vendors publish them, then what stands behind a word that announces a credential. Each pattern runs
# in linear time: nothing in it can match in two ways. They are compiled by the first error, not by every import.
_KEYS = (
    r"\b(?:"
    r"(?:sk|pk|rk|gsk|xai|pplx|csk|fw|nvapi|hf|r8|ghp|gho|glpat|AIza|ya29|AKIA|ASIA)[-_.][A-Za-z0-9_\-.*]{6,}"
    r"|AIza[A-Za-z0-9_\-]{20,}|(?:AKIA|ASIA)[A-Z0-9]{12,}"
    r"|eyJ[A-Za-z0-9_\-]{8,}\.[A-Za-z0-9_\-.]{8,}"
    r")"
)
_ANNOUNCED = r"""(?ix)
    ( \b(?: bearer | basic ) \s+
    | \b(?: x-api-key | api[-_ ]?key | apikey | x-goog-api-key | authorization | access[-_]token | auth[-_]token
        | client[-_]secret | secret | password | token )
      (?: \s* ["']? \s* [:=] \s* ["']? (?: bearer \s+ )? | \s+ provided:? \s+ ["']? ) )
    ( [A-Za-z0-9_\-.+/=*~]{6,} )
    """
_ANNOUNCING = ("bearer", "basic", "key", "authorization", "token", "secret", "password")  # one is in each of those


def redact(text: str, secrets: Iterable[str] = ()) -> str:
    """`text` with `secrets`, and with whatever has the form of a key or a bearer token, blanked.

    >>> redact("Incorrect API key provided: sk-proj-abcdefgh12345678.")
    'Incorrect API key provided: [redacted].'
    >>> redact("the gateway said no to hunter22-abc", secrets=["hunter22-abc"])
    'the gateway said no to [redacted]'
    """
    text = _compiled(_KEYS).sub(_blank_key, without(text, secrets))
    return _compiled(_ANNOUNCED).sub(_blank_announced, text) if _may_announce(text) else text


def _may_announce(text: str) -> bool:
    """Whether an announcing word can be there: most texts have none, and looking for that is cheaper."""
    # Letters beyond ASCII may be alike to the pattern's ("\u017f" is an s to it) and not to lower().
    return not text.isascii() or any(map(text.lower().__contains__, _ANNOUNCING))


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern)


def without(text: str, secrets: Iterable[str]) -> str:
    """`text` with `secrets` blanked and nothing else: for codes and ids, which may look like a key."""
    for secret in secrets:
        if len(secret) >= SHORTEST:
            text = text.replace(secret, BLANK)
    return text


def _blank_key(match: re.Match[str]) -> str:
    key = match[0]
    return BLANK + key[len(key.rstrip(".")) :]  # a full stop behind a key ends the sentence


def _blank_announced(match: re.Match[str]) -> str:
    value = match[2]
    return match[1] + BLANK + value[len(value.rstrip(".")) :]


def shortened(text: str, limit: int, secrets: Iterable[str] = ()) -> str:
    """The first `limit` characters of `text`, redacted, in time that does not grow with the rest of it.

    A key that the cut would leave half is cut off whole.
    """
    head = text[: 2 * limit]
    if len(text) > len(head):
        head = head[: len(head) - len(_last_word(head))]
    return redact(head, secrets)[:limit]


def _last_word(text: str) -> str:
    tail = text[-200:]
    return tail[len(tail.rstrip("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-.+/=*~")) :]
