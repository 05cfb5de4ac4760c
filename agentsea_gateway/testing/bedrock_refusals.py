"""What Amazon Bedrock's Converse refuses, and in which words.

Source: Amazon Bedrock API reference, "Converse", Message, ContentBlock, ToolUseBlock, ToolResultBlock, DocumentBlock,
and the service model in botocore 1.44 (constraints), as of 2026-11.
"""

from __future__ import annotations

import re
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from agentsea_gateway.testing.checks import (
    UNTHOUGHT,
    Turn,
    is_base64,
    signature,
    unknown_field,
    unpaired,
    unthought,
    wrong_key,
)
from agentsea_gateway.testing.side import Refusal

if TYPE_CHECKING:
    from collections.abc import Mapping

    from agentsea_gateway.testing.checks import Known
    from agentsea_gateway.testing.recorded import Request
    from agentsea_gateway.testing.side import ErrorKind, Rules

PATH = re.compile(r"/model/(?P<model>[^/]+)/converse(?:-stream)?")
INVALID = "ValidationException"
KINDS: dict[ErrorKind, Refusal] = {
    "bad_key": Refusal(403, "UnrecognizedClientException", "The security token included in the request is invalid."),
    "no_permission": Refusal(403, "AccessDeniedException", "You don't have access to the model."),
    "model_not_found": Refusal(404, "ResourceNotFoundException", "The model was not found."),
    "quota": Refusal(402, "PaymentRequiredException", "Your account has reached its spending limit."),
    "rate_limit": Refusal(429, "ThrottlingException", "Too many requests, please wait before trying again."),
    "context_window": Refusal(400, INVALID, "The model returned the following errors: Input is too long."),
    "content_policy": Refusal(400, INVALID, "The request was blocked by our content filters."),
    "server_error": Refusal(500, "InternalServerException", "The system encountered an unexpected error."),
    "overloaded": Refusal(503, "ServiceUnavailableException", "Bedrock is unable to process your request."),
}
_SIGNED = re.compile(r"AWS4-HMAC-SHA256 Credential=([^/]+)/")  # the id of the access key counts, not the signature
_TOOL_ID = re.compile(r"[a-zA-Z0-9_.:-]{1,64}")
_TOOL_NAME = re.compile(r"[a-zA-Z0-9_-]{1,64}")
_DOCUMENT_NAME = re.compile(r"(?!.*\s{2})[a-zA-Z0-9_\s\-()\[\]]{1,200}")  # "_" is taken too
_IMAGES = ("png", "jpeg", "gif", "webp")
_DOCUMENTS = ("pdf", "csv", "doc", "docx", "xls", "xlsx", "html", "txt", "md")
_SOURCE: Known = {"bytes": None, "s3Location": dict.fromkeys(("uri", "bucketOwner"))}
_IMAGE: Known = {"format": None, "source": _SOURCE}
_DOCUMENT: Known = {
    **dict.fromkeys(("format", "name", "context", "citations")),
    "source": {**_SOURCE, "text": None, "content": None},
}
_RESULT: Known = {
    "text": None,
    "json": None,
    "image": _IMAGE,
    "document": _DOCUMENT,
    "video": None,
    "searchResult": None,
}
_BLOCK: Known = {
    **dict.fromkeys(("text", "video", "audio", "guardContent", "cachePoint", "citationsContent", "searchResult")),
    "image": _IMAGE,
    "document": _DOCUMENT,
    "toolUse": dict.fromkeys(("toolUseId", "name", "input", "type")),
    "toolResult": {**dict.fromkeys(("toolUseId", "status", "type")), "content": [_RESULT]},
    "reasoningContent": {"reasoningText": dict.fromkeys(("text", "signature")), "redactedContent": None},
}
_TOOL: Known = {
    **dict.fromkeys(("cachePoint", "systemTool")),
    "toolSpec": {**dict.fromkeys(("name", "description", "strict")), "inputSchema": {"json": None}},
}
_CHOICE: Known = {"auto": {}, "any": {}, "tool": {"name": None}}
_BODY: Known = {
    **dict.fromkeys(("guardrailConfig", "additionalModelRequestFields", "promptVariables", "requestMetadata")),
    **dict.fromkeys(("additionalModelResponseFieldPaths", "performanceConfig", "serviceTier", "outputConfig")),
    "messages": [{"role": None, "content": [_BLOCK]}],
    "system": [dict.fromkeys(("text", "guardContent", "cachePoint"))],
    "inferenceConfig": dict.fromkeys(("maxTokens", "temperature", "topP", "stopSequences")),
    "toolConfig": {"tools": [_TOOL], "toolChoice": _CHOICE},
}


