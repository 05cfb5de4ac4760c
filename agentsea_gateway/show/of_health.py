"""Health as a table: a row for each candidate, its breaker's state by colour and by word."""

from __future__ import annotations

from typing import TYPE_CHECKING

from agentsea_gateway.show.markup import frame, message, ms, one_line, rows_of, table, tagged, text

if TYPE_CHECKING:
    from collections.abc import Mapping

    from agentsea_gateway.health import ProviderHealth

HEAD = ("candidate", "breaker", "latency", "first content", "calls", "errors", "in flight", "kept out")


def html(health: Mapping[str, ProviderHealth]) -> str:
    """The whole picture."""
    rows = []
    for name, of in health.items():
        *numbers, kept_out = _cells(of)
        rows.append([text(name), tagged(of.breaker), *[text(number) for number in numbers], message(kept_out)])
    return frame(table(HEAD, rows))


def markdown(health: Mapping[str, ProviderHealth]) -> str:
    """The same in words."""
    return rows_of(HEAD, [(name, of.breaker.replace("_", " "), *_cells(of)) for name, of in health.items()]) + "\n"


def _cells(of: ProviderHealth) -> tuple[str, ...]:
    return (
        ms(of.latency_ms),
        ms(of.first_token_ms),
        f"{of.calls:,}",
        f"{of.errors:,}",
        f"{of.in_flight:,}",
        _kept_out(of),
    )


def _kept_out(of: ProviderHealth) -> str:
    said = []
    if of.open_until is not None:
        said.append(f"blown until {of.open_until:%H:%M:%S} UTC")
    if of.benched_until is not None:
        said.append(f"benched until {of.benched_until:%H:%M:%S} UTC: {one_line(of.bench_reason or '')}")
    return "; ".join(said)
