"""The demo's screens: drawn in place on a terminal, line by line elsewhere."""

from __future__ import annotations

import io

import attrs
import pytest

from agentsea_gateway.demo.board import Sentence
from agentsea_gateway.demo.screen import Lines, Live, screen_for
from agentsea_gateway.demo.style import BLOCKS, LETTERS
from agentsea_gateway.demo.table import Picture, Row
from support.terminal import Terminal

ROW = Row("alpha", "OpenAI", True, 1, 0, 90.0, "closed", 0.0, [1])
PICTURE = Picture([ROW], calls=10, in_flight=1, served=1, failovers=0, streams=0, elapsed=0.5, seconds=1.0)


class Output(io.StringIO):
    """Text that pretends to go to a terminal, or not."""

    def __init__(self, *, terminal: bool, encoding: str = "utf-8") -> None:
        super().__init__()
        self._terminal = terminal
        self._encoding = encoding

    @property
    def encoding(self) -> str:  # type: ignore[override]
        return self._encoding

    def isatty(self) -> bool:
        return self._terminal


@pytest.fixture(autouse=True)
def usual_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {"TERM": "xterm", "COLUMNS": "80", "LINES": "24"}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("NO_COLOR", raising=False)


def test_a_terminal_is_drawn_on_in_place() -> None:
    assert isinstance(screen_for(Output(terminal=True), plain=False, seconds=1), Live)


@pytest.mark.parametrize(
    ("terminal", "plain", "setting"),
    [
        (False, False, {}),
        (True, True, {}),
        (True, False, {"TERM": "dumb"}),
        (True, False, {"LINES": "11"}),
        (True, False, {"COLUMNS": "31"}),
    ],
)
def test_everything_else_gets_plain_lines(
    terminal: bool, plain: bool, setting: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in setting.items():
        monkeypatch.setenv(name, value)
    out = Output(terminal=terminal)
    screen = screen_for(out, plain=plain, seconds=1)
    assert isinstance(screen, Lines)
    screen.tell("Heading:")
    screen.show([Sentence(0.1, "It began.", "good")], PICTURE)
    screen.close()
    assert "\x1b" not in out.getvalue()


def test_sentences_stay_and_the_table_is_drawn_once_below_them() -> None:
    out = Output(terminal=True)
    screen = screen_for(out, plain=False, seconds=1)
    screen.tell("Heading:")
    screen.show([Sentence(0.1, "It began.")], PICTURE)
    screen.show([], PICTURE)
    screen.show([Sentence(0.4, "It goes on.", "bad")], attrs.evolve(PICTURE, served=7))
    screen.close()
    screen.tell("The end.")
    seen = Terminal().feed(out.getvalue())
    assert seen.ups == 2
    assert [line.split("  ")[0] for line in seen.text.splitlines()] == [
        "Heading:",
        " 0.1 s",
        " 0.4 s",
        "",
        " provider",
        " alpha",
        "",
        "",
        "The end.",
    ]
    assert "7 of 10 calls served" in seen.text


def test_a_resized_terminal_gets_a_new_table_below_the_old_one(monkeypatch: pytest.MonkeyPatch) -> None:
    out = Output(terminal=True)
    screen = screen_for(out, plain=False, seconds=1)
    screen.show([], PICTURE)
    monkeypatch.setenv("COLUMNS", "60")
    screen.show([], PICTURE)
    screen.show([], PICTURE)
    seen = Terminal().feed(out.getvalue())
    assert (seen.ups, seen.text.count("provider")) == (1, 2)


def test_long_sentences_are_wrapped_below_themselves(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "40")
    out = Output(terminal=True)
    screen_for(out, plain=False, seconds=1).show([Sentence(12.3, "word " * 18)], PICTURE)
    first, second, third = Terminal().feed(out.getvalue()).text.splitlines()[:3]
    assert (first[:8], second[:8], third[:8]) == ("12.3 s  ", "        ", "        ")
    assert max(len(first), len(second), len(third)) < 40


@pytest.mark.parametrize(("value", "colours"), [("1", False), ("", True)])
def test_no_color_is_honoured(value: str, colours: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", value)
    out = Output(terminal=True)
    screen = screen_for(out, plain=False, seconds=1)
    screen.tell("Heading:")
    screen.show([Sentence(0.1, "It began.", "good")], PICTURE)
    screen.show([], PICTURE)
    seen = Terminal().feed(out.getvalue())
    assert bool(seen.colours) is colours
    assert seen.ups == 1


@pytest.mark.parametrize(("encoding", "levels"), [("utf-8", BLOCKS), ("latin-1", LETTERS), ("ascii", LETTERS)])
def test_bars_are_written_in_what_the_terminal_can_show(encoding: str, levels: str) -> None:
    out = Output(terminal=True, encoding=encoding)
    screen_for(out, plain=False, seconds=1).show([], PICTURE)
    assert levels[-1] in out.getvalue()
    out.getvalue().encode(encoding)


def test_plain_lines_bring_figures_now_and_then() -> None:
    out = Output(terminal=False)
    screen = screen_for(out, plain=False, seconds=6)
    for tenth in range(31):
        screen.show([], attrs.evolve(PICTURE, elapsed=tenth / 10))
    assert out.getvalue().count("1 of 10 served: alpha 1 (90 ms)") == 3
