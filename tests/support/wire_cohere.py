"""What a recorded exchange with Cohere says, read in the plainest way, and when two requests say the same."""

from __future__ import annotations

import json
from typing import Any

from agentsea_gateway.response import Response

STOPS = {"COMPLETE": "stop", "TOOL_CALL": "tool_use", "MAX_TOKENS": "length"}


def same_request(body: dict[str, Any]) -> dict[str, Any]:
    """A request body without the differences that do not count."""
    if body.get("stream") is False:
        del body["stream"]
    if "tool_choice" in body:
        body["tool_choice"] = body["tool_choice"].upper()
    return {**body, "messages": [_message(dict(message)) for message in body["messages"]]}


def _message(message: dict[str, Any]) -> dict[str, Any]:
    content = message.get("content") or []
    parts = [{"type": "text", "text": content}] if isinstance(content, str) else content
    message["content"] = [part for part in parts if part.get("text", ...) != ""]
    if message.get("tool_calls"):
        message["tool_calls"] = [_call(call) for call in message["tool_calls"]]
    return message


def _call(call: dict[str, Any]) -> dict[str, Any]:
    function = call["function"]
    return {**call, "function": {**function, "arguments": json.loads(function["arguments"] or "{}")}}


def expect_answer(body: dict[str, Any], response: Response) -> None:
    """Every field of an answer."""
    message = body["message"]
    parts = message.get("content") or []
    assert response.content == "".join(part.get("text", "") for part in parts)
    thinking = "".join(part.get("thinking", "") for part in parts) + (message.get("tool_plan") or "")
    assert response.thinking == (thinking or None)
    calls = message.get("tool_calls") or ()
    assert [(call.id, call.name, call.raw_arguments) for call in response.tool_calls] == [
        (call["id"], call["function"]["name"], call["function"]["arguments"] or "{}") for call in calls
    ]
    assert [call.arguments for call in response.tool_calls] == [
        json.loads(call["function"]["arguments"] or "{}") for call in calls
    ]
    assert list(response.citations) == (message.get("citations") or [])
    assert response.stop_reason == STOPS[body["finish_reason"]]
    assert (response.id, response.model) == (body["id"], None)
    usage, tokens = body["usage"], body["usage"]["tokens"]
    assert response.usage.input_tokens == tokens["input_tokens"] + tokens.get("image_tokens", 0)
    assert response.usage.output_tokens == tokens["output_tokens"]
    assert response.usage.cached_tokens == usage["cached_tokens"]
    assert response.usage.reasoning_tokens == tokens.get("reasoning_tokens")
    assert json.dumps(message.get("tool_plan") or "")[1:-1] in json.dumps(response.message)


def expect_stream(events: list[dict[str, Any]], response: Response) -> None:
    """The same, put together from the deltas."""
    body: dict[str, Any] = {"message": {"tool_plan": "", "citations": []}}
    message = body["message"]
    parts: dict[int, dict[str, Any]] = {}
    calls: dict[int, dict[str, Any]] = {}
    for event in events:
        delta = event.get("delta") or {}
        said = delta.get("message") or {}
        if event["type"] == "message-start":
            body["id"] = event["id"]
        elif event["type"] == "message-end":
            body |= delta
        elif event["type"] == "tool-plan-delta":
            message["tool_plan"] += said["tool_plan"]
        elif event["type"] == "tool-call-start":
            calls[event["index"]] = json.loads(json.dumps(said["tool_calls"]))
        elif event["type"] == "tool-call-delta":
            calls[event["index"]]["function"]["arguments"] += said["tool_calls"]["function"]["arguments"]
        elif event["type"] == "citation-start":
            message["citations"].append(said["citations"])
        elif event["type"] in ("content-start", "content-delta"):
            part = parts.setdefault(event["index"], {})
            for key in ("text", "thinking"):
                if key in said["content"]:
                    part[key] = part.get(key, "") + said["content"][key]
    expect_answer(
        {**body, "message": {**message, "content": [*parts.values()], "tool_calls": [*calls.values()]}}, response
    )
