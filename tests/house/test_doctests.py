"""Examples run: those in docstrings, and those with a prompt in the README and the docs."""

from __future__ import annotations

import doctest
import importlib
from pathlib import Path

import pytest

from support.pages import PAGES, blocks
from support.source import PACKAGE, modules

OPTIONS = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE
WITH_EXAMPLES = sorted(name for name, module in modules().items() if ">>> " in module.text)


@pytest.mark.parametrize("name", WITH_EXAMPLES)
def test_examples_in_docstrings_run(name: str) -> None:
    module = importlib.import_module(f"{PACKAGE}.{name}" if name else PACKAGE)
    result = doctest.testmod(module, optionflags=OPTIONS)
    assert result.attempted
    assert not result.failed


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_examples_with_a_prompt_in_pages_run(page: Path) -> None:
    globs: dict[str, object] = {}
    runner = doctest.DocTestRunner(optionflags=OPTIONS)
    for line, code in blocks(page, "pycon"):
        example = doctest.DocTestParser().get_doctest(code, globs, page.name, str(page), line)
        runner.run(example, clear_globs=False)
        globs.update(example.globs)
    assert not runner.summarize(verbose=False).failed
