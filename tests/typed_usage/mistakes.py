"""Checked by mypy --strict, never run: each line is a mistake that mypy must name (an ignore nobody needs fails)."""

from __future__ import annotations

from agentsea_gateway import Candidate, Config, Gateway, Response
from agentsea_gateway.routing import RoundRobin


def mistakes(gw: Gateway) -> None:
    Gateway(["openai/gpt-4.1"], strateggy=RoundRobin())  # type: ignore[call-arg]
    Gateway(["openai/gpt-4.1"], timeout="20")  # type: ignore[arg-type]
    Config(["openai/gpt-4.1"], strateggy=RoundRobin())  # type: ignore[call-arg]
    gw.completion("x", temprature=1)  # type: ignore[call-arg]
    gw.completion("x", temperature="hot")  # type: ignore[arg-type]
    gw.completion(7)  # type: ignore[arg-type]
    gw.stream("x", temprature=1)  # type: ignore[call-arg]
    gw.completion("x", validate=7)  # type: ignore[arg-type]
    gw.completion("x", response_format="json")  # type: ignore[arg-type]
    gw.completion("x", cache="r")  # type: ignore[arg-type]
    gw.map(["x"], temprature=1)  # type: ignore[call-arg]
    gw.map(["x"], on_error="ignore")  # type: ignore[arg-type]
    gw.map(["x"], key=lambda row: row.id)  # type: ignore[attr-defined]
    gw.with_options(strateggy=RoundRobin())  # type: ignore[call-arg]
    print(gw.completion("x").contents)  # type: ignore[attr-defined]
    Response(contents="x")  # type: ignore[call-arg]
    Candidate(name="x")  # type: ignore[call-arg]
