"""A tool call's arguments: the text as received and the object it holds."""

from __future__ import annotations

from typing import Any

from agentsea_gateway import strict_json
from agentsea_gateway.dialects.text import mended, mended_value
from agentsea_gateway.errors import InvalidRequestError, MalformedResponseError
from agentsea_gateway.response import ToolCall


def tool_call(call_id: str, name: str, arguments: Any) -> ToolCall:
    """A ToolCall from what came as its arguments: JSON text, or (some hosts) the object itself.

    Empty arguments are those of a tool that takes none: {}.
    """
    raw = mended(arguments) if isinstance(arguments, str) else as_text(arguments)
    if not raw.strip():
        raw = "{}"
    return ToolCall(call_id, name, parsed(raw), raw)


def parsed(raw: str) -> dict[str, Any] | None:
    """The object that the text holds; None where it holds none."""
    try:
        value = strict_json.loads(raw)
        value = mended_value(value) if "\\u" in raw else value
    except (MalformedResponseError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def as_text(value: Any) -> str:
    """JSON text for arguments that a vendor sends as an object."""
    if value is None:
        return ""
    try:
        return strict_json.dumps(value).decode()
    except InvalidRequestError:
        return strict_json.dumps(mended_value(value)).decode()


def new_id(ordinal: int) -> str:
    """An id for a call that came without one; `ordinal` counts the calls of its answer from 0."""
    return f"call_{ordinal}"
