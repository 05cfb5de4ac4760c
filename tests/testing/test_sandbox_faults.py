"""What each fault does on the wire, in each dialect, plain and streamed."""

from __future__ import annotations

import http.client
import json
import time

import pytest

from agentsea_gateway.testing import Fault, Reply
from agentsea_gateway.testing.side import ErrorKind
from support.sandbox_client import Client, Dialect, read_to_end, read_until

LONG = Reply("one two three four")
PLAIN_AND_STREAMED = pytest.mark.parametrize("stream", [False, True], ids=["plain", "streamed"])


def body_of(data: bytes) -> bytes:
    """The body of a chunked answer, as far as its chunks came."""
    rest, found = data.partition(b"\r\n\r\n")[2], b""
    while rest:
        size, _, rest = rest.partition(b"\r\n")
        found += rest[: int(size, 16)]
        rest = rest[int(size, 16) + 2 :]
    return found


@PLAIN_AND_STREAMED
@pytest.mark.parametrize(
    "status", [400, 401, 402, 403, 404, 408, 409, 413, 422, 429, 498, 500, 502, 503, 504, 529, 599]
)
def test_a_status_comes_with_the_vendors_error_body(
    client: Client, dialect: Dialect, status: int, stream: bool
) -> None:
    """F20-F23, F31"""
    client.box.script(Fault.status(status))
    got = client.ask(stream=stream)
    assert got.status == status
    assert all(dialect.error(got.body))
    assert client.ask().status == 200
    assert client.box.connections == 1


@pytest.mark.parametrize(
    ("kind", "openai_says", "anthropic_says"),
    [
        ("bad_key", (401, "invalid_request_error"), (401, "authentication_error")),
        ("no_permission", (403, "invalid_request_error"), (403, "permission_error")),
        ("model_not_found", (404, "invalid_request_error"), (404, "not_found_error")),
        ("quota", (429, "insufficient_quota"), (400, "invalid_request_error")),
        ("rate_limit", (429, "requests"), (429, "rate_limit_error")),
        ("context_window", (400, "invalid_request_error"), (400, "invalid_request_error")),
        ("content_policy", (400, "invalid_request_error"), (400, "invalid_request_error")),
        ("server_error", (500, "server_error"), (500, "api_error")),
        ("overloaded", (503, "server_error"), (529, "overloaded_error")),
    ],
)
def test_each_vendor_has_its_own_words_for_an_error(
    openai: Client, anthropic: Client, kind: ErrorKind, openai_says: tuple[int, str], anthropic_says: tuple[int, str]
) -> None:
    openai.box.always(Fault.status(kind))
    for client, says in ((openai, openai_says), (anthropic, anthropic_says)):
        got = client.ask()
        assert (got.status, client.dialect.error(got.body)[0]) == says


@pytest.mark.parametrize("value", [30, "3600", "-1", "nan", "1e99", "Wed, 21 Oct 2026 07:28:00 GMT", ""])
def test_retry_after_is_sent_as_it_is_given(client: Client, value: str | float) -> None:
    """F24"""
    client.box.script(Fault.status(429, retry_after=value, headers={"Retry-After-Ms": "250"}))
    got = client.ask()
    assert (got.headers["retry-after"], got.headers["retry-after-ms"]) == (str(value), "250")


def test_message_and_code_of_an_error_may_be_given(client: Client, dialect: Dialect) -> None:
    client.box.script(Fault.status(400, message="no such luck", code="bad_luck"))
    kind, message = dialect.error(client.ask().body)
    assert (kind, message) == ("bad_luck" if dialect.says_types else kind, "no such luck")


def test_a_redirect_names_its_target(client: Client) -> None:
    """F20"""
    client.box.script(Fault.status(307, headers={"location": "http://127.0.0.1:1/"}))
    got = client.ask()
    assert (got.status, got.headers["location"]) == (307, "http://127.0.0.1:1/")


