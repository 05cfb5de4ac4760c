"""From "provider/model" to a candidate: names, keys and addresses, and what to do where one is missing."""

from __future__ import annotations

import importlib.metadata
from typing import Any

import pytest

from agentsea_gateway import Gateway
from agentsea_gateway.errors import ConfigurationError
from agentsea_gateway.providers import Anthropic, Gemini, OpenAI
from agentsea_gateway.providers.hosts import HOSTS
from agentsea_gateway.providers.resolve import resolve
from agentsea_gateway.testing import ScriptedProvider

OWN = {"anthropic": "ANTHROPIC_API_KEY", "cohere": "CO_API_KEY", "gemini": "GEMINI_API_KEY"}
VARIABLES = OWN | {name: host.key_variable for name, host in HOSTS.items()}


@pytest.fixture(autouse=True)
def no_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in VARIABLES.values():
        monkeypatch.delenv(str(variable), raising=False)
    for variable in ("OPENAI_BASE_URL", "ANTHROPIC_BASE_URL", "GOOGLE_GEMINI_BASE_URL", "GOOGLE_API_KEY"):
        monkeypatch.delenv(variable, raising=False)


@pytest.mark.parametrize("service", VARIABLES)
def test_a_service_takes_its_key_from_its_variable(service: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(str(VARIABLES[service]), "k-123456")
    candidate = resolve(f"{service}/some/model")
    assert (candidate.name, candidate.model, candidate.provider_name) == (
        f"{service}/some/model",
        "some/model",
        service,
    )
    assert "k-123456" not in repr(candidate) + repr(candidate.provider)


@pytest.mark.parametrize("service", VARIABLES)
def test_a_missing_key_names_its_variable(service: str) -> None:
    if service in HOSTS and HOSTS[service].key_optional:
        assert resolve(f"{service}/m").provider_name == service
        return
    with pytest.raises(ConfigurationError, match=f"{service}: no API key; set {VARIABLES[service]} or pass api_key="):
        Gateway([f"{service}/m"])


@pytest.mark.parametrize("text", ["openai", "openai/", "/gpt-4.1", "", "/"])
def test_what_is_no_candidate_says_how_one_is_written(text: str) -> None:
    with pytest.raises(ConfigurationError, match='is no candidate; write "provider/model", such as "openai/gpt-4.1"'):
        resolve(text)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("opanai/gpt-4.1", r"no provider is named 'opanai'; did you mean 'openai'\?"),
        ("anthropics/claude", "did you mean 'anthropic'"),
        ("zzz/m", "there are: anthropic, .*deepseek, .*OpenAI\\(base_url=…\\)"),
    ],
)
def test_an_unknown_provider_comes_with_a_suggestion(text: str, words: str) -> None:
    with pytest.raises(ConfigurationError, match=words):
        resolve(text)


BAD_KEYS = ["k-canary\n", " k-canary", "k-can\nary", "k-can\r\nx: y", "k-cänary", "k-can\x00ary", "k-canary\u2028"]


@pytest.mark.parametrize("build", [OpenAI, Anthropic, Gemini])
@pytest.mark.parametrize("key", BAD_KEYS, ids=ascii)
def test_a_key_that_no_header_can_carry_is_refused_and_not_shown(build: Any, key: str) -> None:
    """F47."""
    with pytest.raises(ConfigurationError, match="the API key holds white space, a line break") as caught:
        build(key)
    assert "can" not in str(caught.value).replace("cannot", "")


@pytest.mark.parametrize("build", [OpenAI, Anthropic, Gemini])
def test_a_key_from_the_environment_is_checked_too(build: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """F47."""
    for variable in ("OPENAI_API_KEY", "ANTHROPIC_API_KEY", "GEMINI_API_KEY"):
        monkeypatch.setenv(variable, "k-canary\n")
    with pytest.raises(ConfigurationError, match="copy it again"):
        build()


@pytest.mark.parametrize("build", [OpenAI, Anthropic, Gemini])
@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"api_key": 5}, "api_key is a int; give a string"),
        ({"api_key": b"k"}, "api_key is a bytes"),
        ({"api_key": ""}, "no API key; set"),
        ({"api_key": "k-1", "base_url": "localhost:8000"}, "base_url must start with http:// or https://"),
        ({"api_key": "k-1", "base_url": 5}, "base_url must start with"),
        ({"api_key": "k-1", "headers": {"x": "a\nb"}}, "the header x holds a newline"),
    ],
)
def test_what_a_provider_cannot_be_built_from(build: Any, given: dict[str, Any], words: str) -> None:
    with pytest.raises(ConfigurationError, match=words):
        build(**given)


def test_addresses_come_from_the_argument_the_variable_or_the_vendor(monkeypatch: pytest.MonkeyPatch) -> None:
    assert OpenAI("k-1").base_url == "https://api.openai.com/v1"
    monkeypatch.setenv("OPENAI_BASE_URL", "http://proxy/v1/")
    assert OpenAI("k-1").base_url == "http://proxy/v1"
    assert OpenAI("k-1", base_url="http://mine/v1").base_url == "http://mine/v1"
    assert OpenAI("k-1", host=HOSTS["groq"]).base_url == "https://api.groq.com/openai/v1"


def test_a_login_in_an_address_is_refused_and_not_shown() -> None:
    """F51."""
    with pytest.raises(ConfigurationError, match="holds a user or password") as caught:
        OpenAI("k-1", base_url="http://me:canary@host/v1")
    assert "canary" not in str(caught.value)


def test_third_parties_add_providers_by_an_entry_point(monkeypatch: pytest.MonkeyPatch) -> None:
    point = importlib.metadata.EntryPoint("acme", "acme_gateway:Acme", "agentsea_gateway.providers")
    monkeypatch.setattr(importlib.metadata.EntryPoint, "load", lambda self: ScriptedProvider)
    monkeypatch.setattr(importlib.metadata, "entry_points", lambda *, group: [point] if group == point.group else [])
    assert Gateway(["acme/any"]).completion("Hi").served_by == "acme/any"


@pytest.mark.parametrize("host", HOSTS.values(), ids=lambda host: host.name)
def test_rows_of_hosts_are_whole(host: Any) -> None:
    assert host.base_url.startswith(("https://", "http://127.0.0.1"))
    assert not host.base_url.endswith("/")
    assert host.path.startswith("/")
    assert host.key_variable.isupper()
    assert host.source[-7:-3] >= "2025"
