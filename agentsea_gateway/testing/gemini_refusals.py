"""What Gemini's API refuses, and in which words.

Source: Gemini API reference, "Generating content" and "Caching" (Content, Part, Schema), and documentation, "Function
calling", "Thought signatures", "Image understanding" (formats) and "Troubleshooting", as of 2026-11.
"""

from __future__ import annotations

import re
from json import dumps
from typing import TYPE_CHECKING, Any

from agentsea_gateway.testing.checks import is_base64, signature, unknown_field, wrong_key
from agentsea_gateway.testing.side import Refusal

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from agentsea_gateway.testing.checks import Known
    from agentsea_gateway.testing.recorded import Request
    from agentsea_gateway.testing.side import ErrorKind, Rules

# /v1beta/models/NAME:METHOD, or Vertex's /v1/projects/P/locations/L/publishers/google/models/NAME:METHOD
PATH = re.compile(
    r"/v1(?:beta1?)?(?P<vertex>(?:/projects/[^/]+/locations/[^/]+)?/publishers/google)?/models"
    r"(?:/(?P<model>[^/:]+):(?:generateContent|streamGenerateContent))?"
)
INVALID = "INVALID_ARGUMENT"
NO_SIGNATURE = "skip_thought_signature_validator"  # what Google's documentation gives for calls of others
_WRONG_KEY = Refusal(400, INVALID, "API key not valid. Please pass a valid API key.", "API_KEY_INVALID")
_WRONG_TOKEN = Refusal(401, "UNAUTHENTICATED", "Request had invalid authentication credentials.")
_NO_KEY = Refusal(
    403,
    "PERMISSION_DENIED",
    "Method doesn't allow unregistered callers (callers without established identity). Please use API Key or other form"
    " of API consumer identity to call this API.",
)
KINDS: dict[ErrorKind, Refusal] = {
    "bad_key": _WRONG_KEY,
    "no_permission": Refusal(403, "PERMISSION_DENIED", "The caller does not have permission"),
    "model_not_found": Refusal(404, "NOT_FOUND", "models/x is not found for API version v1beta."),
    "quota": Refusal(429, "RESOURCE_EXHAUSTED", "Your project has exceeded its spending limit.", "QUOTA_EXHAUSTED"),
    "rate_limit": Refusal(429, "RESOURCE_EXHAUSTED", "Resource has been exhausted (e.g. check quota)."),
    "context_window": Refusal(
        400, INVALID, "The input token count (1250074) exceeds the maximum number of tokens allowed (1048576)."
    ),
    "content_policy": Refusal(200, "PROHIBITED_CONTENT", "The prompt was blocked."),
    "server_error": Refusal(500, "INTERNAL", "An internal error has occurred. Please retry."),
    "overloaded": Refusal(503, "UNAVAILABLE", "The model is overloaded. Please try again later."),
}
STATUS_NAMES = {
    401: "UNAUTHENTICATED",
    403: "PERMISSION_DENIED",
    404: "NOT_FOUND",
    408: "DEADLINE_EXCEEDED",
    409: "ABORTED",
    429: "RESOURCE_EXHAUSTED",
    499: "CANCELLED",
    501: "UNIMPLEMENTED",
    503: "UNAVAILABLE",
    504: "DEADLINE_EXCEEDED",
}
_MEDIA = re.compile(r"image/(?:png|jpeg|webp|heic|heif)|application/pdf|application/json|(?:text|audio|video)/.+")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_.:-]{0,127}")
_BLOB = dict.fromkeys(("data", "displayName", "mimeType"))
_FILE = dict.fromkeys(("displayName", "fileUri", "mimeType"))
_RESPONSE = {
    **dict.fromkeys(("willContinue", "scheduling", "id", "name", "response")),
    "parts": [{"inlineData": _BLOB, "fileData": _FILE}],
}
_PART: Known = {
    **dict.fromkeys(("text", "thought", "thoughtSignature", "videoMetadata", "mediaResolution", "partMetadata")),
    **dict.fromkeys(("codeExecutionResult", "executableCode", "toolCall", "toolResponse")),
    "functionCall": dict.fromkeys(("id", "args", "name", "partialArgs", "willContinue")),
    "functionResponse": _RESPONSE,
    "inlineData": _BLOB,
    "fileData": _FILE,
}
_CONTENT: Known = {"role": None, "parts": [_PART]}
_SCHEMA: Known = {
    **dict.fromkeys(("type", "format", "title", "description", "nullable", "enum", "maxItems", "minItems", "required")),
    **dict.fromkeys(("minProperties", "maxProperties", "minLength", "maxLength", "pattern", "example")),
    **dict.fromkeys(("propertyOrdering", "default", "minimum", "maximum", "additionalProperties", "ref", "defs")),
}
_SCHEMA |= {"anyOf": [_SCHEMA], "items": _SCHEMA, "properties": None}  # named ones are looked at apart
_DECLARATION: Known = {
    **dict.fromkeys(("name", "description", "parametersJsonSchema", "response", "responseJsonSchema", "behavior")),
    "parameters": _SCHEMA,
}
_TOOL: Known = {
    **dict.fromkeys(("googleSearch", "googleMaps", "googleSearchRetrieval", "codeExecution", "urlContext")),
    **dict.fromkeys(("fileSearch", "computerUse", "retrieval", "mcpServers", "enterpriseWebSearch")),
    "functionDeclarations": [_DECLARATION],
}
_CONFIG: Known = {
    **dict.fromkeys(("responseJsonSchema", "audioTimestamp", "candidateCount", "frequencyPenalty", "logprobs")),
    **dict.fromkeys(("maxOutputTokens", "mediaResolution", "presencePenalty", "responseLogprobs", "responseMimeType")),
    **dict.fromkeys(("responseModalities", "routingConfig", "seed", "speechConfig", "stopSequences", "temperature")),
    **dict.fromkeys(("topK", "topP", "imageConfig")),
}
_CONFIG |= {
    "responseSchema": _SCHEMA,
    "thinkingConfig": dict.fromkeys(("includeThoughts", "thinkingBudget", "thinkingLevel")),
}
_CALLING = {"functionCallingConfig": dict.fromkeys(("allowedFunctionNames", "mode", "streamFunctionCallArguments"))}
_BODY: Known = {
    **dict.fromkeys(("safetySettings", "cachedContent", "model", "labels", "serviceTier", "store")),
    "contents": [_CONTENT],
    "systemInstruction": _CONTENT,
    "generationConfig": _CONFIG,
    "tools": [_TOOL],
    "toolConfig": {"retrievalConfig": None, "includeServerSideToolInvocations": None, **_CALLING},
}