@PLAIN_AND_STREAMED
@pytest.mark.parametrize("status", [200, 403, 502])
def test_a_web_page_comes_with_any_status(client: Client, status: int, stream: bool) -> None:
    """F26, F58"""
    client.box.script(Fault.html(status))
    got = client.ask(stream=stream)
    assert (got.status, got.headers["content-type"]) == (status, "text/html; charset=utf-8")
    assert got.data.startswith(b"<!DOCTYPE html>")


@pytest.mark.parametrize(("data", "sent"), [({"choices": []}, b'{"choices":[]}'), ("NaN", b"NaN"), (b"\xff", b"\xff")])
def test_a_body_is_sent_as_it_is(client: Client, data: object, sent: bytes) -> None:
    """F28, F30"""
    client.box.script(Fault.body(data))  # type: ignore[arg-type]
    got = client.ask()
    assert (got.status, got.data, got.headers["content-type"]) == (200, sent, "application/json")


def test_an_error_object_comes_with_200(client: Client, dialect: Dialect) -> None:
    """F27, F56"""
    client.box.script(Fault.error("quota"))
    got = client.ask()
    assert got.status == 200
    assert any(word in dialect.error(got.body)[1] for word in ("credit", "quota", "spending limit"))


def test_an_error_is_the_first_event_of_a_stream(client: Client, dialect: Dialect) -> None:
    """F32, F56"""
    client.box.script(Fault.error("overloaded"))
    got = client.ask(stream=True)
    assert got.status == 200
    ((name, data),) = got.events
    assert dialect.told(name, data)


def test_an_error_comes_behind_so_much_content(client: Client, dialect: Dialect) -> None:
    """F33"""
    client.box.script(Fault.error("overloaded", after=2, reply=LONG))
    got = client.ask(stream=True)
    assert dialect.texts(got) == ["one", " two"]
    assert dialect.told(*got.events[-1])
    assert not dialect.ended(got)


@PLAIN_AND_STREAMED
def test_a_drop_before_the_head_is_a_goodbye_without_a_byte(client: Client, stream: bool) -> None:
    """F10, F13"""
    client.box.script(Fault.drop())
    assert client.everything(stream=stream) == b""
    assert client.box.hits == 1


@PLAIN_AND_STREAMED
@pytest.mark.parametrize("after", ["request", "head", 1])
def test_a_reset_is_a_reset(client: Client, stream: bool, after: str | int) -> None:
    """F11"""
    client.box.script(Fault.drop(after, reset=True, reply=LONG))  # type: ignore[arg-type]
    with pytest.raises(ConnectionResetError):
        client.everything(stream=stream)


@PLAIN_AND_STREAMED
def test_a_drop_behind_the_head_leaves_the_head(client: Client, stream: bool) -> None:
    client.box.script(Fault.drop("head"))
    data = client.everything(stream=stream)
    assert data.startswith(b"HTTP/1.1 200 OK\r\n")
    assert data.endswith(b"\r\n\r\n")


def test_a_drop_in_mid_stream_comes_behind_so_many_content_events(client: Client, dialect: Dialect) -> None:
    client.box.script(Fault.drop(2, reply=LONG))
    data = client.everything(stream=True)
    assert b'" two"' in data
    assert b'" three"' not in data
    assert not data.endswith(b"0\r\n\r\n")


def test_a_drop_at_the_end_comes_without_warning(client: Client, dialect: Dialect) -> None:
    """F12: the next request on this connection meets a closed one."""
    client.box.script(Fault.drop("end"))
    got = client.ask()
    assert (got.status, got.headers.get("connection")) == (200, None)
    assert client.box.wait_until(lambda: client.box.open_connections == 0)
    with pytest.raises((http.client.RemoteDisconnected, BrokenPipeError, ConnectionResetError)):
        client.ask()


@pytest.mark.parametrize("after", ["request", "head", 0, 2])
@PLAIN_AND_STREAMED
def test_a_stall_holds_the_connection_open_until_the_client_leaves(
    client: Client, stream: bool, after: str | int
) -> None:
    """F05, F07"""
    client.box.script(Fault.stall(after, reply=LONG))  # type: ignore[arg-type]
    sock = client.socket(stream=stream)
    if after == "request":
        assert client.box.wait_until(lambda: client.box.hits == 1)
    elif after == 2 and stream:
        assert b'" three"' not in read_until(sock, b'" two"')
    else:
        read_until(sock, b"\r\n\r\n")
    sock.settimeout(0.01)
    with pytest.raises(TimeoutError):
        read_to_end(sock)
    assert client.box.open_connections == 1
    sock.close()
    assert client.box.wait_until(lambda: client.box.open_connections == 0)


