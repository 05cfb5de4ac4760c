"""The request side of Bedrock's Converse dialect: blocks, tools, reasoning by model, and the way back."""

from __future__ import annotations

import copy
import json
from functools import cache
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from agentsea_gateway.dialects import bedrock_converse, get
from agentsea_gateway.dialects.bedrock_converse import decode_request, encode, encode_request
from agentsea_gateway.errors import InvalidRequestError, ProviderError, UnsupportedRequestError
from agentsea_gateway.messages import checked
from support.wire import DIALECTS, FOLDER, WHY_SKIPPED, recordings
from support.wire_bedrock import same_request

CLAUDE = "us.anthropic.claude-sonnet-4-5-20250929-v1:0"
NEW_CLAUDE = "global.anthropic.claude-opus-4-8"
NOVA = "us.amazon.nova-2-lite-v1:0"
OLD_NOVA = "amazon.nova-pro-v1:0"
GPT_OSS = "openai.gpt-oss-120b-1:0"
LLAMA = "us.meta.llama4-scout-17b-instruct-v1:0"
DEEPSEEK = "us.deepseek.r1-v1:0"
MARK = {"cache_control": {"type": "ephemeral"}}
POINT = {"cachePoint": {"type": "default"}}
PDF = "data:application/pdf;base64,AAAA"
HI = {"role": "user", "content": [{"text": "Hi"}]}
OWNED = {"image": {"format": "png", "source": {"s3Location": {"uri": "s3://b/x", "bucketOwner": "7"}}}}


def turns(*messages: dict[str, Any], **options: Any) -> Any:
    return encode_request(list(messages), **options)["messages"]


def user(*parts: Any) -> dict[str, Any]:
    return {"role": "user", "content": [{"type": "text", "text": p} if isinstance(p, str) else p for p in parts]}


def call(call_id: str = "c1", name: str = "f", arguments: str = '{"x":1}') -> dict[str, Any]:
    return {"id": call_id, "type": "function", "function": {"name": name, "arguments": arguments}}


def called(*calls: dict[str, Any], content: Any = "") -> dict[str, Any]:
    return {"role": "assistant", "content": content, "tool_calls": list(calls) or [call()]}


def result(content: Any = "42", call_id: str = "c1", **more: Any) -> dict[str, Any]:
    return {"role": "tool", "tool_call_id": call_id, "content": content, **more}


def file(data: str = PDF, filename: str | None = "a.pdf", **more: Any) -> dict[str, Any]:
    return {"type": "file", "file": {"file_data": data, **({"filename": filename} if filename else {})}, **more}


# -- turns -------------------------------------------------------------------------------------------------------------


def test_system_messages_move_in_front_and_neighbours_are_joined() -> None:
    body = encode_request(
        [{"role": "system", "content": "A"}, user("1"), {"role": "developer", "content": "B"}, user("2"), user("3")]
    )
    assert body == {
        "messages": [{"role": "user", "content": [{"text": "1"}, {"text": "2"}, {"text": "3"}]}],
        "system": [{"text": "A"}, {"text": "B"}],
    }


def test_a_system_message_inside_stays_for_a_claude_that_takes_it_there() -> None:
    inside = [user("1"), {"role": "system", "content": "B"}, {"role": "assistant", "content": "2"}, user("3")]
    assert [turn["role"] for turn in turns(*inside, model=NEW_CLAUDE)] == ["user", "system", "assistant", "user"]
    assert [turn["role"] for turn in turns(*inside, model=CLAUDE)] == ["user", "assistant", "user"]
    body = {"messages": turns(*inside, model=NEW_CLAUDE)}
    assert encode_request(*decode_request(body)) == body


def test_a_system_prompt_holds_no_images() -> None:
    image = {"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA"}}
    with pytest.raises(UnsupportedRequestError, match="messages.0. is a system message with more than text"):
        encode([{"role": "system", "content": [image]}, user("Hi")])


def test_blank_texts_and_empty_turns_fall_out() -> None:
    assert turns(user("", " \n"), user("Hi"), {"role": "assistant", "content": None}, user("x")) == [
        {"role": "user", "content": [{"text": "Hi"}, {"text": "x"}]}
    ]
    with pytest.raises(UnsupportedRequestError, match="no message is left for Bedrock"):
        encode(" ")
    with pytest.raises(UnsupportedRequestError, match="no message is left for Bedrock"):
        encode([{"role": "system", "content": "x"}])


def test_a_conversation_that_begins_with_the_assistant_gets_a_users_turn_first() -> None:
    first, second = turns({"role": "assistant", "content": "Hello"}, user("Hi"))[:2]
    assert (first["role"], second["content"]) == ("user", [{"text": "Hello"}])


def test_a_prefill_loses_its_white_space_at_the_end_for_a_claude_only() -> None:
    prefill = [user("Hi"), {"role": "assistant", "content": "{ "}]
    assert turns(*prefill, model=CLAUDE)[-1]["content"] == [{"text": "{"}]
    assert turns(*prefill, model=NOVA)[-1]["content"] == [{"text": "{ "}]