def is_newer(model: str | None) -> bool:
    """Whether it is a Gemini 3 or later, which signs its calls and wants them back so."""
    match = re.search(r"gemini-(\d+)", model or "")
    return match is not None and int(match[1]) >= 3


def signed(call: Mapping[str, Any]) -> tuple[str, ...]:
    """What a signature of a call stands under."""
    return str(call.get("name")), dumps(call.get("args") or {}, sort_keys=True)


def refusal_of(request: Request, headers: Mapping[str, str], rules: Rules) -> Refusal | None:
    """Why the vendor would refuse this request, or None."""
    match = PATH.fullmatch(request.path)
    if match is None:
        return Refusal(404, "NOT_FOUND", "Not Found")
    refusal = _wrong_credential(request, headers, rules, vertex=match["vertex"] is not None)
    if refusal is not None:
        return refusal
    if request.method != ("POST" if match["model"] else "GET"):
        return Refusal(405, INVALID, f"Method {request.method} is not allowed here.")
    return _wrong_request(request, rules, vertex=match["vertex"] is not None) if match["model"] else None


def _wrong_credential(request: Request, headers: Mapping[str, str], rules: Rules, *, vertex: bool) -> Refusal | None:
    given = headers.get("x-goog-api-key") or headers.get("authorization") or ""
    found = wrong_key(given, rules)
    if found is None:
        return None
    if vertex:
        return _WRONG_TOKEN
    return _NO_KEY if found == "missing" else _WRONG_KEY


