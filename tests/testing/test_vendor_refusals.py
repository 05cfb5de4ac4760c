"""What each vendor refuses, in its words and with its status; one case for each of its rules."""

from __future__ import annotations

from typing import Any

import pytest

from agentsea_gateway.testing.checks import loose_schema, signature
from support.unserved import NAMES, refusal, request_of

PIXEL = "data:image/png;base64,AAAA"
TIFF = "data:image/tiff;base64,AAAA"
OPEN = {"type": "object", "properties": {"a": {"type": "string"}}}
CALL = {"id": "c-1", "type": "function", "function": {"name": "f", "arguments": "{}"}}
USER: dict[str, Any] = {"role": "user", "content": "Hello"}


def picture(url: str) -> dict[str, Any]:
    return {"role": "user", "content": [{"type": "image_url", "image_url": {"url": url}}]}


# -- OpenAI's two ------------------------------------------------------------------------------------------------------

STRICT_TOOL = {"type": "function", "function": {"name": "f", "strict": True, "parameters": OPEN}}
OPENAI: dict[str, Any] = {
    "Unknown parameter: 'top_k'": {"top_k": 5},
    "Unknown parameter: 'messages[0].made_at'": {"messages": [{**USER, "made_at": 1}]},
    "unsupported image": {"messages": [picture(TIFF)]},
    "Invalid schema for function 'f'": {"tools": [STRICT_TOOL]},
    "Invalid schema for response_format 'r'": {
        "response_format": {"type": "json_schema", "json_schema": {"name": "r", "strict": True, "schema": OPEN}}
    },
}
FUNCTION_CALL = {"type": "function_call", "call_id": "c", "name": "f", "arguments": "{}"}
OUTPUT = {"type": "function_call_output", "call_id": "c", "output": "ok"}
THOUGHT = {"type": "reasoning", "id": "rs_1", "summary": [{"type": "summary_text", "text": "hm"}]}
SEALED = {**THOUGHT, "encrypted_content": signature("openai", "rs_1", "hm")}
RESPONSES: dict[str, Any] = {
    "Unknown parameter: 'messages'": {"messages": []},
    "Missing required parameter: 'input'": {"input": None},
    "Invalid type for 'input'": {"input": [5]},
    "Invalid value: 'robot'": {"input": [{"role": "robot", "content": "x"}]},
    "Invalid value: 'output_text'": {"input": [{"role": "user", "content": [{"type": "output_text", "text": "x"}]}]},
    "Invalid value: 'input_text'": {"input": [{"role": "assistant", "content": [{"type": "input_text", "text": "x"}]}]},
    "Unknown parameter: 'input[0].name'": {"input": [{"role": "user", "name": "Ann", "content": "x"}]},
    "Expected an ID that begins with 'msg'": {"input": [{"role": "assistant", "id": "x", "content": "x"}]},
    "string too long": {"input": [{**FUNCTION_CALL, "call_id": "x" * 65}, {**OUTPUT, "call_id": "x" * 65}]},
    "No tool call found": {"input": [OUTPUT]},
    "No tool output found": {"input": [FUNCTION_CALL, USER]},
    "Item with id 'rs_1' not found": {"input": [THOUGHT, {"role": "assistant", "content": "x"}]},
    "could not be verified": {
        "input": [
            {**SEALED, "summary": [{"type": "summary_text", "text": "no"}]},
            {"role": "assistant", "content": "x"},
        ]
    },
    "without its required following item": {"input": [SEALED, USER]},
    "unsupported image": {"input": [{"role": "user", "content": [{"type": "input_image", "image_url": TIFF}]}]},
    "integer below minimum value": {"max_output_tokens": 5},
    "Invalid schema for function 'f'": {"tools": [{"type": "function", "name": "f", "parameters": OPEN}]},
    "Invalid schema for response_format 'r'": {
        "text": {"format": {"type": "json_schema", "name": "r", "strict": True, "schema": OPEN}}
    },
}

# -- Google ------------------------------------------------------------------------------------------------------------


def said(*parts: Any, role: str = "model") -> dict[str, Any]:
    return {"role": role, "parts": [*parts]}


