"""A sandbox lives, dies, comes back and leaves nothing behind."""

from __future__ import annotations

import http.client
import os
import socket
import threading
import time
from contextlib import closing
from typing import TYPE_CHECKING

import pytest
import requests

from agentsea_gateway.testing import Fault, Reply, Request, Sandbox
from support.sandbox_client import OPENAI, Client, Dialect, read_to_end, read_until

if TYPE_CHECKING:
    from collections.abc import Callable


def in_threads(count: int, job: Callable[[], None]) -> None:
    """Run `job` in so many threads at once; what one raises is raised."""
    gate, raised = threading.Barrier(count), []

    def run() -> None:
        gate.wait()
        try:
            job()
        except BaseException as error:
            raised.append(error)

    threads = [threading.Thread(target=run) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if raised:
        raise raised[0]


def test_a_dead_sandbox_refuses_connections_and_comes_back_on_its_port(client: Client, dialect: Dialect) -> None:
    """F01"""
    url = client.box.base_url
    client.ask()
    client.box.kill()
    assert client.box.open_connections == 0
    with pytest.raises(ConnectionRefusedError):
        Client(client.box, dialect).ask()
    client.box.kill()
    client.box.revive()
    client.box.revive()
    assert client.box.base_url == url
    client.close()
    assert client.ask().status == 200


def test_nobody_else_gets_the_port_of_a_dead_sandbox(box: Sandbox) -> None:
    box.kill()
    port = int(box.base_url.rpartition(":")[2])
    with closing(socket.socket()) as other, pytest.raises(OSError, match="in use"):
        other.bind(("127.0.0.1", port))


def test_death_ends_answers_under_way(client: Client) -> None:
    client.box.script(Fault.stall(1, reply="one two"))
    sock = client.socket(stream=True)
    read_until(sock, b'"one"')
    client.box.kill()
    assert read_to_end(sock) == b""
    sock.close()


def test_a_function_may_kill_the_sandbox_that_it_answers_for(client: Client, dialect: Dialect) -> None:
    def die(request: Request) -> str:
        client.box.kill()
        return "never sent"

    client.box.script(die)
    with pytest.raises((http.client.RemoteDisconnected, ConnectionResetError)):
        client.ask()
    client.box.revive()
    client.close()
    assert dialect.text(client.ask(text="x")) == "sandbox: x"


def test_a_second_request_waits_for_the_first_ones_pause(client: Client) -> None:
    client.box.script(Reply("first", latency=0.01))
    with closing(client.socket()) as sock:
        sock.sendall(client.request_bytes(text="second"))
        data = read_until(sock, b"sandbox: second")
    assert b"first" in data


def test_recovery_revives_the_dead(client: Client) -> None:
    client.box.kill()
    client.box.recover()
    assert client.ask().status == 200


def test_close_releases_whoever_is_stalled_and_ends_the_thread(dialect: Dialect, no_leaks: None) -> None:
    before = threading.active_count()
    box = Sandbox(
        [Fault.stall(), Fault.stall("head"), Fault.pings(0.001), Reply("a b", pause=60), Reply("x", latency=60)]
    )
    assert threading.active_count() == before + 1
    client = Client(box, dialect)
    socks = []
    for hits in range(1, 6):
        socks.append(client.socket(stream=True))
        assert box.wait_until(lambda hits=hits: box.hits == hits)  # type: ignore[misc]
    box.close()
    assert threading.active_count() == before
    for sock in socks:
        read_to_end(sock)
        sock.close()
    box.close()


def test_a_closed_sandbox_says_so(no_leaks: None) -> None:
    box = Sandbox()
    box.close()
    with pytest.raises(RuntimeError, match="closed"):
        box.kill()


def test_sixty_four_threads_are_served_each_their_own_answer(dialect: Dialect, no_leaks: None) -> None:
    with Sandbox() as box:

        def job() -> None:
            client = Client(box, dialect)
            name = f"thread {threading.get_ident()}"
            for stream in (False, True, False):
                got = client.ask(text=name, stream=stream)
                text = "".join(dialect.texts(got)) if stream else dialect.text(got)
                assert text == f"sandbox: {name}"
            client.close()

        in_threads(64, job)
        assert box.hits == 192
        assert sorted(request.number for request in box.requests) == list(range(1, 193))


def test_a_script_is_used_up_exactly_once_by_many_threads(no_leaks: None) -> None:
    with Sandbox([Fault.status(500)] * 40) as box:
        statuses: list[int] = []

        def job() -> None:
            client = Client(box, OPENAI)
            statuses.extend(client.ask().status for _ in range(5))
            client.close()

        in_threads(16, job)
    assert (statuses.count(500), statuses.count(200)) == (40, 40)


def test_actions_may_come_from_other_threads_while_it_serves(no_leaks: None) -> None:
    with Sandbox() as box:

        def job() -> None:
            client = Client(box, OPENAI)
            for _ in range(5):
                box.script(Fault.status(503))
                box.recover()
                box.always("fine")
                assert client.ask().status in (200, 503)
            client.close()

        in_threads(8, job)


def test_a_client_that_sends_its_request_in_crumbs_is_understood(client: Client) -> None:
    sock = socket.create_connection(("127.0.0.1", client.port))
    for byte in client.request_bytes():
        sock.sendall(bytes([byte]))
    read_until(sock, b"sandbox: Hello")
    sock.close()


def test_two_requests_sent_at_once_are_answered_in_order(client: Client) -> None:
    sock = socket.create_connection(("127.0.0.1", client.port))
    sock.sendall(client.request_bytes(text="first") + client.request_bytes(text="second"))
    data = read_until(sock, b"sandbox: second")
    sock.close()
    assert data.index(b"sandbox: first") < data.index(b"sandbox: second")


def test_a_large_answer_waits_for_a_slow_reader(client: Client) -> None:
    text = "x" * 3_000_000
    client.box.always(Reply(text))
    with closing(client.socket()) as sock:
        read_until(sock, b"\r\n\r\n")
        other = Client(client.box, client.dialect)  # the others are served meanwhile
        assert client.dialect.text(other.ask()) == text
        other.close()
        read_until(sock, b"xx" + b'"')


def test_close_is_honoured_when_the_client_wants_it(client: Client) -> None:
    data = client.dialect.head() | {"connection": "close"}
    body = client.request_bytes().partition(b"\r\n\r\n")[2]
    assert client.send("POST", client.dialect.path, body, data).status == 200
    assert client.box.wait_until(lambda: client.box.open_connections == 0)


def test_an_old_client_gets_a_stream_without_chunks(client: Client) -> None:
    with closing(socket.create_connection(("127.0.0.1", client.port))) as sock:
        sock.sendall(client.request_bytes(stream=True).replace(b"HTTP/1.1", b"HTTP/1.0", 1))
        data = read_to_end(sock)
    assert b"transfer-encoding" not in data
    assert b"0\r\n\r\n" not in data


def test_what_is_no_http_is_answered_with_400(box: Sandbox) -> None:
    with closing(socket.create_connection(("127.0.0.1", int(box.base_url.rpartition(":")[2])))) as sock:
        sock.sendall(b"\x16\x03\x01\r\n\r\n")
        assert read_to_end(sock).startswith(b"HTTP/1.1 400 Bad Request\r\n")


def test_a_client_that_waits_for_a_continue_gets_one(client: Client) -> None:
    head, _, body = client.request_bytes().partition(b"\r\n\r\n")
    with closing(socket.create_connection(("127.0.0.1", client.port))) as sock:
        sock.sendall(head + b"\r\nexpect: 100-continue\r\n\r\n")
        assert read_until(sock, b"\r\n\r\n") == b"HTTP/1.1 100 Continue\r\n\r\n"
        sock.sendall(body)
        assert read_until(sock, b"\r\n\r\n").startswith(b"HTTP/1.1 200 OK")


def test_requests_of_the_requests_library_are_served(client: Client) -> None:
    (path, body), (stream_path, stream_body) = client.dialect.request(), client.dialect.request(stream=True)
    url = client.box.base_url
    with requests.Session() as session:
        session.trust_env = False
        got = session.post(url + path, json=body, headers=client.dialect.head(), timeout=5)
        assert got.status_code == 200
        streamed = session.post(
            url + stream_path, json=stream_body, headers=client.dialect.head(), stream=True, timeout=5
        )
        assert b'" you"' in b"".join(streamed.iter_content())


def test_waiting_gives_up_in_time(box: Sandbox) -> None:
    began = time.monotonic()
    assert not box.wait_until(lambda: False, timeout=0.01)
    assert time.monotonic() - began < 2


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system cannot fork")
@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
def test_a_forked_child_neither_keeps_the_clients_nor_the_port(client: Client) -> None:
    """F48: a drop is a drop though a child lives on; the child cannot hang on the thread that stayed behind."""
    client.ask()
    hold, release = os.pipe()
    child = os.fork()
    if child == 0:  # pragma: no cover - in the child
        try:
            client.box.close()
            os.close(release)
            os.read(hold, 1)
        finally:
            os._exit(0)
    try:
        client.box.script(Fault.drop())
        assert client.everything() == b""
        client.box.kill()
        with pytest.raises(ConnectionRefusedError):
            Client(client.box, client.dialect).ask()
    finally:
        os.close(release)
        os.close(hold)
        assert os.waitpid(child, 0)[1] == 0
