"""The page of hosts is the one that the rows say."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest

PROJECT = Path(__file__).parents[2]
SCRIPT = PROJECT / ".ci" / "hosts.py"


@pytest.mark.skipif(not SCRIPT.exists(), reason="this is no checkout: the script that writes the page is not here")
def test_the_page_of_hosts_is_current() -> None:
    spec = importlib.util.spec_from_file_location("hosts_page", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    script = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(script)
    written = (PROJECT / "docs" / "hosts.md").read_text(encoding="utf-8")
    assert written == script.page(), "run `python .ci/hosts.py`"