def test_a_short_body_promises_more_than_it_brings(client: Client) -> None:
    """F14"""
    client.box.script(Fault.truncate())
    with pytest.raises(http.client.IncompleteRead) as caught:
        client.ask()
    assert caught.value.expected
    assert caught.value.partial


def test_a_clean_truncation_has_a_correct_length_and_half_the_json(client: Client) -> None:
    """F16"""
    client.box.script(Fault.truncate(how="clean"))
    got = client.ask()
    assert int(got.headers["content-length"]) == len(got.data)
    with pytest.raises(json.JSONDecodeError):
        _ = got.body


def test_a_truncated_plain_body_may_be_cut_at_any_byte(client: Client) -> None:
    client.box.script(Fault.truncate(7, how="clean"))
    assert len(client.ask().data) == 7


def test_a_short_stream_ends_within_a_chunk(client: Client) -> None:
    """F15, F36"""
    client.box.script(Fault.truncate(2, reply=LONG))
    data = client.everything(stream=True)
    assert b'" two"' in data
    assert b'" four"' not in data
    rest = data.partition(b"\r\n\r\n")[2]
    while rest:
        size, _, rest = rest.partition(b"\r\n")
        assert size, "the last chunk is whole"
        if len(rest) < int(size, 16):
            return
        rest = rest[int(size, 16) + 2 :]
    pytest.fail("no chunk is cut")


def test_a_clean_truncation_of_a_stream_ends_without_its_finish(client: Client, dialect: Dialect) -> None:
    """F34"""
    client.box.script(Fault.truncate(2, how="clean", reply=LONG))
    got = client.ask(stream=True)
    assert dialect.texts(got) == ["one", " two"]
    assert not dialect.ended(got)


def test_a_torn_stream_ends_within_the_json_of_an_event(client: Client) -> None:
    """F35"""
    client.box.script(Fault.truncate(2, how="torn", reply=LONG))
    got = client.ask(stream=True)
    assert not got.data.endswith(b"\n\n")
    assert got.data.count(b'" two"') == 1


@pytest.mark.parametrize("what", ["head", "body", "all"])
@PLAIN_AND_STREAMED
def test_a_drip_brings_the_whole_answer_in_drops(client: Client, dialect: Dialect, what: str, stream: bool) -> None:
    """F06, F08"""
    client.box.script(Fault.drip(0.0, size=50, what=what, reply=LONG))  # type: ignore[arg-type]
    got = client.ask(stream=stream)
    assert "".join(dialect.texts(got) if stream else [dialect.text(got)]) == LONG.text


def test_a_drip_takes_its_time(client: Client) -> None:
    client.box.script(Fault.drip(0.002, size=40, what="body"))
    sock = client.socket()
    head, _, begun = read_until(sock, b"\r\n\r\n").partition(b"\r\n\r\n")
    length = int(head.lower().partition(b"content-length: ")[2].split(b"\r\n")[0])
    assert len(begun) < length
    drops = 0
    while len(begun) < length:
        begun += sock.recv(65536)
        drops += 1
    sock.close()
    assert drops > 2


def test_pings_keep_a_stream_warm_and_say_nothing(client: Client) -> None:
    """F39"""
    client.box.script(Fault.pings(0.0, after=1, reply=LONG))
    ping = client.dialect.ping
    sock = client.socket(stream=True)
    data = read_until(sock, ping)
    while body_of(data[: data.rindex(b"\r\n")] + b"\r\n").count(ping) < 5:
        data += sock.recv(65536)
    sock.close()
    assert b'"one"' in data
    assert b'" two"' not in data
    assert client.box.wait_until(lambda: client.box.open_connections == 0)


