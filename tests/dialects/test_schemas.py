"""One pydantic model or schema, asked of every dialect: where each vendor wants it, and under its own rules."""

from __future__ import annotations

import json
from typing import Any

import pytest

from agentsea_gateway import dialects
from agentsea_gateway.dialects.anthropic_messages.schema import encode_schema
from agentsea_gateway.structured import form_of

SCHEMA: dict[str, Any] = {
    "title": "Rating",
    "type": "object",
    "properties": {
        "stars": {"type": "integer", "minimum": 1, "maximum": 5, "description": "How good."},
        "words": {"type": "array", "items": {"type": "string", "maxLength": 9}, "minItems": 1, "maxItems": 3},
        "at": {"type": "string", "format": "date"},
        "kind": {"oneOf": [{"const": "a"}, {"type": "null"}]},
    },
    "required": ["stars"],
}
FORM = form_of(SCHEMA).wire
TEXT = [{"role": "user", "content": "Hi"}]


PLACES = {
    "openai_chat": "response_format json_schema schema",
    "openai_responses": "text format schema",
    "anthropic_messages": "output_config format schema",
    "gemini": "generationConfig responseJsonSchema",
    "cohere_chat": "response_format json_schema",
    "mistral_chat": "response_format json_schema schema",
    "ollama_chat": "format",
    "bedrock_converse": "outputConfig textFormat structure jsonSchema schema",
}


def place(name: str, model: str) -> Any:
    """The schema in a dialect's body."""
    found: Any = dialects.get(name).encode(TEXT, response_format=FORM, model=model).body
    for key in PLACES[name].split():
        found = found[key]
    return json.loads(found) if isinstance(found, str) else found


MODELS = {
    "openai_chat": "gpt-4.1",
    "openai_responses": "gpt-4.1",
    "anthropic_messages": "claude-opus-4-8",
    "gemini": "gemini-2.5-pro",
    "cohere_chat": "command-a-03-2025",
    "mistral_chat": "mistral-large-latest",
    "ollama_chat": "llama3.2",
    "bedrock_converse": "us.anthropic.claude-sonnet-4-5-20250929-v1:0",
}


def test_every_dialect_is_asked() -> None:
    assert set(MODELS) == set(dialects.NAMES)


@pytest.mark.parametrize("name", MODELS)
def test_objects_are_closed_and_all_properties_required_everywhere(name: str) -> None:
    """What the narrowest vendor demands, the others take."""
    found = place(name, MODELS[name])
    assert found["additionalProperties"] is False
    assert found["required"] == ["stars", "words", "at", "kind"]
    assert [*found["properties"]] == found["required"]
    assert "oneOf" not in json.dumps(found)


def test_openai_hears_that_it_is_strict_and_what_it_is_called() -> None:
    body = dialects.get("openai_chat").encode(TEXT, response_format=FORM, model="gpt-4.1").body
    assert {key: body["response_format"]["json_schema"][key] for key in ("name", "strict")} == {
        "name": "Rating",
        "strict": True,
    }


def test_claude_is_told_in_words_what_its_grammar_cannot_hold() -> None:
    """Anthropic documentation, "Structured outputs": limits are a 400."""
    properties = place("anthropic_messages", "claude-opus-4-8")["properties"]
    assert properties["stars"] == {"type": "integer", "description": "How good.\n\n{minimum: 1, maximum: 5}"}
    assert properties["words"] == {
        "type": "array",
        "items": {"type": "string", "description": "{maxLength: 9}"},
        "minItems": 1,
        "description": "{maxItems: 3}",
    }
    assert properties["at"] == {"type": "string", "format": "date"}


@pytest.mark.parametrize(
    ("schema", "expected"),
    [
        ({"type": "string", "format": "phone"}, {"type": "string", "description": "{format: phone}"}),
        ({"type": "array", "minItems": 2}, {"type": "array", "description": "{minItems: 2}"}),
        ({"type": ["object", "null"]}, {"type": ["object", "null"], "additionalProperties": False}),
        (
            {"anyOf": [{"type": "null"}], "oneOf": [{"type": "number", "multipleOf": 2}], "discriminator": {}},
            {"anyOf": [{"type": "null"}, {"type": "number", "description": "{multipleOf: 2}"}]},
        ),
        (
            {"$defs": {"a": {"type": "object", "properties": {"minimum": {"type": "integer"}}}}, "$ref": "#/$defs/a"},
            {
                "$defs": {
                    "a": {
                        "type": "object",
                        "properties": {"minimum": {"type": "integer"}},
                        "additionalProperties": False,
                    }
                },
                "$ref": "#/$defs/a",
            },
        ),
        (True, True),
    ],
)
def test_a_schema_for_claude_keeps_its_meaning_but_for_limits(schema: Any, expected: Any) -> None:
    before = json.dumps(schema)
    assert encode_schema(schema) == expected
    assert json.dumps(schema) == before
