"""HTTP faults: every status has one outcome, and nobody but its own candidate pays for it (F20-F25, F31, F57, F58)."""

from __future__ import annotations

import gzip
import logging
from email.utils import formatdate
from typing import TYPE_CHECKING, Any

import pytest

from agentsea_gateway.errors import (
    AuthenticationError,
    BadRequestError,
    InternalServerError,
    NotFoundError,
    OverloadedError,
    PermissionDeniedError,
    QuotaExceededError,
    RateLimitError,
)
from agentsea_gateway.testing import FakeClock
from raw_server import HOLD, REQUEST, Drip, RawServer, Repeat, answer, chunked, head
from support.fault import ANSWER, Fault, cases, check
from support.scene import LATE, MODES, scene
from support.spoken import SPOKEN, TEXT

if TYPE_CHECKING:
    from raw_server import Step
    from support.spoken import Spoken

EVERY = [pytest.param(spoken, mode, id=f"{spoken.name}-{mode}") for spoken in SPOKEN.values() for mode in MODES]


def refused(name: str, status: int, error: Any, outcome: Any, body: Any = None, **more: Any) -> Fault:
    """A row: this status with the dialect's own body for it (or `body`), each time it is asked."""
    headers = more.pop("headers", {})

    def script(it: Spoken, mode: str) -> list[Any]:
        data = it.refusal(status) if body is None else it.refusal(body) if isinstance(body, str) else body
        return [REQUEST, it.whole(data, f"{status} Whatever", **headers)]

    return Fault(f"{name} {status}", script, error, outcome, status, kept=True, **more)


STATUSES = [
    *(refused("F21", status, BadRequestError, "own_fault") for status in (400, 413, 422, 451)),
    *(refused("F22", status, AuthenticationError, "benched", benched=300) for status in (401, 407, 498)),
    refused("F22", 402, QuotaExceededError, "benched", benched=300),
    refused("F22", 403, PermissionDeniedError, "benched", benched=300),
    *(refused("F22", status, NotFoundError, "benched", benched=300) for status in (404, 405)),
    refused("F22 quota", 429, QuotaExceededError, "benched", "quota", benched=300),
    refused("F22 quota", 400, QuotaExceededError, "benched", "quota", benched=300),
    *(refused("F23", status, InternalServerError, "failure") for status in (408, 409, 421, 424, 425, 499)),
    *(refused("F23", status, InternalServerError, "failure") for status in (500, 501, 502, 504, 520, 524, 599)),
    *(refused("F23", status, InternalServerError, "failure") for status in (418, 444, 499, 600, 999)),
    *(refused("F31", status, OverloadedError, "failure") for status in (503, 529)),
]


@pytest.mark.parametrize(("fault", "spoken", "mode"), cases(STATUSES))
def test_a_status_has_its_outcome(fault: Fault, spoken: Spoken, mode: str) -> None:
    """F21, F22, F23, F31."""
    check(fault, spoken, mode)


@pytest.mark.parametrize(("spoken", "mode"), EVERY)
@pytest.mark.parametrize("status", [300, 301, 302, 303, 304, 305, 307, 308, 399])
def test_a_redirect_is_never_followed(spoken: Spoken, mode: str, status: int) -> None:
    """F20: the key goes nowhere else."""
    with RawServer() as target:
        to = f"http://127.0.0.1:{target.port}/v1/elsewhere"
        fault = refused("F20", status, InternalServerError, "failure", b"", headers={"location": to})
        check(fault, spoken, mode)
        assert (target.hits, target.connections) == (0, 0)


