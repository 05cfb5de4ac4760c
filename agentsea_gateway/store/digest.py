"""What was asked, as a short digest: equal where the answer may be used again."""

from __future__ import annotations

import json
from hashlib import sha256
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

_ENCODE = json.JSONEncoder(separators=(",", ":")).encode
LENGTH = 32  # hex digits


def digest(*values: Any) -> str:
    """A digest of JSON values; what is a list or a tuple does not matter."""
    return sha256(_ENCODE(values).encode()).hexdigest()[:LENGTH]


def of_messages(messages: Iterable[Mapping[str, Any]]) -> str:
    """A digest of a conversation. The order of a message's own keys does not matter, any order further inside does: a
    model sees the properties of a schema in the order in which they were written."""
    return digest([sorted(message.items()) for message in messages])


def of_request(messages: Iterable[Mapping[str, Any]], options: Mapping[str, Any]) -> str:
    """A digest of what is asked, whoever is asked."""
    return digest(of_messages(messages), sorted(options.items()))
