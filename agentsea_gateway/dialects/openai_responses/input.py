"""The portable messages as input items, and back.

A message is an item, and so is each call and each result. What an answer held beside one text and its calls (reasoning,
what the server ran, several texts) goes back as the items themselves while the message is unedited; but not to another
maker's model, which cannot read the reasoning and answers 400 to it.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from agentsea_gateway.dialects import tool_arguments
from agentsea_gateway.dialects.openai_responses.content import decode_content, encode_content
from agentsea_gateway.dialects.openai_responses.items import (
    CALLS,
    NAME,
    call_of,
    cleaned,
    held_in,
    is_call,
    needs_native,
)
from agentsea_gateway.dialects.pairing import is_as_sent, keep_as_sent
from agentsea_gateway.dialects.parts import CACHE_MARK, note_others
from agentsea_gateway.dialects.tool_ids import ToolIds
from agentsea_gateway.messages import NATIVE, native_parts, with_native

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from agentsea_gateway.dialects.request_reading import Degraded

_KNOWN_KEYS = frozenset(("role", "content", "tool_calls", "tool_call_id", "refusal", NATIVE))
_LONGEST_ID = 64  # characters of a call_id
_RESULTS = ("function_call_output", "custom_tool_call_output")
_RESULT_KEYS = frozenset(("type", "call_id", "output", "id", "status"))
_MAKERS = re.compile(r"grok|deepseek|qwen|gpt|codex|(?<![a-z])o[1-9](?![0-9])")


class Items:
    """The input items of one request, built message by message.

    model     where they go
    stateful  whether the vendor holds an earlier part of the conversation, in which calls may stand
    """

    def __init__(self, model: str | None, degraded: Degraded, *, stateful: bool) -> None:
        self.items: list[dict[str, Any]] = []
        self._maker = maker(model)
        self._degraded = degraded
        self._stateful = stateful
        self._ids = ToolIds(_LONGEST_ID, any_letter=True)
        self._free_form: set[str] = set()  # calls of free-form tools, whose results have a type of their own

    def add_all(self, messages: Sequence[Mapping[str, Any]]) -> None:
        """Take the whole conversation."""
        self._ids.as_sent = is_as_sent(messages, NAME)
        for number, message in enumerate(messages):
            where = f"messages[{number}]"
            role = message["role"]
            self._degraded.note_message(message, _KNOWN_KEYS)
            own = self._own_items(message)
            if own is not None:
                self.items += own
            elif role == "tool":
                self._add_result(message, where)
            elif role == "assistant":
                self._add_assistant(message, where)
            else:
                content = encode_content(message.get("content"), where, self._degraded)
                self.items.append({"role": role, "content": content})
        if not self._stateful:
            self._ids.check_answered("the end")

    def _own_items(self, message: Mapping[str, Any]) -> list[dict[str, Any]] | None:
        """The items of an earlier answer, as they came; None where there are none for this model."""
        native = native_parts(message, NAME) if NATIVE in message else None
        if not isinstance(native, dict) or not isinstance(native.get("items"), list):
            return None
        made_by = maker(native.get("model"))
        if made_by and self._maker and made_by != self._maker:
            return None
        return [self._own_item(item) for item in native["items"]]

    def _own_item(self, item: Mapping[str, Any]) -> dict[str, Any]:
        kind = item.get("type")
        if is_call(item) and item.get("call_id"):
            call_id = self._ids.call(item["call_id"])
            if kind != CALLS[0]:
                self._free_form.add(call_id)
            return {**item, "call_id": call_id}
        if kind == "item_reference" or not (kind or item.get("role")):
            self._stateful = True  # what it stands for may be a call
        if kind in _RESULTS and self._ids.waits_for(item.get("call_id")):
            return {**item, "call_id": self._ids.result(item["call_id"], "a result")}
        return dict(item)

    def _add_assistant(self, message: Mapping[str, Any], where: str) -> None:
        content = encode_content(message.get("content"), where, self._degraded, output=True)
        if not content and message.get("refusal"):
            content = [{"type": "refusal", "refusal": message["refusal"]}]
        if content:
            self.items.append({"role": "assistant", "content": content})
        for call in message.get("tool_calls") or ():
            self.items.append(self._call(call))

    def _call(self, call: Mapping[str, Any]) -> dict[str, Any]:
        note_others(call, self._degraded, ("id", "index"))
        if call.get(CACHE_MARK) is not None:
            self._degraded.note(CACHE_MARK)
        function = call["function"]
        given = function.get("arguments") or "{}"
        return {
            "type": "function_call",
            "call_id": self._ids.call(call.get("id")),
            "name": function["name"],
            "arguments": given if isinstance(given, str) else tool_arguments.as_text(given),
        }

    def _add_result(self, message: Mapping[str, Any], where: str) -> None:
        call_id = message.get("tool_call_id")
        if self._ids.waits_for(call_id) or not self._stateful:
            call_id = self._ids.result(call_id, where)
        output = encode_content(message.get("content"), where, self._degraded)
        kind = _RESULTS[call_id in self._free_form]
        self.items.append({"type": kind, "call_id": call_id, "output": output})


def maker(model: Any) -> str | None:
    """Whose model this name is of; None where it does not tell (a deployment's own name).

    >>> maker("openai/gpt-5"), maker("o4-mini"), maker("grok-4.3"), maker("mine")
    ('openai', 'openai', 'grok', None)
    """
    found = _MAKERS.search(model.lower()) if isinstance(model, str) else None
    if found is None:
        return None
    return found[0] if found[0] in ("grok", "deepseek", "qwen") else "openai"


def decode_input(value: Any, model: Any) -> list[dict[str, Any]]:
    """The portable messages that a request's input says."""
    if isinstance(value, str):
        return [{"role": "user", "content": value}]
    found: list[dict[str, Any]] = []
    turn: list[Mapping[str, Any]] = []  # items of the assistant that follow each other
    for item in value or ():
        role = item.get("role")
        kind = item.get("type") or ("message" if role else "item_reference")
        if kind in _RESULTS or (kind == "message" and role != "assistant"):
            found += _decode_turn(turn, model)
            turn = []
            found.append(_decode_result(item, model) if kind in _RESULTS else _decode_message(item))
        else:
            turn.append(item)
    return keep_as_sent(found + _decode_turn(turn, model), NAME, ToolIds(_LONGEST_ID, any_letter=True))


def _decode_message(item: Mapping[str, Any]) -> dict[str, Any]:
    return {"role": item["role"], "content": decode_content(item.get("content"))}


def _decode_result(item: Mapping[str, Any], model: Any) -> dict[str, Any]:
    message = {"role": "tool", "tool_call_id": item["call_id"], "content": decode_content(item.get("output"))}
    keys = {key for key, value in item.items() if value is not None}
    if item["type"] == _RESULTS[0] and keys <= _RESULT_KEYS:
        return message
    return _with_items(message, [item], model)


def _decode_turn(turn: Sequence[Mapping[str, Any]], model: Any) -> list[dict[str, Any]]:
    """One assistant message; but messages alone stay the messages that they were."""
    if not turn:
        return []
    if len(turn) > 1 and all((item.get("type") or "message") == "message" for item in turn):
        return [message for item in turn for message in _decode_turn([item], model)]
    native = needs_native(turn, several_texts=True)
    if native:
        held = held_in([{"type": "message", **item} for item in turn])
        message: dict[str, Any] = {"role": "assistant", "content": held.text}
    elif turn[0].get("type") == CALLS[0]:
        message = {"role": "assistant", "content": ""}
    else:
        message = _decode_plain(turn[0])
    calls = [call_of(item, number) for number, item in enumerate(turn) if is_call(item)]
    if calls:
        message["tool_calls"] = [
            {"id": call.id, "type": "function", "function": {"name": call.name, "arguments": call.raw_arguments}}
            for call in calls
        ]
    return [_with_items(message, turn, model) if native else message]


def _decode_plain(item: Mapping[str, Any]) -> dict[str, Any]:
    content = decode_content(item.get("content"))
    message: dict[str, Any] = {"role": "assistant", "content": content}
    if isinstance(content, list) and len(content) == 1:
        message["content"] = content[0].get("text", "")
        if content[0]["type"] == "refusal":
            message["refusal"] = content[0]["refusal"]
    return message


def _with_items(message: dict[str, Any], items: Sequence[Mapping[str, Any]], model: Any) -> dict[str, Any]:
    return with_native(message, NAME, {"model": model, "items": [cleaned(item) for item in items]})