ASKED = said({"text": "Hello"}, role="user")
CALLED = {"functionCall": {"id": "a", "name": "f", "args": {}}}
SIGNED = {**CALLED, "thoughtSignature": signature("google", "f", "{}")}
ANSWERED = {"functionResponse": {"id": "a", "name": "f", "response": {}}}
GEMINI: dict[str, Any] = {
    'Unknown name "messages"': {"messages": []},
    "Unknown name \"foo\" at 'contents[0].parts[0]'": {"contents": [said({"foo": 1}, role="user")]},
    "Unknown name \"additionalItems\" at 'tools[0].functionDeclarations[0].parameters'": {
        "tools": [{"functionDeclarations": [{"name": "f", "parameters": {"type": "array", "additionalItems": False}}]}]
    },
    "cannot start list": {
        "tools": [{"functionDeclarations": [{"name": "f", "parameters": {"type": ["string", "null"]}}]}]
    },
    "contents is not specified": {"contents": []},
    "Please use a valid role": {"contents": [said({"text": "x"}, role="system")]},
    "contents.parts must not be empty": {"contents": [said(role="user")]},
    "required oneof field 'data'": {"contents": [said({"text": ""}, role="user")]},
    "system_instruction.parts[0].data": {"systemInstruction": {"parts": [{"text": ""}]}},
    "Unsupported MIME type": {
        "contents": [said({"inlineData": {"mimeType": "image/gif", "data": "AAAA"}}, role="user")]
    },
    "Base64 decoding failed": {"contents": [said({"inlineData": {"mimeType": "image/png", "data": "@"}}, role="user")]},
    "Invalid function name": {"tools": [{"functionDeclarations": [{"name": "1f"}]}]},
    "comes immediately after a function call turn": {"contents": [ASKED, said(ANSWERED, role="user")]},
    "number of function response parts": {"contents": [ASKED, said(SIGNED), ASKED]},
    "has no function call of its name and id": {
        "contents": [ASKED, said(SIGNED), said({"functionResponse": {"id": "b", "name": "f"}}, role="user")]
    },
    "function call turn comes immediately after a user turn": {"contents": [said(SIGNED), said(ANSWERED, role="user")]},
    "Function call is missing a thought_signature": {"contents": [ASKED, said(CALLED), said(ANSWERED, role="user")]},
    "Corrupted thought signature": {
        "contents": [ASKED, said({**CALLED, "thoughtSignature": "c2ln"}), said(ANSWERED, role="user")]
    },
    "temperature must be in the range": {"generationConfig": {"temperature": 3}},
    "only set one of thinking budget and thinking level": {
        "generation_config": {"thinking_config": {"thinking_budget": 1, "thinking_level": "low"}}
    },
}

# -- Amazon ------------------------------------------------------------------------------------------------------------

HELLO = {"role": "user", "content": [{"text": "Hello"}]}
USE = {"toolUse": {"toolUseId": "t", "name": "f", "input": {}}}
GAVE = {"toolResult": {"toolUseId": "t", "content": [{"text": "ok"}]}}
SPEC = {"toolConfig": {"tools": [{"toolSpec": {"name": "f", "inputSchema": {"json": {}}}}]}}


def turns(*contents: Any) -> dict[str, Any]:
    roles = ("user", "assistant")
    return {
        "messages": [{"role": roles[index % 2], "content": content} for index, content in enumerate(contents)],
        **SPEC,
    }


TEXT = [{"text": "x"}]
BEDROCK: dict[str, Any] = {
    "extraneous key [foo]": {"foo": 1},
    "must start with a user message": {"messages": [{"role": "assistant", "content": TEXT}]},
    "must alternate": {"messages": [HELLO, HELLO]},
    "enum value set: [user, assistant]": {"messages": [{"role": "system", "content": TEXT}]},
    "is empty. Add a ContentBlock": turns([]),
    "is blank. Add text": turns([{"text": " "}]),
    "must set one of its members": turns([{"text": "x", "image": {}}]),
    "enum value set: [png, jpeg, gif, webp]": turns([{"image": {"format": "tiff", "source": {"bytes": "AAAA"}}}]),
    "is not base64": turns([{"image": {"format": "png", "source": {"bytes": "@"}}}]),
    "document file name": turns([{"document": {"format": "pdf", "name": "a.b", "source": {"bytes": "AAAA"}}}, *TEXT]),
    "text block must be included": turns([{"document": {"format": "pdf", "name": "a", "source": {"bytes": "AAAA"}}}]),
    "toolUse.toolUseId": turns(TEXT, [{"toolUse": {**USE["toolUse"], "toolUseId": "a b"}}], [GAVE]),
    "toolUse.name": turns(TEXT, [{"toolUse": {**USE["toolUse"], "name": "a b"}}], [GAVE]),
    "Provide a json object": turns(TEXT, [{"toolUse": {**USE["toolUse"], "input": "{}"}}], [GAVE]),
    "only be specified in an assistant message": turns([USE]),
    "only be specified in a user message": turns(TEXT, [GAVE]),
    "exceeds the number of toolUse blocks": turns(TEXT, TEXT, [GAVE]),
    "Expected toolResult blocks": turns(TEXT, [USE], TEXT),
    "cannot be empty when status value is error": turns(
        TEXT, [USE], [{"toolResult": {"toolUseId": "t", "content": [], "status": "error"}}]
    ),
    "must contain non-whitespace text": turns(
        TEXT, [USE], [{"toolResult": {"toolUseId": "t", "content": [{"text": ""}]}}]
    ),
    "Invalid `signature`": turns(
        TEXT, [{"reasoningContent": {"reasoningText": {"text": "x", "signature": "y"}}}], TEXT
    ),
    "Expected `thinking` or `redacted_thinking`, but found `toolUse`": {
        **turns(TEXT, [USE], [GAVE]),
        "additionalModelRequestFields": {"thinking": {"type": "enabled", "budget_tokens": 1024}},
    },
    "toolConfig field must be defined": {**turns(TEXT, [USE], [GAVE]), "toolConfig": None},
    "toolSpec.name": {"toolConfig": {"tools": [{"toolSpec": {"name": "a b", "inputSchema": {"json": {}}}}]}},
    "inferenceConfig.temperature": {"inferenceConfig": {"temperature": 1.5}},
    "inferenceConfig.maxTokens": {"inferenceConfig": {"maxTokens": 0}},
}

