"""What looks wrong with a key, judged by its form alone; nothing of it is shown."""

from __future__ import annotations

import re

SHORTEST = 8  # characters; no vendor's key is that short

# How keys begin, by the vendors' own documentation and their key scanners' patterns (November 2026); the longest first.
BEGINNINGS = {
    "sk-ant-": "anthropic",
    "sk-or-": "openrouter",
    "sk-proj-": "openai",
    "sk-svcacct-": "openai",
    "gsk_": "groq",
    "xai-": "xai",
    "pplx-": "perplexity",
    "csk-": "cerebras",
    "nvapi-": "nvidia",
    "hf_": "huggingface",
    "fw_": "fireworks",
    "AIza": "gemini",
    "ghp_": "github",
    "github_pat_": "github",
}
# Vendors whose keys all begin so; a proxy's own key may look otherwise.
REQUIRED = {"anthropic": "sk-ant-", "openrouter": "sk-or-", "openai": "sk-", "groq": "gsk_", "xai": "xai-"}

_QUOTES = "\"'`\u201c\u201d\u2018\u2019"
_PLACEHOLDER = re.compile(
    r"(?i)^<.*>$|^\$|\.\.\.|\u2026|your[-_ ]|my[-_]?(?:api)?[-_]?key|api[-_]key|change[-_]?me|placeholder|replace[-_]"
    r"|insert[-_]|paste[-_]|example|dummy|x{5,}|\*{3,}|^(?:todo|none|null|test|secret|key|token)$"
)


def faults_of(value: str, vendor: str, *, moved: bool = False) -> list[str]:
    """What is wrong with `value` as a key of `vendor`, in words; nothing where it looks right.

    `moved` says that the service is asked at another address, whose keys may look as they like.

    >>> faults_of("sk-proj-0123456789abcdef", "anthropic")
    ['looks like a key of openai, not of anthropic']
    >>> faults_of('"sk-ant-0123456789abcdef"', "anthropic")
    ['stands in quotes; take them away']
    """
    found = _slips(value)
    if found or moved:
        return found
    if _PLACEHOLDER.search(value):
        return ["is a placeholder; put the real key there"]
    if len(value) < SHORTEST:
        return [f"has only {len(value)} characters; copy it again"]
    return _wrong_vendor(value, vendor.removesuffix("-responses"))


def _slips(value: str) -> list[str]:
    """What copying and pasting leaves behind."""
    bare = value.strip()
    found = []
    if bare != value:
        found.append("begins or ends with white space or a line break; take it away")
    if bare[:1] in _QUOTES or bare[-1:] in _QUOTES:
        found.append("stands in quotes; take them away")
    elif re.match(r"(?i)(?:export\s+)?[A-Z0-9_]+\s*=\s*\S", bare):
        found.append("holds a whole assignment; leave the key alone")
    elif re.match(r"(?i)bearer\s", bare):
        found.append("begins with 'Bearer'; leave the key alone")
    elif re.search(r"\s", bare) and bare[:1] != "<":
        found.append("has white space inside; copy it again")
    elif not bare.isascii() or not bare.isprintable():
        found.append("holds characters outside ASCII; copy it again")
    return found


def _wrong_vendor(value: str, vendor: str) -> list[str]:
    owner = next((owner for begin, owner in BEGINNINGS.items() if value.startswith(begin)), vendor)
    if owner != vendor and not (vendor == "vertex" and owner == "gemini"):
        return [f"looks like a key of {owner}, not of {vendor}"]
    begin = REQUIRED.get(vendor)
    if begin is not None and not value.startswith(begin):
        return [f"does not begin with {begin!r}, as keys of {vendor} do"]
    return []
