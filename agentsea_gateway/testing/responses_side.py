"""OpenAI's Responses API as the vendor's server speaks it.

Source: OpenAI API reference, "Responses" (create, input items, streaming events), and documentation, "Reasoning"
(encrypted reasoning items) and "Conversation state", as of 2026-11; the framing follows what the API sends.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from agentsea_gateway.testing.checks import signature
from agentsea_gateway.testing.counting import counted
from agentsea_gateway.testing.openai_side import CREATED, OpenAISide
from agentsea_gateway.testing.replies import arguments_of, pieces
from agentsea_gateway.testing.responses_refusals import ENCRYPTED, refusal_of
from agentsea_gateway.testing.side import event

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from agentsea_gateway.testing.recorded import Request
    from agentsea_gateway.testing.replies import Reply
    from agentsea_gateway.testing.side import Refusal, Rules
    from agentsea_gateway.testing.wire import Frame

_STATUS = {"length": "incomplete", "content_filter": "incomplete"}
_REASON = {"length": {"reason": "max_output_tokens"}, "content_filter": {"reason": "content_filter"}}


class ResponsesSide(OpenAISide):
    """The server's side of "openai_responses". Errors, keys and headers are those of chat completions."""

    NAME = "openai_responses"

    def speaks(self, headers: Mapping[str, str]) -> bool:
        return False

    def refusal(self, request: Request, headers: Mapping[str, str], rules: Rules) -> Refusal | None:
        return refusal_of(request, headers, rules)

    def plain(self, reply: Reply, request: Request, ident: str) -> dict[str, Any]:
        return _whole(reply, request, ident, [item for item, _ in _items(reply, request, ident)])

    def stream(self, reply: Reply, request: Request, ident: str) -> Iterator[Frame]:
        begun = _envelope(reply, request, ident) | {"status": "in_progress", "output": [], "usage": None}
        numbers = iter(range(10**9))

        def told(kind: str, fields: dict[str, Any], content: bool = False) -> Frame:
            return event(f"response.{kind}", {**fields, "sequence_number": next(numbers)}, content)

        yield told("created", {"response": begun})
        yield told("in_progress", {"response": begun})
        items = []
        for index, (item, steps) in enumerate(_items(reply, request, ident)):
            items.append(item)
            place = {"output_index": index}
            yield told("output_item.added", {**place, "item": _opened(item)}, content=item["type"] == "function_call")
            for kind, fields, content in steps:
                yield told(kind, {"item_id": item["id"], **place, **fields}, content)
            yield told("output_item.done", {**place, "item": item})
        whole = _whole(reply, request, ident, items)
        yield told(whole["status"], {"response": whole})

    def error_frame(self, refusal: Refusal, request_id: str) -> Frame:
        told = {"code": refusal.code or refusal.type, "message": refusal.message, "param": refusal.param}
        return event("error", {**told, "sequence_number": 0})


def _envelope(reply: Reply, request: Request, ident: str) -> dict[str, Any]:
    asked = request.body
    return {
        "id": reply.id or f"resp_{ident}",
        "object": "response",
        "created_at": CREATED,
        "status": "completed",
        "error": None,
        "incomplete_details": None,
        "instructions": asked.get("instructions"),
        "metadata": asked.get("metadata") or {},
        "model": reply.model or request.model,
        "output": [],
        "parallel_tool_calls": asked.get("parallel_tool_calls", True),
        "store": asked.get("store") is not False,
        "temperature": asked.get("temperature", 1.0),
        "text": asked.get("text") or {"format": {"type": "text"}},
        "tool_choice": asked.get("tool_choice", "auto"),
        "tools": asked.get("tools") or [],
        "top_p": asked.get("top_p", 1.0),
        "truncation": "disabled",
    }


def _whole(reply: Reply, request: Request, ident: str, items: list[dict[str, Any]]) -> dict[str, Any]:
    found = counted(reply, request)
    return _envelope(reply, request, ident) | {
        "status": _STATUS.get(reply.stopped_by, "completed"),
        "incomplete_details": _REASON.get(reply.stopped_by),
        "output": items,
        "usage": {
            "input_tokens": found.read,
            "input_tokens_details": {"cached_tokens": found.cached},
            "output_tokens": found.written,
            "output_tokens_details": {"reasoning_tokens": found.reasoned},
            "total_tokens": found.read + found.written,
        },
    }


_Steps = list[tuple[str, dict[str, Any], bool]]


def _items(reply: Reply, request: Request, ident: str) -> Iterator[tuple[dict[str, Any], _Steps]]:
    """The items of an answer, in order: each whole, with the events between its first and its last one."""
    if reply.thinking is not None:
        yield _reasoning(reply, request, ident)
    if reply.text or not reply.tool_calls:
        yield _message(reply, ident)
    for index, call in enumerate(reply.tool_calls):
        arguments = arguments_of(call)
        item = {"id": f"fc_{ident}_{index}", "type": "function_call", "status": "completed", "arguments": arguments}
        steps: _Steps = [("function_call_arguments.delta", {"delta": piece}, True) for piece in pieces(arguments, 3)]
        steps.append(("function_call_arguments.done", {"arguments": arguments}, False))
        yield item | {"call_id": call.id or f"call_{ident}_{index}", "name": call.name}, steps


def _reasoning(reply: Reply, request: Request, ident: str) -> tuple[dict[str, Any], _Steps]:
    thinking = reply.thinking or ""
    part = {"type": "summary_text", "text": thinking}
    name = f"rs_{ident}"
    item: dict[str, Any] = {"id": name, "type": "reasoning", "summary": [part] if thinking else []}
    if ENCRYPTED in (request.body.get("include") or ()):
        item["encrypted_content"] = signature("openai", name, thinking)
    if not thinking:
        return item, []
    at = {"summary_index": 0}
    steps: _Steps = [("reasoning_summary_part.added", {**at, "part": part | {"text": ""}}, False)]
    steps += [("reasoning_summary_text.delta", {**at, "delta": each}, True) for each in pieces(thinking, reply.chunks)]
    steps.append(("reasoning_summary_text.done", {**at, "text": thinking}, False))
    return item, [*steps, ("reasoning_summary_part.done", {**at, "part": part}, False)]


def _message(reply: Reply, ident: str) -> tuple[dict[str, Any], _Steps]:
    part = {"type": "output_text", "text": reply.text, "annotations": [], "logprobs": []}
    item = {"id": f"msg_{ident}", "type": "message", "status": "completed", "content": [part], "role": "assistant"}
    at = {"content_index": 0}
    steps: _Steps = [("content_part.added", {**at, "part": part | {"text": ""}}, False)]
    steps += [
        ("output_text.delta", {**at, "delta": each, "logprobs": []}, True) for each in pieces(reply.text, reply.chunks)
    ]
    steps.append(("output_text.done", {**at, "text": reply.text, "logprobs": []}, False))
    return item, [*steps, ("content_part.done", {**at, "part": part}, False)]


def _opened(item: dict[str, Any]) -> dict[str, Any]:
    """An item as its first event has it: without what the next ones bring."""
    empty: dict[str, Any] = {"content": [], "summary": [], "arguments": "", "status": "in_progress"}
    return {name: empty.get(name, value) for name, value in item.items()}
