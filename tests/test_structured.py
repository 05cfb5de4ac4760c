"""Structured output: what is asked for, what is sent, what comes back parsed, and what happens if it does not fit."""

from __future__ import annotations

import dataclasses
import pickle
import sys
from datetime import date
from pathlib import Path
from typing import Any, Literal

import pytest

from agentsea_gateway import Candidate, Gateway, Response, ToolCall, Usage
from agentsea_gateway.errors import (
    AllProvidersUnavailableError,
    ConfigurationError,
    InternalServerError,
    InvalidAnswerError,
    InvalidRequestError,
)
from agentsea_gateway.providers import Anthropic, OpenAI
from agentsea_gateway.strictness import strict
from agentsea_gateway.structured import form_of, json_text
from agentsea_gateway.testing import Reply, Sandbox, ScriptedProvider
from support.gateways import counts, gateway

pydantic = pytest.importorskip("pydantic")
typing_extensions = pytest.importorskip("typing_extensions")  # whose TypedDict pydantic wants before Python 3.12

CITY: dict[str, Any] = {
    "title": "City",
    "type": "object",
    "properties": {"name": {"type": "string"}, "people": {"type": "integer", "minimum": 0}},
    "required": ["name"],
}
OPENAI_FORM = {"type": "json_schema", "json_schema": {"name": "city", "schema": CITY, "strict": False}}


class City(pydantic.BaseModel):
    name: str
    founded: date | None = None


@dataclasses.dataclass
class Point:
    x: int
    y: int = 0


class Mood(typing_extensions.TypedDict):
    mood: Literal["good", "bad"]


class Asked:
    """A provider that keeps what it was asked."""

    def __init__(self, *answers: Any) -> None:
        self.answers = [*answers]
        self.options: list[dict[str, Any]] = []

    def complete(self, messages: Any, *, response_format: Any = None, **options: Any) -> Response:
        self.options.append({"response_format": response_format, **options})
        answer = self.answers.pop(0)
        return answer if isinstance(answer, Response) else Response(answer)


# -- what is parsed ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("asked", "content", "parsed"),
    [
        (City, '{"name": "Ulm", "founded": "0854-07-22"}', City(name="Ulm", founded=date(854, 7, 22))),
        (Point, '{"x": 1, "y": 2}', Point(1, 2)),
        (Mood, '{"mood": "good"}', {"mood": "good"}),
        (list[Point], '{"value": [{"x": 1}]}', [Point(1)]),
        (list[Point], '[{"x": 1}]', [Point(1)]),
        (pydantic.TypeAdapter(Point), '{"x": 1}', Point(1)),
        (CITY, '{"name": "Ulm", "people": 126000}', {"name": "Ulm", "people": 126000}),
        ({"type": "array", "items": {"type": "integer"}}, '{"value": [1, 2]}', [1, 2]),
        ({"enum": ["yes", "no"]}, '{"value": "yes"}', "yes"),
        (OPENAI_FORM, '{"name": "Ulm"}', {"name": "Ulm"}),
        ({"type": "json_object"}, '{"anything": [1]}', {"anything": [1]}),
        ({"type": "text"}, "no JSON at all", None),
    ],
)
def test_the_value_stands_in_parsed(asked: Any, content: str, parsed: Any) -> None:
    reply = gateway(Asked(content)).completion("Hi", response_format=asked)
    assert reply.parsed == parsed
    assert reply.content == content


@pytest.mark.parametrize(
    "content", ['```json\n{"x": 1}\n```', '```\n{"x": 1}```', '<think>1?</think>\n\n{"x": 1}', ' {"x": 1}\n']
)
def test_what_models_put_around_their_json_is_taken_off(content: str) -> None:
    assert json_text(content) == '{"x": 1}'
    assert gateway(Asked(content)).completion("Hi", response_format=Point).parsed == Point(1)


def test_a_response_with_a_parsed_value_pickles_and_equals_one_without() -> None:
    reply = gateway(Asked('{"name": "Ulm"}')).completion("Hi", response_format=City)
    again = pickle.loads(pickle.dumps(reply))
    assert again == reply
    assert again.parsed == City(name="Ulm")


# -- what is sent ------------------------------------------------------------------------------------------------------


def sent(asked: Any) -> dict[str, Any]:
    """The `json_schema` that providers receive."""
    provider = Asked("{}")
    with pytest.raises(InvalidAnswerError):
        gateway(provider).completion("Hi", response_format=asked)
    form: dict[str, Any] = provider.options[0]["response_format"]
    assert form["type"] == "json_schema"
    return form["json_schema"]


