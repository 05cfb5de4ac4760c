"""One client in a process of its own, pinned to a core: it does what its standard input says, a JSON line at a time.

    {"do": "open", "client": "openai", "urls": [...], "timeout": null}
    {"do": "block", "what": "ask", "count": 100}      -> {"cpu": s, "wall": s, "times": [s, ...], "pieces": n}

What a client prints goes to standard error. An answer is one JSON line; what goes wrong is {"error": "..."}.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
import threading
import time
from typing import TYPE_CHECKING, Any

from benchmarks.answers import PAUSED, PIECES, SHORT, TEXT
from benchmarks.client import PROMPT
from benchmarks.clients import ALL, REFERENCES, gateways, ours
from benchmarks.memory import resident
from benchmarks.pinning import CLIENT_CORE, pin
from benchmarks.shares import Share

if TYPE_CHECKING:
    from collections.abc import Callable

    from benchmarks.client import Client

MORE = {client.name: client for client in (ours.NeverBlown, gateways.LiteLLMNoCooldown)}


class Worker:
    """The verbs."""

    client: Client

    def open(self, client: str, urls: list[str], timeout: float | None = None) -> dict[str, Any]:
        """Load and open a client, and check its answers once."""
        self.client = {**ALL, **REFERENCES, **MORE}[client]()
        self.client.load()
        self.client.open(urls, timeout)
        answer = self.client.ask(PROMPT)
        if answer not in (TEXT, "".join(SHORT)):
            raise ValueError(f"a wrong answer: {answer[:80]!r}")
        unused = client == ours.Fast.name and sys.modules.get("orjson") is None
        return {"error": "this version does not use orjson"} if unused else {}

    def open_share(self, kind: str, candidates: int, strategy: str = "Failover") -> dict[str, Any]:
        """Open a gateway whose providers answer without HTTP."""
        self.client = Share(kind, candidates, strategy)
        self.client.load()
        self.client.open([])
        self.client.ask(PROMPT)
        return {}

    def check_stream(self) -> dict[str, Any]:
        """One stream, read whole and compared."""
        pieces = [*self.client.stream(PROMPT)]
        if "".join(pieces) not in map("".join, (PIECES, PAUSED, SHORT)):
            raise ValueError(f"a wrong stream: {''.join(pieces)[:80]!r}")
        return {"pieces": len(pieces)}

    def block(self, what: str, count: int) -> dict[str, Any]:
        """So many calls (or whole streams), one after the other."""
        run: Callable[[], Any] = self._ask if what == "ask" else self._read
        clock, times = time.perf_counter, []
        began, used = clock(), time.process_time()
        for _ in range(count):
            start = clock()
            run()
            times.append(clock() - start)
        return {"cpu": time.process_time() - used, "wall": clock() - began, "times": times}

    def first_events(self, count: int) -> dict[str, Any]:
        """Seconds from asking until the first piece that holds text, of so many streams that are read to their end."""
        times = []
        for _ in range(count):
            start = time.perf_counter()
            took = None
            for piece in self.client.stream(PROMPT):
                if took is None and piece:
                    took = time.perf_counter() - start
            times.append(took)
        return {"times": times}

    def threads(self, threads: int, seconds: float) -> dict[str, Any]:
        """Calls from several threads at once, for so long."""
        ends = time.perf_counter() + seconds
        counts = [0] * threads
        ready = threading.Barrier(threads + 1)

        def work(index: int) -> None:
            ready.wait()
            while time.perf_counter() < ends:
                self._ask()
                counts[index] += 1

        pool = [threading.Thread(target=work, args=(index,)) for index in range(threads)]
        for thread in pool:
            thread.start()
        ready.wait()
        began, used = time.perf_counter(), time.process_time()
        for thread in pool:
            thread.join()
        return {"calls": sum(counts), "wall": time.perf_counter() - began, "cpu": time.process_time() - used}

    def batch(self, kind: str, rows: int, threads: int) -> dict[str, Any]:
        """So many rows, by `gw.map` or by a pool that calls `gw.completion`."""
        from concurrent.futures import ThreadPoolExecutor

        gateway = self.client.gateway  # type: ignore[attr-defined]
        began, used = time.perf_counter(), time.process_time()
        with ThreadPoolExecutor(threads) as pool, tempfile.TemporaryDirectory() as folder:
            if kind == "pool":
                done = sum(1 for _ in pool.map(lambda row: gateway.completion(f"Row {row}"), range(rows)))
            else:
                more: dict[str, Any] = {"unordered": {"ordered": False}, "executor": {"executor": pool}}.get(kind, {})
                journal = f"{folder}/run.sqlite" if kind == "journal" else None
                results = gateway.map(range(rows), "Row {}", threads=threads, journal=journal, **more)
                done = sum(result.ok for result in results)
        if done != rows:
            raise ValueError(f"{done} of {rows} rows were answered")
        return {"wall": time.perf_counter() - began, "cpu": time.process_time() - used}

    def memory(self) -> dict[str, Any]:
        """Resident bytes, and blocks that Python has allocated."""
        return {"resident": resident(), "blocks": sys.getallocatedblocks()}

    def _ask(self) -> None:
        self.client.ask(PROMPT)

    def _read(self) -> None:
        for _ in self.client.stream(PROMPT):
            pass


def main() -> None:
    """Serve until standard input ends."""
    pin(0, CLIENT_CORE)
    out = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)  # clients print
    worker = Worker()
    for line in sys.stdin:
        asked = json.loads(line)
        verb = getattr(worker, asked.pop("do"))
        try:
            told = verb(**asked)
        except Exception as error:
            told = {"error": f"{type(error).__name__}: {error}"[:300]}
        out.write(json.dumps(told) + "\n")
    os._exit(0)  # peers leave threads behind that nobody joins


if __name__ == "__main__":
    main()
