"""Who is known to be unable to take a request is skipped, with the reason; what is unknown skips nobody."""

from __future__ import annotations

from typing import Any

import pytest

from agentsea_gateway import Candidate, Gateway, Response
from agentsea_gateway.calls.abilities import SAFE_CHARACTERS, Abilities
from agentsea_gateway.errors import (
    AllProvidersUnavailableError,
    ConfigurationError,
    ContextWindowExceededError,
    InternalServerError,
    NoStreamingProviderError,
    UnsupportedRequestError,
)
from agentsea_gateway.models import table
from agentsea_gateway.testing import ScriptedCompletions, ScriptedProvider
from support.gateways import gateway

TOOLS: list[dict[str, Any]] = [{"type": "function", "function": {"name": "look", "parameters": {"type": "object"}}}]
IMAGE = {"type": "image_url", "image_url": {"url": "https://example.com/a.png"}}
SEEING = [{"role": "user", "content": [{"type": "text", "text": "What is it?"}, IMAGE]}]
SCHEMA = {"type": "object", "properties": {"a": {"type": "integer"}}}


def candidate(name: str, model: str | None = None, **facts: Any) -> Candidate:
    return Candidate(name, ScriptedProvider(default=facts.pop("default", name)), model, **facts)


def skipped(reply: Response) -> dict[str, str]:
    """Who was skipped, and why."""
    assert reply.route is not None
    return {it.candidate: it.reason for it in reply.route.skipped}


@pytest.mark.parametrize(
    ("model", "asked", "reason"),
    [
        ("o1-mini", {"tools": TOOLS}, "its model has no tools"),
        ("gpt-3.5-turbo", {"messages": SEEING}, "its model sees no images"),
        ("claude-3-haiku-20240307", {"response_format": SCHEMA}, "its model keeps to no JSON schema"),
        ("gpt-4", {"messages": "x" * 60_000}, "its context window of 8192 tokens is too small for at least 10000"),
    ],
)
def test_who_is_known_to_be_unable_is_skipped_with_the_reason(model: str, asked: dict[str, Any], reason: str) -> None:
    asked = {"messages": "Hi", **asked}
    gw = gateway(candidate("a", model), candidate("b", "gpt-4.1", default='{"a": 1}'))
    reply = gw.completion(**asked)
    assert reply.served_by == "b"
    assert skipped(reply) == {"a": reason}
    assert f"a: {reason}" in str(reply.route.explain())  # type: ignore[union-attr]
    with gw.stream(**asked) as stream:
        assert stream.served_by == "b"


@pytest.mark.parametrize("model", [None, "my-own", "gpt-6-sol"])
def test_what_is_unknown_skips_nobody(model: str | None) -> None:
    gw = gateway(candidate("a", model))
    for asked in ({"messages": SEEING}, {"messages": "Hi", "tools": TOOLS}, {"messages": "x" * 1_000_000}):
        assert gw.completion(**asked).served_by == "a"  # type: ignore[arg-type]


def test_json_without_a_schema_and_tools_that_may_not_be_used_need_nothing() -> None:
    gw = gateway(candidate("a", "claude-3-haiku-20240307", default="{}"), candidate("b", "o1-mini"))
    assert gw.completion("Hi", response_format={"type": "json_object"}).served_by == "a"
    assert gw.completion("Hi", tools=TOOLS, tool_choice="none", exclude="a").served_by == "b"


def test_a_candidate_may_know_better_than_the_table() -> None:
    more = candidate("a", "gpt-4", context_window=50_000, capabilities={"vision": True})
    gw = gateway(more, candidate("b", "my-own", capabilities={"tools": False}), candidate("c", context_window=100))
    assert gw.completion("x" * 60_000).served_by == "a"
    assert gw.completion(SEEING).served_by == "a"
    assert skipped(gw.completion("Hi", tools=TOOLS, exclude="a"))["b"] == "its model has no tools"
    assert skipped(gw.completion("x" * 660))["c"] == "its context window of 100 tokens is too small for at least 110"
    assert skipped(gw.completion("x" * 600)) == {}


