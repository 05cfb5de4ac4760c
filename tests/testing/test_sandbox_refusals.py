"""A sandbox refuses what the vendors refuse, in their words."""

from __future__ import annotations

from typing import Any

import pytest

from agentsea_gateway.testing import Reply, Sandbox
from support.sandbox_client import ANTHROPIC, OPENAI, Client, Dialect

USER = {"role": "user", "content": "Hello"}
CALL = {"id": "c-1", "type": "function", "function": {"name": "f", "arguments": "{}"}}
USE = {"type": "tool_use", "id": "t-1", "name": "f", "input": {}}
RESULT = {"type": "tool_result", "tool_use_id": "t-1", "content": "ok"}


def test_a_missing_key_and_a_wrong_one_are_401(client: Client, dialect: Dialect) -> None:
    """F22"""
    missing, wrong = client.ask(key=None), client.ask(key="sk-canary-wrong")
    assert (missing.status, wrong.status) == dialect.unauthorized
    assert dialect.name == "ollama_chat" or dialect.error(missing.body)[1] != dialect.error(wrong.body)[1]
    assert b"canary" not in wrong.data


def test_without_a_key_of_its_own_a_sandbox_takes_any(dialect: Dialect, no_leaks: None) -> None:
    with Sandbox(api_key=None) as box:
        client = Client(box, dialect)
        assert [client.ask(key=key).status for key in (None, "any")] == [200, 200]
        client.close()


def test_anthropic_takes_its_key_as_a_bearer_token_too(anthropic: Client) -> None:
    """The vendor's own clients send it so since API version 2026-10-21."""
    headers = {"authorization": "Bearer sk-sandbox", "anthropic-version": "2026-10-21"}
    data = anthropic.request_bytes().partition(b"\r\n\r\n")[2]
    assert anthropic.send("POST", "/v1/messages", data, headers).status == 200
    headers["authorization"] = "Bearer wrong"
    assert anthropic.send("POST", "/v1/messages", data, headers).status == 401


def test_an_unknown_path_is_404_in_the_words_of_whoever_is_asked(client: Client, dialect: Dialect) -> None:
    if dialect.nowhere is None:
        pytest.skip("nothing tells whose path it would be")
    got = client.ask(path=dialect.nowhere)
    assert got.status == 404
    dialect.error(got.body)


def test_the_wrong_method_is_405(client: Client, dialect: Dialect) -> None:
    got = client.send("GET", dialect.path, None, dialect.head())
    assert got.status == 405
    dialect.error(got.body)


@pytest.mark.parametrize(
    "data", [b"", b"{", b"[]", b'"text"', b"\xff", b"[" * 100_000], ids=lambda data: repr(data[:8])
)
def test_what_is_no_json_object_is_400(client: Client, dialect: Dialect, data: bytes) -> None:
    got = client.ask(data)
    assert (got.status, dialect.error(got.body)[0]) == dialect.invalid


def test_an_unknown_model_is_404_where_models_are_listed(dialect: Dialect, no_leaks: None) -> None:
    with Sandbox(models=["m-1"]) as box:
        client = Client(box, dialect)
        assert client.ask().status == 200
        got = client.ask(model="m-2")
        assert got.status == 404
        assert "m-2" in dialect.error(got.body)[1]
        client.close()


BAD_FOR_OPENAI: dict[str, dict[str, Any]] = {
    "model parameter": {"model": None},
    "Missing required parameter: 'messages'": {"messages": None},
    "Invalid type for 'messages'": {"messages": "Hello"},
    "empty array": {"messages": []},
    "messages[0].role": {"messages": [{"role": "robot", "content": "Hello"}]},
    "got null": {"messages": [{"role": "user", "content": None}]},
    "Invalid type for 'messages[0].content'": {"messages": [{"role": "user", "content": 7}]},
    "Unknown parameter: 'messages[0]._native'": {"messages": [{**USER, "_native": {}}]},
    "must be a response to a preceeding": {"messages": [{"role": "tool", "tool_call_id": "c-1", "content": "ok"}]},
    "did not have response messages: c-1": {"messages": [{"role": "assistant", "tool_calls": [CALL]}, USER]},
    "response messages: c-1": {"messages": [USER, {"role": "assistant", "tool_calls": [CALL]}]},
    "'stream_options' parameter is only allowed": {"stream_options": {"include_usage": True}},
    "Invalid value for 'tool_choice'": {"tool_choice": "auto"},
    "Invalid type for 'temperature'": {"temperature": "hot"},
    "between 0 and 2": {"temperature": 2.1},
}


@pytest.mark.parametrize("words", BAD_FOR_OPENAI)
def test_openai_refuses_with_400(openai: Client, words: str) -> None:
    got = openai.ask(**BAD_FOR_OPENAI[words])
    assert got.status == 400
    kind, message = OPENAI.error(got.body)
    assert kind == "invalid_request_error"
    assert words in message