def test_a_type_is_sent_as_a_strict_schema_with_its_name() -> None:
    assert sent(City) == {
        "name": "City",
        "strict": True,
        "schema": {
            "title": "City",
            "type": "object",
            "properties": {
                "name": {"title": "Name", "type": "string"},
                "founded": {"title": "Founded", "anyOf": [{"type": "string", "format": "date"}, {"type": "null"}]},
            },
            "required": ["name", "founded"],
            "additionalProperties": False,
        },
    }


def test_a_schema_that_is_no_object_is_wrapped_in_one() -> None:
    schema = sent(list[Point])["schema"]
    assert (schema["type"], schema["required"], schema["additionalProperties"]) == ("object", ["value"], False)
    assert schema["properties"]["value"]["items"] == {"$ref": "#/$defs/Point"}
    assert schema["$defs"]["Point"]["required"] == ["x", "y"]


def test_openais_own_dict_is_sent_as_it_is() -> None:
    assert sent({**OPENAI_FORM}) == OPENAI_FORM["json_schema"]


def test_what_strict_output_cannot_promise_is_sent_without_strict() -> None:
    free = {
        "type": "object",
        "properties": {"tags": {"type": "object", "additionalProperties": {"type": "string"}}},
        "required": ["tags"],
    }
    assert sent(free) == {"name": "response", "schema": free, "strict": False}


@pytest.mark.parametrize(
    "schema",
    [
        {"type": "object"},
        {"type": "object", "properties": {"a": {}}},
        {"type": "object", "properties": {"a": {"not": {"type": "null"}}}},
        {"type": "object", "properties": {"a": True}},
        {"type": "object", "properties": {"a": {"allOf": [{"type": "string"}, {"minLength": 1}]}}},
    ],
)
def test_strictness_is_given_up_rather_than_claimed(schema: dict[str, Any]) -> None:
    assert strict(schema) is None


def test_a_strict_schema_keeps_references_and_unions_in_the_form_that_vendors_take() -> None:
    schema = {
        "$defs": {"A": {"type": "object", "properties": {"kind": {"const": "a"}}}},
        "type": "object",
        "properties": {
            "one": {"oneOf": [{"$ref": "#/$defs/A"}, {"type": "null"}], "discriminator": {"propertyName": "kind"}},
            "two": {"$ref": "#/$defs/A", "description": "words beside a reference"},
            "three": {"allOf": [{"$ref": "#/$defs/A"}]},
        },
    }
    found = strict(schema)
    assert found is not None
    closed = {
        "type": "object",
        "properties": {"kind": {"const": "a"}},
        "required": ["kind"],
        "additionalProperties": False,
    }
    assert found["properties"] == {
        "one": {"anyOf": [{"$ref": "#/$defs/A"}, {"type": "null"}]},
        "two": {**closed, "description": "words beside a reference"},
        "three": {"$ref": "#/$defs/A"},
    }


class Tree(pydantic.BaseModel):
    children: list[Tree] = []


def test_a_recursive_model_has_an_object_at_its_root() -> None:
    assert form_of(Tree | None).wrapped
    form = form_of(Tree)
    assert form.wire is not None
    schema = form.wire["json_schema"]["schema"]
    assert (form.wire["json_schema"]["strict"], schema["type"], form.wrapped) == (True, "object", False)
    reply = gateway(Asked('{"children": [{"children": []}]}')).completion("Hi", response_format=Tree)
    assert reply.parsed == Tree(children=[Tree()])


def test_a_form_is_worked_out_once() -> None:
    assert form_of(City) is form_of(City)


# -- what does not fit -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("answer", "asked", "why"),
    [
        ("Ulm", City, "the answer is no JSON"),
        ("{}", City, "the answer does not fit: name: Field required"),
        ('{"people": -1}', CITY, 'the answer does not fit the schema: $ lacks "name"'),
        ('{"name": "Ulm", "people": -1}', CITY, "$.people is less than 0"),
        (
            Response('{"name": "Ul', stop_reason="length"),
            City,
            "cut off before its JSON was whole (stop_reason length)",
        ),
        (Response("", stop_reason="content_filter"), City, "filtered"),
        (Response("", refusal="I will not."), City, "the model refused: I will not."),
    ],
)
def test_an_answer_that_does_not_fit_is_a_typed_error_that_carries_it(answer: Any, asked: Any, why: str) -> None:
    gw = gateway(Asked(answer))
    with pytest.raises(InvalidAnswerError) as caught:
        gw.completion("Hi", response_format=asked)
    assert why in caught.value.message
    assert caught.value.partial is not None
    assert caught.value.partial.served_by == caught.value.candidate == "a"
    assert caught.value.partial.content == (answer if isinstance(answer, str) else answer.content)
    assert caught.value.route is not None
    assert caught.value.route.attempts[0].outcome == "own_fault"


