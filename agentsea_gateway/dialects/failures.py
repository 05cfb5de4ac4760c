"""An error answer, in whatever shape a vendor sends it, as the typed error it stands for.

{"error": {"message": …, "type": …, "code": …}}                   OpenAI and most hosts that follow it
{"type": "error", "error": {"type": …, "message": …, "details": {"error_code": …}}, "request_id": …}   Anthropic
{"error": {"code": 429, "status": "RESOURCE_EXHAUSTED", "message": …, "details": […]}}   Google, alone or in a list
{"error": "…", "code": "…"}    {"detail": …}    {"message": …, "error_type": …}   xAI, Mistral, Cohere
{"message": …} or {"Message": …}, with the code in `__type` or in the header x-amzn-errortype   Bedrock
text, or a web page of a proxy or CDN
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from agentsea_gateway import outcomes, strict_json
from agentsea_gateway.clock import SYSTEM
from agentsea_gateway.dialects.reply_headers import lowered, request_id
from agentsea_gateway.dialects.text import mended
from agentsea_gateway.errors import (
    BODY_SHOWN,
    AuthenticationError,
    GatewayError,
    MalformedResponseError,
    NotFoundError,
    ProviderError,
    QuotaExceededError,
)
from agentsea_gateway.redaction import shortened, without

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

_MESSAGE_SHOWN = 1_000
_LABEL_SHOWN = 200  # characters of a code or an id
_WORDS_READ = 4_000  # characters of a message that are searched for what it means
# Compiled by the first failure that needs them, not by every import.
_PAGE = r"\s*(?:<!doctype html|<html|<head|<\?xml|<!--|error code: \d+)"
_TITLE = r"<title>\s*([^<]{1,200})"
_DELAY = r"retry in ([0-9.]{1,12})s\b"  # Google's words, beside or instead of a RetryInfo
_CODE_NAMES = ("code", "type", "error_type", "status", "__type", "reason")
_NEXT_STEP = {
    AuthenticationError: "check the API key",
    NotFoundError: "check the model's name and the base_url",
    QuotaExceededError: "check the account's credit",
}


def decode_error(
    status: int | None,
    headers: Mapping[str, str] | None = None,
    body: Any = b"",
    *,
    now: float | None = None,
    secrets: Iterable[str] = (),
) -> ProviderError:
    """The typed error of an answer; see `Dialect.decode_error`. Nothing is raised.

    `status` None or 2xx is an error inside a claimed success: the error has the status that its code stands for.
    """
    fields = lowered(headers)
    text, value = _opened(body)
    told = _Told(value, text, fields)
    page = value is None and bool(re.match(_PAGE, text, re.IGNORECASE))
    kind = outcomes.classify(status, told.codes, told.all_words, page)
    if kind is MalformedResponseError or (value is None and _claims_success(status)):
        kind = MalformedResponseError
    elif _claims_success(status):
        status = outcomes.status_of(told.codes, told.all_words)
    wait = outcomes.retry_after(fields, SYSTEM.time() if now is None else now)
    message = told.message or _without_words(status, text, page)
    hint = _NEXT_STEP.get(kind)
    return kind(
        shortened(f"{message} ({hint})" if hint else message, _MESSAGE_SHOWN, secrets),
        status_code=status,
        code=_label(next((code for code in told.codes if not code.isdigit()), "".join(told.codes[:1])), secrets),
        request_id=_label(request_id(fields) or told.request_id, secrets),
        retry_after=told.delay if wait is None else wait,
        body=shortened(text, BODY_SHOWN, secrets) or None,
    )


def _label(text: str | None, secrets: Iterable[str]) -> str | None:
    return without(text, secrets)[:_LABEL_SHOWN] if text else None


def _claims_success(status: int | None) -> bool:
    return status is None or 200 <= status < 300


def _opened(body: Any) -> tuple[str, Any]:
    """The body as text, and what its JSON holds (None where it is none)."""
    if not isinstance(body, (bytes, bytearray, str)):
        try:
            return strict_json.dumps(body).decode(), body
        except GatewayError:
            return "", body
    text = body if isinstance(body, str) else bytes(body).decode("utf-8", "replace")
    text = mended(text.removeprefix("\ufeff"))
    try:
        return text, strict_json.loads(text)
    except MalformedResponseError:
        return text, None


def _without_words(status: int | None, text: str, page: bool) -> str:
    where = "an answer" if status is None else f"HTTP {status}"
    if page:
        title = re.search(_TITLE, text[:10_000], re.IGNORECASE)
        return f"{where} with a web page instead of JSON" + (f": {title[1].strip()}" if title else "")
    first = text.strip()
    return f"{where}: {first}" if first else f"{where} without an explanation"


class _Told:
    """What an error body says: message, codes (the most telling first), a delay, the request's id."""

    __slots__ = ("all_words", "codes", "delay", "message", "request_id")

    def __init__(self, value: Any, text: str, headers: Mapping[str, str]) -> None:
        outer = value[0] if isinstance(value, list) and value else value
        outer = outer if isinstance(outer, dict) else {"message": outer if isinstance(outer, str) else ""}
        error = outer.get("error") or outer.get("errors") or outer
        error = error[0] if isinstance(error, list) and error else error
        inner = error if isinstance(error, dict) else {**outer, "message": error}
        self.message = mended(_words(inner) or _words(outer))[:_WORDS_READ]
        self.codes = tuple(dict.fromkeys([*_codes(inner, outer), *_header_code(headers)]))
        metadata = _object(inner, "metadata")
        raw = metadata.get("raw")  # OpenRouter: what the provider behind it said
        words = self.message or text[:_WORDS_READ]
        self.all_words = f"{words} {raw[:_WORDS_READ]}" if isinstance(raw, str) else words
        self.delay = _delay(inner, self.message)
        found = outer.get("request_id")
        self.request_id = found if isinstance(found, str) and found else None