BAD_FOR_ANTHROPIC: dict[str, dict[str, Any]] = {
    "model: Field required": {"model": None},
    "max_tokens: Field required": {"max_tokens": None},
    "max_tokens: Input should be a valid integer": {"max_tokens": 1.5},
    "max_tokens: Input should be greater": {"max_tokens": -1},
    "messages: Field required": {"messages": None},
    "messages: Input should be a valid list": {"messages": "Hello"},
    "at least one message is required": {"messages": []},
    'messages.0: Unexpected role "system"': {"messages": [{"role": "system", "content": "Be brief."}, USER]},
    "messages.0.role: Input should be": {"messages": [{"role": "tool", "content": "ok"}]},
    "messages.0.name: Extra inputs": {"messages": [{**USER, "name": "Ann"}]},
    "messages.0.content: Field required": {"messages": [{"role": "user"}]},
    "messages.0: all messages must have non-empty": {"messages": [{"role": "user", "content": ""}, USER]},
    "text content blocks must be non-empty": {
        "messages": [{"role": "user", "content": [{"type": "text", "text": ""}]}]
    },
    "unexpected `tool_use_id`": {"messages": [{"role": "user", "content": [RESULT]}]},
    "messages.1: `tool_use` ids were found without": {"messages": [{"role": "assistant", "content": [USE]}, USER]},
    "blocks immediately after: t-1": {"messages": [USER, {"role": "assistant", "content": [USE]}]},
    "tool_use.id: String should match": {"messages": [USER, {"role": "assistant", "content": [{**USE, "id": "a b"}]}]},
    "Invalid `signature`": {
        "messages": [USER, {"role": "assistant", "content": [{"type": "thinking", "thinking": "x", "signature": "y"}]}]
    },
    "temperature: range": {"temperature": 1.5},
    "tool_choice: Tools must be specified": {"tool_choice": {"type": "auto"}},
    "budget_tokens: Input should be greater": {"thinking": {"type": "enabled", "budget_tokens": 1000}},
    "Expected `thinking` or `redacted_thinking`, but found `tool_use`": {
        "max_tokens": 3000,
        "thinking": {"type": "enabled", "budget_tokens": 2000},
        "messages": [USER, {"role": "assistant", "content": [USE]}, {"role": "user", "content": [RESULT]}],
    },
    "tool_use.input: Input should be": {
        "messages": [
            USER,
            {"role": "assistant", "content": [{**USE, "input": "{"}]},
            {"role": "user", "content": [RESULT]},
        ]
    },
    "must be greater than `thinking.budget_tokens`": {"thinking": {"type": "enabled", "budget_tokens": 2000}},
    "`temperature` may only be set to 1": {
        "max_tokens": 3000,
        "temperature": 0.5,
        "thinking": {"type": "enabled", "budget_tokens": 2000},
    },
}


@pytest.mark.parametrize("words", BAD_FOR_ANTHROPIC)
def test_anthropic_refuses_with_400(anthropic: Client, words: str) -> None:
    got = anthropic.ask(**BAD_FOR_ANTHROPIC[words])
    assert got.status == 400
    kind, message = ANTHROPIC.error(got.body)
    assert kind == "invalid_request_error"
    assert words in message


@pytest.mark.parametrize("version", [None, "2022-01-01"])
def test_anthropic_wants_a_version_it_knows(anthropic: Client, version: str | None) -> None:
    headers = {"x-api-key": "sk-sandbox"} | ({} if version is None else {"anthropic-version": version})
    got = anthropic.send("POST", "/v1/messages", b"{}", headers)
    assert got.status == 400
    assert "anthropic-version" in ANTHROPIC.error(got.body)[1]


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"temperature": 1}, "temperature"),
        ({"top_p": 1}, "top_p"),
        ({"top_k": 5}, "top_k"),
        ({"messages": [USER, {"role": "assistant", "content": [{"type": "document"}]}, USER]}, "document"),
        ({"messages": [{"role": "user", "content": [{"type": "text", "text": "x", "citations": [{}]}]}]}, "citations"),
    ],
)
def test_what_anthropics_newer_version_removed_its_older_one_takes(
    anthropic: Client, changes: dict[str, Any], words: str
) -> None:
    assert anthropic.ask(**changes).status == 200
    data = anthropic.request_bytes(**changes).partition(b"\r\n\r\n")[2]
    got = anthropic.send("POST", "/v1/messages", data, ANTHROPIC.head() | {"anthropic-version": "2026-10-21"})
    assert got.status == 400
    assert words in ANTHROPIC.error(got.body)[1]


def test_a_conversation_with_tools_goes_on_where_every_call_is_answered(openai: Client, anthropic: Client) -> None:
    openai.box.always(Reply.tool("f", a=1))
    said = openai.ask().body["choices"][0]["message"]
    answer = {"role": "tool", "tool_call_id": said["tool_calls"][0]["id"], "content": "ok"}
    assert openai.ask(messages=[USER, said, answer]).status == 200

    blocks = anthropic.ask().body["content"]
    result = {**RESULT, "tool_use_id": blocks[0]["id"]}
    turns = [USER, {"role": "assistant", "content": blocks}, {"role": "user", "content": [result]}]
    assert anthropic.ask(messages=turns).status == 200
    assert anthropic.ask(messages=[*turns, {"role": "system", "content": "Be brief."}]).status == 200


def test_a_signed_thinking_block_is_taken_back_only_unedited(anthropic: Client) -> None:
    anthropic.box.script(Reply("yes", thinking="let me see"))
    blocks = anthropic.ask().body["content"]
    turns = [USER, {"role": "assistant", "content": blocks}, USER]
    assert anthropic.ask(messages=turns).status == 200
    blocks[0]["thinking"] = "let me not see"
    assert anthropic.ask(messages=turns).status == 400


def test_a_refused_request_uses_up_nothing_of_the_script(client: Client, dialect: Dialect) -> None:
    client.box.script("kept")
    client.ask(b"{")
    client.ask(key="wrong")
    assert dialect.text(client.ask()) == "kept"
    assert client.box.hits == 3
