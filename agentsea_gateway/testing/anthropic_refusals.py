"""What Anthropic's messages API refuses, and in which words.

Source: Anthropic API documentation, "Messages", "Errors", "Versions", "Authentication" and "Extended thinking", as of
2026-11. API versions 2023-06-01 and 2026-10-21: the newer one refuses sampling parameters, documents of the assistant
and citations of the user. What only some models refuse (prefill, a thinking budget) is accepted.
"""

from __future__ import annotations

import re
from base64 import b64encode
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from agentsea_gateway.testing.checks import UNTHOUGHT, unthought
from agentsea_gateway.testing.side import Refusal

if TYPE_CHECKING:
    from collections.abc import Mapping

    from agentsea_gateway.testing.recorded import Request
    from agentsea_gateway.testing.side import ErrorKind, Rules

MESSAGES, MODELS = "/v1/messages", "/v1/models"
VERTEX = re.compile(
    r"/v1/projects/[^/]+/locations/[^/]+/publishers/anthropic/models/(?P<model>[^/:]+):(?:rawPredict|streamRawPredict)"
)
OLD_AT_GOOGLE = "vertex-2023-10-16"
INVALID = "invalid_request_error"
OLD, NEW = "2023-06-01", "2026-10-21"
SAMPLING = ("temperature", "top_p", "top_k")
MIN_BUDGET = 1024
TOOL_ID = re.compile(r"[a-zA-Z0-9_-]+")
KINDS: dict[ErrorKind, Refusal] = {
    "bad_key": Refusal(401, "authentication_error", "invalid x-api-key"),
    "no_permission": Refusal(403, "permission_error", "Your API key does not have permission to use this resource."),
    "model_not_found": Refusal(404, "not_found_error", "model: not found"),
    "quota": Refusal(400, INVALID, "Your credit balance is too low to access the Anthropic API."),
    "rate_limit": Refusal(429, "rate_limit_error", "This request would exceed your organization's rate limit."),
    "context_window": Refusal(400, INVALID, "prompt is too long: 210000 tokens > 200000 maximum"),
    "content_policy": Refusal(400, INVALID, "Output blocked by content filtering policy"),
    "server_error": Refusal(500, "api_error", "Internal server error"),
    "overloaded": Refusal(529, "overloaded_error", "Overloaded"),
}
TYPE_OF_STATUS = {
    401: "authentication_error",
    402: "billing_error",
    403: "permission_error",
    404: "not_found_error",
    413: "request_too_large",
    429: "rate_limit_error",
    504: "timeout_error",
    529: "overloaded_error",
}


def refusal_of(request: Request, headers: Mapping[str, str], rules: Rules) -> Refusal | None:
    """Why the vendor would refuse this request, or None."""
    if VERTEX.fullmatch(request.path):
        return _wrong_key(headers, rules) or _wrong_at_google(request, rules)
    if request.path not in (MESSAGES, MODELS):
        return Refusal(404, "not_found_error", "Not Found")
    refusal = _wrong_head(request, headers, rules)
    if refusal is None and request.path == MESSAGES:
        refusal = _wrong_body(request.body, rules, headers["anthropic-version"])
    return refusal


def signature_of(thinking: str) -> str:
    """The signature under a thinking block; only a block that came from a sandbox, unedited, carries the right one."""
    return b64encode(sha256(b"sandbox" + thinking.encode("utf-8", "surrogatepass")).digest()).decode()


def _wrong_key(headers: Mapping[str, str], rules: Rules) -> Refusal | None:
    """A key comes as `x-api-key`, or as a bearer token (so the vendor's own clients, since API version 2026-10-21)."""
    if rules.api_key is None:
        return None
    given = headers.get("x-api-key") or headers.get("authorization", "").removeprefix("Bearer ")
    if not given:
        return Refusal(401, "authentication_error", "x-api-key header is required")
    return None if given == rules.api_key else KINDS["bad_key"]


