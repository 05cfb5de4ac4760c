"""Anthropic's messages as Responses."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest

from agentsea_gateway import errors
from agentsea_gateway.dialects import get
from agentsea_gateway.messages import NATIVE
from agentsea_gateway.response import NO_USAGE, ToolCall, Usage

anthropic = get("anthropic_messages")
TEXT = {"type": "text", "text": "Hi"}
USE = {"type": "tool_use", "id": "toolu_1", "name": "f", "input": {"a": 1}}
THINKING = {"type": "thinking", "thinking": "Hm.", "signature": "sig"}
REDACTED = {"type": "redacted_thinking", "data": "opaque"}


def body(*blocks: Any, reason: Any = "end_turn", usage: Any = None, **more: Any) -> dict[str, Any]:
    return {
        "id": "msg_1",
        "type": "message",
        "role": "assistant",
        "model": "claude-opus-4-8",
        "content": [*blocks],
        "stop_reason": reason,
        "usage": usage,
        **more,
    }


def test_a_plain_answer() -> None:
    given = body(TEXT, usage={"input_tokens": 9, "output_tokens": 12})
    before = copy.deepcopy(given)
    headers = {"Request-Id": "req_1", "anthropic-ratelimit-requests-remaining": "99"}
    found = anthropic.decode_response(given, headers)
    assert (found.content, found.stop_reason, found.model, found.id) == ("Hi", "stop", "claude-opus-4-8", "msg_1")
    assert found.usage == Usage(9, 12)
    assert found.request_id == "req_1"
    assert found.rate_limits == {"remaining_requests": 99.0}
    assert found.raw is given
    assert given == before
    assert found.message == {"role": "assistant", "content": "Hi"}


@pytest.mark.parametrize(
    ("reason", "expected"),
    [
        ("end_turn", "stop"),
        ("stop_sequence", "stop"),
        ("pause_turn", "stop"),
        ("max_tokens", "length"),
        ("model_context_window_exceeded", "length"),
        ("tool_use", "tool_use"),
        ("refusal", "content_filter"),
        ("new_reason", "stop"),
        (None, None),
    ],
)
def test_stop_reasons(reason: Any, expected: str | None) -> None:
    assert anthropic.decode_response(body(TEXT, reason=reason)).stop_reason == expected


def test_a_refusal_says_why() -> None:
    details = {"type": "refusal", "category": "cyber", "explanation": "Not this."}
    found = anthropic.decode_response(body(reason="refusal", stop_details=details))
    assert (found.content, found.refusal, found.stop_reason) == ("", "Not this.", "content_filter")


@pytest.mark.parametrize(
    "given", [{}, body(reason=None), [], "x", None, body(3), body({"type": "text", "text": 3}), {"content": 3}]
)
def test_no_answer_is_malformed(given: Any) -> None:
    """F28."""
    with pytest.raises(errors.MalformedResponseError):
        anthropic.decode_response(given)


def test_an_answer_without_content_but_with_a_reason_is_one() -> None:
    """F28."""
    assert anthropic.decode_response(body()).content == ""


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("rate_limit_error", errors.RateLimitError),
        ("overloaded_error", errors.OverloadedError),
        ("authentication_error", errors.AuthenticationError),
        ("billing_error", errors.QuotaExceededError),
        ("api_error", errors.InternalServerError),
    ],
)
def test_an_error_inside_a_200_is_that_error(kind: str, expected: type[Exception]) -> None:
    """F27, F56."""
    with pytest.raises(expected) as caught:
        anthropic.decode_response({"type": "error", "error": {"type": kind, "message": "x"}, "request_id": "req_9"})
    assert caught.value.request_id == "req_9"


@pytest.mark.parametrize(
    ("usage", "expected"),
    [
        (None, NO_USAGE),
        ("many", NO_USAGE),
        ({"input_tokens": -3, "output_tokens": 0.5}, NO_USAGE),
        (
            {
                "input_tokens": 5,
                "cache_read_input_tokens": 100,
                "cache_creation_input_tokens": 20,
                "output_tokens": 12,
                "output_tokens_details": {"thinking_tokens": 7},
            },
            Usage(125, 12, 100, 20, 7),
        ),
        ({"input_tokens": 5, "output_tokens": 1, "cache_read_input_tokens": "x"}, Usage(5, 1)),
    ],
)
def test_usage_counts_what_was_read_whether_cached_or_not(usage: Any, expected: Usage) -> None:
    """F55."""
    assert anthropic.decode_response(body(TEXT, usage=usage)).usage == expected


def test_tool_calls() -> None:
    found = anthropic.decode_response(body(TEXT, USE, {**USE, "id": "toolu_2", "input": {}}, reason="tool_use"))
    assert found.tool_calls == (
        ToolCall("toolu_1", "f", {"a": 1}, '{"a":1}'),
        ToolCall("toolu_2", "f", {}, "{}"),
    )
    assert found.native is None
    assert NATIVE not in found.message


def test_thinking_its_signature_and_redacted_blocks_ride_in_the_message() -> None:
    blocks = [THINKING, REDACTED, TEXT, USE]
    found = anthropic.decode_response(body(*blocks, reason="tool_use"))
    assert (found.thinking, found.content) == ("Hm.", "Hi")
    message = json.loads(json.dumps(found.message))
    assert message[NATIVE]["parts"] == blocks
    history = [{"role": "user", "content": "x"}, message, {"role": "tool", "tool_call_id": "toolu_1", "content": "y"}]
    assert anthropic.encode_request(history, model="claude-opus-4-8")["messages"][1]["content"] == blocks


@pytest.mark.parametrize(
    ("blocks", "native"),
    [
        ([TEXT], False),
        ([TEXT, USE], False),
        ([{**TEXT, "citations": None}], False),
        ([{**USE, "caller": {"type": "direct"}}], False),
        ([TEXT, TEXT], True),
        ([USE, TEXT], True),
        ([{**USE, "caller": {"type": "code_execution_20260521", "tool_id": "x"}}], True),
        ([{**TEXT, "citations": [{"type": "char_location"}]}], True),
        ([{"type": "compaction", "content": "x"}, TEXT], True),
    ],
)
def test_native_blocks_ride_along_only_where_the_portable_message_would_lose_them(
    blocks: list[Any], native: bool
) -> None:
    assert (anthropic.decode_response(body(*blocks)).native is not None) is native


def test_tools_that_the_server_ran_are_no_calls_of_the_callers() -> None:
    search = {"type": "server_tool_use", "id": "srvtoolu_1", "name": "web_search", "input": {"query": "q"}}
    result = {"type": "web_search_tool_result", "tool_use_id": "srvtoolu_1", "content": [{"type": "web_search_result"}]}
    cited = {**TEXT, "citations": [{"type": "web_search_result_location", "url": "u"}]}
    found = anthropic.decode_response(body(search, result, cited, {"type": "text", "text": " there"}))
    assert (found.content, found.tool_calls, found.stop_reason) == ("Hi there", (), "stop")
    assert found.citations == ({"type": "web_search_result_location", "url": "u"},)
    assert found.native is not None
    assert [block["type"] for block in found.native.parts] == [
        "server_tool_use",
        "web_search_tool_result",
        "text",
        "text",
    ]


def test_lone_surrogates_become_replacement_characters_and_raw_keeps_them() -> None:
    """F30."""
    bad = "a\ud800"
    blocks = [
        {"type": "thinking", "thinking": bad, "signature": "s"},
        {"type": "text", "text": bad, "citations": [{"t": bad}]},
    ]
    found = anthropic.decode_response(body(*blocks, {**USE, "name": bad, "input": {bad: bad}}, id=bad))
    assert found.content == "a\ufffd"
    json.dumps([found.message, found.thinking, found.id, list(found.citations)], ensure_ascii=False).encode()
    assert found.raw["content"][1]["text"] == bad
