"""The portable messages that a request's system prompt and turns say."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from agentsea_gateway.dialects import tool_arguments
from agentsea_gateway.dialects.bedrock_converse.answer import NAME, is_blank, is_callers, needs_native
from agentsea_gateway.dialects.bedrock_converse.blocks import decode_marked, mark_of
from agentsea_gateway.dialects.bedrock_converse.turns import FOREIGN, INNER
from agentsea_gateway.dialects.pairing import keep_as_sent
from agentsea_gateway.dialects.parts import CACHE_MARK, text_part
from agentsea_gateway.dialects.tool_ids import ToolIds
from agentsea_gateway.messages import with_native

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence


def decode_messages(body: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The messages of a whole request."""
    found: list[dict[str, Any]] = []
    if body.get("system"):
        found.append({"role": "system", "content": _plainest(decode_marked(body["system"]))})
    for turn in body["messages"]:
        blocks = turn["content"]
        if turn["role"] == "assistant":
            found.append(_assistant(blocks))
        elif turn["role"] == "system":
            found.append(with_native({"role": "system", "content": _plainest(decode_marked(blocks))}, NAME, INNER))
        else:
            found += _user(blocks)
    return keep_as_sent(found, NAME, ToolIds(foreign=FOREIGN))


def _plainest(parts: list[dict[str, Any]]) -> str | list[dict[str, Any]]:
    """One text without a mark as a string."""
    return str(parts[0]["text"]) if len(parts) == 1 and parts[0].keys() == {"type", "text"} else parts


def _user(blocks: Sequence[Mapping[str, Any]]) -> Iterator[dict[str, Any]]:
    """A user's turn: its results are messages of their own, where they stand."""
    others: list[Mapping[str, Any]] = []
    waiting: dict[str, Any] | None = None  # a result, which a cache point may follow
    for block in blocks:
        mark = mark_of(block) if waiting is not None else None
        if waiting is not None:
            if mark is not None:
                waiting[CACHE_MARK] = mark
            yield waiting
            waiting = None
        if mark is not None:
            continue
        if isinstance(block.get("toolResult"), dict):
            if others:
                yield {"role": "user", "content": decode_marked(others)}
            others, waiting = [], _result(block["toolResult"])
        else:
            others.append(block)
    if waiting is not None:
        yield waiting
    if others:
        yield {"role": "user", "content": decode_marked(others)}


def _result(held: Mapping[str, Any]) -> dict[str, Any]:
    """A result; what is JSON in it is text for the others, and goes back to Bedrock as it was. So do blank texts."""
    blocks = list(held.get("content") or ())
    parts = [_part(block) for block in blocks]
    message = {"role": "tool", "tool_call_id": held["toolUseId"], "content": parts or ""}
    if held.get("status") == "error":
        message["is_error"] = True
    return (
        with_native(message, NAME, blocks) if any("json" in block or is_blank(block) for block in blocks) else message
    )


def _part(block: Mapping[str, Any]) -> dict[str, Any]:
    if block.keys() == {"json"}:
        return text_part(tool_arguments.as_text(block["json"]))
    return decode_marked([block])[0]


def _assistant(blocks: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    plain = [block for block in blocks if mark_of(block) is None]
    calls = [block for block in blocks if _is_call(block)]
    message: dict[str, Any] = {"role": "assistant"}
    native = any(map(is_blank, blocks)) or needs_native(plain, several_texts=True) or not _are_marks_told(blocks)
    if native:
        texts = [block["text"] for block in blocks if isinstance(block.get("text"), str)]
        message["content"] = "".join(texts)
        calls_told = [_call(block["toolUse"]) for block in calls]
    else:
        first = next((number for number, block in enumerate(blocks) if _is_call(block)), len(blocks))
        parts = decode_marked(blocks[:first])
        message["content"] = _plainest(parts) or ""
        calls_told = _marked_calls(blocks[first:])
    if calls_told:
        message["tool_calls"] = calls_told
    return with_native(message, NAME, [*blocks]) if native else message


def _is_call(block: Mapping[str, Any]) -> bool:
    call = block.get("toolUse")
    return isinstance(call, dict) and is_callers(call)


def _are_marks_told(blocks: Sequence[Mapping[str, Any]]) -> bool:
    """Whether each cache point stands behind something, and alone."""
    behind_one = True  # nothing stands in front of the first block
    for block in blocks:
        is_point = mark_of(block) is not None
        if is_point and behind_one:
            return False
        behind_one = is_point
    return True


def _call(call: Mapping[str, Any]) -> dict[str, Any]:
    arguments = tool_arguments.as_text(call.get("input") or {})
    return {"id": call["toolUseId"], "type": "function", "function": {"name": call["name"], "arguments": arguments}}


def _marked_calls(blocks: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    for block in blocks:
        mark = mark_of(block)
        if mark is None:
            found.append(_call(block["toolUse"]))
        else:
            found[-1][CACHE_MARK] = mark
    return found
