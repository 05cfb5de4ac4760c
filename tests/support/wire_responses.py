"""What a recorded exchange of the Responses API says, read in the plainest way, and when two requests say the same."""

from __future__ import annotations

import json
from typing import Any

from agentsea_gateway.response import Response

DEFAULTS = {
    "store": True,
    "stream": False,
    "truncation": "disabled",
    "parallel_tool_calls": True,
    "tool_choice": "auto",
    "background": False,
    "service_tier": "auto",
    "text": {"format": {"type": "text"}},
}


def same_request(body: dict[str, Any]) -> dict[str, Any]:
    """A request body without the differences that do not count."""
    body = {key: value for key, value in body.items() if value != DEFAULTS.get(key, ...)}
    given = body.pop("input", None) or []
    items = [{"role": "user", "content": given}] if isinstance(given, str) else given
    if body.get("instructions"):
        items = [{"role": "system", "content": body.pop("instructions")}, *items]
    body["input"] = [_item(dict(item)) for item in items]
    if "include" in body:
        body["include"] = sorted(body["include"])
    if "tools" in body:
        body["tools"] = [_tool(tool) for tool in body["tools"]]
    return body


def _tool(tool: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in tool.items() if value is not None and (key, value) != ("strict", True)}


def _item(item: dict[str, Any]) -> dict[str, Any]:
    item = {key: value for key, value in item.items() if value is not None and key not in ("id", "status")}
    item.setdefault("type", "message")
    for name in ("content", "output"):
        if name in item:
            item[name] = _parts(item[name])
    if "arguments" in item:
        item["arguments"] = json.loads(item["arguments"] or "{}")
    return item


def _parts(content: Any) -> list[Any]:
    parts = [{"type": "text", "text": content}] if isinstance(content, str) else content
    return [_part(part) for part in parts]


def _part(part: dict[str, Any]) -> dict[str, Any]:
    kind = {"input_text": "text", "output_text": "text"}.get(part["type"], part["type"])
    return {**{key: value for key, value in part.items() if value != []}, "type": kind}


def expect_response(body: dict[str, Any], response: Response) -> None:
    """Every field of an answer."""
    text = refusal = thinking = ""
    calls, cited = [], []
    for item in body["output"]:
        if item["type"] == "message":
            for part in item["content"]:
                text += part.get("text", "")
                refusal += part.get("refusal", "")
                cited += part.get("annotations") or []
        elif item["type"] == "reasoning":
            thinking += "".join(part["text"] for part in [*item["summary"], *(item.get("content") or ())])
            secret = item.get("encrypted_content")
            assert not secret or secret in json.dumps(response.message)
        elif item["type"] == "function_call":
            calls.append((item["call_id"], item["name"], item["arguments"]))
        else:
            assert item["type"] == "web_search_call"
    assert (response.content, response.thinking) == (text, thinking or None)
    assert (response.refusal or "") == refusal
    assert list(response.citations) == cited
    assert [(call.id, call.name, call.raw_arguments) for call in response.tool_calls] == calls
    assert [call.arguments for call in response.tool_calls] == [
        json.loads(arguments or "{}") for *_, arguments in calls
    ]
    assert body["status"] == "completed"
    assert response.stop_reason == ("tool_use" if calls else "stop")
    assert (response.id, response.model) == (body["id"], body["model"])
    usage = body["usage"]
    assert response.usage.input_tokens == usage["input_tokens"]
    assert response.usage.output_tokens == usage["output_tokens"] == usage["total_tokens"] - usage["input_tokens"]
    assert response.usage.cached_tokens == usage["input_tokens_details"]["cached_tokens"]
    assert response.usage.cache_write_tokens == usage["input_tokens_details"].get("cache_write_tokens")
    assert response.usage.reasoning_tokens == usage["output_tokens_details"]["reasoning_tokens"]


def expect_stream(events: list[dict[str, Any]], response: Response) -> None:
    """The whole answer stands in the last event, and once more in the deltas."""
    assert events[-1]["type"] == "response.completed"
    expect_response(events[-1]["response"], response)
    assert response.content == "".join(
        event["delta"] for event in events if event["type"] == "response.output_text.delta"
    )
    kinds = ("response.reasoning_text.delta", "response.reasoning_summary_text.delta")
    assert (response.thinking or "") == "".join(event["delta"] for event in events if event["type"] in kinds)
