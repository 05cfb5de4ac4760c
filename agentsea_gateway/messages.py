"""The message shape: JSON dicts in OpenAI's chat form, checked before anything is sent, never mutated.

Source of the shape: OpenAI API reference, "Create chat completion", messages. What only its maker understands
(thinking signatures, native blocks, their order) rides in one private key, `NATIVE`, with a digest of the portable
part: it is used for the same dialect while the digest matches and shed otherwise.
"""

from __future__ import annotations

from math import isfinite
from typing import TYPE_CHECKING, Any, Literal, NotRequired, TypedDict

from agentsea_gateway.aside import load
from agentsea_gateway.errors import InvalidRequestError

if TYPE_CHECKING:
    from collections.abc import Mapping

NATIVE = "_native"
ROLES = ("system", "developer", "user", "assistant", "tool")
DEPTH = 100  # nesting of a message or an option; JSON encoders and servers give up soon after


class FunctionCall(TypedDict):
    """The function a tool call names; `arguments` is JSON text."""

    name: str
    arguments: str


class ToolCallDict(TypedDict):
    """A tool call inside an assistant message."""

    id: str
    type: Literal["function"]
    function: FunctionCall


class Message(TypedDict):
    """One turn. `content` is text or a list of typed parts (`{"type": "text", "text": …}`, `{"type": "image_url", …}`);
    `tool_calls` belongs to assistant messages, `tool_call_id` to tool messages."""

    role: Literal["system", "developer", "user", "assistant", "tool"]
    content: NotRequired[str | list[dict[str, Any]] | None]
    name: NotRequired[str]
    tool_calls: NotRequired[list[ToolCallDict]]
    tool_call_id: NotRequired[str]
    refusal: NotRequired[str | None]


def checked(messages: Any, system: str | None = None) -> list[dict[str, Any]]:
    """The messages as a list of dicts; a string is one user message, `system` goes in front.

    Raises InvalidRequestError where a message is not of the shape or holds what no JSON can hold.
    """
    if isinstance(messages, str):
        messages = [{"role": "user", "content": messages}]
    elif isinstance(messages, (bytes, dict)) or not hasattr(messages, "__iter__"):
        raise InvalidRequestError(
            f"messages is a {type(messages).__name__}; give a string or a list of dicts such as "
            '{"role": "user", "content": "Hello"}'
        )
    found = [*messages]
    if not found:
        raise InvalidRequestError('messages is empty; give at least one, such as {"role": "user", "content": "Hello"}')
    for index, message in enumerate(found):
        _check_message(message, index)
    if system is not None:
        found.insert(0, _system_message(system))
    return found


def _system_message(system: Any) -> dict[str, Any]:
    message = {"role": "system", "content": system}
    if not isinstance(system, (str, list, tuple)):
        raise InvalidRequestError(f"system is a {type(system).__name__}; give a string")
    _check_content(message, "system")
    check_json(system, "system")
    return message


def _check_message(message: Any, index: int) -> None:
    if type(message) is dict and len(message) == 2:  # the usual turn, without the general walk
        content = message.get("content")
        if type(content) is str and message.get("role") in ("user", "system", "assistant", "developer"):
            _check_text(content, "content", index)
            return
    where = f"messages[{index}]"
    if not isinstance(message, dict):
        raise InvalidRequestError(f'{where} is a {type(message).__name__}; give a dict with "role" and "content"')
    role = message.get("role")
    if role not in ROLES:
        raise InvalidRequestError(f"{where} has the role {role!r}; use one of {', '.join(ROLES)}")
    _check_content(message, where)
    check_json(message, where)


