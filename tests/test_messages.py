"""Messages: the shape is checked before anything is sent, and what was given is never changed."""

from __future__ import annotations

import copy
import json
from collections import OrderedDict, UserDict
from enum import StrEnum
from typing import Any

import pytest

from agentsea_gateway import Response, ToolCall
from agentsea_gateway.errors import InvalidRequestError
from agentsea_gateway.messages import DEPTH, NATIVE, check_json, checked, native_parts, with_native
from agentsea_gateway.response import Native

LONE = "\ud83d"  # half of an emoji


def user(content: Any, **more: Any) -> dict[str, Any]:
    return {"role": "user", "content": content, **more}


def nested(depth: int) -> Any:
    value: Any = "x"
    for _ in range(depth):
        value = [value]
    return value


CIRCULAR: list[Any] = []
CIRCULAR.append(CIRCULAR)

BAD: dict[str, tuple[Any, str]] = {
    "nothing": (None, "messages is a NoneType; give a string or a list of dicts such as"),
    "bytes": (b"Hi", "messages is a bytes"),
    "one message": (user("Hi"), "messages is a dict"),
    "a number": (5, "messages is a int"),
    "none": ([], "messages is empty; give at least one"),
    "a string inside": (["Hi"], r"messages\[0\] is a str; give a dict with \"role\" and \"content\""),
    "another mapping": ([UserDict(user("Hi"))], r"messages\[0\] is a UserDict; give a dict"),
    "no role": ([{"content": "Hi"}], r"messages\[0\] has the role None; use one of system, developer, user"),
    "an unknown role": ([user("Hi"), {"role": "bot", "content": "x"}], r"messages\[1\] has the role 'bot'"),
    "a role that is none": ([{"role": ["user"], "content": "x"}], r"messages\[0\] has the role \['user'\]"),
    "no content": ([{"role": "user"}], r"messages\[0\] \(user\) has no content; give a string or a list of parts"),
    "bytes as content": ([user(b"Hi")], r"messages\[0\].content is a bytes; give a string or a list of parts"),
    "a number as content": ([user(5)], r"messages\[0\].content is a int"),
    "a part that is none": ([user(["Hi"])], r"messages\[0\].content\[0\] is no part; give a dict such as"),
    "a part without a type": ([user([{"text": "Hi"}])], r"messages\[0\].content\[0\] is no part"),
    "a text part without text": ([user([{"type": "text"}])], r"messages\[0\].content\[0\].text is a NoneType"),
    "a text part of bytes": ([user([{"type": "text", "text": b"x"}])], r"content\[0\].text is a bytes; give a string"),
    "a tool result without its call": ([{"role": "tool", "content": "5"}], r"\(tool\) needs the tool_call_id"),
    "tool calls that are none": ([{"role": "assistant", "tool_calls": 5}], r"messages\[0\].tool_calls is a int"),
    "a tool call that is none": ([{"role": "assistant", "tool_calls": ["x"]}], r"tool_calls\[0\] needs"),
    "a tool call without a name": (
        [{"role": "assistant", "tool_calls": [{"id": "1", "function": {"arguments": "{}"}}]}],
        r"messages\[0\].tool_calls\[0\] needs",
    ),
    "nan": ([user("Hi", score=float("nan"))], r"messages\[0\].score is nan; JSON has no such number"),
    "infinity": ([user([{"type": "x", "n": float("-inf")}])], r"messages\[0\].content\[0\].n is -inf"),
    "a set": ([user("Hi", tags={1})], r"messages\[0\].tags is a set, which JSON cannot hold; convert it first"),
    "an object": ([user("Hi", it=object())], r"messages\[0\].it is a object"),
    "a key that is none": ([user("Hi", more={1: 2})], r"messages\[0\].more has the key 1; JSON keys are strings"),
    "a circle": ([user("Hi", more=CIRCULAR)], rf"nested deeper than {DEPTH} levels \(or holds itself\)"),
    "depth": ([user("Hi", more=nested(100_000))], rf"nested deeper than {DEPTH} levels"),
    "a lone surrogate": ([user(f"Hi {LONE}")], r"messages\[0\].content holds a lone surrogate at 3; repair the text"),
    "one in a part": ([user([{"type": "text", "text": LONE}])], r"content\[0\].text holds a lone surrogate at 0"),
    "one in a key": ([user("Hi", **{LONE: 1})], "holds a lone surrogate"),
    "one in a string": (LONE, r"messages\[0\].content holds a lone surrogate"),
}


