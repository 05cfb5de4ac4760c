"""The parts that a message's content is made of, in the portable form: OpenAI's chat parts.

    {"type": "text", "text": …}
    {"type": "image_url", "image_url": {"url": URL or data URL}}
    {"type": "file", "file": {"file_data": data URL or URL, "filename": …}}   or   {"file_id": …}
    {"type": "input_audio", "input_audio": {"data": base64, "format": …}}

and, on any part, message, tool or tool call, `"cache_control": {"type": "ephemeral"}` as a prompt-caching mark. A part
of a type that one vendor alone knows goes to that vendor as it is, and is refused by the others.
"""

from __future__ import annotations

from base64 import b64decode, b64encode
from binascii import Error as Base64Error
from typing import TYPE_CHECKING, Any

from attrs import frozen

from agentsea_gateway.aside import load
from agentsea_gateway.errors import UnsupportedRequestError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from agentsea_gateway.dialects.request_reading import Degraded

CACHE_MARK = "cache_control"
# What each part and each call holds that every dialect reads, or refuses.
_HELD: Mapping[str, tuple[str, ...]] = {
    "text": (),
    "refusal": (),
    "image_url": ("url", "detail"),
    "file": ("file_data", "file_id", "filename"),
    "input_audio": ("data", "format"),
    "function": ("name", "arguments"),
}


@frozen
class Inline:
    """A data URL taken apart: base64 data and its media type."""

    media_type: str
    data: str


def inline(url: str) -> Inline | None:
    """What a data URL holds (RFC 2397); None where `url` is none. Data that is not base64 is made so.

    >>> inline("data:image/png;base64,AAAA")
    Inline(media_type='image/png', data='AAAA')
    >>> inline("https://example.com/a.png")
    """
    if url[:5].lower() != "data:":
        return None
    head, comma, data = url[5:].partition(",")
    if not comma:
        raise UnsupportedRequestError("a data URL without a comma; give data:MEDIA/TYPE;base64,DATA")
    media_type, *parameters = head.split(";")
    if "base64" not in (parameter.strip().lower() for parameter in parameters):
        load("urllib.parse")
        from urllib.parse import unquote_to_bytes  # this form is rare

        data = b64encode(unquote_to_bytes(data)).decode()
    return Inline(media_type.strip().lower() or "text/plain", data)


def inline_text(found: Inline) -> str:
    """The text of an inline text file."""
    try:
        return b64decode(found.data, validate=True).decode()
    except (Base64Error, ValueError):
        raise UnsupportedRequestError(f"a {found.media_type} file that is no UTF-8 text in base64") from None


def data_url(media_type: str, data: str) -> str:
    """A data URL of base64 data."""
    return f"data:{media_type};base64,{data}"


def text_data_url(text: str, media_type: str = "text/plain") -> str:
    """A data URL of text."""
    return data_url(media_type, b64encode(text.encode()).decode())


def image_url(part: Mapping[str, Any], where: str) -> tuple[str, str | None]:
    """The URL and the detail of an image part; the URL may stand in an object or, as Mistral has it, alone."""
    image = part.get("image_url")
    url = image.get("url") if isinstance(image, dict) else image
    if not isinstance(url, str) or not url:
        raise UnsupportedRequestError(f'{where} needs {{"image_url": {{"url": …}}}}')
    detail = image.get("detail") if isinstance(image, dict) else None
    return url, detail if isinstance(detail, str) else None


def note_others(part: Mapping[str, Any], degraded: Degraded, beside: Sequence[str] = (), within: str = "") -> None:
    """List what a part or a call holds beyond the portable form; `beside` it and `within` it a dialect takes more."""
    kind = part.get("type", "function")
    if kind in _HELD:
        degraded.note_others(part, ("type", kind, CACHE_MARK, *beside))
        held = part.get(kind)
        if isinstance(held, dict):
            degraded.note_others(held, (*_HELD[kind], within))


def text_part(text: str) -> dict[str, Any]:
    """A part of text."""
    return {"type": "text", "text": text}


def as_parts(content: Any) -> Sequence[Any]:
    """Content as a list of parts; none for None and the empty text."""
    if isinstance(content, str):
        return [text_part(content)] if content else []
    return content or []


def plain_text(content: Any) -> str:
    """The text of a message's content, its other parts left out."""
    if isinstance(content, str):
        return content
    return "".join(
        part["text"]
        for part in content or ()
        if isinstance(part, dict) and part.get("type") == "text" and isinstance(part.get("text"), str)
    )


def media_apart(content: Any, call_id: str, taken: Sequence[str] = ("text",)) -> tuple[Any, list[dict[str, Any]]]:
    """A tool result's content where a vendor takes only parts of these types in it, and the parts of a user message
    behind it that has the others."""
    media = [part for part in content if part.get("type") not in taken] if isinstance(content, list) else []
    if not media:
        return content, []
    kept = [part for part in content if part.get("type") in taken]
    told = text_part(f"Result of tool call {call_id}:")
    return kept or "The result follows in the next user message.", [told, *media]
