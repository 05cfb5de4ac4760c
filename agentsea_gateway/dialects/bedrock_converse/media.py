"""Images, documents, video and sound as Converse's blocks, and back.

They are inline (base64), or stand in a bucket (s3://…); nothing is fetched from the web.
Source: Amazon Bedrock API reference, ImageBlock, DocumentBlock, VideoBlock, AudioBlock and S3Location, November 2026.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from agentsea_gateway.dialects.parts import Inline, data_url, image_url, inline, inline_text, text_data_url
from agentsea_gateway.errors import UnsupportedRequestError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from agentsea_gateway.dialects.request_reading import Degraded

_IMAGES = {"image/png": "png", "image/jpeg": "jpeg", "image/jpg": "jpeg", "image/gif": "gif", "image/webp": "webp"}
_OFFICE = "application/vnd.openxmlformats-officedocument."
_DOCUMENTS = {
    "application/pdf": "pdf",
    "text/csv": "csv",
    "application/msword": "doc",
    f"{_OFFICE}wordprocessingml.document": "docx",
    "application/vnd.ms-excel": "xls",
    f"{_OFFICE}spreadsheetml.sheet": "xlsx",
    "text/html": "html",
    "text/plain": "txt",
    "text/markdown": "md",
}
_VIDEOS = {
    "video/x-matroska": "mkv",
    "video/quicktime": "mov",
    "video/mp4": "mp4",
    "video/webm": "webm",
    "video/x-flv": "flv",
    "video/mpeg": "mpeg",
    "video/x-ms-wmv": "wmv",
    "video/3gpp": "three_gp",
}
_ENDINGS = {form: form for form in (*_IMAGES.values(), *_DOCUMENTS.values(), *_VIDEOS.values())}
_ENDINGS |= {"jpg": "jpeg", "htm": "html", "markdown": "md", "text": "txt", "mpg": "mpeg", "3gp": "three_gp"}
_TYPES = {form: media for kinds in (_IMAGES, _DOCUMENTS, _VIDEOS) for media, form in reversed(kinds.items())}
_TEXT = ";charset=utf-8"  # in the data URL of a document that is given as text, not as bytes
_IN_BUCKET = "s3://"
_FOREIGN = re.compile(r"[^A-Za-z0-9 ()\[\]_-]")
_LONGEST_NAME = 200
_BESIDE = ("citations", "context")  # keys that stand beside a document's file in the portable form too


class Names:
    """The names of a request's documents: each needs one, no two may be alike."""

    __slots__ = ("_used",)

    def __init__(self) -> None:
        self._used: set[str] = set()

    def new(self, given: str) -> str:
        """A name that the API takes and that is not in use, as near to `given` as can be."""
        plain = legal_name(given) or "document"
        name, number = plain, 2
        while name in self._used:
            name = f"{plain[: _LONGEST_NAME - 8]} {number}"
            number += 1
        self._used.add(name)
        return name


def legal_name(given: str) -> str:
    """`given` in the characters that a document's name may have.

    >>> legal_name("Q3 report.final")
    'Q3 report-final'
    """
    return " ".join(_FOREIGN.sub("-", given).split())[:_LONGEST_NAME]


def encode_image(part: Mapping[str, Any], where: str, degraded: Degraded) -> dict[str, Any]:
    """The block of an image part."""
    url, detail = image_url(part, where)
    if detail not in (None, "auto"):
        degraded.note("image_url.detail")
    return _media(url, where)


def encode_file(part: Mapping[str, Any], where: str, names: Names) -> dict[str, Any]:
    """The block of a file part: a document, or an image or video that came as a file."""
    file = part.get("file")
    data = file.get("file_data") if isinstance(file, dict) else None
    if not isinstance(file, dict) or not isinstance(data, str) or not data:
        raise UnsupportedRequestError(f"{where} has a file without file_data, and Bedrock keeps none by their id")
    filename = file.get("filename")
    stem, ending = _split(filename if isinstance(filename, str) else "")
    if data.startswith(_IN_BUCKET):
        return _in_bucket(data, stem, ending, part, names)
    if data.startswith(("https://", "http://")):
        raise _not_fetched(where)
    held = inline(data) or Inline(_TYPES[ending or "pdf"], data)  # bare base64, which OpenAI takes for a PDF
    if held.media_type in _IMAGES or held.media_type in _VIDEOS:
        return _inline(held)
    form = _DOCUMENTS.get(held.media_type) or (ending if ending in _DOCUMENTS.values() else None)
    if form is None:
        if not held.media_type.startswith(("text/", "application/json", "application/xml")):
            raise UnsupportedRequestError(f"{where} has a {held.media_type} file, which Bedrock does not take")
        form = "txt"
    as_text = data.partition(",")[0].lower().endswith(f"{_TEXT};base64")
    source = {"text": inline_text(held)} if as_text else {"bytes": held.data}
    return _document(form, stem, source, part, names)