def test_it_fails_over_and_melts_nobody() -> None:
    gw = gateway(ScriptedProvider(default="no"), ScriptedProvider(default='{"name": "Ulm"}'))
    replies = [gw.completion("Hi", response_format=City) for _ in range(5)]
    assert [reply.served_by for reply in replies] == ["b"] * 5
    assert replies[0].parsed == City(name="Ulm")
    assert gw.ask("a") == "ok"
    assert counts(gw.health()) == {"a": (5, 5), "b": (5, 0)}


def test_where_nobody_fits_the_last_answer_is_attached() -> None:
    with pytest.raises(InvalidAnswerError) as caught:
        gateway("first", "second").completion("Hi", response_format=City)
    assert caught.value.partial.content == "second"


def test_where_others_failed_for_other_reasons_all_of_them_are_told() -> None:
    with pytest.raises(AllProvidersUnavailableError, match=r"a: InvalidAnswerError: .*; b: InternalServerError"):
        gateway("first", InternalServerError("down")).completion("Hi", response_format=City)


def test_the_tokens_of_an_answer_that_did_not_fit_are_accounted_for() -> None:
    answer = Response("no", usage=Usage(1000, 1000), model="gpt-4.1")
    gw = gateway(Candidate("a", Asked(answer), "gpt-4.1"), Asked('{"name": "Ulm"}'))
    route = gw.completion("Hi", response_format=City).route
    assert route is not None
    assert str(route.attempts[0].cost) == "0.010"


def test_an_answer_that_calls_tools_is_neither_parsed_nor_validated() -> None:
    calling = Response(tool_calls=(ToolCall("1", "look", {}, "{}"),), stop_reason="tool_use")
    reply = gateway(Asked(calling)).completion("Hi", response_format=City, validate=lambda it: it.parsed.name != "")
    assert (reply.parsed, len(reply.tool_calls)) == (None, 1)


def test_a_watched_call_parses_and_fails_over_too() -> None:
    gw = gateway(ScriptedProvider(default="no"), ScriptedProvider(default='{"name": "Ulm"}'), watch=True)
    assert gw.completion("Hi", response_format=City).parsed == City(name="Ulm")


# -- validate ----------------------------------------------------------------------------------------------------------


def test_validate_sends_an_answer_on_by_false_or_by_a_value_error() -> None:
    def longer(reply: Response) -> None:
        if len(reply.content) < 5:
            raise ValueError("too short")

    gw = gateway(ScriptedProvider(default="no"), ScriptedProvider(default="yes, indeed"))
    assert gw.completion("Hi", validate=longer).served_by == "b"
    assert gw.completion("Hi", validate=lambda reply: "," in reply.content).served_by == "b"
    assert gw.completion("Hi", validate=lambda reply: None).served_by == "a"
    with pytest.raises(InvalidAnswerError, match="validate refused the answer: too short"):
        gw.completion("Hi", validate=longer, exclude="b")


def test_validate_sees_the_parsed_value() -> None:
    gw = gateway(ScriptedProvider(default='{"x": -1}'), ScriptedProvider(default='{"x": 1}'))
    assert gw.completion("Hi", response_format=Point, validate=lambda reply: reply.parsed.x > 0).parsed == Point(1)


@pytest.mark.parametrize("how", ["completion", "stream", "watch"])
def test_a_validate_that_is_broken_is_the_callers_mistake(how: str) -> None:
    def broken(reply: Response) -> bool:
        return reply.nonsense  # type: ignore[attr-defined, no-any-return]

    gw = gateway("a", "b")
    ask = {
        "completion": lambda: gw.completion("Hi", validate=broken),
        "stream": lambda: list(gw.stream("Hi", validate=broken)),
        "watch": lambda: gw.completion("Hi", validate=broken, watch=True),
    }
    with pytest.raises(InvalidRequestError, match="validate raised AttributeError") as caught:
        ask[how]()
    assert caught.value.route is not None
    assert [attempt.outcome for attempt in caught.value.route.attempts] == ["neutral"]
    assert gw.health()["a"].in_flight == 0


# -- streams -----------------------------------------------------------------------------------------------------------


def test_a_streams_response_is_parsed_at_its_end() -> None:
    gw = gateway(ScriptedProvider(default='{"name": "Ulm"}'))
    with gw.stream("Hi", response_format=City) as stream:
        events = list(stream)
    assert stream.response.parsed == events[-1].response.parsed == City(name="Ulm")  # type: ignore[union-attr]
    assert stream.response == gw.completion("Hi", response_format=City)