@pytest.mark.parametrize(("spoken", "mode"), EVERY)
def test_when_everybody_refuses_the_request_the_first_refusal_is_raised(spoken: Spoken, mode: str) -> None:
    """F21: and however often it is sent, nobody melts and nobody is left out."""
    first = spoken.refusal(400).replace(b"too large", b"the first one's")
    script = [Repeat([REQUEST, spoken.whole(first, "400 Bad Request")])]
    backup = [Repeat([REQUEST, spoken.whole(spoken.refusal(400), "422 No")])]
    with scene(spoken, script, backup=backup, mode=mode) as at:
        for turn in range(1, 5):
            told = at.ask()
            assert isinstance(told.error, BadRequestError)
            assert (told.error.candidate, told.error.status_code) == ("a", 400)
            assert "the first one's" in told.error.message
            assert told.tried == [("a", "own_fault"), ("b", "own_fault")]
            assert at.hits() == {"a": turn, "b": turn}
        assert at.counts() == {"a": (4, 4), "b": (4, 4)}
        assert (at.gw.ask("a"), at.gw.ask("b")) == ("ok", "ok")


@pytest.mark.parametrize(("spoken", "mode"), EVERY)
@pytest.mark.parametrize("status", [401, 403, 404])
def test_a_bad_key_is_warned_of_once(spoken: Spoken, mode: str, status: int, caplog: pytest.LogCaptureFixture) -> None:
    """F22: not once for every call, and not again after each bench."""
    clock = FakeClock()
    script = [Repeat([REQUEST, spoken.whole(spoken.refusal(status), f"{status} No")])]
    with scene(spoken, script, mode=mode, clock=clock) as at, caplog.at_level(logging.WARNING):
        for _ in range(3):
            for _ in range(2):
                assert at.ask().served_by == "b"
            clock.advance(301)
        assert at.hits() == {"a": 3, "b": 6}
    assert [record.name for record in caplog.records] == ["agentsea_gateway"]
    assert "a is benched" in caplog.text


NOW = FakeClock().time()  # what the clock of these tests says
NO_HINT = 2.0  # seconds of a first pushback that says nothing
RETRY_AFTER: list[tuple[dict[str, str], float]] = [
    ({}, NO_HINT),
    ({"retry-after": "30"}, 30.0),
    ({"retry-after": "0.5"}, 0.5),
    ({"retry-after": "3600"}, 600.0),
    ({"retry-after": "1e99"}, 600.0),
    ({"retry-after": "9" * 400}, NO_HINT),
    ({"retry-after": "-1"}, NO_HINT),
    ({"retry-after": "nan"}, NO_HINT),
    ({"retry-after": "inf"}, NO_HINT),
    ({"retry-after": "soon"}, NO_HINT),
    ({"retry-after": ""}, NO_HINT),
    ({"retry-after": "1_000"}, NO_HINT),
    ({"retry-after-ms": "1500"}, 1.5),
    ({"retry-after-ms": "1500", "retry-after": "7"}, 1.5),
    ({"retry-after-ms": "nonsense", "retry-after": "7"}, 7.0),
    ({"retry-after": formatdate(NOW + 100, usegmt=True)}, 100.0),
    ({"retry-after": formatdate(NOW + 1e6, usegmt=True)}, 600.0),
    ({"retry-after": "Wed, 99 Foo 2026 07:28:00 GMT"}, NO_HINT),
]  # fmt: skip


@pytest.mark.parametrize(("spoken", "mode"), EVERY)
@pytest.mark.parametrize(("headers", "seconds"), RETRY_AFTER, ids=[str(it[0])[:40] for it in RETRY_AFTER])
def test_pushback_benches_and_nobody_sleeps(spoken: Spoken, mode: str, headers: dict[str, str], seconds: float) -> None:
    """F24: the bench is finite and capped, the breaker does not count it, and the next candidate serves at once."""
    check(refused("F24", 429, RateLimitError, "throttled", benched=seconds, headers=headers), spoken, mode)


@pytest.mark.parametrize(("spoken", "mode"), EVERY)
@pytest.mark.parametrize("hint", ["0", "Wed, 21 Oct 2015 07:28:00 GMT"])
def test_a_retry_after_that_has_passed_keeps_nobody_out(spoken: Spoken, mode: str, hint: str) -> None:
    """F24: asked again with the next call, and never blown by it."""
    fault = refused("F24", 429, RateLimitError, "throttled", headers={"retry-after": hint})
    check(fault, spoken, mode)


