"""What the tests of the commands share: an environment without keys, and a sandbox that stands for OpenAI in it."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from agentsea_gateway.testing import Sandbox

if TYPE_CHECKING:
    from collections.abc import Iterator

CONFIGURING = ("_API_KEY", "_BASE_URL", "_TOKEN", "_API_URL", "_PROXY", "_proxy", "_HOST")
NAMES = ("GOOGLE_CLOUD_PROJECT", "GOOGLE_APPLICATION_CREDENTIALS", "AGENTSEA_MODELS")


@pytest.fixture
def bare(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """Nothing is configured."""
    for name in [*os.environ]:
        if name.endswith(CONFIGURING) or name in NAMES or name.startswith("AWS_"):
            monkeypatch.delenv(name)
    return monkeypatch


@pytest.fixture
def box(bare: pytest.MonkeyPatch) -> Iterator[Sandbox]:
    """A sandbox in OpenAI's place, with two models."""
    with Sandbox(models=["gpt-4.1", "gpt-4.1-mini"]) as box:
        bare.setenv("OPENAI_API_KEY", str(box.api_key))
        bare.setenv("OPENAI_BASE_URL", box.openai_url)
        yield box
