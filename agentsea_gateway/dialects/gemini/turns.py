"""The portable messages as Gemini's system instruction and contents, and back.

Neighbours of one role are joined, results of tools become parts of the user's turn, system messages move in front,
turns without content fall out. What a Gemini answered goes back as it came, signatures and all.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from agentsea_gateway.dialects import tool_arguments
from agentsea_gateway.dialects.gemini.answer import NAME
from agentsea_gateway.dialects.gemini.parts import encode_content
from agentsea_gateway.dialects.gemini.results import encode_result
from agentsea_gateway.dialects.pairing import is_as_sent
from agentsea_gateway.dialects.parts import CACHE_MARK, note_others
from agentsea_gateway.dialects.tool_ids import ToolIds
from agentsea_gateway.errors import UnsupportedRequestError
from agentsea_gateway.messages import NATIVE, native_parts

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from agentsea_gateway.dialects.gemini.models import Gemini
    from agentsea_gateway.dialects.gemini.quirks import Quirks
    from agentsea_gateway.dialects.request_reading import Degraded

_KNOWN_KEYS = frozenset(("role", "content", "tool_calls", "tool_call_id", "refusal", "is_error", NATIVE))
_OPENING = "(The conversation begins with the assistant.)"  # a function call may not come first
# What Google's documentation ("Thought signatures", FAQ) gives for calls that another vendor's model made.
NO_SIGNATURE = "skip_thought_signature_validator"


class Turns:
    """The contents of one request, built message by message."""

    def __init__(self, gemini: Gemini, quirks: Quirks, degraded: Degraded) -> None:
        self.system: list[dict[str, Any]] = []  # the parts of the system instruction
        self.system_role: str | None = None
        self.contents: list[dict[str, Any]] = []
        self._gemini = gemini
        self._quirks = quirks
        self._degraded = degraded
        self._ids = ToolIds()
        self._calls: dict[str, dict[str, Any]] = {}  # name and, where it is sent, id of a call, by our id
        self._media: list[dict[str, Any]] = []  # of results, which follow them in the same turn

    def add_all(self, messages: Sequence[Mapping[str, Any]]) -> None:
        """Take the whole conversation."""
        self._ids.as_sent = is_as_sent(messages, NAME)
        for number, message in enumerate(messages):
            where = f"messages[{number}]"
            role = message["role"]
            self._degraded.note_message(message, _KNOWN_KEYS)
            if role != "tool":
                self._flush_media()
            if role in ("system", "developer"):
                self._add_system(message, where)
            elif role == "tool":
                self._push("user", [self._result(message, where)])
            elif role == "assistant":
                self._add_assistant(message, where)
            else:
                own = native_parts(message, NAME) if NATIVE in message else None
                parts = [*own] if isinstance(own, list) else None
                self._push("user", parts or encode_content(message.get("content"), where, self._degraded))
        self._flush_media()
        self._settle()

    def _add_system(self, message: Mapping[str, Any], where: str) -> None:
        own = native_parts(message, NAME) if NATIVE in message else None
        own = own if isinstance(own, dict) else {}
        self.system += own.get("parts") or encode_content(message.get("content"), where, self._degraded)
        self.system_role = own.get("role", self.system_role)

    def _add_assistant(self, message: Mapping[str, Any], where: str) -> None:
        if self.contents and self.contents[-1]["role"] == "user":
            self._ids.check_answered(where)
        calls = message.get("tool_calls") or ()
        native = native_parts(message, NAME) if NATIVE in message else None
        if isinstance(native, list):
            parts = self._own_parts(native, calls)
        else:
            parts = encode_content(message.get("content") or message.get("refusal"), where, self._degraded)
            parts += [self._call(call, first=not number) for number, call in enumerate(calls)]
        self._push("model", parts)

    def _own_parts(
        self, parts: Sequence[Mapping[str, Any]], calls: Sequence[Mapping[str, Any]]
    ) -> list[dict[str, Any]]:
        """The parts of an earlier answer, as they came; but for ids where the service takes none of this model's."""
        ids = iter([call.get("id") for call in calls])
        takes_ids = self._quirks.foreign_ids or self._gemini.wants_signature
        own: list[dict[str, Any]] = []
        for part in parts:
            call = part.get("functionCall")
            if not call:
                own.append(dict(part))
                continue
            wire = call if takes_ids else {key: value for key, value in call.items() if key != "id"}
            self._note_call(next(ids, call.get("id")), call["name"], wire.get("id"))
            own.append({**part, "functionCall": wire})
        if self._gemini.wants_signature:  # what a model made that does not sign
            first = next((part for part in own if part.get("functionCall")), None)
            if first is not None and not first.get("thoughtSignature"):
                first["thoughtSignature"] = NO_SIGNATURE
        return own

    def _note_call(self, given: Any, name: str, sent_id: Any) -> str:
        ours = self._ids.call(given)
        self._calls[ours] = {"name": name} if sent_id is None else {"id": sent_id, "name": name}
        return ours

    def _call(self, call: Mapping[str, Any], *, first: bool) -> dict[str, Any]:
        note_others(call, self._degraded, ("id", "index"))
        function = call["function"]
        given = function.get("arguments") or "{}"
        arguments = given if isinstance(given, dict) else tool_arguments.parsed(given)
        if call.get(CACHE_MARK) is not None:
            self._degraded.note(CACHE_MARK)
        ours = self._note_call(call.get("id"), function["name"], None)
        wire = self._calls[ours]
        if self._quirks.foreign_ids:
            wire["id"] = ours
        part: dict[str, Any] = {
            "functionCall": {**wire, "args": {"INVALID_JSON": given} if arguments is None else arguments}
        }
        if first and self._gemini.wants_signature:  # of calls made together the first one has it
            part["thoughtSignature"] = NO_SIGNATURE
        return part

    def _result(self, message: Mapping[str, Any], where: str) -> dict[str, Any]:
        call = self._calls.get(self._ids.result(message.get("tool_call_id"), where), {})
        response, media = encode_result(message, where, self._degraded)
        wire: dict[str, Any] = {**call, "response": response}
        if media and self._gemini.result_media:
            wire["parts"] = media
        else:
            self._media += media
        own = native_parts(message, NAME) if NATIVE in message else None
        if isinstance(own, dict):
            wire = {key: value for key, value in {**wire, **own.get("response", {})}.items() if value is not None}
            return {"functionResponse": wire, **own.get("part", {})}
        return {"functionResponse": wire}

    def _flush_media(self) -> None:
        self._push("user", self._media)
        self._media = []

    def _push(self, role: str, parts: list[dict[str, Any]]) -> None:
        if not parts:
            return
        if self.contents and self.contents[-1]["role"] == role:
            self.contents[-1]["parts"] += parts
        else:
            self.contents.append({"role": role, "parts": [*parts]})

    def _settle(self) -> None:
        if not self.contents:
            raise UnsupportedRequestError("no message is left for Gemini: it needs a user message with content")
        first, last = self.contents[0], self.contents[-1]
        if last["role"] == "user":
            self._ids.check_answered("the end")
        calls_first = first["role"] == "model" and any("functionCall" in part for part in first["parts"])
        if calls_first and not self._ids.as_sent:
            self.contents.insert(0, {"role": "user", "parts": [{"text": _OPENING}]})
