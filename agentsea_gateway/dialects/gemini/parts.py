"""The portable parts of a message as Gemini's parts, and back.

Source: Gemini API reference, "Caching", Part, Blob and FileData; "File input methods" (files, URLs and gs://), 2026-11.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from agentsea_gateway.dialects.gemini.keys import camel_keys
from agentsea_gateway.dialects.parts import CACHE_MARK, as_parts, data_url, image_url, inline, note_others, text_part
from agentsea_gateway.errors import UnsupportedRequestError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from agentsea_gateway.dialects.request_reading import Degraded

# A part that has no portable form: {"type": OWN_PART, "part": …}. It travels as it is, and only to Gemini.
OWN_PART = "gemini_part"
_BESIDE = {"media_resolution": "mediaResolution", "video_metadata": "videoMetadata"}  # ours -> theirs, beside media
_TYPES = {  # by the end of a URL: what a file is where nobody says
    "png": "image/png",
    "jpg": "image/jpeg",
    "jpeg": "image/jpeg",
    "webp": "image/webp",
    "gif": "image/gif",
    "heic": "image/heic",
    "heif": "image/heif",
    "pdf": "application/pdf",
    "txt": "text/plain",
    "md": "text/markdown",
    "html": "text/html",
    "csv": "text/csv",
    "json": "application/json",
    "mp3": "audio/mp3",
    "wav": "audio/wav",
    "mp4": "video/mp4",
    "mov": "video/quicktime",
    "webm": "video/webm",
}
_ENDING = re.compile(r"\.([A-Za-z0-9]{2,4})(?:[?#]|$)")
_NO_TEXT = {"text": ""}
_PLAIN_TYPE = re.compile(r"[a-z0-9.+-]+/[a-z0-9.+-]+")
_AUDIO_FORMAT = re.compile(r"[a-z0-9]+")
_URLS = ("https://", "http://", "gs://")
_UPLOADED = re.compile(r"https?://[^/]+/(?:upload/)?v[0-9][a-z0-9]*/files/")  # what Google's Files API gives


def encode_content(content: Any, where: str, degraded: Degraded) -> list[dict[str, Any]]:
    """The parts of a content; an empty text, which the API refuses, falls out.

    Raises UnsupportedRequestError for what no part can express.
    """
    return [part for each in as_parts(content) if (part := encode_part(each, where, degraded)) != _NO_TEXT]


def encode_part(part: Mapping[str, Any], where: str, degraded: Degraded) -> dict[str, Any]:
    """The Gemini part of one part."""
    kind = part.get("type")
    note_others(part, degraded, () if kind == "text" else tuple(_BESIDE), within="format")
    if part.get(CACHE_MARK) is not None:
        degraded.note(CACHE_MARK)
    if kind == "text":
        return {"text": part["text"]}
    if kind == "refusal":
        return {"text": str(part.get("refusal", ""))}
    if kind == OWN_PART:
        return dict(part["part"])
    media = _media(part, where, degraded)
    for ours, theirs in _BESIDE.items():
        if part.get(ours) is not None:
            media[theirs] = part[ours]
    return media


def _media(part: Mapping[str, Any], where: str, degraded: Degraded) -> dict[str, Any]:
    kind = part.get("type")
    if kind == "image_url":
        url, detail = image_url(part, where)
        if detail not in (None, "auto"):
            degraded.note("image_url.detail")
        held = part["image_url"]
        return _by_url(url, held.get("format") if isinstance(held, dict) else None, where)
    if kind == "file":
        return _file(part.get("file"), where)
    if kind in ("document_url", "file_url", "video_url"):  # Mistral's, Perplexity's, OpenRouter's forms
        held = part.get(kind)
        return _by_url(held.get("url") if isinstance(held, dict) else held, None, where)
    if kind == "input_audio":
        audio = part["input_audio"]
        return _inline(f"audio/{audio['format']}", audio["data"])
    raise UnsupportedRequestError(f"{where} has a part of type {kind!r}, which gemini cannot express")


def _inline(media_type: str, data: str) -> dict[str, Any]:
    return {"inlineData": {"mimeType": media_type, "data": data}}


def _by_url(url: Any, media_type: Any, where: str) -> dict[str, Any]:
    if not isinstance(url, str):
        raise UnsupportedRequestError(f"{where} has a {type(url).__name__} for a URL; give a string")
    held = inline(url)
    if held is not None:
        return _inline(held.media_type, held.data)
    if not url.startswith(_URLS):
        raise UnsupportedRequestError(f"{where} has a file that is neither a data URL nor https://… or gs://…")
    return _at(url, media_type)


def _at(uri: str, media_type: Any) -> dict[str, Any]:
    known = media_type or type_of(uri)
    return {"fileData": {"mimeType": known, "fileUri": uri} if known else {"fileUri": uri}}


def _file(file: Any, where: str) -> dict[str, Any]:
    if not isinstance(file, dict):
        raise UnsupportedRequestError(f'{where} needs {{"file": {{"file_data": …}}}} or {{"file": {{"file_id": …}}}}')
    media = _file_media(file, where)
    if file.get("filename"):
        for held in media.values():
            held["displayName"] = file["filename"]
    return media


def _file_media(file: Mapping[str, Any], where: str) -> dict[str, Any]:
    if file.get("file_id"):
        return _at(file["file_id"], file.get("format"))
    data = file.get("file_data")
    if not isinstance(data, str) or not data:
        raise UnsupportedRequestError(f"{where} has a file without file_data or file_id")
    if data.startswith(_URLS) or data[:5].lower() == "data:":
        return _by_url(data, file.get("format"), where)
    return _inline(file.get("format") or "application/pdf", data)  # bare base64, which OpenAI takes for a PDF


def type_of(url: str) -> str | None:
    """The media type that the end of a URL tells."""
    match = _ENDING.search(url)
    return _TYPES.get(match[1].lower()) if match else None


def decode_content(parts: list[dict[str, Any]]) -> str | list[dict[str, Any]]:
    """The portable content that these parts (with names in camel case) say: text where it is no more than one."""
    if len(parts) == 1 and parts[0].keys() == {"text"} and parts[0]["text"]:
        return str(parts[0]["text"])
    return [decode_part(part) for part in parts]


def decode_part(part: Mapping[str, Any]) -> dict[str, Any]:
    """The portable part of one part; the part itself, marked as Gemini's own, where it has no portable form."""
    if part.keys() == {"text"}:
        return text_part(part["text"])
    media = {key: value for key, value in part.items() if key not in _BESIDE.values()}
    portable: dict[str, Any] | None = None
    if media.keys() == {"inlineData"}:
        portable = _decode_inline(camel_keys(media["inlineData"]))
    elif media.keys() == {"fileData"}:
        portable = _decode_file(camel_keys(media["fileData"]))
    if portable is None:
        return {"type": OWN_PART, "part": dict(part)}
    return portable | {ours: part[theirs] for ours, theirs in _BESIDE.items() if theirs in part}