def _check_content(message: dict[str, Any], where: str) -> None:
    content = message.get("content")
    role = message["role"]
    if content is None:
        if role != "assistant":
            raise InvalidRequestError(f"{where} ({role}) has no content; give a string or a list of parts")
    elif isinstance(content, (list, tuple)):
        for number, part in enumerate(content):
            if not isinstance(part, dict) or not isinstance(part.get("type"), str):
                raise InvalidRequestError(
                    f'{where}.content[{number}] is no part; give a dict such as {{"type": "text", "text": "Hello"}}'
                )
            if part["type"] == "text" and not isinstance(part.get("text"), str):
                kind = type(part.get("text")).__name__
                raise InvalidRequestError(f"{where}.content[{number}].text is a {kind}; give a string")
    elif not isinstance(content, str):
        raise InvalidRequestError(f"{where}.content is a {type(content).__name__}; give a string or a list of parts")
    if role == "tool" and not isinstance(message.get("tool_call_id"), str):
        raise InvalidRequestError(f"{where} (tool) needs the tool_call_id that it answers")
    calls = message.get("tool_calls")
    if calls is not None and not isinstance(calls, (list, tuple)):
        raise InvalidRequestError(f"{where}.tool_calls is a {type(calls).__name__}; give a list")
    for number, call in enumerate(calls or ()):
        function = call.get("function") if isinstance(call, dict) else None
        if not isinstance(function, dict) or not isinstance(function.get("name"), str):
            raise InvalidRequestError(
                f'{where}.tool_calls[{number}] needs {{"id": …, "type": "function", "function": '
                '{"name": …, "arguments": …}}'
            )


def check_json(value: Any, where: str, depth: int = DEPTH) -> None:
    """Raise InvalidRequestError, naming the place, where `value` holds what no JSON can hold."""
    kind = type(value)
    if kind is str:
        _check_text(value, where)
    elif kind is bool or value is None or kind is int or (kind is float and isfinite(value)):
        return
    elif depth == 0:
        raise InvalidRequestError(f"{where} is nested deeper than {DEPTH} levels (or holds itself)")
    elif isinstance(value, dict):
        for key, inner in value.items():
            if not isinstance(key, str):
                raise InvalidRequestError(f"{where} has the key {key!r}; JSON keys are strings")
            _check_text(key, where)
            check_json(inner, f"{where}.{key}", depth - 1)
    elif isinstance(value, (list, tuple)):
        for index, inner in enumerate(value):
            check_json(inner, f"{where}[{index}]", depth - 1)
    else:
        _check_scalar(value, where)


def _check_scalar(value: Any, where: str) -> None:
    """What is none of JSON's own types: a subclass of one, NaN or an infinity, or something else."""
    if isinstance(value, str):
        _check_text(value, where)
    elif isinstance(value, float):
        if not isfinite(value):
            raise InvalidRequestError(f"{where} is {value!r}; JSON has no such number")
    elif not isinstance(value, int):
        raise InvalidRequestError(f"{where} is a {type(value).__name__}, which JSON cannot hold; convert it first")


def _check_text(text: str, where: str, index: int | None = None) -> None:
    if text.isascii():
        return
    try:
        text.encode()
    except UnicodeEncodeError as error:
        place = where if index is None else f"messages[{index}].{where}"
        raise InvalidRequestError(
            f"{place} holds a lone surrogate at {error.start}; repair the text first, for example with "
            '.encode("utf-16", "surrogatepass").decode("utf-16", "replace")'
        ) from None


def digest(message: Mapping[str, Any]) -> str:
    """A short hash of a message's portable part: content and tool calls."""
    load("hashlib")  # only where native parts are carried
    load("json")
    import json
    from hashlib import sha256

    portable = [message.get("content") or "", message.get("tool_calls") or []]
    return sha256(json.dumps(portable, sort_keys=True, separators=(",", ":")).encode()).hexdigest()[:16]


def with_native(message: dict[str, Any], dialect: str, parts: Any) -> dict[str, Any]:
    """`message` with what only `dialect` understands in its private key."""
    message[NATIVE] = {"dialect": dialect, "digest": digest(message), "parts": parts}
    return message


def native_parts(message: Mapping[str, Any], dialect: str) -> Any:
    """What `with_native` stored for this dialect; None where another dialect stored it or the message was edited."""
    native = message.get(NATIVE)
    if not isinstance(native, dict) or native.get("dialect") != dialect or native.get("digest") != digest(message):
        return None
    return native.get("parts")
