"""gunicorn with forking workers and a gateway that was built before the fork."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from agentsea_gateway.testing import Reply, Sandbox
from support.commands import environment
from support.websites import Visitor

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

pytest.importorskip("gunicorn", reason="gunicorn is not installed: pip install '.[web]'")

TESTS = Path(__file__).parents[1]
STREAMED = re.compile(r'"text":"((?:[^"\\]|\\.)*)"')


class Server:
    """gunicorn under test."""

    def __init__(self, port: int, process: subprocess.Popen[str]) -> None:
        self.port = port
        self.process = process

    def ask(self, number: int) -> dict[str, Any]:
        """The answer to one request; its text has to hold the request's own number and no other."""
        with Visitor(self.port, f"/?id={number}") as visitor:
            body = visitor.body()
        assert b" 200 OK" in visitor.seen.partition(b"\r\n")[0], visitor.seen
        answer: dict[str, Any] = json.loads(body)
        assert re.findall(r"id (\d+) end", answer["content"]) == [str(number)]
        return answer

    def stream(self, number: int) -> None:
        """One stream; as above."""
        with Visitor(self.port, f"/stream?id={number}") as visitor:
            body = visitor.body().decode()
        assert re.findall(r"id (\d+) end", "".join(STREAMED.findall(body))) == [str(number)], visitor.seen
        assert '"type":"done"' in body

    def workers(self) -> list[int]:
        """The worker processes' ids."""
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text(encoding="ascii")
        return [int(pid) for pid in children.split()]


@contextmanager
def gunicorn(boxes: list[Sandbox], *options: str) -> Iterator[Server]:
    """gunicorn over the preloaded application, once it answers."""
    listening = socket.create_server(("127.0.0.1", 0), backlog=512)
    fd = listening.fileno()
    providers = json.dumps({box.name: box.openai_url for box in boxes})
    command = [sys.executable, "-m", "gunicorn", "--preload", "--log-level", "warning", "--graceful-timeout", "10"]
    process = subprocess.Popen(
        [*command, "--bind", f"fd://{fd}", *options, "support.preloaded_app:application"],
        env=environment(PROVIDERS=providers, PYTHONPATH=f"{TESTS}{os.pathsep}{environment()['PYTHONPATH']}"),
        pass_fds=[fd],
        cwd=TESTS,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        yield Server(listening.getsockname()[1], process)
    finally:
        listening.close()
        process.terminate()
        try:
            _, said = process.communicate(timeout=20)
        finally:
            process.kill()
    assert "Traceback" not in said, said


def crowd(work: Callable[[int], Any], count: int, threads: int) -> list[Any]:
    """What `work` gives for each number, from many threads at once; raises what one of them raised."""
    with ThreadPoolExecutor(threads) as pool:
        return list(pool.map(work, range(count)))


def boxes(latency: float = 0.003) -> tuple[Sandbox, Sandbox]:
    """Two providers that say what they were asked."""
    first, second = (Sandbox(lambda request: Reply(f"{request.text}"), name=name, latency=latency) for name in "ab")
    return first, second


def test_one_provider_dies_under_load_and_no_request_is_lost_or_swapped() -> None:
    """G02, F45: each worker has its own breakers and connections, of the gateway that was built before the fork."""
    first, second = boxes()
    with first, second, gunicorn([first, second], "--workers", "2", "--threads", "8") as server:

        def work(number: int) -> Any:
            if number == 60:
                first.kill()
            streams = number % 6 == 0 and abs(number - 60) > 20  # one that the kill cuts off cannot be saved
            return server.stream(number) if streams else server.ask(number)

        answers = [answer for answer in crowd(work, 180, 8) if answer]
        by_worker = {pid: [it for it in answers if it["pid"] == pid] for pid in {it["pid"] for it in answers}}
        assert set(by_worker) <= set(server.workers())
        assert {it["built_in"] for it in answers} == {server.process.pid}
        assert len(answers) == 180 - 23
        for served in by_worker.values():  # its own calls and attempts, not the other worker's
            assert len(served) <= max(it["calls"] for it in served) + 1
    assert second.hits >= 100
    assert first.open_connections == second.open_connections == 0


@pytest.mark.slow
@pytest.mark.parametrize("kind", [("--threads", "8"), ("--worker-class", "sync")], ids=["threads", "sync"])
def test_workers_that_come_and_go_lose_nothing_and_leak_nothing(kind: tuple[str, ...]) -> None:
    """--max-requests replaces each worker all the time, a reload replaces them all, and a provider dies twice."""
    first, second = boxes()
    options = ("--workers", "4", *kind, "--max-requests", "60", "--max-requests-jitter", "30")
    with first, second, gunicorn([first, second], *options) as server:
        server.ask(0)

        def work(number: int) -> Any:
            if number in (500, 1_500):
                first.kill()
            elif number == 1_000:
                first.revive()
            elif number in (700, 1_700):
                server.process.send_signal(signal.SIGHUP)
            streams = number % 5 == 0 and abs(number - 500) > 40 and abs(number - 1_500) > 40
            return server.stream(number) if streams else server.ask(number)

        answers = [answer for answer in crowd(work, 2_500, 16) if answer]
        assert len({it["pid"] for it in answers}) > 8
        assert second.wait_until(lambda: second.open_connections <= 4 * 8)  # of the workers that are gone none is left
        assert len(server.workers()) <= 8
    assert first.wait_until(lambda: first.open_connections == second.open_connections == 0)


def test_a_client_that_leaves_a_worker_frees_the_providers_connection() -> None:
    """F42, under a server that a deployment uses."""
    with Sandbox(lambda request: Reply(f"{request.text} word" * 300, pause=0.02), name="a") as box:
        box.script("before the fork")
        with gunicorn([box], "--workers", "1", "--threads", "4") as server:
            with Visitor(server.port, "/stream?id=1") as visitor:
                visitor.read_until(b"word")
                open_then = box.open_connections
            assert box.wait_until(lambda: box.open_connections < open_then)
