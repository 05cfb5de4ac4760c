"""Ids of tool calls as Mistral demands them: nine letters and digits.

Source: the API's own refusal, "Tool call id was … but must be a-z, A-Z, 0-9, with a length of 9".
"""

from __future__ import annotations

import re
from hashlib import sha256

_LENGTH = 9
_LEGAL = re.compile(r"[a-zA-Z0-9]{9}")


def is_legal(call_id: object) -> bool:
    """Whether Mistral takes this id.

    >>> is_legal("D681PevKs"), is_legal("call_0")
    (True, False)
    """
    return isinstance(call_id, str) and _LEGAL.fullmatch(call_id) is not None


class ShortIds:
    """The ids of one conversation, in the order of its turns; each call's is another, and always the same."""

    __slots__ = ("_used", "_waiting")

    def __init__(self) -> None:
        self._waiting: dict[object, list[str]] = {}  # the caller's id -> ours, of calls that have no result yet
        self._used: set[str] = set()

    def call(self, given: object) -> str:
        """The id for a call that the conversation knows by `given`."""
        wire, number = given if isinstance(given, str) else "", 0
        while not is_legal(wire) or wire in self._used:
            wire = sha256(f"{given} {number}".encode("utf-8", "surrogatepass")).hexdigest()[:_LENGTH]
            number += 1
        self._used.add(wire)
        self._waiting.setdefault(given, []).append(wire)
        return wire

    def result(self, given: object) -> object:
        """The id of the call that a result answers."""
        waiting = self._waiting.get(given)
        return waiting.pop(0) if waiting else given
