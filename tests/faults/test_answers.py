"""Answers that claim to be good: what is none is a typed error, what is one is taken (F26-F30, F32, F55, F56)."""

from __future__ import annotations

import gzip
import re
import zlib
from typing import TYPE_CHECKING, Any

import pytest

from agentsea_gateway.errors import (
    AuthenticationError,
    BadRequestError,
    InternalServerError,
    MalformedResponseError,
    NotFoundError,
    OverloadedError,
    PermissionDeniedError,
    QuotaExceededError,
    RateLimitError,
)
from raw_server import HOLD, REQUEST, Repeat, answer, chunked, head
from support.fault import Fault, cases, check
from support.scene import MODES, scene
from support.spoken import PIECES, SPOKEN, TEXT, WRITTEN

if TYPE_CHECKING:
    from collections.abc import Callable

    from support.spoken import Spoken

EVERY = [pytest.param(spoken, mode, id=f"{spoken.name}-{mode}") for spoken in SPOKEN.values() for mode in MODES]
PAGE = b"<!DOCTYPE html><html><head><title>Sign in to Wi-Fi</title></head><body>Welcome</body></html>"


def claims(name: str, body: bytes | Callable[[Spoken], bytes], kind: str = "application/json", **more: Any) -> Fault:
    """A row: this body with a 200, whatever was asked for, from a host that closes politely."""

    def script(it: Spoken, mode: str) -> list[Any]:
        return [REQUEST, answer("200 OK", body(it) if callable(body) else body, content_type=kind)]

    return Fault(name, script, status=(None, 200), kept=True, **more)