@pytest.mark.parametrize(("spoken", "mode"), EVERY)
@pytest.mark.parametrize("status", [503, 529, 500, 502])
def test_a_failure_that_names_a_time_is_left_alone_until_then(spoken: Spoken, mode: str, status: int) -> None:
    """F25, F57."""
    error = OverloadedError if status in (503, 529) else InternalServerError
    check(refused("F57", status, error, "failure", benched=30, headers={"retry-after": "30"}), spoken, mode)


@pytest.mark.parametrize(("spoken", "mode"), EVERY)
def test_a_failure_that_names_a_time_melts_all_the_same(spoken: Spoken, mode: str) -> None:
    """F57: two of them inside the window blow the breaker, bench or no bench."""
    clock = FakeClock()
    script = [Repeat([REQUEST, spoken.whole(spoken.refusal(503), "503 Busy", retry_after="4")])]
    with scene(spoken, script, mode=mode, clock=clock) as at:
        at.ask()
        assert (at.gw.ask("a"), at.health("a").benched_until is not None) == ("ok", True)
        clock.advance(4.1)
        at.ask()
        assert at.gw.ask("a") == "blown"
        clock.advance(4.1)
        told = at.ask()
        assert [(out.candidate, out.reason) for out in told.route.skipped] == [("a", "blown")]
        assert at.hits() == {"a": 2, "b": 3}


PAGE = b"<!DOCTYPE html>\n<html><head><title>Attention Required! | Cloudflare</title></head><body>No.</body></html>"
PAGES = [
    refused("F58 page", status, OverloadedError if status == 503 else InternalServerError, "failure", PAGE)
    for status in (403, 404, 502, 503, 520, 522, 525)
] + [
    refused("F58 page", 401, AuthenticationError, "benched", PAGE, benched=300),
    refused("F58 page", 429, RateLimitError, "throttled", PAGE, benched=NO_HINT),
    refused("F58 code", 403, InternalServerError, "failure", b"error code: 1020"),
]  # fmt: skip


@pytest.mark.parametrize(("fault", "spoken", "mode"), cases(PAGES))
def test_a_page_of_a_proxy_says_nothing_about_the_key(fault: Fault, spoken: Spoken, mode: str) -> None:
    """F58."""
    check(fault, spoken, mode)


# -- the status counts, whatever comes behind it -----------------------------------------------------------------------