@pytest.mark.parametrize("after", ["request", "head"])
def test_pings_in_a_plain_body_are_blanks_in_chunks(client: Client, after: str) -> None:
    """F09"""
    client.box.script(Fault.pings(0.0, after=after))  # type: ignore[arg-type]
    sock = client.socket()
    data = read_until(sock, b"1\r\n \r\n" * 3)
    sock.close()
    assert b"transfer-encoding: chunked" in data
    assert client.box.wait_until(lambda: client.box.open_connections == 0)


def test_raw_bytes_are_all_that_is_sent(client: Client) -> None:
    """F19"""
    client.box.script(Fault.raw(b"HTTP/1.1 oops\r\n\r\n"), Fault.raw(b"SSH-2.0-x\r\n", keep_open=True))
    assert client.everything() == b"HTTP/1.1 oops\r\n\r\n"
    sock = client.socket()
    assert read_until(sock, b"\n") == b"SSH-2.0-x\r\n"
    assert client.box.open_connections == 1
    sock.close()


def test_a_surplus_answer_stands_behind_the_first(client: Client) -> None:
    """F53"""
    client.box.script(Fault.surplus(reply="only once"))
    sock = client.socket()
    data = b""
    while data.count(b"only once") < 2:
        data += sock.recv(65536)
    sock.close()
    assert data.count(b"HTTP/1.1 200 OK") == 2


def test_bytes_may_stand_before_an_answer_and_behind_it(client: Client, dialect: Dialect) -> None:
    """F54: informational answers before the real one."""
    hint = b"HTTP/1.1 100 Continue\r\n\r\n"
    client.box.script(Fault.surplus(before=hint * 3, behind=b"x"))
    sock = client.socket()
    data = read_until(sock, b"}x")
    sock.close()
    assert data.startswith(hint * 3 + b"HTTP/1.1 200 OK")


@PLAIN_AND_STREAMED
def test_latency_comes_before_the_head(client: Client, stream: bool) -> None:
    client.box.script(Reply("late", latency=0.03), Fault.status(500, latency=0.03))
    for _ in range(2):
        began = time.monotonic()
        client.ask(stream=stream)
        assert time.monotonic() - began >= 0.03


def test_pauses_stand_between_the_content_events(client: Client, dialect: Dialect) -> None:
    client.box.script(Reply("a b c", pause=0.02))
    sock = client.socket(stream=True)
    began = time.monotonic()
    data = read_until(sock, b'"a"')
    assert b'" b"' not in data
    read_until(sock, b'" c"')
    sock.close()
    assert time.monotonic() - began >= 0.04


def test_a_client_that_leaves_during_a_pause_is_noticed(client: Client) -> None:
    """F41"""
    client.box.script(Reply("a b c", pause=60))
    sock = client.socket(stream=True)
    read_until(sock, b'"a"')
    sock.close()
    assert client.box.wait_until(lambda: client.box.open_connections == 0)


def test_a_fault_spoils_the_sandboxs_own_answer_unless_it_brings_one(client: Client) -> None:
    client.box.script(Fault.truncate(10_000, how="clean"), Fault.truncate(10_000, how="clean", reply="brought along"))
    assert b"sandbox: Hello" in client.ask().data
    assert b"brought along" in client.ask().data


@pytest.mark.parametrize(
    "wrong",
    [
        lambda: Fault.status("overload"),  # type: ignore[arg-type]
        lambda: Fault.status(7),
        lambda: Fault.stall("body"),  # type: ignore[arg-type]
        lambda: Fault.drop(-1),
        lambda: Fault.truncate(how="cut"),  # type: ignore[arg-type]
        lambda: Fault.drip(what="everything"),  # type: ignore[arg-type]
    ],
)
def test_a_fault_that_makes_no_sense_is_refused_at_once(wrong: object) -> None:
    with pytest.raises(ValueError, match=r"give|kinds are"):
        wrong()  # type: ignore[operator]


def test_a_fault_is_a_value() -> None:
    assert Fault.stall(2) == Fault.stall(2)
    assert Fault.stall(2) != Fault.stall(3)
    with pytest.raises(TypeError, match="Reply or a string"):
        Fault.stall(reply=7)  # type: ignore[arg-type]