def refusal_of(request: Request, headers: Mapping[str, str], rules: Rules) -> Refusal | None:
    """Why the vendor would refuse this request, or None."""
    given = headers.get("authorization", "")
    signed = _SIGNED.match(given)
    found = wrong_key(signed[1] if signed else given, rules)
    if found == "missing":
        return Refusal(403, "MissingAuthenticationTokenException", "Missing Authentication Token")
    if found is not None:
        return KINDS["bad_key"]
    if PATH.fullmatch(request.path) is None:
        return Refusal(404, "UnknownOperationException", "The requested operation is not recognized by the service.")
    if request.method != "POST":
        return Refusal(405, "UnsupportedOperationException", "The method is not allowed.")
    if rules.models is not None and request.model not in rules.models:
        return Refusal(404, "ResourceNotFoundException", f"The model {request.model} was not found.")
    return _wrong_body(request.body)


def _wrong_body(body: Any) -> Refusal | None:
    if not isinstance(body, dict):
        return Refusal(400, "SerializationException", "The request body is not a JSON object.")
    found = unknown_field(body, _BODY)
    if found is not None:
        words = f"extraneous key [{found[1]}] is not permitted, please reformat your input and try again."
        return _invalid(f"Malformed input request: #{'/' if found[0] else ''}{found[0]}: {words}")
    messages = body.get("messages")
    if not isinstance(messages, list) or not messages:
        return _invalid("A conversation must start with a user message.")
    for index, message in enumerate(messages):
        refusal = _wrong_message(message, f"messages.{index}")
        if refusal is not None:
            return refusal
    return (
        _wrong_order(messages) or _wrong_tools(body, messages) or _wrong_parameter(body) or _unthought(body, messages)
    )


def _unthought(body: Mapping[str, Any], messages: list[dict[str, Any]]) -> Refusal | None:
    thinking = (body.get("additionalModelRequestFields") or {}).get("thinking") or {}
    if thinking.get("type") != "enabled":
        return None
    kinds = [(message["role"], [next(iter(block)) for block in message["content"]]) for message in messages]
    found = unthought(kinds, "toolResult", ("reasoningContent",))
    words = "The model returned the following errors: "
    return None if found is None else _invalid(words + UNTHOUGHT.format(*found))


def _wrong_message(message: Any, where: str) -> Refusal | None:
    if not isinstance(message, dict) or message.get("role") not in ("user", "assistant"):
        return _constraint(f"{where}.role", "Member must satisfy enum value set: [user, assistant]")
    content = message.get("content")
    if not isinstance(content, list) or not content:
        words = "is empty. Add a ContentBlock object to the content field and try again."
        return _invalid(f"The content field in the Message object at {where} {words}")
    for number, block in enumerate(content):
        refusal = _wrong_block(block, message["role"], f"{where}.content.{number}")
        if refusal is not None:
            return refusal
    if any("document" in block for block in content) and not any("text" in block for block in content):
        return _invalid("A text block must be included in a message that has a document.")
    return None


def _wrong_block(block: Any, role: str, where: str) -> Refusal | None:
    if not isinstance(block, dict) or len(block) != 1:
        return _invalid(f"The ContentBlock object at {where} must set one of its members.")
    kind, held = next(iter(block.items()))
    check = _CHECKS.get(kind)
    return check(held, role, where) if check is not None else None


def _wrong_text(text: Any, _role: str, where: str) -> Refusal | None:
    if str(text).strip():
        return None
    words = "is blank. Add text to the text field, and try again."
    return _invalid(f"The text field in the ContentBlock object at {where} {words}")


def _wrong_image(image: Mapping[str, Any], _role: str, where: str) -> Refusal | None:
    return _wrong_media(image, _IMAGES, where)


def _wrong_document(document: Mapping[str, Any], _role: str, where: str) -> Refusal | None:
    if not _DOCUMENT_NAME.fullmatch(str(document.get("name"))):
        words = "alphanumeric characters, whitespace characters, hyphens, parentheses, and square brackets."
        return _invalid(f"The document file name can only contain {words}")
    return _wrong_media(document, _DOCUMENTS, where)


def _wrong_media(held: Mapping[str, Any], formats: tuple[str, ...], where: str) -> Refusal | None:
    if held.get("format") not in formats:
        return _constraint(f"{where}.format", f"Member must satisfy enum value set: [{', '.join(formats)}]")
    source = held.get("source") or {}
    if "bytes" in source and not is_base64(source["bytes"]):
        return _invalid(f"The bytes field at {where}.source is not base64.")
    return None


def _wrong_use(use: Mapping[str, Any], role: str, where: str) -> Refusal | None:
    if role != "assistant":
        return _invalid(f"toolUse blocks can only be specified in an assistant message: {where}")
    if not _TOOL_ID.fullmatch(str(use.get("toolUseId"))):
        return _pattern(f"{where}.toolUse.toolUseId", _TOOL_ID)
    if not _TOOL_NAME.fullmatch(str(use.get("name"))):
        return _pattern(f"{where}.toolUse.name", _TOOL_NAME)
    if not isinstance(use.get("input"), dict):
        return _invalid(f"The format of the value at {where}.toolUse.input is invalid. Provide a json object.")
    return None


