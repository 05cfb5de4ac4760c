"""Gemini's `generateContent` as Google's servers speak it, with AI Studio's paths and with Vertex AI's.

Source: Gemini API reference, "Generating content", GenerateContentResponse and streamGenerateContent (alt=sse), and
documentation, "Thought signatures", as of 2026-11; the framing follows what the API sends.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from agentsea_gateway.testing.checks import signature
from agentsea_gateway.testing.counting import counted
from agentsea_gateway.testing.gemini_refusals import KINDS, PATH, STATUS_NAMES, is_newer, refusal_of, signed
from agentsea_gateway.testing.replies import pieces, to_json
from agentsea_gateway.testing.side import Refusal, Side
from agentsea_gateway.testing.wire import Frame

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from agentsea_gateway.response import ToolCall
    from agentsea_gateway.testing.recorded import Request
    from agentsea_gateway.testing.replies import Reply
    from agentsea_gateway.testing.side import Rules

_FINISH = {"stop": "STOP", "length": "MAX_TOKENS", "tool_use": "STOP", "content_filter": "SAFETY"}
_STREAM = "streamGenerateContent"


class GeminiSide(Side):
    """The server's side of "gemini"."""

    NAME = "gemini"
    KINDS = KINDS
    REQUEST_ID = ""  # an answer has its id in the body
    STREAM_TYPE = "text/event-stream"
    PING = b": keep-alive\r\n\r\n"

    def speaks(self, headers: Mapping[str, str]) -> bool:
        return "x-goog-api-key" in headers

    def streams(self, path: str, body: Any) -> bool:
        return path.endswith(f":{_STREAM}")

    def model(self, path: str, body: Any) -> str | None:
        from urllib.parse import unquote

        match = PATH.fullmatch(path)
        return unquote(match["model"]) if match and match["model"] else None

    def is_listing(self, request: Request) -> bool:
        return request.method == "GET" and request.model is None

    def listing(self, models: Sequence[str]) -> dict[str, Any]:
        methods = ["generateContent"]
        rows = [
            {"name": f"models/{name}", "displayName": name, "supportedGenerationMethods": methods} for name in models
        ]
        return {"models": rows}

    def refusal(self, request: Request, headers: Mapping[str, str], rules: Rules) -> Refusal | None:
        return refusal_of(request, headers, rules)

    def plain(self, reply: Reply, request: Request, ident: str) -> dict[str, Any]:
        parts = [part for part, _ in _parts(reply, request, ident)]
        return _answer(reply, request, ident, parts, last=True)

    def stream(self, reply: Reply, request: Request, ident: str) -> Iterator[Frame]:
        for part, texts in _parts(reply, request, ident):
            for piece in [{**part, "text": text} for text in texts] or [part]:
                yield _event(_answer(reply, request, ident, [piece], last=False), content=True)
        yield _event(_answer(reply, request, ident, [{"text": ""}], last=True))

    def other(self, status: int) -> Refusal:
        words = "The server had an error." if status >= 500 else "The request was refused."
        return Refusal(status, STATUS_NAMES.get(status, "INTERNAL" if status >= 500 else "INVALID_ARGUMENT"), words)

    def error_body(self, refusal: Refusal, request_id: str) -> dict[str, Any]:
        if refusal.status == 200:  # a prompt that is blocked is answered so
            return {"promptFeedback": {"blockReason": refusal.type, "blockReasonMessage": refusal.message}}
        error: dict[str, Any] = {"code": refusal.status, "message": refusal.message, "status": refusal.type}
        if refusal.code is not None:
            kind = "type.googleapis.com/google.rpc.ErrorInfo"
            error["details"] = [{"@type": kind, "reason": refusal.code, "domain": "googleapis.com"}]
        return {"error": error}

    def error_frame(self, refusal: Refusal, request_id: str) -> Frame:
        return _event(self.error_body(refusal, request_id))


def _event(body: dict[str, Any], content: bool = False) -> Frame:
    return Frame(b"data: %b\r\n\r\n" % to_json(body), content)


def _answer(reply: Reply, request: Request, ident: str, parts: list[dict[str, Any]], *, last: bool) -> dict[str, Any]:
    """A whole answer, or one event of a stream, which has the same shape; the end comes with the last one."""
    candidate: dict[str, Any] = {"content": {"role": "model", "parts": parts}, "index": 0}
    if last:
        candidate["finishReason"] = _FINISH[reply.stopped_by]
    return {
        "candidates": [candidate],
        "usageMetadata": _usage(reply, request, last=last),
        "modelVersion": reply.model or request.model,
        "responseId": reply.id or f"r{ident}",
    }


def _parts(reply: Reply, request: Request, ident: str) -> Iterator[tuple[dict[str, Any], list[str]]]:
    """The parts of an answer, in order: each whole, with the texts that a stream brings it in.

    A model that thinks signs the first of its calls, or else its last text.
    """
    sealed = reply.thinking is not None or is_newer(request.model)
    if reply.thinking:
        yield {"text": reply.thinking, "thought": True}, pieces(reply.thinking, reply.chunks)
    if reply.text:
        texts = pieces(reply.text, reply.chunks)
        if sealed and not reply.tool_calls:  # in a stream on the last piece, so here that is a part of its own
            last = {"text": texts[-1], "thoughtSignature": signature("google", texts[-1])}
            if texts[:-1]:
                yield {"text": "".join(texts[:-1])}, texts[:-1]
            yield last, []
        else:
            yield {"text": reply.text}, texts
    for index, call in enumerate(reply.tool_calls):
        part: dict[str, Any] = {"functionCall": _call(call, request, ident, index)}
        if sealed and index == 0:
            part["thoughtSignature"] = signature("google", *signed(part["functionCall"]))
        yield part, []


def _call(call: ToolCall, request: Request, ident: str, index: int) -> dict[str, Any]:
    """Calls have ids since Gemini 3; before, AI Studio only, and only where the reply gives one."""
    named = {"name": call.name, "args": call.arguments or {}}
    if is_newer(request.model) or (call.id and "/publishers/" not in request.path):
        return {"id": call.id or f"{ident}_{index}", **named}
    return named


def _usage(reply: Reply, request: Request, *, last: bool) -> dict[str, Any]:
    """Gemini counts thoughts beside what was written; a count of nothing is left out."""
    found = counted(reply, request)
    counts = {"promptTokenCount": found.read, "totalTokenCount": found.read + (found.written if last else 0)}
    if last:
        counts["candidatesTokenCount"] = found.written - found.reasoned
        counts |= {"cachedContentTokenCount": found.cached, "thoughtsTokenCount": found.reasoned}
    kept: dict[str, Any] = {name: value for name, value in counts.items() if value}
    return kept | {"promptTokensDetails": [{"modality": "TEXT", "tokenCount": found.read}]}
