"""The routing package: its names load on first use."""

from __future__ import annotations

import pytest

from agentsea_gateway import routing


def test_every_name_is_there() -> None:
    assert dir(routing) == routing.__all__
    for name in routing.__all__:
        assert getattr(routing, name).__name__ == name


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="RoundRobbin"):
        _ = routing.RoundRobbin  # type: ignore[attr-defined]
