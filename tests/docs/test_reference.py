"""The reference is complete: every error with what to do, every public name, every page in the table of contents."""

from __future__ import annotations

import importlib
import inspect
import re

import pytest

import agentsea_gateway
from agentsea_gateway import errors
from support.pages import PROJECT
from support.source import PACKAGE

DOCS = PROJECT / "docs"
ERRORS = (DOCS / "errors.md").read_text(encoding="utf-8")
KINDS = [kind for kind in vars(errors).values() if inspect.isclass(kind) and issubclass(kind, errors.GatewayError)]
ROW = re.compile(r"^\| `(?P<name>\w+)`[^|]* \|(?P<when>[^|]+)\|(?P<rest>.+)\|$", re.MULTILINE)
LISTED = ("routing", "providers", "models", "batch", "testing")  # modules that promise every name of their own list


def test_every_error_says_when_and_what_to_do() -> None:
    rows = [(row["name"], [row["when"], *row["rest"].split("|")]) for row in ROW.finditer(ERRORS)]
    said = {name: [cell.strip() for cell in cells] for name, cells in rows}
    assert set(said) == {kind.__name__ for kind in KINDS}
    assert not [name for name, cells in said.items() if not all(cells)]


def test_the_outcomes_in_the_reference_are_those_on_the_classes() -> None:
    wrong = []
    for row in ROW.finditer(ERRORS):
        kind = getattr(errors, row["name"])
        outcome = row["rest"].split("|")[0].split(":")[0].split(" for")[0].strip().replace(" ", "_")
        if issubclass(kind, errors.ProviderError) and "kinds" not in row[0] and outcome != kind.outcome:
            wrong.append((row["name"], outcome))
    assert not wrong


def test_the_tree_in_the_reference_is_the_class_tree() -> None:
    path: list[str] = []
    drawn = {}
    for indent, name in re.findall(r"^((?:[│ ]   )*(?:[├└]── )?)(\w+Error)$", ERRORS, re.MULTILINE):
        path = [*path[: len(indent) // 4], name]
        drawn[name] = path[-2] if indent else "Exception"
    assert drawn == {kind.__name__: kind.__bases__[0].__name__ for kind in KINDS}


@pytest.mark.parametrize("module", ["", *LISTED])
def test_every_public_name_is_in_the_api_reference(module: str) -> None:
    pages = "".join(page.read_text(encoding="utf-8") for page in (DOCS / "api").glob("*.md"))
    where = f"{PACKAGE}.{module}" if module else PACKAGE
    names = importlib.import_module(where).__all__ if module else agentsea_gateway.__all__
    missing = [name for name in names if f"{where}.{name}\n" not in pages and name not in vars(errors)]
    assert not missing


def test_every_page_is_in_the_table_of_contents_once() -> None:
    tree = re.compile(r"^```\{toctree\}\n(.*?)^```", re.MULTILINE | re.DOTALL)
    listed = []
    for page in DOCS.rglob("*.md"):
        lines = "".join(tree.findall(page.read_text(encoding="utf-8"))).splitlines()
        listed += [page.parent / f"{line}.md" for line in lines if line and not line.startswith(":")]
    assert sorted(listed) == sorted({*DOCS.rglob("*.md")} - {DOCS / "index.md"})


def test_pages_fetch_nothing_from_elsewhere() -> None:
    sources = [*DOCS.rglob("*.md"), *DOCS.rglob("*.py"), *DOCS.rglob("*.css")]
    fetching = re.compile(r"@import|url\(\s*[\"']?https?:|<script|<img[^>]+https?:|!\[[^]]*\]\(https?:")
    assert not [page.name for page in sources if fetching.search(page.read_text(encoding="utf-8"))]
