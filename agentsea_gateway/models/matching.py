"""The rules by which the table knows a model by its name.

A rule is a text, which the name must equal, or a list that begins with its sign: "^" begins with, "$" ends with,
"~" contains, "re" a regular expression found in it, "|" one of the rules, "&" all of them. Names are compared in small
letters, as `genai-prices` does.
"""

from __future__ import annotations

import re
from typing import Any


def matches(rule: Any, name: str) -> bool:
    """Whether `name`, in small letters, is what the rule means.

    >>> matches(["|", "gpt-4o", ["^", "gpt-4o-2"]], "gpt-4o-2024-08-06")
    True
    >>> matches(["&", ["~", "claude"], ["$", "-latest"]], "claude-3")
    False
    """
    if type(rule) is str:
        return name == rule
    sign = rule[0]
    if sign == "|":
        return any(matches(each, name) for each in rule[1:])
    if sign == "&":
        return all(matches(each, name) for each in rule[1:])
    return _found(sign, rule[1], name)


def _found(sign: str, text: str, name: str) -> bool:
    if sign == "^":
        return name.startswith(text)
    if sign == "$":
        return name.endswith(text)
    if sign == "~":
        return text in name
    return re.search(text, name) is not None


_COMPACT_DATE = re.compile(r"-(20\d\d)(0[1-9]|1[0-2])(0[1-9]|[12]\d|3[01])(?=[-:]|$)")


def spellings(name: str) -> tuple[str, ...]:
    """A model's name as the table may know it: as it is, and without what hosts put around it.

    >>> spellings("GPT-5.2-20251211")
    ('gpt-5.2-20251211', 'gpt-5.2-2025-12-11')
    >>> spellings("models/gemini-2.5-pro")
    ('models/gemini-2.5-pro', 'gemini-2.5-pro')
    """
    plain = name.lower()
    bare = plain.removeprefix("publishers/").partition("models/")[2] or plain
    found = (plain, _COMPACT_DATE.sub(r"-\1-\2-\3", plain), bare)
    return tuple(dict.fromkeys(found))
