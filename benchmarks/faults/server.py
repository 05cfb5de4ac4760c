"""A server that goes wrong as the path of the request says, on raw sockets, in both dialects.

python -m benchmarks.faults.server SECONDS [PORT]      prints its port; ends when its standard input ends

/drip/v1/chat/completions      a fault of FAULTS, SECONDS long where it takes time
/second/v1/messages            a good answer that says "second"
/echo/v1/chat/completions      a good answer that says what the last message said
/chaos/v1/chat/completions     at random: mostly good answers
"""

from __future__ import annotations

import json
import random
import socket
import struct
import sys
import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple

from benchmarks import answers

if TYPE_CHECKING:
    from collections.abc import Iterator

FIRST = "The first one serves, " + "and it has quite a lot to say. " * 12
SECOND = "second"
PINGS = 0.25  # seconds between two
CHAOS = (
    *["healthy"] * 270,
    *["500"] * 6,
    *["429 soon"] * 2,
    *["stall before the head", "stall in the body", "drip", "pings only"] * 2,
    *["no finish", "cut", "rst", "html", "error in 200", "400", "close"] * 2,
)


class Asked(NamedTuple):
    """What a request asks for."""

    behaviour: str
    messages: bool  # Anthropic's dialect
    stream: bool
    text: str


class Peer:
    """A connection, seen from a fault. `seconds` is how long one lasts that takes time."""

    def __init__(self, sock: socket.socket, seconds: float) -> None:
        self.sock = sock
        self.seconds = seconds
        self._rest = b""

    def request(self) -> Asked | None:
        """The next request; None where the peer has gone."""
        data = self._rest
        while b"\r\n\r\n" not in data:
            more = self.sock.recv(65536)
            if not more:
                return None
            data += more
        head, _, body = data.partition(b"\r\n\r\n")
        length = int(head.lower().partition(b"\ncontent-length:")[2].partition(b"\r\n")[0] or 0)
        while len(body) < length:
            more = self.sock.recv(65536)
            if not more:
                return None
            body += more
        self._rest = body[length:]
        path = head.split(b" ", 2)[1].decode().split("/")
        asked = json.loads(body[:length])
        content = asked["messages"][-1]["content"]
        text = content if isinstance(content, str) else content[0]["text"]
        return Asked(path[1].replace("_", " "), path[-1] == "messages", bool(asked.get("stream")), text)

    def send(self, data: bytes) -> None:
        """Send all of it."""
        self.sock.sendall(data)

    def drip(self, data: bytes) -> None:
        """Send it a byte at a time, as long as the fault lasts."""
        for index in range(len(data)):
            self.sock.sendall(data[index : index + 1])
            time.sleep(self.seconds / len(data))

    def ping(self, data: bytes) -> None:
        """Send it again and again, as long as the fault lasts."""
        for _ in range(round(self.seconds / PINGS)):
            self.sock.sendall(data)
            time.sleep(PINGS)


Fault = Callable[[Peer, Asked], None]


def parts(asked: Asked, text: str) -> tuple[bytes, list[bytes]]:
    """A good answer: its head, and its body in pieces that a fault may come between."""
    if not asked.stream:
        body = answers.message(text) if asked.messages else answers.completion(text)
        head, _, data = answers.whole(body).partition(b"\r\n\r\n")
        middle = data.index(text[-20:].encode()) if len(text) > 20 else len(data) // 2
        return head + b"\r\n\r\n", [data[:middle], data[middle:]]
    pieces = [text[at : at + 8] for at in range(0, len(text), 8)]
    events = answers.message_events(pieces) if asked.messages else answers.chat_events(pieces)
    head, _, _ = answers.streamed([]).partition(b"\r\n\r\n")
    return head + b"\r\n\r\n", [_chunk(event) for event in events] + [b"0\r\n\r\n"]


def _chunk(data: bytes) -> bytes:
    return b"%x\r\n%s\r\n" % (len(data), data)


def healthy(peer: Peer, asked: Asked) -> None:
    head, body = parts(asked, FIRST)
    peer.send(head + b"".join(body))


def drip(peer: Peer, asked: Asked) -> None:
    head, body = parts(asked, FIRST)
    slow = 2 if asked.stream else len(body)
    peer.send(head)
    peer.drip(b"".join(body[:slow]))
    peer.send(b"".join(body[slow:]))


def drip_head(peer: Peer, asked: Asked) -> None:
    head, body = parts(asked, FIRST)
    peer.drip(head)
    peer.send(b"".join(body))


def drip_later(peer: Peer, asked: Asked) -> None:
    head, body = parts(asked, FIRST)
    half = len(body) // 2
    peer.send(head + b"".join(body[:half]))
    peer.drip(body[half])
    peer.send(b"".join(body[half + 1 :]))


def pings(peer: Peer, asked: Asked) -> None:
    _, body = parts(asked, FIRST)
    fields = {"content-type": "text/event-stream" if asked.stream else "application/json"}
    lines = "".join(f"{name}: {value}\r\n" for name, value in {**fields, "transfer-encoding": "chunked"}.items())
    peer.send(f"HTTP/1.1 200 OK\r\n{lines}\r\n".encode())
    peer.ping(_chunk(b": ping\n\n" if asked.stream else b" "))
    peer.send(b"".join(body) if asked.stream else _chunk(b"".join(body)) + b"0\r\n\r\n")


def pings_later(peer: Peer, asked: Asked) -> None:
    head, body = parts(asked, FIRST)
    half = len(body) // 2
    peer.send(head + b"".join(body[:half]))
    peer.ping(_chunk(b": ping\n\n"))
    peer.send(b"".join(body[half:]))


