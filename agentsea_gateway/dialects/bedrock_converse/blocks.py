"""The portable parts of a message as Converse's content blocks, and back.

A prompt-caching mark on a part is a cache point behind its block. A block that has no portable form travels as
{"type": "bedrock_block", "block": {…}}, and only to Bedrock; a search result has Anthropic's form.
Source: Amazon Bedrock API reference, ContentBlock, ToolResultContentBlock and CachePointBlock, November 2026.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from agentsea_gateway.dialects.bedrock_converse.media import (
    decode_media,
    encode_audio,
    encode_file,
    encode_image,
    encode_url,
)
from agentsea_gateway.dialects.parts import CACHE_MARK, as_parts, note_others, text_part
from agentsea_gateway.errors import UnsupportedRequestError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from agentsea_gateway.dialects.bedrock_converse.media import Names
    from agentsea_gateway.dialects.bedrock_converse.models import Model
    from agentsea_gateway.dialects.request_reading import Degraded

OWN_PART = "bedrock_block"
POINT = "cachePoint"


class Blocks:
    """Makes the blocks of one request."""

    __slots__ = ("_degraded", "_model", "_names")

    def __init__(self, model: Model, names: Names, degraded: Degraded) -> None:
        self._model = model
        self._names = names
        self._degraded = degraded

    def of(self, content: Any, where: str) -> list[dict[str, Any]]:
        """The blocks of a content. Texts of white space fall out, in results of tools too: the API refuses them.

        Raises UnsupportedRequestError for what no block can express.
        """
        found: list[dict[str, Any]] = []
        for part in as_parts(content):
            block = self._block(part, where)
            if block.get("text", ...) is ... or block["text"].strip():
                found += self.marked([block], part)
        return found

    def marked(self, blocks: list[dict[str, Any]], source: Mapping[str, Any]) -> list[dict[str, Any]]:
        """The blocks, with a cache point behind them where `source` has a prompt-caching mark."""
        mark = source.get(CACHE_MARK)
        if mark is None or not blocks:
            return blocks
        if not self._model.cache_points:
            self._degraded.note(CACHE_MARK)
            return blocks
        return [*blocks, cache_point(mark)]

    def _block(self, part: Mapping[str, Any], where: str) -> dict[str, Any]:
        kind = part.get("type")
        note_others(part, self._degraded, ("citations", "context") if kind == "file" else ())
        if kind == "text":
            return {"text": part["text"]}
        if kind == "refusal":
            return {"text": str(part.get("refusal", ""))}
        if kind == "search_result":
            return _search_result(part)
        if kind == OWN_PART and isinstance(part.get("block"), dict):
            return dict(part["block"])
        return self._media(kind, part, where)

    def _media(self, kind: Any, part: Mapping[str, Any], where: str) -> dict[str, Any]:
        if kind == "image_url":
            return encode_image(part, where, self._degraded)
        if kind == "file":
            return encode_file(part, where, self._names)
        if kind in ("document_url", "file_url", "video_url"):
            return encode_url(part.get(kind), where, self._names)
        if kind == "input_audio":
            return encode_audio(part)
        raise UnsupportedRequestError(f"{where} has a part of type {kind!r}, which bedrock_converse cannot express")


def cache_point(mark: Mapping[str, Any]) -> dict[str, Any]:
    """The cache point of a prompt-caching mark."""
    ttl = mark.get("ttl")
    return {POINT: {"type": "default"} if ttl is None else {"type": "default", "ttl": ttl}}


def mark_of(block: Mapping[str, Any]) -> dict[str, Any] | None:
    """The prompt-caching mark that a cache point stands for; None where this block is none."""
    point = block.get(POINT)
    if (
        len(block) != 1
        or not isinstance(point, dict)
        or point.get("type") != "default"
        or point.keys() - {"type", "ttl"}
    ):
        return None
    return {"type": "ephemeral"} if point.get("ttl") is None else {"type": "ephemeral", "ttl": point["ttl"]}


def _search_result(part: Mapping[str, Any]) -> dict[str, Any]:
    content = [{"text": each["text"]} for each in part["content"]]
    held = {"source": part["source"], "title": part["title"], "content": content}
    if part.get("citations") is not None:
        held["citations"] = part["citations"]
    return {"searchResult": held}


def decode_block(block: Mapping[str, Any]) -> dict[str, Any]:
    """The portable part of one block."""
    if len(block) == 1:
        ((kind, held),) = block.items()
        if kind == "text" and isinstance(held, str):
            return text_part(held)
        found = _decoded_search_result(held) if kind == "searchResult" else decode_media(block)
        if found is not None:
            return found
    return {"type": OWN_PART, "block": dict(block)}


def _decoded_search_result(held: Any) -> dict[str, Any] | None:
    if not isinstance(held, dict) or held.keys() - {"source", "title", "content", "citations"}:
        return None
    texts = held["content"]
    if any(each.keys() != {"text"} for each in texts):
        return None
    part = {"type": "search_result", "source": held["source"], "title": held["title"]}
    part["content"] = [text_part(each["text"]) for each in texts]
    return part if held.get("citations") is None else part | {"citations": held["citations"]}


def decode_marked(blocks: Any) -> list[dict[str, Any]]:
    """The portable parts of these blocks, with each cache point as a mark on the part before it."""
    found: list[dict[str, Any]] = []
    for block in blocks:
        mark = mark_of(block)
        if mark is not None and found and CACHE_MARK not in found[-1]:
            found[-1][CACHE_MARK] = mark
        else:
            found.append(decode_block(block))
    return found
