"""Hosts whose paths the sandbox has too: Azure's for OpenAI's models, Google Cloud's for Anthropic's."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from typing import TYPE_CHECKING, Any

import pytest

from agentsea_gateway import Candidate, Gateway
from agentsea_gateway.errors import AuthenticationError, GatewayError, NotFoundError
from agentsea_gateway.providers import Azure, VertexAnthropic
from agentsea_gateway.testing import Reply, Sandbox

if TYPE_CHECKING:
    from collections.abc import Callable

CHAT = {"messages": [{"role": "user", "content": "Hi"}]}
CLAUDE = "/v1/projects/p/locations/global/publishers/anthropic/models/claude-opus-4-8:rawPredict"


def azure(box: Sandbox, key: str) -> Azure:
    return Azure(api_key=key, endpoint=box.azure_url)


def azure_dated(box: Sandbox, key: str) -> Azure:
    return Azure(api_key=key, endpoint=box.azure_url, api_version="2024-10-21")


def azure_entra(box: Sandbox, key: str) -> Azure:
    return Azure(token=lambda: key, endpoint=box.azure_url)


def vertex(box: Sandbox, key: str) -> VertexAnthropic:
    return VertexAnthropic("p", "global", access_token=key, base_url=box.anthropic_url)


HOSTS = (azure, azure_dated, azure_entra, vertex)


@pytest.mark.parametrize("host", HOSTS)
def test_it_answers_plain_and_streamed(host: Callable[[Sandbox, str], Any], no_leaks: None) -> None:
    with Sandbox(models=["m@1"]) as box, Gateway([Candidate("it", host(box, box.api_key), "m@1")]) as gw:
        plain = gw.completion("Hi", max_tokens=10)
        with gw.stream("Hi", max_tokens=10) as stream:
            text = "".join(stream.text)
        assert plain.content == text == stream.response.content == "sandbox: Hi"
        assert (plain.model, stream.response.model) == ("m@1", "m@1")
        assert [request.model for request in box.requests] == ["m@1", "m@1"]
        assert [request.streamed for request in box.requests] == [False, True]


@pytest.mark.parametrize("host", HOSTS)
@pytest.mark.parametrize(("key", "model", "kind"), [("no", "m", AuthenticationError), (None, "other", NotFoundError)])
def test_it_refuses_a_wrong_key_and_a_model_that_is_not_there(
    host: Callable[[Sandbox, str], Any], key: str | None, model: str, kind: type[GatewayError]
) -> None:
    with Sandbox(models=["m"]) as box:
        gw = Gateway([Candidate("it", host(box, key or box.api_key), model)])
        with pytest.raises(GatewayError) as caught:
            gw.completion("Hi", max_tokens=10)
        assert caught.value.route is not None
        assert caught.value.route.attempts[0].error == kind.__name__


def test_azures_models_are_listed() -> None:
    with Sandbox(models=["m"]) as box:
        assert list(azure_dated(box, box.api_key).models()) == ["m"]


def status_of(box: Sandbox, path: str, body: dict[str, Any], **headers: str) -> int:
    request = urllib.request.Request(box.base_url + path, json.dumps(body).encode(), headers)
    try:
        with urllib.request.urlopen(request, timeout=5) as reply:
            return int(reply.status)
    except urllib.error.HTTPError as error:
        with error:
            return error.code


def test_a_dated_path_wants_its_version() -> None:
    with Sandbox([Reply("x")]) as box:
        path = "/openai/deployments/d/chat/completions"
        assert status_of(box, path, CHAT, **{"api-key": box.api_key}) == 404
        assert status_of(box, f"{path}?api-version=2024-10-21", CHAT, **{"api-key": box.api_key}) == 200


def test_openai_itself_does_not_know_azures_header() -> None:
    with Sandbox() as box:
        body = {**CHAT, "model": "m"}
        assert status_of(box, "/v1/chat/completions", body, **{"api-key": box.api_key}) == 401


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({}, 200),
        ({"anthropic_version": "2026-10-21"}, 200),
        ({"anthropic_version": "2026-10-21", "temperature": 0}, 400),
        ({"anthropic_version": None}, 400),
        ({"anthropic_version": "2023-06-01"}, 400),
        ({"model": "claude-opus-4-8"}, 400),
        ({"max_tokens": None}, 400),
    ],
)
def test_google_cloud_wants_the_version_in_the_body_and_no_model(changes: dict[str, Any], status: int) -> None:
    body = {**CHAT, "max_tokens": 5, "anthropic_version": "vertex-2023-10-16", **changes}
    with Sandbox() as box:
        sent = {name: value for name, value in body.items() if value is not None}
        assert status_of(box, CLAUDE, sent, authorization=f"Bearer {box.api_key}") == status
