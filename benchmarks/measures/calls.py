"""Calls and streams of every client, against bare requests."""

from __future__ import annotations

from typing import TYPE_CHECKING

from benchmarks.answers import PAUSED, PIECES
from benchmarks.measures.blocks import Bench, Measured
from benchmarks.processes import WorkerFailedError
from benchmarks.setting import kind_of, versions
from benchmarks.tables import Bar, Table, number

if TYPE_CHECKING:
    from collections.abc import Callable

    from benchmarks.client import Client
    from benchmarks.setting import Setting

ROUTER = "LiteLLM Router"
SLOW = {"paused": 4}  # streams of one block, where most of the time is the server's
# Who fails over, and under which name it never leaves the first candidate out.
FAILOVERS = {
    "agentsea_gateway": "agentsea_gateway, never blown",
    ROUTER: "LiteLLM Router, no cooldown",
    "LangChain fallbacks": None,
    "pydantic-ai FallbackModel": None,
}


def calls(setting: Setting) -> Table:
    """Plain completions."""
    found, left_out = _each(setting, lambda client: True, "ask", "ok")
    columns = [
        "client",
        "CPU, requests = 1",
        "middle half",
        "CPU, µs",
        "times less than LiteLLM Router",
        "p50, ms",
        "p99, ms",
    ]
    router = next((it.ratio for client, it in found if client.name == ROUTER), None)
    rows = [
        [
            versions(client),
            f"**{number(it.ratio)}**" if client.own else number(it.ratio),
            f"{number(it.low)} – {number(it.high)}",
            number(it.cpu * 1e6),
            number(router / it.ratio) if router else "–",
            number(it.p50 * 1e3),
            number(it.p99 * 1e3),
        ]
        for client, it in found
    ]
    said = """\
One caller, one completion after the other. CPU is the client process's own, kernel included. The ratio is the
median over rounds of a client's block against the blocks of bare `requests` before and after it on the same core
(of a client that speaks Anthropic's messages: of `requests` that asks for these); *middle half* is where half of
the rounds lay. The gateways have two candidates and their default settings. `requests again` is the reference
measured against itself: what it is away from 1 is noise."""
    return Table("calls", "A completion", said, columns, rows, _bars(found), "CPU per call, requests = 1", left_out)


def streams(setting: Setting) -> Table:
    """Streams as fast as the client reads."""
    found, left_out = _each(setting, lambda client: client.streams, "read", "ok")
    said = f"""\
{len(PIECES) + 2} events, sent as fast as the client takes them, one HTTP chunk per event. Every client hands out
its own typed events where it has some; the reference is `requests` with `iter_lines()` and `json.loads`."""
    return _stream_table("streams", "A stream in a burst", said, found, left_out, len(PIECES) + 2)


def paused(setting: Setting) -> Table:
    """Streams that come an event at a time."""
    found, left_out = _each(setting, lambda client: client.streams, "read", "paused")
    said = f"""\
{len(PAUSED) + 2} events, a millisecond apart: every event is a wake-up and a receive of its own, as it is with a
model that is slower than the network."""
    return _stream_table("paused", "A stream, event by event", said, found, left_out, len(PAUSED) + 2)


def failover(setting: Setting) -> Table:
    """The first candidate answers 500 and the second one serves, against a single call of the same client."""
    rows, bars, left_out = [], [], []
    for single, double in FAILOVERS.items():
        client = next((it for it in setting.clients() if it.name == single), None)
        if client is None:
            left_out.append((single, "not installed or not chosen"))
            continue
        setting.say(f"failover: {single}")
        bench = Bench(setting, "ask", [])
        try:
            it = bench.measure(
                _opener(double or single, [setting.server.url("500"), setting.server.url("ok")]),
                _opener(single, [setting.server.url("ok"), setting.server.url("ok")]),
            )
        except WorkerFailedError as error:
            left_out.append((single, str(error)))
            continue
        rows.append([versions(client), number(it.ratio), number(it.cpu * 1e6), number(it.reference * 1e6)])
        bars.append(Bar(client.name, it.ratio, kind_of(client)))
    said = (
        "The first candidate answers 500 every time, the second one serves; against a single call of the same client. "
        "Breakers and cooldowns that would leave the first one out after a few of these are set so that they never do."
    )
    columns = ["client", "CPU, its own single call = 1", "CPU, µs", "a single call, µs"]
    return Table("failover", "A failover", said, columns, rows, (), "", left_out)


def _opener(name: str, urls: list[str]) -> Callable[[object], object]:
    return lambda process: process.tell("open", client=name, urls=urls)  # type: ignore[attr-defined]


def _each(
    setting: Setting, wanted: Callable[[type[Client]], bool], what: str, behaviour: str
) -> tuple[list[tuple[type[Client], Measured]], list[tuple[str, str]]]:
    """Every client that can be had, cheapest first, and who is left out and why."""
    found: list[tuple[type[Client], Measured]] = []
    left_out = setting.missing(wanted)
    for client in setting.clients(wanted):
        setting.say(f"{what} {behaviour}: {client.name}")
        urls = [setting.server.url("short" if client.name.endswith("watched") else behaviour)]
        try:
            bench = Bench(setting, what, urls, [setting.server.url(behaviour)], SLOW.get(behaviour, 1_000_000))
            it = bench.against_reference(client.name)
        except WorkerFailedError as error:
            left_out.append((client.name, str(error)))
            continue
        found.append((client, it))
    return sorted(found, key=lambda pair: pair[1].ratio), left_out


def _bars(found: list[tuple[type[Client], Measured]]) -> list[Bar]:
    return [Bar(client.name, it.ratio, kind_of(client)) for client, it in found]


def _stream_table(
    name: str,
    title: str,
    said: str,
    found: list[tuple[type[Client], Measured]],
    left_out: list[tuple[str, str]],
    events: int,
) -> Table:
    columns = ["client", "CPU, requests = 1", "middle half", "CPU per event, µs"]
    rows = [
        [
            versions(client),
            f"**{number(it.ratio)}**" if client.own else number(it.ratio),
            f"{number(it.low)} – {number(it.high)}",
            number(it.cpu / events * 1e6),
        ]
        for client, it in found
    ]
    return Table(name, title, said, columns, rows, _bars(found), "CPU per event, requests = 1", left_out)
