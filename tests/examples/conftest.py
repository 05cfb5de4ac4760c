"""The examples as modules, with a sandbox in OpenAI's place where the environment names the models."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from agentsea_gateway.testing import Reply, Sandbox

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import ModuleType

EXAMPLES = Path(__file__).parents[2] / "examples"


@pytest.fixture(scope="module")
def box() -> Iterator[Sandbox]:
    """The provider that the examples ask."""
    with Sandbox(answers) as box, pytest.MonkeyPatch.context() as patch:
        patch.setenv("OPENAI_API_KEY", str(box.api_key))
        patch.setenv("OPENAI_BASE_URL", box.openai_url)
        patch.setenv("AGENTSEA_MODELS", "openai/gpt-4.1")
        yield box


def answers(request) -> Reply:
    """A long answer, slowly, for who asks for one; else what was asked."""
    if request.text == "long":
        return Reply("word " * 1_000, pause=0.01)
    return Reply(f"you said {request.text}", pause=0.02)


@pytest.fixture(scope="module")
def load() -> Callable[[str], ModuleType]:
    """Import an example by its name."""

    def loaded(name: str) -> ModuleType:
        spec = importlib.util.spec_from_file_location(name, EXAMPLES / f"{name}.py")
        assert spec is not None
        assert spec.loader is not None
        module = sys.modules[name] = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        return module

    return loaded
