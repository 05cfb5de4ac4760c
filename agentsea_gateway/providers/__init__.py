"""Providers: who serves and where. Loaded on first use."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from agentsea_gateway.providers.anthropic import Anthropic
    from agentsea_gateway.providers.azure import Azure
    from agentsea_gateway.providers.bedrock import Bedrock
    from agentsea_gateway.providers.cohere import Cohere
    from agentsea_gateway.providers.gemini import Gemini
    from agentsea_gateway.providers.http_provider import HTTPProvider
    from agentsea_gateway.providers.mistral import Mistral
    from agentsea_gateway.providers.ollama import Ollama
    from agentsea_gateway.providers.openai import OpenAI
    from agentsea_gateway.providers.openai_responses import OpenAIResponses
    from agentsea_gateway.providers.vertex import Vertex
    from agentsea_gateway.providers.vertex_anthropic import VertexAnthropic

_HOME = {
    "Anthropic": "anthropic",
    "Azure": "azure",
    "Bedrock": "bedrock",
    "Cohere": "cohere",
    "Gemini": "gemini",
    "HTTPProvider": "http_provider",
    "Mistral": "mistral",
    "Ollama": "ollama",
    "OpenAI": "openai",
    "OpenAIResponses": "openai_responses",
    "Vertex": "vertex",
    "VertexAnthropic": "vertex_anthropic",
}

__all__ = [
    "Anthropic",
    "Azure",
    "Bedrock",
    "Cohere",
    "Gemini",
    "HTTPProvider",
    "Mistral",
    "Ollama",
    "OpenAI",
    "OpenAIResponses",
    "Vertex",
    "VertexAnthropic",
]


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOME[name]}"), name)


def __dir__() -> list[str]:
    return __all__
