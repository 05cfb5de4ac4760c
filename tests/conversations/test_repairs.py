"""Histories that vendors would refuse as they are: repaired, or refused before anything is sent. In every dialect."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

import pytest

from agentsea_gateway.errors import InvalidRequestError, UnsupportedRequestError
from agentsea_gateway.testing import Sandbox
from support.hopping import IMAGE, SPEAKERS, TOOLS, check_the_wire, gateway

if TYPE_CHECKING:
    from collections.abc import Iterator

    from agentsea_gateway import Gateway

USER = {"role": "user", "content": "Hello"}
PDF = {"type": "file", "file": {"filename": "a.b_c.pdf", "file_data": "data:application/pdf;base64,JVBERi0="}}
GOOGLES = ("gemini", "older_gemini", "vertex")


def said(content: Any, *ids: str, arguments: str = '{"of": "x"}') -> dict[str, Any]:
    """An assistant's turn with a call for each id."""
    calls = [{"id": each, "type": "function", "function": {"name": "look_up", "arguments": arguments}} for each in ids]
    return {"role": "assistant", "content": content, **({"tool_calls": calls} if calls else {})}


def gave(call_id: str, content: Any = "ok", **more: Any) -> dict[str, Any]:
    """The result of a call."""
    return {"role": "tool", "tool_call_id": call_id, "content": content, **more}


def system(content: str, role: str = "system") -> dict[str, Any]:
    return {"role": role, "content": content}


SERVED: dict[str, list[dict[str, Any]]] = {
    "an empty answer": [USER, said(""), USER],
    "an answer of white space": [USER, said(" \n"), USER],
    "no answer": [USER, said(None), USER],
    "an answer of an empty part": [USER, said([{"type": "text", "text": ""}]), USER],
    "an empty part": [{"role": "user", "content": [{"type": "text", "text": ""}, {"type": "text", "text": "x"}]}],
    "a part of white space": [
        {"role": "user", "content": [{"type": "text", "text": " "}, {"type": "text", "text": "x"}]}
    ],
    "an empty question": [{"role": "user", "content": ""}, USER],
    "a question without parts": [{"role": "user", "content": []}, USER],
    "two questions": [USER, USER],
    "two answers": [USER, said("a"), said("b"), USER],
    "two system messages": [system("a"), system("b"), USER],
    "an empty system message": [system(""), USER],
    "a late system message": [USER, said("a"), system("b"), USER],
    "a system message at the end": [USER, said("a"), USER, system("b")],
    "a system message behind results": [USER, said("", "c1"), gave("c1"), system("b")],
    "a developer's message": [system("a", "developer"), USER],
    "an answer first": [said("a"), USER],
    "a call first": [said("", "c1"), gave("c1")],
    "a refusal": [USER, {"role": "assistant", "content": None, "refusal": "No."}, USER],
    "an answer to go on with": [USER, said("The answer is ")],
    "results in another order": [USER, said("", "c1", "c2"), gave("c2"), gave("c1")],
    "a late result": [USER, said("", "c1"), USER, gave("c1")],
    "an answer before the result": [USER, said("", "c1"), said("wait"), gave("c1")],
    "calls in two answers": [USER, said("", "c1"), said("", "c2"), gave("c1"), gave("c2")],
    "a question behind results": [USER, said("", "c1"), gave("c1"), USER],
    "the same id in two turns": [USER, said("", "c1"), gave("c1"), said("so"), USER, said("", "c1"), gave("c1", "no")],
    "the same id twice in one turn": [USER, said("", "c1", "c1"), gave("c1", "one"), gave("c1", "two")],
    "an id of strange letters": [USER, said("", "functions.look up:0/é"), gave("functions.look up:0/é")],
    "two ids that differ in a strange letter": [USER, said("", "a:1", "a/1"), gave("a:1", "one"), gave("a/1", "two")],
    "a long id": [USER, said("", "x" * 200), gave("x" * 200)],
    "an empty id": [USER, said("", ""), gave("")],
    "an empty result": [USER, said("", "c1"), gave("c1", "")],
    "a result of white space": [USER, said("", "c1"), gave("c1", " ")],
    "a result of an empty part": [USER, said("", "c1"), gave("c1", [{"type": "text", "text": ""}])],
    "a result without parts": [USER, said("", "c1"), gave("c1", [])],
    "an error without a word": [USER, said("", "c1"), gave("c1", "", is_error=True)],
    "an image as result": [USER, said("", "c1"), gave("c1", [IMAGE])],
    "an image as result, and a question": [USER, said("", "c1"), gave("c1", [IMAGE]), USER],
    "two images as results": [USER, said("", "c1", "c2"), gave("c1", [IMAGE]), gave("c2", [IMAGE])],
    "no arguments": [USER, said("", "c1", arguments="{}"), gave("c1")],
    "text beside calls": [USER, said("I look", "c1"), gave("c1"), said("found", "c2"), gave("c2")],
    "a name": [{"role": "user", "name": "Ann", "content": "x"}],
}
# Arguments that are no JSON object cannot be compared on every wire.
UNREADABLE = {
    "empty arguments": [USER, said("", "c1", arguments=""), gave("c1")],
    "arguments that are no JSON": [USER, said("", "c1", arguments="{oops"), gave("c1")],
    "arguments that are a list": [USER, said("", "c1", arguments="[1]"), gave("c1")],
}
# Refused by all but those that take it as it is.
REFUSED: dict[str, tuple[list[dict[str, Any]], tuple[str, ...]]] = {
    "a result without its call": ([USER, gave("c1"), USER], ()),
    "a result first": ([gave("c1"), USER], ()),
    "a call without its result": ([USER, said("", "c1"), USER], ("ollama",)),
    "a call at the end": ([USER, said("", "c1")], ("ollama", *GOOGLES)),
    "half of the results": ([USER, said("", "c1", "c2"), gave("c1"), USER], ("ollama",)),
    "half of the results at the end": ([USER, said("", "c1", "c2"), gave("c1")], ("ollama",)),
    "two results of one call": ([USER, said("", "c1"), gave("c1"), gave("c1")], ("ollama",)),
    "nothing": (
        [{"role": "user", "content": ""}],
        ("ollama", "openai", "azure", "compatible", "responses", "mistral"),
    ),
    "a document": ([{"role": "user", "content": [PDF]}], tuple({*SPEAKERS} - {"cohere", "ollama"})),
}


