"""OpenAI-compatible hosts as rows of data: a new one is one row."""

from __future__ import annotations

from attrs import frozen

from agentsea_gateway.dialects.openai_chat.quirks import OPENAI, Quirks


@frozen
class Host:
    """A host that speaks a known dialect.

    name          what stands before the slash in "provider/model"
    base_url      where it is, without a trailing slash
    key_variable  the environment variable its own documentation names for the key
    key_optional  a server of one's own that asks for none
    url_variable  the environment variable that moves it elsewhere, where its own SDK reads one
    quirks        what it does not take, see the dialect
    path          of the chat endpoint, after base_url
    dialect       how it speaks
    source        the documentation the row was taken from, by name and date
    """

    name: str
    base_url: str
    key_variable: str | None
    source: str
    key_optional: bool = False
    url_variable: str | None = None
    quirks: Quirks | None = None
    path: str = "/chat/completions"
    dialect: str = "openai_chat"


_ROWS = (
    Host(
        "openai",
        "https://api.openai.com/v1",
        "OPENAI_API_KEY",
        "OpenAI API reference, 2026-11",
        url_variable="OPENAI_BASE_URL",
        quirks=OPENAI,
    ),
    Host(
        "openai-responses",
        "https://api.openai.com/v1",
        "OPENAI_API_KEY",
        "OpenAI API reference, Responses, 2026-11",
        url_variable="OPENAI_BASE_URL",
        path="/responses",
        dialect="openai_responses",
    ),
    Host("deepseek", "https://api.deepseek.com", "DEEPSEEK_API_KEY", "DeepSeek API docs, 2026-11"),
    Host("groq", "https://api.groq.com/openai/v1", "GROQ_API_KEY", "GroqDocs, OpenAI compatibility, 2026-11"),
    Host("mistral", "https://api.mistral.ai/v1", "MISTRAL_API_KEY", "Mistral AI API reference, 2026-11"),
    Host("openrouter", "https://openrouter.ai/api/v1", "OPENROUTER_API_KEY", "OpenRouter API reference, 2026-11"),
    Host(
        "together", "https://api.together.xyz/v1", "TOGETHER_API_KEY", "Together AI docs, OpenAI compatibility, 2026-11"
    ),
    Host("xai", "https://api.x.ai/v1", "XAI_API_KEY", "xAI API reference, 2026-11"),
    Host(
        "xai-responses",
        "https://api.x.ai/v1",
        "XAI_API_KEY",
        "xAI API reference, Responses, 2026-11",
        path="/responses",
        dialect="openai_responses",
    ),
    Host(
        "llamacpp",
        "http://127.0.0.1:8080/v1",
        "LLAMA_API_KEY",
        "llama.cpp server README, 2026-11",
        key_optional=True,
    ),
    Host(
        "ollama",
        "http://127.0.0.1:11434/v1",
        "OLLAMA_API_KEY",
        "Ollama docs, OpenAI compatibility, 2026-11",
        key_optional=True,
    ),
)

HOSTS = {row.name: row for row in _ROWS}
