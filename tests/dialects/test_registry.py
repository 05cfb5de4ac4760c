"""Dialects by name, and that each offers what the protocol says."""

from __future__ import annotations

import inspect
import subprocess
import sys

import pytest

from agentsea_gateway import dialects
from agentsea_gateway.dialects.dialect import Dialect, StreamDecoder
from agentsea_gateway.errors import ConfigurationError


@pytest.mark.parametrize("name", dialects.NAMES)
def test_a_dialect_offers_every_member_of_the_protocol(name: str) -> None:
    dialect = dialects.get(name)
    assert name == dialect.NAME
    assert isinstance(dialect.API_VERSION, str)
    for name_, _ in inspect.getmembers(Dialect, inspect.isfunction):
        if not name_.startswith("_"):
            assert callable(getattr(dialect, name_)), name_
    decoder: StreamDecoder = dialect.decoder()
    assert decoder.ended is False


@pytest.mark.parametrize("name", ["", "openai", "../errors", "dialect"])
def test_an_unknown_name_is_refused_with_those_that_exist(name: str) -> None:
    with pytest.raises(ConfigurationError, match=", ".join(dialects.NAMES)):
        dialects.get(name)


def test_the_package_loads_no_dialect_before_it_is_asked_for() -> None:
    code = (
        "import sys; from agentsea_gateway import dialects\n"
        "loaded = lambda name: f'agentsea_gateway.dialects.{name}' in sys.modules\n"
        "before = loaded('openai_chat'); dialects.get('openai_chat')\n"
        "print(before, loaded('openai_chat'), loaded('anthropic_messages'))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", "True", "False"]
