"""The header fields of an answer: a mapping whose keys are lower-case and whose look-ups do not care."""

from __future__ import annotations

from typing import Any

_get = dict.get
_contains = dict.__contains__


class Headers(dict[str, str]):
    """Header fields by lower-case name; fields that came more than once are joined with ", ".

    >>> headers = Headers({"retry-after": "3"})
    >>> headers["Retry-After"], headers.get("RETRY-AFTER"), "Retry-After" in headers
    ('3', '3', True)
    """

    __slots__ = ()

    # A dict with lower-case keys: whoever asks in lower case, as our own code does, pays for no Python call.
    def __missing__(self, key: str) -> str:
        lower = key.lower()
        if lower == key:
            raise KeyError(key)
        return self[lower]

    def get(self, key: str, default: Any = None) -> Any:
        return _get(self, key.lower(), default)

    def __contains__(self, key: object) -> bool:
        return isinstance(key, str) and _contains(self, key.lower())