def test_what_nobody_knows_in_a_message_is_told() -> None:
    assert encode([{"role": "user", "content": "Hi", "name": "Ann"}]).degraded == ("name",)


# -- tools -------------------------------------------------------------------------------------------------------------


def test_results_are_blocks_of_the_users_turn() -> None:
    found = turns(user("Hi"), called(call(), call("c2")), result(), result([], "c2"), user("and?"))
    assert found[1]["content"] == [
        {"toolUse": {"toolUseId": "c1", "name": "f", "input": {"x": 1}}},
        {"toolUse": {"toolUseId": "c2", "name": "f", "input": {"x": 1}}},
    ]
    assert found[2]["content"] == [
        {"toolResult": {"toolUseId": "c1", "content": [{"text": "42"}]}},
        {"toolResult": {"toolUseId": "c2", "content": []}},
        {"text": "and?"},
    ]


def test_results_stand_first_for_a_claude() -> None:
    body = {
        "messages": [
            HI,
            {"role": "assistant", "content": [{"toolUse": {"toolUseId": "c1", "name": "f", "input": {}}}]},
            {"role": "user", "content": [{"text": "x"}, {"toolResult": {"toolUseId": "c1", "content": []}}, POINT]},
        ],
        "toolConfig": {"tools": [{"toolSpec": {"name": "f", "inputSchema": {"json": {"type": "object"}}}}]},
    }
    messages, options = decode_request(body)
    assert encode_request(messages, options, model=NOVA) == body
    last = encode_request(messages, options, model=CLAUDE)["messages"][-1]["content"]
    assert last == [body["messages"][-1]["content"][1], POINT, {"text": "x"}]


def test_an_error_is_said_and_never_without_a_word() -> None:
    found = turns(user("Hi"), called(), result("", is_error=True))[-1]["content"][0]["toolResult"]
    assert (found["status"], [*found["content"][0]]) == ("error", ["text"])
    assert found["content"][0]["text"]
    encoded = encode([user("Hi"), called(), result("no", is_error=True)], model=LLAMA)
    assert "status" not in encoded.body["messages"][-1]["content"][0]["toolResult"]
    assert encoded.degraded == ("is_error",)


def test_media_in_a_result_follow_it_where_the_model_takes_only_text() -> None:
    image = {"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA"}}
    wire = {"image": {"format": "png", "source": {"bytes": "AAAA"}}}
    seen = [{"type": "text", "text": "see"}, image]
    ((rich,), plain) = (
        turns(user("Hi"), called(), result(seen), model=model)[-1]["content"] for model in (CLAUDE, LLAMA)
    )
    assert rich["toolResult"]["content"] == [{"text": "see"}, wire]
    assert plain[0]["toolResult"]["content"] == [{"text": "see"}]
    assert plain[1:] == [{"text": "Result of tool call c1:"}, wire]


def test_calls_and_results_have_to_fit_together() -> None:
    with pytest.raises(UnsupportedRequestError, match="messages.3. comes before the results"):
        encode([user("Hi"), called(), user("x"), {"role": "assistant", "content": "y"}])
    with pytest.raises(UnsupportedRequestError, match="did not make"):
        encode([user("Hi"), result()])


@pytest.mark.parametrize(("given", "wire"), [("functions.add:0", "functions.add:0"), ("a|b", "a_b_"), ("", "call_")])
def test_ids_become_what_the_api_takes(given: str, wire: str) -> None:
    found = turns(user("Hi"), called(call(given)), result(call_id=given))
    sent = found[1]["content"][0]["toolUse"]["toolUseId"]
    assert sent.startswith(wire)
    assert found[2]["content"][0]["toolResult"]["toolUseId"] == sent


def test_arguments_that_are_no_json_are_told_as_anthropic_advises() -> None:
    found = turns(user("Hi"), called(call(arguments='{"a')), result())
    assert found[1]["content"][0]["toolUse"]["input"] == {"INVALID_JSON": '{"a'}


TOOL = {"type": "function", "function": {"name": "f", "description": "d", "parameters": {"type": "object"}}}
SPEC = {"toolSpec": {"name": "f", "description": "d", "inputSchema": {"json": {"type": "object"}}}}


@pytest.mark.parametrize(
    ("choice", "wire"),
    [
        ("auto", {"auto": {}}),
        ("required", {"any": {}}),
        ("any", {"any": {}}),
        ({"type": "function", "function": {"name": "f"}}, {"tool": {"name": "f"}}),
    ],
)
def test_tools_and_the_choice_between_them(choice: Any, wire: Any) -> None:
    body = encode_request("Hi", tools=[TOOL], tool_choice=choice)
    assert body["toolConfig"] == {"tools": [SPEC], "toolChoice": wire}
    _, options = decode_request(body)
    assert options["tools"] == [TOOL]
    assert options["tool_choice"] == ("required" if choice == "any" else choice)


