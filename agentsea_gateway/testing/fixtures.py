"""pytest fixtures: put `pytest_plugins = ["agentsea_gateway.testing.fixtures"]` into your root conftest.py.

It is no entry point on purpose: a plugin that loads itself would be a part of every test run of everybody who has this
package installed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

try:
    import pytest
except ImportError:  # pragma: no cover - there is no pytest to run this under
    raise ImportError("the fixtures need pytest: pip install pytest") from None

from agentsea_gateway.testing.fake_clock import FakeClock
from agentsea_gateway.testing.sandbox import Sandbox
from agentsea_gateway.testing.scripted import ScriptedProvider

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


@pytest.fixture
def make_sandbox() -> Iterator[Callable[..., Sandbox]]:
    """A function that makes Sandboxes (it takes what Sandbox takes); all of them are closed after the test."""
    made: list[Sandbox] = []

    def make(*args: Any, **kwargs: Any) -> Sandbox:
        made.append(Sandbox(*args, **kwargs))
        return made[-1]

    yield make
    failed: list[Exception] = []
    for box in made:
        try:
            box.close()
        except Exception as error:
            failed.append(error)
    if failed:
        raise failed[0]


@pytest.fixture
def sandbox(make_sandbox: Callable[..., Sandbox]) -> Sandbox:
    """A running Sandbox, closed after the test."""
    return make_sandbox()


@pytest.fixture
def fake_clock() -> FakeClock:
    """A clock that only your test moves."""
    return FakeClock()


@pytest.fixture
def scripted_provider(fake_clock: FakeClock) -> ScriptedProvider:
    """A ScriptedProvider on the test's `fake_clock`; give it its lines with `script(...)`."""
    return ScriptedProvider(clock=fake_clock)