def test_a_provider_may_know_its_own_models() -> None:
    class Knowing:
        def complete(self, messages: Any, tools: Any = None) -> Response:
            return Response("a")

        def model_info(self, model: str) -> dict[str, Any]:
            return {"tools": model != "small"}

    gw = gateway(Candidate("a", Knowing(), "small"), Candidate("b", Knowing(), "large"))
    assert gw.completion("Hi", tools=TOOLS).served_by == "b"


def test_where_everybody_is_unable_a_typed_error_says_so_and_nobody_is_asked() -> None:
    gw = gateway(candidate("a", "o1-mini"), candidate("b", "gpt-3.5-turbo-instruct"), candidate("c"))
    words = (
        r"no candidate can take this request: a: its model has no tools; b: its model has no tools \(say better with"
    )
    with pytest.raises(UnsupportedRequestError, match=words) as caught:
        gw.completion("Hi", tools=TOOLS, exclude="c")
    assert caught.value.route is not None
    assert [it.candidate for it in caught.value.route.skipped] == ["a", "b", "c"]
    assert caught.value.route.attempts == ()
    with pytest.raises(UnsupportedRequestError):
        gw.stream("Hi", tools=TOOLS, exclude="c")


def test_where_the_request_is_too_long_for_everybody_the_error_is_the_one_for_that() -> None:
    with pytest.raises(ContextWindowExceededError, match="its context window of 8192 tokens is too small"):
        gateway(candidate("a", "gpt-4")).completion("x" * 60_000)


def test_where_some_are_unable_and_the_others_fail_all_of_them_are_told() -> None:
    gw = gateway(candidate("a", "o1-mini"), candidate("b", default=InternalServerError("down")))
    with pytest.raises(AllProvidersUnavailableError, match="b: InternalServerError: down; a: its model has no tools"):
        gw.completion("Hi", tools=TOOLS)


def test_who_cannot_stream_is_still_told_apart() -> None:
    gw = Gateway([Candidate("a", ScriptedCompletions(), "gpt-4.1")])
    with pytest.raises(NoStreamingProviderError):
        gw.stream("Hi", tools=TOOLS)


def test_it_can_be_switched_off() -> None:
    gw = gateway(candidate("a", "o1-mini"), check_capabilities=False)
    assert gw.completion("Hi", tools=TOOLS).served_by == "a"
    assert gateway(candidate("a", "o1-mini")).with_options(check_capabilities=False).completion("Hi", tools=TOOLS)
    with pytest.raises(ConfigurationError, match="check_capabilities is 1; give True or False"):
        gateway("a", check_capabilities=1)


def test_a_short_text_is_not_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    def look(*_: Any) -> Any:
        raise AssertionError("a short text was looked at")

    monkeypatch.setattr(Abilities, "__init__", look)
    gw = gateway(candidate("a", "gpt-4.1"))
    assert gw.completion("x" * SAFE_CHARACTERS, temperature=0.5).served_by == "a"
    assert gw.completion([{"role": "user", "content": "Hi"}] * 3, system="x").served_by == "a"


def test_no_model_of_the_table_is_too_small_for_a_text_that_is_not_looked_at() -> None:
    """But for those that are no chat models: embeddings and rerankers."""
    windows = {
        row[0]: row[3]
        for held in table._table()["providers"].values()
        for row in held["models"]
        if row[3] and not any(word in row[0] for word in ("bge", "embed", "rerank", "e5-", "m2-bert", "gte-", "guard"))
    }
    assert {name: window for name, window in windows.items() if window < 4_000} == {}


@pytest.mark.parametrize(
    ("facts", "words"),
    [
        ({"context_window": 0}, "context_window is 0; give a whole number of tokens above 0"),
        ({"context_window": True}, "context_window is True"),
        ({"capabilities": {"tool": True}}, "give True or False for tools, vision, thinking, structured_output"),
        ({"capabilities": {"tools": None}}, "capabilities is"),
        ({"capabilities": "tools"}, "capabilities is 'tools'"),
        ({"prices": {"input": -1}}, "a price is -1"),
        ({"prices": 3}, "prices: "),
    ],
)
def test_a_candidates_facts_are_checked(facts: dict[str, Any], words: str) -> None:
    with pytest.raises(ConfigurationError, match=words):
        candidate("a", **facts)
