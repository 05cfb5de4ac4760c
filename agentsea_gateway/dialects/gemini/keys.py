"""Names of fields: Google's JSON takes both `inline_data` and `inlineData`; here the latter is written and read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping


def camel(name: str) -> str:
    """The name in the form that Google's own reference uses.

    >>> camel("inline_data"), camel("inlineData")
    ('inlineData', 'inlineData')
    """
    if "_" not in name or name.startswith("_"):
        return name
    first, *others = name.split("_")
    return first + "".join(word[:1].upper() + word[1:] for word in others)


def camel_keys(value: Mapping[str, Any]) -> dict[str, Any]:
    """A copy with its own names in that form, without those that hold nothing; what lies deeper is left as it is."""
    return {camel(name): each for name, each in value.items() if each is not None}
