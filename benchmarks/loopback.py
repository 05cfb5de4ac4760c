"""The loopback server as a process: compiled where there is a C compiler, else in Python; and what it can take."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks import answers
from benchmarks.pinning import SERVER_CORE, pin

if TYPE_CHECKING:
    from typing import Self

HERE = Path(__file__).parent
TICKS = os.sysconf("SC_CLK_TCK")


class Loopback:
    """A running server. `kind` says how it was made; `url(behaviour)` is a base URL for OpenAI's own SDK."""

    def __init__(self) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="bench-")
        folder = Path(self._folder.name)
        arguments = []
        for number, (key, data) in enumerate(answers.answers().items()):
            path = folder / str(number)
            path.write_bytes(data)
            arguments += [key, str(path)]
        compiled = _compiled(folder / "loopback")
        self.kind = "compiled C" if compiled else "Python (no C compiler was found)"
        command = [str(compiled)] if compiled else [sys.executable, "-m", "benchmarks.slow_loopback"]
        self._process = subprocess.Popen(
            [*command, *arguments], stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=HERE.parent
        )
        pin(self._process.pid, SERVER_CORE)
        assert self._process.stdout is not None
        self.port = int(self._process.stdout.readline())

    def url(self, behaviour: str = "ok") -> str:
        """The base URL (ending in /v1) under which the server behaves so."""
        return f"http://127.0.0.1:{self.port}/{behaviour}/v1"

    def cpu_seconds(self) -> float | None:
        """CPU that it used so far; None where the system does not tell."""
        try:
            fields = Path(f"/proc/{self._process.pid}/stat").read_text().rpartition(")")[2].split()
        except OSError:
            return None
        return (int(fields[11]) + int(fields[12])) / TICKS

    def capacity(self, seconds: float = 1.0) -> tuple[float, float | None]:
        """Requests per second that a raw socket client with eight connections got, and the server's own CPU per
        request in microseconds."""
        request = raw_request(self.port)
        whole = len(answers.answers()["ok/completions"])
        sockets = [socket.create_connection(("127.0.0.1", self.port)) for _ in range(8)]
        used, began, count = self.cpu_seconds(), time.perf_counter(), 0
        while time.perf_counter() - began < seconds:
            for sock in sockets:
                sock.sendall(request)
            for sock in sockets:
                left = whole
                while left:
                    left -= len(sock.recv(65536))
            count += len(sockets)
        took, now = time.perf_counter() - began, self.cpu_seconds()
        for sock in sockets:
            sock.close()
        return count / took, None if used is None or now is None else (now - used) / count * 1e6

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait(10)
        assert self._process.stdout is not None
        self._process.stdout.close()
        self._folder.cleanup()


def raw_request(port: int, path: str = "/ok/v1/chat/completions", *, stream: bool = False) -> bytes:
    """A whole request, as a raw socket sends it."""
    streaming = ',"stream":true' if stream else ""
    body = f'{{"model":"{answers.MODEL}","messages":[{{"role":"user","content":"Why is the sky blue?"}}]{streaming}}}'
    head = (
        f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nAuthorization: Bearer {answers.KEY}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return (head + body).encode()


def _compiled(target: Path) -> Path | None:
    compiler = shutil.which("cc") or shutil.which("gcc") or shutil.which("clang")
    if compiler is None:
        return None
    done = subprocess.run([compiler, "-O2", "-o", str(target), str(HERE / "loopback.c")], check=False)
    return target if done.returncode == 0 else None
