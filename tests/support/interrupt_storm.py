"""A program: thousands of interrupts at random instants of a gateway's calls. Prints what became of them as JSON.

python interrupt_storm.py signals|threads|sockets COUNT SEED [MUTANT]
"""

from __future__ import annotations

import ctypes
import gc
import json
import logging
import random
import signal
import sys
import threading
import time
from importlib import import_module
from itertools import cycle
from pathlib import Path
from typing import TYPE_CHECKING, Any

import mutants
from agentsea_gateway import Candidate, Gateway, Response, telemetry
from agentsea_gateway.errors import GatewayError
from agentsea_gateway.providers import OpenAI
from agentsea_gateway.retry_policy import RetryPolicy
from agentsea_gateway.routing import RoundRobin
from agentsea_gateway.stream_events import Content, Done, Start
from agentsea_gateway.testing import Fault, Sandbox

if TYPE_CHECKING:
    from collections.abc import Iterator

THREADS = 6
QUIET = 10.0  # seconds without any progress after which a storm counts as hung


class Provider:
    """Answers at once; every few calls it breaks, before or after content."""

    def __init__(self, every: int) -> None:
        self._every = every
        self._calls = 0

    def _breaks(self) -> bool:
        self._calls += 1
        return self._calls % self._every == 0

    def complete(self, messages: Any) -> Response:
        if self._breaks():
            raise ConnectionError("no luck")
        return Response("ok")

    def stream(self, messages: Any) -> Iterator[Any]:
        breaks = self._breaks()
        yield Start("id", "model")
        for number in range(3):
            if breaks and number == self._calls % 3:
                raise ConnectionError("no luck")
            yield Content(f"{number} ")
        yield Done.of(Response("0 1 2 "))


def build() -> Gateway:
    for level in (logging.INFO, logging.WARNING):
        telemetry.logger().isEnabledFor(level)  # the first time it takes logging's lock, which is not safe either
    candidates = [Candidate(name=f"p{every}", provider=Provider(every)) for every in (3, 7, 1_000_000)]
    retry = RetryPolicy(max_retries=1, base=0.0, outcomes=("failure",))
    return Gateway(candidates, strategy=RoundRobin(), listeners=[_listen], retry=retry)


def _listen(event: object) -> None:
    return None


# -- what is interrupted -----------------------------------------------------------------------------------------------


def plain(gateway: Gateway, rng: random.Random) -> None:
    gateway.completion("Hi")


def whole_stream(gateway: Gateway, rng: random.Random) -> None:
    with gateway.stream("Hi") as stream:
        for _ in stream:
            pass


def text(gateway: Gateway, rng: random.Random) -> None:
    for _ in gateway.stream("Hi").text:
        pass


def left_early(gateway: Gateway, rng: random.Random) -> None:
    with gateway.stream("Hi") as stream:
        next(stream)


def closed(gateway: Gateway, rng: random.Random) -> None:
    pieces = gateway.stream("Hi").text
    next(pieces)
    pieces.close()
    pieces.close()


def abandoned(gateway: Gateway, rng: random.Random) -> None:
    stream = gateway.stream("Hi")
    next(stream)


def in_a_cycle(gateway: Gateway, rng: random.Random) -> None:
    cycle: dict[str, Any] = {"stream": gateway.stream("Hi")}
    cycle["cycle"] = cycle


def through_a_generator(gateway: Gateway, rng: random.Random) -> None:
    def view() -> Iterator[str]:
        yield from gateway.stream("Hi").text

    pieces = view()
    next(pieces)
    pieces.close()


def probe(gateway: Gateway, rng: random.Random) -> None:
    name = rng.choice(["p3", "p7", "p1000000"])
    breaker = gateway._core.state.cells[name].breaker
    gateway.melt(name)
    gateway.melt(name)
    generation, until = breaker.phase
    if until is not None:
        breaker.phase = generation, 0.0  # half a minute later
        gateway._core.state._plan_until = 0.0
    gateway.completion("Hi")


def asked(gateway: Gateway, rng: random.Random) -> None:
    gateway.health()
    gateway.ask("p3")
    gateway.reset("p3")


ACTIONS = (plain, whole_stream, text, left_early, closed, abandoned, in_a_cycle, through_a_generator, probe, asked)


def act(gateway: Gateway, rng: random.Random) -> None:
    """One of them; what the providers break is not of interest."""
    try:
        rng.choice(ACTIONS)(gateway, rng)
    except GatewayError:
        pass


# -- storms ------------------------------------------------------------------------------------------------------------


