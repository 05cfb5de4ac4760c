"""What a sandbox received: one Request, with its credentials blanked."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from attrs import frozen

from agentsea_gateway.brief import short

if TYPE_CHECKING:
    from collections.abc import Mapping

SECRET_HEADERS = ("authorization", "x-api-key", "api-key", "x-goog-api-key", "proxy-authorization", "cookie")
BLANK = "***"
TURNS = ("messages", "contents", "input")  # where the dialects have them


@frozen
class Request:
    """One request that arrived whole.

    number     the how manieth this sandbox received, from 1
    dialect    the dialect it was answered in, by its name in `agentsea_gateway.dialects` ("openai_chat", "gemini")
    method     "POST"
    path       without the query, as it was sent
    query      what stood behind the "?", or ""
    headers    lower-case names; what can hold a credential is "***"
    data       the body's bytes
    body       the body as JSON, or None where there is none or it is no JSON
    streamed   whether it asked for a stream
    model      the model that it names, in its body or its path
    """

    number: int
    dialect: str
    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    data: bytes
    body: Any
    streamed: bool = False
    model: str | None = None

    def __repr__(self) -> str:
        asked = f"{self.dialect}, {self.method} {self.path}{', streamed' if self.streamed else ''}"
        return f"Request({self.number}, {asked}, {short(self.body)})"

    @property
    def messages(self) -> list[dict[str, Any]]:
        """The turns in its body, in the dialect's own shape."""
        body = self.body if isinstance(self.body, dict) else {}
        turns = next((body[name] for name in TURNS if name in body), None)
        if isinstance(turns, str):
            return [{"role": "user", "content": turns}]
        return [turn for turn in turns if isinstance(turn, dict)] if isinstance(turns, list) else []

    def texts(self) -> list[str]:
        """The text of each turn, or "" where it has none."""
        return [text_of(turn.get("content", turn)) for turn in self.messages]

    @property
    def text(self) -> str:
        """The text of the last user message that has some, or ""."""
        roles = [turn.get("role") for turn in self.messages]
        texts = [text for text, role in zip(self.texts(), roles, strict=True) if role == "user"]
        return next((text for text in reversed(texts) if text), "")

    def portable(self) -> tuple[list[dict[str, Any]], dict[str, Any]]:
        """What it asks for in the portable form, whatever the dialect: the messages and the options.

        Raises InvalidRequestError where the body is no request of its dialect.
        """
        from agentsea_gateway import dialects  # the server itself does without

        return dialects.get(self.dialect).decode_request(self.body or {})


def blanked(headers: Mapping[str, str]) -> dict[str, str]:
    """The headers without their secrets."""
    shown = dict(headers)
    for name in SECRET_HEADERS:
        if name in shown:
            shown[name] = BLANK
    return shown


def text_of(content: Any) -> str:
    """The text of a message's content: the string itself, or its text parts together (Gemini has them in "parts")."""
    if isinstance(content, str):
        return content
    if isinstance(content, dict):
        content = content.get("parts")
    if not isinstance(content, list):
        return ""
    return "".join([part["text"] for part in content if isinstance(part, dict) and isinstance(part.get("text"), str)])


def json_or_none(data: bytes) -> Any:
    """The body as JSON, or None where it is not."""
    try:
        return json.loads(data)
    except (ValueError, RecursionError):
        return None
