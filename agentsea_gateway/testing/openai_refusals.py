"""What OpenAI's chat completions refuse, and in which words.

Source: OpenAI API reference, "Chat completions", and "Error codes", and documentation, "Structured outputs" and "Images
and vision" (formats), as of 2026-11. Reasoning in the history, which hosts that follow OpenAI take, is taken here too.
Azure's paths and its key's header: Microsoft Learn, "Azure OpenAI REST API reference", as of 2026-11.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from agentsea_gateway.testing import checks
from agentsea_gateway.testing.side import Refusal

if TYPE_CHECKING:
    from collections.abc import Mapping

    from agentsea_gateway.testing.recorded import Request
    from agentsea_gateway.testing.side import ErrorKind, Rules

CHAT = re.compile(r"(?:/openai)?/v1/chat/completions|/openai/deployments/(?P<deployment>[^/]+)/chat/completions")
MODELS = re.compile(r"(?:/openai)?/v1/models|/openai/models")
AZURE = "/openai/"  # how its paths begin
INVALID = "invalid_request_error"
IMAGES = ("image/png", "image/jpeg", "image/gif", "image/webp", "link")
_BODY = {
    **dict.fromkeys(("audio", "frequency_penalty", "function_call", "functions", "logit_bias", "logprobs")),
    **dict.fromkeys(("max_completion_tokens", "max_tokens", "messages", "metadata", "modalities", "model")),
    **dict.fromkeys(("moderation", "n", "parallel_tool_calls", "prediction", "presence_penalty", "prompt_cache_key")),
    **dict.fromkeys(("prompt_cache_options", "prompt_cache_retention", "reasoning_effort", "response_format")),
    **dict.fromkeys(("safety_identifier", "seed", "service_tier", "stop", "store", "stream", "stream_options")),
    **dict.fromkeys(("temperature", "tool_choice", "tools", "top_logprobs", "top_p", "user", "verbosity")),
    **dict.fromkeys(("web_search_options",)),
}
_MESSAGE = {
    **dict.fromkeys(("role", "content", "name", "tool_calls", "tool_call_id", "refusal", "audio", "function_call")),
    **dict.fromkeys(("annotations", "reasoning_content", "reasoning", "reasoning_details")),
}
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


def refusal_of(request: Request, headers: Mapping[str, str], rules: Rules) -> Refusal | None:
    """Why the vendor would refuse this request, or None."""
    chat, listing = CHAT.fullmatch(request.path), MODELS.fullmatch(request.path)
    if not chat and not listing:
        return Refusal(404, INVALID, f"Invalid URL ({request.method} {request.path})")
    azure = request.path.startswith(AZURE)
    if azure and "/v1/" not in request.path and "api-version=" not in request.query:
        return Refusal(404, INVALID, "Resource not found", "404")
    refusal = wrong_key(headers, rules, azure=azure) or wrong_method(request, "GET" if listing else "POST")
    if refusal is None and chat:
        refusal = _wrong_body(request, rules)
    return refusal


def wrong_key(headers: Mapping[str, str], rules: Rules, *, azure: bool = False) -> Refusal | None:
    """Why the credential is refused: a bearer token, and at Azure the header `api-key` too."""
    given = (headers.get("api-key") if azure else None) or headers.get("authorization")
    found = checks.wrong_key(given, rules)
    if found == "missing":
        return Refusal(401, INVALID, "You didn't provide an API key. Send it as Authorization: Bearer YOUR_KEY.")
    return None if found is None else KINDS["bad_key"]


def wrong_method(request: Request, method: str) -> Refusal | None:
    """Why a request by another method than this one is refused."""
    if request.method == method:
        return None
    return Refusal(405, INVALID, f"Not allowed to {request.method} on {request.path}.", "method_not_supported")


def wrong_model(model: Any, rules: Rules) -> Refusal | None:
    """Why the model is refused."""
    if not isinstance(model, str) or not model:
        return Refusal(400, INVALID, "you must provide a model parameter")
    if rules.models is not None and model not in rules.models:
        words = f"The model `{model}` does not exist or you do not have access to it."
        return Refusal(404, INVALID, words, "model_not_found")
    return None


def _wrong_body(request: Request, rules: Rules) -> Refusal | None:
    body = request.body
    if not isinstance(body, dict):
        return Refusal(400, INVALID, "We could not parse the JSON body of your request.")
    found = checks.unknown_field(body, _BODY)
    if found is not None:
        return _invalid(found[1], f"Unknown parameter: '{found[1]}'.", "unknown_parameter")
    return wrong_model(request.model, rules) or _wrong_messages(body.get("messages")) or _wrong_parameter(body)


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
    found = checks.unknown_field(message, _MESSAGE, where)
    if found is not None:
        return _invalid(where, f"Unknown parameter: '{where}.{found[1]}'.", "unknown_parameter")
    return _wrong_content(message, where)


def _wrong_content(message: dict[str, Any], where: str) -> Refusal | None:
    content = message.get("content")
    if content is None:
        spoken = any(message.get(name) for name in ("tool_calls", "refusal", "audio", "function_call"))
        if message["role"] == "assistant" and spoken:
            return None
        return _invalid(f"{where}.content", "Invalid value for 'content': expected a string, got null.")
    if not isinstance(content, (str, list)):
        return _invalid(f"{where}.content", f"Invalid type for '{where}.content'.", "invalid_type")
    images = [part.get("image_url") for part in content if isinstance(part, dict) and part.get("type") == "image_url"]
    if any(checks.image_type(image.get("url") if isinstance(image, dict) else image) not in IMAGES for image in images):
        return WRONG_IMAGE
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
    return _loose(body)


def _loose(body: dict[str, Any]) -> Refusal | None:
    """A schema that strict mode does not take."""
    for index, tool in enumerate(body.get("tools") or ()):
        function = tool.get("function") if isinstance(tool, dict) else None
        if isinstance(function, dict) and function.get("strict") is True:
            loose = checks.loose_schema(function.get("parameters"))
            if loose is not None:
                return loose_refusal(f"function '{function.get('name')}'", loose, f"tools[{index}].function.parameters")
    held = (body.get("response_format") or {}).get("json_schema") or {}
    loose = checks.loose_schema(held.get("schema")) if held.get("strict") is True else None
    return loose_refusal(f"response_format '{held.get('name')}'", loose, "response_format") if loose else None


def loose_refusal(what: str, loose: str, param: str) -> Refusal:
    """For a schema that strict mode does not take."""
    code = "invalid_function_parameters" if what.startswith("function") else "invalid_json_schema"
    return _invalid(param, f"Invalid schema for {what}: {loose}", code)


def too_long(name: str, given: str, longest: int) -> Refusal:
    """For a text that is longer than it may be."""
    words = f"Expected a string with maximum length {longest}, but got a string with length {len(given)} instead."
    return _invalid(name, f"Invalid '{name}': string too long. {words}", "string_above_max_length")


def _invalid(param: str, message: str, code: str | None = None) -> Refusal:
    return Refusal(400, INVALID, message, code, param)


WRONG_IMAGE = _invalid(
    "input",
    "You uploaded an unsupported image. Please make sure your image is valid and has one of the following formats: "
    "['png', 'jpeg', 'gif', 'webp'].",
    "invalid_image_format",
)
