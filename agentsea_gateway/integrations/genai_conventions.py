"""Names of OpenTelemetry's conventions for generative AI, and our own beside them. All of them stand here.

Taken from "Semantic conventions for generative AI client spans" and "… metrics", OpenTelemetry 1.43, status
Development (as in the package opentelemetry-semantic-conventions 0.66b2), read 2026-11-25. They have since moved to a
repository of their own (open-telemetry/semantic-conventions-genai), whose unreleased text renames the metrics to
`gen_ai.client.inference.*` and `cache_creation` to `cache_write`: once that is released, this file changes.
"""

from __future__ import annotations

SCHEMA_URL = "https://opentelemetry.io/schemas/1.43.0"

# -- attributes of spans, and of metrics -------------------------------------------------------------------------------

OPERATION = "gen_ai.operation.name"
CHAT = "chat"
PROVIDER = "gen_ai.provider.name"
ERROR = "error.type"
OUTPUT_TYPE = "gen_ai.output.type"
REQUEST_MODEL = "gen_ai.request.model"
REQUEST_STREAM = "gen_ai.request.stream"
REQUEST_STOP = "gen_ai.request.stop_sequences"
REQUEST_OPTIONS = {
    "frequency_penalty": "gen_ai.request.frequency_penalty",
    "max_tokens": "gen_ai.request.max_tokens",
    "presence_penalty": "gen_ai.request.presence_penalty",
    "seed": "gen_ai.request.seed",
    "temperature": "gen_ai.request.temperature",
    "top_k": "gen_ai.request.top_k",
    "top_p": "gen_ai.request.top_p",
}
RESPONSE_ID = "gen_ai.response.id"
RESPONSE_MODEL = "gen_ai.response.model"
FINISH_REASONS = "gen_ai.response.finish_reasons"
FIRST_CHUNK = "gen_ai.response.time_to_first_chunk"
USAGE = {
    "input_tokens": "gen_ai.usage.input_tokens",
    "output_tokens": "gen_ai.usage.output_tokens",
    "cached_tokens": "gen_ai.usage.cache_read.input_tokens",
    "cache_write_tokens": "gen_ai.usage.cache_creation.input_tokens",
    "reasoning_tokens": "gen_ai.usage.reasoning.output_tokens",
}
INPUT_MESSAGES = "gen_ai.input.messages"
OUTPUT_MESSAGES = "gen_ai.output.messages"
TOKEN_TYPE = "gen_ai.token.type"
TOKEN_TYPES = {"input_tokens": "input", "output_tokens": "output"}

# Well-known values of PROVIDER; other services keep the name that stands before the slash.
PROVIDERS = {
    "azure": "azure.ai.openai",
    "bedrock": "aws.bedrock",
    "gemini": "gcp.gemini",
    "mistral": "mistral_ai",
    "moonshot": "moonshot_ai",
    "openai-responses": "openai",
    "vertex": "gcp.vertex_ai",
    "xai": "x_ai",
    "xai-responses": "x_ai",
}
FINISHES = {"tool_use": "tool_call"}  # other stop reasons are named as ours

# -- metrics: name, unit, description, and the boundaries of its buckets -----------------------------------------------

_SECONDS = (0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92)
_TOKENS = tuple(4**power for power in range(14))

DURATION = ("gen_ai.client.operation.duration", "s", "GenAI operation duration.", _SECONDS)
TOKENS = ("gen_ai.client.token.usage", "{token}", "Number of input and output tokens used.", _TOKENS)
FIRST_CHUNK_AFTER = (
    "gen_ai.client.operation.time_to_first_chunk",
    "s",
    "Time to receive the first chunk of a stream, from when the request was issued.",
    _SECONDS,
)

# -- our own -----------------------------------------------------------------------------------------------------------

CANDIDATE = "agentsea.gateway.candidate"
OUTCOME = "agentsea.gateway.outcome"
STRATEGY = "agentsea.gateway.strategy"
ATTEMPTS = "agentsea.gateway.attempts"
SKIPPED = "agentsea.gateway.skipped"
CACHED = "agentsea.gateway.cached"
COST = "agentsea.gateway.cost"
PATIENCE = "agentsea.gateway.patience"
STATUS_CODE = "http.response.status_code"

ATTEMPT_DURATION = ("agentsea.gateway.attempt.duration", "s", "How long one attempt at a candidate took.", _SECONDS)
BLOWN = ("agentsea.gateway.breaker.blown", "{time}", "How often a candidate's breaker blew.")
BENCHED = ("agentsea.gateway.candidate.benched", "{time}", "How often a candidate was benched.")
