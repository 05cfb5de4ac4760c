"""What a recorded exchange of the Gemini API says, read in the plainest way, and when two requests say the same."""

from __future__ import annotations

import json
import re
from typing import Any

from agentsea_gateway.response import Response

# Inside these, names are not Google's.
FOREIGN = ("args", "response", "parameters", "parametersJsonSchema", "responseSchema", "responseJsonSchema")


def same_request(body: dict[str, Any]) -> dict[str, Any]:
    """A request body without the differences that do not count."""
    body = camel(body)
    body.pop("model", None)
    contents: list[dict[str, Any]] = []
    for content in body["contents"]:
        role = "model" if content.get("role") == "model" else "user"
        if contents and contents[-1]["role"] == role:
            contents[-1]["parts"] += content["parts"]
        else:
            contents.append({"role": role, "parts": [*content["parts"]]})
    body["contents"] = contents
    if "systemInstruction" in body:
        body["systemInstruction"] = body["systemInstruction"]["parts"]
    declared = []
    for tool in body.get("tools", ()):
        declared += [lower(each) for each in tool.pop("functionDeclarations", ())]
    if "tools" in body:
        body["tools"] = [tool for tool in body["tools"] if tool] + declared
    config = body.get("generationConfig", {})
    if "responseSchema" in config:
        config["responseJsonSchema"] = config.pop("responseSchema")
    if "responseJsonSchema" in config:
        config["responseJsonSchema"] = lower(config["responseJsonSchema"])
    return body


def camel(value: Any) -> Any:
    if isinstance(value, list):
        return [camel(each) for each in value]
    if not isinstance(value, dict):
        return value
    named = {re.sub("_([a-z])", lambda match: match[1].upper(), key): each for key, each in value.items()}
    return {key: each if key in FOREIGN else camel(each) for key, each in named.items() if each is not None}


def lower(schema: Any) -> Any:
    """A schema or declaration with the names of types in lower case."""
    if isinstance(schema, list):
        return [lower(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    return {
        key: each.lower() if key == "type" and isinstance(each, str) else lower(each) for key, each in schema.items()
    }


def expect_answer(body: dict[str, Any], response: Response) -> None:
    """Every field of an answer."""
    (candidate,) = body["candidates"]
    parts = candidate["content"]["parts"]
    texts = [part for part in parts if "text" in part]
    assert response.content == "".join(part["text"] for part in texts if not part.get("thought"))
    assert (response.thinking or "") == "".join(part["text"] for part in texts if part.get("thought"))
    calls = [part["functionCall"] for part in parts if "functionCall" in part]
    ids = [call.get("id", f"call_{number}") for number, call in enumerate(calls)]
    assert [call.id for call in response.tool_calls] == ids
    assert [(call.name, call.arguments) for call in response.tool_calls] == [
        (call["name"], call["args"]) for call in calls
    ]
    assert [json.loads(call.raw_arguments) for call in response.tool_calls] == [call["args"] for call in calls]
    for part in parts:
        if part.get("thoughtSignature"):
            assert part["thoughtSignature"] in json.dumps(response.message)
    assert candidate["finishReason"] == "STOP"
    assert response.stop_reason == ("tool_use" if calls else "stop")
    assert (response.id, response.model) == (body["responseId"], body["modelVersion"])
    cited = candidate.get("citationMetadata", {}).get("citations", [])
    grounded = candidate.get("groundingMetadata", {}).get("groundingChunks", [])
    assert list(response.citations) == [each for each in [*cited, *grounded] if each]
    expect_usage(body["usageMetadata"], response)


def expect_usage(usage: dict[str, Any], response: Response) -> None:
    """Everything that was read and written, thoughts and the server's own tools included: the total shows it."""
    assert response.usage.total_tokens == usage["totalTokenCount"]
    assert response.usage.input_tokens == usage["promptTokenCount"] + usage.get("toolUsePromptTokenCount", 0)
    assert response.usage.cached_tokens == usage.get("cachedContentTokenCount")
    assert response.usage.reasoning_tokens == usage.get("thoughtsTokenCount")


def expect_stream(events: list[dict[str, Any]], response: Response) -> None:
    """Every field of a stream's answer: the parts of all events, the rest of the last."""
    parts = [part for event in events for part in event["candidates"][0]["content"]["parts"]]
    candidate = {**events[-1]["candidates"][0], "content": {"parts": parts}}
    expect_answer({**events[-1], "candidates": [candidate]}, response)
