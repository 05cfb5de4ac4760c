"""What the refusals of several vendors look for: credentials, unknown fields, calls without results, strict schemas."""

from __future__ import annotations

import re
from base64 import b64decode, b64encode
from binascii import Error as Base64Error
from hashlib import sha256
from typing import TYPE_CHECKING, Any, Literal

from attrs import frozen

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from agentsea_gateway.testing.side import Rules

Known = dict[str, Any]
"""The fields of an object: each with the fields of what it holds, in a list for a list, None for anything."""

_DATA_URL = re.compile(r"data:([a-z0-9.+-]+/[a-z0-9.+-]+);base64,(.*)", re.IGNORECASE | re.DOTALL)


def wrong_key(given: str | None, rules: Rules) -> Literal["missing", "wrong"] | None:
    """What is wrong with a credential, where the sandbox insists on one. "Bearer " in front of it does not count."""
    if rules.api_key is None:
        return None
    key = (given or "").removeprefix("Bearer ")
    if not key:
        return "missing"
    return None if key == rules.api_key else "wrong"


def unknown_field(value: Any, known: Known | list[Any] | None, where: str = "") -> tuple[str, str] | None:
    """Place and name of the first field that the vendor does not know."""
    if isinstance(known, list) and isinstance(value, list):
        found = (unknown_field(each, known[0], f"{where}[{index}]") for index, each in enumerate(value))
        return next((each for each in found if each is not None), None)
    if isinstance(known, dict) and isinstance(value, dict):
        for name, inner in value.items():
            if name not in known:
                return where, name
            found_inside = unknown_field(inner, known[name], f"{where}.{name}" if where else name)
            if found_inside is not None:
                return found_inside
    return None


@frozen
class Turn:
    """The ids of the calls that a turn makes, and of those that it answers."""

    calls: tuple[str, ...] = ()
    results: tuple[str, ...] = ()


@frozen
class Unpaired:
    """The first turn in which calls and results do not fit: a result without its call (`orphan`), or calls that were
    left without results."""

    index: int
    orphan: str | None = None
    unanswered: tuple[str, ...] = ()


def unpaired(turns: Sequence[Turn]) -> Unpaired | None:
    """Whether the turns behind each turn with calls answer all of them, and nothing else; also at the end."""
    waiting: list[str] = []
    for index, turn in enumerate(turns):
        for result in turn.results:
            if result not in waiting:
                return Unpaired(index, orphan=result)
            waiting.remove(result)
        if waiting and not turn.results:
            return Unpaired(index, unanswered=tuple(waiting))
        waiting += turn.calls
    return Unpaired(len(turns) - 1, unanswered=tuple(waiting)) if waiting else None


def chat_turns(messages: Sequence[Mapping[str, Any]]) -> list[Turn]:
    """The turns of OpenAI's chat messages, and of those who have that shape too."""
    return [
        Turn(
            tuple([str(call.get("id")) for call in message.get("tool_calls") or () if isinstance(call, dict)]),
            (str(message.get("tool_call_id")),) if message.get("role") == "tool" else (),
        )
        for message in messages
    ]


def loose_schema(schema: Any, path: tuple[str, ...] = ()) -> str | None:
    """What OpenAI's strict mode does not take in a schema (OpenAI documentation, "Structured outputs", 2026-11):
    every object lists all its properties as required and allows no others."""
    if not isinstance(schema, dict):
        return None
    if schema.get("type") == "object" or "properties" in schema:
        named = schema.get("properties") or {}
        if schema.get("additionalProperties") is not False:
            return f"In context={path}, 'additionalProperties' is required to be supplied and to be false."
        missing = [name for name in named if name not in (schema.get("required") or ())]
        if missing:
            words = "'required' is required to be supplied and to be an array including every key in properties."
            return f"In context={path}, {words} Missing '{missing[0]}'."
        inner: list[tuple[tuple[str, ...], Any]] = [(("properties", name), each) for name, each in named.items()]
    else:
        inner = [((str(index),), each) for index, each in enumerate(schema.get("anyOf") or ())]
    inner.append((("items",), schema.get("items")))
    return next((found for step, each in inner if (found := loose_schema(each, (*path, *step)))), None)


UNTHOUGHT = (
    "messages.{}.content.0.type: Expected `thinking` or `redacted_thinking`, but found `{}`. When `thinking` is "
    "enabled, a final `assistant` message must start with a thinking block (preceeding the lastmost set of `tool_use` "
    "and `tool_result` blocks)."
)


def unthought(
    turns: Sequence[tuple[str, Sequence[Any]]], result: str, thoughts: Sequence[str]
) -> tuple[int, Any] | None:
    """What Claude refuses with a budget to think with (Anthropic documentation, "Extended thinking", 2026-11): results
    of tools that were called without a thought in front. Turns as role and kinds of blocks; place and kind of what
    stands in front."""
    begun: int | None = None  # the first of the assistant's turns since the user last said something
    for index, (role, kinds) in enumerate(turns):
        if role == "assistant":
            begun = index if begun is None else begun
        elif role == "user" and result not in kinds:
            begun = None
    if begun is None or turns[-1][0] == "assistant":
        return None
    first = next(iter(turns[begun][1]), None)
    return None if first in thoughts else (begun, first)


def image_type(url: Any) -> str | None:
    """The media type of a data URL whose base64 is whole, "link" for an http(s) URL, None for anything else."""
    if not isinstance(url, str):
        return None
    match = _DATA_URL.fullmatch(url)
    if match is None:
        return "link" if url.startswith(("https://", "http://")) else None
    return match[1].lower() if is_base64(match[2]) else None


def is_base64(data: Any) -> bool:
    """Whether this is base64, and not of nothing."""
    try:
        return isinstance(data, str) and bool(b64decode(data, validate=True))
    except (Base64Error, ValueError):
        return False


def signature(maker: str, *signed: str) -> str:
    """A vendor's signature under what it made; only what came from a sandbox, unedited, carries the right one."""
    text = "\0".join(("sandbox", maker, *signed))
    return b64encode(sha256(text.encode("utf-8", "surrogatepass")).digest()).decode()