def _words(source: Any, depth: int = 4) -> str:
    """The message in an error object: under one of the usual names, as text or nested a little more."""
    if isinstance(source, str):
        return source
    if isinstance(source, list) and depth:
        return "; ".join(filter(None, (_words(each, depth - 1) for each in source[:10])))
    if isinstance(source, dict) and depth:
        for name in ("message", "Message", "detail", "msg", "error_description", "error"):
            found = _words(source.get(name), depth - 1)
            if found:
                return found
    return ""


def _codes(inner: Mapping[str, Any], outer: Mapping[str, Any]) -> Iterator[str]:
    details = inner.get("details")
    found: list[Any] = []
    if isinstance(details, dict):
        found.append(details.get("error_code"))
    elif isinstance(details, list):
        found += [detail.get("reason") for detail in details if isinstance(detail, dict)]
    for source in (inner, inner.get("innererror"), inner.get("metadata"), outer):
        if isinstance(source, dict):
            found += map(source.get, _CODE_NAMES)
    for value in found:
        if value is None:  # most of them
            continue
        if isinstance(value, str) and value and value != "error":
            yield mended(value.rpartition("#")[2])  # Amazon: "com.amazon.coral#ThrottlingException"
        elif type(value) is int:
            yield str(value)


def _header_code(headers: Mapping[str, str]) -> Iterator[str]:
    """Amazon's: "ValidationException:http://internal.amazon.com/coral/…"."""
    code = (headers.get("x-amzn-errortype") or "").partition(":")[0]
    if code:
        yield mended(code.rpartition("#")[2])


def _delay(inner: Mapping[str, Any], message: str) -> float | None:
    for detail in _list(inner, "details"):
        value = detail.get("retryDelay") if isinstance(detail, dict) else None
        if isinstance(value, str) and value.endswith("s"):
            return outcomes.retry_after({"retry-after": value[:-1]}, 0.0)
    match = re.search(_DELAY, message) if "retry in" in message else None
    return outcomes.retry_after({"retry-after": match[1].rstrip(".")}, 0.0) if match else None


def _object(source: Mapping[str, Any], name: str) -> dict[str, Any]:
    value = source.get(name)
    return value if isinstance(value, dict) else {}


def _list(source: Mapping[str, Any], name: str) -> list[Any]:
    value = source.get(name)
    return value if isinstance(value, list) else []
