"""Heads: the same as http.client reads, on everything legal; one typed error on everything else."""

from __future__ import annotations

import http.client
import io
import itertools
import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agentsea_gateway.errors import APIConnectionError, MalformedResponseError
from agentsea_gateway.transport.answer_head import END, content_length, parse_head, receive_head
from agentsea_gateway.transport.framing import framing_of
from agentsea_gateway.transport.headers import Headers
from agentsea_gateway.transport.limits import Limits
from raw_server import chunked

LIMITS = Limits()
SPACE = re.compile(r"\s+")

tokens = st.text("abcXYZ019-_.!#$%&'*+^`|~", min_size=1, max_size=12)
values = st.text(st.characters(min_codepoint=0x21, max_codepoint=0xFF, exclude_characters="\x7f\x85\xa0"), max_size=20)
spaced = st.lists(values, max_size=3).map(" ".join)
# http.client takes these for itself; what they say comes from the framing below
fields = st.lists(
    st.tuples(tokens.filter(lambda name: name.lower() not in {"content-length", "transfer-encoding"}), spaced),
    max_size=12,
)
newline = st.sampled_from(["\r\n", "\n"])
padding = st.sampled_from(["", " ", "\t", "  "])


class Pieces:
    """A connection that gives these pieces and then its end."""

    peer, sent, doing = "peer:80", True, ""

    def __init__(self, *pieces: bytes) -> None:
        self.pieces = [piece for piece in pieces if piece]

    def receive(self, _: object) -> bytes:
        return self.pieces.pop(0) if self.pieces else b""


class Played:
    """What http.client takes for a socket."""

    def __init__(self, data: bytes) -> None:
        self.data = data

    def makefile(self, *_: object) -> io.BytesIO:
        return io.BytesIO(self.data)


def theirs(data: bytes) -> tuple[int, list[tuple[str, str]], bytes]:
    response = http.client.HTTPResponse(Played(data), method="POST")
    response.begin()
    return response.status, response.getheaders(), response.read()


def ours(*pieces: bytes) -> tuple[int, dict[str, str], bytes]:
    connection = Pieces(*pieces)
    status, _, found, rest = receive_head(connection, None, LIMITS)
    framing = framing_of(status, found, LIMITS)
    body = framing.feed(rest) if rest else b""
    while not framing.done:
        data = connection.receive(None)
        if not data:
            framing.end()
        else:
            body += framing.feed(data)
    return status, found, body


def folded(pairs: list[tuple[str, str]]) -> dict[str, str]:
    """http.client's fields as ours: lower-case, joined; a folded line's white space is one blank."""
    found: dict[str, str] = {}
    for name, value in pairs:
        key, plain = name.lower(), SPACE.sub(" ", value).strip()
        found[key] = f"{found[key]}, {plain}" if key in found else plain
    return found


@given(
    status=st.integers(200, 999).filter(lambda status: status not in (204, 304)),
    reason=spaced,
    version=st.sampled_from(["HTTP/1.1", "HTTP/1.0"]),
    fields=fields,
    pad=padding,
    line=newline,
    fold=st.booleans(),
    body=st.binary(max_size=60),
    framing=st.sampled_from(["length", "chunked", "close"]),
    cuts=st.lists(st.integers(0, 400), max_size=4),
)
def test_legal_answers_are_read_as_http_client_reads_them(  # noqa: PLR0917
    status, reason, version, fields, pad, line, fold, body, framing, cuts
) -> None:
    lines = [f"{version} {status} {reason}".rstrip()]
    if fold:
        lines += [f"X-Fold:{pad}begun", f"{pad or ' '} continued here"]
    lines += [f"{name}:{pad}{value}{pad}" for name, value in fields]
    if framing != "close":  # not padded at the end, where http.client takes a blank for part of the value
        lines.append(f"Content-Length:{pad}{len(body)}" if framing == "length" else f"transfer-encoding:{pad}Chunked")
    wire = (line.join(lines) + line * 2).encode("latin-1")
    wire += chunked(*filter(None, (body[:10], body[10:]))) if framing == "chunked" else body
    at = [0, *sorted(min(cut, len(wire)) for cut in cuts), len(wire)]
    pieces = [wire[start:end] for start, end in itertools.pairwise(at)]
    their_status, their_fields, their_body = theirs(wire)
    our_status, our_fields, our_body = ours(*pieces)
    assert (our_status, our_body) == (their_status, their_body)
    assert {name: SPACE.sub(" ", value) for name, value in our_fields.items()} == folded(their_fields)