def _wrong_head(request: Request, headers: Mapping[str, str], rules: Rules) -> Refusal | None:
    refusal = _wrong_key(headers, rules)
    if refusal is not None:
        return refusal
    if request.method != ("GET" if request.path == MODELS else "POST"):
        return Refusal(405, INVALID, "Method Not Allowed")
    version = headers.get("anthropic-version")
    if not version:
        return _invalid("anthropic-version: header is required")
    return None if version in (OLD, NEW) else _invalid(f'anthropic-version: "{version}" is not a valid version')


def _wrong_at_google(request: Request, rules: Rules) -> Refusal | None:
    """There the version stands in the body, and the model in the path alone."""
    body = request.body
    if request.method != "POST":
        return Refusal(405, INVALID, "Method Not Allowed")
    version = body.get("anthropic_version") if isinstance(body, dict) else None
    if version not in (OLD_AT_GOOGLE, NEW):
        return _invalid("anthropic_version: Field required")
    if "model" in body:
        return _invalid("model: Extra inputs are not permitted")
    rest = {name: value for name, value in body.items() if name != "anthropic_version"}
    return _wrong_body({**rest, "model": request.model}, rules, version)


def _wrong_body(body: Any, rules: Rules, version: str) -> Refusal | None:
    if not isinstance(body, dict):
        return _invalid("The request body is not valid JSON.")
    for name in ("model", "max_tokens", "messages"):
        if body.get(name) is None:
            return _invalid(f"{name}: Field required")
    if rules.models is not None and body["model"] not in rules.models:
        return Refusal(404, "not_found_error", f"model: {body['model']}")
    refusal = _wrong_limit(body["max_tokens"]) or _wrong_messages(body["messages"]) or _wrong_parameter(body)
    return _removed(body) if refusal is None and version == NEW else refusal


def _wrong_limit(limit: Any) -> Refusal | None:
    if isinstance(limit, bool) or not isinstance(limit, int):
        return _invalid("max_tokens: Input should be a valid integer")
    return _invalid("max_tokens: Input should be greater than or equal to 0") if limit < 0 else None


def _wrong_messages(messages: Any) -> Refusal | None:
    if not isinstance(messages, list):
        return _invalid("messages: Input should be a valid list")
    if not messages:
        return _invalid("messages: at least one message is required")
    open_calls: list[str] = []  # ids of tool_use blocks that the next message must answer
    for index, message in enumerate(messages):
        where = f"messages.{index}"
        before = messages[index - 1]["role"] if index else None
        refusal = _wrong_message(message, where, before, last=index == len(messages) - 1)
        if refusal is None:
            blocks = _blocks(message["content"])
            refusal = _wrong_results(blocks, where, open_calls) or _wrong_blocks(blocks, where)
            open_calls = [block.get("id", "") for block in blocks if block.get("type") == "tool_use"]
        if refusal is not None:
            return refusal
    return _unanswered(open_calls, f"messages.{len(messages) - 1}") if open_calls else None


def _wrong_message(message: Any, where: str, before: str | None, *, last: bool) -> Refusal | None:
    role = message.get("role") if isinstance(message, dict) else None
    if role == "system" and before != "user":  # behind a user's turn, newer models take one
        return _invalid(f'{where}: Unexpected role "system". The Messages API accepts a top-level `system` parameter.')
    if role not in ("user", "assistant", "system"):
        return _invalid(f"{where}.role: Input should be 'user', 'assistant' or 'system'")
    surplus = sorted(set(message) - {"role", "content"})
    if surplus:
        return _invalid(f"{where}.{surplus[0]}: Extra inputs are not permitted")
    content = message.get("content")
    if not isinstance(content, (str, list)):
        return _invalid(f"{where}.content: Field required")
    if not content and not (last and role == "assistant"):
        return _invalid(
            f"{where}: all messages must have non-empty content except for the optional final assistant message"
        )
    return None


def _blocks(content: Any) -> list[dict[str, Any]]:
    return [block for block in content if isinstance(block, dict)] if isinstance(content, list) else []


