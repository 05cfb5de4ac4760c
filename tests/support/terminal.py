"""A terminal for tests: understands what the demo writes, and shows what a person would see."""

from __future__ import annotations

import re

TOKEN = re.compile(r"\x1b\[(?P<given>[0-9;?]*)(?P<verb>[A-Za-z])|(?P<text>[^\x1b])", re.DOTALL)


class Terminal:
    """Lines that grow downwards without an end; the cursor moves in them. An unknown sequence is an AssertionError."""

    def __init__(self) -> None:
        self.lines = [""]
        self.row = self.column = 0
        self.ups = 0  # how often the cursor went up
        self.colours = 0  # how many colours were set

    def feed(self, written: str) -> Terminal:
        """Take what a program writes."""
        for token in TOKEN.finditer(written):
            if token["verb"]:
                self._obey(token["verb"], token["given"])
            else:
                self._put(token["text"])
        return self

    @property
    def text(self) -> str:
        """What stands on the screen."""
        return "\n".join(line.rstrip() for line in self.lines).rstrip("\n")

    def _obey(self, verb: str, given: str) -> None:
        if verb == "A":
            self.row = max(0, self.row - int(given or 1))
            self.ups += 1
        elif verb == "K" and not given:
            self.lines[self.row] = self.lines[self.row][: self.column]
        elif verb == "J" and not given:
            self.lines[self.row] = self.lines[self.row][: self.column]
            del self.lines[self.row + 1 :]
        else:
            assert verb == "m", f"nobody taught this terminal {given}{verb}"
            self.colours += given not in ("0", "")

    def _put(self, character: str) -> None:
        if character == "\r":
            self.column = 0
        elif character == "\n":
            self.row, self.column = self.row + 1, 0
            self.lines += [""] * (self.row + 1 - len(self.lines))
        else:
            line = self.lines[self.row].ljust(self.column)
            self.lines[self.row] = line[: self.column] + character + line[self.column + 1 :]
            self.column += 1
