"""Requests to the Responses API: what each portable message and option becomes, and what it comes from."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from agentsea_gateway.dialects import get
from agentsea_gateway.dialects import openai_responses as dialect
from agentsea_gateway.errors import InvalidRequestError, UnsupportedRequestError
from agentsea_gateway.messages import NATIVE
from support.made_responses import RESPONSE

HI = [{"role": "user", "content": "Hi"}]
CALL = {"id": "call_1", "type": "function", "function": {"name": "f", "arguments": "{}"}}
TOOL = {"type": "function", "function": {"name": "f", "parameters": {"type": "object", "properties": {}}}}
RESULT = {"role": "tool", "tool_call_id": "call_1", "content": "x"}


def items(*messages: dict[str, Any], **options: Any) -> Any:
    return dialect.encode_request([*messages], **options)["input"]


def test_a_request_is_stateless() -> None:
    """Nothing is stored, and a model that reasons gives its reasoning to us."""
    assert dialect.encode_request("Hi", model="gpt-4.1") == {"model": "gpt-4.1", "input": HI, "store": False}
    body = dialect.encode_request("Hi", model="gpt-5")
    assert (body["store"], body["include"]) == (False, ["reasoning.encrypted_content"])


@pytest.mark.parametrize("model", ["o4-mini", "gpt-5.4", "openai/gpt-5-nano", "grok-4.3", "codex-mini-latest"])
def test_models_that_reason_are_asked_for_their_reasoning(model: str) -> None:
    assert "include" in dialect.encode_request("Hi", model=model)


@pytest.mark.parametrize(
    "model", ["gpt-4o", "gpt-5-chat-latest", "grok-4-fast-non-reasoning", "openai.gpt-oss-20b", "mine", None]
)
def test_others_are_not_for_they_would_refuse(model: str | None) -> None:
    assert "include" not in dialect.encode_request("Hi", model=model)


def test_extra_body_brings_the_vendors_own_state_back() -> None:
    body = dialect.encode_request("Hi", model="gpt-5", extra_body={"store": True, "previous_response_id": "resp_1"})
    assert body == {"model": "gpt-5", "input": HI, "store": True, "previous_response_id": "resp_1"}


@pytest.mark.parametrize(
    "said",
    [
        {},
        {"store": True},
        {"store": False},
        {"store": False, "include": ["reasoning.encrypted_content"]},
        {"store": False, "include": ["reasoning.encrypted_content", "message.output_text.logprobs"]},
        {"include": ["reasoning.encrypted_content"]},
    ],
)
@pytest.mark.parametrize("model", ["gpt-5", "gpt-4o"])
def test_what_a_body_says_of_state_is_kept(model: str, said: dict[str, Any]) -> None:
    messages, options = dialect.decode_request({"model": model, "input": "Hi", **said})
    body = dialect.encode_request(messages, options)
    assert {key: body[key] for key in ("store", "include") if body.get(key) is not None} == said


def test_options_have_their_names() -> None:
    body = dialect.encode_request(
        "Hi",
        model="m",
        stream=True,
        max_tokens=50,
        temperature=0.5,
        reasoning_effort="low",
        parallel_tool_calls=False,
        user="u",
    )
    assert body == {
        "model": "m",
        "input": HI,
        "store": False,
        "stream": True,
        "max_output_tokens": 50,
        "temperature": 0.5,
        "reasoning": {"effort": "low"},
        "parallel_tool_calls": False,
        "user": "u",
    }


@pytest.mark.parametrize("name", ["stop", "seed", "top_k", "presence_penalty", "frequency_penalty", "reasoning_budget"])
def test_what_the_api_has_no_word_for_is_listed(name: str) -> None:
    encoded = dialect.encode("Hi", {name: 1})
    assert encoded.degraded == (name,)
    assert name not in encoded.body


def test_an_unknown_option_is_refused() -> None:
    with pytest.raises(UnsupportedRequestError, match="has no option 'logprobs'"):
        dialect.encode("Hi", logprobs=True)


def test_messages_are_items() -> None:
    assert items(
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": "Hi"},
        {"role": "assistant", "content": "Well", "tool_calls": [CALL]},
        RESULT,
    ) == [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": "Hi"},
        {"role": "assistant", "content": "Well"},
        {"type": "function_call", "call_id": "call_1", "name": "f", "arguments": "{}"},
        {"type": "function_call_output", "call_id": "call_1", "output": "x"},
    ]


def test_instructions_are_a_leading_system_message() -> None:
    messages, _ = dialect.decode_request({"instructions": "Be brief.", "input": "Hi"})
    assert messages == [{"role": "system", "content": "Be brief."}, *HI]


@pytest.mark.parametrize(
    ("part", "wire"),
    [
        ({"type": "text", "text": "x"}, {"type": "input_text", "text": "x"}),
        (
            {"type": "image_url", "image_url": {"url": "https://a", "detail": "low"}},
            {"type": "input_image", "image_url": "https://a", "detail": "low"},
        ),
        (
            {"type": "file", "file": {"file_data": "data:application/pdf;base64,AA", "filename": "a.pdf"}},
            {"type": "input_file", "file_data": "data:application/pdf;base64,AA", "filename": "a.pdf"},
        ),
        (
            {"type": "file", "file": {"file_data": "https://a/b.pdf"}},
            {"type": "input_file", "file_url": "https://a/b.pdf"},
        ),
        ({"type": "file", "file": {"file_id": "file_1"}}, {"type": "input_file", "file_id": "file_1"}),
        ({"type": "input_image", "file_id": "file_1"}, {"type": "input_image", "file_id": "file_1"}),
    ],
)
def test_parts_both_ways(part: dict[str, Any], wire: dict[str, Any]) -> None:
    message = {"role": "user", "content": [part]}
    assert items(message) == [{"role": "user", "content": [wire]}]
    assert dialect.decode_request({"input": items(message)})[0] == [message]


@pytest.mark.parametrize(
    ("part", "wire"),
    [
        (
            {"type": "file", "file": {"file_data": "JVBE"}},
            {"type": "input_file", "file_data": "data:application/pdf;base64,JVBE"},
        ),
        ({"type": "file_url", "file_url": {"url": "https://a"}}, {"type": "input_file", "file_url": "https://a"}),
        ({"type": "refusal", "refusal": "No."}, {"type": "input_text", "text": "No."}),
    ],
)
def test_parts_of_other_hosts(part: dict[str, Any], wire: dict[str, Any]) -> None:
    assert items({"role": "user", "content": [part]}) == [{"role": "user", "content": [wire]}]


@pytest.mark.parametrize(
    ("message", "words"),
    [
        ({"role": "user", "content": [{"type": "video_url"}]}, "part of type 'video_url'"),
        ({"role": "user", "content": [{"type": "file", "file": {}}]}, "needs"),
        (
            {"role": "assistant", "content": [{"type": "image_url", "image_url": {"url": "https://a"}}]},
            "in an assistant message",
        ),
        (RESULT, "is the result of tool call 'call_1'"),
        ({"role": "assistant", "content": "", "tool_calls": [CALL]}, "before the results of the tool calls 'call_1'"),
    ],
)
def test_what_cannot_be_said_is_refused_with_its_reason(message: dict[str, Any], words: str) -> None:
    with pytest.raises(UnsupportedRequestError, match=words):
        items(message)


def test_a_result_may_stand_alone_where_the_vendor_holds_its_call() -> None:
    assert items(RESULT, extra_body={"previous_response_id": "resp_1"})[0]["type"] == "function_call_output"


def test_ids_that_are_too_long_are_shortened_in_call_and_result_alike() -> None:
    long = "c" * 80
    message = {"role": "assistant", "content": "", "tool_calls": [{**CALL, "id": long}]}
    call, result = items(message, {**RESULT, "tool_call_id": long})
    assert call["call_id"] == result["call_id"]
    assert len(call["call_id"]) <= 64


def test_ids_that_come_twice_are_told_apart() -> None:
    turn = {"role": "assistant", "content": "", "tool_calls": [{**CALL, "id": "functions.f:0"}]}
    result = {**RESULT, "tool_call_id": "functions.f:0"}
    found = [item["call_id"] for item in items(turn, result, turn, result)]
    assert found == ["functions.f:0", "functions.f:0", "functions.f:0_2", "functions.f:0_2"]


def test_caching_marks_are_dropped_and_listed() -> None:
    mark = {"cache_control": {"type": "ephemeral"}}
    message = {"role": "user", "content": [{"type": "text", "text": "x", **mark}], **mark}
    encoded = dialect.encode([message], tools=[{**TOOL, **mark}])
    assert encoded.degraded == ("cache_control",)
    assert "cache_control" not in str(encoded.body)


@pytest.mark.parametrize(("portable", "wire"), [({}, False), ({"strict": True}, True), ({"strict": False}, False)])
def test_strict_is_said_for_its_defaults_differ(portable: dict[str, Any], wire: bool) -> None:
    tool = {"type": "function", "function": {"name": "f", "description": "d", "parameters": {}, **portable}}
    (found,) = dialect.encode_request("Hi", tools=[tool])["tools"]
    assert found == {"type": "function", "name": "f", "description": "d", "parameters": {}, "strict": wire}


def test_a_function_that_does_not_say_is_strict() -> None:
    _, options = dialect.decode_request({"input": "Hi", "tools": [{"type": "function", "name": "f"}]})
    assert options["tools"] == [{"type": "function", "function": {"name": "f", "strict": True}}]


@pytest.mark.parametrize(
    ("tool", "wire"),
    [
        ({"type": "web_search"}, {"type": "web_search"}),
        ({"type": "mcp", "server_label": "x"}, {"type": "mcp", "server_label": "x"}),
        ({"type": "custom", "custom": {"name": "sh"}}, {"type": "custom", "name": "sh"}),
        (
            {"type": "function", "function": {"name": "f", "strict": True}, "allowed_callers": ["programmatic"]},
            {"type": "function", "name": "f", "parameters": None, "strict": True, "allowed_callers": ["programmatic"]},
        ),
        (
            {
                "type": "custom",
                "custom": {
                    "name": "sh",
                    "format": {"type": "grammar", "grammar": {"syntax": "lark", "definition": "x"}},
                },
            },
            {
                "type": "custom",
                "name": "sh",
                "format": {"type": "grammar", "syntax": "lark", "definition": "x"},
            },
        ),
    ],
)
def test_other_tools_both_ways(tool: dict[str, Any], wire: dict[str, Any]) -> None:
    body = dialect.encode_request("Hi", tools=[tool])
    assert body["tools"] == [wire]
    assert dialect.decode_request(body)[1]["tools"] == [tool]


@pytest.mark.parametrize("tool", [{"type": "web_search_20260318", "name": "w"}, {"google_search": {}}])
def test_tools_that_another_vendor_runs_are_refused(tool: dict[str, Any]) -> None:
    with pytest.raises(UnsupportedRequestError, match="give functions"):
        dialect.encode("Hi", tools=[tool])


ALLOWED = {"mode": "auto", "tools": [{"type": "function", "function": {"name": "f"}}]}


@pytest.mark.parametrize(
    ("choice", "wire"),
    [
        ("auto", "auto"),
        ("none", "none"),
        ("required", "required"),
        ({"type": "function", "function": {"name": "f"}}, {"type": "function", "name": "f"}),
        ({"type": "custom", "custom": {"name": "f"}}, {"type": "custom", "name": "f"}),
        (
            {"type": "allowed_tools", "allowed_tools": ALLOWED},
            {"type": "allowed_tools", "mode": "auto", "tools": [{"type": "function", "name": "f"}]},
        ),
    ],
)
def test_tool_choice_both_ways(choice: Any, wire: Any) -> None:
    body = dialect.encode_request("Hi", tool_choice=choice)
    assert body["tool_choice"] == wire
    assert dialect.decode_request(body)[1]["tool_choice"] == choice


@pytest.mark.parametrize("choice", [{"type": "web_search"}, {"type": "mcp", "server_label": "x"}])
def test_the_choice_of_a_tool_that_the_server_runs_is_kept_as_it_is(choice: dict[str, Any]) -> None:
    body = {"input": HI, "tool_choice": choice}
    messages, options = dialect.decode_request(body)
    assert options["extra_body"]["tool_choice"] == choice
    assert dialect.encode_request(messages, options)["tool_choice"] == choice


@pytest.mark.parametrize(
    ("form", "wire"),
    [
        ({"type": "json_object"}, {"type": "json_object"}),
        ({"type": "text"}, {"type": "text"}),
        (
            {"type": "json_schema", "json_schema": {"name": "n", "schema": {"type": "object"}, "strict": True}},
            {"type": "json_schema", "name": "n", "schema": {"type": "object"}, "strict": True},
        ),
    ],
)
def test_response_format_both_ways(form: dict[str, Any], wire: dict[str, Any]) -> None:
    body = dialect.encode_request("Hi", response_format=form)
    assert body["text"] == {"format": wire}
    assert dialect.decode_request(body)[1]["response_format"] == form


def test_a_schema_gets_the_name_that_the_api_demands() -> None:
    form = {"type": "json_schema", "json_schema": {"schema": {}}}
    assert dialect.encode_request("Hi", response_format=form)["text"]["format"]["name"] == "response"


@pytest.mark.parametrize(
    ("said", "option"),
    [
        ({"reasoning": {"effort": "high", "summary": "auto"}}, {"reasoning_effort": "high"}),
        (
            {"text": {"format": {"type": "json_object"}, "verbosity": "low"}},
            {"response_format": {"type": "json_object"}},
        ),
    ],
)
def test_what_says_more_than_its_option_stands_in_extra_body_too(said: dict[str, Any], option: dict[str, Any]) -> None:
    messages, options = dialect.decode_request({"input": "Hi", "store": False, **said})
    assert options == {**option, "extra_body": said}
    assert dialect.encode_request(messages, options) == {"input": HI, "store": False, **said}


# The history of an answer


def answered(**changes: Any) -> dict[str, Any]:
    return dialect.decode_response({**RESPONSE, **changes}).message


def test_reasoning_goes_back_to_its_maker() -> None:
    sent = items(answered(), {**RESULT, "tool_call_id": "a"}, model="gpt-5.4")
    assert [item["type"] for item in sent] == ["reasoning", "message", "function_call", "function_call_output"]
    assert sent[0]["encrypted_content"] == "e"
    assert NATIVE not in str(sent)


def test_a_deployment_with_a_name_of_its_own_gets_it_too() -> None:
    sent = items(answered(), {**RESULT, "tool_call_id": "a"}, model="my-deployment")
    assert sent[0]["type"] == "reasoning"


@pytest.mark.parametrize("model", ["grok-4.3", "deepseek-v4-flash"])
def test_it_is_shed_where_another_maker_would_refuse_it(model: str) -> None:
    sent = items(answered(), {**RESULT, "tool_call_id": "a"}, model=model)
    assert [item.get("type") for item in sent] == [None, "function_call", "function_call_output"]
    assert sent[0] == {"role": "assistant", "content": "Hello there"}


def test_it_is_shed_where_the_message_was_edited() -> None:
    message = {**answered(), "content": "Bye"}
    sent = items(message, {**RESULT, "tool_call_id": "a"}, model="gpt-5")
    assert sent[0] == {"role": "assistant", "content": "Bye"}


@pytest.mark.parametrize("other", ["openai_chat", "anthropic_messages"])
def test_other_dialects_never_see_it(other: str) -> None:
    body = get(other).encode_request([*HI, answered(), {**RESULT, "tool_call_id": "a"}], model="m")
    assert "rs_1" not in str(body)
    assert NATIVE not in str(body)


def called(call_id: str, **more: Any) -> dict[str, Any]:
    return {"type": "function_call", "call_id": call_id, "name": "f", "arguments": "{}", **more}


def result(call_id: str, **more: Any) -> dict[str, Any]:
    return {"type": "function_call_output", "call_id": call_id, "output": "x", **more}


ITEMS: list[list[dict[str, Any]]] = [
    [{"role": "assistant", "content": "a"}, {"role": "assistant", "content": "b"}],
    [
        {
            "type": "message",
            "role": "assistant",
            "content": [{"type": "output_text", "text": "a"}],
            "phase": "commentary",
        }
    ],
    [
        {"type": "reasoning", "encrypted_content": "e", "summary": []},
        {"type": "function_call", "call_id": "c", "name": "f", "arguments": "{}"},
        {"type": "reasoning", "encrypted_content": "f", "summary": []},
        {"type": "function_call", "call_id": "d", "name": "f", "arguments": "{}"},
        {"type": "function_call_output", "call_id": "d", "output": "x"},
        {"type": "function_call_output", "call_id": "c", "output": [{"type": "input_text", "text": "x"}]},
    ],
    [
        {"type": "custom_tool_call", "call_id": "c", "name": "f", "input": "ls"},
        {"type": "custom_tool_call_output", "call_id": "c", "output": "x"},
    ],
    [{"type": "item_reference", "id": "msg_1"}],
    [{"type": "web_search_call", "id": "ws", "status": "completed", "action": {"type": "search", "query": "x"}}],
    [{"role": "assistant", "content": ""}],
    [{"role": "assistant", "content": [{"type": "output_text", "text": "a"}, {"type": "output_text", "text": "b"}]}],
    [{"type": "mcp_approval_response", "approval_request_id": "x", "approve": True}, {"role": "user", "content": "x"}],
    [{"id": "msg_1"}],
    [{"type": "item_reference", "id": "fc_1"}, result("c")],
    [called("c"), result("c"), {"role": "user", "content": "x"}, called("c"), result("c")],
    [called("c" * 65), result("c" * 65)],
    [called("c"), {"role": "user", "content": "x"}],
    [{"role": "user", "content": "x"}, result("c")],
    [called("c", caller={"type": "program", "caller_id": "p"}), result("c", caller={"type": "program"})],
    [called("xs_call_1", type="custom_tool_call"), {"role": "user", "content": "x"}],
    [{"role": "user", "content": [{"type": "input_file", "filename": "a.pdf", "file_data": "JVBERi0="}]}],
    [{"role": "user", "content": [{"type": "input_file", "file_url": "gs://a/b.pdf"}]}],
]


@pytest.mark.parametrize("given", ITEMS, ids=lambda given: given[0].get("type", "message"))
def test_items_that_the_portable_form_cannot_hold_survive_it(given: list[dict[str, Any]]) -> None:
    before = copy.deepcopy(given)
    messages, options = dialect.decode_request({"model": "gpt-5", "input": given})
    assert given == before
    assert dialect.encode_request(messages, options)["input"] == given


def test_empty_instructions_stay() -> None:
    body = {"model": "gpt-4.1", "input": HI, "instructions": "", "store": False}
    assert dialect.encode_request(*dialect.decode_request(body)) == body


@pytest.mark.parametrize("body", [{"input": 5}, {"input": [None]}, {"input": [{"role": "user", "content": 5}]}, None])
def test_what_is_no_request(body: Any) -> None:
    with pytest.raises(InvalidRequestError):
        dialect.decode_request(body)
