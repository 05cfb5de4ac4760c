"""What a host of this dialect does not take, or names differently, as data for its row.

A host without a row takes everything that some host was seen to take. `OPENAI` is for OpenAI itself, which answers
400 to each field that it does not know; `COMMON` is what the hosts that follow OpenAI have in common.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

from attrs import field, frozen

if TYPE_CHECKING:
    from collections.abc import Mapping

REASONING_FIELDS = ("reasoning_content", "reasoning", "reasoning_details")
# Fields that go over a message which only the host that wrote them takes back: chunks of content, images, signatures.
_OWN_FIELDS = ("content", "images", "thinking_blocks", "extra_content")
_NOTHING: Mapping[str, str] = MappingProxyType({})


@frozen
class Quirks:
    """What a host differs in.

    refused            options that it does not know: dropped, and listed as degraded
    renamed            options that it knows under another name: {"seed": "random_seed"}
    efforts            values of `reasoning_effort` that it does not know, and the nearest that it does
    schemas            takes a JSON schema as `response_format`; else a call that needs one is refused before it is sent
    developer          knows the role "developer"; else such a message is a system message
    names              takes `name` on messages
    message_fields     fields of a message that it takes; others are dropped, and listed. None: whatever there is
    cache_marks        takes `cache_control` on messages, parts and tools
    tool_media         takes images and files in tool messages; else they follow in a user message
    reasoning_fields   the fields of its own answers' reasoning that it wants back in the history
    own_fields         takes chunks of content, images and signatures of an answer back as they came
    longest_tool_id    characters; longer ids are shortened
    stream_usage       knows `stream_options`, without which it would not count the tokens of a stream
    """

    refused: frozenset[str] = frozenset()
    renamed: Mapping[str, str] = field(default=_NOTHING, hash=False)
    efforts: Mapping[str, str] = field(default=_NOTHING, hash=False)
    schemas: bool = True
    developer: bool = True
    names: bool = True
    message_fields: frozenset[str] | None = None
    cache_marks: bool = True
    tool_media: bool = True
    reasoning_fields: tuple[str, ...] = REASONING_FIELDS
    own_fields: bool = True
    longest_tool_id: int | None = None
    stream_usage: bool = True

    def unwanted(self) -> tuple[str, ...]:
        """The fields of an earlier answer that do not go back to this host."""
        reasoning = tuple(name for name in REASONING_FIELDS if name not in self.reasoning_fields)
        return reasoning if self.own_fields else (*reasoning, *_OWN_FIELDS)


ANY = Quirks()
# OpenAI API reference, "Create chat completion", November 2026: caching is automatic, tool messages are text only,
# reasoning is not shown and not taken back, a tool call's id has at most 40 characters.
OPENAI = Quirks(
    refused=frozenset(("top_k", "reasoning_budget")),
    message_fields=frozenset(
        ("role", "content", "name", "tool_calls", "tool_call_id", "refusal", "audio", "function_call")
    ),
    cache_marks=False,
    tool_media=False,
    reasoning_fields=(),
    own_fields=False,
    longest_tool_id=40,
)
COMMON = Quirks(
    refused=frozenset(("top_k", "reasoning_budget")),
    developer=False,
    cache_marks=False,
    tool_media=False,
    own_fields=False,
)
