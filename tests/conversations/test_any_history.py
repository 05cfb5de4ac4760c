"""Any history at all: what a dialect encodes its vendor takes, and the rest is refused before anything is sent."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from agentsea_gateway.errors import InvalidRequestError, UnsupportedRequestError
from agentsea_gateway.messages import NATIVE, checked
from agentsea_gateway.testing import Reply
from support.hopping import IMAGE, TOOLS
from support.unserved import NAMES, asked, both_ways, refusal

EACH = pytest.mark.parametrize("name", NAMES)
TEXT = st.sampled_from(["", " ", "\n\t", "Hello", "a.b", "{}", '{"a": 1}', "[1]", "Grüße 🎈"])
PART = st.one_of(st.builds(lambda text: {"type": "text", "text": text}, TEXT), st.just(IMAGE))
CONTENT = TEXT | st.lists(PART, max_size=3)
WORDS = TEXT | st.lists(st.builds(lambda text: {"type": "text", "text": text}, TEXT), max_size=2)
IDS = st.sampled_from(["a", "b", "", "call_1", "a:b", "é", "x" * 70, "abcdefghi"])
ARGUMENTS = st.sampled_from(["{}", "", '{"of": "x"}', "[1]", "{oops", "null"])
CALL = st.builds(
    lambda ident, name, given: {"id": ident, "type": "function", "function": {"name": name, "arguments": given}},
    IDS,
    st.sampled_from(["look_up", "draw"]),
    ARGUMENTS,
)
SIGNED = [both_ways(name, Reply("so", thinking="hm"))[0].message for name in NAMES]
SIGNED += [
    both_ways(name, Reply("", thinking="hm", tool_calls=Reply.tool("draw", of="x").tool_calls))[0].message
    for name in NAMES
]


def _assistant(content: Any, calls: list[Any], refused: bool) -> dict[str, Any]:
    message: dict[str, Any] = {"role": "assistant", "content": content}
    if calls:
        message["tool_calls"] = calls
    return {**message, "content": None, "refusal": "No."} if refused else message


USER = st.builds(lambda content: {"role": "user", "content": content}, CONTENT)
SYSTEM = st.builds(
    lambda role, content: {"role": role, "content": content}, st.sampled_from(["system", "developer"]), WORDS
)
ANSWER = st.one_of(
    st.builds(_assistant, WORDS | st.none(), st.lists(CALL, max_size=3), st.booleans()),
    st.sampled_from(SIGNED).map(copy.deepcopy),
)


def _result(ident: str, content: Any, is_error: bool) -> dict[str, Any]:
    message = {"role": "tool", "tool_call_id": ident, "content": content}
    return {**message, "is_error": True} if is_error else message


RESULT = st.builds(_result, IDS, CONTENT, st.booleans())


@st.composite
def histories(draw: st.DrawFn) -> list[dict[str, Any]]:
    """Messages in any order; often, but not always, with the results that the calls wait for."""
    messages: list[dict[str, Any]] = []
    for _ in range(draw(st.integers(1, 5))):
        message = draw(st.one_of(USER, USER, SYSTEM, ANSWER, ANSWER, RESULT))
        messages.append(message)
        if draw(st.integers(0, 5)):
            calls = message.get("tool_calls") or ()
            messages += [_result(call["id"], draw(CONTENT), draw(st.booleans())) for call in calls]
    if draw(st.booleans()):
        messages.append(draw(USER))
    return messages


def check(name: str, messages: list[dict[str, Any]]) -> bool:
    """Whether the history is encoded; its vendor takes it then."""
    before = copy.deepcopy(messages)
    try:
        request = asked(name, checked(messages), tools=TOOLS)
    except (InvalidRequestError, UnsupportedRequestError):
        return False
    finally:
        assert messages == before
    found = refusal(request)
    assert found is None, (found.message, json.dumps(request.body, ensure_ascii=False)[:3000])
    assert NATIVE.encode() not in request.data
    return True


@EACH
@given(messages=histories())
@settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow])
def test_what_is_encoded_is_taken(name: str, messages: list[dict[str, Any]]) -> None:
    check(name, messages)


@pytest.mark.slow
@EACH
@given(messages=histories())
@settings(max_examples=1_000, suppress_health_check=[HealthCheck.too_slow])
def test_whatever_is_encoded_is_taken(name: str, messages: list[dict[str, Any]]) -> None:
    check(name, messages)