@pytest.mark.parametrize(("messages", "words"), BAD.values(), ids=BAD)
def test_what_is_no_message_is_refused_and_named(messages: Any, words: str) -> None:
    """F30: a typed error, whatever it is."""
    with pytest.raises(InvalidRequestError, match=words):
        checked(messages)


@pytest.mark.parametrize(("messages", "words"), BAD.values(), ids=BAD)
def test_places_are_named_as_the_caller_counts_them(messages: Any, words: str) -> None:
    with pytest.raises(InvalidRequestError, match=words):
        checked(messages, "Be brief.")


SYSTEMS: dict[str, tuple[Any, str]] = {
    "a number": (5, "system is a int; give a string"),
    "bytes": (b"x", "system is a bytes"),
    "a message": ({"role": "system"}, "system is a dict"),
    "a lone surrogate": (LONE, "system holds a lone surrogate"),
    "a part that is none": (["x"], r"system.content\[0\] is no part"),
}


@pytest.mark.parametrize(("system", "words"), SYSTEMS.values(), ids=SYSTEMS)
def test_a_system_prompt_that_is_none_is_refused(system: Any, words: str) -> None:
    with pytest.raises(InvalidRequestError, match=words):
        checked("Hi", system)


def test_a_system_prompt_alone_is_no_request() -> None:
    with pytest.raises(InvalidRequestError, match="messages is empty"):
        checked([], "Be brief.")


class Role(StrEnum):
    USER = "user"


GOOD: dict[str, Any] = {
    "emoji": [user("Hi 👋")],
    "empty text": [user("")],
    "parts": [user([{"type": "text", "text": "Hi"}, {"type": "image_url", "image_url": {"url": "data:x"}}])],
    "a tuple of parts": [user(({"type": "text", "text": "Hi"},))],
    "no parts": [user([])],
    "an enum": [{"role": Role.USER, "content": "Hi"}],
    "another dict": [OrderedDict(user("Hi"))],
    "a developer": [{"role": "developer", "content": "Be brief."}],
    "an assistant without content": [{"role": "assistant"}, {"role": "assistant", "content": None, "tool_calls": None}],
    "a tool result": [{"role": "tool", "tool_call_id": "1", "content": "5"}],
    "numbers": [user("Hi", a=1, b=1.5, c=10**30, d=True, e=None)],
    "depth within reason": [user("Hi", more=nested(DEPTH - 2))],
}


@pytest.mark.parametrize("messages", GOOD.values(), ids=GOOD)
def test_what_is_one_passes_as_it_is(messages: Any) -> None:
    before = copy.deepcopy(messages)
    found = checked(messages, "Be brief.")
    assert messages == before
    assert found == [{"role": "system", "content": "Be brief."}, *messages]
    assert found is not messages


@pytest.mark.parametrize("make", [iter, tuple, lambda found: (it for it in found)])
def test_messages_come_from_anything_that_can_be_iterated(make: Any) -> None:
    assert checked(make([user("Hi")])) == [user("Hi")]


def test_a_string_is_one_user_message() -> None:
    assert checked("Hi") == [user("Hi")]


def test_numbers_of_other_libraries_are_numbers() -> None:
    class Float64(float):
        pass

    check_json(Float64(0.5), "x")
    with pytest.raises(InvalidRequestError, match="JSON has no such number"):
        check_json(Float64("nan"), "x")


# -- what only its maker understands -----------------------------------------------------------------------------------


def answer() -> dict[str, Any]:
    call = ToolCall("1", "weather", {"city": "Rome"}, '{"city": "Rome"}')
    return Response("Hm.", tool_calls=(call,), native=Native("here", [{"signature": "s"}])).message


def test_native_parts_ride_along_for_their_maker_and_survive_a_database() -> None:
    message = json.loads(json.dumps(answer()))
    assert native_parts(message, "here") == [{"signature": "s"}]
    assert native_parts(message, "elsewhere") is None
    assert checked([message]) == [message]


@pytest.mark.parametrize(
    "change", [{"content": "edited"}, {"tool_calls": []}, {NATIVE: None}, {NATIVE: {"dialect": "here"}}]
)
def test_an_edited_message_sheds_them(change: dict[str, Any]) -> None:
    assert native_parts(answer() | change, "here") is None


def test_an_answer_that_is_absent_and_one_that_is_empty_are_one() -> None:
    message = with_native({"role": "assistant", "content": ""}, "here", [1])
    assert native_parts(message | {"content": None, "tool_calls": None}, "here") == [1]
