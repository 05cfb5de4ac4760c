"""One connection over a pair of sockets: waits that end with their time, and an end that may come from anywhere."""

from __future__ import annotations

import errno
import socket
import ssl
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from agentsea_gateway.errors import APIConnectionError, APITimeoutError
from agentsea_gateway.transport.connection import IDLE, LONGEST_WAIT, Connection, SecureConnection, told


class Budget:
    """What is left, the same at every look."""

    def __init__(self, left: float = 5.0, *, cancelled: bool = False) -> None:
        self.seconds = left
        self.cancelled = cancelled
        self.patience = "share"

    def remaining(self) -> float:
        return self.seconds


@pytest.fixture
def ends() -> Iterator[tuple[Connection, socket.socket]]:
    """A connection that is set up, and its peer."""
    near, far = socket.socketpair()
    near.setblocking(False)
    connection = Connection(near, "peer:80")
    yield connection, far
    far.close()
    connection.discard()


def test_a_new_connection_is_its_makers(ends: tuple[Connection, socket.socket]) -> None:
    connection, _ = ends
    assert (connection.busy, connection.sent, connection.doing) == (True, False, "connecting to")
    assert (connection.idle_since, connection.idle_limit) == (0.0, IDLE)


def test_bytes_go_both_ways(ends: tuple[Connection, socket.socket]) -> None:
    connection, far = ends
    assert connection.is_quiet()
    assert connection.receive_ready() == b""
    connection.send((b"ab", b"", b"cd"), Budget())
    assert far.recv(10) == b"abcd"
    far.sendall(b"answer")
    assert not connection.is_quiet()
    assert connection.receive(Budget()) == b"answer"
    far.sendall(b"more")
    assert connection.receive_ready() == b"more"
    far.close()
    assert not connection.is_quiet()
    assert connection.receive(Budget()) == b""
    assert connection.receive_ready() == b""


def test_what_is_larger_than_the_systems_buffers_is_sent_whole(ends: tuple[Connection, socket.socket]) -> None:
    connection, far = ends
    body = bytes(range(256)) * 8_000
    found = bytearray()

    def read() -> None:
        while len(found) < len(body) and (piece := far.recv(50_000)):
            found.extend(piece)

    reader = threading.Thread(target=read)
    reader.start()
    connection.send((body[:100], body[100:]), Budget())
    reader.join(5)
    assert found == body


@pytest.mark.parametrize("seconds", [0.0, -1.0])
def test_no_wait_begins_without_time(ends: tuple[Connection, socket.socket], seconds: float) -> None:
    connection, far = ends
    far.sendall(b"there already")
    connection.doing = "reading the answer of"
    for sent in (False, True):
        connection.sent = sent
        with pytest.raises(APITimeoutError) as caught:
            connection.receive(Budget(seconds))
        assert caught.value.message == "out of time (share) while reading the answer of peer:80"
        assert (caught.value.patience, caught.value.sent) == ("share", sent)


def test_a_wait_takes_what_is_left_and_no_poll_more_than_an_hour(ends: tuple[Connection, socket.socket]) -> None:
    connection, _ = ends
    assert connection.left(Budget(0.25)) == 0.25
    assert connection.left(Budget(LONGEST_WAIT + 1)) == LONGEST_WAIT


def test_a_poll_waits_for_so_many_milliseconds(
    ends: tuple[Connection, socket.socket], monkeypatch: pytest.MonkeyPatch
) -> None:
    connection, _ = ends
    waited: list[float] = []

    class Polled:
        def poll(self, milliseconds: float) -> list[Any]:
            waited.append(milliseconds)
            budget.seconds = 0.0
            return []

    budget = Budget(0.5)
    monkeypatch.setattr(connection, "_poll", Polled())
    with pytest.raises(APITimeoutError):
        connection.receive(budget)
    assert waited == [500.0]