ODD_BODIES = {
    "nothing": lambda status, body: answer(status, b""),
    "no JSON": lambda status, body: answer(status, b"Sorry!"),
    "half a JSON": lambda status, body: answer(status, body[: len(body) // 2]),
    "no object": lambda status, body: answer(status, b"[[[]]]"),
    "a number": lambda status, body: answer(status, b"42"),
    "null error": lambda status, body: answer(status, b'{"error": null}'),
    "error of another type": lambda status, body: answer(status, b'{"error": [{"message": 7}, 3], "detail": {"a": 1}}'),
    "deep nesting": lambda status, body: answer(status, b"[" * 100_000),
    "deep nesting of words": lambda status, body: answer(status, b'{"error":' * 50_000),
    "5,000 digits": lambda status, body: answer(status, b'{"error": {"code": ' + b"1" * 5000 + b"}}"),
    "invalid UTF-8": lambda status, body: answer(status, b'{"error": {"message": "\xff\xfe"}}'),
    "lone surrogate": lambda status, body: answer(status, b'{"error": {"message": "\\ud800", "code": "\\udfff"}}'),
    "gzip": lambda status, body: answer(status, gzip.compress(body), content_encoding="gzip"),
    "corrupt gzip": lambda status, body: answer(status, b"\x1f\x8b\x08" + body, content_encoding="gzip"),
    "truncated gzip": lambda status, body: answer(status, gzip.compress(body)[:-9], content_encoding="gzip"),
    "unknown coding": lambda status, body: answer(status, b"\x28\xb5\x2f\xfd" + body, content_encoding="zstd"),
    "unknown transfer coding": lambda status, body: head(status, {"transfer-encoding": "gzip, chunked"}) + body,
    "two lengths": lambda status, body: head(status, {"content-length": "3, 4"}) + body,
    "no chunk size": lambda status, body: head(status, {"transfer-encoding": "chunked"}) + body,
    "cut": lambda status, body: head(status, {"content-length": str(len(body) + 9)}) + body,
    "cut chunk": lambda status, body: head(status, {"transfer-encoding": "chunked"}) + b"fff\r\n" + body,
    "cut chunks": lambda status, body: head(status, {"transfer-encoding": "chunked"}) + chunked(body, end=b""),
}


@pytest.mark.parametrize("spoken", SPOKEN.values(), ids=SPOKEN)
@pytest.mark.parametrize("mode", ["plain", "stream"])
@pytest.mark.parametrize("kind", ODD_BODIES)
@pytest.mark.parametrize(("status", "outcome"), [(401, "benched"), (429, "throttled")])
def test_the_status_counts_whatever_the_body_is(
    spoken: Spoken, mode: str, kind: str, status: int, outcome: str
) -> None:
    """Status first: a broken body takes away the words, not the outcome."""
    data = ODD_BODIES[kind](f"{status} Whatever", spoken.refusal(status))
    with scene(spoken, [REQUEST, data], mode=mode) as at:
        told = at.ask()
        assert (told.served_by, told.text) == ("b", TEXT)
        assert (told.tried[0], told.first.status_code) == (("a", outcome), status)
        assert at.hits() == {"a": 1, "b": 1}
        str(told.route.explain()).encode()


@pytest.mark.parametrize("kind", ["corrupt gzip behind the words", "cut", "cut chunks", "cut chunk", "half a JSON"])
def test_of_a_broken_error_body_the_words_that_came_are_kept(kind: str) -> None:
    """Why a provider refused is worth more than how its answer broke."""
    packed = gzip.compress(b'{"error": {"message": "Your key was revoked on Monday", "type": "x", ')
    bodies = {
        **ODD_BODIES,
        "half a JSON": answer,
        "corrupt gzip behind the words": lambda status, _: answer(
            status, packed[:-8] + b"?" * 30, content_encoding="gzip"
        ),
    }
    data = bodies[kind]("401 Whatever", b'{"error": {"message": "Your key was revoked on Monday", "type": "x", ')
    with scene(SPOKEN["openai_chat"], [REQUEST, data]) as at:
        first = at.ask().first
    assert (first.error, first.status_code) == ("AuthenticationError", 401)
    assert "Your key was revoked on Monday" in first.message


@pytest.mark.realtime
@pytest.mark.parametrize(("spoken", "mode"), EVERY)
def test_an_error_body_that_never_ends_costs_the_patience_and_nothing_else(spoken: Spoken, mode: str) -> None:
    """F07, F08 behind an error's head: the status counts."""
    rest: Step = HOLD if mode == "plain" else Drip(b"x", 0.01, forever=True)
    script = [REQUEST, head("429 Slow Down", content_length="99999", retry_after="9"), rest]
    patience = {"attempt_timeout" if mode == "plain" else "first_token_timeout": ANSWER}
    with scene(spoken, script, mode=mode, **patience) as at:
        told = at.ask()
        assert (told.text, told.tried, told.first.status_code) == (TEXT, [("a", "throttled"), ("b", "success")], 429)
        assert ANSWER * 0.99 < told.seconds < ANSWER + LATE
        assert at.are_gone("a")
        assert (at.health("a").benched_until is not None, at.gw.ask("a")) == (True, "ok")
