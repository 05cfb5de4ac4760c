"""Where the demo is shown: in place on a terminal, line by line elsewhere."""

from __future__ import annotations

import os
import shutil
import textwrap
from typing import TYPE_CHECKING, Protocol, TextIO

from agentsea_gateway.demo.style import Style
from agentsea_gateway.demo.table import in_words, lines

if TYPE_CHECKING:
    from collections.abc import Sequence

    from agentsea_gateway.demo.board import Sentence
    from agentsea_gateway.demo.table import Picture

PAGE_WIDTH, LOG_WIDTH = 120, 1_000  # columns of paragraphs and of lines, where the output is no terminal
LEAST_WIDTH, LEAST_HEIGHT = 32, 12  # of a terminal that holds the table and a few sentences
FIGURES = 6  # how many lines of figures a plain show has, if it takes as long as it should
STAMP = 8  # columns of the time in front of a sentence

UP, CLEAR_LINE, CLEAR_BELOW = "\x1b[{}A", "\x1b[K", "\r\x1b[J"
LOOKS = {"plain": (), "bad": ("red",), "good": ("green",)}


class Screen(Protocol):
    """What the demo writes to."""

    def tell(self, text: str) -> None:
        """Write paragraphs: text without a time, before or after the show."""
        ...

    def show(self, said: Sequence[Sentence], picture: Picture) -> None:
        """Write what was said since the last time, and the figures as they are now."""
        ...

    def close(self) -> None:
        """Leave the output as it was found. Harmless a second time."""
        ...


def screen_for(out: TextIO, *, plain: bool, seconds: float) -> Screen:
    """The screen that suits this output: Live on a terminal that is large enough and moves its cursor, else Lines."""
    terminal = out.isatty()
    size = shutil.get_terminal_size()
    capable = terminal and os.environ.get("TERM", "dumb") != "dumb"
    if capable and not plain and size.columns >= LEAST_WIDTH and size.lines >= LEAST_HEIGHT:
        return Live(out, Style.of(out))
    return Lines(out, every=seconds / FIGURES, terminal=terminal)


class Lines:
    """Sentences as they come, and a line of figures now and then."""

    def __init__(self, out: TextIO, *, every: float, terminal: bool) -> None:
        self._out = out
        self._every = every
        self._terminal = terminal
        self._due = every

    def tell(self, text: str) -> None:
        """Write paragraphs."""
        self._write(_wrapped(text, _columns() if self._terminal else PAGE_WIDTH))

    def show(self, said: Sequence[Sentence], picture: Picture) -> None:
        """Write the sentences, and the figures where they are due."""
        width = _columns() if self._terminal else LOG_WIDTH
        written = [line for sentence in said for line in _stamped(sentence.at, sentence.text, width)]
        if picture.elapsed >= self._due:
            self._due = picture.elapsed + self._every
            written += _stamped(picture.elapsed, in_words(picture), width)
        self._write(written)

    def close(self) -> None:
        """Nothing is to be put back."""

    def _write(self, written: Sequence[str]) -> None:
        if written:
            self._out.write("".join([f"{line}\n" for line in written]))
            self._out.flush()


class Live:
    """Sentences that stay, and below them the table, drawn again in place."""

    def __init__(self, out: TextIO, style: Style) -> None:
        self._out = out
        self._style = style
        self._drawn = 0  # lines of the table that stand above the cursor
        self._drawn_width = 0

    def tell(self, text: str) -> None:
        """Write paragraphs below what stands there."""
        self._drawn = 0
        self._write([f"{line}\n" for line in _wrapped(text, _columns(), self._style)])

    def show(self, said: Sequence[Sentence], picture: Picture) -> None:
        """Write the sentences above the table, and the table as it is now."""
        width = _columns()
        table = ["", *lines(picture, width, self._style)]
        written = [line for sentence in said for line in _told(sentence, width, self._style)]
        # After a resize nobody knows where the old table stands: it stays, and a new one begins below it.
        back = UP.format(self._drawn) if self._drawn and width == self._drawn_width else ""
        self._drawn, self._drawn_width = len(table), width
        self._write([back, *[f"\r{line}{CLEAR_LINE}\n" for line in (*written, *table)], CLEAR_BELOW])

    def close(self) -> None:
        """Wipe away the ^C that a terminal writes. Nothing else was changed: a killed demo leaves all in order too."""
        if self._drawn:
            self._write([CLEAR_BELOW])

    def _write(self, parts: Sequence[str]) -> None:
        self._out.write("".join(parts))
        self._out.flush()


def _columns() -> int:
    """Columns to use: the last one stays free, where terminals differ on what a full line does."""
    return max(20, shutil.get_terminal_size().columns - 1)


def _told(sentence: Sentence, width: int, style: Style) -> list[str]:
    looks = LOOKS[sentence.mood]
    return [style.paint(line, *looks) for line in _stamped(sentence.at, sentence.text, width)]


def _stamped(at: float, text: str, width: int) -> list[str]:
    stamp = f"{at:4.1f} s".ljust(STAMP)
    return textwrap.wrap(text, width, initial_indent=stamp, subsequent_indent=" " * STAMP)


def _wrapped(text: str, width: int, style: Style | None = None) -> list[str]:
    """Every line of the text at its own indentation; one that begins at the margin and ends in a colon is a heading."""
    found = []
    for line in text.splitlines():
        indent = line[: len(line) - len(line.lstrip())]
        wrapped = textwrap.wrap(line, width, subsequent_indent=f"{indent}  " if indent else "") or [""]
        looks = ("bold",) if line.endswith(":") and not indent else ()
        found += [style.paint(part, *looks) for part in wrapped] if style else wrapped
    return found
