"""The portable messages and options as Anthropic requests, and back."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from agentsea_gateway.dialects import get
from agentsea_gateway.dialects.anthropic_messages.models import Claude, rules
from agentsea_gateway.errors import InvalidRequestError, UnsupportedRequestError
from agentsea_gateway.messages import NATIVE, with_native

anthropic = get("anthropic_messages")
USER = {"role": "user", "content": "Hi"}
MARK = {"type": "ephemeral"}
TOOL = {
    "type": "function",
    "function": {"name": "f", "description": "d", "parameters": {"type": "object", "properties": {}}},
}
OLD, NEW = "claude-sonnet-4-5", "claude-opus-4-8"


def call(call_id: str = "toolu_1", arguments: Any = '{"a": 1}', name: str = "f") -> dict[str, Any]:
    return {"id": call_id, "type": "function", "function": {"name": name, "arguments": arguments}}


def calling(*ids: str) -> dict[str, Any]:
    return {"role": "assistant", "content": "", "tool_calls": [call(each) for each in ids]}


def result(call_id: str = "toolu_1", content: Any = "42", **more: Any) -> dict[str, Any]:
    return {"role": "tool", "tool_call_id": call_id, "content": content, **more}


def sent(*messages: Any, model: str = OLD, **options: Any) -> Any:
    return anthropic.encode_request([*messages], model=model, **options)


def turns(*messages: Any, model: str = OLD) -> Any:
    return sent(*messages, model=model)["messages"]


def text(words: str, **more: Any) -> dict[str, Any]:
    return {"type": "text", "text": words, **more}


def test_messages_and_options_are_the_body() -> None:
    body = sent(
        {"role": "system", "content": "Be brief."},
        USER,
        max_tokens=5,
        temperature=0.5,
        top_p=0.9,
        top_k=4,
        stop="x",
        user="u",
        stream=True,
        extra_body={"service_tier": "auto"},
    )
    assert body == {
        "model": OLD,
        "max_tokens": 5,
        "system": "Be brief.",
        "messages": [{"role": "user", "content": [text("Hi")]}],
        "stream": True,
        "temperature": 0.5,
        "top_p": 0.9,
        "top_k": 4,
        "stop_sequences": ["x"],
        "metadata": {"user_id": "u"},
        "service_tier": "auto",
    }


def test_the_limit_that_the_api_demands_is_there_without_being_asked_for() -> None:
    assert sent(USER, model="claude-3-haiku-20240307")["max_tokens"] == 4096
    assert sent(USER, model=NEW)["max_tokens"] == 16384


def test_what_the_api_cannot_express_is_listed() -> None:
    found = anthropic.encode(
        [
            {**USER, "name": "bob"},
            {"role": "user", "content": [{"type": "image_url", "image_url": {"url": "https://a", "detail": "low"}}]},
        ],
        model=OLD,
        seed=1,
        presence_penalty=1,
        frequency_penalty=1,
        stop=["\n", "x"],
        metadata={"user_id": "u", "more": "x"},
        tool_choice="required",
    )
    assert set(found.degraded) == {
        "name",
        "image_url.detail",
        "seed",
        "presence_penalty",
        "frequency_penalty",
        "stop",
        "metadata",
        "tool_choice",
    }
    assert found.body["stop_sequences"] == ["x"]
    assert found.body["metadata"] == {"user_id": "u"}


def test_a_temperature_beyond_anthropics_scale_is_its_hottest() -> None:
    found = anthropic.encode([USER], model=OLD, temperature=1.7)
    assert (found.body["temperature"], found.degraded) == (1, ("temperature",))


def test_neighbours_of_one_role_are_joined_and_empty_turns_fall_out() -> None:
    assert turns(
        {"role": "user", "content": "a"},
        {"role": "assistant", "content": ""},
        {"role": "user", "content": [text(" "), text("b")]},
        {"role": "assistant", "content": "c"},
        {"role": "assistant", "content": "d  \n"},
    ) == [
        {"role": "user", "content": [text("a"), text("b")]},
        {"role": "assistant", "content": [text("c"), text("d")]},
    ]


@pytest.mark.parametrize("messages", [[{"role": "system", "content": "s"}], [{"role": "user", "content": " "}], []])
def test_a_request_without_anything_for_the_user_turn_is_refused(messages: list[Any]) -> None:
    with pytest.raises(UnsupportedRequestError, match="user message"):
        anthropic.encode(messages, model=OLD)


def test_a_conversation_that_the_assistant_begins_gets_a_users_turn_first() -> None:
    found = turns({"role": "assistant", "content": "Hello!"}, USER)
    assert [turn["role"] for turn in found] == ["user", "assistant", "user"]


def test_results_of_tools_are_grouped_in_one_user_turn_and_stand_first() -> None:
    found = turns(
        USER,
        calling("a", "b"),
        result("a"),
        {"role": "user", "content": "and"},
        result(
            "b", [text("x"), {"type": "image_url", "image_url": {"url": "data:image/png;base64,AA"}}], is_error=True
        ),
    )
    assert found[1:] == [
        {
            "role": "assistant",
            "content": [
                {"type": "tool_use", "id": "a", "name": "f", "input": {"a": 1}},
                {"type": "tool_use", "id": "b", "name": "f", "input": {"a": 1}},
            ],
        },
        {
            "role": "user",
            "content": [
                {"type": "tool_result", "tool_use_id": "a", "content": "42"},
                {
                    "type": "tool_result",
                    "tool_use_id": "b",
                    "content": [
                        text("x"),
                        {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "AA"}},
                    ],
                    "is_error": True,
                },
                text("and"),
            ],
        },
    ]


def test_ids_of_another_vendor_are_moved_to_anthropics_rules_and_stay_together() -> None:
    found = turns(
        USER, calling("functions.f:0"), result("functions.f:0"), calling("functions.f:0"), result("functions.f:0")
    )
    uses = [found[1]["content"][0]["id"], found[3]["content"][0]["id"]]
    assert uses == [found[2]["content"][0]["tool_use_id"], found[4]["content"][0]["tool_use_id"]]
    assert len(set(uses)) == 2
    assert all(letter.isalnum() or letter in "_-" for letter in "".join(uses))


@pytest.mark.parametrize(
    ("messages", "words"),
    [
        ([USER, result()], "did not make"),
        ([USER, calling("a"), result("a"), result("a")], "did not make"),
        ([USER, calling("a"), result("b")], "did not make"),
        ([USER, calling("a"), USER], "results of the tool calls 'a'"),
        (
            [USER, calling("a", "b"), result("a"), {"role": "assistant", "content": "x"}],
            "results of the tool calls 'b'",
        ),
    ],
)
def test_orphaned_results_and_unanswered_calls_are_refused_with_the_way_out(messages: list[Any], words: str) -> None:
    with pytest.raises(UnsupportedRequestError, match=words):
        anthropic.encode(messages, model=OLD)


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ('{"a": 1}', {"a": 1}),
        ("", {}),
        (None, {}),
        ({"a": 1}, {"a": 1}),
        ('{"a', {"INVALID_JSON": '{"a'}),
        ("[1]", {"INVALID_JSON": "[1]"}),
    ],
)
def test_arguments_become_an_object(arguments: Any, expected: dict[str, Any]) -> None:
    messages = [USER, {"role": "assistant", "content": None, "tool_calls": [call("a", arguments)]}, result("a")]
    assert turns(*messages)[1]["content"][0]["input"] == expected


DATA = "data:application/pdf;base64,AA"


@pytest.mark.parametrize(
    ("part", "block"),
    [
        ({"type": "text", "text": "t", "cache_control": MARK}, text("t", cache_control=MARK)),
        ({"type": "refusal", "refusal": "no"}, text("no")),
        (
            {"type": "image_url", "image_url": {"url": "https://a/b.png"}, "cache_control": MARK},
            {"type": "image", "source": {"type": "url", "url": "https://a/b.png"}, "cache_control": MARK},
        ),
        (
            {"type": "image_url", "image_url": "data:image/jpeg;base64,AA"},
            {"type": "image", "source": {"type": "base64", "media_type": "image/jpeg", "data": "AA"}},
        ),
        (
            {"type": "file", "file": {"file_data": DATA, "filename": "a.pdf"}, "citations": {"enabled": True}},
            {
                "type": "document",
                "source": {"type": "base64", "media_type": "application/pdf", "data": "AA"},
                "title": "a.pdf",
                "citations": {"enabled": True},
            },
        ),
        (
            {"type": "file", "file": {"file_id": "file_1"}},
            {"type": "document", "source": {"type": "file", "file_id": "file_1"}},
        ),
        (
            {"type": "file", "file": {"file_data": "https://a/b.pdf"}},
            {"type": "document", "source": {"type": "url", "url": "https://a/b.pdf"}},
        ),
        (
            {"type": "file", "file": {"file_data": "data:text/markdown;base64,w7w="}},
            {"type": "document", "source": {"type": "text", "media_type": "text/plain", "data": "ü"}},
        ),
        (
            {"type": "file", "file": {"file_data": "data:image/png;base64,AA"}},
            {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "AA"}},
        ),
        (
            {"type": "document_url", "document_url": "https://a/b.pdf"},
            {"type": "document", "source": {"type": "url", "url": "https://a/b.pdf"}},
        ),
        (
            {"type": "file_url", "file_url": {"url": "https://a/b.pdf"}},
            {"type": "document", "source": {"type": "url", "url": "https://a/b.pdf"}},
        ),
        ({"type": "container_upload", "file_id": "f"}, {"type": "container_upload", "file_id": "f"}),
    ],
)
def test_parts_become_blocks(part: dict[str, Any], block: dict[str, Any]) -> None:
    assert turns({"role": "user", "content": [part]})[0]["content"] == [block]


@pytest.mark.parametrize(
    "part",
    [
        {"type": "input_audio", "input_audio": {"data": "AA", "format": "wav"}},
        {"type": "video_url", "video_url": {"url": "u"}},
        {"type": "image_url", "image_url": {"url": "ftp://a"}},
        {"type": "image_url", "image_url": {}},
        {"type": "file", "file": {"file_data": "data:application/zip;base64,AA"}},
        {"type": "file", "file": {}},
        {"type": "file"},
    ],
)
def test_parts_that_no_block_can_express_are_refused(part: dict[str, Any]) -> None:
    with pytest.raises(UnsupportedRequestError, match=r"messages\[0\]"):
        turns({"role": "user", "content": [part]})


def test_cache_marks_on_messages_tools_and_calls() -> None:
    body = sent(
        {"role": "system", "content": "s", "cache_control": MARK},
        {"role": "user", "content": [text("a"), text("b")], "cache_control": MARK},
        {"role": "assistant", "content": "", "tool_calls": [{**call("a"), "cache_control": MARK}]},
        result("a", cache_control=MARK),
        tools=[{**TOOL, "cache_control": MARK}],
    )
    assert body["system"] == [text("s", cache_control=MARK)]
    assert body["messages"][0]["content"] == [text("a"), text("b", cache_control=MARK)]
    assert body["messages"][1]["content"][0]["cache_control"] == MARK
    assert body["messages"][2]["content"][0]["cache_control"] == MARK
    assert body["tools"][0]["cache_control"] == MARK


def test_tools_and_the_choice_between_them() -> None:
    body = sent(USER, tools=[TOOL, {"type": "function", "function": {"name": "g", "strict": True}}])
    assert body["tools"] == [
        {"name": "f", "description": "d", "input_schema": {"type": "object", "properties": {}}},
        {"name": "g", "input_schema": {"type": "object", "properties": {}}, "strict": True},
    ]
    assert "tool_choice" not in body


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({"tool_choice": "auto"}, {"type": "auto"}),
        ({"tool_choice": "none"}, {"type": "none"}),
        ({"tool_choice": "required"}, {"type": "any"}),
        ({"tool_choice": "none", "parallel_tool_calls": False}, {"type": "none"}),
        ({"tool_choice": {"type": "function", "function": {"name": "f"}}}, {"type": "tool", "name": "f"}),
        ({"parallel_tool_calls": False}, {"type": "auto", "disable_parallel_tool_use": True}),
        ({"parallel_tool_calls": True}, None),
        (
            {"tool_choice": "required", "parallel_tool_calls": False},
            {"type": "any", "disable_parallel_tool_use": True},
        ),
    ],
)
def test_every_form_of_tool_choice(options: dict[str, Any], expected: Any) -> None:
    assert sent(USER, tools=[TOOL], **options).get("tool_choice") == expected


def test_allowed_tools_leaves_the_others_out() -> None:
    choice = {"type": "allowed_tools", "allowed_tools": {"mode": "required", "tools": [{"function": {"name": "g"}}]}}
    body = sent(USER, tools=[TOOL, {"type": "function", "function": {"name": "g"}}], tool_choice=choice)
    assert [tool["name"] for tool in body["tools"]] == ["g"]
    assert body["tool_choice"] == {"type": "any"}


def test_tools_that_anthropic_runs_pass_and_others_free_form_ones_are_refused() -> None:
    search = {"type": "web_search_20260318", "name": "web_search"}
    assert sent(USER, tools=[search])["tools"] == [search]
    with pytest.raises(UnsupportedRequestError, match="custom"):
        sent(USER, tools=[{"type": "custom", "custom": {"name": "c"}}])


def test_a_schema_is_closed_as_the_api_demands() -> None:
    schema = {
        "type": "object",
        "properties": {
            "a": {"type": "array", "items": {"type": "object", "properties": {}}},
            "b": {"$ref": "#/$defs/x"},
        },
        "$defs": {"x": {"anyOf": [{"type": ["object", "null"]}, {"type": "object", "additionalProperties": True}]}},
    }
    before = copy.deepcopy(schema)
    body = sent(USER, response_format={"type": "json_schema", "json_schema": {"name": "n", "schema": schema}})
    assert schema == before
    assert body["output_config"] == {
        "format": {
            "type": "json_schema",
            "schema": {
                "type": "object",
                "additionalProperties": False,
                "properties": {
                    "a": {
                        "type": "array",
                        "items": {"type": "object", "properties": {}, "additionalProperties": False},
                    },
                    "b": {"$ref": "#/$defs/x"},
                },
                "$defs": {
                    "x": {
                        "anyOf": [
                            {"type": ["object", "null"], "additionalProperties": False},
                            {"type": "object", "additionalProperties": True},
                        ]
                    }
                },
            },
        }
    }
    assert "output_config" not in sent(USER, response_format={"type": "text"})
    for refused in ({"type": "json_object"}, {"type": "json_schema"}, {"type": "grammar"}):
        with pytest.raises(UnsupportedRequestError):
            sent(USER, response_format=refused)


@pytest.mark.parametrize(
    ("model", "options", "thinking", "effort", "degraded"),
    [
        (OLD, {"reasoning_effort": "low"}, {"type": "enabled", "budget_tokens": 2048}, None, ()),
        (OLD, {"reasoning_effort": "high", "max_tokens": 5000}, {"type": "enabled", "budget_tokens": 4000}, None, ()),
        (OLD, {"reasoning_effort": "high", "max_tokens": 500}, None, None, ("reasoning_effort",)),
        (OLD, {"reasoning_budget": 3000}, {"type": "enabled", "budget_tokens": 3000}, None, ()),
        (OLD, {"reasoning_budget": 5}, {"type": "enabled", "budget_tokens": 1024}, None, ("reasoning_budget",)),
        (OLD, {"reasoning_effort": "none"}, {"type": "disabled"}, None, ()),
        ("claude-3-5-haiku-latest", {"reasoning_effort": "low"}, None, None, ("reasoning_effort",)),
        ("claude-3-5-haiku-latest", {"reasoning_effort": "none"}, None, None, ()),
        ("claude-opus-4-6", {"reasoning_effort": "xhigh"}, {"type": "adaptive"}, "high", ()),
        ("claude-opus-4-6", {"reasoning_budget": 3000}, {"type": "enabled", "budget_tokens": 3000}, None, ()),
        (NEW, {"reasoning_effort": "minimal"}, {"type": "adaptive"}, "low", ()),
        (NEW, {"reasoning_effort": "xhigh"}, {"type": "adaptive"}, "xhigh", ()),
        (NEW, {"reasoning_budget": 3000}, {"type": "adaptive"}, None, ("reasoning_budget",)),
        (NEW, {"reasoning_effort": "none"}, {"type": "disabled"}, None, ()),
        ("claude-sonnet-5-5", {"reasoning_effort": "none"}, {"type": "between_tools"}, None, ()),
        ("claude-opus-5-5", {"reasoning_effort": "none"}, None, "low", ("reasoning_effort",)),
        ("claude-fable-5-1", {"reasoning_effort": "max"}, {"type": "adaptive"}, "max", ()),
        ("some-other-model", {"reasoning_effort": "medium"}, {"type": "enabled", "budget_tokens": 8192}, None, ()),
    ],
)
def test_reasoning_as_each_claude_takes_it(
    model: str, options: dict[str, Any], thinking: Any, effort: str | None, degraded: tuple[str, ...]
) -> None:
    found = anthropic.encode([USER], model=model, **options)
    assert found.body.get("thinking") == thinking
    assert found.body.get("output_config", {}).get("effort") == effort
    assert found.degraded == degraded
    if thinking and "budget_tokens" in thinking:
        assert found.body["max_tokens"] > thinking["budget_tokens"]


def test_thinking_gives_way_to_a_forced_tool_and_sampling_to_thinking() -> None:
    found = anthropic.encode([USER], model=NEW, reasoning_effort="high", tools=[TOOL], tool_choice="required")
    assert "thinking" not in found.body
    assert found.degraded == ("reasoning_effort",)
    found = anthropic.encode([USER], model=NEW, reasoning_effort="high", temperature=0.3, top_k=3, top_p=0.95)
    assert found.degraded == ("temperature", "top_k")
    assert found.body["top_p"] == 0.95
    assert sent(USER, model=NEW, reasoning_effort="high", temperature=1)["temperature"] == 1


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("claude-3-haiku-20240307", (False, False, None, 4096)),
        ("claude-3-7-sonnet-20250219", (False, True, "disabled", 16384)),
        ("claude-sonnet-4-20250514", (False, True, "disabled", 16384)),
        ("us.anthropic.claude-opus-4-5-20251101-v1:0", (False, True, "disabled", 16384)),
        ("anthropic/claude-4.5-haiku-20251001", (False, True, "disabled", 16384)),
        ("claude-haiku-4-5", (False, True, "disabled", 16384)),
        ("claude-haiku-5-5", (True, False, "disabled", 16384)),
        ("claude-opus-4-6", (True, True, "disabled", 16384)),
        ("claude-opus-4-8@20260101", (True, False, "disabled", 16384)),
        ("claude-mythos-5", (True, False, None, 16384)),
        ("deepseek-chat", (False, True, "disabled", 4096)),
        (None, (False, True, "disabled", 4096)),
    ],
)
def test_what_a_name_tells_of_a_claude(name: str | None, expected: tuple[Any, ...]) -> None:
    found = rules(name)
    assert isinstance(found, Claude)
    assert (found.adaptive, found.budget, found.off, found.max_tokens) == expected


def test_system_messages_inside_the_conversation() -> None:
    inner = [USER, {"role": "system", "content": "Now in French."}, {"role": "assistant", "content": "Oui."}, USER]
    assert [turn["role"] for turn in turns(*inner, model=NEW)] == ["user", "system", "assistant", "user"]
    hoisted = sent({"role": "system", "content": "s"}, *inner, model=OLD)
    assert hoisted["system"] == [text("s"), text("Now in French.")]
    assert [turn["role"] for turn in hoisted["messages"]] == ["user", "assistant", "user"]
    misplaced = sent({"role": "system", "content": "s"}, USER, {"role": "developer", "content": "d"}, USER, model=NEW)
    assert misplaced["system"] == [text("s"), text("d")]


THOUGHT = [{"type": "thinking", "thinking": "Hm", "signature": "s"}, text("Hi")]


def test_own_blocks_go_back_while_the_message_is_unedited_and_are_shed_elsewhere() -> None:
    kept = with_native({"role": "assistant", "content": "Hi"}, "anthropic_messages", THOUGHT)
    edited = {**kept, "content": "Ho"}
    foreign = with_native({"role": "assistant", "content": "Hi"}, "openai_chat", {"reasoning": "r"})
    found = turns(USER, kept, USER, edited, USER, foreign)
    assert found[1]["content"] == THOUGHT
    assert found[3]["content"] == [text("Ho")]
    assert found[5]["content"] == [text("Hi")]
    assert NATIVE not in str(found)
    openai = get("openai_chat").encode_request([USER, kept], model="m")
    assert openai["messages"][1] == {"role": "assistant", "content": "Hi"}


def test_arguments_are_never_changed() -> None:
    messages: list[Any] = [
        {"role": "system", "content": [text("s")], "cache_control": MARK},
        {"role": "user", "content": [text("a")], "cache_control": MARK},
        with_native(
            {"role": "assistant", "content": "Hi", "tool_calls": [call("a")]},
            "anthropic_messages",
            [*THOUGHT, {"type": "tool_use", "id": "a", "name": "f", "input": {}}],
        ),
        result("a", [text("r")], cache_control=MARK),
        {"role": "assistant", "content": "end "},
    ]
    options: dict[str, Any] = {
        "tools": [TOOL],
        "tool_choice": "auto",
        "metadata": {"user_id": "u"},
        "extra_body": {"x": 1},
    }
    before = copy.deepcopy((messages, options))
    anthropic.encode(messages, options, model=NEW, reasoning_effort="low")
    assert (messages, options) == before


ROUND_TRIPS: list[dict[str, Any]] = [
    {"system": [text("a", cache_control=MARK), text("b")], "messages": [{"role": "user", "content": [text("x")]}]},
    {"stop_sequences": ["a", "b"], "top_k": 3, "metadata": {"user_id": "u"}, "mcp_servers": [{"name": "m"}]},
    {"metadata": {}, "betas": ["x"], "cache_control": MARK, "stream": True},
    {"thinking": {"type": "enabled", "budget_tokens": 2000}},
    {"thinking": {"type": "enabled", "budget_tokens": 2000, "display": "omitted"}},
    {"thinking": {"type": "disabled"}},
    {"thinking": {"type": "adaptive", "display": "summarized"}, "model": NEW},
    {"thinking": {"type": "adaptive"}, "output_config": {"effort": "max"}, "model": NEW},
    {"thinking": {"type": "between_tools"}, "output_config": {"effort": "low"}, "model": "claude-sonnet-5-5"},
    {"output_config": {"effort": "low"}, "model": "claude-opus-4-5"},
    {
        "output_config": {
            "format": {"type": "json_schema", "schema": {"type": "object", "additionalProperties": False}},
            "task_budget": {"total": 20000},
        }
    },
    {
        "tools": [
            {
                "name": "f",
                "description": "d",
                "input_schema": {"type": "object"},
                "cache_control": MARK,
                "strict": True,
            },
            {"name": "g", "input_schema": {"type": "object"}, "defer_loading": True, "input_examples": [{}]},
            {"type": "computer_toolset_20260801", "display_width_px": 1},
            {"type": "web_fetch_20260318", "name": "web_fetch", "max_uses": 2},
        ],
        "tool_choice": {"type": "tool", "name": "f", "disable_parallel_tool_use": True},
    },
    {
        "tools": [{"name": "f", "input_schema": {"type": "object"}}],
        "tool_choice": {"type": "auto", "disable_parallel_tool_use": False},
    },
    {
        "messages": [
            {
                "role": "user",
                "content": [
                    text("look", cache_control=MARK),
                    {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "AA"}},
                    {"type": "image", "source": {"type": "url", "url": "https://a"}, "cache_control": MARK},
                    {"type": "image", "source": {"type": "file", "file_id": "f"}},
                    {
                        "type": "document",
                        "source": {"type": "base64", "media_type": "application/pdf", "data": "AA"},
                        "title": "t",
                    },
                    {"type": "document", "source": {"type": "url", "url": "https://a"}, "context": "c"},
                    {
                        "type": "document",
                        "source": {"type": "text", "media_type": "text/plain", "data": "ü"},
                        "citations": {"enabled": True},
                    },
                    {"type": "document", "source": {"type": "content", "content": [text("x")]}},
                    {"type": "document", "source": {"type": "file", "file_id": "f"}},
                    {"type": "search_result", "source": "s", "title": "t", "content": [text("x")]},
                    {"type": "container_upload", "file_id": "f"},
                ],
            },
            {"role": "assistant", "content": [text("a"), text("b")]},
            {"role": "user", "content": [text("go")]},
            {
                "role": "assistant",
                "content": [
                    text("a", cache_control=MARK),
                    {"type": "tool_use", "id": "u1", "name": "f", "input": {"x": [1.5]}},
                ],
            },
            {
                "role": "user",
                "content": [
                    {
                        "type": "tool_result",
                        "tool_use_id": "u1",
                        "content": [text("r", cache_control=MARK)],
                        "is_error": True,
                    },
                    text("next"),
                ],
            },
            {
                "role": "assistant",
                "content": [
                    {"type": "thinking", "thinking": "", "signature": "s"},
                    {"type": "redacted_thinking", "data": "x"},
                    {"type": "server_tool_use", "id": "srv", "name": "web_search", "input": {}},
                    {"type": "web_search_tool_result", "tool_use_id": "srv", "content": []},
                    text("\n"),
                    {
                        "type": "tool_use",
                        "id": "u2",
                        "name": "f",
                        "input": {},
                        "caller": {"type": "code_execution_20260521", "tool_id": "srv"},
                    },
                ],
            },
            {
                "role": "user",
                "content": [
                    {"type": "tool_result", "tool_use_id": "u2", "toolset_name": "browser", "cache_control": MARK}
                ],
            },
            {"role": "system", "content": [text("Be brief.")]},
        ]
    },
    {
        "messages": [
            {"role": "user", "content": [text("x"), {"type": "mid_conv_system", "content": [text("y")]}]},
            {"role": "system", "content": [{"type": "tool_addition", "tool": {"type": "tool_reference", "name": "f"}}]},
            {"role": "assistant", "content": [text("z")]},
            {"role": "system", "content": [text("y")], "output_config": {"effort": "low"}},
        ]
    },
    {"messages": [{"role": "assistant", "content": [text("Hello")]}, {"role": "user", "content": [text("x")]}]},
    {
        "messages": [
            {"role": "user", "content": [text("x")]},
            {
                "role": "assistant",
                "content": [
                    text("\n\n"),
                    {"type": "tool_use", "id": "u", "name": "f", "input": {}, "caller": {"type": "direct"}},
                ],
            },
            {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "u"}]},
        ]
    },
    {"messages": [{"role": "user", "content": [{"type": "image", "source": {"type": "url", "url": "s3://b/k"}}]}]},
    {
        "messages": [
            {
                "role": "user",
                "content": [
                    {"type": "document", "source": {"type": "base64", "media_type": "text/csv", "data": "YQ=="}}
                ],
            }
        ]
    },
    {"output_config": {"format": {"type": "json_schema", "schema": {"type": "string", "minLength": 1}}}},
    {"tool_choice": {"type": "none"}},
    {"tool_choice": {"type": "any"}},
    {
        "tools": [{"name": "f", "input_schema": {"type": "object"}}],
        "tool_choice": {"type": "none", "disable_parallel_tool_use": True},
    },
    {"thinking": {"type": "enabled", "budget_tokens": 2000}, "temperature": 0.5, "top_k": 5},
    {"thinking": {"type": "enabled", "budget_tokens": 100}, "temperature": 1.5},
    {
        "model": NEW,
        "thinking": {"type": "adaptive"},
        "output_config": {"effort": "high"},
        "tools": [{"name": "f", "input_schema": {"type": "object"}}],
        "tool_choice": {"type": "any"},
    },
    {
        "thinking": {"type": "enabled", "budget_tokens": 2000},
        "messages": [
            {"role": "user", "content": [text("x")]},
            {"role": "assistant", "content": [{"type": "tool_use", "id": "u", "name": "f", "input": {}}]},
            {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "u"}]},
        ],
    },
    {"model": "claude-fable-5-1", "thinking": {"block_binding": {"prefix_mismatch_behavior": "drop_block"}}},
    {
        "messages": [
            {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "u"}]},
            {"role": "assistant", "content": [{"type": "tool_use", "id": "u", "name": "f", "input": {}}]},
            {"role": "user", "content": [text("x"), {"type": "tool_result", "tool_use_id": "v"}]},
        ]
    },
    {
        "messages": [
            {"role": "user", "content": [text("x")]},
            {"role": "assistant", "content": [{"type": "tool_use", "id": "u", "name": "f", "input": {}}]},
            {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "u"}]},
            {"role": "assistant", "content": [{"type": "tool_use", "id": "u", "name": "f", "input": {}}]},
            {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "u"}]},
        ]
    },
    {"system": ""},
    {"system": [], "output_config": {}},
    {
        "model": "kimi-k2",
        "messages": [
            {"role": "user", "content": [text("x")]},
            {"role": "assistant", "content": [{"type": "tool_use", "id": "functions.f:0", "name": "f", "input": {}}]},
            {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "functions.f:0"}]},
        ],
    },
]


@pytest.mark.parametrize("given", ROUND_TRIPS)
def test_a_body_taken_apart_and_put_together_says_the_same(given: dict[str, Any]) -> None:
    body = {"model": OLD, "max_tokens": 9000, "messages": [{"role": "user", "content": [text("x")]}], **given}
    before = copy.deepcopy(body)
    messages, options = anthropic.decode_request(body)
    assert body == before
    encoded = anthropic.encode(messages, options)
    assert encoded.degraded == ()
    assert encoded.body == anthropic.encode_request(messages, **options) == body


def test_ids_of_another_maker_are_made_legal_for_claude() -> None:
    made = {"type": "tool_use", "id": "functions.f:0", "name": "f", "input": {}}
    thought = {"type": "thinking", "thinking": "x", "signature": "s"}
    answer = anthropic.decode_response({"model": "kimi-k2", "content": [thought, made], "stop_reason": "tool_use"})
    spoken = (USER, answer.message, result("functions.f:0"))
    assert "functions.f:0" not in str(turns(*spoken, model=NEW))


def test_what_lies_between_is_portable() -> None:
    messages, options = anthropic.decode_request(
        {
            "model": OLD,
            "max_tokens": 9,
            "system": "s",
            "messages": [
                {"role": "user", "content": "x"},
                {
                    "role": "assistant",
                    "content": [text("y"), {"type": "tool_use", "id": "u", "name": "f", "input": {"a": 1}}],
                },
                {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "u", "content": "r"}, text("z")]},
            ],
            "stop_sequences": ["q"],
            "tools": [{"name": "f", "input_schema": {"type": "object"}}],
            "tool_choice": {"type": "any", "disable_parallel_tool_use": True},
            "thinking": {"type": "enabled", "budget_tokens": 2000},
        }
    )
    assert messages == [
        {"role": "system", "content": "s"},
        {"role": "user", "content": "x"},
        {"role": "assistant", "content": "y", "tool_calls": [call("u", '{"a":1}')]},
        {"role": "tool", "tool_call_id": "u", "content": "r"},
        {"role": "user", "content": [text("z")]},
    ]
    assert options == {
        "model": OLD,
        "max_tokens": 9,
        "stop": ["q"],
        "tools": [{"type": "function", "function": {"name": "f", "parameters": {"type": "object"}}}],
        "tool_choice": "required",
        "parallel_tool_calls": False,
        "extra_body": {"thinking": {"type": "enabled", "budget_tokens": 2000}},  # the portable option would give way
    }


@pytest.mark.parametrize(
    "body", [{}, {"messages": 3}, {"messages": [3]}, {"messages": [{"role": "assistant", "content": [3]}]}]
)
def test_a_body_that_is_no_request_is_a_typed_error(body: Any) -> None:
    with pytest.raises(InvalidRequestError):
        anthropic.decode_request(body)


def test_unknown_options_and_shapes_are_typed_errors() -> None:
    with pytest.raises(UnsupportedRequestError, match="best_of"):
        anthropic.encode([USER], model=OLD, best_of=3)
    for wrong in ([{"content": "x"}], [3], 3, [{"role": "user", "content": [3]}]):
        with pytest.raises(InvalidRequestError):
            anthropic.encode(wrong, model=OLD)
