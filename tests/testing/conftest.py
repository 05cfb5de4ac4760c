"""A sandbox and its clients, for every test of the sandbox."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from agentsea_gateway.testing import Sandbox
from support.sandbox_client import ANTHROPIC, DIALECTS, OPENAI, Client, Dialect

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def box(no_leaks: None) -> Iterator[Sandbox]:
    """A sandbox; afterwards no thread and no socket is left."""
    with Sandbox() as made:
        yield made


FIRST = (OPENAI, ANTHROPIC)
# Every test of every fault in two dialects by default, in all with -m slow; test_every_dialect.py is for all of them.
EACH = [pytest.param(each, marks=() if each in FIRST else pytest.mark.slow) for each in DIALECTS]


@pytest.fixture(params=EACH, ids=lambda dialect: dialect.name)
def dialect(request: pytest.FixtureRequest) -> Dialect:
    """Each dialect in turn."""
    found: Dialect = request.param
    return found


@pytest.fixture
def client(box: Sandbox, dialect: Dialect) -> Iterator[Client]:
    """A client of the sandbox, in each dialect."""
    with closing(Client(box, dialect)) as made:
        yield made


@pytest.fixture
def openai(box: Sandbox) -> Iterator[Client]:
    """A client that speaks OpenAI's dialect."""
    with closing(Client(box, OPENAI)) as made:
        yield made


@pytest.fixture
def anthropic(box: Sandbox) -> Iterator[Client]:
    """A client that speaks Anthropic's dialect."""
    with closing(Client(box, ANTHROPIC)) as made:
        yield made
