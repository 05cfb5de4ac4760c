"""The site reads the docstrings as an editor shows them: two columns stay two columns, code stays code."""

from __future__ import annotations

import importlib.util
from types import ModuleType

import pytest

from support.pages import PROJECT


@pytest.fixture(scope="module")
def docstrings() -> ModuleType:
    path = PROJECT / "docs" / "_extensions" / "house_docstrings.py"
    spec = importlib.util.spec_from_file_location("house_docstrings", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_two_columns_become_a_list(docstrings: ModuleType) -> None:
    lines = ["Asks.", "", "timeout  seconds, of `all`", "         of it", "model, id  as reported"]
    assert docstrings.rewritten(lines) == [
        "Asks.",
        "",
        "``timeout``",
        "    seconds, of ``all``",
        "    of it",
        "``model``, ``id``",
        "    as reported",
        "",
    ]


def test_a_name_may_stand_alone_above_its_explanation(docstrings: ModuleType) -> None:
    lines = ["top_p, seed, stop", "          sampling"]
    assert docstrings.rewritten(lines) == ["``top_p``, ``seed``, ``stop``", "    sampling", ""]


def test_two_entries_may_stand_on_one_line(docstrings: ModuleType) -> None:
    lines = ["api_key  else a variable;   base_url  else theirs"]
    assert docstrings.rewritten(lines)[:3] == ["``api_key``", "    else a variable", "``base_url``"]


def test_text_examples_and_drawings_stay_what_they_are(docstrings: ModuleType) -> None:
    lines = ["Some text with  two blanks in it, and a", "second line.", "", ">>> 1 + 1", "2", "", "    a", "    └── b"]
    assert docstrings.rewritten(lines) == [
        *("Some text with  two blanks in it, and a", "second line.", ""),
        *(">>> 1 + 1", "2", ""),
        *("::", "", "        a", "        └── b", ""),
    ]
