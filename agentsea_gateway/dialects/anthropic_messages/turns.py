"""The portable messages as Anthropic's system prompt and turns, and back.

User and assistant alternate: neighbours of one role are joined, results of tools become blocks of the user's turn and
stand first in it, turns without content fall out. System messages in front become `system`; one inside the conversation
stays where it is for a Claude that takes it there, and moves to `system` for the others.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from agentsea_gateway.dialects import tool_arguments
from agentsea_gateway.dialects.anthropic_messages.answer import NAME, needs_native
from agentsea_gateway.dialects.anthropic_messages.blocks import decode_block, decode_content, encode_content
from agentsea_gateway.dialects.pairing import is_as_sent, keep_as_sent
from agentsea_gateway.dialects.parts import CACHE_MARK, as_parts, note_others, text_part
from agentsea_gateway.dialects.tool_ids import ToolIds
from agentsea_gateway.errors import UnsupportedRequestError
from agentsea_gateway.messages import NATIVE, native_parts, with_native

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from agentsea_gateway.dialects.anthropic_messages.models import Claude
    from agentsea_gateway.dialects.request_reading import Degraded

_KNOWN_KEYS = frozenset(
    ("role", "content", "tool_calls", "tool_call_id", "refusal", "is_error", "toolset_name", CACHE_MARK, NATIVE)
)
_OPENING = "(The conversation begins with the assistant.)"  # the API wants a user's turn first
_SYSTEM_ROLES = ("system", "developer")


class Turns:
    """The turns of one request, built message by message."""

    def __init__(self, claude: Claude, degraded: Degraded) -> None:
        self.system: list[str | list[dict[str, Any]]] = []  # contents of system messages, as given
        self.turns: list[dict[str, Any]] = []
        self._claude = claude
        self._degraded = degraded
        self._ids = ToolIds()

    def add_all(self, messages: Sequence[Mapping[str, Any]]) -> None:
        """Take the whole conversation."""
        self._ids.as_sent = is_as_sent(messages, NAME)
        for number, message in enumerate(messages):
            where = f"messages[{number}]"
            role = message["role"]
            self._degraded.note_message(message, _KNOWN_KEYS)
            if role in _SYSTEM_ROLES:
                self._add_system(message, where, messages[number + 1 :])
            elif role == "tool":
                self._push("user", self._result(message, where), message)
            elif role == "assistant":
                self._add_assistant(message, where)
            else:
                self._push("user", encode_content(message.get("content"), where, self._degraded), message)
        self._settle()

    def _add_system(self, message: Mapping[str, Any], where: str, following: Sequence[Mapping[str, Any]]) -> None:
        content = message.get("content")
        possible = self.turns and self.turns[-1]["role"] == "user" and self._claude.inner_system
        fits = possible and (not following or following[0]["role"] == "assistant")
        beside = native_parts(message, NAME)  # of one that stood inside the conversation: its other keys
        if beside:
            self.turns.append({"role": "system", "content": encode_content(content, where, self._degraded), **beside})
        elif fits or beside is not None:
            self._push("system", encode_content(content, where, self._degraded), message)
        elif message.get(CACHE_MARK) is not None:
            blocks = encode_content(content, where, self._degraded)
            self.system.append(_marked_last(blocks, message[CACHE_MARK]))
        elif content:
            self.system.append(content if isinstance(content, str) else encode_content(content, where, self._degraded))

    def _add_assistant(self, message: Mapping[str, Any], where: str) -> None:
        if self.turns and self.turns[-1]["role"] == "user":
            self._ids.check_answered(where)
        native = native_parts(message, NAME) if NATIVE in message else None
        if isinstance(native, list):
            blocks = [self._own_block(block) for block in native if block.get("type") != "text" or block.get("text")]
        else:
            content = message.get("content") or message.get("refusal")
            blocks = encode_content(content, where, self._degraded)
            blocks += [self._call(call) for call in message.get("tool_calls") or ()]
        self._push("assistant", blocks, message)

    def _own_block(self, block: Mapping[str, Any]) -> dict[str, Any]:
        """A block of an earlier answer, as it came."""
        if block.get("type") == "tool_use":
            given = block.get("input")
            arguments = given if isinstance(given, dict) else {"INVALID_JSON": given}  # the stream broke off in it
            return {**block, "id": self._ids.call(block.get("id")), "input": arguments}
        return dict(block)

    def _call(self, call: Mapping[str, Any]) -> dict[str, Any]:
        note_others(call, self._degraded, ("id", "index"))
        function = call["function"]
        given = function.get("arguments") or "{}"
        arguments = given if isinstance(given, dict) else tool_arguments.parsed(given)
        block: dict[str, Any] = {
            "type": "tool_use",
            "id": self._ids.call(call.get("id")),
            "name": function["name"],
            # Anthropic's own advice for arguments that are no JSON ("Fine-grained tool streaming").
            "input": {"INVALID_JSON": given} if arguments is None else arguments,
        }
        if call.get(CACHE_MARK) is not None:
            block[CACHE_MARK] = call[CACHE_MARK]
        return block

    def _result(self, message: Mapping[str, Any], where: str) -> list[dict[str, Any]]:
        block: dict[str, Any] = {
            "type": "tool_result",
            "tool_use_id": self._ids.result(message.get("tool_call_id"), where),
        }
        content = message.get("content")
        if isinstance(content, str):
            if content:
                block["content"] = content
        else:
            blocks = encode_content(content, where, self._degraded, blank=True)
            if blocks:
                block["content"] = blocks
        if message.get("is_error"):
            block["is_error"] = True
        if message.get("toolset_name"):
            block["toolset_name"] = message["toolset_name"]
        return [block]

    def _push(self, role: str, blocks: list[dict[str, Any]], message: Mapping[str, Any]) -> None:
        if not blocks:
            return
        if message.get(CACHE_MARK) is not None:
            blocks = _marked_last(blocks, message[CACHE_MARK])
        if self.turns and self.turns[-1]["role"] == role:
            self.turns[-1]["content"] += blocks
        else:
            self.turns.append({"role": role, "content": blocks})

    def _settle(self) -> None:
        turns = self.turns
        if not turns:
            raise UnsupportedRequestError("no message is left for Anthropic: it needs a user message with content")
        self._ids.check_answered("the end")
        if not self._ids.as_sent:
            for turn in turns:
                if turn["role"] == "user":  # results stand first, each in its place; a stable sort
                    turn["content"].sort(key=lambda block: block["type"] != "tool_result")
        if turns[0]["role"] == "assistant" and not self._ids.as_sent:
            turns.insert(0, {"role": "user", "content": [text_part(_OPENING)]})
        last = turns[-1]["content"][-1] if turns[-1]["role"] == "assistant" else {}
        if last.get("type") == "text":  # a prefill may not end in white space
            turns[-1]["content"][-1] = {**last, "text": last["text"].rstrip()}

    def system_prompt(self) -> str | list[dict[str, Any]] | None:
        """The `system` of the request."""
        if len(self.system) == 1:
            return self.system[0] or None
        return [block for content in self.system for block in as_parts(content)] or None


def _marked_last(blocks: list[dict[str, Any]], mark: Any) -> list[dict[str, Any]]:
    return [*blocks[:-1], {**blocks[-1], CACHE_MARK: mark}] if blocks else blocks


def decode_turns(body: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The portable messages that `system` and `messages` of a request say."""
    found: list[dict[str, Any]] = []
    if body.get("system"):
        found.append({"role": "system", "content": decode_content(body["system"])})
    for turn in body["messages"]:
        content = turn.get("content")
        if turn["role"] == "assistant":
            found.append(_decode_assistant(content))
        elif turn["role"] == "user" and not isinstance(content, str):
            found += _decode_user(content or ())
        elif turn["role"] == "system":
            beside = {key: turn[key] for key in turn if key not in ("role", "content") and turn[key] is not None}
            found.append(with_native({"role": "system", "content": decode_content(content)}, NAME, beside))
        else:
            found.append({"role": turn["role"], "content": decode_content(content)})
    return keep_as_sent(found, NAME, ToolIds())


