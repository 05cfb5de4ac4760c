"""How far a batch is, on standard error: by tqdm where that is installed, else a plain line. Only where asked for."""

from __future__ import annotations

import sys
import time
from operator import length_hint
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable

EVERY = 0.2  # seconds between two lines


class PlainBar:
    """A line that is written over, or, where nobody watches a terminal, one line at the end."""

    def __init__(self, total: int | None) -> None:
        self._total = total
        self._done = self._failed = 0
        self._next = 0.0

    def step(self, *, failed: bool) -> None:
        """One row more."""
        self._done += 1
        self._failed += failed
        now = time.monotonic()
        if now >= self._next and sys.stderr.isatty():
            self._next = now + EVERY
            sys.stderr.write("\r" + self._line())
            sys.stderr.flush()

    def close(self) -> None:
        """The last state, and a new line."""
        sys.stderr.write(("\r" if sys.stderr.isatty() else "") + self._line() + "\n")
        sys.stderr.flush()

    def _line(self) -> str:
        of = "" if self._total is None else f"/{self._total}"
        return f"{self._done}{of} rows, {self._failed} failed"


class TqdmBar:
    """tqdm's bar."""

    def __init__(self, tqdm: Any, total: int | None) -> None:
        self._bar = tqdm(total=total, unit="row")
        self._failed = 0

    def step(self, *, failed: bool) -> None:
        """One row more."""
        if failed:
            self._failed += 1
            self._bar.set_postfix(failed=self._failed, refresh=False)
        self._bar.update()

    def close(self) -> None:
        """Leave the bar as it is."""
        self._bar.close()


class NoBar:
    """Nothing is shown."""

    def step(self, *, failed: bool) -> None:
        """One row more."""

    def close(self) -> None:
        """Nothing was shown."""


Bar = PlainBar | TqdmBar | NoBar


def bar_for(rows: Iterable[Any], *, shown: bool) -> Bar:
    """The bar for these rows, counted where they can be."""
    if not shown:
        return NoBar()
    total = length_hint(rows, 0) or None
    try:
        from tqdm.auto import tqdm
    except ImportError:
        return PlainBar(total)
    return TqdmBar(tqdm, total)