@pytest.mark.parametrize(
    ("cancelled", "closed", "error", "words"),
    [
        (True, True, None, "cancelled"),
        (True, False, ConnectionResetError(errno.ECONNRESET, "Connection reset by peer"), "cancelled"),
        (False, True, ConnectionResetError(errno.ECONNRESET, "Connection reset by peer"), "closed on this side"),
        (False, False, None, "closed on this side"),
        (False, False, ConnectionResetError(errno.ECONNRESET, "Connection reset by peer"), "connection reset by peer"),
    ],
)
def test_an_error_says_whose_doing_it_was(
    ends: tuple[Connection, socket.socket], cancelled: bool, closed: bool, error: Exception | None, words: str
) -> None:
    connection, _ = ends
    connection.doing = "sending to"
    if closed:
        connection.close()
    for sent in (False, True):
        connection.sent = sent
        failure = connection.broken(error, Budget(cancelled=cancelled))
        assert (failure.message, failure.sent) == (f"{words} while sending to peer:80", sent)


def unconnected() -> tuple[Connection, socket.socket]:
    near = socket.socket()
    near.setblocking(False)
    return Connection(near, "peer:80"), near


def test_connecting_says_why_it_did_not_come_about() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        address = server.getsockname()
        connection, near = unconnected()
        assert connection.connect(address, Budget(), 5.0) is None
        with server.accept()[0] as far:
            connection.send((b"hi",), Budget())
            assert far.recv(2) == b"hi"
        connection.discard()
    for target, words in (
        (address, "connection refused"),
        (("127.0.0.1", "no port"), "TypeError"),
        (("127.0.0.1", 1 << 20), "OverflowError"),
    ):
        connection, near = unconnected()
        assert connection.connect(target, Budget(), 5.0) == words
        connection.discard()
        assert near.fileno() == -1


def test_connecting_that_was_cancelled_is_no_connection() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        connection, _ = unconnected()

        class Closing(Budget):
            def remaining(self) -> float:
                self.cancelled = True
                connection._closed = True
                return 5.0

        with pytest.raises(APIConnectionError, match="^cancelled while connecting to peer:80$"):
            connection.connect(server.getsockname(), Closing(), 5.0)
        connection.discard()


def test_who_sends_to_a_peer_that_reads_nothing_waits_no_longer_than_the_calls_time(
    ends: tuple[Connection, socket.socket],
) -> None:
    connection, _ = ends
    connection.doing = "sending to"
    with pytest.raises(APITimeoutError, match="while sending to peer:80"):
        connection.send((bytes(10_000_000),), Dwindling())
    assert not connection.wait_until_writable(Budget(), 0.001)


class Dwindling(Budget):
    """Half is gone at every look, and nothing is left after ten."""

    def remaining(self) -> float:
        self.seconds /= 2
        return self.seconds / 100 if self.seconds > 0.01 else 0.0


def test_a_close_ends_a_wait_of_another_thread_and_the_owner_closes_the_descriptor(
    ends: tuple[Connection, socket.socket],
) -> None:
    connection, far = ends
    caught: list[BaseException] = []

    def wait() -> None:
        try:
            connection.receive(Budget())
        except APIConnectionError as error:
            caught.append(error)

    thread = threading.Thread(target=wait)
    thread.start()
    connection.close()
    thread.join(5)
    assert not thread.is_alive()
    assert [str(error).partition(" while")[0] for error in caught] == ["closed on this side"]
    assert connection._socket.fileno() >= 0  # its owner may still be inside a system call
    connection.discard()
    assert connection._socket.fileno() == -1
    assert far.recv(1) == b""


def test_who_rests_closes_its_own_descriptor_where_somebody_closed_meanwhile() -> None:
    near, far = socket.socketpair()
    with far:
        connection = Connection(near, "peer:80")
        assert connection.rest()
        assert not connection.busy
        connection.busy = True
        connection.close()
        connection.close()
        assert near.fileno() >= 0
        assert not connection.rest()
        assert near.fileno() == -1
    near, far = socket.socketpair()
    with far:
        connection = Connection(near, "peer:80")
        connection.rest()
        connection.close()
        assert near.fileno() == -1


def test_a_forked_child_closes_the_descriptor_and_says_nothing_to_the_peer() -> None:
    near, far = socket.socketpair()
    with far, near.dup():
        far.settimeout(0.01)
        copy = near.dup()
        connection = Connection(near, "peer:80")
        connection.forget()
        assert near.fileno() == -1
        with pytest.raises(TimeoutError):
            far.recv(1)  # the parent's end is open as before
        with pytest.raises(APIConnectionError, match="closed on this side"):
            connection.receive(Budget())
        connection.close()
        copy.close()


