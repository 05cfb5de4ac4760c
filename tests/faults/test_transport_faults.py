"""Transport faults: whatever the wire does before an answer, the healthy second candidate serves (F01-F17, F19)."""

from __future__ import annotations

import gzip
import zlib
from typing import TYPE_CHECKING

import pytest

from agentsea_gateway.errors import APIConnectionError, APITimeoutError
from raw_server import FIN, HOLD, REQUEST, RST, Drip, Repeat, chunked, closed_port, full_backlog, head
from support.fault import Fault, cases, check

if TYPE_CHECKING:
    from support.loopback import Certificate
    from support.spoken import Spoken


def body(it: Spoken, mode: str) -> bytes:
    """A good body; of a stream as much as comes before the first content, for what comes after is another matter."""
    return it.answer if mode == "plain" else b"".join(it.opening)


def sized(it: Spoken, mode: str, length: int, data: bytes, **more: str) -> bytes:
    kind = it.plain_type if mode == "plain" else it.stream_type
    return head("200 OK", {"content-length": str(length)}, content_type=kind, **more) + data


def in_chunks(it: Spoken, data: bytes, **more: str) -> bytes:
    return it.stream_head(**more) + data


def gzipped(it: Spoken, mode: str) -> bytes:
    return gzip.compress(body(it, mode))


