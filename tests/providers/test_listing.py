"""A host's list of its models: asked for with a GET, in the shapes that hosts use."""

from __future__ import annotations

from typing import Any

import pytest
import requests
import responses

from agentsea_gateway.errors import AuthenticationError, MalformedResponseError, NotFoundError
from agentsea_gateway.providers import Anthropic, Gemini, OpenAI, Vertex
from agentsea_gateway.providers.listing import listed_models
from agentsea_gateway.testing import Sandbox


@pytest.fixture
def box() -> Any:
    with Sandbox(models=["gpt-4.1", "gpt-4.1-mini"]) as box:
        yield box


@pytest.mark.parametrize("session", [None, requests.Session()], ids=["wire", "session"])
def test_openai_is_asked_with_a_get_that_has_no_body(box: Sandbox, session: requests.Session | None) -> None:
    provider = OpenAI(box.api_key, base_url=box.openai_url, session=session)
    assert provider.models() == ("gpt-4.1", "gpt-4.1-mini")
    (request,) = box.requests
    assert (request.method, request.path, request.data) == ("GET", "/v1/models", b"")
    provider.close()


def test_anthropic_has_a_list_too(box: Sandbox) -> None:
    assert Anthropic(box.api_key, base_url=box.anthropic_url).models() == ("gpt-4.1", "gpt-4.1-mini")
    assert box.requests[0].query == "limit=1000"


def test_the_connection_serves_the_next_request(box: Sandbox) -> None:
    provider = OpenAI(box.api_key, base_url=box.openai_url)
    provider.models()
    provider.complete([{"role": "user", "content": "Hi"}], model="gpt-4.1")
    assert (box.hits, box.connections) == (2, 1)
    provider.close()


def test_a_wrong_key_is_the_error_that_a_call_would_raise(box: Sandbox) -> None:
    with pytest.raises(AuthenticationError) as caught:
        OpenAI("sk-wrong-1234567", base_url=box.openai_url).models()
    assert "sk-wrong" not in str(caught.value)


@responses.activate
def test_what_takes_the_place_of_the_wire_sees_a_get() -> None:
    responses.get("https://api.openai.com/v1/models", json={"data": [{"id": "one"}]})
    assert OpenAI("sk-1234567").models() == ("one",)


@responses.activate
def test_gemini_names_stand_under_models() -> None:
    responses.get(
        "https://generativelanguage.googleapis.com/v1/models?pageSize=1000", json={"models": [{"name": "models/flash"}]}
    )
    assert Gemini("AIza-1234567").models() == ("flash",)


def test_who_has_no_list_says_so() -> None:
    with pytest.raises(NotFoundError, match="no list of its models"):
        Vertex("project", access_token="token").models()


@pytest.mark.parametrize(
    ("body", "names"),
    [
        ({"data": [{"id": "a"}, {"id": "b"}]}, ("a", "b")),
        ({"models": [{"name": "a"}]}, ("a",)),
        ([{"id": "a"}, {"id": None}, "b"], ("a",)),
        ({"data": []}, ()),
    ],
)
def test_the_shapes_of_lists(body: Any, names: tuple[str, ...]) -> None:
    assert listed_models(body) == names


@pytest.mark.parametrize("body", [{}, {"data": "a"}, "a", None])
def test_anything_else_is_malformed(body: Any) -> None:
    with pytest.raises(MalformedResponseError):
        listed_models(body)