def stall_before_head(peer: Peer, asked: Asked) -> None:
    time.sleep(peer.seconds)
    healthy(peer, asked)


def stall_in_body(peer: Peer, asked: Asked) -> None:
    head, body = parts(asked, FIRST)
    half = len(body) // 2
    peer.send(head + b"".join(body[:half]))
    time.sleep(peer.seconds)
    peer.send(b"".join(body[half:]))


def no_finish(peer: Peer, asked: Asked) -> None:
    head, body = parts(asked, FIRST)
    if asked.stream:
        peer.send(head + b"".join(body[: len(body) // 2]) + b"0\r\n\r\n")
    else:
        fields = f"content-type: application/json\r\ncontent-length: {len(body[0])}\r\n"
        peer.send(f"HTTP/1.1 200 OK\r\n{fields}\r\n".encode() + body[0])


def cut(peer: Peer, asked: Asked) -> None:
    head, body = parts(asked, FIRST)
    half = len(body) // 2
    peer.send(head + b"".join(body[:half]) + body[half][: len(body[half]) // 2])
    peer.sock.shutdown(socket.SHUT_RDWR)


def status(code: int, kind: str, **fields: str) -> Fault:
    """An error answer."""

    def play(peer: Peer, asked: Asked) -> None:
        error: dict[str, Any] = {"message": "the bench says so", "type": kind}
        body = (
            {"type": "error", "error": error} if asked.messages else {"error": {**error, "code": kind, "param": None}}
        )
        head, _, data = answers.whole(body, f"{code} Status").partition(b"\r\n\r\n")
        extra = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in fields.items()).encode()
        peer.send(head + b"\r\n" + extra + b"\r\n" + data)

    return play


def html(peer: Peer, asked: Asked) -> None:
    page = b"<!DOCTYPE html><html><body><h1>Please wait</h1></body></html>"
    peer.send(b"HTTP/1.1 200 OK\r\ncontent-type: text/html\r\ncontent-length: %d\r\n\r\n%s" % (len(page), page))


def error_in_200(peer: Peer, asked: Asked) -> None:
    error = {"message": "The server had an error", "type": "server_error", "code": "server_error"}
    if asked.stream:
        body = {"type": "error", "error": {**error, "type": "api_error"}} if asked.messages else {"error": error}
        event = b"event: error\ndata: " if asked.messages else b"data: "
        head, _ = parts(asked, FIRST)
        peer.send(head + _chunk(event + json.dumps(body).encode() + b"\n\n") + b"0\r\n\r\n")
    else:
        peer.send(answers.whole({"error": error}))


def rst(peer: Peer, asked: Asked) -> None:
    peer.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    peer.sock.close()


def close(peer: Peer, asked: Asked) -> None:
    peer.sock.shutdown(socket.SHUT_RDWR)


FAULTS: dict[str, Fault] = {
    "drip": drip,
    "drip the head": drip_head,
    "drip later": drip_later,
    "pings only": pings,
    "pings later": pings_later,
    "stall before the head": stall_before_head,
    "stall in the body": stall_in_body,
    "no finish": no_finish,
    "cut": cut,
    "400": status(400, "invalid_request_error"),
    "429": status(429, "rate_limit_error", retry_after="30"),
    "500": status(500, "server_error"),
    "html": html,
    "error in 200": error_in_200,
    "rst": rst,
    "close": close,
}
STREAMS_ONLY = ("pings later",)
SLOW = (
    "drip",
    "drip the head",
    "drip later",
    "pings only",
    "pings later",
    "stall before the head",
    "stall in the body",
)
BEHAVIOURS = {**FAULTS, "healthy": healthy, "429 soon": status(429, "rate_limit_error", retry_after="1")}


class Server:
    """Threads, one per connection."""

    def __init__(self, seconds: float, port: int = 0) -> None:
        self.seconds = seconds
        self.listener = socket.create_server(("127.0.0.1", port), backlog=256, reuse_port=False)
        self.port: int = self.listener.getsockname()[1]
        self.random = random.Random(self.port)

    def run(self) -> None:
        """Accept until the listener is closed."""
        while True:
            sock, _ = self.listener.accept()
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            threading.Thread(target=self._serve, args=(sock,), daemon=True).start()

    def _serve(self, sock: socket.socket) -> None:
        peer = Peer(sock, self.seconds)
        try:
            for asked in self._requests(peer):
                self._play(peer, asked)
        except (OSError, ValueError):
            pass  # the peer went away, or what came was no request
        finally:
            sock.close()

    def _requests(self, peer: Peer) -> Iterator[Asked]:
        while True:
            asked = peer.request()
            if asked is None:
                return
            yield asked

    def _play(self, peer: Peer, asked: Asked) -> None:
        if asked.behaviour in ("second", "echo"):
            head, body = parts(asked, asked.text if asked.behaviour == "echo" else SECOND)
            peer.send(head + b"".join(body))
            return
        behaviour = self.random.choice(CHAOS) if asked.behaviour == "chaos" else asked.behaviour
        BEHAVIOURS[behaviour](peer, asked)


def main(arguments: list[str]) -> None:
    """Serve until standard input ends."""
    server = Server(float(arguments[0]), int(arguments[1]) if len(arguments) > 1 else 0)
    print(server.port, flush=True)
    threading.Thread(target=server.run, daemon=True).start()
    sys.stdin.read()


if __name__ == "__main__":
    main(sys.argv[1:])