BROKEN = [
    Fault("F10 FIN before status", lambda it, mode: [REQUEST, FIN], APIConnectionError),
    Fault("F11 RST before status", lambda it, mode: [REQUEST, RST], APIConnectionError),
    Fault("F11 RST a moment later", lambda it, mode: [REQUEST, 0.02, RST], APIConnectionError),
    Fault("F13 FIN inside the status line", lambda it, mode: [REQUEST, b"HTTP/1.1 2", FIN]),
    Fault("F13 FIN inside the head", lambda it, mode: [REQUEST, b"HTTP/1.1 200 OK\r\nContent-Le", FIN]),
    Fault("F13 RST inside the head", lambda it, mode: [REQUEST, b"HTTP/1.1 200 OK\r\n", 0.02, RST], APIConnectionError),
    Fault("F13 FIN behind the head", lambda it, mode: [REQUEST, sized(it, mode, 10, b""), FIN]),
    Fault("F14 body shorter than its length", lambda it, mode: [
        REQUEST, sized(it, mode, len(body(it, mode)) + 10, body(it, mode)), FIN]),
    Fault("F14 body longer than its length", lambda it, mode: [
        REQUEST, sized(it, mode, len(body(it, mode)) - 5, body(it, mode)), HOLD]),
    Fault("F14 RST inside the body", lambda it, mode: [REQUEST, it.begun(mode), 0.02, RST], APIConnectionError),
    Fault("F15 cut chunk", lambda it, mode: [REQUEST, in_chunks(it, b"ffff\r\n" + body(it, mode)), FIN]),
    Fault("F15 no last chunk", lambda it, mode: [REQUEST, in_chunks(it, chunked(body(it, mode)[:-5], end=b"")), FIN]),
    Fault("F15 cut chunk size", lambda it, mode: [REQUEST, in_chunks(it, chunked(body(it, mode), end=b"1")), FIN]),
    Fault("F15 no chunk size", lambda it, mode: [REQUEST, in_chunks(it, b"zz\r\n" + body(it, mode)), HOLD]),
    Fault("F15 negative chunk size", lambda it, mode: [REQUEST, in_chunks(it, b"-5\r\n" + body(it, mode)), HOLD]),
    Fault("F15 endless chunk size", lambda it, mode: [REQUEST, in_chunks(it, b"f" * 5000), HOLD]),
    Fault("F15 chunk longer than its size", lambda it, mode: [
        REQUEST, in_chunks(it, b"5\r\n" + body(it, mode) + b"\r\n0\r\n\r\n"), HOLD]),
    Fault("F16 EOF-cut JSON", lambda it, mode: [REQUEST, head() + body(it, mode)[:-5], FIN]),
    Fault("F16 EOF and nothing", lambda it, mode: [REQUEST, head(), FIN]),
    Fault("F16 empty body", lambda it, mode: [REQUEST, sized(it, mode, 0, b"")], kept=True),
    Fault("F16 204", lambda it, mode: [REQUEST, head("204 No Content")], kept=True),
    Fault("F17 truncated gzip of the right length", lambda it, mode: [
        REQUEST, sized(it, mode, len(gzipped(it, mode)) - 9, gzipped(it, mode)[:-9], content_encoding="gzip"),
    ], kept=True),
    Fault("F17 truncated gzip in chunks", lambda it, mode: [
        REQUEST, in_chunks(it, chunked(gzipped(it, mode)[:-9]), content_encoding="gzip")], kept=True),
    Fault("F17 truncated deflate", lambda it, mode: [
        REQUEST, in_chunks(it, chunked(zlib.compress(body(it, mode))[:-6]), content_encoding="deflate")], kept=True),
    Fault("F17 corrupt gzip", lambda it, mode: [
        REQUEST, in_chunks(it, chunked(b"\x1f\x8b\x08\0" + b"?" * 40), content_encoding="gzip")], kept=True),
    Fault("F17 gzip that is none", lambda it, mode: [
        REQUEST, in_chunks(it, chunked(body(it, mode)), content_encoding="gzip")], kept=True),
    Fault("F17 coding that nobody asked for", lambda it, mode: [
        REQUEST, in_chunks(it, chunked(body(it, mode)), content_encoding="br"), HOLD]),
    Fault("F19 101 headers", lambda it, mode: [
        REQUEST, head("200 OK", {f"x-{n}": "y" for n in range(101)}, content_length="2") + b"{}", HOLD]),
    Fault("F19 70 KB header", lambda it, mode: [
        REQUEST, head("200 OK", {"x-big": "y" * 70_000}, content_length="2") + b"{}", HOLD]),
    Fault("F19 70 KB header without an end", lambda it, mode: [
        REQUEST, b"HTTP/1.1 200 OK\r\nx: " + b"y" * 70_000, HOLD]),
    Fault("F19 garbage status line", lambda it, mode: [REQUEST, b"\x15\x03\x01\x00\x02\x02\x50garbage\r\n\r\n", HOLD]),
    Fault("F19 another protocol", lambda it, mode: [REQUEST, b"SSH-2.0-OpenSSH_9.6\r\n", HOLD]),
    Fault("F19 HTTP/2", lambda it, mode: [REQUEST, b"HTTP/2 200\r\n\r\n", HOLD]),
    Fault("F19 status of two digits", lambda it, mode: [REQUEST, b"HTTP/1.1 20 OK\r\n\r\n", HOLD]),
    Fault("F19 field without a colon", lambda it, mode: [REQUEST, b"HTTP/1.1 200 OK\r\nnonsense\r\n\r\n", HOLD]),
    Fault("F19 two lengths", lambda it, mode: [
        REQUEST, b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n{}", HOLD]),
    Fault("F19 length that is no number", lambda it, mode: [
        REQUEST, b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n{}", HOLD]),
    Fault("F19 length of a hundred digits", lambda it, mode: [
        REQUEST, b"HTTP/1.1 200 OK\r\nContent-Length: " + b"9" * 100 + b"\r\n\r\n{}", HOLD]),
    Fault("F19 transfer coding that nobody asked for", lambda it, mode: [
        REQUEST, b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n{}", HOLD]),
    Fault("F54 flood of 103s", lambda it, mode: [
        REQUEST, head("103 Early Hints") * 11 + it.good(mode), HOLD], status=103),
    Fault("F54 101 and another protocol", lambda it, mode: [
        REQUEST, head("101 Switching Protocols", upgrade="h2c") + b"PRI *", HOLD], status=101),
]  # fmt: skip


@pytest.mark.parametrize(("fault", "spoken", "mode"), cases(BROKEN))
def test_a_broken_answer_is_the_next_candidates_turn(fault: Fault, spoken: Spoken, mode: str) -> None:
    """One hit and no replay (F10, F11, F13-F17, F19, F54)."""
    check(fault, spoken, mode)


WITHOUT_AN_ANSWER = [row for row in BROKEN if row.id.startswith(("F10", "F11", "F13", "F14"))]


@pytest.mark.parametrize(("fault", "spoken", "mode"), cases(WITHOUT_AN_ANSWER))
def test_a_connection_that_served_before_makes_no_difference(fault: Fault, spoken: Spoken, mode: str) -> None:
    """F10, F11: nor is anything replayed on it or on another one."""
    check(fault, spoken, mode, warm=True)


DRIP = b"x-slow: y\r\n"
SLOW = [
    Fault("F05 header stall", lambda it, mode: [REQUEST, HOLD]),
    Fault("F05 stall inside the head", lambda it, mode: [REQUEST, b"HTTP/1.1 200 OK\r\nContent-", HOLD]),
    Fault("F06 header drip", lambda it, mode: [REQUEST, b"HTTP/1.1 200 OK\r\n", Drip(DRIP, 0.01, forever=True)]),
    Fault("F06 status line drip", lambda it, mode: [REQUEST, Drip(b"HTTP/1.1 200 OK" + b" " * 99, 0.01)]),
    Fault("F07 body stall", lambda it, mode: [REQUEST, it.begun(mode), HOLD]),
    Fault("F08 body drip", lambda it, mode: [REQUEST, sized(it, mode, 99999, b""), Drip(b"\n", 0.01, forever=True)]),
    Fault("F08 body drip until close", lambda it, mode: [REQUEST, head(), Drip(b"\n", 0.01, forever=True)]),
    Fault("F09 whitespace drip in chunks", lambda it, mode: [
        REQUEST, it.stream_head(), Repeat([b"1\r\n \r\n", 0.02])]),
    Fault("F09 drip of the answer's own bytes", lambda it, mode: [
        REQUEST, it.stream_head(), Drip(b"1\r\n{\r\n", 0.01, forever=True)]),
    Fault("F54 drip of 100s", lambda it, mode: [REQUEST, Drip(head("100 Continue"), 0.02, forever=True)]),
    Fault("F39 pings only", lambda it, mode: [
        REQUEST, it.stream_head(), Repeat([chunked(it.ping, end=b""), 0.02])], modes=("stream", "watched")),
    Fault("F39 opening, then pings only", lambda it, mode: [
        REQUEST, it.begun(mode), Repeat([chunked(it.ping, end=b""), 0.02])], modes=("stream", "watched")),
]  # fmt: skip


# Until its first content a watched call waits as a stream does: a few rows show that.
WATCHED_TOO = ("F05 header", "F07", "F39")
TRICKLING = [
    Fault(
        row.id,
        row.script,
        APITimeoutError,
        patience="answer",
        modes=row.modes if row.id.startswith(WATCHED_TOO) else ("plain", "stream"),
    )
    for row in SLOW
]


@pytest.mark.parametrize(("fault", "spoken", "mode"), cases(TRICKLING))
def test_a_peer_that_trickles_cannot_outlive_the_patience(fault: Fault, spoken: Spoken, mode: str) -> None:
    """F05-F09, F39."""
    check(fault, spoken, mode)


UNREACHED = Fault("F01 closed port", lambda it, mode: [], APIConnectionError)
NO_ROOM = Fault("F02 full backlog", lambda it, mode: [], APITimeoutError, patience="connect")
STALLED = Fault("F03 TLS stall", lambda it, mode: [HOLD], APITimeoutError, patience="connect", hits=0)
UNTRUSTED = Fault("F04 bad certificate", lambda it, mode: [REQUEST], APIConnectionError, hits=0)
NOT_READ = Fault("F13 closed without a word", lambda it, mode: [FIN], APIConnectionError, hits=0)


@pytest.mark.parametrize(("fault", "spoken", "mode"), cases([UNREACHED]))
def test_a_closed_port_is_the_next_candidates_turn(fault: Fault, spoken: Spoken, mode: str) -> None:
    """F01."""
    with closed_port() as port:
        check(fault, spoken, mode, root=f"http://127.0.0.1:{port}")


@pytest.mark.parametrize(("fault", "spoken", "mode"), cases([NO_ROOM]))
def test_a_full_backlog_costs_the_connect_patience(fault: Fault, spoken: Spoken, mode: str) -> None:
    """F02."""
    with full_backlog() as port:
        check(fault, spoken, mode, root=f"http://127.0.0.1:{port}")


@pytest.mark.parametrize(("fault", "spoken", "mode"), cases([STALLED]))
def test_a_stalled_handshake_costs_the_connect_patience(fault: Fault, spoken: Spoken, mode: str) -> None:
    """F03."""
    check(fault, spoken, mode, scheme="https")


@pytest.fixture(scope="session")
def certificates(
    certificate: Certificate, foreign_certificate: Certificate
) -> dict[str, tuple[Certificate, str | bool]]:
    """What the server shows, and whom the client trusts."""
    return {"unknown authority": (certificate, True), "another name": (foreign_certificate, foreign_certificate.path)}


@pytest.mark.parametrize(("fault", "spoken", "mode"), cases([UNTRUSTED]))
@pytest.mark.parametrize("why", ["unknown authority", "another name"])
def test_a_bad_certificate_sees_no_request(
    fault: Fault, spoken: Spoken, mode: str, certificates: dict[str, tuple[Certificate, str | bool]], why: str
) -> None:
    """F04: and no key."""
    shown, verify = certificates[why]
    check(fault, spoken, mode, tls=shown.server, connection={"verify": verify})


@pytest.mark.parametrize(("fault", "spoken", "mode"), cases([NOT_READ]))
def test_a_peer_that_closes_unread_is_a_failure(fault: Fault, spoken: Spoken, mode: str) -> None:
    """F13."""
    check(fault, spoken, mode)


# Through TLS CPython tells a reset inside an answer as its end: still a failure, by another name.
IN_TLS_TOO = ("F10", "F11", "F13", "F15")
INSIDE_TLS = [row for row in BROKEN if row.id.startswith(IN_TLS_TOO) and row.id != "F13 RST inside the head"]


@pytest.mark.parametrize(("fault", "spoken", "mode"), cases(INSIDE_TLS))
def test_tls_changes_nothing(fault: Fault, spoken: Spoken, mode: str, certificate: Certificate) -> None:
    """The same faults inside TLS."""
    check(fault, spoken, mode, tls=certificate.server, connection={"verify": certificate.path})
