"""Recorded exchanges of real providers, read in place beside the checkout, and when two requests say the same."""

from __future__ import annotations

import gzip
import json
from base64 import b64decode
from functools import cache
from pathlib import Path
from typing import Any

from support.wire_bedrock import same_request as same_bedrock
from support.wire_cohere import same_request as same_cohere
from support.wire_gemini import same_request as same_gemini
from support.wire_responses import same_request

FOLDER = Path(__file__).resolve().parents[2].parent / "shared" / "wire"
WHY_SKIPPED = "the folder ../shared/wire with the recorded exchanges is not here"
# `kind` of a recording -> the dialect that speaks it. Cohere's chat is a format of its own; Mistral's is OpenAI's too,
# and so it is read by both.
DIALECTS = {
    "chat": "openai_chat",
    "messages": "anthropic_messages",
    "responses": "openai_responses",
    "generateContent": "gemini",
    "cohere": "cohere_chat",
    "converse": "bedrock_converse",
    "mistral": "mistral_chat",
}
BINARY = ("converse",)  # kinds whose streams are no server-sent events


@cache
def recordings(kind: str) -> tuple[dict[str, Any], ...]:
    """All recorded exchanges of this kind; none where the folder is absent."""
    found = []
    for path in sorted(FOLDER.glob("*.jsonl.gz")):
        with gzip.open(path, "rt", encoding="utf-8") as lines:
            found += [case for case in map(json.loads, lines) if kind in _kinds(case)]
    return tuple(found)


def _kinds(case: dict[str, Any]) -> tuple[str, ...]:
    if case["kind"] != "chat" or case["provider"] not in ("cohere", "mistral"):
        return (case["kind"],)
    return ("cohere",) if case["provider"] == "cohere" else ("chat", "mistral")


def answered(kind: str, *, stream: bool) -> list[dict[str, Any]]:
    """The recordings with a good answer, plain or as a stream."""
    key = "body" if not stream else "body_b64" if kind in BINARY else "raw"
    return [case for case in recordings(kind) if case["response"]["status"] == 200 and key in case["response"]]


def stream_bytes(reply: dict[str, Any]) -> bytes:
    """A recorded stream; server-sent events with LF."""
    return b64decode(reply["body_b64"]) if "body_b64" in reply else reply["raw"].replace("\r\n", "\n").encode()


def data_events(raw: str) -> list[dict[str, Any]]:
    """The JSON objects in a recorded stream's data lines."""
    lines = raw.replace("\r\n", "\n").split("\n")
    data = [line.removeprefix("data:").strip() for line in lines if line.startswith("data:")]
    return [json.loads(text) for text in data if text and text != "[DONE]"]


def same_form(kind: str, body: dict[str, Any], model: bool = True) -> Any:
    """A request body without the differences that do not count; two that say the same are equal afterwards."""
    forms = {
        "chat": _chat,
        "messages": _messages,
        "responses": same_request,
        "generateContent": same_gemini,
        "cohere": same_cohere,
        "converse": same_bedrock,
        "mistral": _chat,
    }
    plain = forms[kind](_without_nulls(body))
    if not model:
        plain.pop("model", None)
    return plain


def _without_nulls(value: dict[str, Any]) -> dict[str, Any]:
    return {key: each for key, each in value.items() if each is not None}


def _parts(content: Any) -> Any:
    if isinstance(content, str):
        return [{"type": "text", "text": content}] if content else []
    return content or []


def _chat(body: dict[str, Any]) -> dict[str, Any]:
    if "max_completion_tokens" in body:
        body["max_tokens"] = body.pop("max_completion_tokens")
    if isinstance(body.get("reasoning"), dict) and body["reasoning"].keys() == {"effort"}:
        body["reasoning_effort"] = body.pop("reasoning")["effort"]
    if body.get("tool_choice") == "any":
        body["tool_choice"] = "required"
    if isinstance(body.get("stop"), str):
        body["stop"] = [body["stop"]]
    if body.get("stream_options") == {"include_usage": True}:
        del body["stream_options"]
    if body.get("stream") is False:
        del body["stream"]
    body["messages"] = [_chat_message(_without_nulls(message)) for message in body["messages"]]
    if "tools" in body:
        body["tools"] = [_chat_tool(tool) for tool in body["tools"]]
    return body


def _chat_message(message: dict[str, Any]) -> dict[str, Any]:
    if message["role"] == "developer":
        message["role"] = "system"
    parts = _parts(message.pop("content", None))
    message["content"] = [_chat_part(dict(part)) for part in parts]
    if message.get("tool_calls"):
        message["tool_calls"] = [_chat_call(call) for call in message["tool_calls"]]
    return message


def _chat_part(part: dict[str, Any]) -> dict[str, Any]:
    image = part.get("image_url")
    if image is not None:
        image = {"url": image} if isinstance(image, str) else dict(image)
        if image.get("detail") == "auto":
            del image["detail"]
        part["image_url"] = image
    return part


def _chat_call(call: dict[str, Any]) -> dict[str, Any]:
    if "function" not in call:  # run by the host itself
        return call
    function = dict(call["function"])
    function["arguments"] = json.loads(function["arguments"] or "{}")
    return {**call, "function": function}


def _chat_tool(tool: dict[str, Any]) -> dict[str, Any]:
    function = _without_nulls(tool.get("function", {}))
    if function.get("strict") is False:
        del function["strict"]
    if function.get("parameters") in ({}, {"type": "object", "properties": {}}):
        del function["parameters"]
    return {**tool, "function": function}


def _messages(body: dict[str, Any]) -> dict[str, Any]:
    if body.get("stream") is False:
        del body["stream"]
    if "system" in body:
        body["system"] = _parts(body["system"])
    turns: list[dict[str, Any]] = []
    for turn in body["messages"]:
        blocks = [_block(_without_nulls(block)) for block in _parts(turn["content"])]
        if turns and turns[-1]["role"] == turn["role"]:
            turns[-1]["content"] += blocks
        else:
            turns.append({"role": turn["role"], "content": blocks})
    body["messages"] = turns
    if "tools" in body:
        body["tools"] = [
            {key: value for key, value in tool.items() if (key, value) != ("type", "custom")} for tool in body["tools"]
        ]
    return body


def _block(block: dict[str, Any]) -> dict[str, Any]:
    if block["type"] == "tool_result":
        block["content"] = _parts(block.get("content"))
        if block.get("is_error") is False:
            del block["is_error"]
    return block
