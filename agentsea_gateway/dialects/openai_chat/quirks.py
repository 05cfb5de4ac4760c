"""What a host of this dialect does not take, as data for its row.

A host without a row takes everything that some host was seen to take. `OPENAI` is for OpenAI itself, which answers
400 to each field that it does not know.
"""

from __future__ import annotations

from attrs import frozen

REASONING_FIELDS = ("reasoning_content", "reasoning", "reasoning_details")


@frozen
class Quirks:
    """What a host differs in.

    refused            options that it does not know: dropped, and listed as degraded
    cache_marks        takes `cache_control` on messages, parts and tools
    tool_media         takes images and files in tool messages; else they follow in a user message
    reasoning_fields   the fields of its own answers' reasoning that it wants back in the history
    longest_tool_id    characters; longer ids are shortened
    """

    refused: frozenset[str] = frozenset()
    cache_marks: bool = True
    tool_media: bool = True
    reasoning_fields: tuple[str, ...] = REASONING_FIELDS
    longest_tool_id: int | None = None


ANY = Quirks()
# OpenAI API reference, "Create chat completion", November 2026: caching is automatic, tool messages are text only,
# reasoning is not shown and not taken back, a tool call's id has at most 40 characters.
OPENAI = Quirks(
    refused=frozenset(("top_k", "reasoning_budget")),
    cache_marks=False,
    tool_media=False,
    reasoning_fields=(),
    longest_tool_id=40,
)
