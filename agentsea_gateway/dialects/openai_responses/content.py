"""The portable parts of a message as parts of an input item, and back.

Source: OpenAI API reference, "Responses", input: input_text, input_image, input_file; output_text and refusal in the
turns of the assistant.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from agentsea_gateway.dialects.parts import CACHE_MARK, data_url, image_url, note_others, text_part
from agentsea_gateway.errors import UnsupportedRequestError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from agentsea_gateway.dialects.request_reading import Degraded

_LINKS = ("https://", "http://")
_KNOWN = {
    "input_text": frozenset(("type", "text")),
    "output_text": frozenset(("type", "text")),
    "text": frozenset(("type", "text")),
    "refusal": frozenset(("type", "refusal")),
    "input_image": frozenset(("type", "image_url", "detail")),
    "input_file": frozenset(("type", "file_data", "file_url", "file_id", "filename")),
}


def encode_content(content: Any, where: str, degraded: Degraded, *, output: bool = False) -> str | list[dict[str, Any]]:
    """Content on the wire; `output` in the assistant's turns.

    Raises UnsupportedRequestError for parts that the API does not know.
    """
    if content is None or isinstance(content, str):
        return content or ""
    return [_part(part, where, degraded, output) for part in content]


def _part(part: Mapping[str, Any], where: str, degraded: Degraded, output: bool) -> dict[str, Any]:
    if part.get("type") != "input_audio":  # goes as it is
        note_others(part, degraded)
    if part.get(CACHE_MARK) is not None:  # caching is automatic
        degraded.note(CACHE_MARK)
    kind = part.get("type")
    if kind == "text":
        return {"type": "output_text" if output else "input_text", "text": part["text"]}
    if kind == "refusal":
        return {"type": "refusal", "refusal": part["refusal"]} if output else _text(str(part.get("refusal", "")))
    if not output:
        if kind == "image_url":
            return _image(part, where)
        if kind == "file":
            return _file(part, where, degraded)
        if kind in ("document_url", "file_url"):  # Mistral's and Perplexity's form of a file by its URL
            held = part.get(kind)
            return {"type": "input_file", "file_url": held.get("url") if isinstance(held, dict) else held}
        if isinstance(kind, str) and kind.startswith("input_"):  # input_audio, and what only this API knows
            return {key: value for key, value in part.items() if key != CACHE_MARK}
    turn = " in an assistant message" if output else ""
    raise UnsupportedRequestError(f"{where} has a part of type {kind!r}{turn}, which openai_responses cannot express")


def _text(text: str) -> dict[str, Any]:
    return {"type": "input_text", "text": text}


def _image(part: Mapping[str, Any], where: str) -> dict[str, Any]:
    url, detail = image_url(part, where)
    wire = {"type": "input_image", "image_url": url}
    if detail is not None:
        wire["detail"] = detail
    return wire


def _file(part: Mapping[str, Any], where: str, degraded: Degraded) -> dict[str, Any]:
    file = part.get("file")
    data = file.get("file_data") if isinstance(file, dict) else None
    if not isinstance(file, dict) or not (file.get("file_id") or (isinstance(data, str) and data)):
        raise UnsupportedRequestError(f'{where} needs {{"file": {{"file_data": …}}}} or {{"file": {{"file_id": …}}}}')
    wire: dict[str, Any] = {"type": "input_file"}
    if file.get("file_id"):
        wire["file_id"] = file["file_id"]
    elif str(data).startswith(_LINKS):
        wire["file_url"] = data
    else:  # bare base64, which the chat API takes for a PDF
        wire["file_data"] = data if str(data)[:5].lower() == "data:" else data_url("application/pdf", str(data))
    if file.get("filename"):
        wire["filename"] = file["filename"]
    return wire


def decode_content(content: Any) -> str | list[dict[str, Any]]:
    """The portable content."""
    if content is None or isinstance(content, str):
        return content or ""
    return [_decoded(part) for part in content]


def _decoded(part: Mapping[str, Any]) -> dict[str, Any]:
    """The portable part; the part itself where it has no portable form."""
    kind = part.get("type")
    keys = {key for key, value in part.items() if value not in (None, [])}
    if kind not in _KNOWN or keys - _KNOWN[kind]:
        return dict(part)
    if kind == "refusal":
        return {"type": "refusal", "refusal": part["refusal"]}
    if kind == "input_image":
        return _decoded_image(part)
    if kind == "input_file":
        return _decoded_file(part)
    return text_part(part["text"])


def _decoded_image(part: Mapping[str, Any]) -> dict[str, Any]:
    if not isinstance(part.get("image_url"), str):
        return dict(part)
    image = {"url": part["image_url"]}
    if part.get("detail") is not None:
        image["detail"] = part["detail"]
    return {"type": "image_url", "image_url": image}


def _decoded_file(part: Mapping[str, Any]) -> dict[str, Any]:
    if not str(part.get("file_data") or "data:").startswith("data:"):
        return dict(part)  # bare base64 stands for a PDF in the portable form
    if not str(part.get("file_url") or _LINKS[0]).startswith(_LINKS):
        return dict(part)
    file = {key: part[key] for key in ("file_data", "file_id", "filename") if part.get(key)}
    if part.get("file_url"):
        file["file_data"] = part["file_url"]
    return {"type": "file", "file": file}