def encode_url(held: Any, where: str, names: Names) -> dict[str, Any]:
    """The block of a part that is a file by its URL (Mistral's, Perplexity's and OpenRouter's forms)."""
    url = held.get("url") if isinstance(held, dict) else held
    return encode_file({"file": {"file_data": url}}, where, names)


def encode_audio(part: Mapping[str, Any]) -> dict[str, Any]:
    """The block of a part of sound."""
    audio = part["input_audio"]
    return {"audio": {"format": audio["format"], "source": {"bytes": audio["data"]}}}


def _split(filename: str) -> tuple[str, str | None]:
    """A file's name without its ending, and the format that this stands for."""
    stem, dot, ending = filename.rpartition(".")
    form = _ENDINGS.get(ending.lower()) if dot else None
    return (filename, None) if form is None else (stem, form)


def _media(url: str, where: str) -> dict[str, Any]:
    if url.startswith(_IN_BUCKET):
        form = _split(url)[1]
        if form in _IMAGES.values():
            return {"image": {"format": form, "source": {"s3Location": {"uri": url}}}}
        raise UnsupportedRequestError(f"{where} has an image in a bucket whose name does not end in its format")
    held = inline(url)
    if held is None:
        raise _not_fetched(where)
    if held.media_type not in _IMAGES:
        raise UnsupportedRequestError(f"{where} has a {held.media_type} image; Bedrock takes PNG, JPEG, GIF and WebP")
    return _inline(held)


def _inline(held: Inline) -> dict[str, Any]:
    kind, form = (
        ("image", _IMAGES[held.media_type]) if held.media_type in _IMAGES else ("video", _VIDEOS[held.media_type])
    )
    return {kind: {"format": form, "source": {"bytes": held.data}}}


def _not_fetched(where: str) -> UnsupportedRequestError:
    return UnsupportedRequestError(
        f"{where} has a file by its URL, which Bedrock does not fetch; give a data URL, or s3://… in a bucket"
    )


def _in_bucket(uri: str, stem: str, ending: str | None, part: Mapping[str, Any], names: Names) -> dict[str, Any]:
    path, found = _split(uri)
    form, source = ending or found or "txt", {"s3Location": {"uri": uri}}
    if form in _IMAGES.values() or form in _VIDEOS.values():
        return {"image" if form in _IMAGES.values() else "video": {"format": form, "source": source}}
    return _document(form, stem or path.rpartition("/")[2], source, part, names)


def _document(form: str, stem: str, source: Mapping[str, Any], part: Mapping[str, Any], names: Names) -> dict[str, Any]:
    block = {"format": form, "name": names.new(stem), "source": source}
    return {"document": {**block, **{key: part[key] for key in _BESIDE if part.get(key) is not None}}}


def decode_media(block: Mapping[str, Any]) -> dict[str, Any] | None:
    """The portable part of a block of media; None where it has no portable form."""
    ((kind, held),) = block.items()
    form, source = (held.get("format"), held.get("source")) if isinstance(held, dict) else (None, None)
    if not isinstance(form, str) or not isinstance(source, dict) or len(source) != 1:
        return None
    if kind == "document":
        return _decoded_document(held, form, source)
    if held.keys() == {"format", "source"}:
        return _decoded_media(kind, form, source)
    return None


def _decoded_media(kind: str, form: str, source: Mapping[str, Any]) -> dict[str, Any] | None:
    data = source.get("bytes")
    if kind == "audio":
        return {"type": "input_audio", "input_audio": {"data": data, "format": form}} if isinstance(data, str) else None
    url = _url(form, source)
    if url is None or (url.startswith(_IN_BUCKET) and _split(url)[1] != form):
        return None
    if kind == "image":
        return {"type": "image_url", "image_url": {"url": url}}
    return {"type": "file", "file": {"file_data": url}} if kind == "video" else None


def _decoded_document(held: Mapping[str, Any], form: str, source: Mapping[str, Any]) -> dict[str, Any] | None:
    name, url = held.get("name"), _url(form, source)
    known = {"format", "name", "source", *_BESIDE}
    if url is None or not isinstance(name, str) or legal_name(name) != name or held.keys() - known:
        return None
    part = {"type": "file", "file": {"file_data": url, "filename": f"{name}.{form}"}}
    return part | {key: held[key] for key in _BESIDE if held.get(key) is not None}


def _url(form: str, source: Mapping[str, Any]) -> str | None:
    ((kind, held),) = source.items()
    media_type = _TYPES.get(form)
    if kind == "s3Location":
        uri = held.get("uri") if isinstance(held, dict) and len(held) == 1 else None
        return uri if isinstance(uri, str) and uri.startswith(_IN_BUCKET) else None
    if media_type is None or not isinstance(held, str):
        return None
    if kind == "bytes":
        return data_url(media_type, held)
    return text_data_url(held, media_type + _TEXT) if kind == "text" else None
