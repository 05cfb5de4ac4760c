"""Real servers: llama.cpp's llama-server with a tiny generated model, which says one sentence in both dialects.

The server and the model are made by the two tools in `../shared/tools` and kept in the user's cache folder.
"""

from __future__ import annotations

import fcntl
import functools
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import TYPE_CHECKING

from support.pages import PROJECT

if TYPE_CHECKING:
    from collections.abc import Iterator

TOOLS = PROJECT.parent / "shared" / "tools"
CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "agentsea-gateway-tests" / "llama"
KEY = "sk-test"
SENTENCE = " The quick brown fox jumps over one lazy dog été ☃ 😀 ."  # what the model says to everything


class UnavailableError(Exception):
    """The server or the model cannot be made here; the message says why."""


def _run(what: str, *command: str | Path) -> None:
    done = subprocess.run(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=600, check=False
    )
    if done.returncode:
        last = (done.stdout.strip().splitlines() or ["no output"])[-1]
        raise UnavailableError(f"{what} failed: {last}")


@functools.cache
def parts() -> tuple[Path, Path]:
    """The server's program and the model's file, made on first use. Raises UnavailableError."""
    script, maker = TOOLS / "get_llama_server.sh", TOOLS / "make_tiny_gguf.py"
    server, model = CACHE / "llama-server", CACHE / "tiny.gguf"
    CACHE.mkdir(parents=True, exist_ok=True)
    with (CACHE / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (server.exists() and model.exists()):
            if not script.exists() or not maker.exists():
                raise UnavailableError("../shared/tools is absent")
            _run("making the model's tools", sys.executable, "-m", "venv", CACHE / "venv")
            _run("installing gguf", CACHE / "venv/bin/pip", "install", "-q", "gguf", "numpy")
            _run("generating the model", CACHE / "venv/bin/python", maker, model)
            _run("unpacking the server", "sh", script, CACHE)
        _run("running the server", server, "--version")
    return server, model


class LlamaServer:
    """One running llama-server. `endless=True` never ends a sentence before max_tokens: long streams."""

    def __init__(self, *, endless: bool = False) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self._flags = ["--ignore-eos"] if endless else []
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> LlamaServer:
        """Start it, again after a kill on the same port, and wait until it is ready."""
        server, model = parts()
        options = f"--host 127.0.0.1 --port {self.port} -c 4096 -np 2 -t 1 --jinja --no-webui --api-key {KEY}".split()
        self._process = subprocess.Popen(
            [server, "-m", model, *options, *self._flags], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        end = time.monotonic() + 30
        while not self._is_ready():
            if self._process.poll() is not None or time.monotonic() > end:
                raise UnavailableError(f"llama-server did not become ready (exit status {self._process.poll()})")
            time.sleep(0.05)
        return self

    def _is_ready(self) -> bool:
        try:
            with urllib.request.urlopen(f"{self.url}/health", timeout=1) as answer:
                return bool(answer.status == 200)
        except (OSError, urllib.error.URLError):
            return False

    def pause(self) -> None:
        """SIGSTOP: the kernel still accepts connections, nobody answers."""
        self._send(signal.SIGSTOP)

    def go_on(self) -> None:
        """SIGCONT."""
        self._send(signal.SIGCONT)

    def kill(self) -> None:
        """SIGKILL; harmless when it is dead already."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()

    def _send(self, number: int) -> None:
        assert self._process is not None
        self._process.send_signal(number)


def running(*, endless: bool = False) -> Iterator[LlamaServer]:
    """A server for as long as the generator is alive."""
    server = LlamaServer(endless=endless)
    try:
        yield server.start()
    finally:
        server.kill()
