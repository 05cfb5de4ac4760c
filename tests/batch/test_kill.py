"""A journalled batch that is killed at any point and started again: every row recorded once, and asked again are at
most the rows that were in flight. Real processes, a real server, SIGKILL."""

from __future__ import annotations

import random
import signal
import sqlite3
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from agentsea_gateway.errors import StoreError
from agentsea_gateway.testing import Fault, Sandbox
from support import batch_child
from support.batch_child import THREADS, gateway
from support.commands import environment
from support.source import ROOT

TESTS = Path(batch_child.__file__).parents[1]
LATENCY = 0.004
PATIENCE = 20.0


def started(box: Sandbox, journal: Path, rows: int) -> subprocess.Popen[str]:
    """A child that runs the batch."""
    return subprocess.Popen(
        [sys.executable, "-m", "support.batch_child", box.openai_url, str(journal), str(rows)],
        env=environment(PYTHONPATH=f"{ROOT.parent}:{TESTS}"),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def end(child: subprocess.Popen[str], number: signal.Signals) -> tuple[str, str]:
    """What it printed, after the signal."""
    child.send_signal(number)
    said = child.communicate(timeout=PATIENCE)
    assert child.returncode == -number, said
    return said


def recorded(journal: Path) -> set[str]:
    """The keys of finished rows, as the file has them; the file is whole, and no row stands in it twice."""
    connection = sqlite3.connect(journal)
    assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    keys = [key for (key,) in connection.execute("SELECT key FROM rows WHERE state = 'finished'")]
    connection.close()
    assert len(keys) == len(set(keys))
    return set(keys)


def killed_and_resumed(folder: Path, rng: random.Random, rows: int, kills: int) -> None:
    """Kill the batch a few times, somewhere between its first and its last row, then let it finish."""
    journal = folder / "run.sqlite"
    with Sandbox(latency=LATENCY, keep=10 * rows) as box:
        for _ in range(kills):
            child = started(box, journal, rows)
            left = max(1, rows - len(recorded(journal)) - 2 * THREADS) if journal.exists() else rows - 2 * THREADS
            at = box.hits + rng.randint(1, left)
            assert box.wait_until(lambda at=at: box.hits >= at, PATIENCE)  # type: ignore[misc]
            end(child, signal.SIGKILL)
            assert box.wait_until(lambda: box.open_connections == 0, PATIENCE)
            assert box.hits - len(recorded(journal)) <= kills * THREADS
        before = box.hits
        known = recorded(journal)
        with gateway(box.openai_url) as gw:
            results = list(gw.map(range(rows), "row {}", threads=THREADS, journal=journal))
        asked = Counter(request.text for request in box.requests)
    assert [result.content for result in results] == [f"sandbox: row {number}" for number in range(rows)]
    assert {f"#{result.index}" for result in results if result.resumed} == known
    assert sum(asked.values()) - before == rows - len(known)
    assert recorded(journal) == {f"#{number}" for number in range(rows)}
    assert set(asked) == {f"row {number}" for number in range(rows)}
    assert sum(asked.values()) - rows <= kills * THREADS  # what was in flight when it was killed, and nothing else


@pytest.mark.parametrize("seed", [1, 2])
def test_killed_and_started_again_every_row_is_recorded_once(seed: int, tmp_path: Path) -> None:
    killed_and_resumed(tmp_path, random.Random(seed), rows=150, kills=1)


@pytest.mark.slow
@pytest.mark.timeout(120)
@pytest.mark.parametrize("seed", range(25))
def test_killed_again_and_again(seed: int, tmp_path: Path) -> None:
    rng = random.Random(seed)
    killed_and_resumed(tmp_path, rng, rows=rng.choice((60, 300, 900)), kills=rng.randint(1, 4))


def test_ctrl_c_stops_at_once_and_the_next_run_goes_on(tmp_path: Path) -> None:
    """Calls under way are cancelled, no thread goes on, KeyboardInterrupt reaches the program."""
    journal = tmp_path / "run.sqlite"
    with Sandbox(latency=LATENCY) as box:
        box.always(lambda request: Fault.stall() if int(request.text[4:]) >= 20 else f"sandbox: {request.text}")
        child = started(box, journal, 100)
        assert box.wait_until(lambda: box.hits >= 20 + THREADS, PATIENCE)
        out, err = end(child, signal.SIGINT)
        assert "threads left: 0" in out
        assert "KeyboardInterrupt" in err
        assert box.wait_until(lambda: box.open_connections == 0, PATIENCE)
        assert box.hits == 20 + THREADS
        assert len(recorded(journal)) == 20
        box.recover()
        with gateway(box.openai_url) as gw:
            assert sum(result.resumed for result in gw.map(range(100), "row {}", journal=journal)) == 20
        assert box.hits == 100 + THREADS


def test_a_second_process_is_refused_while_the_first_one_runs(tmp_path: Path, refused_at_once: None) -> None:
    journal = tmp_path / "run.sqlite"
    with Sandbox() as box:
        box.always(Fault.stall())
        child = started(box, journal, 10)
        assert box.wait_until(lambda: box.hits >= THREADS, PATIENCE)
        with gateway(box.openai_url) as gw, pytest.raises(StoreError, match="in use by another run"):
            gw.map(range(10), "row {}", journal=journal)
        end(child, signal.SIGKILL)
        box.recover()
        with gateway(box.openai_url) as gw:  # the lock died with it
            assert len(list(gw.map(range(10), "row {}", journal=journal))) == 10


def test_a_program_that_ends_in_the_middle_of_a_batch_does_not_hang(tmp_path: Path) -> None:
    program = tmp_path / "program.py"
    program.write_text(
        "import sys\n"
        "from support.batch_child import gateway\n"
        "gw = gateway(sys.argv[1])\n"
        "results = gw.map(range(100), 'row {}', threads=4, ordered=False)\n"
        "print(next(results).content, flush=True)\n"
    )
    with Sandbox() as box:
        box.script("first")
        box.always(Fault.stall())
        done = subprocess.run(
            [sys.executable, str(program), box.openai_url],
            env=environment(PYTHONPATH=f"{ROOT.parent}:{TESTS}"),
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            check=False,
        )
    assert (done.returncode, done.stdout, done.stderr) == (0, "first\n", "")