@pytest.fixture(scope="module")
def box() -> Iterator[Sandbox]:
    with Sandbox() as made:
        yield made


@pytest.fixture(scope="module")
def gw(box: Sandbox) -> Iterator[Gateway]:
    with gateway(box) as made:
        yield made


def ask(gw: Gateway, name: str, messages: list[dict[str, Any]]) -> Any:
    """Ask this speaker; the messages stay as they are."""
    before = copy.deepcopy(messages)
    try:
        return gw.completion(messages, exclude=[each for each in SPEAKERS if each != name], tools=TOOLS, max_tokens=99)
    finally:
        assert messages == before


@pytest.mark.parametrize("name", SPEAKERS)
def test_what_can_be_repaired_is_served(box: Sandbox, gw: Gateway, name: str) -> None:
    for case, messages in SERVED.items():
        assert ask(gw, name, messages).served_by == name, case
        check_the_wire(box.requests[-1], messages)


@pytest.mark.parametrize("name", [name for name in SPEAKERS if name != "compatible"])
def test_a_key_of_the_users_own_is_left_out_and_listed(box: Sandbox, gw: Gateway, name: str) -> None:
    response = ask(gw, name, [{"role": "user", "content": "x", "made_at": "today"}])
    assert response.degraded == ("made_at",)
    assert b"made_at" not in box.requests[-1].data


@pytest.mark.parametrize("name", SPEAKERS)
def test_arguments_that_are_no_object_are_served(gw: Gateway, name: str) -> None:
    for case, messages in UNREADABLE.items():
        assert ask(gw, name, messages).served_by == name, case


@pytest.mark.parametrize("case", REFUSED)
def test_what_cannot_be_repaired_is_refused_before_anything_is_sent(box: Sandbox, gw: Gateway, case: str) -> None:
    messages, takers = REFUSED[case]
    for name in SPEAKERS:
        before = box.hits
        if name in takers:
            assert ask(gw, name, messages).served_by == name
            continue
        with pytest.raises((UnsupportedRequestError, InvalidRequestError)) as caught:
            ask(gw, name, messages)
        assert str(caught.value)
        assert box.hits == before
