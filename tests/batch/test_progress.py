"""Progress is shown where it is asked for, and nowhere else."""

from __future__ import annotations

import io
import sys

import pytest

from agentsea_gateway.batch.progress import PlainBar, bar_for
from agentsea_gateway.errors import OverloadedError
from support.gateways import gateway


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_nothing_is_printed_unasked(capfd: pytest.CaptureFixture[str]) -> None:
    with gateway("x") as gw:
        list(gw.map(range(5), "{}"))
    assert capfd.readouterr() == ("", "")


def test_the_plain_bar_is_one_line_where_nobody_watches(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "tqdm.auto", None)
    with gateway(OverloadedError("busy")) as gw:
        list(gw.map(range(3), "{}", progress=True, wait=False))
        list(gw.map((row for row in range(2)), "{}", progress=True, wait=False))
    assert capsys.readouterr() == ("", "3/3 rows, 3 failed\n2 rows, 2 failed\n")


def test_the_plain_bar_is_written_over_on_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    bar = PlainBar(2)
    bar.step(failed=False)
    bar.step(failed=True)
    bar.close()
    assert terminal.getvalue() == "\r1/2 rows, 0 failed\r2/2 rows, 1 failed\n"


def test_tqdm_is_used_where_it_is_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    tqdm = pytest.importorskip("tqdm")
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    bar = bar_for([1, 2, 3], shown=True)
    for failed in (False, True, False):
        bar.step(failed=failed)
    bar.close()
    assert "3/3" in terminal.getvalue()
    assert "failed=1" in terminal.getvalue()
    assert tqdm
