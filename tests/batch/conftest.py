"""For tests of journals."""

from __future__ import annotations

import pytest

from agentsea_gateway.store import lock


@pytest.fixture
def refused_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Who finds a journal in use does not wait whether its run is just ending."""
    monkeypatch.setattr(lock, "HANDOVER", 0.0)