def _wrong_request(request: Request, rules: Rules, *, vertex: bool) -> Refusal | None:
    body, model = request.body, request.model
    if rules.models is not None and model not in rules.models:
        words = f"models/{model} is not found for API version v1beta, or is not supported for generateContent."
        return Refusal(404, "NOT_FOUND", words)
    if not isinstance(body, dict):
        return _invalid("Invalid JSON payload received. Expected an object.")
    body = camel(body)
    found = unknown_field(body, _BODY)
    if found is not None:
        where = f" at '{found[0]}'" if found[0] else ""
        return _invalid(f'Invalid JSON payload received. Unknown name "{found[1]}"{where}: Cannot find field.')
    contents = body.get("contents")
    if not isinstance(contents, list) or not contents:
        return _invalid("* GenerateContentRequest.contents: contents is not specified")
    return (
        _wrong_parts((body.get("systemInstruction") or {}).get("parts") or (), "system_instruction")
        or _wrong_contents(contents, model, vertex=vertex)
        or _wrong_order(contents)
        or _wrong_signatures(contents, model)
        or _wrong_config(body)
    )


def camel(value: Any) -> Any:
    """The body with its names in the form of the reference: Google's JSON takes snake_case too. Not in what is free."""
    if isinstance(value, list):
        return [camel(each) for each in value]
    if not isinstance(value, dict):
        return value
    free = ("args", "response", "properties", "parametersJsonSchema", "responseJsonSchema", "labels", "defs")
    found = {}
    for name, inner in value.items():
        first, *others = name.split("_")
        plain = first + "".join([word.capitalize() for word in others])
        found[plain] = inner if plain in free else camel(inner)
    return found


def _wrong_contents(contents: list[Any], model: str | None, *, vertex: bool) -> Refusal | None:
    for index, content in enumerate(contents):
        where = f"contents[{index}]"
        if not isinstance(content, dict) or content.get("role", "user") not in ("user", "model", "function"):
            return _invalid("Please use a valid role: user, model.")
        parts = content.get("parts")
        if not isinstance(parts, list) or not parts:
            return _invalid(f"* GenerateContentRequest.{where}.parts: contents.parts must not be empty.")
        refusal = _wrong_parts(parts, where)
        if refusal is not None:
            return refusal
        for number, part in enumerate(parts):
            call = part.get("functionCall") or part.get("functionResponse") or {}
            if vertex and not is_newer(model) and "id" in call:
                kind = "function_call" if "functionCall" in part else "function_response"
                place = f"{where}.parts[{number}].{kind}"
                return _invalid(f"Invalid JSON payload received. Unknown name \"id\" at '{place}': Cannot find field.")
    return None


def _wrong_parts(parts: Sequence[Any], where: str) -> Refusal | None:
    found = (_wrong_part(part, f"{where}.parts[{number}]") for number, part in enumerate(parts))
    return next((refusal for refusal in found if refusal is not None), None)


def _wrong_part(part: Any, where: str) -> Refusal | None:
    told = part.keys() - {"thought", "thoughtSignature", "videoMetadata", "mediaResolution", "partMetadata"}
    if len(told) != 1 or (part.get("text") == "" and "thoughtSignature" not in part):
        return _invalid(
            f"* GenerateContentRequest.{where}.data: required oneof field 'data' must have one initialized field"
        )
    blob = part.get("inlineData")
    if blob is not None:
        if not _MEDIA.fullmatch(str(blob.get("mimeType"))):
            return _invalid(f"Unsupported MIME type: {blob.get('mimeType')}")
        if not is_base64(blob.get("data")):
            return _invalid(f"Invalid value at '{where}.inline_data.data' (TYPE_BYTES), Base64 decoding failed")
    call = part.get("functionCall")
    if call is not None and not _NAME.fullmatch(str(call.get("name"))):
        return _invalid("Invalid function name. Must start with a letter or an underscore.")
    return None


