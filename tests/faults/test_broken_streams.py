"""Streams that break after content: interrupted with what came, or, where nobody saw it yet (watched), failed over.

F33-F37, F39, F40, F59, and every transport fault again in the middle of an answer.
"""

from __future__ import annotations

import gzip
import zlib
from functools import cache
from typing import TYPE_CHECKING, Any

import pytest
from attrs import frozen

from agentsea_gateway.errors import (
    APIConnectionError,
    APITimeoutError,
    AuthenticationError,
    BadRequestError,
    InternalServerError,
    MalformedResponseError,
    OverloadedError,
    QuotaExceededError,
    RateLimitError,
    StreamInterruptedError,
)
from agentsea_gateway.testing import FakeClock
from raw_server import FIN, HOLD, REQUEST, RST, Drip, Repeat, chunked, head
from support.fault import IDLE
from support.scene import LATE, Told, scene
from support.spoken import PIECES, SPOKEN, TEXT

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from agentsea_gateway.errors import Outcome, ProviderError
    from raw_server import Step
    from support.loopback import Certificate
    from support.scene import Scene
    from support.spoken import Spoken

BEGUN = 1  # pieces of content that come before a break


@frozen
class Break:
    """What a peer does after its first content, and what must come of it.

    tail      what it plays behind the opening and the first content, which went out in chunks;
              bytes at its beginning leave in the same segment as that content
    error     class of what broke it;  outcome, benched: as in `Fault`
    idle      it is the idle patience that ends it
    whole     what it plays behind the request instead, for another framing or coding
    """

    id: str
    tail: Callable[[Spoken], Sequence[Step]] = lambda it: ()
    error: type[ProviderError] = MalformedResponseError
    outcome: Outcome = "failure"
    benched: float | None = None
    idle: bool = False
    whole: Callable[[Spoken], Sequence[Step]] | None = None

    def script(self, it: Spoken) -> list[Step]:
        if self.whole is not None:
            return [REQUEST, *self.whole(it)]
        tail = list(self.tail(it))
        same = tail.pop(0) if tail and isinstance(tail[0], bytes) else b""
        return [REQUEST, it.stream_head() + chunked(*begun(it), end=b"") + same, *tail]  # type: ignore[operator]


def begun(it: Spoken) -> tuple[bytes, ...]:
    return (*it.opening, *it.contents[:BEGUN])


def one(event: bytes) -> bytes:
    """One chunk."""
    return chunked(event, end=b"")