@pytest.mark.parametrize(
    "text",
    [
        "hello\r\n",
        "HTTP/2 200 OK\r\n",
        "HTTP/1.1 OK\r\n",
        "HTTP/1.1 099 Low\r\n",
        "HTTP/1.1 2000 Long\r\n",
        "HTTP/1.1200 OK\r\n",
        "ICY 200 OK\r\n",
        "HTTP/1.1 200 OK\r\nno colon here\r\n",
        "HTTP/1.1 200 OK\r\nname : value\r\n",
        "HTTP/1.1 200 OK\r\n: value\r\n",
        "HTTP/1.1 200 OK\r\na: b\rc: d\r\n",
        "HTTP/1.1 200 OK\r\na: b\0\r\n",
        "HTTP/1.1 200 OK\r\nn\xe4me: value\r\n",
    ],
)
def test_heads_that_are_none_are_refused_without_showing_them(text: str) -> None:
    """F19. A peer may echo what we sent, key and all."""
    with pytest.raises(MalformedResponseError) as caught:
        parse_head(text, LIMITS)
    assert not any(word in str(caught.value) for word in ("hello", "value", "ICY"))


def test_a_hundred_fields_are_taken_and_one_more_is_not() -> None:
    lines = "".join(f"f{number}: x\r\n" for number in range(100))
    assert len(parse_head(f"HTTP/1.1 200 OK\r\n{lines}", LIMITS)[2]) == 100
    with pytest.raises(MalformedResponseError, match="^the answer has more than 100 header fields$"):
        parse_head(f"HTTP/1.1 200 OK\r\n{lines}g: x\r\n", LIMITS)


@pytest.mark.parametrize(
    "line",
    [
        "x:" + " " * 60_000 + "\0\r\n",
        "x: y\r\n" + " " * 60_000 + "\0\r\n",
        "x" * 60_000 + "\r\n",
        "x: " + " y" * 30_000 + "\0\n",
        "x: y" + " " * 60_000 + "z\r\n folded\0\n",
    ],
)
@pytest.mark.realtime
def test_a_hostile_head_costs_no_more_than_its_length(line: str) -> None:
    begun = time.thread_time()
    with pytest.raises(MalformedResponseError):
        parse_head(f"HTTP/1.1 200 OK\r\n{line}", LIMITS)
    assert time.thread_time() - begun < 0.1


@pytest.mark.parametrize("step", [1, 1000, 100_000])
def test_a_head_over_the_cap_is_refused_however_it_comes(step: int) -> None:
    """F19: 70 KB."""
    wire = b"HTTP/1.1 200 OK\r\nx: " + b"y" * 70_000 + b"\r\n\r\n"
    with pytest.raises(MalformedResponseError, match="^the answer's head is larger than 65536 bytes$"):
        ours(*(wire[at : at + step] for at in range(0, len(wire), step)))


def test_every_wait_for_a_head_is_trimmed_to_the_calls_time_and_named() -> None:
    """From the first byte to the last of the 1xx and of the final one."""

    class Asked(Pieces):
        def receive(self, budget: object) -> bytes:
            asked.append((budget, self.doing))
            return super().receive(budget)

    asked: list[tuple[object, str]] = []
    budget = object()
    connection = Asked(b"HTTP/1.1 103 Early", b" Hints\r\n\r\n", b"HTTP/1.1 200", b" OK\r\n\r", b"\nrest")
    assert receive_head(connection, budget, LIMITS) == (200, True, {}, b"rest")
    assert asked == [(budget, "waiting for the answer of")] * 5


def test_a_head_of_just_the_cap_is_taken_and_one_byte_more_is_not() -> None:
    wire = b"HTTP/1.1 200 OK\r\nx: y\r\n\r\n"
    limits = Limits(head=len(wire) - 2)  # the blank line is its end
    for pieces in ((wire,), (wire[:5], wire[5:]), (wire[:-2], wire[-2:])):
        assert receive_head(Pieces(*pieces), None, limits)[:3] == (200, True, {"x": "y"})
        with pytest.raises(MalformedResponseError, match="larger than"):
            receive_head(Pieces(*pieces), None, Limits(head=len(wire) - 3))