def _wrong_result(result: Mapping[str, Any], role: str, where: str) -> Refusal | None:
    if role != "user":
        return _invalid(f"toolResult blocks can only be specified in a user message: {where}")
    if not _TOOL_ID.fullmatch(str(result.get("toolUseId"))):
        return _pattern(f"{where}.toolResult.toolUseId", _TOOL_ID)
    content = result.get("content")
    if not isinstance(content, list):
        return _invalid(f"The content field at {where}.toolResult is missing.")
    if not content and result.get("status") == "error":
        words = "cannot be empty when status value is error."
        return _invalid(f"The content field at {where}.toolResult {words}")
    return next((refusal for block in content if (refusal := _wrong_given(block, where)) is not None), None)


def _wrong_given(block: Mapping[str, Any], where: str) -> Refusal | None:
    """A block of a result."""
    if "text" in block and not str(block["text"]).strip():
        words = "messages: text content blocks must contain non-whitespace text"
        return _invalid(f"The model returned the following errors: {words}")
    return _wrong_media(block["image"], _IMAGES, where) if "image" in block else None


def _wrong_reasoning(held: Mapping[str, Any], role: str, where: str) -> Refusal | None:
    told = held.get("reasoningText")
    if role != "assistant":
        return _invalid(f"reasoningContent blocks can only be specified in an assistant message: {where}")
    if told is not None and told.get("signature") != signature("bedrock", str(told.get("text"))):
        words = f"{where}: Invalid `signature` in `thinking` block"
        return _invalid(f"The model returned the following errors: {words}")
    return None


_CHECKS = {
    "text": _wrong_text,
    "image": _wrong_image,
    "document": _wrong_document,
    "toolUse": _wrong_use,
    "toolResult": _wrong_result,
    "reasoningContent": _wrong_reasoning,
}


def _wrong_order(messages: list[dict[str, Any]]) -> Refusal | None:
    roles = [message["role"] for message in messages]
    if roles[0] != "user":
        return _invalid(
            "A conversation must start with a user message. Try again with a conversation that starts with a user"
            " message."
        )
    if any(one == other for one, other in pairwise(roles)):
        return _invalid(
            "A conversation must alternate between user and assistant roles. Make sure the conversation alternates"
            " between user and assistant roles and try again."
        )
    turns = [
        Turn(
            tuple([block["toolUse"]["toolUseId"] for block in message["content"] if "toolUse" in block]),
            tuple([block["toolResult"]["toolUseId"] for block in message["content"] if "toolResult" in block]),
        )
        for message in messages
    ]
    found = unpaired(turns)
    if found is None:
        return None
    if found.orphan is not None:
        words = "exceeds the number of toolUse blocks of previous turn."
        return _invalid(f"The number of toolResult blocks at messages.{found.index}.content {words}")
    missing = ", ".join(found.unanswered)
    return _invalid(f"Expected toolResult blocks at messages.{found.index}.content for the following Ids: {missing}")


def _wrong_tools(body: Mapping[str, Any], messages: list[dict[str, Any]]) -> Refusal | None:
    tools = (body.get("toolConfig") or {}).get("tools")
    used = any("toolUse" in block or "toolResult" in block for message in messages for block in message["content"])
    if used and not tools:
        words = "when using toolUse and toolResult content blocks."
        return _invalid(f"The toolConfig field must be defined {words}")
    for index, tool in enumerate(tools or ()):
        told = tool.get("toolSpec")
        if told is not None and not _TOOL_NAME.fullmatch(str(told.get("name"))):
            return _pattern(f"toolConfig.tools.{index}.member.toolSpec.name", _TOOL_NAME)
        if told is not None and not isinstance((told.get("inputSchema") or {}).get("json"), dict):
            return _invalid(f"The value at toolConfig.tools.{index}.toolSpec.inputSchema.json must be an object.")
    return None


def _wrong_parameter(body: Mapping[str, Any]) -> Refusal | None:
    config = body.get("inferenceConfig") or {}
    heat = config.get("temperature")
    if heat is not None and not 0 <= heat <= 1:
        return _constraint("inferenceConfig.temperature", "Member must have value less than or equal to 1")
    limit = config.get("maxTokens")
    if limit is not None and limit < 1:
        return _constraint("inferenceConfig.maxTokens", "Member must have value greater than or equal to 1")
    return None


def _pattern(where: str, pattern: re.Pattern[str]) -> Refusal:
    return _constraint(where, f"Member must satisfy regular expression pattern: {pattern.pattern}")


def _constraint(where: str, words: str) -> Refusal:
    return _invalid(f"1 validation error detected: Value at '{where}' failed to satisfy constraint: {words}")


def _invalid(message: str) -> Refusal:
    return Refusal(400, INVALID, message)
