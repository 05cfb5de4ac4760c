"""The portable messages and options as Gemini requests, and back."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from agentsea_gateway.dialects import gemini as dialect
from agentsea_gateway.dialects import get
from agentsea_gateway.dialects.gemini.models import rules
from agentsea_gateway.dialects.gemini.turns import NO_SIGNATURE
from agentsea_gateway.errors import InvalidRequestError, UnsupportedRequestError
from support.wire_gemini import same_request

gemini = get("gemini")
OLD, MIDDLE, NEW = "gemini-2.0-flash", "gemini-2.5-flash", "gemini-3.6-flash"
USER = {"role": "user", "content": "Hi"}
SCHEMA = {"type": "object", "properties": {"a": {"type": "string"}}, "required": ["a"]}
TOOL = {"type": "function", "function": {"name": "f", "description": "d", "parameters": SCHEMA}}
PNG = {"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA"}}
BLOB = {"inlineData": {"mimeType": "image/png", "data": "AAAA"}}


def call(call_id: str = "c1", arguments: Any = '{"a":1}', name: str = "f") -> dict[str, Any]:
    return {"id": call_id, "type": "function", "function": {"name": name, "arguments": arguments}}


def calling(*ids: str) -> dict[str, Any]:
    return {"role": "assistant", "content": "", "tool_calls": [call(each) for each in ids]}


def result(call_id: str = "c1", content: Any = "42", **more: Any) -> dict[str, Any]:
    return {"role": "tool", "tool_call_id": call_id, "content": content, **more}


def sent(*messages: Any, model: str = MIDDLE, **options: Any) -> Any:
    return gemini.encode_request([*(messages or [USER])], model=model, **options)


def contents(*messages: Any, model: str = MIDDLE) -> Any:
    return sent(*messages, model=model)["contents"]


def config(**options: Any) -> Any:
    return sent(**options).get("generationConfig")


def degraded(*messages: Any, model: str = MIDDLE, **options: Any) -> tuple[str, ...]:
    return gemini.encode([*(messages or [USER])], model=model, **options).degraded


def user(*parts: dict[str, Any]) -> dict[str, Any]:
    return {"role": "user", "parts": [*parts]}


def test_messages_and_options_are_the_body() -> None:
    body = sent(
        {"role": "system", "content": "Be brief."},
        USER,
        max_tokens=5,
        temperature=0.5,
        top_p=0.9,
        top_k=4,
        stop="x",
        seed=1,
        presence_penalty=0.1,
        frequency_penalty=0.2,
        stream=True,
    )
    assert body == {
        "contents": [user({"text": "Hi"})],
        "systemInstruction": {"parts": [{"text": "Be brief."}]},
        "generationConfig": {
            "maxOutputTokens": 5,
            "temperature": 0.5,
            "topP": 0.9,
            "topK": 4,
            "stopSequences": ["x"],
            "seed": 1,
            "presencePenalty": 0.1,
            "frequencyPenalty": 0.2,
        },
    }


def test_neighbours_are_joined_and_system_messages_move_in_front() -> None:
    body = sent(USER, {"role": "developer", "content": "x"}, USER, {"role": "assistant", "content": ""}, USER)
    assert body["contents"] == [user({"text": "Hi"}, {"text": "Hi"}, {"text": "Hi"})]
    assert body["systemInstruction"] == {"parts": [{"text": "x"}]}


def test_extra_body_goes_into_the_configs_and_over_everything_else() -> None:
    body = sent(
        max_tokens=5,
        tools=[TOOL],
        reasoning_effort="low",
        extra_body={
            "generation_config": {"responseModalities": ["IMAGE"], "thinkingConfig": {"includeThoughts": False}},
            "safetySettings": [],
            "tools": [{"googleSearch": {}}],
        },
    )
    thinking = {"includeThoughts": False, "thinkingBudget": 1024}
    assert body["generationConfig"] == {
        "maxOutputTokens": 5,
        "responseModalities": ["IMAGE"],
        "thinkingConfig": thinking,
    }
    assert body["safetySettings"] == []
    assert body["tools"] == [{"googleSearch": {}}]


def test_what_gemini_cannot_express_is_listed() -> None:
    assert degraded(user="u", metadata={"a": "b"}, parallel_tool_calls=False) == (
        "parallel_tool_calls",
        "user",
        "metadata",
    )
    marked = {"role": "user", "content": [{"type": "text", "text": "x", "cache_control": {"type": "ephemeral"}}]}
    assert degraded(marked) == ("cache_control",)
    assert degraded({**USER, "name": "Bob"}) == ("name",)
    assert degraded({"role": "user", "content": [{**PNG, "image_url": {**PNG["image_url"], "detail": "low"}}]}) == (
        "image_url.detail",
    )


def test_vertex_takes_labels_and_no_ids_of_others() -> None:
    encoded = gemini.encode(
        [USER, calling("c1"), result("c1")], model=MIDDLE, metadata={"team": "a"}, quirks=dialect.VERTEX
    )
    assert encoded.degraded == ()
    assert encoded.body["labels"] == {"team": "a"}
    assert encoded.body["contents"][1:] == [
        {"role": "model", "parts": [{"functionCall": {"name": "f", "args": {"a": 1}}}]},
        user({"functionResponse": {"name": "f", "response": {"result": "42"}}}),
    ]


@pytest.mark.parametrize(
    ("part", "expected"),
    [
        (PNG, BLOB),
        (
            {"type": "image_url", "image_url": {"url": "https://a/b.jpg?x=1"}},
            {"fileData": {"mimeType": "image/jpeg", "fileUri": "https://a/b.jpg?x=1"}},
        ),
        ({"type": "image_url", "image_url": "https://a/b"}, {"fileData": {"fileUri": "https://a/b"}}),
        (
            {"type": "file", "file": {"file_data": "data:application/pdf;base64,AAAA", "filename": "a.pdf"}},
            {"inlineData": {"mimeType": "application/pdf", "data": "AAAA", "displayName": "a.pdf"}},
        ),
        (
            {"type": "file", "file": {"file_data": "AAAA"}},
            {"inlineData": {"mimeType": "application/pdf", "data": "AAAA"}},
        ),
        (
            {"type": "file", "file": {"file_data": "gs://bucket/a.mp4"}, "video_metadata": {"fps": 2}},
            {"fileData": {"mimeType": "video/mp4", "fileUri": "gs://bucket/a.mp4"}, "videoMetadata": {"fps": 2}},
        ),
        (
            {"type": "file", "file": {"file_id": "https://host/v1beta/files/x", "format": "video/mp4"}},
            {"fileData": {"mimeType": "video/mp4", "fileUri": "https://host/v1beta/files/x"}},
        ),
        (
            {"type": "input_audio", "input_audio": {"data": "AAAA", "format": "wav"}},
            {"inlineData": {"mimeType": "audio/wav", "data": "AAAA"}},
        ),
        (
            {"type": "video_url", "video_url": {"url": "https://youtu.be/x"}},
            {"fileData": {"fileUri": "https://youtu.be/x"}},
        ),
        ({"type": "refusal", "refusal": "No."}, {"text": "No."}),
        ({"type": "gemini_part", "part": {"text": "x", "thought": True}}, {"text": "x", "thought": True}),
    ],
)
def test_parts(part: dict[str, Any], expected: dict[str, Any]) -> None:
    assert contents({"role": "user", "content": [part]}) == [user(expected)]


@pytest.mark.parametrize(
    "part",
    [
        {"type": "search_result"},
        {"type": "image_url", "image_url": {"url": "/pictures/a.png"}},
        {"type": "file", "file": {}},
        {"type": "file"},
    ],
)
def test_a_part_that_gemini_does_not_know_is_refused(part: dict[str, Any]) -> None:
    with pytest.raises(UnsupportedRequestError):
        sent({"role": "user", "content": [part]})


@pytest.mark.parametrize(
    "part",
    [
        {"text": "x", "thoughtSignature": "c2ln"},
        {"inlineData": {"mimeType": "audio/L16;rate=24000", "data": "AAAA"}},
        {"inlineData": {"mimeType": "IMAGE/PNG", "data": "AAAA"}},
        {"fileData": {"fileUri": "https://a/b.png"}},
        {"fileData": {"fileUri": "https://a/b.png", "mimeType": "image/webp"}},
        {"fileData": {"fileUri": "https://a/b", "mimeType": "image/webp"}, "mediaResolution": {"level": "HIGH"}},
        {"executableCode": {"code": "x"}},
    ],
)
def test_every_part_of_a_request_comes_back(part: dict[str, Any]) -> None:
    body = {"contents": [user(part, {"text": "y"})]}
    assert gemini.encode_request(*gemini.decode_request(body)) == body


def test_an_empty_text_falls_out() -> None:
    """ "required oneof field 'data' must have one initialized field" is what the API says to it."""
    parts = [{"type": "text", "text": text} for text in ("", "y")]
    assert contents({"role": "user", "content": parts}) == [user({"text": "y"})]


CALLED = {"functionCall": {"name": "f", "args": {}}}
ANSWERED = {"functionResponse": {"name": "f", "response": {"a": 1}}}
SAID_FALSE = {"text": "x", "thought": False}


@pytest.mark.parametrize(
    ("body", "content"),
    [
        ({"contents": [user({"text": ""})]}, ""),
        ({"contents": [user({"text": ""}, {"text": "y"})]}, "y"),
        ({"contents": [user(SAID_FALSE)]}, "x"),
        ({"contents": [user(SAID_FALSE, {"text": ""})]}, "x"),
        ({"systemInstruction": {"parts": [SAID_FALSE]}, "contents": [user({"text": "y"})]}, "x"),
        ({"systemInstruction": {"role": "model", "parts": [{"text": "x"}]}, "contents": [user({"text": "y"})]}, "x"),
        ({"contents": [{"role": "model", "parts": [SAID_FALSE]}, user({"text": "y"})]}, "x"),
        ({"contents": [{"role": "model", "parts": [CALLED]}, user(ANSWERED)]}, ""),
        ({"contents": [user(ANSWERED)]}, '{"a":1}'),
        ({"contents": [user({"text": "x"}), {"role": "model", "parts": [CALLED]}, user({"text": "y"})]}, "x"),
    ],
)
def test_what_other_clients_write_into_parts_comes_back_and_is_portable(body: dict[str, Any], content: str) -> None:
    messages, options = gemini.decode_request(body)
    assert messages[0]["content"] == content
    assert gemini.encode_request(messages, options) == body


def test_tools_may_be_one_object() -> None:
    declared = {"name": "f", "parameters": {"type": 6, "properties": {"a": {"type": 1}}}}
    listed = {"contents": [user({"text": "x"})], "tools": [{"functionDeclarations": [declared]}]}
    for tools in ({"functionDeclarations": [declared]}, {"functionDeclarations": declared}):
        assert gemini.encode_request(*gemini.decode_request({**listed, "tools": tools})) == listed


def test_a_result_of_media_alone_has_no_response() -> None:
    result = {"functionResponse": {"name": "f", "parts": [BLOB]}}
    body = {
        "contents": [
            user({"text": "x"}),
            {"role": "model", "parts": [{"functionCall": {"name": "f", "args": {}}}]},
            user(result),
        ]
    }
    assert same_request(gemini.encode_request(*gemini.decode_request(body))) == same_request(copy.deepcopy(body))


def test_calls_and_results() -> None:
    found = contents(USER, calling("c1", "c2"), result("c2", '{"t": 5}'), result("c1", "no", is_error=True), USER)
    assert found[1:] == [
        {
            "role": "model",
            "parts": [
                {"functionCall": {"name": "f", "id": "c1", "args": {"a": 1}}},
                {"functionCall": {"name": "f", "id": "c2", "args": {"a": 1}}},
            ],
        },
        user(
            {"functionResponse": {"name": "f", "id": "c2", "response": {"t": 5}}},
            {"functionResponse": {"name": "f", "id": "c1", "response": {"error": "no"}}},
            {"text": "Hi"},
        ),
    ]


def test_media_in_a_result_stand_in_it_or_behind_it() -> None:
    """Gemini 3 takes them inside, those before do not."""
    messages = [USER, calling("c1"), result("c1", [PNG, {"type": "text", "text": "see"}])]
    response = {"name": "f", "id": "c1", "response": {"result": "see"}}
    assert contents(*messages, model=NEW)[-1] == user({"functionResponse": {**response, "parts": [BLOB]}})
    assert contents(*messages, model=MIDDLE)[-1] == user({"functionResponse": response}, BLOB)


def test_orphans_are_refused() -> None:
    for messages in (
        [USER, result()],
        [USER, calling("c1"), USER],
        [USER, calling("c1"), USER, {"role": "assistant", "content": "x"}],
    ):
        with pytest.raises(UnsupportedRequestError):
            sent(*messages)
    with pytest.raises(UnsupportedRequestError, match="no message is left"):
        sent({"role": "user", "content": ""})


def test_a_conversation_may_begin_with_the_assistant() -> None:
    assert contents({"role": "assistant", "content": "Hello"}, USER)[0]["role"] == "model"
    assert [each["role"] for each in contents(calling("c1"), result())] == ["user", "model", "user"]


def test_a_call_of_another_vendors_model_has_no_signature_and_says_so() -> None:
    """Gemini 3 refuses calls without one; of calls made together the first one needs it."""
    parts = contents(USER, calling("c1", "c2"), result("c1"), result("c2"), model=NEW)[1]["parts"]
    assert [part.get("thoughtSignature") for part in parts] == [NO_SIGNATURE, None]


def test_what_gemini_answered_goes_back_as_it_came_while_it_is_unedited() -> None:
    parts = [
        {"text": "Hm", "thought": True},
        {"text": "Hi", "thoughtSignature": "c2ln"},
        {"functionCall": {"name": "f", "args": {"a": 1}}, "thoughtSignature": "bmF0"},
    ]
    message = gemini.decode_response({"candidates": [{"content": {"parts": parts}, "finishReason": "STOP"}]}).message
    found = contents(USER, message, result("call_0"), model=NEW)
    assert found[1]["parts"] == parts
    assert found[2] == user({"functionResponse": {"name": "f", "response": {"result": "42"}}})
    edited = contents(USER, {**message, "content": "Ho"}, result("call_0"), model=NEW)
    assert edited[1]["parts"][0] == {"text": "Ho"}
    assert "bmF0" not in str(edited)


@pytest.mark.parametrize(
    ("tool", "field"),
    [
        (SCHEMA, "parameters"),
        ({**SCHEMA, "additionalProperties": False}, "parametersJsonSchema"),
        ({"type": "object", "properties": {"a": {"type": ["string", "null"]}}}, "parametersJsonSchema"),
        ({"type": "object", "properties": {"a": {"enum": [1, 2]}}}, "parametersJsonSchema"),
        ({"type": "object", "properties": {"const": {"anyOf": [{"type": "string"}]}}}, "parameters"),
        ({"$ref": "#/$defs/a"}, "parametersJsonSchema"),
    ],
)
def test_a_schema_goes_where_it_can_be_said(tool: dict[str, Any], field: str) -> None:
    function = {"name": "f", "parameters": tool}
    assert sent(tools=[{"type": "function", "function": function}])["tools"] == [
        {"functionDeclarations": [{"name": "f", field: tool}]}
    ]


def test_tools() -> None:
    search = {"type": "google_search", "google_search": {"exclude": 1}}
    assert sent(tools=[TOOL, search, {"type": "codeExecution"}, {"url_context": {}}, TOOL])["tools"] == [
        {"functionDeclarations": [TOOL["function"], TOOL["function"]]},
        {"googleSearch": {"exclude": 1}},
        {"codeExecution": {}},
        {"urlContext": {}},
    ]
    for other in ({"type": "web_search_20260318", "name": "web_search"}, {"type": "custom"}, {}):
        with pytest.raises(UnsupportedRequestError):
            sent(tools=[other])


@pytest.mark.parametrize(
    ("choice", "expected"),
    [
        ("auto", {"mode": "AUTO"}),
        ("none", {"mode": "NONE"}),
        ("required", {"mode": "ANY"}),
        ({"type": "function", "function": {"name": "f"}}, {"mode": "ANY", "allowedFunctionNames": ["f"]}),
        (
            {"type": "allowed_tools", "allowed_tools": {"mode": "auto", "tools": [TOOL]}},
            {"mode": "VALIDATED", "allowedFunctionNames": ["f"]},
        ),
        (
            {"type": "allowed_tools", "allowed_tools": {"mode": "required", "tools": [TOOL, TOOL]}},
            {"mode": "ANY", "allowedFunctionNames": ["f", "f"]},
        ),
    ],
)
def test_tool_choice(choice: Any, expected: dict[str, Any]) -> None:
    body = sent(tools=[TOOL], tool_choice=choice)
    assert body["toolConfig"] == {"functionCallingConfig": expected}
    assert gemini.encode_request(*gemini.decode_request(body)) == body


def test_a_choice_between_no_tools_is_left_out() -> None:
    assert degraded(tool_choice="required") == ("tool_choice",)
    assert "toolConfig" not in sent(tool_choice="required")


@pytest.mark.parametrize(
    ("model", "options", "expected", "lost"),
    [
        (NEW, {"reasoning_effort": "minimal"}, {"includeThoughts": True, "thinkingLevel": "minimal"}, ()),
        (NEW, {"reasoning_effort": "max"}, {"includeThoughts": True, "thinkingLevel": "high"}, ()),
        (NEW, {"reasoning_effort": "none"}, {"thinkingLevel": "minimal"}, ()),
        (NEW, {"reasoning_budget": 500}, {"includeThoughts": True, "thinkingBudget": 500}, ()),
        ("gemini-3.1-pro", {"reasoning_effort": "none"}, {"thinkingLevel": "low"}, ("reasoning_effort",)),
        ("gemini-3.1-pro", {"reasoning_effort": "minimal"}, {"includeThoughts": True, "thinkingLevel": "low"}, ()),
        (
            "gemini-3-pro-preview",
            {"reasoning_effort": "medium"},
            {"includeThoughts": True, "thinkingLevel": "high"},
            (),
        ),
        (MIDDLE, {"reasoning_effort": "high"}, {"includeThoughts": True, "thinkingBudget": 24_576}, ()),
        (MIDDLE, {"reasoning_effort": "none"}, {"thinkingBudget": 0}, ()),
        ("gemini-2.5-pro", {"reasoning_effort": "none"}, {"thinkingBudget": 128}, ("reasoning_effort",)),
        (OLD, {"reasoning_effort": "high"}, None, ("reasoning_effort",)),
        (OLD, {"reasoning_budget": 9}, None, ("reasoning_budget",)),
        (OLD, {"reasoning_effort": "none"}, None, ()),
        ("models/gemini-4-argon", {"reasoning_effort": "low"}, {"includeThoughts": True, "thinkingLevel": "low"}, ()),
    ],
)
def test_thinking(model: str, options: dict[str, Any], expected: Any, lost: tuple[str, ...]) -> None:
    encoded = gemini.encode([USER], model=model, **options)
    assert encoded.body.get("generationConfig", {}).get("thinkingConfig") == expected
    assert encoded.degraded == lost


def test_structured_output() -> None:
    form = {"type": "json_schema", "json_schema": {"name": "n", "schema": SCHEMA}}
    json_type = "application/json"
    assert config(response_format=form) == {"responseMimeType": json_type, "responseJsonSchema": SCHEMA}
    assert config(response_format=form, model=OLD) == {"responseMimeType": json_type, "responseSchema": SCHEMA}
    assert config(response_format={"type": "json_object"}) == {"responseMimeType": json_type}
    assert config(response_format={"type": "text"}) is None


@pytest.mark.parametrize(("model", "takes"), [("gemini-flash-latest", True), ("gemini-1.5-pro-002", False)])
def test_a_name_without_a_number_is_a_new_one(model: str, takes: bool) -> None:
    assert rules(model).result_media is takes
    assert not rules(model).wants_signature


def test_an_option_nobody_knows_is_refused() -> None:
    with pytest.raises(UnsupportedRequestError, match="has no option 'logprobs'"):
        sent(logprobs=True)
    with pytest.raises(InvalidRequestError):
        sent(extra_body=5)


BODIES: list[dict[str, Any]] = [
    {"contents": "Hi"},
    {"contents": {"parts": [{"text": "Hi"}]}, "system_instruction": {"role": "user", "parts": {"text": "x"}}},
    {"contents": [{"parts": [{"text": "Hi"}]}], "generation_config": {"max_output_tokens": 5, "stop_sequences": []}},
    {
        "contents": [user({"text": "Hi"})],
        "generationConfig": {
            "candidateCount": 1,
            "topK": 40.0,
            "responseMimeType": "text/x.enum",
            "responseSchema": {"type": "STRING", "enum": ["a"]},
            "thinkingConfig": {"thinkingLevel": "HIGH"},
        },
        "safetySettings": [{"category": "x", "threshold": "y"}],
        "cachedContent": "cachedContents/x",
        "labels": {"a": "b"},
    },
    {
        "contents": [user({"text": "Hi"})],
        "generationConfig": {
            "responseMimeType": "application/json",
            "responseSchema": {"type": "OBJECT", "properties": {"type": {"type": "STRING", "nullable": True}}},
            "thinkingConfig": {"includeThoughts": True, "thinkingLevel": "HIGH"},
        },
        "tools": [
            {
                "functionDeclarations": [
                    {"name": "f", "parametersJsonSchema": SCHEMA, "behavior": "BLOCKING"},
                    {"name": "g", "parameters_json_schema": {"type": "object", "additionalProperties": False}},
                    {"name": "h"},
                ]
            },
            {"google_search": {}},
            {"newThing": {"x": 1}},
        ],
        "toolConfig": {
            "functionCallingConfig": {"mode": "any", "allowedFunctionNames": ["f", "g"]},
            "retrievalConfig": {"languageCode": "de"},
        },
    },
    {
        "contents": [
            user({"text": "Hi"}),
            {
                "role": "model",
                "parts": [
                    {"text": "a"},
                    {"text": ""},
                    {"functionCall": {"name": "f"}},
                    {"functionCall": {"name": "f", "args": {}}, "thoughtSignature": "c2ln"},
                    {"functionCall": {"name": "g", "args": {"x": None}, "id": "a:b"}},
                ],
            },
            {
                "role": "function",
                "parts": [
                    {"functionResponse": {"name": "f", "response": {"result": '{"a":1}'}}},
                    {
                        "functionResponse": {
                            "name": "g",
                            "id": "a:b",
                            "response": {"error": "x"},
                            "scheduling": "SILENT",
                        }
                    },
                    {
                        "functionResponse": {"name": "F", "id": "new", "response": {"result": None}},
                        "partMetadata": {"x": 1},
                    },
                ],
            },
            user({"text": "a"}, {"text": "b"}),
            {"role": "model", "parts": [{"functionCall": {"name": "f", "args": {"y": 1.5}, "id": "1"}}]},
            user({"functionResponse": {"name": "f", "id": "1", "response": {"output": [1]}}}, BLOB),
            {"role": "model", "parts": [{"functionCall": {"name": "f", "args": {}, "id": "1"}}]},
            user({"functionResponse": {"name": "f", "id": "1", "response": {}, "parts": [BLOB]}}),
            {"role": "model", "parts": [{"text": "a"}, {"text": "b"}]},
        ]
    },
]


@pytest.mark.parametrize("body", BODIES[2:])
def test_a_request_says_the_same_after_a_trip_through_the_portable_form(body: dict[str, Any]) -> None:
    before = copy.deepcopy(body)
    encoded = gemini.encode(*gemini.decode_request(body))
    assert body == before
    assert encoded.degraded == ()
    assert same_request(copy.deepcopy(encoded.body)) == same_request(before)


@pytest.mark.parametrize("body", BODIES[:2])
def test_short_forms_are_taken(body: dict[str, Any]) -> None:
    messages, _ = gemini.decode_request(body)
    assert messages[-1] == USER


def test_a_request_in_the_portable_form() -> None:
    messages, options = gemini.decode_request(BODIES[4])
    assert options["response_format"]["json_schema"]["schema"]["properties"]["type"]["type"] == "string"
    assert options["reasoning_effort"] == "high"
    assert [tool["function"]["name"] for tool in options["tools"] if "function" in tool] == ["f", "g", "h"]
    assert options["tool_choice"]["allowed_tools"]["mode"] == "required"
    assert options["extra_body"] == {
        "generationConfig": {"thinkingConfig": {"thinkingLevel": "HIGH"}},
        "toolConfig": {"functionCallingConfig": {"mode": "any"}, "retrievalConfig": {"languageCode": "de"}},
    }
    messages, _ = gemini.decode_request(BODIES[5])
    assert [message["role"] for message in messages[:5]] == ["user", "assistant", "tool", "tool", "tool"]
    assert [call["id"] for call in messages[1]["tool_calls"]] == ["call_0", "call_1", "a:b"]
    assert [message["tool_call_id"] for message in messages[2:5]] == ["call_0", "a:b", "call_1"]


@pytest.mark.parametrize("body", [{}, {"contents": 5}, {"contents": [5]}, {"contents": [{"parts": [5]}]}, []])
def test_what_is_no_request(body: Any) -> None:
    with pytest.raises(InvalidRequestError):
        gemini.decode_request(body)


def test_what_is_googles_alone_is_refused_by_the_others() -> None:
    own_part = {"role": "user", "content": [{"type": "gemini_part", "part": {"executableCode": {"code": "x"}}}]}
    for name in ("openai_chat", "anthropic_messages", "openai_responses"):
        with pytest.raises(UnsupportedRequestError):
            get(name).encode_request([own_part], model="m")
    with pytest.raises(UnsupportedRequestError, match="is run by Google alone"):
        get("openai_chat").encode_request([USER], tools=gemini.decode_request(BODIES[4])[1]["tools"])