def test_none_leaves_the_tools_out_unless_they_were_called() -> None:
    assert "toolConfig" not in encode("Hi", tools=[TOOL], tool_choice="none").body
    encoded = encode([user("Hi"), called(), result()], tools=[TOOL], tool_choice="none")
    assert encoded.body["toolConfig"] == {"tools": [SPEC]}
    assert encoded.degraded == ("tool_choice",)


def test_tools_of_the_history_are_declared_where_nobody_declares_any() -> None:
    """The API refuses calls without a toolConfig; the way back leaves out what was only repeated."""
    messages = [user("Hi"), called(call(), call("c2", "g")), result(), result("7", "c2")]
    body = encode_request(messages)
    names = [tool["toolSpec"]["name"] for tool in body["toolConfig"]["tools"]]
    assert names == ["f", "g"]
    assert "tools" not in decode_request(body)[1]


def test_a_choice_limits_the_tools_to_those_allowed() -> None:
    other = {"type": "function", "function": {"name": "g"}}
    allowed = {"type": "allowed_tools", "allowed_tools": {"mode": "required", "tools": [{"name": "f"}]}}
    body = encode_request("Hi", tools=[TOOL, other], tool_choice=allowed)
    assert body["toolConfig"] == {"tools": [SPEC], "toolChoice": {"any": {}}}


def test_what_has_no_place_among_the_tools_is_told_or_refused() -> None:
    assert encode("Hi", tools=[TOOL], parallel_tool_calls=False).degraded == ("parallel_tool_calls",)
    assert encode("Hi", tool_choice="required").degraded == ("tool_choice",)
    own = {"type": "web_search_20250305", "name": "web_search"}
    with pytest.raises(UnsupportedRequestError, match="a tool of type 'web_search_20250305' is not one"):
        encode("Hi", tools=[own])


def test_system_tools_strictness_and_cache_points_among_the_tools() -> None:
    system = {"type": "systemTool", "systemTool": {"name": "nova_grounding"}}
    strict = {"type": "function", "function": {**TOOL["function"], "strict": True}, **MARK}  # type: ignore[dict-item]
    body = encode_request("Hi", tools=[strict, system], model=CLAUDE)
    strictly = {"toolSpec": {**SPEC["toolSpec"], "strict": True}}
    assert body["toolConfig"]["tools"] == [strictly, POINT, {"systemTool": {"name": "nova_grounding"}}]
    assert decode_request(body)[1]["tools"] == [strict, system]
    assert encode("Hi", tools=[strict], model=NOVA).degraded == ("cache_control",)


# -- blocks ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("part", "block"),
    [
        (
            {"type": "image_url", "image_url": {"url": "data:image/jpeg;base64,AAAA"}},
            {"image": {"format": "jpeg", "source": {"bytes": "AAAA"}}},
        ),
        (
            {"type": "image_url", "image_url": {"url": "s3://bucket/a.webp"}},
            {"image": {"format": "webp", "source": {"s3Location": {"uri": "s3://bucket/a.webp"}}}},
        ),
        (file(), {"document": {"format": "pdf", "name": "a", "source": {"bytes": "AAAA"}}}),
        (
            file("data:text/csv;base64,AAAA", "numbers (2).csv"),
            {"document": {"format": "csv", "name": "numbers (2)", "source": {"bytes": "AAAA"}}},
        ),
        (
            file("data:text/plain;charset=utf-8;base64,SGk=", "facts.txt", citations={"enabled": True}, context="c"),
            {
                "document": {
                    "format": "txt",
                    "name": "facts",
                    "source": {"text": "Hi"},
                    "citations": {"enabled": True},
                    "context": "c",
                }
            },
        ),
        (
            file("s3://bucket/report.docx", "report.docx"),
            {"document": {"format": "docx", "name": "report", "source": {"s3Location": {"uri": "s3://bucket/report.docx"}}}},
        ),
        (
            file("data:video/mp4;base64,AAAA", None),
            {"video": {"format": "mp4", "source": {"bytes": "AAAA"}}},
        ),
        (
            file("s3://bucket/film.mkv", None),
            {"video": {"format": "mkv", "source": {"s3Location": {"uri": "s3://bucket/film.mkv"}}}},
        ),
        (
            {"type": "input_audio", "input_audio": {"data": "AAAA", "format": "mp3"}},
            {"audio": {"format": "mp3", "source": {"bytes": "AAAA"}}},
        ),
        (
            {
                "type": "search_result",
                "source": "https://a",
                "title": "A",
                "content": [{"type": "text", "text": "x"}],
                "citations": {"enabled": True},
            },
            {
                "searchResult": {
                    "source": "https://a",
                    "title": "A",
                    "content": [{"text": "x"}],
                    "citations": {"enabled": True},
                }
            },
        ),
        (
            {"type": "bedrock_block", "block": {"guardContent": {"text": {"text": "x", "qualifiers": ["query"]}}}},
            {"guardContent": {"text": {"text": "x", "qualifiers": ["query"]}}},
        ),
        (
            {
                "type": "bedrock_block",
                "block": OWNED},
            OWNED,
        ),
    ],
)  # fmt: skip
def test_each_part_has_its_block_and_back(part: dict[str, Any], block: dict[str, Any]) -> None:
    body = {"messages": turns(user("Hi", part))}
    assert body["messages"] == [{"role": "user", "content": [{"text": "Hi"}, block]}]
    messages, _ = decode_request(body)
    assert messages == [user("Hi", part)]


