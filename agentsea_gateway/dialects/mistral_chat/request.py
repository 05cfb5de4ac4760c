"""The portable messages and options as a request to Mistral's chat API, and back: OpenAI's, with a few other names."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from agentsea_gateway.dialects.dialect import Encoded
from agentsea_gateway.dialects.mistral_chat.answer import NAME
from agentsea_gateway.dialects.mistral_chat.ids import is_legal
from agentsea_gateway.dialects.mistral_chat.messages import encode_messages
from agentsea_gateway.dialects.mistral_chat.parts import decode_part
from agentsea_gateway.dialects.openai_chat import request
from agentsea_gateway.dialects.openai_chat.answer import NAME as CHAT
from agentsea_gateway.dialects.openai_chat.quirks import Quirks
from agentsea_gateway.dialects.pairing import keep_as_sent
from agentsea_gateway.dialects.request_reading import Degraded, conversation, given_options, not_portable
from agentsea_gateway.errors import InvalidRequestError
from agentsea_gateway.messages import NATIVE, native_parts, with_native

if TYPE_CHECKING:
    from collections.abc import Mapping

# Mistral AI API reference, November 2026: it refuses fields that it does not know, and counts tokens unasked.
MISTRAL = Quirks(
    refused=frozenset(("user", "reasoning_budget")),
    renamed=MappingProxyType({"seed": "random_seed"}),
    developer=False,
    cache_marks=False,
    stream_usage=False,
)


def encode_request(
    messages: Any,
    options: Mapping[str, Any] | None = None,
    /,
    *,
    model: str | None = None,
    stream: bool = False,
    **more: Any,
) -> dict[str, Any]:
    """The request's body; see `Dialect.encode_request`."""
    return encode(messages, options, model=model, stream=stream, **more).body


def encode(
    messages: Any,
    options: Mapping[str, Any] | None = None,
    /,
    *,
    model: str | None = None,
    stream: bool = False,
    **more: Any,
) -> Encoded:
    """The request's body and what it leaves out; see `Dialect.encode`."""
    degraded = Degraded()
    try:
        taken = encode_messages(conversation(messages), degraded)
    except (AttributeError, KeyError, RecursionError, TypeError, ValueError) as error:
        raise not_portable(error) from None
    found = request.encode(taken, given_options(options, more), model=model, stream=stream, quirks=MISTRAL)
    return Encoded(found.body, (*degraded.names(), *found.degraded))


def decode_request(body: Mapping[str, Any]) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """The portable messages and options that a body says; see `Dialect.decode_request`."""
    messages, options = request.decode_request(body)
    extra = options.get("extra_body", {})
    if "random_seed" in extra:
        options["seed"] = extra.pop("random_seed")
    if not extra:
        options.pop("extra_body", None)
    try:
        return keep_as_sent([_decoded(message) for message in messages], NAME), options
    except (AttributeError, KeyError, RecursionError, TypeError, ValueError) as error:
        raise InvalidRequestError(f"the body is no chat completion request ({type(error).__name__}: {error})") from None


def _decoded(message: dict[str, Any]) -> dict[str, Any]:
    found = {key: value for key, value in message.items() if key != NATIVE}
    overlay = native_parts(message, CHAT) or {}
    if isinstance(found.get("content"), list):
        found["content"] = [dict(decode_part(part)) for part in found["content"]]
    calls = found.get("tool_calls") or ()
    if not all(is_legal(call["id"]) for call in calls):
        overlay = {"tool_calls": calls, **overlay}
    if found.get("role") == "tool" and not is_legal(found.get("tool_call_id")):
        overlay = {"tool_call_id": found.get("tool_call_id"), **overlay}
    return with_native(found, NAME, overlay) if overlay else found