def _wrong_results(blocks: list[dict[str, Any]], where: str, open_calls: list[str]) -> Refusal | None:
    """Every tool_use of the message before is answered here, and nothing else is."""
    answered = [block.get("tool_use_id") for block in blocks if block.get("type") == "tool_result"]
    for ident in answered:
        if ident not in open_calls:
            words = "unexpected `tool_use_id` found in `tool_result` blocks"
            return _invalid(
                f"{where}: {words}: {ident}. Each `tool_result` block must have a corresponding `tool_use` block."
            )
    missing = [ident for ident in open_calls if ident not in answered]
    return _unanswered(missing, where) if missing else None


def _unanswered(ids: list[str], where: str) -> Refusal:
    return _invalid(
        f"{where}: `tool_use` ids were found without `tool_result` blocks immediately after: {', '.join(ids)}."
    )


def _wrong_blocks(blocks: list[dict[str, Any]], where: str) -> Refusal | None:
    for number, block in enumerate(blocks):
        kind, place = block.get("type"), f"{where}.content.{number}"
        if kind == "text" and not block.get("text"):
            return _invalid("messages: text content blocks must be non-empty")
        if kind == "tool_use" and not TOOL_ID.fullmatch(str(block.get("id"))):
            return _invalid(f"{place}.tool_use.id: String should match pattern '^[a-zA-Z0-9_-]+$'")
        if kind == "tool_use" and not isinstance(block.get("input"), dict):
            return _invalid(f"{place}.tool_use.input: Input should be a valid dictionary")
        if kind == "thinking" and block.get("signature") != signature_of(str(block.get("thinking"))):
            return _invalid(f"{place}: Invalid `signature` in `thinking` block")
    return None


def _wrong_parameter(body: dict[str, Any]) -> Refusal | None:
    heat = body.get("temperature")
    if heat is not None and (isinstance(heat, bool) or not isinstance(heat, (int, float)) or not 0 <= heat <= 1):
        return _invalid("temperature: range: 0..1")
    if body.get("tool_choice") is not None and not body.get("tools"):
        return _invalid("tool_choice: Tools must be specified when a tool_choice is")
    thinking = body.get("thinking")
    if isinstance(thinking, dict) and thinking.get("type") == "enabled":
        return _wrong_budget(thinking.get("budget_tokens"), body) or _unthought(body["messages"])
    return None


def _unthought(messages: list[dict[str, Any]]) -> Refusal | None:
    kinds = [(message["role"], [block.get("type") for block in _blocks(message["content"])]) for message in messages]
    found = unthought(kinds, "tool_result", ("thinking", "redacted_thinking"))
    return None if found is None else _invalid(UNTHOUGHT.format(*found))


def _removed(body: dict[str, Any]) -> Refusal | None:
    """What API version 2026-10-21 does not take any more."""
    for name in SAMPLING:
        if name in body:
            return _invalid(f"{name}: Extra inputs are not permitted")
    for index, message in enumerate(body["messages"]):
        for number, block in enumerate(_blocks(message["content"])):
            place = f"messages.{index}.content.{number}"
            if message["role"] == "assistant" and block.get("type") == "document":
                return _invalid(f"{place}: `document` blocks are not permitted in assistant messages")
            if message["role"] == "user" and block.get("type") == "text" and block.get("citations"):
                return _invalid(f"{place}.citations: not permitted in user messages")
    return None


def _wrong_budget(budget: Any, body: dict[str, Any]) -> Refusal | None:
    if not isinstance(budget, int) or budget < MIN_BUDGET:
        return _invalid(f"thinking.enabled.budget_tokens: Input should be greater than or equal to {MIN_BUDGET}")
    if budget >= body["max_tokens"]:
        return _invalid("`max_tokens` must be greater than `thinking.budget_tokens`.")
    if body.get("temperature") not in (None, 1):
        return _invalid("`temperature` may only be set to 1 when thinking is enabled.")
    return None


def _invalid(message: str) -> Refusal:
    return Refusal(400, INVALID, message)
