"""What OpenAI's chat completions refuse, and in which words.

Source: OpenAI API reference, "Chat completions", and "Error codes", as of 2026-11.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from agentsea_gateway.testing.side import Refusal

if TYPE_CHECKING:
    from collections.abc import Mapping

    from agentsea_gateway.testing.recorded import Request
    from agentsea_gateway.testing.side import ErrorKind, Rules

CHAT, MODELS = "/v1/chat/completions", "/v1/models"
INVALID = "invalid_request_error"
ROLES = ("system", "developer", "user", "assistant", "tool", "function")
KINDS: dict[ErrorKind, Refusal] = {
    "bad_key": Refusal(401, INVALID, "Incorrect API key provided.", "invalid_api_key"),
    "no_permission": Refusal(403, INVALID, "You have insufficient permissions for this operation.", "missing_scope"),
    "model_not_found": Refusal(
        404, INVALID, "The model does not exist or you do not have access to it.", "model_not_found"
    ),
    "quota": Refusal(429, "insufficient_quota", "You exceeded your current quota.", "insufficient_quota"),
    "rate_limit": Refusal(429, "requests", "Rate limit reached on requests per min (RPM).", "rate_limit_exceeded"),
    "context_window": Refusal(
        400, INVALID, "This model's maximum context length is 8192 tokens.", "context_length_exceeded", "messages"
    ),
    "content_policy": Refusal(
        400, INVALID, "Your request was rejected as a result of our safety system.", "content_policy_violation"
    ),
    "server_error": Refusal(500, "server_error", "The server had an error while processing your request."),
    "overloaded": Refusal(503, "server_error", "The engine is currently overloaded, please try again later."),
}
KIND_OF_STATUS: dict[int, ErrorKind] = {
    401: "bad_key",
    403: "no_permission",
    404: "model_not_found",
    429: "rate_limit",
    500: "server_error",
    503: "overloaded",
}


def refusal_of(request: Request, headers: Mapping[str, str], rules: Rules) -> Refusal | None:
    """Why the vendor would refuse this request, or None."""
    if request.path not in (CHAT, MODELS):
        return Refusal(404, INVALID, f"Invalid URL ({request.method} {request.path})")
    refusal = _wrong_key(headers, rules) or _wrong_method(request)
    if refusal is None and request.path == CHAT:
        refusal = _wrong_body(request.body, rules)
    return refusal


def _wrong_key(headers: Mapping[str, str], rules: Rules) -> Refusal | None:
    if rules.api_key is None:
        return None
    given = headers.get("authorization")
    if not given:
        return Refusal(401, INVALID, "You didn't provide an API key. Send it as Authorization: Bearer YOUR_KEY.")
    return None if given == f"Bearer {rules.api_key}" else KINDS["bad_key"]


def _wrong_method(request: Request) -> Refusal | None:
    if request.method == ("GET" if request.path == MODELS else "POST"):
        return None
    return Refusal(405, INVALID, f"Not allowed to {request.method} on {request.path}.", "method_not_supported")


def _wrong_body(body: Any, rules: Rules) -> Refusal | None:
    if not isinstance(body, dict):
        return Refusal(400, INVALID, "We could not parse the JSON body of your request.")
    model = body.get("model")
    if not isinstance(model, str) or not model:
        return Refusal(400, INVALID, "you must provide a model parameter")
    if rules.models is not None and model not in rules.models:
        words = f"The model `{model}` does not exist or you do not have access to it."
        return Refusal(404, INVALID, words, "model_not_found")
    return _wrong_messages(body.get("messages")) or _wrong_parameter(body)


def _wrong_messages(messages: Any) -> Refusal | None:
    if messages is None:
        return _invalid("messages", "Missing required parameter: 'messages'.", "missing_required_parameter")
    if not isinstance(messages, list):
        return _invalid("messages", "Invalid type for 'messages': expected an array of objects.", "invalid_type")
    if not messages:
        words = "Invalid 'messages': empty array. Expected an array with minimum length 1."
        return _invalid("messages", words, "empty_array")
    waiting: list[str] = []  # ids of tool calls that the next messages must answer
    for index, message in enumerate(messages):
        where = f"messages[{index}]"
        refusal = _wrong_message(message, where) or _wrong_order(message, where, waiting)
        if refusal is not None:
            return refusal
    return _unanswered(waiting, "messages")


def _wrong_message(message: Any, where: str) -> Refusal | None:
    if not isinstance(message, dict) or message.get("role") not in ROLES:
        return _invalid(
            f"{where}.role", f"Invalid value for '{where}.role'. Supported values are: {ROLES}.", "invalid_value"
        )
    private = [name for name in message if name.startswith("_")]
    if private:
        return _invalid(where, f"Unknown parameter: '{where}.{private[0]}'.", "unknown_parameter")
    content = message.get("content")
    if content is None:
        if message["role"] == "assistant" and (message.get("tool_calls") or message.get("refusal")):
            return None
        return _invalid(f"{where}.content", "Invalid value for 'content': expected a string, got null.")
    if not isinstance(content, (str, list)):
        return _invalid(f"{where}.content", f"Invalid type for '{where}.content'.", "invalid_type")
    return None


def _wrong_order(message: dict[str, Any], where: str, waiting: list[str]) -> Refusal | None:
    """Tool messages stand right behind the tool calls that they answer, and every call is answered."""
    if message["role"] == "tool":
        if message.get("tool_call_id") not in waiting:
            words = "messages with role 'tool' must be a response to a preceeding message with 'tool_calls'."
            return _invalid(f"{where}.role", f"Invalid parameter: {words}")
        waiting.remove(message["tool_call_id"])
        return None
    refusal = _unanswered(waiting, where)
    waiting[:] = [call["id"] for call in message.get("tool_calls") or [] if isinstance(call, dict) and "id" in call]
    return refusal


def _unanswered(waiting: list[str], where: str) -> Refusal | None:
    if not waiting:
        return None
    words = (
        "An assistant message with 'tool_calls' must be followed by tool messages responding to each 'tool_call_id'."
    )
    return _invalid(where, f"{words} The following tool_call_ids did not have response messages: {', '.join(waiting)}")


def _wrong_parameter(body: dict[str, Any]) -> Refusal | None:
    if body.get("stream_options") is not None and body.get("stream") is not True:
        return _invalid("stream_options", "The 'stream_options' parameter is only allowed when 'stream' is enabled.")
    if body.get("tool_choice") is not None and not body.get("tools"):
        return _invalid("tool_choice", "Invalid value for 'tool_choice': only allowed when 'tools' are specified.")
    heat = body.get("temperature")
    if heat is not None and (isinstance(heat, bool) or not isinstance(heat, (int, float))):
        return _invalid("temperature", "Invalid type for 'temperature': expected a decimal.", "invalid_type")
    if heat is not None and not 0 <= heat <= 2:
        return _invalid(
            "temperature", "Invalid 'temperature': expected a value between 0 and 2.", "decimal_out_of_range"
        )
    return None


def _invalid(param: str, message: str, code: str | None = None) -> Refusal:
    return Refusal(400, INVALID, message, code, param)
