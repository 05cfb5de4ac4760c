"""What the page on views shows is what the examples do, word for word; their tests run it."""

from __future__ import annotations

from pathlib import Path

import pytest

from support.pages import PROJECT, blocks

PAGE = PROJECT / "docs" / "views.md"
EXAMPLES = "".join(path.read_text(encoding="utf-8") for path in sorted((PROJECT / "examples").glob("*.py")))
QUOTED = blocks(PAGE, "py")


@pytest.mark.parametrize(("line", "code"), QUOTED, ids=[f"{Path(PAGE).name}:{line}" for line, _ in QUOTED])
def test_the_page_quotes_the_examples(line: int, code: str) -> None:
    assert code in EXAMPLES
