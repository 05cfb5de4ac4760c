"""The parts of a message that Mistral writes in another way than OpenAI: documents, files and sound; and back.

Sources: Mistral AI documentation, "Document QnA" (document_url), "Audio" (input_audio), as typed by mistralai 3.7.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from agentsea_gateway.dialects.parts import inline, inline_text, text_part

if TYPE_CHECKING:
    from collections.abc import Mapping

_FORMAT = "wav"  # of sound that comes without saying it


def encode_part(part: Mapping[str, Any]) -> Mapping[str, Any]:
    """The part as Mistral takes it."""
    kind = part.get("type")
    if kind == "file" and isinstance(part.get("file"), dict):
        return _file(part, part["file"])
    if kind == "input_audio" and isinstance(part.get("input_audio"), dict):
        return {**part, "input_audio": part["input_audio"].get("data")}
    return part


def _file(part: Mapping[str, Any], file: Mapping[str, Any]) -> Mapping[str, Any]:
    data, more = file.get("file_data"), {key: value for key, value in part.items() if key not in ("type", "file")}
    if not isinstance(data, str):
        return {"type": "file", "file_id": file.get("file_id"), **more}
    held = inline(data)
    if held is not None and held.media_type.startswith("text/"):
        return {**text_part(inline_text(held)), **more}
    name = file.get("filename")
    return {"type": "document_url", "document_url": data, **({"document_name": name} if name else {}), **more}


def decode_part(part: Mapping[str, Any]) -> Mapping[str, Any]:
    """The portable part."""
    kind = part.get("type")
    if kind == "document_url" and part.keys() <= {"type", "document_url", "document_name"}:
        name = part.get("document_name")
        return {"type": "file", "file": {"file_data": part["document_url"], **({"filename": name} if name else {})}}
    if kind == "file" and part.keys() == {"type", "file_id"}:
        return {"type": "file", "file": {"file_id": part["file_id"]}}
    if kind == "input_audio" and isinstance(part.get("input_audio"), str):
        return {"type": kind, "input_audio": {"data": part["input_audio"], "format": _FORMAT}}
    return part
