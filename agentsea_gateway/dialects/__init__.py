"""Wire formats by name: each is a module of pure functions and one stream decoder, loaded when first asked for."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, cast

from agentsea_gateway.errors import ConfigurationError

if TYPE_CHECKING:
    from agentsea_gateway.dialects.dialect import Dialect

NAMES = (
    "anthropic_messages",
    "bedrock_converse",
    "cohere_chat",
    "gemini",
    "mistral_chat",
    "ollama_chat",
    "openai_chat",
    "openai_responses",
)


def get(name: str) -> Dialect:
    """The dialect of this name.

    >>> get("openai_chat").NAME
    'openai_chat'

    Raises ConfigurationError, naming those that exist, for any other.
    """
    if name not in NAMES:
        raise ConfigurationError(f"unknown dialect {name!r}; there are {', '.join(NAMES)}")
    return cast("Dialect", import_module(f"{__name__}.{name}"))
