"""The project's pages as data: the README, the docs, and the code blocks in them."""

from __future__ import annotations

import re
from pathlib import Path

PROJECT = Path(__file__).parents[2]
README = PROJECT / "README.md"
PAGES = [README, *sorted((PROJECT / "docs").rglob("*.md"))]

BLOCK = re.compile(
    r"^```(?P<language>\w+)(?: needs=(?P<needs>\S+))?[^\n]*\n(?P<code>.*?)^```$", re.MULTILINE | re.DOTALL
)


def blocks(page: Path, language: str) -> list[tuple[int, str]]:
    """The fenced blocks of one language: (line number of the first line, code)."""
    return [(line, code) for line, code, needs in _found(page, language) if not needs]


def foreign_blocks(page: Path) -> list[tuple[int, str, list[str]]]:
    """The Python blocks that are marked with what they need beside this package: "```python needs=openai"."""
    return [(line, code, needs) for line, code, needs in _found(page, "python") if needs]


def _found(page: Path, language: str) -> list[tuple[int, str, list[str]]]:
    text = page.read_text(encoding="utf-8")
    return [
        (text.count("\n", 0, match.start("code")), match["code"], match["needs"].split(",") if match["needs"] else [])
        for match in BLOCK.finditer(text)
        if match["language"] == language
    ]
