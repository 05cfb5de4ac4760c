"""Alternating blocks, a client's and the reference's, on one core: what disturbs one disturbs both."""

from __future__ import annotations

from statistics import median, quantiles
from typing import TYPE_CHECKING, Any

from benchmarks.clients import ALL
from benchmarks.processes import Process

if TYPE_CHECKING:
    from collections.abc import Callable

    from benchmarks.setting import Setting

WARM_UP = 40  # calls
BLOCK = 0.1  # seconds of CPU
ROUNDS = 8


class Measured:
    """What came of the rounds: CPU seconds for one call (or stream), against the reference's, and wall times."""

    def __init__(self, rounds: list[tuple[float, float]], times: list[float], references: list[float]) -> None:
        ratios = [cpu / reference for cpu, reference in rounds]
        self.cpu = median(cpu for cpu, _ in rounds)
        self.reference = median(reference for _, reference in rounds)
        self.ratio = median(ratios)
        self.low, _, self.high = quantiles(ratios, n=4) if len(ratios) > 1 else (self.ratio,) * 3
        self.p50, self.p99 = median(times), quantiles(times, n=100)[98]
        self.reference_p50 = median(references)


class Bench:
    """One client beside the reference, each in its process. A block has `at_most` so many calls (or streams)."""

    def __init__(
        self,
        setting: Setting,
        what: str,
        urls: list[str],
        reference_urls: list[str] | None = None,
        at_most: int = 1_000_000,
    ) -> None:
        self.what, self.urls, self.at_most = what, urls, at_most
        self.reference_urls = reference_urls or urls
        self.rounds = 4 if setting.quick else ROUNDS
        self.block = BLOCK / 3 if setting.quick else BLOCK

    def against_reference(self, name: str) -> Measured:
        """Measure one client. Raises WorkerFailedError."""
        return self.measure(
            lambda process: process.tell("open", client=name, urls=self.urls),
            lambda process: process.tell("open", client=ALL[name].reference, urls=self.reference_urls),
        )

    def measure(self, one: Callable[[Process], Any], other: Callable[[Process], Any]) -> Measured:
        """Measure what `one` opened against what `other` opened."""
        with Process() as ours, Process() as theirs:
            one(ours)
            other(theirs)
            if self.what == "read":
                ours.tell("check_stream")
            size, reference_size = self._size(ours), self._size(theirs)
            rounds, times, references = [], [], []
            before = self._run(theirs, reference_size, references)
            for _ in range(self.rounds):
                cpu = self._run(ours, size, times)
                after = self._run(theirs, reference_size, references)
                rounds.append((cpu, (before + after) / 2))
                before = after
        return Measured(rounds, times, references)

    def _size(self, process: Process) -> int:
        """Calls of one block; the process is warm afterwards."""
        warm = WARM_UP if self.what == "ask" else 4
        process.tell("block", what=self.what, count=warm)
        used = process.tell("block", what=self.what, count=warm)["cpu"] / warm
        return min(self.at_most, max(2, round(self.block / max(used, 1e-6))))

    def _run(self, process: Process, count: int, times: list[float]) -> float:
        told = process.tell("block", what=self.what, count=count)
        times += told["times"]
        return float(told["cpu"]) / count
