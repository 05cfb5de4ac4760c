"""What a recorded exchange with Bedrock says, read in the plainest way, and when two requests say the same."""

from __future__ import annotations

import json
from base64 import b64decode
from typing import Any

from agentsea_gateway.response import Response
from support.event_stream import cut, kind_and_payload

STOPS = {"end_turn": "stop", "tool_use": "tool_use", "max_tokens": "length", "stop_sequence": "stop"}


def same_request(body: dict[str, Any]) -> dict[str, Any]:
    """A request body without the differences that do not count."""
    turns: list[dict[str, Any]] = []
    for turn in body["messages"]:
        blocks = [_block(block) for block in turn["content"]]
        if turns and turns[-1]["role"] == turn["role"]:
            turns[-1]["content"] += blocks
        else:
            turns.append({"role": turn["role"], "content": blocks})
    body["messages"] = turns
    held = body.get("outputConfig", {}).get("textFormat", {}).get("structure", {}).get("jsonSchema")
    if held and isinstance(held["schema"], str):
        held["schema"] = json.loads(held["schema"])
    for tool in body.get("toolConfig", {}).get("tools", ()):
        if tool.get("toolSpec", {}).get("strict") is False:  # as if it were not there
            del tool["toolSpec"]["strict"]
    return body


def _block(block: dict[str, Any]) -> dict[str, Any]:
    result = block.get("toolResult")
    if result is None:
        return block
    content = [{"text": json.dumps(each["json"])} if "json" in each else each for each in result["content"]]
    found = {**result, "content": content}
    if found.get("status") == "success":
        del found["status"]
    return {"toolResult": found}


def expect_answer(body: dict[str, Any], response: Response) -> None:
    """Every field of an answer."""
    blocks = body["output"]["message"]["content"]
    text = thinking = ""
    calls, cited = [], []
    for block in blocks:
        ((kind, held),) = block.items()
        if kind == "text":
            text += held
        elif kind == "reasoningContent":
            thinking += held.get("reasoningText", {}).get("text", "")
        elif kind == "citationsContent":
            text += "".join(each["text"] for each in held.get("content", ()))
            cited += held.get("citations", ())
        elif kind == "toolUse" and held.get("type") != "server_tool_use":
            calls.append(held)
    assert response.content == text
    assert response.thinking == (thinking or None)
    assert [(call.id, call.name, call.arguments) for call in response.tool_calls] == [
        (call["toolUseId"], call["name"], call["input"]) for call in calls
    ]
    assert [json.loads(call.raw_arguments) for call in response.tool_calls] == [call["input"] for call in calls]
    assert list(response.citations) == cited
    assert response.stop_reason == STOPS[body["stopReason"]]
    assert (response.id, response.model) == (None, None)
    usage = body["usage"]
    cached, written = usage.get("cacheReadInputTokens"), usage.get("cacheWriteInputTokens")
    assert response.usage.input_tokens == usage["inputTokens"] + (cached or 0) + (written or 0)
    assert response.usage.total_tokens == usage["totalTokens"]
    assert (response.usage.cached_tokens, response.usage.cache_write_tokens) == (cached, written)


def events(reply: dict[str, Any]) -> list[tuple[str, Any]]:
    """What the events of a recorded stream say."""
    return [kind_and_payload(data) for data in cut(b64decode(reply["body_b64"]))]


def expect_stream(said: list[tuple[str, Any]], response: Response) -> None:
    """The same, put together from the deltas."""
    blocks: dict[int, dict[str, Any]] = {}
    body: dict[str, Any] = {}
    for kind, event in said:
        event.pop("p", None)
        if kind == "contentBlockStart":
            blocks[event["contentBlockIndex"]] = {kind: {**held} for kind, held in event["start"].items()}
        elif kind == "contentBlockDelta":
            block = blocks.setdefault(event["contentBlockIndex"], {})
            _add(block, event["delta"])
        elif kind in ("messageStop", "metadata"):
            body |= event
    content = []
    for block in blocks.values():
        if "toolUse" in block:
            block["toolUse"]["input"] = json.loads(block["toolUse"].get("input", "{}"))
        if "citations" in block:
            told = [{"text": block["text"]}] if "text" in block else []
            content.append({"citationsContent": {"content": told, "citations": block["citations"]}})
        else:
            content.append(block)
    expect_answer({**body, "output": {"message": {"content": content}}}, response)


def _add(block: dict[str, Any], delta: dict[str, Any]) -> None:
    ((kind, held),) = delta.items()
    if kind == "text":
        block["text"] = block.get("text", "") + held
    elif kind == "toolUse":
        block["toolUse"]["input"] = block["toolUse"].get("input", "") + held["input"]
    elif kind == "citation":
        block.setdefault("citations", []).append(held)
    elif kind == "reasoningContent":
        told = block.setdefault("reasoningContent", {}).setdefault("reasoningText", {})
        for key, value in held.items():
            told[key] = told.get(key, "") + value
    else:
        block.setdefault(kind, {}).setdefault("content", []).extend(held)


def goes_back(response: Response, sent: str) -> None:
    """What was signed is in the request that has the message in its history."""
    for block in response.raw["output"]["message"]["content"]:
        reasoning = block.get("reasoningContent", {})
        for secret in (reasoning.get("reasoningText", {}).get("signature"), reasoning.get("redactedContent")):
            assert not secret or json.dumps(secret) in sent
