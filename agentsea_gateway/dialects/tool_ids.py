"""Tool-call ids moved to a vendor's rules, and the proof that every result has its call and every call its result."""

from __future__ import annotations

import re

from agentsea_gateway.aside import load
from agentsea_gateway.dialects.pairing import orphaned, unanswered

_FOREIGN = re.compile(r"[^a-zA-Z0-9_-]")


class ToolIds:
    """The ids of one conversation, in the order of its turns.

    Ids become what the vendor takes (letters, digits, "_" and "-", at most `longest`, each once), the same for the
    same conversation. Of calls with one id the first gets the first result. `any_letter`: the vendor takes every
    character; `foreign`: those that it does not take. `as_sent`: all stay as they are (`pairing.keep_as_sent`).
    """

    __slots__ = ("_any_letter", "_foreign", "_longest", "_used", "_waiting", "as_sent")

    def __init__(self, longest: int = 64, *, any_letter: bool = False, foreign: re.Pattern[str] = _FOREIGN) -> None:
        self.as_sent = False
        self._longest = longest
        self._any_letter = any_letter
        self._foreign = foreign
        self._used: set[str] = set()
        self._waiting: dict[str, list[str]] = {}  # the caller's id -> ours, of calls that have no result yet

    def call(self, given: object) -> str:
        """The id for a call that the conversation knows by `given`."""
        plain = given if isinstance(given, str) else ""
        fits = self._any_letter and 0 < len(plain) <= self._longest
        wire = plain if fits or self.as_sent else legal_id(plain, self._longest, self._foreign)
        if not self.as_sent:
            wire = self._unused(wire)
        self._used.add(wire)
        self._waiting.setdefault(plain, []).append(wire)
        return wire

    def waits_for(self, given: object) -> bool:
        """Whether a call of this id has no result yet."""
        return isinstance(given, str) and given in self._waiting

    def result(self, given: object, where: str) -> str:
        """The id of the call that a result answers. Raises UnsupportedRequestError where there is no such call."""
        if self.as_sent and isinstance(given, str):
            return given
        waiting = self._waiting.get(given) if isinstance(given, str) else None
        if not waiting or not isinstance(given, str):
            raise orphaned(given, where)
        wire = waiting.pop(0)
        if not waiting:
            del self._waiting[given]
        return wire

    def check_answered(self, where: str) -> None:
        """Raise UnsupportedRequestError where the conversation goes on and a call still has no result."""
        if self._waiting and not self.as_sent:
            raise unanswered([*self._waiting], where)

    def _unused(self, wire: str) -> str:
        number = 2
        found = wire
        while found in self._used:
            suffix = f"_{number}"
            found = wire[: self._longest - len(suffix)] + suffix
            number += 1
        return found


def legal_id(given: str, longest: int, foreign: re.Pattern[str] = _FOREIGN) -> str:
    """`given` where it is legal already, else one that is, always the same.

    >>> legal_id("call_1", 40), legal_id("functions.add:0", 40)
    ('call_1', 'functions_add_0_2aab2b9e')
    """
    if given and len(given) <= longest and not foreign.search(given):
        return given
    load("hashlib")
    from hashlib import sha256  # only where an id has to be changed

    # The hash keeps two ids apart that differ in a foreign character only.
    digest = sha256(given.encode("utf-8", "surrogatepass")).hexdigest()[:8]
    return f"{foreign.sub('_', given)[: longest - 9] or 'call'}_{digest}"
