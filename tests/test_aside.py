"""Work done aside: what it returns and raises comes back, and an interrupt in the meantime tears nothing."""

from __future__ import annotations

import _thread
import json
import os
import sys
import threading
from pathlib import Path
from typing import Any

import pytest

from agentsea_gateway import aside as module
from agentsea_gateway.aside import aside, load
from support import forked_loads, torn_imports
from support.programs import said_by


def test_what_the_work_returns_comes_back() -> None:
    assert aside(lambda: (threading.current_thread() is threading.main_thread(), 7)) == (False, 7)


@pytest.mark.parametrize("error", [ValueError("no"), SystemExit(3)])
def test_what_the_work_raises_is_raised(error: BaseException) -> None:
    def work() -> None:
        raise error

    with pytest.raises(type(error)) as caught:
        aside(work)
    assert caught.value is error


def test_another_thread_than_the_main_one_does_it_itself() -> None:
    """No signal strikes there."""
    found: list[Any] = []

    def run() -> None:
        found.append((aside(_thread.get_ident), _thread.get_ident()))

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    assert found[0][0] == found[0][1]


def test_who_has_no_more_time_does_not_wait() -> None:
    go = threading.Event()
    with pytest.raises(TimeoutError, match=r"not done within 0\.01 s"):
        aside(go.wait, 0.01)
    go.set()


def test_where_no_thread_is_to_be_had_the_caller_does_it(monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: Any) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(module, "start_new_thread", full)
    assert aside(_thread.get_ident) == _thread.get_ident()


def test_what_is_loaded_is_not_loaded_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "aside", None)
    load("json")


def test_a_module_that_another_thread_is_just_loading_is_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(tmp_path)
    (tmp_path / "slowly_loaded.py").write_text("import builtins\nbuiltins._go.wait(5)\nready = True\n")
    go = threading.Event()
    monkeypatch.setattr("builtins._go", go, raising=False)
    thread = threading.Thread(target=load, args=("slowly_loaded",))
    thread.start()
    while "slowly_loaded" not in sys.modules:
        threading.Event().wait(0.001)
    with pytest.raises(TimeoutError):
        load("slowly_loaded", 0.01)
    go.set()
    load("slowly_loaded")
    assert sys.modules.pop("slowly_loaded").ready
    thread.join()


def test_what_an_import_raises_is_raised() -> None:
    with pytest.raises(ModuleNotFoundError, match="no_such_module"):
        load("no_such_module")


def torn(way: str, step: int) -> dict[str, Any]:
    """What a process of its own says about calls that are interrupted in their first import."""
    report: dict[str, Any] = json.loads(said_by(torn_imports, way, str(step)))
    return report


def test_an_interrupt_while_a_call_loads_what_it_needs_makes_no_other_thread_hang() -> None:
    """The first retry loads tenacity, with fifty modules behind it."""
    report = torn("call", 7)
    assert report["hung"] == []
    assert report["struck"] > 0
    assert report["unseen"] == 0


def test_the_same_interrupts_in_a_plain_import_make_others_hang() -> None:
    """Else the test above would prove nothing."""
    assert torn("import", 97)["hung"] != []


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system cannot fork")
def test_a_child_is_not_born_with_a_module_that_is_half_loaded(tmp_path: Path) -> None:
    """One of importlib's locks would stay taken there: the child would hang where it wants the module."""
    found = said_by(forked_loads, str(tmp_path), "10", "slowly_loaded", "colorsys")
    assert found.splitlines() == ["slowly_loaded colorsys"] * 2


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system cannot fork")
def test_a_fork_does_not_wait_for_ever_and_loading_goes_on_in_both(tmp_path: Path) -> None:
    assert said_by(forked_loads, str(tmp_path), "0.01", "colorsys").splitlines() == ["colorsys"] * 2