@pytest.mark.parametrize(
    ("part", "block"),
    [
        (file("AAAA", None), {"format": "pdf", "name": "document"}),
        (file("AAAA", "x.docx"), {"format": "docx", "name": "x"}),
        (file("data:application/octet-stream;base64,AAAA", "x.xlsx"), {"format": "xlsx", "name": "x"}),
        (file("data:text/x-python;base64,AAAA", "a.b/c.py"), {"format": "txt", "name": "a-b-c-py"}),
        (file("data:application/json;base64,AAAA", "données  été.json"), {"format": "txt", "name": "donn-es -t--json"}),
        (file("data:text/html;base64,AAAA", "x.HTM"), {"format": "html", "name": "x"}),
        ({"type": "file_url", "file_url": {"url": PDF}}, {"format": "pdf", "name": "document"}),
        ({"type": "document_url", "document_url": PDF}, {"format": "pdf", "name": "document"}),
    ],
)
def test_documents_get_a_format_and_a_legal_name(part: dict[str, Any], block: dict[str, Any]) -> None:
    (turn,) = turns(user("Hi", part))
    assert turn["content"][1]["document"] == {**block, "source": {"bytes": "AAAA"}}


def test_no_two_documents_have_the_same_name_and_none_stands_without_a_text() -> None:
    first, second, third, text = turns(user(file(), file(), file(filename="a-.pdf")))[0]["content"]
    assert [each["document"]["name"] for each in (first, second, third)] == ["a", "a 2", "a-"]
    assert text["text"]


def test_a_document_whose_name_would_be_changed_travels_as_it_is() -> None:
    block = {"document": {"format": "pdf", "name": "a.b.pdf", "source": {"bytes": "AAAA"}}}
    body = {"messages": [{"role": "user", "content": [{"text": "Hi"}, block]}]}
    messages, _ = decode_request(body)
    assert messages[0]["content"][1] == {"type": "bedrock_block", "block": block}
    assert encode_request(messages) == body


@pytest.mark.parametrize(
    ("part", "words"),
    [
        ({"type": "image_url", "image_url": {"url": "https://a/b.png"}}, "which Bedrock does not fetch"),
        ({"type": "image_url", "image_url": {"url": "s3://b/a"}}, "whose name does not end in its format"),
        ({"type": "image_url", "image_url": {"url": "data:image/tiff;base64,AAAA"}}, "takes PNG, JPEG, GIF and WebP"),
        ({"type": "image_url", "image_url": {}}, 'needs {"image_url": {"url": …}}'),
        (file("https://a/b.pdf"), "which Bedrock does not fetch"),
        (file("data:application/zip;base64,AAAA", "x.zip"), "a application/zip file, which Bedrock does not take"),
        ({"type": "file", "file": {"file_id": "f1"}}, "Bedrock keeps none by their id"),
        ({"type": "thing"}, "a part of type 'thing', which bedrock_converse cannot express"),
    ],
)
def test_what_no_block_can_express_is_refused_before_anything_is_sent(part: dict[str, Any], words: str) -> None:
    with pytest.raises(UnsupportedRequestError, match="messages.0.") as caught:
        encode([user("Hi", part)])
    assert words in str(caught.value)


def test_the_detail_of_an_image_is_told_as_left_out() -> None:
    part = {"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA", "detail": "low"}}
    assert encode([user("Hi", part)]).degraded == ("image_url.detail",)


# -- cache points ------------------------------------------------------------------------------------------------------


def test_marks_are_cache_points_wherever_they_stand_and_back() -> None:
    hour = {"cache_control": {"type": "ephemeral", "ttl": "1h"}}
    messages = [
        {"role": "system", "content": [{"type": "text", "text": "S", **hour}]},
        {"role": "user", "content": [{"type": "text", "text": "a", **MARK}, {"type": "text", "text": "b"}]},
        {"role": "assistant", "content": [{"type": "text", "text": "c", **MARK}], "tool_calls": [{**call(), **MARK}]},
        {**result([{"type": "text", "text": "42"}]), **MARK},
        {"role": "user", "content": [{"type": "text", "text": "d", **MARK}]},
    ]
    body = encode_request(messages, model=CLAUDE)
    assert body["system"] == [{"text": "S"}, {"cachePoint": {"type": "default", "ttl": "1h"}}]
    assert [next(iter(block)) for turn in body["messages"] for block in turn["content"]] == [
        *("text", "cachePoint", "text"),
        *("text", "cachePoint", "toolUse", "cachePoint"),
        *("toolResult", "cachePoint", "text", "cachePoint"),
    ]
    assert decode_request(body)[0] == messages


