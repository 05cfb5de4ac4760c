"""The loopback server where there is no C compiler: the same answers from one selector loop. See loopback.c."""

from __future__ import annotations

import selectors
import socket
import sys
import time
from pathlib import Path

PAUSE = 0.001  # seconds that a NUL byte in an answer stands for


class Peer:
    """One connection: what it sent of its request, and what it still has to get."""

    def __init__(self, sock: socket.socket) -> None:
        self.sock = sock
        self.got = b""
        self.frames: list[bytes] = []
        self.due = 0.0

    def take(self, answers: dict[str, bytes]) -> bool:
        """Receive; False where the peer has gone."""
        data = self.sock.recv(1 << 18)
        self.got += data
        head, found, body = self.got.partition(b"\r\n\r\n")
        if not found:
            return bool(data)
        length = head.lower().partition(b"\ncontent-length:")[2].partition(b"\r\n")[0]
        if len(body) >= int(length or 0):
            self.got = b""
            self.frames = answers[key_of(head, body)].split(b"\0")[::-1]
            self.due = 0.0
        return bool(data)

    def push(self) -> None:
        """Send what is due."""
        while self.frames and time.monotonic() >= self.due:
            frame = self.frames.pop()
            sent = self.sock.send(frame) if frame else 0
            if sent < len(frame):
                self.frames.append(frame[sent:])
                return
            self.due = time.monotonic() + PAUSE if self.frames else 0.0


def key_of(head: bytes, body: bytes) -> str:
    """The key of the answer that is asked for."""
    path = head.split(b" ", 2)[1].decode().split("/")
    streamed = b'"stream":true' in body or b'"stream": true' in body
    return f"{path[1]}/{path[-1]}{'+stream' if streamed else ''}"


def main(arguments: list[str]) -> None:
    """Serve until standard input ends."""
    answers = {key: Path(path).read_bytes() for key, path in zip(arguments[::2], arguments[1::2], strict=True)}
    listener = socket.create_server(("127.0.0.1", 0), backlog=256)
    waiting = selectors.DefaultSelector()
    waiting.register(sys.stdin, selectors.EVENT_READ)
    waiting.register(listener, selectors.EVENT_READ)
    print(listener.getsockname()[1], flush=True)
    peers: dict[socket.socket, Peer] = {}
    while True:
        pausing = [peer for peer in peers.values() if peer.frames]
        for key, _ in waiting.select(PAUSE / 2 if pausing else None):
            if key.fileobj is sys.stdin:
                return
            if key.fileobj is listener:
                sock = listener.accept()[0]
                sock.setblocking(False)
                sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                peers[sock] = Peer(sock)
                waiting.register(sock, selectors.EVENT_READ)
                continue
            assert isinstance(key.fileobj, socket.socket)
            _serve(peers, key.fileobj, waiting, answers)
        for peer in pausing:
            _push(peers, peer, waiting)


def _serve(
    peers: dict[socket.socket, Peer], sock: socket.socket, waiting: selectors.BaseSelector, answers: dict[str, bytes]
) -> None:
    try:
        there = peers[sock].take(answers)
    except BlockingIOError:
        return
    except OSError:
        there = False
    if there:
        _push(peers, peers[sock], waiting)
    else:
        _drop(peers, sock, waiting)


def _push(peers: dict[socket.socket, Peer], peer: Peer, waiting: selectors.BaseSelector) -> None:
    try:
        peer.push()
    except BlockingIOError:
        pass
    except OSError:
        _drop(peers, peer.sock, waiting)


def _drop(peers: dict[socket.socket, Peer], sock: socket.socket, waiting: selectors.BaseSelector) -> None:
    if peers.pop(sock, None) is not None:
        waiting.unregister(sock)
        sock.close()


if __name__ == "__main__":
    main(sys.argv[1:])
