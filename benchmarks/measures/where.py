"""Where the microseconds of a call go: samples of a running program, put into drawers."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING, Any

from benchmarks.answers import PIECES
from benchmarks.processes import CHECKOUT, environment
from benchmarks.tables import Table, number

if TYPE_CHECKING:
    from benchmarks.setting import Setting

# What is done, and the lines that do it: "file", "file:function" or "file:function:text". The first that fits counts.
DRAWERS: dict[str, tuple[str, ...]] = {
    "the kernel sends (one `send`)": (
        "transport/connection.py:Connection._send_some",
        "transport/connection.py:Connection.send",
    ),
    "the kernel waits and receives (`poll`, `recv`)": ("transport/connection.py", "transport/dial.py"),
    "the head of the answer: found, checked, parsed": ("transport/answer_head.py", "transport/headers.py"),
    "the body's framing": ("transport/framing.py", "transport/inflate.py"),
    "the connection: taken, watched, given back": (
        "transport/pool.py",
        "transport/exchange.py",
        "transport/reply.py",
        "transport/endpoint.py",
    ),
    "JSON of the request": ("json/", "strict_json.py:dumps"),
    "JSON of the answer": ("strict_json.py", "/stream.py::scan("),
    "server-sent events: cut": ("sse.py",),
    "the dialect: the request's body": (
        "openai_chat/request.py",
        "openai_chat/messages.py",
        "dialects/request_reading.py",
        "dialects/dialect.py",
    ),
    "typed events: built": ("stream_events", "/stream.py::out.append(Content("),
    "the dialect: what each event says": ("openai_chat/stream", "dialects/streaming.py", "dialects/text.py:TextPieces"),
    "the dialect: the Response, its usage and rate limits": ("dialects/", "agentsea_gateway.response", "response.py"),
    "the state: plan, permit, settling, health": (
        "state.py",
        "cell.py",
        "permit.py",
        "breaker.py",
        "bench.py",
        "health",
    ),
    "the arguments: checked": ("gateway.py", "messages.py", "options.py", "request.py", "config.py"),
    "the attempt: time, patience, options": (
        "attempts.py",
        "completion.py",
        "opening.py",
        "call.py",
        "clock.py",
        "patience.py",
        "trial.py",
        "binding.py",
        "providers/",
        "verdict.py",
    ),
    "the route": ("route",),
    "the stream: handing out events": ("stream.py", "source.py"),
}
OTHER = "everything else, this harness among it"


def where(setting: Setting) -> tuple[Table, Table]:
    """Of a completion, and of a stream."""
    said = (
        "From a sampling profile: at every tick of the kernel's timer for CPU time the line that runs is noted. A C "
        "function's time, system calls included, is its caller's."
    )
    one = _table(setting, "where_call", "ask", "Where the microseconds of a call go", said, 1)
    two = _table(setting, "where_stream", "read", "Where the microseconds of a stream go", said, len(PIECES) + 2)
    return one, two


def _table(setting: Setting, name: str, what: str, title: str, said: str, events: int) -> Table:
    setting.say(f"profile: {what}")
    told = _sampled(setting, what)
    drawers = dict.fromkeys((*DRAWERS, OTHER), 0)
    for path, function, text, ticks in told["lines"]:
        drawers[drawer_of(path, function, text)] += ticks
    total = sum(drawers.values())
    rest = drawers.pop(OTHER)
    found = [*sorted(drawers.items(), key=lambda item: -item[1]), (OTHER, rest)]
    cost = told["cpu"] / events * 1e6
    unit = "µs per event" if events > 1 else "µs"
    rows = [
        [label, number(ticks / total * cost), f"{ticks / total:.0%}"] for label, ticks in found if ticks > total / 500
    ]
    rows.append(["**all**", f"**{number(cost)}**", "100%"])
    said = f"{said} {total:,} samples of {told['calls']:,} {'streams' if events > 1 else 'calls'}."
    return Table(name, title, said, ["what is done", unit, "share"], rows)


def drawer_of(path: str, function: str, text: str) -> str:
    """The drawer for a line with this text."""
    for label, parts in DRAWERS.items():
        for part in parts:
            file, its_function, its_text = (*part.split(":", 2), "", "")[:3]
            if file in path and its_function in function and its_text in text:
                return label
    return OTHER


def _sampled(setting: Setting, what: str) -> dict[str, Any]:
    seconds = "3" if setting.quick else "15"
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.sampling", what, setting.server.url("ok"), seconds],
        cwd=CHECKOUT,
        env=environment(),
        stdout=subprocess.PIPE,
        timeout=120,
        check=True,
        text=True,
    )
    told: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return told
