"""The dialects that a sandbox speaks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from agentsea_gateway.testing.anthropic_side import AnthropicSide
from agentsea_gateway.testing.openai_side import OpenAISide

if TYPE_CHECKING:
    from collections.abc import Mapping

    from agentsea_gateway.testing.side import Side

OPENAI, ANTHROPIC = OpenAISide(), AnthropicSide()
# Those with the most telling headers first; who comes last answers where nothing tells.
SIDES: tuple[Side, ...] = (ANTHROPIC, OPENAI)


def side_for(path: str, headers: Mapping[str, str]) -> Side:
    """Who answers: the dialect with this path; between several, and for an unknown path, the one with these headers."""
    serving = [side for side in SIDES if side.serves(path)]
    if len(serving) == 1:
        return serving[0]
    for side in serving or SIDES:
        if side.speaks(headers):
            return side
    return SIDES[-1]