def test_a_peer_that_is_gone_may_have_answered_before(ends: tuple[Connection, socket.socket]) -> None:
    connection, far = ends
    far.sendall(b"refused")
    far.close()
    connection.send((b"x" * 10,), Budget())
    assert connection.receive(Budget()) == b"refused"


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (ConnectionRefusedError(errno.ECONNREFUSED, "Connection refused"), "connection refused"),
        (socket.gaierror(-2, "Name or service not known"), "name or service not known"),
        (OSError("odd"), "OSError"),
        (ValueError("not shown"), "ValueError"),
        (ssl.SSLEOFError(8, "EOF occurred"), "closed by the peer"),
    ],
)
def test_an_error_of_the_socket_is_told_in_a_few_words(error: Exception, words: str) -> None:
    assert told(error) == words


def test_an_error_of_tls_is_told_in_a_few_words() -> None:
    refused = ssl.SSLCertVerificationError(1, "long story")
    refused.verify_message = "self-signed certificate."
    assert told(refused) == "certificate refused (self-signed certificate)"
    assert told(ssl.SSLCertVerificationError(1, "long story")) == "certificate refused (unknown)"
    failed = ssl.SSLError(1, "long story")
    failed.reason = "WRONG_VERSION_NUMBER"
    assert told(failed) == "TLS error (wrong version number)"
    failed.reason = None  # type: ignore[assignment]
    assert told(failed) == "TLS error (unknown)"


# -- through TLS -------------------------------------------------------------------------------------------------------


class Played:
    """A TLS socket that says what it is told to say; errors among it are raised."""

    def __init__(self, sock: socket.socket, *script: Any, pending: int = 0) -> None:
        self.sock = sock
        self.script = [*script]
        self.held = pending

    def fileno(self) -> int:
        return self.sock.fileno()

    def pending(self) -> int:
        return self.held

    def _next(self, *_: object) -> Any:
        said = self.script.pop(0)
        if isinstance(said, Exception):
            raise said
        return said

    do_handshake = recv = send = _next

    def close(self) -> None:
        self.sock.close()


@pytest.fixture
def secure() -> Iterator[Any]:
    """Builds one whose socket plays a script; bytes lie ready under it, so that no poll waits."""
    near, far = socket.socketpair()

    def build(*script: Any, pending: int = 0) -> SecureConnection:
        return SecureConnection(Played(near, *script, pending=pending), "peer:443")  # type: ignore[arg-type]

    far.sendall(b"ciphertext")
    yield build
    near.close()
    far.close()


WANT_READ, WANT_WRITE = ssl.SSLWantReadError(2, "read"), ssl.SSLWantWriteError(3, "write")


def test_tls_is_asked_again_until_it_has_what_it_wanted(secure: Any) -> None:
    assert secure(WANT_READ, WANT_WRITE, WANT_READ, b"clear").receive(Budget()) == b"clear"
    connection = secure(WANT_READ, WANT_WRITE, None)
    connection.handshake(Budget())
    assert connection.doing == "in the TLS handshake with"
    assert connection._socket.script == []
    assert [secure(each)._send_some(memoryview(b"abc")) for each in (WANT_READ, WANT_WRITE, 2)] == [0, 0, 2]


@pytest.mark.parametrize("verb", ["receive", "handshake"])
def test_what_goes_wrong_in_tls_is_told_and_no_wait_begins_without_time(secure: Any, verb: str) -> None:
    with pytest.raises(APIConnectionError, match="^closed by the peer while .* peer:443$"):
        getattr(secure(ssl.SSLEOFError(8, "EOF")), verb)(Budget())
    with pytest.raises(APIConnectionError, match="^cancelled while"):
        getattr(secure(ValueError("closed")), verb)(Budget(cancelled=True))
    with pytest.raises(APITimeoutError, match=r"^out of time \(share\)"):
        getattr(secure(b"never asked"), verb)(Budget(0.0))


def test_an_end_through_tls_is_the_peers_where_nobody_here_ended_it(secure: Any) -> None:
    assert secure(b"").receive(Budget()) == b""
    with pytest.raises(APIConnectionError, match="^cancelled"):
        secure(b"").receive(Budget(cancelled=True))
    assert secure(b"last words").receive(Budget(cancelled=True)) == b"last words"


