"""Who is known to be unable to take a request: tools, images, a JSON schema, or its length.

Only what is known counts: what nobody says of a model keeps nobody out.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from agentsea_gateway.tokens import MANY_CHARACTERS, characters, characters_of_tools

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from agentsea_gateway.calls.binding import Binding

SAFE_CHARACTERS = 24_000  # no model of the table has so small a window that it could not take these
TOO_LONG = "its context window of"  # how a reason begins that only a shorter request mends

_REASONS = {
    "tools": "its model has no tools",
    "vision": "its model sees no images",
    "structured_output": "its model keeps to no JSON schema",
}
_IMAGES = ("image_url", "image", "input_image")


class Abilities:
    """What the candidates of one gateway are known to be unable to; worked out once, when it is first asked.

    unable    by capability: name to the reason on a route
    windows   name and tokens, of those whose context window is known
    """

    __slots__ = ("unable", "windows")

    def __init__(self, bindings: Mapping[str, Binding], at: float) -> None:
        infos = {name: binding.tariff.info(at) for name, binding in bindings.items()}
        self.unable = {
            capability: {name: reason for name, info in infos.items() if getattr(info, capability) is False}
            for capability, reason in _REASONS.items()
        }
        self.windows = [(name, info.context_window) for name, info in infos.items() if info.context_window is not None]

    def left_out(self, messages: Sequence[Mapping[str, Any]], options: Mapping[str, Any]) -> dict[str, str]:
        """Who cannot take this request, and why."""
        found = dict(self._too_long(messages, options))
        for capability in _needed(messages, options):
            found |= self.unable[capability]
        return found

    def _too_long(self, messages: Sequence[Mapping[str, Any]], options: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
        # Fewer tokens than there really are: who is left out for its length is so for certain.
        least = (characters(messages) + characters_of_tools(options)) // MANY_CHARACTERS
        for name, window in self.windows:
            if least > window:
                yield name, f"{TOO_LONG} {window} tokens is too small for at least {least}"


def _needed(messages: Sequence[Mapping[str, Any]], options: Mapping[str, Any]) -> Iterator[str]:
    if options.get("tools") and options.get("tool_choice") != "none":
        yield "tools"
    form = options.get("response_format")
    if isinstance(form, dict) and form.get("type") == "json_schema":
        yield "structured_output"
    if any(_has_image(message) for message in messages):
        yield "vision"


def _has_image(message: Mapping[str, Any]) -> bool:
    content = message.get("content")
    return isinstance(content, (list, tuple)) and any(part.get("type") in _IMAGES for part in content)
