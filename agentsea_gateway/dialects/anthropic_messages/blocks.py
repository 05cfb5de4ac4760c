"""The portable parts of a message as Anthropic's content blocks, and back.

Source: Anthropic API reference, "Messages", content blocks, as typed by anthropic-python 2.13.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from agentsea_gateway.dialects.parts import (
    CACHE_MARK,
    Inline,
    as_parts,
    data_url,
    image_url,
    inline,
    inline_text,
    note_others,
    text_data_url,
    text_part,
)
from agentsea_gateway.dialects.request_reading import Degraded
from agentsea_gateway.errors import UnsupportedRequestError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

# Blocks that have no portable form: they travel as they are, and no other dialect takes them.
OWN_PARTS = frozenset(("image", "document", "search_result", "container_upload", "tool_reference", "browser_state"))
OWN_BLOCK = "anthropic_block"  # the part that holds, under "block", any other block that no part says whole
_KEPT = {
    "image": (CACHE_MARK, "transformations"),
    "document": (CACHE_MARK, "citations", "context"),
}
_BESIDE: Mapping[Any, tuple[str, ...]] = {"image_url": _KEPT["image"], "file": _KEPT["image"] + _KEPT["document"]}


def encode_content(content: Any, where: str, degraded: Degraded, *, blank: bool = False) -> list[dict[str, Any]]:
    """The blocks of a content. Texts of nothing, or (without `blank`) of white space, fall out: the API refuses them.

    Raises UnsupportedRequestError for what no block can express.
    """
    blocks = (encode_part(part, where, degraded) for part in as_parts(content))
    return [block for block in blocks if block["type"] != "text" or (block["text"] if blank else block["text"].strip())]


def encode_part(part: Mapping[str, Any], where: str, degraded: Degraded) -> dict[str, Any]:
    """The block of one part."""
    kind = part.get("type")
    note_others(part, degraded, _BESIDE.get(kind, ()))
    if kind == "text":
        return _kept({"type": "text", "text": part["text"]}, part, (CACHE_MARK,))
    if kind == "refusal":
        return text_part(str(part.get("refusal", "")))
    if kind == "image_url":
        return _image(part, where, degraded)
    if kind == "file":
        return _file(part, where)
    if kind in ("document_url", "file_url"):  # Mistral's and Perplexity's form of a file by its URL
        held = part.get(kind)
        url = held.get("url") if isinstance(held, dict) else held
        return {"type": "document", "source": {"type": "url", "url": url}}
    own = part if kind in OWN_PARTS else part.get("block") if kind == OWN_BLOCK else None
    if isinstance(own, dict):
        return dict(own)
    raise UnsupportedRequestError(f"{where} has a part of type {kind!r}, which anthropic_messages cannot express")


def _kept(block: dict[str, Any], source: Mapping[str, Any], names: Sequence[str]) -> dict[str, Any]:
    for name in names:
        if source.get(name) is not None:
            block[name] = source[name]
    return block


def _image(part: Mapping[str, Any], where: str, degraded: Degraded) -> dict[str, Any]:
    url, detail = image_url(part, where)
    if detail not in (None, "auto"):
        degraded.note("image_url.detail")
    held = inline(url)
    if held is not None:
        source = {"type": "base64", "media_type": held.media_type, "data": held.data}
    elif url.startswith(("https://", "http://")):
        source = {"type": "url", "url": url}
    else:
        raise UnsupportedRequestError(f"{where} has an image that is neither a data URL nor https://…")
    return _kept({"type": "image", "source": source}, part, _KEPT["image"])


def _file(part: Mapping[str, Any], where: str) -> dict[str, Any]:
    file = part.get("file")
    if not isinstance(file, dict):
        raise UnsupportedRequestError(f'{where} needs {{"file": {{"file_data": …}}}} or {{"file": {{"file_id": …}}}}')
    block: dict[str, Any] = {"type": "document", "source": _file_source(file, where)}
    if block["source"]["type"] == "image":
        return _kept({"type": "image", "source": block["source"]["source"]}, part, _KEPT["image"])
    if file.get("filename"):
        block["title"] = file["filename"]
    return _kept(block, part, _KEPT["document"])


def _file_source(file: Mapping[str, Any], where: str) -> dict[str, Any]:
    if file.get("file_id"):
        return {"type": "file", "file_id": file["file_id"]}
    data = file.get("file_data")
    if not isinstance(data, str) or not data:
        raise UnsupportedRequestError(f"{where} has a file without file_data or file_id")
    if data.startswith(("https://", "http://")):
        return {"type": "url", "url": data}
    held = inline(data)
    if held is None:  # bare base64, which OpenAI takes for a PDF
        held = Inline("application/pdf", data)
    if held.media_type.startswith("image/"):
        source = {"type": "base64", "media_type": held.media_type, "data": held.data}
        return {"type": "image", "source": source}
    if held.media_type.startswith("text/"):
        return {"type": "text", "media_type": "text/plain", "data": inline_text(held)}
    if held.media_type != "application/pdf":
        raise UnsupportedRequestError(f"{where} has a {held.media_type} file; Anthropic takes PDF, text and images")
    return {"type": "base64", "media_type": held.media_type, "data": held.data}


def decode_content(content: Any) -> str | list[dict[str, Any]]:
    """The portable content of a turn's or a result's content."""
    if content is None or isinstance(content, str):
        return content or ""
    return [decode_block(block) for block in content]


def decode_block(block: Mapping[str, Any]) -> dict[str, Any]:
    """The portable part of one block; where no part says it whole, the block itself or one that holds it."""
    block = {key: value for key, value in block.items() if value is not None}
    kind, source = block.get("type"), block.get("source")
    part: dict[str, Any] = block
    if kind == "image" and isinstance(source, dict):
        part = _decode_image(block, source)
    elif kind == "document" and isinstance(source, dict):
        part = _decode_document(block, source)
    try:
        whole = encode_part(part, "", Degraded()) == block
    except UnsupportedRequestError:
        whole = False
    return part if whole else {"type": OWN_BLOCK, "block": block}


def _decode_image(block: Mapping[str, Any], source: Mapping[str, Any]) -> dict[str, Any]:
    if source.get("type") == "base64":
        url = data_url(source["media_type"], source["data"])
    elif source.get("type") == "url":
        url = source["url"]
    else:
        return dict(block)
    return _kept({"type": "image_url", "image_url": {"url": url}}, block, _KEPT["image"])


def _decode_document(block: Mapping[str, Any], source: Mapping[str, Any]) -> dict[str, Any]:
    kind = source.get("type")
    if kind == "base64":
        file = {"file_data": data_url(source["media_type"], source["data"])}
    elif kind == "url":
        file = {"file_data": source["url"]}
    elif kind == "text":
        file = {"file_data": text_data_url(source["data"])}
    elif kind == "file":
        file = {"file_id": source["file_id"]}
    else:
        return dict(block)
    if block.get("title"):
        file["filename"] = block["title"]
    return _kept({"type": "file", "file": file}, block, _KEPT["document"])
