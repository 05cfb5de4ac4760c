"""What a gateway does beside HTTP, and what a plan costs with many candidates."""

from __future__ import annotations

from statistics import median
from typing import TYPE_CHECKING

from benchmarks.processes import Process, WorkerFailedError
from benchmarks.shares import KINDS
from benchmarks.tables import Bar, Table, number

if TYPE_CHECKING:
    from benchmarks.setting import Setting

STRATEGIES = ("Failover", "RoundRobin", "CostOptimized", "LatencyOptimized")
SECONDS = 0.1


def share(setting: Setting) -> Table:
    """Every gateway over candidates that answer at once."""
    rows, bars, left_out = [], [], []
    installed = {client.name for client in setting.clients()}
    for kind in KINDS:
        if kind not in installed:
            left_out.append((kind, "not installed or not chosen"))
            continue
        setting.say(f"share: {kind}")
        try:
            two, twenty = (_cpu(setting, kind, count) for count in (2, 20))
        except WorkerFailedError as error:
            left_out.append((kind, str(error)))
            continue
        rows.append([kind, number(two * 1e6), number(twenty * 1e6)])
        bars.append(Bar(kind, two * 1e6, "own" if kind == KINDS[0] else "peer"))
    said = """\
The candidates answer at once, without HTTP: what is left is the gateway's own work (here: checking the messages,
the plan, the permit, settling, the route and the response). Each peer by its own means: LangChain's
`RunnableLambda`, LiteLLM's `mock_response`, pydantic-ai's `FunctionModel`."""
    columns = ["gateway", "2 candidates, CPU per call, µs", "20 candidates, µs"]
    return Table("share", "The gateway's own share", said, columns, rows, bars, "CPU per call, µs", left_out)


def plan(setting: Setting) -> Table:
    """Our strategies over many candidates."""
    rows = []
    for strategy in STRATEGIES:
        setting.say(f"plan: {strategy}")
        costs = [_cpu(setting, KINDS[0], count, strategy) for count in (2, 100, 1000)]
        rows.append([f"`{strategy}`", *[number(cost * 1e6) for cost in costs]])
    said = "A whole call without HTTP, as above; what grows with the candidates is the plan."
    columns = ["strategy", "2 candidates, µs", "100 candidates, µs", "1,000 candidates, µs"]
    return Table("plan", "A plan over many candidates", said, columns, rows)


def _cpu(setting: Setting, kind: str, candidates: int, strategy: str = "Failover") -> float:
    """CPU seconds of one call."""
    with Process() as process:
        process.tell("open_share", kind=kind, candidates=candidates, strategy=strategy)
        process.tell("block", what="ask", count=50)
        used = process.tell("block", what="ask", count=50)["cpu"] / 50
        count = max(10, round(SECONDS / max(used, 1e-6)))
        return median(
            process.tell("block", what="ask", count=count)["cpu"] / count for _ in range(5 if setting.quick else 15)
        )
