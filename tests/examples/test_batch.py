"""The batch runs as it stands: without a key against a sandbox, from a file otherwise; and again."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from agentsea_gateway.testing import Sandbox
from support.commands import environment

BATCH = Path(__file__).parents[2] / "examples" / "batch.py"


def run(folder: Path, *arguments: str, **changes: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-W", "error", str(BATCH), *arguments]
    known = {name: value for name, value in environment(**changes).items() if name != "AGENTSEA_MODELS" or changes}
    return subprocess.run(command, env=known, cwd=folder, capture_output=True, text=True, check=False)


def test_without_a_key_it_runs_and_the_second_run_asks_nothing(tmp_path: Path) -> None:
    first, second = run(tmp_path), run(tmp_path)
    assert (first.returncode, first.stderr) == (second.returncode, second.stderr) == (0, "")
    assert first.stdout == "200 asked, 0 failed; answers in answers.jsonl\n"
    assert second.stdout == "0 asked, 0 failed; answers in answers.jsonl\n"


def test_a_file_is_asked_row_by_row_and_only_what_is_new(tmp_path: Path, box: Sandbox) -> None:
    reviews = tmp_path / "reviews.csv"
    reviews.write_text('id,text\n7,Wonderful\n8,"Not, so good"\n', encoding="utf-8")
    arguments = ("reviews.csv", "out.jsonl")
    done = run(tmp_path, *arguments, AGENTSEA_MODELS="openai/gpt-4.1")
    assert (done.stdout, done.stderr) == ("2 asked, 0 failed; answers in out.jsonl\n", "")
    reviews.write_text('id,text\n6,New\n7,Wonderful\n8,"Not, so good"\n', encoding="utf-8")
    done = run(tmp_path, *arguments, AGENTSEA_MODELS="openai/gpt-4.1")
    assert done.stdout == "1 asked, 0 failed; answers in out.jsonl\n"
    lines = [json.loads(line) for line in (tmp_path / "out.jsonl").read_text().splitlines()]
    assert [line["id"] for line in lines] == ["6", "7", "8"]
    assert lines[1]["answer"].endswith("Wonderful")


def test_a_journal_that_is_none_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "answers.jsonl.journal").write_text("x" * 1000)
    done = run(tmp_path)
    assert done.returncode == 1
    assert done.stderr.startswith("the batch cannot go on: ")
    assert done.stderr.count("\n") == 1