def test_a_stream_that_does_not_fit_says_so_at_its_end() -> None:
    gw = gateway(ScriptedProvider(default="Ulm"), "never asked")
    stream = gw.stream("Hi", response_format=City)
    seen = []
    with pytest.raises(InvalidAnswerError) as caught:
        seen.extend(stream)
    assert caught.value.partial.content == "Ulm"
    assert caught.value.candidate == "a"
    assert stream.route is caught.value.route
    assert [attempt.outcome for attempt in stream.route.attempts] == ["own_fault"]
    assert gw.health()["a"].in_flight == 0


# -- where it may be asked ---------------------------------------------------------------------------------------------


def test_defaults_ask_too_and_overrides_win() -> None:
    point = '{"x": 1}'
    by_default = Gateway([Candidate("a", ScriptedProvider(default=point))], options={"response_format": Point})
    assert by_default.completion("Hi").parsed == Point(1)
    own = Candidate("a", ScriptedProvider(default=point), options={"response_format": CITY})
    with pytest.raises(InvalidAnswerError):
        gateway(own).completion("Hi")
    assert gateway(own).completion("Hi", response_format=Point).parsed == Point(1)
    winning = Candidate("a", ScriptedProvider(default=point), overrides={"response_format": Point})
    assert gateway(winning).completion("Hi", response_format=City).parsed == Point(1)


@pytest.mark.parametrize("bad", ["City", 7, ["a"], object()])
def test_what_is_no_form_is_refused_before_anything_is_sent(bad: Any) -> None:
    provider = Asked()
    with pytest.raises(InvalidRequestError, match="response_format"):
        gateway(provider).completion("Hi", response_format=bad)
    with pytest.raises(ConfigurationError, match="response_format"):
        gateway(Candidate("a", provider, options={"response_format": bad}))
    assert provider.options == []


def test_validate_is_a_function() -> None:
    with pytest.raises(InvalidRequestError, match="validate is a str; give a function"):
        gateway("a").completion("Hi", validate="yes")  # type: ignore[arg-type]


def test_without_pydantic_the_error_names_the_way_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pydantic", None)

    @dataclasses.dataclass
    class Fresh:
        x: int

    with pytest.raises(ConfigurationError, match=r"pip install 'agentsea-gateway\[pydantic\]'"):
        gateway("a").completion("Hi", response_format=Fresh)


def test_batches_take_types_and_validators() -> None:
    gw = gateway(ScriptedProvider(default="no"), ScriptedProvider(default='{"x": 1}'))
    results = gw.map(["a", "b"], response_format=Point, validate=lambda reply: reply.parsed.x == 1)
    assert [result.response.parsed for result in results if result.response] == [Point(1), Point(1)]


def test_answers_out_of_a_cache_or_a_journal_are_parsed_again(tmp_path: Path) -> None:
    provider = Asked('{"x": 1}', '{"x": 2}')
    gw = gateway(provider, cache=tmp_path / "cache.db")
    replies = [gw.completion("Hi", response_format=Point) for _ in range(2)]
    assert [reply.parsed for reply in replies] == [Point(1), Point(1)]
    assert [reply.cost for reply in replies] == [None, 0]
    assert gw.completion("Hi", response_format=Point, validate=lambda reply: reply.parsed.x == 2).parsed == Point(2)
    for _ in range(2):
        [result] = gateway("{}" if _ else '{"x": 3}').map(["a"], response_format=Point, journal=tmp_path / "rows.db")
        assert result.response is not None
        assert result.response.parsed == Point(3)


@pytest.mark.parametrize("vendor", ["openai", "anthropic"])
def test_a_model_over_http_is_asked_for_parsed_and_priced(vendor: str) -> None:
    with Sandbox() as box:
        box.always(Reply('{"name": "Ulm", "founded": null}'))
        provider: Any = (
            OpenAI(api_key=box.api_key, base_url=box.openai_url)
            if vendor == "openai"
            else Anthropic(api_key=box.api_key, base_url=box.anthropic_url)
        )
        with Gateway([Candidate("a", provider, {"openai": "gpt-4.1", "anthropic": "claude-opus-4-8"}[vendor])]) as gw:
            plain = gw.completion("Hi", response_format=City)
            with gw.stream("Hi", response_format=City) as stream:
                list(stream)
        assert plain.parsed == stream.response.parsed == City(name="Ulm")
        assert plain.cost == stream.response.cost
        assert plain.cost_source == "estimated"
        assert all("City" in str(request.body) for request in box.requests)