def test_a_mark_on_a_message_is_a_point_behind_it() -> None:
    assert turns({"role": "user", "content": "a", **MARK})[0]["content"] == [{"text": "a"}, POINT]


def test_a_model_without_a_cache_gets_no_points() -> None:
    encoded = encode([{"role": "user", "content": "a", **MARK}], model=LLAMA)
    assert (encoded.body["messages"], encoded.degraded) == (
        [{"role": "user", "content": [{"text": "a"}]}],
        ("cache_control",),
    )


@pytest.mark.parametrize(
    "content",
    [[POINT, {"text": "a"}], [{"text": "a"}, POINT, POINT], [{"text": "a"}, {"cachePoint": {"type": "x"}}]],
)
def test_points_that_are_no_marks_travel_as_they_are(content: list[Any]) -> None:
    for role in ("user", "assistant"):
        body = {"messages": [{"role": role, "content": content}]}
        if role == "assistant":
            body = {"messages": [HI, *body["messages"]]}
        assert encode_request(*decode_request(body)) == body


# -- reasoning and what only some models know --------------------------------------------------------------------------

FIELDS = "additionalModelRequestFields"
ON = {"type": "enabled"}


@pytest.mark.parametrize(
    ("model", "given", "fields", "degraded"),
    [
        (CLAUDE, {"reasoning_budget": 2000}, {"thinking": {"type": "enabled", "budget_tokens": 2000}}, ()),
        (CLAUDE, {"reasoning_effort": "low"}, {"thinking": {"type": "enabled", "budget_tokens": 2048}}, ()),
        (CLAUDE, {"reasoning_effort": "none"}, {"thinking": {"type": "disabled"}}, ()),
        (CLAUDE, {"reasoning_effort": "low", "temperature": 0.5}, {"thinking": ...}, ("temperature",)),
        (CLAUDE, {"reasoning_effort": "low", "top_k": 5}, {"thinking": ...}, ("top_k",)),
        (NEW_CLAUDE, {"reasoning_effort": "high"}, {"thinking": {"type": "adaptive"}}, ()),
        (NEW_CLAUDE, {"reasoning_budget": 2000}, {"thinking": {"type": "adaptive"}}, ("reasoning_budget",)),
        (NOVA, {"reasoning_effort": "minimal"}, {"reasoningConfig": {**ON, "maxReasoningEffort": "low"}}, ()),
        (NOVA, {"reasoning_effort": "none"}, {"reasoningConfig": {"type": "disabled"}}, ()),
        (
            NOVA,
            {"reasoning_effort": "max", "temperature": 0.5, "top_p": 0.5},
            {"reasoningConfig": {"type": "enabled", "maxReasoningEffort": "high"}},
            ("temperature", "top_p"),
        ),
        (
            NOVA,
            {"reasoning_effort": "high", "max_tokens": 9},
            {"reasoningConfig": {"type": "enabled", "maxReasoningEffort": "medium"}},
            ("reasoning_effort",),
        ),
        (NOVA, {"reasoning_budget": 2000}, None, ("reasoning_budget",)),
        (OLD_NOVA, {"reasoning_effort": "low"}, None, ("reasoning_effort",)),
        (GPT_OSS, {"reasoning_effort": "xhigh"}, {"reasoning_effort": "high"}, ()),
        (GPT_OSS, {"reasoning_effort": "none"}, {"reasoning_effort": "low"}, ("reasoning_effort",)),
        ("openai.gpt-5.6-luna", {"reasoning_effort": "none"}, {"reasoning": {"effort": "none"}}, ()),
        ("deepseek.v3-v1:0", {"reasoning_effort": "medium"}, {"reasoning_effort": "medium"}, ()),
        (LLAMA, {"reasoning_budget": 2000}, None, ("reasoning_budget",)),
        ("x", {"reasoning_effort": "low"}, None, ("reasoning_effort",)),
        ("x", {"reasoning_effort": "none"}, {"thinking": {"type": "disabled"}}, ()),
        ("x", {"reasoning_budget": 2000}, {"thinking": {"type": "enabled", "budget_tokens": 2000}}, ()),
        (CLAUDE, {"top_k": 5}, {"top_k": 5}, ()),
        (NOVA, {"top_k": 5}, {"inferenceConfig": {"topK": 5}}, ()),
        ("cohere.command-r-v1:0", {"top_k": 5}, {"k": 5}, ()),
        (LLAMA, {"top_k": 5}, None, ("top_k",)),
    ],
)  # fmt: skip
def test_options_that_each_maker_has_a_field_of_its_own_for(
    model: str, given: dict[str, Any], fields: Any, degraded: tuple[str, ...]
) -> None:
    encoded = encode("Hi", given, model=model)
    assert encoded.degraded == degraded
    found = encoded.body.get(FIELDS)
    if fields is not None and ... in fields.values():
        assert found.keys() == fields.keys()
    else:
        assert found == fields


def test_effort_of_a_new_claude_stands_in_the_output_config() -> None:
    body = encode_request("Hi", model=NEW_CLAUDE, reasoning_effort="high")
    assert (body["outputConfig"], body[FIELDS]) == ({"effort": "high"}, {"thinking": {"type": "adaptive"}})


