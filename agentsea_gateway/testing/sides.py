"""The dialects that a sandbox speaks, each loaded when it is first asked for."""

from __future__ import annotations

import re
from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING

from attrs import frozen

if TYPE_CHECKING:
    from collections.abc import Mapping

    from agentsea_gateway.testing.side import Side


@frozen
class Row:
    """One dialect: the class of its side and where it stands, the paths that it has, and what a provider's base_url
    has behind the host."""

    home: str
    side: str
    paths: re.Pattern[str]
    prefix: str = ""


# Those with the most telling headers first; who comes last answers where nothing tells.
_ROWS = {
    "bedrock_converse": Row("bedrock_side", "BedrockSide", re.compile(r"/model/[^/]+/converse(?:-stream)?")),
    "gemini": Row(
        "gemini_side",
        "GeminiSide",
        re.compile(r"/v1(?:beta1?)?(?:(?:/projects/[^/]+/locations/[^/]+)?/publishers/google)?/models(?:/[^/]+)?"),
    ),
    "anthropic_messages": Row(
        "anthropic_side",
        "AnthropicSide",
        re.compile(r"/v1/(?:messages|models)|/v1/projects/[^/]+/locations/[^/]+/publishers/anthropic/.*"),
    ),
    "cohere_chat": Row("cohere_side", "CohereSide", re.compile(r"/v2/chat")),
    "mistral_chat": Row("mistral_side", "MistralSide", re.compile(r"/mistral/.*"), "/mistral/v1"),
    "ollama_chat": Row("ollama_side", "OllamaSide", re.compile(r"/api/(?:chat|tags)")),
    "openai_responses": Row("responses_side", "ResponsesSide", re.compile(r"/v1/responses"), "/v1"),
    "openai_chat": Row(
        "openai_side",
        "OpenAISide",
        re.compile(r"/v1/(?:chat/completions|models)|/openai/.*"),
        "/v1",
    ),
}
NAMES = tuple(_ROWS)


@cache
def side_of(dialect: str) -> Side:
    """The server's side of this dialect."""
    row = _ROWS[dialect]
    side: Side = getattr(import_module(f"agentsea_gateway.testing.{row.home}"), row.side)()
    return side


def prefix_of(dialect: str) -> str:
    """What a provider's base_url has behind the host. The side is loaded: a request is about to come."""
    side_of(dialect)
    return _ROWS[dialect].prefix


def side_for(path: str, headers: Mapping[str, str]) -> Side:
    """Who answers: the dialect with this path; between several, and for an unknown path, the one with these headers."""
    serving = [dialect for dialect, row in _ROWS.items() if row.paths.fullmatch(path)]
    if len(serving) == 1:
        return side_of(serving[0])
    for dialect in serving or NAMES:
        side = side_of(dialect)
        if side.speaks(headers):
            return side
    return side_of(NAMES[-1])