def _decode_inline(blob: dict[str, Any]) -> dict[str, Any] | None:
    media_type, data, name = blob.get("mimeType"), blob.get("data"), blob.get("displayName")
    if not isinstance(data, str) or not isinstance(media_type, str) or len(blob) > (3 if name else 2):
        return None
    if not _PLAIN_TYPE.fullmatch(media_type):  # a data URL would change it
        return None
    kind, _, form = media_type.partition("/")
    if kind == "image" and not name:
        return {"type": "image_url", "image_url": {"url": data_url(media_type, data)}}
    if kind == "audio" and not name and _AUDIO_FORMAT.fullmatch(form):
        return {"type": "input_audio", "input_audio": {"data": data, "format": form}}
    return _named({"file_data": data_url(media_type, data)}, name)


def _named(file: dict[str, Any], name: Any) -> dict[str, Any]:
    return {"type": "file", "file": {**file, "filename": name} if name else file}


def _decode_file(file: dict[str, Any]) -> dict[str, Any] | None:
    uri, media_type, name = file.get("fileUri"), file.get("mimeType"), file.get("displayName")
    if not isinstance(uri, str) or not uri or not file.keys() <= {"fileUri", "mimeType", "displayName"}:
        return None
    guessed = type_of(uri)
    if media_type is None and guessed is not None:  # it would come back with one
        return None
    form = {} if media_type == guessed else {"format": media_type}
    if not uri.startswith(_URLS) or _UPLOADED.match(uri):
        return _named({"file_id": uri, **form}, name)
    if (media_type or "").startswith("image/") and not name:
        return {"type": "image_url", "image_url": {"url": uri, **form}}
    return _named({"file_data": uri, **form}, name)