def test_a_claude_that_has_to_call_a_tool_does_not_think() -> None:
    encoded = encode("Hi", model=CLAUDE, tools=[TOOL], tool_choice="required", reasoning_effort="low")
    assert FIELDS not in encoded.body
    assert encoded.degraded == ("reasoning_effort",)


@pytest.mark.parametrize(
    ("fields", "output", "told"),
    [
        ({"thinking": {"type": "enabled", "budget_tokens": 2000}}, None, {"reasoning_budget": 2000}),
        ({"thinking": {"type": "disabled"}}, None, {"reasoning_effort": "none"}),
        ({"thinking": {**ON, "budget_tokens": 2000}, "anthropic_beta": ["x"]}, None, {"reasoning_budget": 2000}),
        ({"reasoning_config": {"type": "enabled", "budget_tokens": 1024}}, None, {"reasoning_budget": 1024}),
        ({"thinking": {"type": "adaptive"}}, {"effort": "high"}, {"reasoning_effort": "high"}),
        ({"thinking": {"type": "adaptive"}, "output_config": {"effort": "low"}}, None, {"reasoning_effort": "low"}),
        ({"thinking": {"type": "adaptive", "display": "summarized"}}, None, {}),
        ({"reasoningConfig": {"type": "enabled", "maxReasoningEffort": "low"}}, None, {"reasoning_effort": "low"}),
        ({"reasoning_effort": "high"}, None, {"reasoning_effort": "high"}),
        ({"reasoning": {"effort": "xhigh"}}, None, {"reasoning_effort": "xhigh"}),
        ({"top_k": 5}, None, {"top_k": 5}),
        ({"inferenceConfig": {"topK": 5}}, None, {"top_k": 5}),
        ({"whatever": {"x": 1}}, None, {}),
        ({}, None, {}),
    ],
)  # fmt: skip
@pytest.mark.parametrize("model", [None, CLAUDE, NEW_CLAUDE, NOVA, GPT_OSS])
def test_fields_say_the_same_after_a_trip_whatever_the_model(
    fields: dict[str, Any], output: Any, told: dict[str, Any], model: str | None
) -> None:
    """The body does not say its model: what only some models understand stays as it is beside the option."""
    body = {"messages": [HI], FIELDS: fields, **({"outputConfig": output} if output else {})}
    messages, options = decode_request(body)
    assert {key: value for key, value in options.items() if key != "extra_body"} == told
    exact = fields.keys() & {"thinking"} and output is None and told and "output_config" not in fields
    if (model in (None, CLAUDE) or not exact) and not (model in (NOVA, GPT_OSS) and "top_k" in fields):
        assert encode_request(messages, options, model=model) == body


# -- the other options -------------------------------------------------------------------------------------------------


def test_sampling_goes_into_the_inference_config_and_back() -> None:
    given = {"max_tokens": 5, "temperature": 0.5, "top_p": 0.9, "stop": ["x"]}
    body = encode_request("Hi", given)
    assert body["inferenceConfig"] == {"maxTokens": 5, "temperature": 0.5, "topP": 0.9, "stopSequences": ["x"]}
    assert decode_request(body)[1] == given
    assert encode_request("Hi", stop="x")["inferenceConfig"] == {"stopSequences": ["x"]}


def test_what_is_out_of_range_or_unknown_is_told() -> None:
    encoded = encode("Hi", temperature=1.5, seed=1, user="u", presence_penalty=0.1, stop=["", "x"])
    assert encoded.body["inferenceConfig"] == {"temperature": 1, "stopSequences": ["x"]}
    assert encoded.degraded == ("temperature", "seed", "user", "presence_penalty", "stop")
    assert encode("Hi", stop=["\n"], model=CLAUDE).degraded == ("stop",)
    assert encode("Hi", stop=["\n"], model=NOVA).body["inferenceConfig"] == {"stopSequences": ["\n"]}
    with pytest.raises(UnsupportedRequestError, match="bedrock_converse has no option 'logit_bias'"):
        encode("Hi", logit_bias={})


def test_a_schema_is_text_in_the_output_config() -> None:
    schema = {"type": "object", "properties": {"a": {"type": "object"}, "b": {"type": "integer", "minimum": 1}}}
    held = {"name": "n", "description": "d", "schema": schema}
    body = encode_request("Hi", response_format={"type": "json_schema", "json_schema": held})
    told = body["outputConfig"]["textFormat"]
    (wire,) = told["structure"].values()
    assert (told["type"], wire["name"], wire["description"]) == ("json_schema", "n", "d")
    sent = json.loads(wire["schema"])
    assert sent["additionalProperties"] is sent["properties"]["a"]["additionalProperties"] is False
    assert sent["properties"]["b"] == {"type": "integer", "description": "{minimum: 1}"}
    _, options = decode_request(body)
    assert options["response_format"]["json_schema"] == {**held, "schema": sent, "strict": True}
    assert "extra_body" not in options


