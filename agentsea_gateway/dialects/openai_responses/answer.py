"""A response's body as a Response."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from agentsea_gateway.dialects.failures import decode_error
from agentsea_gateway.dialects.openai_responses.items import CALLS, NAME, cleaned, held_in, needs_native, thoughts_of
from agentsea_gateway.dialects.reply_headers import lowered, rate_limits, request_id
from agentsea_gateway.dialects.text import mended_or_none, mended_value
from agentsea_gateway.dialects.usage import charged, count, part
from agentsea_gateway.errors import InternalServerError, MalformedResponseError, ProviderError
from agentsea_gateway.response import NO_USAGE, Native, Response, Usage

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

# The status of a response; "completed" says nothing of the calls in it.
_STOP_REASONS = {"completed": "stop", "incomplete": "length", "cancelled": "stop"}

_PENDING = ("queued", "in_progress")  # what `background` answers at once


def decode_response(body: Any, headers: Mapping[str, str] | None = None) -> Response:
    """A whole answer; see `Dialect.decode_response`."""
    return read(body, headers, whole=True)


def read(body: Any, headers: Mapping[str, str] | None, *, whole: bool) -> Response:
    """The Response that a body says. `whole` False: it may be unfinished, and nothing in it is an error."""
    try:
        return _read(body, headers, whole)
    except (AttributeError, IndexError, KeyError, RecursionError, TypeError, ValueError) as error:
        raise MalformedResponseError(
            f"the answer is not of the shape of a response ({type(error).__name__}: {error})"
        ) from None


def _read(body: Any, headers: Mapping[str, str] | None, whole: bool) -> Response:
    if whole and (body.get("error") or body.get("status") == "failed" or "output" not in body):
        raise failure(body, headers)
    items = body.get("output") or []
    held = held_in(items)
    stop = _stop_reason(body, bool(held.calls))
    if whole and not items and stop is None and not (body.get("background") and body.get("status") in _PENDING):
        raise MalformedResponseError("the answer holds nothing, and no reason why it stopped")
    fields = lowered(headers)
    usage = body.get("usage")
    return Response(
        held.text,
        held.thinking or mended_or_none(body.get("reasoning")),  # mistral.rs has it as a text beside the output
        held.calls,
        stop,
        _usage(usage) if type(usage) is dict else NO_USAGE,
        mended_or_none(body.get("model")),
        mended_or_none(body.get("id")),
        held.refusal or None,
        held.citations or _listed(body),
        body,
        request_id(fields),
        rate_limits(fields),
        charged(usage) if type(usage) is dict else None,
        native=_native(body, items) if whole else None,  # reasoning that broke off cannot be verified
    )


def failure(body: Mapping[str, Any], headers: Mapping[str, str] | None) -> ProviderError:
    """The error of a response that failed, or of a body that is none."""
    told = body.get("error")
    if told or body.get("detail") or body.get("message") or body.get("type") == "error":
        return decode_error(200, headers, {"error": told} if isinstance(told, dict) else body)
    if body.get("status") == "failed":
        return InternalServerError("the host gave up (status failed)", status_code=500)
    return MalformedResponseError("the answer has no output")


def _stop_reason(body: Mapping[str, Any], calls: bool) -> str | None:
    status = body.get("status")
    stop = _STOP_REASONS.get(status) if isinstance(status, str) else None
    if stop == "length" and part(body, "incomplete_details").get("reason") == "content_filter":
        return "content_filter"
    return "tool_use" if calls and stop == "stop" else stop


def _usage(usage: dict[str, Any]) -> Usage:
    read_in = part(usage, "input_tokens_details")
    return Usage(
        count(usage.get("input_tokens")),
        count(usage.get("output_tokens")),
        count(read_in.get("cached_tokens")),
        count(read_in.get("cache_write_tokens")),
        count(part(usage, "output_tokens_details").get("reasoning_tokens")),
    )


def _listed(body: Mapping[str, Any]) -> tuple[Mapping[str, Any], ...]:
    """xAI's list of the URLs that its search read, where the text itself has no annotations."""
    found = body.get("citations")
    if not isinstance(found, list):
        return ()
    return tuple(mended_value(each if isinstance(each, dict) else {"url": each}) for each in found)


def _native(body: Mapping[str, Any], items: Sequence[Any]) -> Native | None:
    kept = list(_kept(items, body.get("store") is True))
    if not kept or not needs_native(kept):
        return None
    return Native(NAME, {"model": mended_or_none(body.get("model")), "items": kept})


def _kept(items: Sequence[Any], stored: bool) -> Iterator[Any]:
    """The items that can be sent back.

    What was not stored has no id that the vendor could look up: reasoning that is nothing but an id would be a 404, and
    the id of a message or call binds it to the reasoning in front of it.
    """
    for item in items:
        kept = cleaned(item)
        if not stored and item.get("type") in ("message", *CALLS):
            yield {key: value for key, value in kept.items() if key not in ("id", "item_id", "output_index")}
        elif stored or item.get("type") != "reasoning" or item.get("encrypted_content") or _shown(item):
            yield kept


def _shown(item: Mapping[str, Any]) -> bool:
    """Whether reasoning came in the open, and not only as a summary."""
    return bool(thoughts_of({"content": item.get("content")}))