class Report:
    """What was sent and what came of it."""

    def __init__(self) -> None:
        self.sent = self.seen = self.rounds = 0
        self.unraisable: list[str] = []
        sys.unraisablehook = self._unraisable

    def _unraisable(self, hooked: Any) -> None:
        self.unraisable.append(f"{hooked.exc_type.__name__} in {hooked.object!r}")

    def finish(self, gateway: Gateway) -> None:
        gc.collect()
        state = gateway._core.state
        locked = state._lock.locked()
        health = {} if locked else gateway.health()
        probing = [name for name, cell in state.cells.items() if cell.breaker.probe is not None]
        for name in health:
            gateway.reset(name)  # the last probes may have left all of them blown
        found = {
            "sent": self.sent,
            "seen": self.seen,
            "rounds": self.rounds,
            "unraisable": self.unraisable,
            "locked": locked,
            "in_flight": {name: told.in_flight for name, told in health.items() if told.in_flight},
            "probing": probing,
            "served_after": None if locked else gateway.completion("Hi").content,
            "threads": threading.active_count(),
            "descriptors": len(list(Path("/proc/self/fd").iterdir())) if Path("/proc").exists() else 0,
        }
        print(json.dumps(found))


def signals(gateway: Gateway, count: int, seed: int, longest: float = 0.000_25) -> None:
    """SIGALRM from a timer, whose handler raises KeyboardInterrupt: what Ctrl-C does to the main thread."""
    report, rng = Report(), random.Random(seed)
    armed = False

    def interrupt(_number: int, _frame: object) -> None:
        nonlocal armed
        if armed:
            armed = False
            report.sent += 1
            raise KeyboardInterrupt

    def act_while_armed() -> None:  # apart from the try: Python 3.13 does not guard a loop's jump back
        while armed:
            act(gateway, rng)

    signal.signal(signal.SIGALRM, interrupt)
    while report.sent < count:
        report.rounds += 1
        try:
            armed = True
            signal.setitimer(signal.ITIMER_REAL, rng.uniform(0.000_005, longest))
            act_while_armed()
            armed = False
        except KeyboardInterrupt:
            report.seen += 1
    signal.setitimer(signal.ITIMER_REAL, 0)
    report.finish(gateway)


def sockets(count: int, seed: int) -> None:
    """The same with a real server on loopback, which breaks every fifth answer."""
    fates = cycle(("0 1 2 ", "ok", "a few words more", "ok", Fault.drop(1)))
    with Sandbox() as box:
        box.always(lambda _request: next(fates))
        provider = OpenAI(api_key="sk-sandbox", base_url=box.openai_url)
        names = ("p3", "p7", "p1000000")
        gateway = Gateway([Candidate(name=name, provider=provider, model="m") for name in names])
        gateway.completion("Hi")
        signals(gateway, count, seed, longest=0.004)
        gateway.close()


class Victim:
    """A thread whose calls are interrupted from outside. `lock` guards `armed`."""

    def __init__(self, gateway: Gateway, seed: int) -> None:
        self.lock = threading.Lock()
        self.armed = self.stop = False
        self.seen = self.rounds = 0
        self._gateway, self._rng = gateway, random.Random(seed)
        self.thread = threading.Thread(target=self._run, daemon=True)
        self.thread.start()

    def _run(self) -> None:
        while not self.stop:
            self.rounds += 1
            try:
                self.armed = True
                self._act_while_armed()
                with self.lock:
                    self.armed = False
                self._idle()
            except KeyboardInterrupt:
                self.seen += 1

    # Apart from the try: Python 3.13 does not guard a loop's jump back.

    def _act_while_armed(self) -> None:
        while self.armed and not self.stop:
            act(self._gateway, self._rng)

    @staticmethod
    def _idle() -> None:
        """What was sent arrives here at the latest."""
        for _ in range(100):
            pass

    def interrupt(self) -> bool:
        """Send one, if the last one was taken."""
        with self.lock:
            if not self.armed:
                return False
            self.armed = False
            thread = ctypes.c_ulong(self.thread.ident or 0)
            return bool(ctypes.pythonapi.PyThreadState_SetAsyncExc(thread, ctypes.py_object(KeyboardInterrupt)))


def threads(gateway: Gateway, count: int, seed: int) -> None:
    """Interrupts into worker threads, all of which use one gateway."""
    # Ctrl-C never strikes here, so other threads import for themselves; these interrupts would leave importlib's locks.
    for module in ("calls.retries", "log_records", "tokens"):
        import_module(f"agentsea_gateway.{module}")
    sys.setswitchinterval(1e-5)
    report, rng = Report(), random.Random(seed)
    victims = [Victim(gateway, seed + number) for number in range(THREADS)]
    last = time.monotonic()
    while report.sent < count and time.monotonic() - last < QUIET:
        if rng.choice(victims).interrupt():
            report.sent += 1
            last = time.monotonic()
        if rng.random() < 0.3:
            time.sleep(rng.uniform(0, 0.000_1))
    for victim in victims:
        victim.stop = True
    for victim in victims:
        victim.thread.join(QUIET)
        report.seen += victim.seen
        report.rounds += victim.rounds
    report.finish(gateway)


def main(kind: str, count: str, seed: str, mutant: str = "") -> None:
    if kind == "sockets":
        return sockets(int(count), int(seed))
    gateway = build()
    if mutant:
        gateway._core.state = getattr(mutants, mutant)(gateway.candidates, gateway._core.config.breaker)
    return {"signals": signals, "threads": threads}[kind](gateway, int(count), int(seed))


if __name__ == "__main__":
    main(*sys.argv[1:])
