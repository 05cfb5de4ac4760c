"""How text looks on this output: colours where they are wanted, bars where they can be written."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, TextIO

from attrs import frozen

if TYPE_CHECKING:
    from collections.abc import Sequence

_CODES = {"bold": "1", "dim": "2", "red": "31", "green": "32", "yellow": "33", "cyan": "36"}
BLOCKS = " ▁▂▃▄▅▆▇█"
LETTERS = " .:-=+*%#"


@frozen
class Style:
    """Colours or none; `levels` are nine characters from nothing to full."""

    colour: bool = False
    levels: str = LETTERS

    @classmethod
    def of(cls, out: TextIO) -> Style:
        """What suits this terminal. No colours where NO_COLOR is set to anything but "" (no-color.org)."""
        try:
            BLOCKS.encode(out.encoding or "ascii")
        except (UnicodeEncodeError, LookupError):
            levels = LETTERS
        else:
            levels = BLOCKS
        return cls(not os.environ.get("NO_COLOR"), levels)

    def paint(self, text: str, *looks: str) -> str:
        """The text in these looks ("bold", "red", …); as it is where there are no colours."""
        if not self.colour or not looks or not text:
            return text
        return f"\x1b[{';'.join(_CODES[look] for look in looks)}m{text}\x1b[0m"

    def bars(self, values: Sequence[int], most: int) -> str:
        """One character per value, as high as its share of `most`; whatever is above nothing can be seen."""
        top = len(self.levels) - 1
        return "".join(self.levels[-(-value * top // most)] if most else self.levels[0] for value in values)