# -- Cohere, Mistral, Ollama -------------------------------------------------------------------------------------------

COHERE: dict[str, Any] = {
    "unknown field: parameter 'top_p'": {"top_p": 0.5},
    "unknown field: parameter 'messages[0].name'": {"messages": [{**USER, "name": "Ann"}]},
    "unknown field: parameter 'tools[0].function.strict'": {"tools": [STRICT_TOOL]},
    "model is required": {"model": None},
    "at least one message": {"messages": []},
    "must be one of user, assistant, system, tool": {"messages": [{"role": "developer", "content": "x"}]},
    "non-empty content": {"messages": [{"role": "user", "content": ""}]},
    "text part without text": {"messages": [{"role": "user", "content": [{"type": "text", "text": ""}]}]},
    "a part of type 'file'": {"messages": [{"role": "user", "content": [{"type": "file"}]}]},
    "no PNG, JPEG, WebP or GIF": {"messages": [picture(TIFF)]},
    "unknown tool_call_id": {"messages": [USER, {"role": "tool", "tool_call_id": "c-1", "content": "ok"}]},
    "missing tool results": {"messages": [USER, {"role": "assistant", "tool_calls": [CALL]}, USER]},
    "tool_choice must be": {"tool_choice": "auto"},
    "temperature must be between": {"temperature": 1.5},
}
SHORT = {**CALL, "id": "abcdefghi"}
RESULT = {"role": "tool", "tool_call_id": "abcdefghi", "content": "ok"}
MISTRAL: dict[str, Any] = {
    "body.seed: Extra inputs": {"seed": 5},
    "body.messages.0.user.name: Extra inputs": {"messages": [{**USER, "name": "Ann"}]},
    "body.model: Field required": {"model": None},
    "body.messages: Field required": {"messages": None},
    "at least one message": {"messages": []},
    "Input tag 'developer'": {"messages": [{"role": "developer", "content": "x"}]},
    "user.content: Field required": {"messages": [{"role": "user"}]},
    "either content or tool_calls": {"messages": [USER, {"role": "assistant", "content": ""}, USER]},
    "Unexpected role 'system' after role 'assistant'": {
        "messages": [USER, {"role": "assistant", "content": "x"}, {"role": "system", "content": "y"}, USER]
    },
    "Expected last role User or Tool": {"messages": [USER, {"role": "assistant", "content": "x"}]},
    "but must be a-z, A-Z, 0-9, with a length of 9": {
        "messages": [USER, {"role": "assistant", "tool_calls": [CALL]}, {**RESULT, "tool_call_id": "c-1"}]
    },
    "Function name was a b": {
        "messages": [
            USER,
            {"role": "assistant", "tool_calls": [{**SHORT, "function": {"name": "a b", "arguments": "{}"}}]},
            RESULT,
        ]
    },
    "Unexpected tool call id": {"messages": [USER, {"role": "assistant", "content": "x"}, RESULT]},
    "Not the same number of function calls": {"messages": [USER, {"role": "assistant", "tool_calls": [SHORT]}, USER]},
    "Image could not be loaded": {"messages": [picture(TIFF)]},
    "temperature: Input should be between": {"temperature": 2},
    "tool_choice: Input should be": {"tool_choice": "maybe"},
}
OLLAMA: dict[str, Any] = {
    "model is required": {"model": None},
    "invalid role: robot": {"messages": [{"role": "robot", "content": "x"}]},
    "messages.content of type string": {"messages": [{"role": "user", "content": []}]},
    "illegal base64": {"messages": [{**USER, "images": [PIXEL]}]},
    "ToolCallFunctionArguments": {"messages": [USER, {"role": "assistant", "content": "", "tool_calls": [CALL]}]},
    "messages of type []api.Message": {"messages": "x"},
}