@pytest.mark.parametrize("held", [{"schema": "{}"}, {"schema": "{", "name": "n"}, {"schema": {"type": "string"}}])
def test_a_text_format_that_the_portable_form_cannot_tell_stays(held: dict[str, Any]) -> None:
    output = {"textFormat": {"type": "json_schema", "structure": {"jsonSchema": held}}}
    body = {"messages": [HI], "outputConfig": output}
    assert encode_request(*decode_request(body)) == body


def test_metadata_are_texts() -> None:
    encoded = encode("Hi", metadata={"team": "x", "n": 1})
    assert (encoded.body["requestMetadata"], encoded.degraded) == ({"team": "x"}, ("metadata",))


def test_extra_body_wins_and_adds_to_the_configs() -> None:
    extra = {
        "inferenceConfig": {"topP": 0.1},
        FIELDS: {"anthropic_beta": ["x"]},
        "serviceTier": {"type": "flex"},
        "guardrailConfig": {"guardrailIdentifier": "a", "guardrailVersion": "1"},
        "performanceConfig": {"latency": "optimized"},
    }
    body = encode_request("Hi", model=CLAUDE, max_tokens=5, top_k=3, extra_body=extra)
    assert body["inferenceConfig"] == {"maxTokens": 5, "topP": 0.1}
    assert body[FIELDS] == {"top_k": 3, "anthropic_beta": ["x"]}
    assert body["serviceTier"] == {"type": "flex"}
    messages, options = decode_request(body)
    assert encode_request(messages, options, model=CLAUDE) == body
    with pytest.raises(InvalidRequestError, match="extra_body is a list"):
        encode("Hi", extra_body=[1])


def test_what_is_empty_stays_and_takes_nothing_away() -> None:
    """Some clients always send them, whether they hold anything or not."""
    empty: dict[str, Any] = {"system": [], "inferenceConfig": {}, FIELDS: {}, "toolConfig": {}, "outputConfig": {}}
    body = {"messages": [HI], **empty}
    messages, options = decode_request(body)
    assert encode_request(messages, options) == body
    said = encode_request([{"role": "system", "content": "S"}, *messages], {**options, "max_tokens": 5})
    assert said == {**body, "system": [{"text": "S"}], "inferenceConfig": {"maxTokens": 5}}


@pytest.mark.parametrize("config", [{}, {"maxTokens": 5, "surprise": 1}])
def test_an_inference_config_keeps_what_nobody_knows(config: dict[str, Any]) -> None:
    body = {"messages": [HI], "inferenceConfig": config}
    assert encode_request(*decode_request(body)) == body


LIMITED = '{"type":"object","properties":{"a":{"type":"string","minLength":1}}}'
CALL_SPEC = {"toolUse": {"toolUseId": "u/1", "name": "f", "input": {}}}
CALLED = {"toolUse": {"toolUseId": "u", "name": "f"}}


@pytest.mark.parametrize(
    "said",
    [
        {"messages": [{"role": "assistant", "content": [{"text": "Hello"}]}, HI]},
        {"messages": [{"role": "user", "content": [{"toolResult": {"toolUseId": "u", "content": []}}]}]},
        {"messages": [HI, {"role": "assistant", "content": [CALL_SPEC]}, HI], "toolConfig": {"tools": [SPEC]}},
        {"additionalModelRequestFields": {"reasoning": True}},
        {"additionalModelRequestFields": {"output_config": 5, "thinking": {"type": "adaptive"}}},
        {
            "outputConfig": {
                "textFormat": {
                    "type": "json_schema",
                    "structure": {"jsonSchema": {"name": "n", "schema": LIMITED}},
                }
            }
        },
    ],
)
def test_what_the_portable_form_would_change_comes_back(said: dict[str, Any]) -> None:
    body = {"messages": [HI], **said}
    assert encode_request(*decode_request(body)) == body


def test_a_call_without_input_has_an_empty_one() -> None:
    blocks = [{"role": "user", "content": [{"toolResult": {"toolUseId": "u", "content": [{"text": "x"}]}}]}]
    body = {"messages": [HI, {"role": "assistant", "content": [CALLED]}, *blocks], "toolConfig": {"tools": [SPEC]}}
    made = encode_request(*decode_request(body))["messages"][1]["content"]
    assert made == [{"toolUse": {**CALLED["toolUse"], "input": {}}}]


def test_the_model_may_stand_in_an_sdks_arguments() -> None:
    assert decode_request({"messages": [HI], "modelId": NOVA})[1] == {"model": NOVA}


@pytest.mark.parametrize(
    "body", [{}, {"messages": 7}, {"messages": [{}]}, {"messages": [{"role": "user", "content": [7]}]}]
)
def test_what_is_no_request_is_an_invalid_one(body: dict[str, Any]) -> None:
    with pytest.raises(InvalidRequestError, match="the body is no Converse request"):
        decode_request(body)


# -- history -----------------------------------------------------------------------------------------------------------

