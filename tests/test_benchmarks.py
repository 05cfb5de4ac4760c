"""The benchmarks run: each program once, as a user starts it, on as little as it takes."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

PROJECT = Path(__file__).parents[1]


def told(*arguments: str, seconds: float = 60) -> str:
    """What `python -m …` prints; it must end well."""
    done = subprocess.run(
        [sys.executable, "-m", *arguments], cwd=PROJECT, capture_output=True, text=True, timeout=seconds, check=False
    )
    assert done.returncode == 0, done.stderr[-2000:] + done.stdout[-2000:]
    return done.stdout


@pytest.mark.slow
def test_a_table_is_one_line_away() -> None:
    table = told("benchmarks", "--quick", "--only", "share", "--clients", "agentsea_gateway")
    assert "| agentsea_gateway |" in table
    assert "LiteLLM Router (not installed or not chosen)" in table


@pytest.mark.slow
def test_calls_streams_and_failovers_are_measured_against_requests() -> None:
    tables = told("benchmarks", "--quick", "--only", "calls,streams,failover", "--clients", "agentsea_gateway")
    assert tables.count("| agentsea_gateway ") == 3
    assert tables.count("| requests ") == 2


@pytest.mark.slow
def test_a_batch_is_measured_against_a_bare_pool() -> None:
    table = told("benchmarks", "--quick", "--only", "batch")
    assert "| gw.map |" in table
    assert "| gw.map with a journal |" in table


@pytest.mark.slow
@pytest.mark.timeout(300)
@pytest.mark.parametrize("journal", [[], ["--journal"]], ids=["plain", "with a journal"])
def test_a_hundred_thousand_rows_keep_memory_flat_and_are_not_read_ahead(journal: list[str]) -> None:
    report = told("benchmarks.batch", "--rows", "100000", *journal, seconds=240)
    assert report.startswith("100,000 rows in ")


def test_a_table_or_client_that_is_not_known_is_refused() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks", "--only", "nothing"],
        cwd=PROJECT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 2
    assert "'nothing' is none of: batch, calls," in done.stderr


@pytest.mark.slow
def test_the_soak_leaves_nothing_behind() -> None:
    report = told("benchmarks.soak", "--minutes", "0.2", "--threads", "16", "--kill")
    assert "nothing was left behind" in report
    assert report.count("kill -9") == 3
