"""What the events say, as attributes of spans and metrics. Pure: from values to dicts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from agentsea_gateway.integrations import genai_conventions as names

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from agentsea_gateway.request import Request
    from agentsea_gateway.response import Response
    from agentsea_gateway.route import Attempt
    from agentsea_gateway.telemetry import RouteStop

Attributes = dict[str, Any]


def of_request(request: Request, *, streaming: bool) -> Attributes:
    """What was asked for, as far as the call itself said it; no prompt."""
    options = request.options
    found: Attributes = {names.OPERATION: names.CHAT}
    if streaming:
        found[names.REQUEST_STREAM] = True
    for option, name in names.REQUEST_OPTIONS.items():
        if option in options:
            found[name] = options[option]
    if "stop" in options:
        stop = options["stop"]
        found[names.REQUEST_STOP] = [stop] if isinstance(stop, str) else [*stop]
    if "response_format" in options:
        found[names.OUTPUT_TYPE] = "json"
    return found


def of_model(attempt: Attempt | None) -> Attributes:
    """Who was asked, and for which model."""
    if attempt is None:
        return {}
    provider = names.PROVIDERS.get(attempt.provider, attempt.provider)
    return _known({names.PROVIDER: provider, names.REQUEST_MODEL: attempt.model})


def of_end(event: RouteStop) -> Attributes:
    """How a route ended, and what was served."""
    route = event.route
    found = {
        **of_model(route.attempts[-1] if route.attempts else None),
        names.CANDIDATE: event.provider,
        names.OUTCOME: event.outcome,
        names.STRATEGY: route.strategy,
        names.ATTEMPTS: event.attempts,
        names.SKIPPED: [skipped.candidate for skipped in route.skipped] or None,
        names.CACHED: route.cached_at is not None or None,
        names.ERROR: event.error if event.outcome == "error" else None,
    }
    return _known(found) | (of_response(event.response) if event.response is not None else {})


def of_response(response: Response) -> Attributes:
    """What a response says of itself; no content."""
    reason = response.stop_reason
    found = {
        names.RESPONSE_ID: response.id,
        names.RESPONSE_MODEL: response.model,
        names.FINISH_REASONS: [names.FINISHES.get(reason, reason) if reason is not None else "error"],
        names.COST: None if response.cost is None else float(response.cost),
    }
    return _known(found) | _known({name: getattr(response.usage, ours) for ours, name in names.USAGE.items()})


def of_attempt(attempt: Attempt) -> Attributes:
    """One attempt; without an operation name, so that nobody takes it for a call of its own."""
    found = {
        **of_model(attempt),
        names.CANDIDATE: attempt.candidate,
        names.OUTCOME: attempt.outcome,
        names.ERROR: attempt.error,
        names.STATUS_CODE: attempt.status_code,
        names.PATIENCE: attempt.patience,
        names.FIRST_CHUNK: seconds(attempt.first_token_ms),
    }
    return _known(found)


def seconds(milliseconds: float | None) -> float | None:
    """Seconds, where it is known."""
    return None if milliseconds is None else milliseconds / 1000


def _known(found: Mapping[str, Any]) -> Attributes:
    return {name: value for name, value in found.items() if value is not None}


# -- content, for who asks for it --------------------------------------------------------------------------------------


def messages_of(messages: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The conversation in the conventions' shape (its JSON schema for input messages); media by its kind alone."""
    return [{"role": message.get("role", "user"), "parts": _parts(message)} for message in messages]


def answer_of(response: Response) -> list[dict[str, Any]]:
    """The answer in the conventions' shape."""
    reason = response.stop_reason
    finish = names.FINISHES.get(reason, reason) if reason is not None else "error"
    return [{"role": "assistant", "parts": _parts(response.message), "finish_reason": finish}]


def _parts(message: Mapping[str, Any]) -> list[dict[str, Any]]:
    content = message.get("content")
    if message.get("role") == "tool":
        return [{"type": "tool_call_response", "id": message.get("tool_call_id"), "response": content}]
    blocks = [{"type": "text", "text": content}] if isinstance(content, str) else content or []
    parts = [
        {"type": "text", "content": block.get("text", "")} if block.get("type") == "text" else {"type": block["type"]}
        for block in blocks
        if block.get("type") != "text" or block.get("text")
    ]
    for call in message.get("tool_calls") or ():
        function = call["function"]
        facts = {"id": call.get("id"), "name": function["name"], "arguments": function["arguments"]}
        parts.append({"type": "tool_call", **facts})
    return parts
