"""The public list: what the package promises by name is there, documented, and nothing else is."""

from __future__ import annotations

import importlib
import inspect

import pytest

import agentsea_gateway
from support.source import PACKAGE

# Exporting a name is a decision with a line in the CHANGELOG.
PUBLIC = (
    "Attempt",
    "BreakerPolicy",
    "Cache",
    "Candidate",
    "Config",
    "Gateway",
    "GatewayError",
    "ProviderHealth",
    "Response",
    "RetryPolicy",
    "Route",
    "Stream",
    "ToolCall",
    "Usage",
)

# What programs import from the modules beside it; each may offer more.
BESIDE = {
    "routing": ("CostOptimized", "Failover", "LatencyOptimized", "RoundRobin"),
    "providers": ("Anthropic", "OpenAI"),
    "stream_events": ("Content", "Done", "Start", "Thinking", "ToolCallDelta"),
    "dialects": ("get",),
    "batch": ("Result", "Results"),
}


def undocumented(owner: str, thing: object) -> list[str]:
    """The public classes, functions, methods and properties of `thing` without a docstring of their own."""
    if not (inspect.isclass(thing) or inspect.isroutine(thing)):
        return []
    found = [] if thing.__doc__ else [owner]
    if inspect.isclass(thing):
        for name, member in vars(thing).items():
            is_code = inspect.isfunction(member) or isinstance(member, (property, classmethod, staticmethod))
            if is_code and not name.startswith("_") and not inspect.getdoc(getattr(thing, name)):
                found.append(f"{owner}.{name}")
    return found


def test_the_list_is_what_was_decided() -> None:
    assert sorted(agentsea_gateway.__all__) == sorted(PUBLIC)


def test_dir_shows_the_list() -> None:
    assert dir(agentsea_gateway) == sorted([*PUBLIC, "__version__"])


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="Gatewya"):
        _ = agentsea_gateway.Gatewya  # type: ignore[attr-defined]


@pytest.mark.parametrize("name", PUBLIC)
def test_every_public_name_is_there_and_documented(name: str) -> None:
    assert undocumented(name, getattr(agentsea_gateway, name)) == []


@pytest.mark.parametrize(("module", "name"), [(module, name) for module, names in BESIDE.items() for name in names])
def test_names_beside_it_are_there_and_documented(module: str, name: str) -> None:
    found = importlib.import_module(f"{PACKAGE}.{module}")
    assert undocumented(f"{module}.{name}", getattr(found, name)) == []


def test_the_version_is_the_one_of_the_installed_package() -> None:
    from importlib.metadata import PackageNotFoundError, version

    try:
        installed = version("agentsea-gateway")
    except PackageNotFoundError:
        pytest.skip("the package is not installed: running from the checkout")
    assert agentsea_gateway.__version__ == installed