NO_ANSWERS = [
    claims("F26 HTML", PAGE, "text/html"),
    claims("F26 HTML that calls itself JSON", PAGE),
    claims("F26 HTML that calls itself a stream", PAGE, "text/event-stream"),
    claims("F26 XML", b"<?xml version='1.0'?><Error><Code>NoSuchKey</Code></Error>", "application/xml"),
    claims("F26 text", b"OK", "text/plain"),
    claims("F28 silent", lambda it: it.silent),
    claims("F28 empty object", b"{}"),
    claims("F28 empty list", b"[]"),
    claims("F28 null", b"null"),
    claims("F28 number", b"42"),
    claims("F28 string", b'"Hello"'),
    claims("F28 list of objects", b'[{"choices": []}]'),
    claims("F28 choices and content that are none", b'{"choices": [], "content": [], "candidates": []}'),
    claims("F28 choices of another type", b'{"choices": "yes", "content": 7}'),
    claims("F28 choices full of nulls", b'{"choices": [null], "content": [null]}'),
    claims("F28 blanks", b" \r\n\t "),
    claims("F30 half an answer", lambda it: it.answer[: len(it.answer) // 2]),
    claims("F30 answer and more", lambda it: it.answer + b"{}"),
    claims("F30 UTF-16", lambda it: it.answer.decode().encode("utf-16")),
    claims("F30 Python's own quotes", lambda it: it.answer.replace(b'"', b"'")),
    claims("F30 gzip without saying so", lambda it: gzip.compress(it.answer)),
]


@pytest.mark.parametrize(("fault", "spoken", "mode"), cases(NO_ANSWERS))
def test_a_200_that_is_no_answer_is_a_failure(fault: Fault, spoken: Spoken, mode: str) -> None:
    """F26, F28, F30."""
    check(fault, spoken, mode)


# -- errors inside a 200 -----------------------------------------------------------------------------------------------

TOLD: list[tuple[Any, Any, Any, float | None]] = [
    (400, BadRequestError, "own_fault", None),
    (401, AuthenticationError, "benched", 300.0),
    (402, QuotaExceededError, "benched", 300.0),
    (403, PermissionDeniedError, "benched", 300.0),
    (404, NotFoundError, "benched", 300.0),
    ("quota", QuotaExceededError, "benched", 300.0),
    (429, RateLimitError, "throttled", 2.0),
    (500, InternalServerError, "failure", None),
    (503, OverloadedError, "failure", None),
]


def inside(status: Any, error: Any, outcome: Any, benched: float | None) -> list[Fault]:
    codes = {"quota": (402, 429), 503: (503, 529)}.get(status, (status,))

    def plainly(it: Spoken, mode: str) -> list[Any]:
        return [REQUEST, it.whole(it.refusal(status))]

    def first(it: Spoken, mode: str) -> list[Any]:
        return [REQUEST, it.stream_head() + chunked(it.told(it.refusal(status)), end=b""), HOLD]

    def behind_the_opening(it: Spoken, mode: str) -> list[Any]:
        return [REQUEST, it.begun(mode) + chunked(it.ping, it.told(it.refusal(status)), end=b""), HOLD]

    streams = ("stream", "watched")
    return [
        Fault(f"F56 body {status}", plainly, error, outcome, codes, benched, kept=True),
        Fault(f"F56 first event {status}", first, error, outcome, codes, benched, modes=streams),
        Fault(f"F32 event {status} before content", behind_the_opening, error, outcome, codes, benched, modes=streams),
    ]


@pytest.mark.parametrize(("fault", "spoken", "mode"), cases([row for told in TOLD for row in inside(*told)]))
def test_an_error_inside_a_200_has_the_outcome_of_its_code(fault: Fault, spoken: Spoken, mode: str) -> None:
    """F27, F32, F56: in a plain body, as a stream's first event, and behind the stream's opening."""
    check(fault, spoken, mode)


# -- good answers that look odd ----------------------------------------------------------------------------------------


def said(it: Spoken, mode: str, change: Callable[[bytes], bytes]) -> bytes:
    """A good answer whose body, or whose every event, was changed."""
    if mode == "plain":
        return it.whole(change(it.answer))
    return it.streamed(*map(change, it.events()))


@pytest.mark.parametrize(("spoken", "mode"), EVERY)
def test_no_words_with_a_stop_reason_are_an_answer(spoken: Spoken, mode: str) -> None:
    """F28: `content=""` is what the model said."""
    wordless = spoken.whole(spoken.wordless) if mode == "plain" else spoken.streamed(
        *spoken.opening, *spoken.closing, *spoken.after
    )  # fmt: skip
    with scene(spoken, [REQUEST, wordless], mode=mode) as at:
        told = at.ask()
        assert told.response is not None
        assert (told.served_by, told.response.content, told.response.stop_reason) == ("a", "", "stop")
        assert at.counts() == {"a": (1, 0), "b": (0, 0)}


@pytest.mark.parametrize(("spoken", "mode"), EVERY)
def test_tool_calls_need_no_words(spoken: Spoken, mode: str) -> None:
    """F29. A host that answers plainly although a stream was asked for is understood too."""
    with scene(spoken, [REQUEST, spoken.whole(spoken.calling)], mode=mode) as at:
        told = at.ask()
        assert told.response is not None
        assert (told.served_by, told.response.content, told.response.stop_reason) == ("a", "", "tool_use")
        assert [(call.name, call.arguments) for call in told.response.tool_calls] == [("look_up", {"word": "sky"})]
        assert at.hits() == {"a": 1, "b": 0}


NUMBER = str(WRITTEN).encode()
FIGURES = [b"-5", b"1.5", b'"4711"', b"[4711]", b"null", b"true", b'{"n": 4711}', b"-0.5", b'"many"', b"1e400"]


@pytest.mark.parametrize(("spoken", "mode"), EVERY)
@pytest.mark.parametrize("figure", FIGURES, ids=[figure.decode() for figure in FIGURES])
def test_a_usage_figure_that_is_none_is_unknown_and_the_answer_stands(spoken: Spoken, mode: str, figure: bytes) -> None:
    """F55: unknown is never zero."""
    odd = said(spoken, mode, lambda data: re.sub(rb"\b%b\b" % NUMBER, lambda _: figure, data))
    with scene(spoken, [REQUEST, odd], mode=mode) as at:
        told = at.ask()
        assert told.response is not None
        assert (told.served_by, told.response.content) == ("a", TEXT)
        known = told.response.usage.output_tokens
        # Anthropic's stream counts from its first event on: 1 was said there, and nothing better came.
        assert known is None or (mode != "plain" and known == 1)
        assert told.response.usage.input_tokens == 17


USAGE = re.compile(rb'"usage": \{(?:[^{}]|\{[^}]*\})*\}')


@pytest.mark.parametrize(("spoken", "mode"), EVERY)
@pytest.mark.parametrize("usage", [b"null", b"[]", b'"none"', b"7", b"{}", b'{"surprise": [1]}'])
def test_a_usage_that_is_none_is_unknown_and_the_answer_stands(spoken: Spoken, mode: str, usage: bytes) -> None:
    """F55."""
    if USAGE.search(spoken.answer) is None:
        pytest.skip("it has figures, but no object of them")
    odd = said(spoken, mode, lambda data: USAGE.sub(b'"usage": ' + usage, data))
    with scene(spoken, [REQUEST, odd], mode=mode) as at:
        told = at.ask()
        assert told.response is not None
        assert (told.served_by, told.response.content) == ("a", TEXT)
        assert told.response.usage.output_tokens is None
        assert told.response.cost is None


# -- odd JSON ----------------------------------------------------------------------------------------------------------


def with_field(value: bytes) -> Callable[[bytes], bytes]:
    return lambda body: body[:-1] + b', "extra": ' + value + b"}"


def instead_of_text(text: bytes) -> Callable[[bytes], bytes]:
    """The first words of the answer, whose JSON string then begins with these bytes."""
    word = b'"' + PIECES[0].encode()
    return lambda body: body.replace(word, b'"' + text + PIECES[0].encode())


WHOLE = {  # name: what is done to a JSON object, and what the text is if it is an answer (None: it must not be one)
    "NaN": (with_field(b"NaN"), None),
    "Infinity": (with_field(b"[-Infinity]"), None),
    "duplicate keys": (lambda body: body[:-1] + b', "id": "answer-1"}', TEXT),
    "nesting of 100,000 lists": (with_field(b"[" * 100_000 + b"]" * 100_000), None),
    "nesting of 100,000 objects": (with_field(b'{"a":' * 100_000 + b"1" + b"}" * 100_000), None),
    "nesting without an end": (with_field(b"[" * 100_000), None),
    "5,000-digit integer": (with_field(b"7" * 5000), None),
    "number with a hundred zeros": (with_field(b"1" + b"0" * 100), TEXT),
    "number beyond floats": (with_field(b"1e999"), TEXT),
    "invalid UTF-8": (instead_of_text(b"\xff\xfe"), None),
    "UTF-8 of a surrogate": (instead_of_text(b"\xed\xa0\x80"), None),
    "overlong UTF-8": (instead_of_text(b"\xc0\xaf"), None),
    "lone high surrogate": (instead_of_text(b"\\ud83c"), "\ufffd" + TEXT),
    "lone low surrogate": (instead_of_text(b"\\udf88"), "\ufffd" + TEXT),
    "swapped surrogates": (instead_of_text(b"\\udf88\\ud83c"), "\ufffd\ufffd" + TEXT),
    "a pair of surrogates": (instead_of_text(b"\\ud83c\\udf88"), "🎈" + TEXT),
    "NUL": (instead_of_text(b"\\u0000"), "\0" + TEXT),
    "raw tab in a string": (instead_of_text(b"\t"), None),
    "escape that is none": (instead_of_text(b"\\x41"), None),
}  # fmt: skip


@pytest.mark.parametrize(("spoken", "mode"), EVERY)
@pytest.mark.parametrize("kind", WHOLE)
def test_odd_json_is_a_typed_error_or_the_right_answer(spoken: Spoken, mode: str, kind: str) -> None:
    """F30: never a bare RecursionError, ValueError or UnicodeError, and never half an answer."""
    change, text = WHOLE[kind]
    first, *others = spoken.events()[len(spoken.opening) :]
    data = (
        spoken.whole(change(spoken.answer))
        if mode == "plain"
        else spoken.streamed(*spoken.opening, in_json(first, change), *others)
    )
    with scene(spoken, [REQUEST, data], mode=mode) as at:
        told = at.ask()
        assert told.response is not None
        told.text.encode()
        str(told.response.message).encode()
        if told.served_by == "a":
            assert (told.text, told.response.content) == (text, text)
            assert at.hits() == {"a": 1, "b": 0}
        else:
            assert (told.first.error, told.first.outcome) == (MalformedResponseError.__name__, "failure")
            assert (told.text, at.hits()) == (TEXT, {"a": 1, "b": 1})
            assert text is None or kind == "number beyond floats"


def in_json(event: bytes, change: Callable[[bytes], bytes]) -> bytes:
    """An event whose JSON object was changed."""
    begin, end = event.index(b"{"), event.rindex(b"}") + 1
    return event[:begin] + change(event[begin:end]) + event[end:]


@pytest.mark.parametrize(("spoken", "mode"), EVERY)
def test_a_byte_order_mark_and_blanks_around_are_nothing(spoken: Spoken, mode: str) -> None:
    """F30, F44."""
    mark = b"\xef\xbb\xbf"
    data = spoken.whole(mark + b" \r\n\t" + spoken.answer + b"\n\n ") if mode == "plain" else spoken.streamed(
        *[mark] * (not spoken.binary), *spoken.events()
    )  # fmt: skip
    with scene(spoken, [REQUEST, data], mode=mode) as at:
        assert (at.ask().served_by, at.ask().text) == ("a", TEXT)


@pytest.mark.parametrize(("spoken", "mode"), EVERY)
@pytest.mark.parametrize("coding", ["gzip", "deflate", "identity"])
def test_a_compressed_answer_is_an_answer(spoken: Spoken, mode: str, coding: str) -> None:
    pack = {"gzip": gzip.compress, "deflate": zlib.compress, "identity": bytes}[coding]
    body = pack(spoken.answer if mode == "plain" else spoken.stream())
    data = head(content_encoding=coding, transfer_encoding="chunked") + chunked(*(bytes([byte]) for byte in body))
    with scene(spoken, [Repeat([REQUEST, data])], mode=mode) as at:
        assert at.ask().text == at.ask().text == TEXT
        assert (at.hits(), at.servers["a"].connections) == ({"a": 2, "b": 0}, 1)
