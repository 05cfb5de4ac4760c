"""Hosts of known dialects as rows of data: a new one is one row.

What a row says was read in the documentation that it names, in November 2026.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import Any

from attrs import evolve, field, frozen

from agentsea_gateway.dialects.openai_chat.quirks import COMMON, OPENAI, Quirks


@frozen
class Host:
    """A host that speaks a known dialect.

    name          what stands before the slash in "provider/model"
    title         what its maker calls it
    base_url      where it is, without a trailing slash
    key_variable  the environment variable its own documentation names for the key
    source        the documentation the row was taken from, by name and date
    key_optional  a server of one's own that asks for none
    url_variable  the environment variable that moves it elsewhere, where its own SDK reads one
    quirks        what it does not take, see the dialect
    path          of the chat endpoint, after base_url
    listing       of the list of its models, after base_url; None where it has none
    dialect       how it speaks
    note          what its user should know
    """

    name: str
    title: str
    base_url: str
    key_variable: str | None
    source: str
    key_optional: bool = False
    url_variable: str | None = None
    quirks: Quirks | None = field(default=None, hash=False)
    path: str = "/chat/completions"
    listing: str | None = "/models"
    dialect: str = "openai_chat"
    note: str = ""


def _without(*options: str, **more: Any) -> Quirks:
    """The common quirks, with these options refused besides."""
    return evolve(COMMON, refused=COMMON.refused | set(options), **more)


# The one field that most hosts with open models have for reasoning; and the older and the newer name of vLLM.
_CONTENT = ("reasoning_content",)
_EITHER = ("reasoning_content", "reasoning")
_TOP_K = evolve(COMMON, refused=frozenset(("reasoning_budget",)), reasoning_fields=_EITHER)
_ROUTER = evolve(COMMON, refused=frozenset(), developer=True, cache_marks=True, tool_media=True, own_fields=True)
_ZAI = _without("metadata", "presence_penalty", "frequency_penalty", reasoning_fields=_CONTENT)
# Where the efforts are none, low, medium and high.
_EFFORTS = MappingProxyType({"minimal": "low", "xhigh": "high", "max": "high"})

_CLOUD = (
    Host(
        "openai",
        "OpenAI",
        "https://api.openai.com/v1",
        "OPENAI_API_KEY",
        "OpenAI API reference, Chat, 2026-11",
        url_variable="OPENAI_BASE_URL",
        quirks=OPENAI,
    ),
    Host(
        "openai-responses",
        "OpenAI, Responses API",
        "https://api.openai.com/v1",
        "OPENAI_API_KEY",
        "OpenAI API reference, Responses, 2026-11",
        url_variable="OPENAI_BASE_URL",
        path="/responses",
        dialect="openai_responses",
    ),
    Host(
        "cerebras",
        "Cerebras",
        "https://api.cerebras.ai/v1",
        "CEREBRAS_API_KEY",
        "Cerebras Inference docs, OpenAI compatibility, 2026-11",
        quirks=_without(
            "frequency_penalty", "presence_penalty", "metadata", efforts=_EFFORTS, reasoning_fields=("reasoning",)
        ),
    ),
    Host(
        "deepseek",
        "DeepSeek",
        "https://api.deepseek.com",
        "DEEPSEEK_API_KEY",
        "DeepSeek API docs, Thinking mode and Create chat completion, 2026-11",
        quirks=_without("seed", "parallel_tool_calls", "user", "metadata", schemas=False, reasoning_fields=_CONTENT),
        note="JSON mode without a schema; reasoning goes back with the history, which tool calls need.",
    ),
    Host(
        "fireworks",
        "Fireworks AI",
        "https://api.fireworks.ai/inference/v1",
        "FIREWORKS_API_KEY",
        "Fireworks AI docs, OpenAI compatibility, 2026-11",
        quirks=_TOP_K,
    ),
    Host(
        "github",
        "GitHub Models",
        "https://models.github.ai/inference",
        "GITHUB_TOKEN",
        "GitHub docs, REST API endpoints for models inference, 2026-06",
        listing=None,
        quirks=_without(reasoning_fields=()),
        note="GitHub retired it on 2026-07-30 and says so with a 410; the row makes old configurations fail over.",
    ),
    Host(
        "groq",
        "Groq",
        "https://api.groq.com/openai/v1",
        "GROQ_API_KEY",
        "GroqDocs, OpenAI compatibility and Reasoning, 2026-11",
        quirks=_without("metadata", names=False, reasoning_fields=("reasoning",), efforts=_EFFORTS),
    ),
    Host(
        "huggingface",
        "Hugging Face Inference Providers",
        "https://router.huggingface.co/v1",
        "HF_TOKEN",
        "Hugging Face docs, Inference Providers, Chat completion, 2026-11",
        quirks=_without(reasoning_fields=()),
    ),
    Host(
        "mistral",
        "Mistral AI",
        "https://api.mistral.ai/v1",
        "MISTRAL_API_KEY",
        "Mistral AI API reference, Chat, 2026-11",
        dialect="mistral_chat",
    ),
    Host(
        "moonshot",
        "Moonshot AI (Kimi)",
        "https://api.moonshot.ai/v1",
        "MOONSHOT_API_KEY",
        "Kimi API docs, Chat, 2026-11",
        quirks=_without("metadata", reasoning_fields=_CONTENT),
        note="Reasoning goes back with the history, which tool calls need.",
    ),
    Host(
        "nvidia",
        "NVIDIA NIM",
        "https://integrate.api.nvidia.com/v1",
        "NVIDIA_API_KEY",
        "NVIDIA NIM API docs, LLM APIs, 2026-11",
        quirks=_without(reasoning_fields=_CONTENT),
    ),
    Host(
        "openrouter",
        "OpenRouter",
        "https://openrouter.ai/api/v1",
        "OPENROUTER_API_KEY",
        "OpenRouter API reference, Chat completion and Reasoning tokens, 2026-11",
        quirks=_ROUTER,
        note="Says what a call cost (`usage.cost` in `raw`), and keeps the connection alive with comments.",
    ),
    Host(
        "perplexity",
        "Perplexity",
        "https://api.perplexity.ai",
        "PERPLEXITY_API_KEY",
        "Perplexity API docs, Sonar chat completions, 2026-11",
        listing="/v1/models",
        quirks=evolve(
            COMMON,
            refused=frozenset(("reasoning_budget", "seed", "parallel_tool_calls", "user", "metadata")),
            names=False,
            reasoning_fields=(),
            efforts=MappingProxyType({"none": "minimal", "xhigh": "high", "max": "high"}),
        ),
        note="Search results become the citations of the response.",
    ),
    Host(
        "together",
        "Together AI",
        "https://api.together.ai/v1",
        "TOGETHER_API_KEY",
        "Together AI docs, OpenAI compatibility, 2026-11",
        url_variable="TOGETHER_BASE_URL",
        quirks=_TOP_K,
    ),
    Host(
        "vercel",
        "Vercel AI Gateway",
        "https://ai-gateway.vercel.sh/v1",
        "AI_GATEWAY_API_KEY",
        "Vercel docs, AI Gateway, OpenAI-compatible API, 2026-11",
        quirks=_ROUTER,
    ),
    Host(
        "xai",
        "xAI",
        "https://api.x.ai/v1",
        "XAI_API_KEY",
        "xAI API reference, Chat completions, 2026-11",
        quirks=_without("metadata", reasoning_fields=_CONTENT, efforts=_EFFORTS),
        note="Reasoning models answer 400 to stop and to the penalties; reasoning is counted beside the completion.",
    ),
    Host(
        "xai-responses",
        "xAI, Responses API",
        "https://api.x.ai/v1",
        "XAI_API_KEY",
        "xAI API reference, Responses, 2026-11",
        path="/responses",
        dialect="openai_responses",
    ),
    Host(
        "zai",
        "Z.ai (GLM)",
        "https://api.z.ai/api/paas/v4",
        "ZAI_API_KEY",
        "Z.ai docs, Chat completion, 2026-11",
        url_variable="ZAI_BASE_URL",
        quirks=_ZAI,
    ),
    Host(
        "zai-coding",
        "Z.ai (GLM), Coding Plan",
        "https://api.z.ai/api/coding/paas/v4",
        "ZAI_API_KEY",
        "Z.ai docs, GLM Coding Plan, 2026-11",
        quirks=_ZAI,
    ),
)
_OF_ONES_OWN = (
    Host(
        "llamacpp",
        "llama.cpp server",
        "http://127.0.0.1:8080/v1",
        "LLAMA_API_KEY",
        "llama.cpp server README, 2026-11",
        key_optional=True,
        quirks=_TOP_K,
    ),
    Host(
        "lmstudio",
        "LM Studio",
        "http://127.0.0.1:1234/v1",
        "LM_API_TOKEN",
        "LM Studio docs, OpenAI compatibility and Authentication, 2026-11",
        key_optional=True,
        quirks=_TOP_K,
    ),
    Host(
        "ollama",
        "Ollama",
        "http://127.0.0.1:11434",
        "OLLAMA_API_KEY",
        "Ollama docs, API reference, Chat, 2026-11",
        key_optional=True,
        url_variable="OLLAMA_HOST",
        path="/api/chat",
        listing="/api/tags",
        dialect="ollama_chat",
        note="With OLLAMA_HOST=https://ollama.com and a key: Ollama's cloud.",
    ),
    Host(
        "vllm",
        "vLLM",
        "http://127.0.0.1:8000/v1",
        "VLLM_API_KEY",
        "vLLM docs, OpenAI-compatible server, 2026-11",
        key_optional=True,
        quirks=_TOP_K,
    ),
)

HOSTS = {row.name: row for row in (*_CLOUD, *_OF_ONES_OWN)}
