"""The portable messages as Converse's system prompt and turns.

User and assistant alternate: neighbours of one role are joined, results of tools become blocks of the user's turn,
turns without content fall out. System messages move in front, but one inside the conversation stays where it is for a
Claude that takes it there. What an answer held beside text and calls goes back as it came.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from agentsea_gateway.dialects import tool_arguments
from agentsea_gateway.dialects.bedrock_converse.answer import NAME, is_blank, is_callers
from agentsea_gateway.dialects.bedrock_converse.blocks import POINT, Blocks
from agentsea_gateway.dialects.bedrock_converse.media import Names
from agentsea_gateway.dialects.pairing import is_as_sent
from agentsea_gateway.dialects.parts import CACHE_MARK, media_apart, note_others
from agentsea_gateway.dialects.tool_ids import ToolIds
from agentsea_gateway.errors import UnsupportedRequestError
from agentsea_gateway.messages import NATIVE, native_parts

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from agentsea_gateway.dialects.bedrock_converse.models import Model
    from agentsea_gateway.dialects.request_reading import Degraded

_KNOWN_KEYS = frozenset(("role", "content", "tool_calls", "tool_call_id", "refusal", "is_error", CACHE_MARK, NATIVE))
FOREIGN = re.compile(r"[^a-zA-Z0-9_.:-]")  # what no id may hold
INNER = "inner"  # in the private key of a system message that stood inside the conversation
_IN_SYSTEM = {"text", "guardContent", POINT}
_OPENING = "(The conversation begins with the assistant.)"  # the API wants a user's turn first
_BESIDE_DOCUMENT = "(See the document.)"  # the API wants text in a turn with a document
_FAILED = "(The tool failed without a word.)"  # the API wants content in a result that is an error
_RESULT_PARTS = ("text", "file", "search_result")  # of a result, whatever the model


class Turns:
    """The turns of one request, built message by message."""

    def __init__(self, model: Model, degraded: Degraded) -> None:
        self.system: list[dict[str, Any]] = []
        self.turns: list[dict[str, Any]] = []
        self._model = model
        self._degraded = degraded
        self._blocks = Blocks(model, Names(), degraded)
        self._ids = ToolIds(foreign=FOREIGN)
        self._moved: list[dict[str, Any]] = []  # media of results, which follow them in the same turn

    def add_all(self, messages: Sequence[Mapping[str, Any]]) -> None:
        """Take the whole conversation."""
        self._ids.as_sent = is_as_sent(messages, NAME)
        for number, message in enumerate(messages):
            where = f"messages[{number}]"
            role = message["role"]
            self._degraded.note_message(message, _KNOWN_KEYS)
            if role == "tool":
                self._add_result(message, where)
                continue
            self._flush_moved(where)
            if role == "assistant":
                self._add_assistant(message, where)
                continue
            blocks = self._blocks.marked(self._blocks.of(message.get("content"), where), message)
            if role == "user":
                self._push("user", blocks)
            elif self._stays(message, messages[number + 1 :]):
                self._push("system", blocks)
            else:
                self.system += _of_system(blocks, where)
        self._flush_moved("the end")
        self._settle()

    def _stays(self, message: Mapping[str, Any], following: Sequence[Mapping[str, Any]]) -> bool:
        """Whether a system message stays inside the conversation."""
        claude = self._model.claude
        possible = self.turns and self.turns[-1]["role"] == "user" and claude is not None and claude.inner_system
        fits = possible and (not following or following[0]["role"] == "assistant")
        return bool(fits) or (NATIVE in message and native_parts(message, NAME) == INNER)

    def _add_assistant(self, message: Mapping[str, Any], where: str) -> None:
        if self.turns and self.turns[-1]["role"] == "user":
            self._ids.check_answered(where)
        native = native_parts(message, NAME) if NATIVE in message else None
        if isinstance(native, list):
            blocks = [self._own_block(block) for block in native if not is_blank(block) and self._is_taken(block)]
        else:
            blocks = self._blocks.of(message.get("content") or message.get("refusal"), where)
            for call in message.get("tool_calls") or ():
                blocks += self._blocks.marked([self._call(call)], call)
        self._push("assistant", self._blocks.marked(blocks, message))

    def _is_taken(self, block: Mapping[str, Any]) -> bool:
        """Whether the model takes back this block: Claude signed reasoning only, DeepSeek none."""
        if "reasoningContent" not in block or self._model.vendor not in ("anthropic", "deepseek"):
            return True
        reasoning = block["reasoningContent"]
        signed = "redactedContent" in reasoning or reasoning.get("reasoningText", {}).get("signature")
        return bool(signed) and self._model.vendor == "anthropic"

    def _own_block(self, block: Mapping[str, Any]) -> dict[str, Any]:
        """A block of an earlier answer, as it came."""
        call = block.get("toolUse")
        if call is None or not is_callers(call):
            return dict(block)
        held = {} if call.get("input") is None else call["input"]
        return {"toolUse": {**call, "toolUseId": self._ids.call(call.get("toolUseId")), "input": _object(held)}}

    def _call(self, call: Mapping[str, Any]) -> dict[str, Any]:
        note_others(call, self._degraded, ("id", "index"))
        function = call["function"]
        arguments = _object(function.get("arguments") or {})
        return {"toolUse": {"toolUseId": self._ids.call(call.get("id")), "name": function["name"], "input": arguments}}

    def _add_result(self, message: Mapping[str, Any], where: str) -> None:
        call_id = self._ids.result(message.get("tool_call_id"), where)
        held = self._result_content(message, call_id, where)
        result: dict[str, Any] = {"toolUseId": call_id, "content": held}
        if message.get("is_error"):
            if self._model.rich_results:
                result["status"] = "error"
            else:
                self._degraded.note("is_error")
            result["content"] = held or [{"text": _FAILED}]
        self._push("user", self._blocks.marked([{"toolResult": result}], message))

    def _result_content(self, message: Mapping[str, Any], call_id: str, where: str) -> list[dict[str, Any]]:
        own = native_parts(message, NAME) if NATIVE in message else None
        if isinstance(own, list):
            return [dict(block) for block in own]
        content = message.get("content")
        if not self._model.rich_results:
            content, moved = media_apart(content, call_id, _RESULT_PARTS)
            self._moved += moved
        return self._blocks.of(content, where)

    def _flush_moved(self, where: str) -> None:
        if self._moved:
            self._push("user", self._blocks.of(self._moved, where))
            self._moved = []

    def _push(self, role: str, blocks: list[dict[str, Any]]) -> None:
        if not blocks:
            return
        if self.turns and self.turns[-1]["role"] == role:
            self.turns[-1]["content"] += blocks
        else:
            self.turns.append({"role": role, "content": [*blocks]})

    def _settle(self) -> None:
        turns = self.turns
        if not any(turn["role"] != "system" for turn in turns):
            raise UnsupportedRequestError("no message is left for Bedrock: it needs a user message with content")
        self._ids.check_answered("the end")
        for turn in turns:
            blocks = turn["content"]
            if turn["role"] != "user":
                continue
            if self._model.claude is not None:
                turn["content"] = blocks = _results_first(blocks)
            if any("document" in block for block in blocks) and not any("text" in block for block in blocks):
                blocks.append({"text": _BESIDE_DOCUMENT})
        if turns[0]["role"] == "assistant" and not self._ids.as_sent:
            turns.insert(0, {"role": "user", "content": [{"text": _OPENING}]})
        last = turns[-1]["content"][-1]
        if turns[-1]["role"] == "assistant" and self._model.claude is not None and "text" in last:
            turns[-1]["content"][-1] = {"text": last["text"].rstrip()}  # a prefill may not end in white space


def _of_system(blocks: list[dict[str, Any]], where: str) -> list[dict[str, Any]]:
    """The blocks, if a system prompt may hold them."""
    for block in blocks:
        if not block.keys() & _IN_SYSTEM:
            raise UnsupportedRequestError(
                f"{where} is a system message with more than text, which Bedrock does not take"
            )
    return blocks


def _object(arguments: Any) -> dict[str, Any]:
    """A call's arguments; as Anthropic advises where they are no JSON ("Fine-grained tool streaming")."""
    if isinstance(arguments, dict):
        return arguments
    found = tool_arguments.parsed(arguments) if isinstance(arguments, str) else None
    return {"INVALID_JSON": arguments} if found is None else found


def _results_first(blocks: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The results of tools in front of the rest, each with its cache point; else the order as it was."""
    groups: list[list[dict[str, Any]]] = []
    for block in blocks:
        if POINT in block and groups:
            groups[-1].append(block)
        else:
            groups.append([block])
    groups.sort(key=lambda group: "toolResult" not in group[0])
    return [block for group in groups for block in group]
