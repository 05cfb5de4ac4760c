"""What OpenAI's Responses API refuses, and in which words.

Source: OpenAI API reference, "Responses", create, and documentation, "Reasoning", "Structured outputs" and "Images and
vision" (formats), as of 2026-11. Nothing is stored: ids of earlier answers are unknown to a sandbox.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from agentsea_gateway.testing.checks import image_type, loose_schema, signature, unknown_field
from agentsea_gateway.testing.openai_refusals import (
    IMAGES,
    INVALID,
    WRONG_IMAGE,
    loose_refusal,
    too_long,
    wrong_key,
    wrong_method,
    wrong_model,
)
from agentsea_gateway.testing.side import Refusal

if TYPE_CHECKING:
    from collections.abc import Mapping

    from agentsea_gateway.testing.recorded import Request
    from agentsea_gateway.testing.side import Rules

RESPONSES = "/v1/responses"
ENCRYPTED = "reasoning.encrypted_content"
LONGEST_ID = 64
LEAST_LIMIT = 16
_BODY = {
    **dict.fromkeys(("background", "conversation", "include", "input", "instructions", "max_output_tokens")),
    **dict.fromkeys(("max_tool_calls", "metadata", "model", "parallel_tool_calls", "previous_response_id", "prompt")),
    **dict.fromkeys(("prompt_cache_key", "prompt_cache_retention", "reasoning", "safety_identifier", "service_tier")),
    **dict.fromkeys(("store", "stream", "stream_options", "temperature", "text", "tool_choice", "tools")),
    **dict.fromkeys(("top_logprobs", "top_p", "truncation", "user")),
}
_PARTS = {
    "input_text": ("type", "text"),
    "input_image": ("type", "image_url", "file_id", "detail"),
    "input_file": ("type", "file_data", "file_url", "file_id", "filename"),
    "output_text": ("type", "text", "annotations", "logprobs"),
    "refusal": ("type", "refusal"),
}
_OUTPUT = ("output_text", "refusal")
_ITEMS = {
    "message": ("type", "role", "content", "id", "status", "phase"),
    "function_call": ("type", "id", "call_id", "name", "arguments", "status"),
    "function_call_output": ("type", "id", "call_id", "output", "status"),
    "reasoning": ("type", "id", "summary", "content", "encrypted_content", "status"),
}
_PREFIXES = {"message": "msg", "function_call": "fc", "reasoning": "rs"}
_ROLES = ("assistant", "system", "developer", "user")


def refusal_of(request: Request, headers: Mapping[str, str], rules: Rules) -> Refusal | None:
    """Why the vendor would refuse this request, or None."""
    refusal = wrong_key(headers, rules) or wrong_method(request, "POST")
    return refusal or _wrong_body(request.body, rules)


def _wrong_body(body: Any, rules: Rules) -> Refusal | None:
    if not isinstance(body, dict):
        return Refusal(400, INVALID, "We could not parse the JSON body of your request.")
    found = unknown_field(body, _BODY)
    if found is not None:
        return _unknown(found[1])
    return wrong_model(body.get("model"), rules) or _wrong_input(body.get("input")) or _wrong_parameter(body)


def _wrong_input(given: Any) -> Refusal | None:
    if given is None:
        return _invalid("input", "Missing required parameter: 'input'.", "missing_required_parameter")
    if isinstance(given, str):
        return None
    if not isinstance(given, list) or not all(isinstance(item, dict) for item in given):
        return _invalid("input", "Invalid type for 'input': expected an array of objects or a string.", "invalid_type")
    for index, item in enumerate(given):
        refusal = _wrong_item(item, f"input[{index}]", given[index + 1 :])
        if refusal is not None:
            return refusal
    return _unpaired(given)


def _wrong_item(item: dict[str, Any], where: str, following: list[dict[str, Any]]) -> Refusal | None:
    kind = item.get("type", "message")
    if kind not in _ITEMS:
        return _invalid(where, f"Invalid value: '{kind}'. Supported values are: {[*_ITEMS]}.", "invalid_value")
    surplus = [name for name in item if name not in _ITEMS[kind]]
    if surplus:
        return _unknown(f"{where}.{surplus[0]}")
    if kind == "function_call_output":
        return _wrong_call_id(item, where) or _wrong_content(item.get("output"), f"{where}.output", ())
    refusal = _wrong_id(item, kind, where)
    if refusal is not None or kind == "message":
        return refusal or _wrong_message(item, where)
    return _wrong_call(item, where) if kind == "function_call" else _wrong_reasoning(item, where, following)


def _wrong_call(item: dict[str, Any], where: str) -> Refusal | None:
    missing = [name for name in ("name", "arguments") if not isinstance(item.get(name), str)]
    return _missing(f"{where}.{missing[0]}") if missing else _wrong_call_id(item, where)


def _wrong_call_id(item: dict[str, Any], where: str) -> Refusal | None:
    call_id = item.get("call_id")
    if not isinstance(call_id, str) or not call_id:
        return _missing(f"{where}.call_id")
    return too_long(f"{where}.call_id", call_id, LONGEST_ID) if len(call_id) > LONGEST_ID else None


def _wrong_id(item: dict[str, Any], kind: str, where: str) -> Refusal | None:
    given, prefix = item.get("id"), _PREFIXES[kind]
    if given is None and kind != "reasoning":
        return None
    if not isinstance(given, str):
        return _missing(f"{where}.id")
    if not given.startswith(prefix):
        words = f"Invalid '{where}.id': '{given}'. Expected an ID that begins with '{prefix}'."
        return _invalid(f"{where}.id", words, "invalid_value")
    return too_long(f"{where}.id", given, LONGEST_ID) if len(given) > LONGEST_ID else None


def _wrong_message(item: dict[str, Any], where: str) -> Refusal | None:
    role = item.get("role")
    if role not in _ROLES:
        words = f"Invalid value: '{role}'. Supported values are: {', '.join(map(repr, _ROLES))}."
        return _invalid(f"{where}.role", words, "invalid_value")
    return _wrong_content(item.get("content"), f"{where}.content", _OUTPUT if role == "assistant" else ())


def _wrong_content(content: Any, where: str, kinds: tuple[str, ...]) -> Refusal | None:
    """`kinds` are those that parts have here; none where it is every kind of input."""
    if isinstance(content, str):
        return None
    if not isinstance(content, list):
        return _missing(where)
    taken = kinds or tuple(kind for kind in _PARTS if kind not in _OUTPUT)
    for index, part in enumerate(content):
        place = f"{where}[{index}]"
        kind = part.get("type") if isinstance(part, dict) else None
        if kind not in taken:
            words = f"Invalid value: '{kind}'. Supported values are: {', '.join(map(repr, taken))}."
            return _invalid(place, words, "invalid_value")
        surplus = [name for name in part if name not in _PARTS[kind]]
        if surplus:
            return _unknown(f"{place}.{surplus[0]}")
        if kind == "input_image" and part.get("file_id") is None and image_type(part.get("image_url")) not in IMAGES:
            return WRONG_IMAGE
    return None


def _wrong_reasoning(item: dict[str, Any], where: str, following: list[dict[str, Any]]) -> Refusal | None:
    ident, sealed = item["id"], item.get("encrypted_content")
    if not isinstance(item.get("summary"), list):
        return _missing(f"{where}.summary")
    if sealed is None:
        words = f"Item with id '{ident}' not found. Items are not persisted when `store` is set to false."
        return Refusal(404, INVALID, words, None, "input")
    thinking = "".join([str(part.get("text")) for part in item["summary"] if isinstance(part, dict)])
    if sealed != signature("openai", ident, thinking):
        words = f"The encrypted content for item {ident} could not be verified."
        return Refusal(400, INVALID, words, "invalid_encrypted_content")
    behind = following[0] if following else {}
    if behind.get("type") != "function_call" and behind.get("role") != "assistant":
        return _invalid(
            "input", f"Item '{ident}' of type 'reasoning' was provided without its required following item."
        )
    return None


def _unpaired(items: list[dict[str, Any]]) -> Refusal | None:
    """Every result has its call in front of it, and every call has a result somewhere behind it."""
    waiting: list[str] = []
    for item in items:
        if item.get("type") == "function_call":
            waiting.append(item["call_id"])
        elif item.get("type") == "function_call_output":
            if item["call_id"] not in waiting:
                words = f"No tool call found for function call output with call_id {item['call_id']}."
                return _invalid("input", words)
            waiting.remove(item["call_id"])
    return _invalid("input", f"No tool output found for function call {waiting[0]}.") if waiting else None


def _wrong_parameter(body: dict[str, Any]) -> Refusal | None:
    limit = body.get("max_output_tokens")
    if isinstance(limit, int) and limit < LEAST_LIMIT:
        words = f"integer below minimum value. Expected a value >= {LEAST_LIMIT}, but got {limit} instead."
        return _invalid("max_output_tokens", f"Invalid 'max_output_tokens': {words}", "integer_below_min_value")
    for index, tool in enumerate(body.get("tools") or ()):
        if tool.get("type") == "function" and not isinstance(tool.get("name"), str):
            return _missing(f"tools[{index}].name")
        loose = loose_schema(tool.get("parameters")) if tool.get("strict") is not False else None
        if loose is not None:
            return loose_refusal(f"function '{tool.get('name')}'", loose, f"tools[{index}].parameters")
    form = (body.get("text") or {}).get("format") or {}
    loose = loose_schema(form.get("schema")) if form.get("strict") else None
    return loose_refusal(f"response_format '{form.get('name')}'", loose, "text.format.schema") if loose else None


def _unknown(name: str) -> Refusal:
    return _invalid(name, f"Unknown parameter: '{name}'.", "unknown_parameter")


def _missing(name: str) -> Refusal:
    return _invalid(name, f"Missing required parameter: '{name}'.", "missing_required_parameter")


def _invalid(param: str, message: str, code: str | None = None) -> Refusal:
    return Refusal(400, INVALID, message, code, param)