GOOD: dict[str, dict[str, Any]] = {
    "openai_chat": {"model": "m", "messages": [USER]},
    "openai_responses": {"model": "m", "input": [USER]},
    "gemini": {"contents": [ASKED]},
    "bedrock_converse": {"messages": [HELLO]},
    "cohere_chat": {"model": "m", "messages": [USER]},
    "mistral_chat": {"model": "m", "messages": [USER]},
    "ollama_chat": {"model": "m", "messages": [USER]},
}
BAD = {
    "openai_chat": OPENAI,
    "openai_responses": RESPONSES,
    "gemini": GEMINI,
    "bedrock_converse": BEDROCK,
    "cohere_chat": COHERE,
    "mistral_chat": MISTRAL,
    "ollama_chat": OLLAMA,
}
# Unlike these, 400: what has not the schema of a request, and what is gone.
STATUS = {"Item with id 'rs_1' not found": 404, **{words: 422 for words in MISTRAL if words.startswith("body.")}}
STATUS |= dict.fromkeys(("Input tag 'developer'", "user.content: Field required"), 422)
STATUS |= dict.fromkeys(("temperature: Input should be between", "tool_choice: Input should be"), 422)


def body_of(name: str, changes: dict[str, Any]) -> dict[str, Any]:
    """The good body with these changes; one to None leaves the field out."""
    return {key: value for key, value in {**GOOD[name], **changes}.items() if value is not None}


def test_every_dialect_has_its_cases() -> None:
    assert {*BAD, "anthropic_messages"} == {*NAMES}  # Anthropic's stand elsewhere


@pytest.mark.parametrize("name", BAD)
def test_each_vendor_refuses_what_breaks_its_rules(name: str) -> None:
    assert refusal(request_of(name, GOOD[name])) is None
    for words, changes in BAD[name].items():
        found = refusal(request_of(name, body_of(name, changes)))
        assert found is not None, words
        assert words in found.message, (words, found)
        assert found.status == STATUS.get(words, 400), found


def test_what_came_from_the_sandbox_unedited_is_taken_back() -> None:
    for name, changes in (
        ("openai_responses", {"input": [USER, SEALED, FUNCTION_CALL, OUTPUT]}),
        ("gemini", {"contents": [ASKED, said(SIGNED), said(ANSWERED, role="user")]}),
        ("gemini", {"contents": [ASKED, said(CALLED), said(ANSWERED, role="user"), said({"text": "so"}), ASKED]}),
        ("bedrock_converse", turns(TEXT, [USE], [GAVE])),
        ("mistral_chat", {"messages": [USER, {"role": "assistant", "tool_calls": [SHORT]}, RESULT, USER]}),
    ):
        assert refusal(request_of(name, body_of(name, changes))) is None, name


def test_vertex_takes_no_ids_of_calls_before_gemini_3() -> None:
    from attrs import evolve

    request = request_of("gemini", {"contents": [ASKED, said(CALLED), said(ANSWERED, role="user")]})
    path = "/v1beta1/projects/p/locations/global/publishers/google/models/gemini-2.5-pro:generateContent"
    found = refusal(evolve(request, path=path, model="gemini-2.5-pro"))
    assert found is not None
    assert "Unknown name \"id\" at 'contents[1].parts[0].function_call'" in found.message


@pytest.mark.parametrize(
    ("schema", "is_loose"),
    [
        ({"type": "object", "properties": {}, "additionalProperties": False}, False),
        ({**OPEN, "additionalProperties": False, "required": ["a"]}, False),
        ({**OPEN, "additionalProperties": False}, True),
        (OPEN, True),
        ({"type": "array", "items": OPEN}, True),
        ({"anyOf": [{"type": "string"}, OPEN]}, True),
        ({"type": "string"}, False),
        (None, False),
    ],
)
def test_strict_mode_wants_closed_objects_with_all_their_properties(schema: Any, is_loose: bool) -> None:
    assert (loose_schema(schema) is not None) is is_loose