def test_a_close_before_anything_was_sent_says_so() -> None:
    connection = Pieces()
    connection.sent = False
    with pytest.raises(APIConnectionError) as caught:
        receive_head(connection, None, LIMITS)
    assert not caught.value.sent


@pytest.mark.parametrize("line", ["no colon here", "name : value", ": value", "a: b\rc: d", "a: b\0"])
def test_a_line_that_is_no_field_is_named_as_that(line: str) -> None:
    with pytest.raises(MalformedResponseError, match="^the answer's head holds a line that is no header field$"):
        parse_head(f"HTTP/1.1 200 OK\r\n{line}\r\n", LIMITS)


def test_garbage_is_refused_at_its_first_byte_and_not_waited_for() -> None:
    connection = Pieces(b"SSH-2.0", b"never looked at")
    with pytest.raises(MalformedResponseError, match="^the answer does not begin with an HTTP/1 status line$"):
        receive_head(connection, None, LIMITS)
    assert connection.pieces == [b"never looked at"]


def test_a_close_before_the_head_says_so() -> None:
    with pytest.raises(APIConnectionError, match="^closed before a status line by peer:80$") as caught:
        ours()
    assert caught.value.sent
    with pytest.raises(MalformedResponseError, match="^truncated: the connection was closed inside the answer's head$"):
        ours(b"HTTP/1.1 200 OK\r\nconte")


def test_ten_informational_answers_are_taken_and_one_more_is_not() -> None:
    """F54."""
    early, final = b"HTTP/1.1 100 Continue\r\n\r\n", b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok"
    assert ours(early * 10, final)[2] == b"ok"
    with pytest.raises(MalformedResponseError, match="^100: the answer never comes behind its 1xx$") as caught:
        ours(early * 11, final)
    assert caught.value.status_code == 100


def test_switching_protocols_is_an_error() -> None:
    """F19."""
    with pytest.raises(
        MalformedResponseError, match="^101: the answer switches protocols, which nobody asked for$"
    ) as caught:
        ours(b"HTTP/1.1 101 Switching\r\nupgrade: h2c\r\n\r\n")
    assert caught.value.status_code == 101


@pytest.mark.parametrize(
    ("text", "stays"),
    [
        ("HTTP/1.1 200 OK\r\n", True),
        ("HTTP/1.1 200 OK\r\nConnection: Close\r\n", False),
        ("HTTP/1.1 200 OK\r\nconnection: x-other, close\r\n", False),
        ("HTTP/1.1 200 OK\r\nConnection: x-other\r\n", True),
        ("HTTP/1.0 200 OK\r\n", False),
        ("HTTP/1.0 200 OK\r\nConnection: x-other\r\n", False),
        ("HTTP/1.0 200 OK\r\nConnection: Keep-Alive\r\n", True),
    ],
)
def test_whether_a_connection_may_stay_is_read_from_the_head(text: str, stays: bool) -> None:
    assert parse_head(text, LIMITS)[1] is stays


@pytest.mark.parametrize(("value", "length"), [("0", 0), ("12", 12), ("7, 7", 7), ("007", 7), ("9" * 18, 10**18 - 1)])
def test_one_content_length_is_one_number(value: str, length: int) -> None:
    assert content_length(value) == length


@pytest.mark.parametrize("value", ["", "-1", "+5", "5_0", "1, 2", "0x10", "5 5", "\u0665", "9" * 19, "nan"])
def test_anything_else_is_refused(value: str) -> None:
    with pytest.raises(
        MalformedResponseError, match="^the answer has no one Content-Length but several, or one that is no"
    ):
        content_length(value)


def test_headers_are_looked_up_in_any_case() -> None:
    headers = Headers({"retry-after": "3"})
    assert headers["Retry-After"] == headers.get("RETRY-AFTER") == "3"
    assert "Retry-After" in headers
    assert ("x" in headers, headers.get("X", "-"), 7 in headers) == (False, "-", False)
    for missing in ("x", "X"):
        with pytest.raises(KeyError):
            headers[missing]
    assert END.search(b"a\n\n")