def _wrong_order(contents: list[dict[str, Any]]) -> Refusal | None:
    """Calls stand behind a user's turn, and right behind them as many results, of the same names and ids."""
    asked: list[dict[str, Any]] = []
    before = None
    for content in contents:
        calls = [part["functionCall"] for part in content["parts"] if "functionCall" in part]
        results = [part["functionResponse"] for part in content["parts"] if "functionResponse" in part]
        if len(results) != len(asked):
            return _invalid(
                "Please ensure that function response turn comes immediately after a function call turn."
                if not asked
                else "Please ensure that the number of function response parts is equal to the number of function call "
                "parts of the function call turn."
            )
        for result in results:
            known = [
                call for call in asked if call["name"] == result.get("name") and call.get("id") == result.get("id")
            ]
            if not known:
                return _invalid(f"Function response {result.get('name')!r} has no function call of its name and id.")
            asked.remove(known[0])
        if calls and before in (None, "model"):
            return _invalid(
                "Please ensure that function call turn comes immediately after a user turn or after a function response"
                " turn."
            )
        asked, before = calls, content.get("role", "user")
    return None


def _wrong_signatures(contents: list[dict[str, Any]], model: str | None) -> Refusal | None:
    users = [index for index, content in enumerate(contents) if _is_question(content)]
    for index, content in enumerate(contents):
        first = True
        for part in content["parts"]:
            given, call = part.get("thoughtSignature"), part.get("functionCall")
            if given not in (None, NO_SIGNATURE):
                held = signed(call) if call else (str(part.get("text")),)
                if _usual(given) != signature("google", *held):
                    return _invalid("Corrupted thought signature.")
            is_current = not users or index > users[-1]
            if call and first and given is None and is_newer(model) and is_current and content.get("role") == "model":
                words = "Function call is missing a thought_signature in functionCall parts."
                return _invalid(f"{words} Additional data, function call `default_api:{call['name']}`.")
            first = first and not call
    return None


def _usual(given: Any) -> str:
    """Base64 in its usual letters; Google's own client sends bytes in those for URLs."""
    return str(given).replace("-", "+").replace("_", "/")


def _is_question(content: Mapping[str, Any]) -> bool:
    """Whether a user's turn says something new: the current turn begins there."""
    return content.get("role") != "model" and any("functionResponse" not in part for part in content["parts"])


def _wrong_config(body: dict[str, Any]) -> Refusal | None:
    config = body.get("generationConfig") or {}
    heat = config.get("temperature")
    if heat is not None and not 0 <= heat <= 2:
        field = "* GenerateContentRequest.generation_config.temperature"
        return _invalid(f"{field}: temperature must be in the range [0.0, 2.0].")
    if {"thinkingBudget", "thinkingLevel"} <= (config.get("thinkingConfig") or {}).keys():
        return _invalid("You can only set one of thinking budget and thinking level.")
    for tool in body.get("tools") or ():
        for declaration in tool.get("functionDeclarations") or ():
            if not _NAME.fullmatch(str(declaration.get("name"))):
                return _invalid("Invalid function name. Must start with a letter or an underscore.")
            refusal = _wrong_schema(declaration.get("parameters"))
            if refusal is not None:
                return refusal
    return _wrong_schema(config.get("responseSchema"))


def _wrong_schema(schema: Any) -> Refusal | None:
    if not isinstance(schema, dict):
        return None
    found = unknown_field(schema, _SCHEMA)
    if found is not None:
        return _invalid(f'Invalid JSON payload received. Unknown name "{found[1]}" at a schema: Cannot find field.')
    if isinstance(schema.get("type"), list):
        return _invalid("Proto field is not repeating, cannot start list.")
    inner = [*(schema.get("properties") or {}).values(), schema.get("items"), *(schema.get("anyOf") or ())]
    return next((refusal for each in inner if (refusal := _wrong_schema(each)) is not None), None)


def _invalid(message: str) -> Refusal:
    return Refusal(400, INVALID, message)
