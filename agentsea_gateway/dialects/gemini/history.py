"""The portable messages that a request's system instruction and contents say."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from attrs import frozen

from agentsea_gateway.dialects import tool_arguments
from agentsea_gateway.dialects.gemini.answer import NAME, is_blank, needs_native
from agentsea_gateway.dialects.gemini.keys import camel_keys
from agentsea_gateway.dialects.gemini.parts import decode_content
from agentsea_gateway.dialects.gemini.results import KEPT, decode_result
from agentsea_gateway.dialects.pairing import keep_as_sent
from agentsea_gateway.dialects.tool_ids import legal_id
from agentsea_gateway.messages import with_native

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_LONGEST_ID = 64  # as in ToolIds


def decode_messages(system: Any, contents: Any) -> list[dict[str, Any]]:
    """The messages; `contents` may be one content, too."""
    history = _History()
    if system:
        history.add_system({"parts": [{"text": system}]} if isinstance(system, str) else system)
    for content in [contents] if isinstance(contents, (dict, str)) else contents:
        if isinstance(content, str):
            history.add_user([{"text": content}])
        elif content.get("role") == "model":
            history.add_model(_parts(content))
        else:
            history.add_user(_parts(content))
    return keep_as_sent(history.messages, NAME)


def _parts(content: Mapping[str, Any]) -> list[dict[str, Any]]:
    parts = content.get("parts") or ()
    return [camel_keys(part) for part in ([parts] if isinstance(parts, dict) else parts)]


def _plain(parts: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The parts without what says nothing: empty texts, and `thought` where it is false, as it is without it."""
    told = [{key: value for key, value in part.items() if (key, value) != ("thought", False)} for part in parts]
    return [part for part in told if not is_blank(part)]


@frozen
class _Call:
    """A call that waits for its result: our id for it, its name, and the id that it has in the request."""

    our_id: str
    name: Any
    sent_id: Any


class _History:
    """The messages as far as they were read, with the calls that wait for a result."""

    def __init__(self) -> None:
        self.messages: list[dict[str, Any]] = []
        self._waiting: list[_Call] = []
        self._used: set[str] = set()

    def add_system(self, content: Mapping[str, Any]) -> None:
        """The system instruction."""
        parts = _parts(content)
        plain = _plain(parts)
        message: dict[str, Any] = {"role": "system", "content": decode_content(plain)}
        own = {} if plain == parts else {"parts": parts}
        if content.get("role") not in (None, "user"):
            own["role"] = content["role"]
        self.messages.append(with_native(message, NAME, own) if own else message)

    def add_user(self, parts: list[dict[str, Any]]) -> None:
        """A user's turn: its results are messages of their own, where they stand."""
        others: list[dict[str, Any]] = []
        for part in parts:
            if not isinstance(part.get("functionResponse"), dict):
                others.append(part)
                continue
            self._add_plain(others)
            others = []
            self._add_result(part)
        self._add_plain(others)

    def _add_plain(self, parts: list[dict[str, Any]]) -> None:
        if not parts:
            return
        plain = _plain(parts)
        message: dict[str, Any] = {"role": "user", "content": decode_content(plain) if plain else ""}
        self.messages.append(message if plain == parts else with_native(message, NAME, parts))

    def _add_result(self, part: dict[str, Any]) -> None:
        response = camel_keys(part["functionResponse"])
        call = self._answered(response.get("id"), response.get("name"))
        message = decode_result(response, call.our_id)
        beside = {key: value for key, value in part.items() if key != "functionResponse"}
        kept = {key: response[key] for key in KEPT if key in response}
        if "response" not in response:
            kept["response"] = None
        if response.get("name") != call.name:
            kept["name"] = response.get("name")
        if response.get("id") != call.sent_id:
            kept["id"] = response.get("id")
        own = {key: value for key, value in (("part", beside), ("response", kept)) if value}
        self.messages.append(with_native(message, NAME, own) if own else message)

    def _answered(self, given: Any, name: Any) -> _Call:
        """The call that a response answers: by its id, else the next one of that name, else the next one."""
        for match in (
            lambda call: given is not None and call.sent_id == given,
            lambda call: call.name == name,
            lambda call: True,
        ):
            found = next(filter(match, self._waiting), None)
            if found is not None:
                self._waiting.remove(found)
                return found
        return _Call(given if isinstance(given, str) and given else self._new_id(), None, None)

    def add_model(self, parts: list[dict[str, Any]]) -> None:
        """A model's turn."""
        plain = _plain(parts)
        texts = [part for part in plain if isinstance(part.get("text"), str) and not part.get("thought")]
        calls = [camel_keys(part["functionCall"]) for part in parts if isinstance(part.get("functionCall"), dict)]
        native = plain != parts or needs_native(parts, several_texts=True) or not self._ids_can_stay(calls)
        message: dict[str, Any] = {"role": "assistant"}
        if native or not texts:
            message["content"] = "".join(part["text"] for part in texts)
        else:
            message["content"] = decode_content(texts)
        self._waiting = []
        if calls:
            message["tool_calls"] = [self._decode_call(call) for call in calls]
        self.messages.append(with_native(message, NAME, parts) if native else message)

    def _ids_can_stay(self, calls: Sequence[Mapping[str, Any]]) -> bool:
        """Whether encoding would leave the ids of these calls as they are: legal ones, each once."""
        ids = [call.get("id") for call in calls]
        legal = all(isinstance(each, str) and legal_id(each, _LONGEST_ID) == each for each in ids)
        return legal and len(set(ids)) == len(ids) and self._used.isdisjoint(ids)

    def _decode_call(self, call: Mapping[str, Any]) -> dict[str, Any]:
        given = call.get("id")
        known = isinstance(given, str) and given and given not in (each.our_id for each in self._waiting)
        call_id = str(given) if known else self._new_id()
        self._used.add(call_id)
        self._waiting.append(_Call(call_id, call["name"], given))
        arguments = tool_arguments.as_text(call.get("args") or {})
        return {"id": call_id, "type": "function", "function": {"name": call["name"], "arguments": arguments}}

    def _new_id(self) -> str:
        number = len(self._used)
        while (found := tool_arguments.new_id(number)) in self._used:
            number += 1
        return found
