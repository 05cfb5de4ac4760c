"""What a sandbox received: one Request, with its credentials blanked."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from attrs import field, frozen

if TYPE_CHECKING:
    from collections.abc import Mapping

SECRET_HEADERS = ("authorization", "x-api-key", "api-key", "x-goog-api-key", "proxy-authorization", "cookie")
BLANK = "***"


@frozen
class Request:
    """One request that arrived whole.

    number     the how manieth this sandbox received, from 1
    dialect    the dialect it was answered in ("openai_chat", "anthropic_messages")
    method     "POST"
    path       without the query, as it was sent
    query      what stood behind the "?", or ""
    headers    lower-case names; what can hold a credential is "***"
    data       the body's bytes
    body       the body as JSON, or None where there is none or it is no JSON
    streamed   whether it asked for a stream
    """

    number: int
    dialect: str
    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    data: bytes = field(repr=False)
    body: Any
    streamed: bool = False

    @property
    def model(self) -> str | None:
        """The model that it names in its body."""
        model = self.body.get("model") if isinstance(self.body, dict) else None
        return model if isinstance(model, str) else None

    @property
    def messages(self) -> list[dict[str, Any]]:
        """The messages in its body, in the dialect's own shape."""
        messages = self.body.get("messages") if isinstance(self.body, dict) else None
        return [message for message in messages if isinstance(message, dict)] if isinstance(messages, list) else []

    @property
    def text(self) -> str:
        """The text of the last user message that has some, or ""."""
        texts = [text_of(message.get("content")) for message in self.messages if message.get("role") == "user"]
        return next((text for text in reversed(texts) if text), "")


def blanked(headers: Mapping[str, str]) -> dict[str, str]:
    """The headers without their secrets."""
    shown = dict(headers)
    for name in SECRET_HEADERS:
        if name in shown:
            shown[name] = BLANK
    return shown


def text_of(content: Any) -> str:
    """The text of a message's content: the string itself, or its text parts together."""
    if isinstance(content, str):
        return content
    if not isinstance(content, list):
        return ""
    return "".join([part["text"] for part in content if isinstance(part, dict) and isinstance(part.get("text"), str)])


def json_or_none(data: bytes) -> Any:
    """The body as JSON, or None where it is not."""
    try:
        return json.loads(data)
    except (ValueError, RecursionError):
        return None