def test_what_tls_holds_already_is_not_waited_for(secure: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    waited: list[float] = []

    class Polled:
        def poll(self, milliseconds: float) -> list[Any]:
            waited.append(milliseconds)
            return [] if len(waited) == 1 else [1]

    connection = secure(b"held", pending=4)
    monkeypatch.setattr(connection, "_poll", Polled())
    assert (connection.receive(Budget()), waited) == (b"held", [])
    connection = secure(b"came")
    monkeypatch.setattr(connection, "_poll", Polled())
    assert (connection.receive(Budget(0.5)), waited) == (b"came", [500.0, 500.0])
    waited.clear()
    connection = secure(WANT_READ, None)
    monkeypatch.setattr(connection, "_poll", Polled())
    connection.handshake(Budget(0.5))
    assert waited == [500.0]


def test_a_tls_connection_is_quiet_where_neither_layer_has_anything(
    secure: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    for pending, polled, quiet in ((0, [], True), (4, [], False), (0, [1], False), (4, [1], False)):
        connection = secure(pending=pending)
        monkeypatch.setattr(connection, "_poll", Answering(polled))
        assert connection.is_quiet() is quiet


class Answering:
    def __init__(self, found: list[int]) -> None:
        self.found = found

    def poll(self, milliseconds: float) -> list[int]:
        assert milliseconds == 0
        return self.found


# -- a socket that is in the way ---------------------------------------------------------------------------------------

UNREACHABLE = OSError(errno.EHOSTUNREACH, "No route to host")


class Plain(Played):
    """A plain socket that plays its script."""

    connect_ex = Played._next

    def getsockopt(self, *_: object) -> int:
        return 0


@pytest.fixture
def plain() -> Iterator[Any]:
    near, far = socket.socketpair()

    def build(*script: Any) -> Connection:
        return Connection(Plain(near, *script), "peer:80")  # type: ignore[arg-type]

    far.sendall(b"there")
    yield build
    near.close()
    far.close()


def test_an_error_of_the_system_is_told_with_what_was_under_way(plain: Any) -> None:
    words = "^no route to host while connecting to peer:80$"
    with pytest.raises(APIConnectionError, match=words):
        plain(UNREACHABLE).receive(Budget())
    with pytest.raises(APIConnectionError, match=words):
        plain(UNREACHABLE).send((b"abc",), Budget())
    with pytest.raises(APIConnectionError, match="^cancelled"):
        plain(UNREACHABLE).send((b"abc",), Budget(cancelled=True))
    with pytest.raises(APIConnectionError, match="^cancelled"):
        plain(UNREACHABLE).receive(Budget(cancelled=True))
    assert plain(UNREACHABLE).receive_ready() == b""


def test_a_socket_that_is_not_ready_after_all_is_asked_again(plain: Any) -> None:
    assert plain(BlockingIOError(), b"came").receive(Budget()) == b"came"
    connection = plain(BlockingIOError(), 2, 1)
    connection.send((b"abc",), Budget())
    assert connection._socket.script == []


def test_an_address_that_says_nothing_costs_its_share(plain: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """A tenth of a second at a time: some systems do not wake a connecting socket that is shut down."""
    connection = plain(errno.EINPROGRESS)
    budget, waits = Budget(8.0), []

    def wait(_: Budget, at_most: float) -> bool:
        waits.append(at_most)
        budget.seconds -= at_most
        return False

    monkeypatch.setattr(Connection, "wait_until_writable", lambda _self, *facts: wait(*facts))
    assert connection.connect(("h", 80), budget, 0.25) == "no answer in its share of the time"
    assert waits == pytest.approx([0.1, 0.1, 0.05])


def test_a_port_that_is_connected_to_itself_is_closed(plain: Any) -> None:
    connection = plain(0)
    connection._socket.getsockname = connection._socket.getpeername = lambda: ("127.0.0.1", 5)
    assert connection.connect(("127.0.0.1", 5), Budget(), 1.0) == "connection refused"


def test_what_cannot_be_wrapped_is_a_connection_that_failed(plain: Any) -> None:
    class Refusing:
        def wrap_socket(self, sock: Any, **options: Any) -> Any:
            assert options == {"server_hostname": "h.test", "do_handshake_on_connect": False}
            raise UNREACHABLE

    for budget, words in ((Budget(), "no route to host"), (Budget(cancelled=True), "cancelled")):
        with pytest.raises(APIConnectionError, match=f"^{words} while connecting to peer:80$"):
            plain().wrapped(Refusing(), "h.test", budget)
