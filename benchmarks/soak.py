"""Minutes of threads over three providers with random faults; the exit status tells whether anything was left behind.

    python -m benchmarks.soak --minutes 3 [--kill]

64 threads ask plainly, watched and for streams (some of which they leave early or drop), each call of two seconds at
most. The providers are three processes that mostly answer, and else fail in one of a dozen ways; with `--kill` each of
them is killed once (SIGKILL) and started again. Status 0: every answer was whole, every error was one of ours, the
number of threads stood, descriptors came back to within 2, and at the end of each third, where all threads rest between
two calls, no permit was out, and in the last third neither Python's blocks grew nor resident memory. That is read
behind a collection and a malloc_trim, and glibc's per-thread caches are switched off: they fill up over the first
quarter of an hour (measured: to 45 KiB for each of 64 threads after four minutes) and go with their threads.
"""

from __future__ import annotations

import argparse
import gc
import os
import random
import sys
import threading
import time
from collections import Counter
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from agentsea_gateway import BreakerPolicy, Candidate, Gateway
from agentsea_gateway.errors import GatewayError
from agentsea_gateway.providers import Anthropic, OpenAI
from agentsea_gateway.routing import RoundRobin
from benchmarks.answers import KEY, MODEL
from benchmarks.client import root
from benchmarks.faults.server import FIRST
from benchmarks.faults.subprocesses import FaultServer
from benchmarks.memory import resident, trim

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence

FAULT = 0.7  # seconds that a stall or a drip lasts
TIMEOUT = 2.0
PATIENCES = {"timeout": TIMEOUT, "first_token_timeout": 0.5, "idle_timeout": 0.5, "attempt_timeout": 1.0}
EVERY = 10.0  # seconds between two lines of the report
SLACK_FDS = 2
SLACK_MEMORY = 1024 * 1024  # bytes between the last two rests
SLACK_BLOCKS = 3_000  # the same in Python's allocated blocks: 30 for each kept connection, of which some come and go
RESTS = 3


class Sample:
    """What a moment looks like."""

    def __init__(self, gateway: Gateway) -> None:
        self.at = time.monotonic()
        self.threads = threading.active_count()
        self.descriptors = descriptors()
        trim()
        self.resident = resident()
        self.blocks = sys.getallocatedblocks()
        self.permits = sum(health.in_flight for health in gateway.health().values())

    def __str__(self) -> str:
        memory = f"{self.resident / 2**20:.1f} MiB"
        held = f"{memory} and {self.blocks:,} blocks"
        return f"{self.threads} threads, {self.descriptors} descriptors, {held}, {self.permits} permits out"


class Soak:
    """One run."""

    def __init__(self, servers: Sequence[FaultServer], threads: int, pause: float) -> None:
        self.gateway = Gateway(
            [
                Candidate(name="one", provider=OpenAI(api_key=KEY, base_url=servers[0].url("chaos")), model=MODEL),
                Candidate(name="two", provider=OpenAI(api_key=KEY, base_url=servers[1].url("chaos")), model=MODEL),
                Candidate(
                    name="three",
                    provider=Anthropic(api_key=KEY, base_url=root(servers[2].url("chaos"))),
                    model=MODEL,
                    options={"max_tokens": 500},
                ),
            ],
            strategy=RoundRobin(),
            breaker=BreakerPolicy(reset=2.0),  # so that many probes happen
            wait=True,
            **PATIENCES,
        )
        self.pause = pause
        self.over = threading.Event()
        self.counts: Counter[str] = Counter()
        self.wrong: list[str] = []  # what must not be: untyped errors, answers that are not whole
        self._counting = threading.Lock()
        self._resting = threading.Event()
        self._gate = threading.Barrier(threads + 1)
        self._threads = [threading.Thread(target=self._work, args=(number,)) for number in range(threads)]

    def start(self) -> None:
        """Begin to ask."""
        for thread in self._threads:
            thread.start()

    def end(self) -> None:
        """Ask no more, and wait for what is under way."""
        self.over.set()
        for thread in self._threads:
            thread.join(30)

    def rest(self) -> Sample:
        """Let every thread come to the end of its call, and see what is held when nothing is under way."""
        self._resting.set()
        self._gate.wait(30)
        gc.collect()
        sample = Sample(self.gateway)
        self._resting.clear()
        self._gate.wait(30)
        return sample

    def _work(self, number: int) -> None:
        luck = random.Random(number)
        ways: list[Callable[[random.Random], str]] = [self._plain] * 5 + [self._stream] * 4 + [self._watched]
        while not self.over.is_set():
            if self._resting.is_set():
                self._gate.wait(30)  # all are here
                self._gate.wait(30)  # all go on
            try:
                served = luck.choice(ways)(luck)
            except GatewayError as error:
                served = f"error: {type(error).__name__}"
            except BaseException as error:
                served = f"untyped: {type(error).__name__}"
                self.wrong.append(f"{served}: {error}"[:300])
            with self._counting:
                self.counts[served] += 1
            time.sleep(luck.random() * 2 * self.pause)

    def _plain(self, luck: random.Random) -> str:
        return self._checked("plain", self.gateway.completion("Hello"))

    def _watched(self, luck: random.Random) -> str:
        return self._checked("watched", self.gateway.completion("Hello", watch=True))

    def _stream(self, luck: random.Random) -> str:
        stream = self.gateway.stream("Hello")
        leaves = luck.random()
        if leaves < 0.1:
            next(iter(stream))
            return "stream dropped"
        if leaves < 0.2:
            with stream:
                next(iter(stream))
            return "stream left early"
        for _ in stream.text:
            pass
        return self._checked("stream", stream.response)

    def _checked(self, how: str, response: Any) -> str:
        if response.content != FIRST:
            self.wrong.append(f"{how} by {response.served_by}: {response.content[:80]!r}")
        return f"{how} by {response.served_by}"