def _decode_user(blocks: Sequence[Mapping[str, Any]]) -> Iterator[dict[str, Any]]:
    parts: list[dict[str, Any]] = []
    for block in blocks:
        if block.get("type") != "tool_result":
            parts.append(decode_block(block))
            continue
        if parts:
            yield {"role": "user", "content": parts}
            parts = []
        yield _decode_result(block)
    if parts:
        yield {"role": "user", "content": parts}


def _decode_result(block: Mapping[str, Any]) -> dict[str, Any]:
    message = {
        "role": "tool",
        "tool_call_id": block["tool_use_id"],
        "content": decode_content(block.get("content")),
    }
    for key in ("is_error", "toolset_name", CACHE_MARK):
        if block.get(key):
            message[key] = block[key]
    return message


def _decode_assistant(content: Any) -> dict[str, Any]:
    blocks = [text_part(content)] if isinstance(content, str) else list(content or ())
    texts = [block for block in blocks if block.get("type") == "text"]
    calls = [block for block in blocks if block.get("type") == "tool_use"]
    message: dict[str, Any] = {"role": "assistant"}
    native = needs_native(blocks, (CACHE_MARK,), several_texts=True)
    native = native or any(block.get("caller") for block in calls) or any(block["text"].isspace() for block in texts)
    if native or (all(block.keys() == {"type", "text"} for block in texts) and len(texts) < 2):
        message["content"] = "".join(block["text"] for block in texts)
    else:
        message["content"] = [decode_block(block) for block in texts]
    if calls:
        message["tool_calls"] = [_decode_call(block) for block in calls]
    return with_native(message, NAME, blocks) if native else message


def _decode_call(block: Mapping[str, Any]) -> dict[str, Any]:
    arguments = tool_arguments.as_text(block.get("input") or {})
    call = {"id": block["id"], "type": "function", "function": {"name": block["name"], "arguments": arguments}}
    if block.get(CACHE_MARK) is not None:
        call[CACHE_MARK] = block[CACHE_MARK]
    return call