def half(it: Spoken) -> bytes:
    """The first half of the next event."""
    return it.contents[1][: len(it.contents[1]) // 2]


def deflated(it: Spoken, more: bytes) -> bytes:
    """A gzip body that begins well, flushed, and goes on with these bytes."""
    packer = zlib.compressobj(wbits=31)
    return packer.compress(b"".join(begun(it))) + packer.flush(zlib.Z_SYNC_FLUSH) + more


@cache
def packed(filling: bytes, size: int) -> bytes:
    """So much of it as a gzip member."""
    packer = zlib.compressobj(1, wbits=31)
    piece = filling * (1_048_576 // len(filling))
    return b"".join(packer.compress(piece) for _ in range(size // len(piece))) + packer.flush()


def bomb(filling: bytes | None, size: int) -> Callable[[Spoken], Sequence[Step]]:
    """A gzip stream that says its first content and then blows up to `size` bytes of filling (None: pings)."""

    def script(it: Spoken) -> Sequence[Step]:
        data = gzip.compress(b"".join(begun(it))) + packed(filling or it.ping, size)
        return [it.stream_head(content_encoding="gzip") + one(data), HOLD]

    return script


GONE = [
    Break("F34 clean end without a finish", lambda it: [b"0\r\n\r\n"]),
    Break("F34 end of a body without chunks", whole=lambda it: [
        head(content_type=it.stream_type) + b"".join(begun(it))]),
    Break("F34 end of a sized body", whole=lambda it: [
        head("200 OK", {"content-length": str(len(b"".join(begun(it))))}) + b"".join(begun(it))]),
    Break("F14 end before the length", whole=lambda it: [head(content_length="99999") + b"".join(begun(it)), FIN]),
    Break("F35 EOF inside JSON", lambda it: [one(half(it)) + b"0\r\n\r\n"]),
    Break("F35 EOF inside JSON, a moment later", lambda it: [0.02, one(half(it)), FIN]),
    Break("F36 cut chunk", lambda it: [b"fff\r\n" + half(it), FIN]),
    Break("F36 cut chunk, a moment later", lambda it: [0.02, b"fff\r\n" + half(it), 0.01, FIN]),
    Break("F36 cut between two chunks", lambda it: [FIN]),
    Break("F36 cut inside a chunk's size", lambda it: [b"1", FIN]),
    Break("F36 RST", lambda it: [0.02, RST], APIConnectionError),
    Break("F36 RST inside an event", lambda it: [b"fff\r\n" + half(it), 0.02, RST], APIConnectionError),
    Break("F36 no chunk size", lambda it: [b"<html>oops", HOLD]),
    Break("F36 another answer instead of a chunk", lambda it: [it.whole(it.answer), HOLD]),
    Break("F37 bad JSON event", lambda it: [one(it.told(b'{"choices": [')), HOLD]),
    Break("F37 bad JSON event, a moment later", lambda it: [0.02, one(it.told(b"{]}")), HOLD]),
    Break("F37 an event that is no object", lambda it: [one(it.told(b'["text"]')), HOLD]),
    Break("F37 a web page as an event", lambda it: [one(it.told(b"<html>502</html>")), HOLD]),
    Break("F30 NaN in an event", lambda it: [one(it.told(b'{"type": "ping", "extra": NaN}')), HOLD]),
    Break("F30 deep event", lambda it: [one(it.told(b'{"type": "ping", "extra": ' + b"[" * 100_000)), HOLD]),
    Break("F30 invalid UTF-8 in an event", lambda it: [
        one(it.sealed(it.contents[1].replace(PIECES[1].encode(), b"\xff\xfe"))), HOLD]),
    Break("F17 truncated gzip", whole=lambda it: [
        it.stream_head(content_encoding="gzip") + chunked(deflated(it, b""))]),
    Break("F17 corrupt gzip", whole=lambda it: [
        it.stream_head(content_encoding="gzip") + one(deflated(it, b"")), 0.02, one(b"?" * 99), HOLD]),
    Break("F17 corrupt gzip in the same read", whole=lambda it: [
        it.stream_head(content_encoding="gzip") + one(deflated(it, b"") + b"?" * 99), HOLD]),
    Break("F59 gzip bomb of one line", whole=bomb(b"\0", 32 * 1_048_576)),
]  # fmt: skip
TOLD: list[tuple[Any, Any, Outcome, float | None]] = [
    (400, BadRequestError, "own_fault", None),
    (401, AuthenticationError, "benched", 300.0),
    ("quota", QuotaExceededError, "benched", 300.0),
    (429, RateLimitError, "throttled", 2.0),
    (500, InternalServerError, "failure", None),
    (503, OverloadedError, "failure", None),
]
ERRORS = [
    Break(f"F33 error {status}, {when}", lambda it, status=status, pause=pause, rest=rest: [  # type: ignore[misc]
        *pause, one(it.told(it.refusal(status))), rest], error, outcome, benched)
    for status, error, outcome, benched in TOLD
    for when, pause, rest in (("in the same read", [], HOLD), ("a moment later", [0.02], FIN))
]  # fmt: skip
SLOW = [
    Break("F39 stall", lambda it: [HOLD]),
    Break("F39 stall inside an event", lambda it: [one(half(it)), HOLD]),
    Break("F39 stall inside a chunk", lambda it: [b"fff\r\n" + half(it), HOLD]),
    Break("F39 drip inside an event", lambda it: [one(half(it)), Drip(one(b" "), 0.005, forever=True)]),
    Break("F39 drip inside a chunk", lambda it: [b"ffff\r\n" + half(it), Drip(b":", 0.01, forever=True)]),
    Break("F39 pings only", lambda it: [Repeat([one(it.ping), 0.02])]),
    Break("F39 empty events only", lambda it: [Repeat([one(it.opening[0]), 0.02])]),
    Break("F39 flood of pings", lambda it: [Repeat([one(it.ping * 1000)])]),
]


def rows(breaks: Sequence[Break]) -> list[Any]:
    return [
        pytest.param(row, spoken, id=f"{row.id}-{spoken.name}", marks=[pytest.mark.realtime] if row.idle else [])
        for row in breaks
        for spoken in SPOKEN.values()
    ]


IDLING = [Break(row.id, row.tail, APITimeoutError, idle=True) for row in SLOW] + [
    Break("F59 gzip bomb of pings", error=APITimeoutError, idle=True, whole=bomb(None, 128 * 1_048_576)),
]  # fmt: skip


@pytest.mark.parametrize(("row", "spoken"), rows([*GONE, *ERRORS, *IDLING]))
def test_a_break_after_content_interrupts_the_stream(row: Break, spoken: Spoken) -> None:
    """F33-F37, F39: what came is kept, the backup is untouched, and the candidate is judged by what broke it."""
    with stage(row, spoken, "stream") as at:
        told = at.ask()
        error = told.error
        assert isinstance(error, StreamInterruptedError)
        assert (error.error, error.candidate) == (row.error.__name__, "a")
        assert told.text == error.partial.content == PIECES[0], "all that came before the break"
        assert error.partial.served_by == "a"
        assert told.tried == [("a", row.outcome)]
        assert told.first.patience == ("idle" if row.idle else None)
        assert took_no_longer(row, told)
        assert at.hits() == {"a": 1, "b": 0}
        assert at.counts() == {"a": (1, 1), "b": (0, 0)}
        assert at.are_gone("a")
        assert at.health("a").first_token_ms is not None
        check_standing(row, at)


@pytest.mark.parametrize(("row", "spoken"), rows([*GONE, *ERRORS, *IDLING]))
def test_a_break_after_content_fails_a_watched_call_over(row: Break, spoken: Spoken) -> None:
    """The caller has seen nothing: the next candidate answers from the beginning."""
    with stage(row, spoken, "watched") as at:
        told = at.ask()
        assert told.response is not None
        assert (told.served_by, told.response.content) == ("b", TEXT)
        assert told.tried == [("a", row.outcome), ("b", "success")]
        assert (told.first.error, told.first.patience) == (row.error.__name__, "idle" if row.idle else None)
        assert took_no_longer(row, told)
        assert at.hits() == {"a": 1, "b": 1}
        assert at.counts() == {"a": (1, 1), "b": (1, 0)}
        assert at.are_gone("a")
        check_standing(row, at)


@pytest.mark.parametrize(("row", "spoken"), rows([row for row in GONE if "RST" not in row.id and "F59" not in row.id]))
def test_a_break_inside_tls_is_no_other(row: Break, spoken: Spoken, certificate: Certificate) -> None:
    """A TLS connection that ends without notice proves nothing either."""
    inside = {"tls": certificate.server, "connection": {"verify": certificate.path}}
    with scene(spoken, row.script(spoken), mode="stream", **inside) as at:
        told = at.ask()
        assert isinstance(told.error, StreamInterruptedError)
        assert (told.error.error, told.text) == (row.error.__name__, PIECES[0])
        assert at.are_gone("a")


def stage(row: Break, spoken: Spoken, mode: str) -> Any:
    clock = {"clock": FakeClock()} if row.benched else {}
    return scene(spoken, row.script(spoken), mode=mode, **({"idle_timeout": IDLE} if row.idle else clock))


def took_no_longer(row: Break, told: Told) -> bool:
    return IDLE * 0.99 < told.seconds < IDLE + LATE if row.idle else told.seconds < 5.0


def check_standing(row: Break, at: Scene) -> None:
    """What the break taught: the same as if the error had come at once."""
    benched = at.health("a").benched_until
    if row.benched is None:
        assert benched is None
    else:
        assert benched is not None
        assert abs(benched.timestamp() - at.gw._core.config.clock.time() - row.benched) < 0.01
    if row.outcome == "failure" and not row.idle:
        at.ask()
        assert at.gw.ask("a") == "blown"
        assert at.ask().served_by == "b"
    else:
        assert at.gw.ask("a") == "ok"