def descriptors() -> int:
    """Open file descriptors of this process; 0 where the system does not tell."""
    return sum(1 for _ in Path("/proc/self/fd").iterdir()) if Path("/proc/self/fd").exists() else 0


def verdict(
    threads: Collection[int], rests: Sequence[Sample], before: Sample, after: Sample, wrong: Sequence[str]
) -> list[str]:
    """What is wrong with a run; nothing, if it is good."""
    earlier, last = rests[-2:][0], rests[-1]
    grown = last.resident - earlier.resident
    blocks = last.blocks - earlier.blocks
    found = [*dict.fromkeys(wrong)][:10]
    if len(threads) != 1 or after.threads != before.threads:
        found.append(f"threads: {sorted(threads)}, {before.threads} → {after.threads}")
    if abs(after.descriptors - before.descriptors) > SLACK_FDS:
        found.append(f"descriptors: {before.descriptors} → {after.descriptors}")
    if grown > SLACK_MEMORY:
        found.append(f"memory: {grown / 1024:+,.0f} KiB in the last third")
    if blocks > SLACK_BLOCKS:
        found.append(f"memory: {blocks:+,.0f} blocks in the last third")
    if any(sample.permits for sample in (*rests, after)):
        found.append(f"permits: {[sample.permits for sample in (*rests, after)]} were still out with nothing under way")
    return found


def run(minutes: float, threads: int, pause: float, kill: bool) -> int:
    """Soak, report, judge: the exit status."""
    import_module("agentsea_gateway.calls.retries")  # loaded by the first retry, which may come late: 20,000 blocks
    servers = [FaultServer(FAULT) for _ in range(3)]
    soak = Soak(servers, threads, pause)
    before = Sample(soak.gateway)
    threads_seen: set[int] = set()  # no list of samples: it would be what grows
    rests: list[Sample] = []
    began, told = time.monotonic(), 0.0
    kills = [(minutes * 60 * (index + 1) / 4, server) for index, server in enumerate(servers)] if kill else []
    soak.start()
    try:
        while (passed := time.monotonic() - began) < minutes * 60:
            if kills and passed > kills[0][0]:
                _kill(kills.pop(0)[1])
            sample = Sample(soak.gateway)
            threads_seen.add(sample.threads)
            if passed >= told:
                told += EVERY
                print(f"{passed:5.0f} s  {sum(soak.counts.values()):,} calls, {sample}", flush=True)
            if passed > minutes * 60 * (len(rests) + 1) / RESTS:
                rests.append(soak.rest())
            time.sleep(1)
        rests.append(soak.rest())
    finally:
        soak.end()
        soak.gateway.close()
        gc.collect()
        # The servers' pipes were open before, and are.
        after = Sample(soak.gateway)
    return _report(soak, threads_seen, rests, before, after, time.monotonic() - began, servers)


def _kill(server: FaultServer) -> None:
    """Kill a server; it is back two seconds later, without a thread of ours that would wait for it."""
    print(f"         kill -9 of the server at port {server.port}, and up again", flush=True)
    server.kill()
    time.sleep(2)
    server.start()


def _report(
    soak: Soak,
    threads: Collection[int],
    rests: list[Sample],
    before: Sample,
    after: Sample,
    took: float,
    servers: list[FaultServer],
) -> int:
    for server in servers:
        server.kill()
    total = sum(soak.counts.values())
    print(f"\n{total:,} calls in {took:.0f} s ({total / took:,.0f} per second)")
    for what, count in sorted(soak.counts.items()):
        print(f"  {count:>9,}  {what}")
    for name, health in soak.gateway.health().items():
        print(f"  {name}: {health.calls:,} attempts, {health.errors:,} errors, breaker {health.breaker}")
    print(f"before: {before}", *(f"rest:   {rest}" for rest in rests), f"after:  {after}", sep="\n")
    wrong = verdict(threads, rests, before, after, soak.wrong)
    for each in wrong:
        print(f"WRONG: {each}")
    print("nothing was left behind" if not wrong else f"{len(wrong)} things are wrong")
    return 1 if wrong else 0


def without_thread_caches() -> None:
    """Begin anew with glibc's per-thread caches off, which can only be said before a program starts."""
    if "GLIBC_TUNABLES" not in os.environ:
        os.environ["GLIBC_TUNABLES"] = "glibc.malloc.tcache_count=0"
        os.execv(sys.executable, [sys.executable, "-m", "benchmarks.soak", *sys.argv[1:]])


def main() -> int:
    """The command line."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.soak", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--minutes", type=float, default=3.0)
    parser.add_argument("--threads", type=int, default=64)
    parser.add_argument("--pause", type=float, default=0.02, help="mean seconds between two calls of a thread")
    parser.add_argument("--kill", action="store_true", help="kill each server once, and start it again")
    asked = parser.parse_args()
    without_thread_caches()
    return run(asked.minutes, asked.threads, asked.pause, asked.kill)


if __name__ == "__main__":
    sys.exit(main())
