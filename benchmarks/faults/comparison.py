"""The comparison: every client through every fault, and the page that tells of it."""

from __future__ import annotations

import json
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

from benchmarks.clients import ALL
from benchmarks.faults.server import FAULTS
from benchmarks.faults.subprocesses import FaultServer
from benchmarks.faults.trying import PATIENCE, TIMEOUT
from benchmarks.faults.words import SAID
from benchmarks.processes import CHECKOUT, environment
from benchmarks.setting import versions
from benchmarks.tables import grid

if TYPE_CHECKING:
    from collections.abc import Iterable

    from benchmarks.setting import Setting

SECONDS = 8.0  # how long a fault lasts that takes time
SLACK = 0.5  # seconds beyond the time-out that still count as in time
CLIENTS = (
    "agentsea_gateway",
    "agentsea_gateway, watched",
    "openai",
    "LiteLLM Router",
    "LangChain fallbacks",
    "pydantic-ai FallbackModel",
    "baldur",
)
ABOUT = {
    "pickle": "An error (429 everywhere), pickled and back",
    "key": "Where the key can be read",
    "fork": "Two children of a warm parent ask at once",
}
VERDICTS = ("served in time", "an error in time", "too late", "a part given as the whole", "hung")


class Comparison:
    """What every client did: rows as `trying` tells them."""

    def __init__(self, setting: Setting) -> None:
        names = [name for name in CLIENTS if not setting.chosen or name in setting.chosen]
        self.left_out = [pair for pair in setting.missing() if pair[0] in names]
        self.names = [name for name in names if name not in dict(self.left_out)]
        self.rows: dict[str, list[dict[str, Any]]] = {}
        # A few at a time: none of them works much, most of them wait.
        with FaultServer(SECONDS) as server, ThreadPoolExecutor(3) as pool:
            for name, rows in zip(
                self.names, pool.map(lambda it: _tried(setting, it, server.port), self.names), strict=True
            ):
                self.rows[name] = rows

    def page(self, facts: Iterable[str]) -> str:
        """Markdown."""
        return "\n\n".join([*_introduction(facts), *self.tables(), *self._left_out()]) + "\n"

    def tables(self) -> list[str]:
        """The tables alone."""
        return [
            "## A plain completion",
            self._grid("ask", self.names),
            "## A stream",
            "Nobody can take over a stream that has shown something: what is right there is an error, in time.",
            self._grid("stream", [name for name in self.names if ALL[name].streams]),
            "## Besides",
            self._about(),
        ]

    def _grid(self, how: str, names: list[str]) -> str:
        found = {name: {row["fault"]: row for row in self.rows[name] if row.get("how") == how} for name in names}
        rows = [
            [SAID[fault][how == "stream"], *[_cell(found[name].get(fault)) for name in names]]
            for fault in FAULTS
            if any(fault in each for each in found.values())
        ]
        for verdict in VERDICTS:
            counts = [sum(verdict_of(row) == verdict for row in found[name].values()) for name in names]
            if any(counts):
                rows.append([f"*{verdict}*", *[f"*{count}*" for count in counts]])
        return grid(["what the first one does", *map(_heading, names)], rows, "---")

    def _about(self) -> str:
        rows = []
        for name in self.names:
            said = {row["about"]: row["said"] for row in self.rows[name] if "about" in row}
            rows.append([_heading(name), *[said.get(about, "–") for about in ABOUT]])
        return grid(["", *ABOUT.values()], rows, "---")

    def _left_out(self) -> list[str]:
        return [f"Not compared: {name} ({why})." for name, why in self.left_out]


def verdict_of(row: dict[str, Any]) -> str:
    """What a row comes to."""
    served, error, late, part, hung = VERDICTS
    if row["outcome"] == "hung":
        return hung
    if row["outcome"] == "truncated":
        return part
    if row["seconds"] > TIMEOUT + SLACK:
        return late
    return error if row["outcome"] == "error" else served


def _cell(row: dict[str, Any] | None) -> str:
    if row is None:
        return "–"
    verdict = verdict_of(row)
    if verdict == "hung":
        return f"**waits on after {PATIENCE:.0f} s**"
    took = f"{row['seconds']:.1f} s"
    if row["outcome"] == "truncated":
        return f"**{row['text'] or 'no'} characters as a success**, {took}"
    what = f"`{row['error']}`" if row["outcome"] == "error" else f"the {row['outcome']} serves"
    return f"**{what}, {took}**" if verdict == "too late" else f"{what}, {took}"


def _heading(name: str) -> str:
    return versions(ALL[name])


def _introduction(facts: Iterable[str]) -> list[str]:
    lines = "\n".join(f"- {fact}" for fact in facts)
    setting = f"""\
Two servers on loopback: the first one does what the row says, for {SECONDS:.0f} s where it takes time, and then
goes on as if nothing had been; the second one is healthy. Every client is told `timeout={TIMEOUT:g}` by its own
means (this gateway also `first_token_timeout` and `idle_timeout`, for streams), and has both servers as its
documentation sets that up, with the retries of the SDK below it switched off (baldur's own are its heart, and
stay). Every cell is one call of a fresh client in a warm process. openai has no second server to ask: it is here
because four of the others stand on it. *Watched* is `completion(…, watch=True)`: the provider is asked for a
stream, the caller gets the plain answer."""
    bold = f"""\
In bold: an answer or an error more than {SLACK:g} s late, a part of an answer given as the whole, no end at all
within {PATIENCE:.0f} s."""
    return [
        "# The same faults, other clients",
        "This page is written by `python -m benchmarks --only faults`, in one run; no row stands here without one.",
        lines,
        setting,
        bold,
    ]


def _tried(setting: Setting, name: str, port: int) -> list[dict[str, Any]]:
    setting.say(f"faults: {name}")
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.faults.trying", name, str(port)],
        cwd=CHECKOUT,
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        timeout=900,
        check=True,
        text=True,
    )
    setting.say(f"faults: {name}: done")
    return [json.loads(line) for line in done.stdout.splitlines()]
