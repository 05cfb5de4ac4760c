"""Fork after warm-up, twice, through the whole gateway: no process ever reads another's answer (F48)."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from raw_server import REQUEST, Made, RawServer, Repeat
from support.commands import environment
from support.scene import MODES, root_of
from support.source import ROOT
from support.spoken import SPOKEN, Spoken

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork")
PROGRAM = Path(__file__).with_name("forked.py")


@pytest.mark.parametrize("spoken", SPOKEN.values(), ids=SPOKEN)
@pytest.mark.parametrize("mode", MODES)
def test_no_child_ever_reads_another_processs_answer(spoken: Spoken, mode: str) -> None:
    """F48: with calls in flight and the lock held; children and grandchildren begin without the parent's permits."""
    script = [Repeat([REQUEST, Made(lambda request: spoken.echo(mode, request))])]
    with RawServer(script) as server:
        paths = os.pathsep.join((str(ROOT.parent), str(PROGRAM.parents[1])))
        command = [sys.executable, "-W", "error", "-W", "ignore::DeprecationWarning", str(PROGRAM)]
        done = subprocess.run(
            [*command, spoken.name, root_of(server), mode],
            env=environment(PYTHONPATH=paths),
            capture_output=True,
            text=True,
            timeout=50,
            check=False,
        )
        assert (done.returncode, done.stderr) == (0, "")
        speakers: dict[int, set[str]] = {}
        for request in server.requests:
            word = request.body.decode().partition("say:")[2].partition('"')[0].partition("-")[0]
            speakers.setdefault(request.connection, set()).add(word.rstrip("0123456789"))
        assert all(len(names) == 1 for names in speakers.values()), "a connection served two processes"
        assert set.union(*speakers.values()) == {"parent", "one", "onex", "two", "twox"}
        assert server.hits == 9 * 4 + 4 * 18