THOUGHT = {"reasoningContent": {"reasoningText": {"text": "Hm", "signature": "c2ln"}}}
UNSIGNED = {"reasoningContent": {"reasoningText": {"text": "Hm"}}}
REDACTED = {"reasoningContent": {"redactedContent": "AAAA"}}


def answered(*blocks: dict[str, Any]) -> dict[str, Any]:
    body = {"output": {"message": {"role": "assistant", "content": [*blocks]}}, "stopReason": "end_turn"}
    message: dict[str, Any] = json.loads(json.dumps(bedrock_converse.decode_response(body).message))
    return message


def test_an_answer_goes_back_as_it_came_while_it_is_unedited() -> None:
    message = answered(THOUGHT, REDACTED, {"text": "Hello"})
    assert turns(user("Hi"), message, user("x"), model=CLAUDE)[1]["content"] == [THOUGHT, REDACTED, {"text": "Hello"}]
    edited = {**message, "content": "Goodbye"}
    assert turns(user("Hi"), edited, user("x"), model=CLAUDE)[1]["content"] == [{"text": "Goodbye"}]


@pytest.mark.parametrize(
    ("model", "kept"),
    [
        (CLAUDE, [THOUGHT, REDACTED]),
        (DEEPSEEK, []),
        (NOVA, [THOUGHT, UNSIGNED, REDACTED]),
        (None, [THOUGHT, UNSIGNED, REDACTED]),
    ],
)
def test_reasoning_goes_back_to_whom_takes_it(model: str | None, kept: list[Any]) -> None:
    message = answered(THOUGHT, UNSIGNED, REDACTED, {"text": "Hello"})
    assert turns(user("Hi"), message, user("x"), model=model)[1]["content"] == [*kept, {"text": "Hello"}]


def test_a_call_says_no_type_that_the_api_would_refuse() -> None:
    """Some answers say `tool_use`; requests may only say `server_tool_use`."""
    use = {"toolUseId": "a.b", "name": "f", "input": {}, "type": "tool_use"}
    message = answered(THOUGHT, {"toolUse": use})
    (call_made,) = message["tool_calls"]
    found = turns(user("Hi"), message, result(call_id=call_made["id"]), model=CLAUDE)
    assert found[1]["content"] == [THOUGHT, {"toolUse": {"toolUseId": "a.b", "name": "f", "input": {}}}]
    assert "_native" not in answered({"toolUse": use})


def test_tools_that_the_maker_ran_are_no_calls_of_the_callers() -> None:
    ran = {"toolUse": {"toolUseId": "s", "name": "nova_grounding", "input": {}, "type": "server_tool_use"}}
    told = {"toolResult": {"toolUseId": "s", "content": [{"text": "x"}], "type": "nova_grounding_result"}}
    message = answered(ran, told, {"text": "Hello"})
    assert "tool_calls" not in message
    body = encode_request([user("Hi"), message, user("x")])
    assert body["messages"][1]["content"] == [ran, told, {"text": "Hello"}]
    assert "toolConfig" not in body
    assert encode_request(*decode_request(body)) == body


# -- the recordings, and Amazon's own validator ------------------------------------------------------------------------


@cache
def converse_request() -> Any:
    """The shape of a request, from Amazon's own model of the service."""
    from botocore.session import Session

    return Session().get_service_model("bedrock-runtime").operation_model("Converse").input_shape


@pytest.mark.skipif(not FOLDER.is_dir(), reason=WHY_SKIPPED)
@pytest.mark.parametrize(
    ("kind", "model"),
    [
        pytest.param(
            kind, model, marks=() if (kind, model) in (("converse", CLAUDE), ("chat", NOVA)) else pytest.mark.slow
        )
        for kind in DIALECTS
        for model in (CLAUDE, NOVA, LLAMA)
    ],
)
def test_bodies_pass_amazons_own_validator(kind: str, model: str) -> None:
    pytest.importorskip("botocore", reason="botocore is not installed")
    from botocore.validate import ParamValidator

    shape, wrong = converse_request(), []
    for case in recordings(kind):
        messages, options = get(DIALECTS[kind]).decode_request(case["request"]["body"])
        options.pop("extra_body", None)
        try:
            body = encode_request(checked(messages), {**options, "model": model})
        except ProviderError:
            continue
        report = ParamValidator().validate({"modelId": model, **body}, shape)
        if report.has_errors():
            wrong.append(f"{case['id']}: {report.generate_report()[:200]}")
    assert not wrong


@pytest.mark.slow
@given(data=st.data())
@settings(max_examples=150, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
def test_whatever_amazons_model_allows_says_the_same_after_a_trip(data: st.DataObject) -> None:
    pytest.importorskip("botocore", reason="botocore is not installed")
    from support.converse_bodies import bodies

    body = data.draw(bodies())
    messages, options = json.loads(json.dumps(decode_request(body)))
    checked(messages)
    encoded = encode(messages, options)
    assert encoded.degraded == ()
    assert same_request(copy.deepcopy(encoded.body)) == same_request(copy.deepcopy(body))
