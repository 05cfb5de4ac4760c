"""A chat completion's stream: events as they come, and at the end the body that the plain call would have had."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from agentsea_gateway.dialects.failures import decode_error
from agentsea_gateway.dialects.openai_chat.answer import (
    broken,
    chunk_thinking,
    decode_response,
    detail_text,
    finish_details,
    is_broken,
    is_error,
    read,
)
from agentsea_gateway.dialects.openai_chat.stream_calls import StreamedCalls
from agentsea_gateway.dialects.openai_chat.stream_message import (
    LISTS,
    merge_chunks,
    merge_details,
    merge_logprobs,
    merged_audio,
)
from agentsea_gateway.dialects.streaming import EventDecoder, bad_event
from agentsea_gateway.dialects.text import TextPieces, mended_or_none
from agentsea_gateway.stream_events import Content, Start, Thinking
from agentsea_gateway.strict_json import SCAN_ERRORS, scan

if TYPE_CHECKING:
    from collections.abc import Mapping

    from agentsea_gateway.response import Response
    from agentsea_gateway.sse import Event
    from agentsea_gateway.stream_events import StreamEvent

_USUAL = frozenset(("role", "content", "reasoning", "reasoning_content", "tool_calls"))


class ChatDecoder(EventDecoder):
    """The decoder of one stream; see `StreamDecoder`."""

    __slots__ = (
        "_calls",
        "_content",
        "_finish",
        "_lists",
        "_logprobs",
        "_message",
        "_plain_text",
        "_started",
        "_texts",
        "_top",
        "_usage",
    )

    def __init__(self, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(headers)
        self._started = False
        self._plain_text = False  # started, and its content is text and not chunks
        self._content = TextPieces()
        self._texts: dict[str, TextPieces] = {}  # reasoning, reasoning_content, refusal
        self._lists: dict[str, list[Any]] = {}  # reasoning_details, LISTS, and content that is chunks (Mistral)
        self._logprobs: dict[str, Any] = {}  # of the choice, by what they belong to: content, refusal
        self._message: dict[str, Any] = {}  # what else of the message came whole
        self._calls = StreamedCalls()
        self._finish: Any = None
        self._usage: Any = None
        self._top: dict[str, Any] = {}  # the body around the choices

    def _take(self, events: list[Event], out: list[StreamEvent]) -> None:
        content = self._content
        for name, data in events:
            try:
                chunk, end = scan(data, 0)
            except SCAN_ERRORS:
                self._take_no_json(data)
                if self.ended:
                    return
                continue
            try:  # nearly every event is one piece of text and nothing else
                (choice,) = chunk["choices"]
                delta = choice["delta"]
                text = delta["content"]
                if (
                    (len(delta) == 1 or (len(delta) == 2 and "role" in delta))
                    and type(text) is str
                    and text
                    and self._plain_text
                    and not choice.get("index")
                    and choice.get("finish_reason") is None
                    and ("logprobs" not in choice or choice["logprobs"] is None)
                    and not chunk.get("usage")
                    and "error" not in chunk
                    and "error" not in choice
                    and end == len(data)
                ):
                    if text.isascii() and not content.held:
                        content.pieces.append(text)
                        out.append(Content(text))
                    else:
                        self._show_text(text, out)
                    continue
            except (KeyError, TypeError, ValueError):
                pass
            if not isinstance(chunk, dict) or data[end:].strip():
                raise bad_event()
            self._take_chunk(chunk, name, out)

    def _take_no_json(self, data: str) -> None:
        word = data.strip()
        if word == "[DONE]":
            self.ended = True
        elif word:
            raise bad_event()

    def _take_chunk(self, chunk: dict[str, Any], name: str, out: list[StreamEvent]) -> None:
        choices = chunk.get("choices")
        if chunk.get("error") or (not choices and (name == "error" or is_error(chunk))):
            raise decode_error(200, self._headers, chunk)
        self._note_top(chunk)
        if self._started:
            self._take_choices(choices, out)
        elif choices or self._top.get("id"):
            said: list[StreamEvent] = []  # behind the start, which an error in its own event is not worth
            self._take_choices(choices, said)
            self._started = True
            self._plain_text = "content" not in self._lists
            out.append(Start(mended_or_none(self._top.get("id")), mended_or_none(self._top.get("model"))))
            out += said

    def _take_choices(self, choices: Any, out: list[StreamEvent]) -> None:
        try:
            for choice in choices or ():
                if not choice.get("index"):
                    self._take_choice(choice, out)
        except (AttributeError, KeyError, TypeError, ValueError, RecursionError):
            raise bad_event() from None

    def _note_top(self, chunk: dict[str, Any]) -> None:
        usage = chunk.get("usage")
        if usage:
            self._usage = usage
        top = self._top
        for key, value in chunk.items():
            # The first id and model count; Azure's first chunk has neither, avian.io's first differs from the rest.
            if value and (key not in top or key not in ("id", "model", "created")) and key not in ("choices", "usage"):
                top[key] = value

    def _take_choice(self, choice: dict[str, Any], out: list[StreamEvent]) -> None:
        delta = choice.get("delta")
        if delta:
            self._take_delta(delta, out)
        elif delta is None and choice.get("message"):
            self._take_message(choice["message"], out)
        if choice.get("usage") and not self._usage:  # Moonshot's place for it
            self._usage = choice["usage"]
        if choice.get("logprobs"):
            merge_logprobs(self._logprobs, choice["logprobs"])
        finish = choice.get("finish_reason") or finish_details(choice)
        if choice.get("error") or is_broken(finish):
            raise broken(choice, self._headers)
        if finish:
            self._finish = finish

    def _take_message(self, message: dict[str, Any], out: list[StreamEvent]) -> None:
        """A choice with the whole message so far and no delta: what is new in its text."""
        content, shown = message.get("content"), str(self._content)
        if isinstance(content, str) and content.startswith(shown):
            message = {**message, "content": content[len(shown) :]}
        self._take_delta(message, out)

    def _take_delta(self, delta: dict[str, Any], out: list[StreamEvent]) -> None:
        self._take_reasoning(delta, out)
        content = delta.get("content")
        if isinstance(content, str):
            self._take_text(content, out)
        elif content:
            self._take_chunks(content, out)
        if delta.get("refusal"):
            self._add("refusal", delta["refusal"])
        calls = delta.get("tool_calls")
        if calls:
            self._calls.take(calls, out)
        legacy = delta.get("function_call")
        if legacy and any(legacy.values()):  # not the empty one that some write into every message
            self._calls.take_legacy(legacy, out)
        if delta.keys() - _USUAL:
            self._take_additions(delta)

    def _take_additions(self, delta: dict[str, Any]) -> None:
        """What a delta has beside text, reasoning and calls: it is in the answer, and no event tells it."""
        for name in LISTS:
            if delta.get(name):
                self._lists.setdefault(name, []).extend(delta[name])
        if delta.get("thinking_blocks"):
            merge_chunks(self._lists.setdefault("thinking_blocks", []), delta["thinking_blocks"])
        if isinstance(delta.get("audio"), dict):
            self._message["audio"] = merged_audio(self._message.get("audio", {}), delta["audio"])
        for name in ("extra_content", "context"):
            if delta.get(name):
                self._message[name] = delta[name]

    def _take_text(self, text: str, out: list[StreamEvent]) -> None:
        if "content" in self._lists:
            merge_chunks(self._lists["content"], [{"type": "text", "text": text}] if text else [])
        self._show_text(text, out)

    def _show_text(self, text: str, out: list[StreamEvent]) -> None:
        shown = self._content.add(text) if text else ""
        if shown:
            out.append(Content(shown))

    def _take_chunks(self, chunks: list[Any], out: list[StreamEvent]) -> None:
        if "content" not in self._lists:
            self._plain_text = False
            text = str(self._content)
            self._lists["content"] = [{"type": "text", "text": text}] if text else []
        merge_chunks(self._lists["content"], chunks)
        for chunk in chunks:
            thought = chunk_thinking(chunk)
            if thought:
                self._show_thinking("content", thought, out)
            elif chunk.get("type") == "text" and isinstance(chunk.get("text"), str):
                self._show_text(chunk["text"], out)

    def _take_reasoning(self, delta: dict[str, Any], out: list[StreamEvent]) -> None:
        shown = False
        for field in ("reasoning_content", "reasoning"):
            text = delta.get(field)
            if text and isinstance(text, str):
                if shown:  # the same text once more
                    self._add(field, text)
                else:
                    self._show_thinking(field, text, out)
                    shown = True
        details = delta.get("reasoning_details")
        if details:
            merge_details(self._lists.setdefault("reasoning_details", []), details)
            text = "" if shown else "".join(map(detail_text, details))
            if text:
                self._show_thinking("details", text, out)

    def _show_thinking(self, field: str, text: str, out: list[StreamEvent]) -> None:
        text = self._add(field, text)
        if text:
            out.append(Thinking(text))

    def _add(self, field: str, text: str) -> str:
        pieces = self._texts.get(field)
        if pieces is None:
            pieces = self._texts[field] = TextPieces()
        return pieces.add(text)

    def _proven(self) -> bool:
        return self.ended or self._finish is not None

    def _response(self, whole: bool) -> Response:
        return read(self._body(), self._headers, whole=whole)

    def _plain(self, body: Any) -> Response:
        return decode_response(body, self._headers)

    def _body(self) -> dict[str, Any]:
        message: dict[str, Any] = {"role": "assistant", "content": str(self._content)}
        for field in ("reasoning_content", "reasoning", "refusal"):
            if field in self._texts:
                message[field] = str(self._texts[field])
        message |= self._message | self._lists | self._calls.fields()
        choice = {"index": 0, "message": message, "finish_reason": self._finish}
        if self._logprobs:
            choice["logprobs"] = self._logprobs
        return {**self._top, "object": "chat.completion", "choices": [choice], "usage": self._usage}
