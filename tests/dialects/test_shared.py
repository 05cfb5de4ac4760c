"""What two dialects share: text, counts, ids, arguments, parts, headers."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agentsea_gateway.dialects import parts, tool_arguments, tool_choice
from agentsea_gateway.dialects.reply_headers import lowered, rate_limits, request_id
from agentsea_gateway.dialects.text import TextPieces, mended, mended_value
from agentsea_gateway.dialects.tool_ids import ToolIds, legal_id
from agentsea_gateway.dialects.usage import count
from agentsea_gateway.errors import UnsupportedRequestError

SURROGATES = st.text(st.characters(categories=["Cs", "L"]))


@given(SURROGATES)
def test_mended_text_can_be_encoded_and_is_unchanged_where_it_could_be(text: str) -> None:
    """F30: lone surrogates."""
    found = mended(text)
    found.encode()
    if not any("\ud800" <= letter <= "\udfff" for letter in text):
        assert found == text


def test_two_surrogates_that_make_a_pair_become_their_character() -> None:
    assert mended("\ud83d\ude00") == "😀"
    assert mended_value({"a": ["\ud83d\ude00", "\ud800"], "b": 1}) == {"a": ["😀", "\ufffd"], "b": 1}


def test_a_value_without_surrogates_is_the_same_object() -> None:
    value = {"a": [{"b": "ü"}, 1, None]}
    assert mended_value(value) is value


@given(SURROGATES, st.data())
def test_text_in_pieces_is_the_text_in_one(text: str, data: st.DataObject) -> None:
    """A pair that is split between two pieces is one character still."""
    cuts = sorted(data.draw(st.lists(st.integers(0, len(text)), max_size=5)))
    pieces = TextPieces()
    shown = [pieces.add(text[a:b]) for a, b in zip([0, *cuts], [*cuts, len(text)], strict=True)]
    assert str(pieces) == mended(text)
    assert str(pieces).startswith("".join(shown))
    assert len("".join(shown)) >= len(mended(text)) - 1
    assert bool(pieces) == bool(text)


@pytest.mark.parametrize("value", [-1, 0.5, "3", [3], None, True, float("nan"), float("inf"), {}, -2.0])
def test_what_is_no_count_is_unknown(value: Any) -> None:
    """F55."""
    assert count(value) is None


@given(st.text(), st.integers(16, 64))
def test_a_legal_id_is_legal_and_always_the_same(given_id: str, longest: int) -> None:
    found = legal_id(given_id, longest)
    assert found == legal_id(given_id, longest)
    assert found
    assert len(found) <= longest
    assert all(letter.isascii() and (letter.isalnum() or letter in "_-") for letter in found)
    assert legal_id(found, longest) == found


def test_ids_are_each_used_once_and_results_find_the_latest_call() -> None:
    ids = ToolIds()
    assert [ids.call("a:1"), ids.call("a_1")] == [legal_id("a:1", 64), "a_1"]
    assert ids.result("a:1", "m") == legal_id("a:1", 64)
    assert ids.result("a_1", "m") == "a_1"
    assert ids.call("a_1") == "a_1_2"
    assert ids.result("a_1", "m") == "a_1_2"


def test_a_result_without_its_call_and_a_call_without_its_result_are_refused() -> None:
    ids = ToolIds()
    with pytest.raises(UnsupportedRequestError, match=r"messages\[3\].*'gone'"):
        ids.result("gone", "messages[3]")
    ids.call("open")
    with pytest.raises(UnsupportedRequestError, match=r"messages\[4\].*'open'"):
        ids.check_answered("messages[4]")


@pytest.mark.parametrize(
    ("arguments", "parsed", "raw"),
    [
        ('{"a": 1}', {"a": 1}, '{"a": 1}'),
        ("", {}, "{}"),
        (None, {}, "{}"),
        ("{}", {}, "{}"),
        ('{"a": ', None, '{"a": '),
        ("[1]", None, "[1]"),
        ("NaN", None, "NaN"),
        ({"a": [1]}, {"a": [1]}, '{"a":[1]}'),
        ({"a": "\ud800"}, {"a": "\ufffd"}, '{"a":"\ufffd"}'),
        ('{"a": "\\ud800"}', {"a": "\ufffd"}, '{"a": "\\ud800"}'),
        ("[" * 100_000, None, "[" * 100_000),
    ],
)
def test_tool_arguments(arguments: Any, parsed: Any, raw: str) -> None:
    call = tool_arguments.tool_call("id", "name", arguments)
    assert (call.arguments, call.raw_arguments) == (parsed, raw)


@pytest.mark.parametrize(
    ("value", "mode", "name", "allowed"),
    [
        ("auto", "auto", None, None),
        ("none", "none", None, None),
        ("required", "required", None, None),
        ("any", "required", None, None),
        ({"type": "any"}, "required", None, None),
        ({"type": "function", "function": {"name": "f"}}, "named", "f", None),
        ({"type": "tool", "name": "f"}, "named", "f", None),
        (
            {
                "type": "allowed_tools",
                "allowed_tools": {"mode": "required", "tools": [{"type": "function", "function": {"name": "f"}}]},
            },
            "required",
            None,
            ("f",),
        ),
    ],
)
def test_every_form_of_tool_choice(value: Any, mode: str, name: str | None, allowed: Any) -> None:
    assert tool_choice.read(value) == tool_choice.ToolChoice(mode, name, allowed)


@pytest.mark.parametrize("value", ["sometimes", {"type": "function"}, {"type": "allowed_tools"}, 3, {}])
def test_an_unknown_tool_choice_is_refused_with_the_known_ones(value: Any) -> None:
    with pytest.raises(UnsupportedRequestError, match="tool_choice"):
        tool_choice.read(value)


def test_data_urls() -> None:
    assert parts.inline("data:text/plain,a%20b") == parts.Inline("text/plain", "YSBi")
    assert parts.inline("DATA:IMAGE/PNG;charset=x;base64,AA") == parts.Inline("image/png", "AA")
    assert parts.inline_text(parts.Inline("text/plain", "w7w=")) == "ü"
    with pytest.raises(UnsupportedRequestError):
        parts.inline("data:image/png")
    with pytest.raises(UnsupportedRequestError):
        parts.inline_text(parts.Inline("text/plain", "!!"))


@pytest.mark.parametrize(
    ("headers", "limits"),
    [
        ({}, None),
        ({"X-RateLimit-Limit-Requests": "500", "x-ratelimit-key": "name"}, {"limit_requests": 500.0}),
        (
            {"x-ratelimit-reset-requests": "1m30.5s", "x-ratelimit-reset-tokens": "24ms"},
            {"reset_requests": 90.5, "reset_tokens": 0.024},
        ),
        ({"x-ratelimit-reset-tokens": "2h0m1s"}, {"reset_tokens": 7201.0}),
        (
            {
                "anthropic-ratelimit-input-tokens-remaining": "12",
                "anthropic-ratelimit-requests-reset": "2026-11-24T00:00:00Z",
            },
            {"remaining_input_tokens": 12.0, "reset_at_requests": 1_795_478_400.0},
        ),
        ({"x-ratelimit-reset": "1795478400000"}, {"reset_at_requests": 1_795_478_400.0}),
        ({"x-ratelimit-reset-requests": "60"}, {"reset_requests": 60.0}),
        ({"x-ratelimit-remaining-tokens": "nan", "x-ratelimit-reset-tokens": "soon"}, None),
    ],
)
def test_rate_limits_are_numbers_under_one_name_for_all_vendors(headers: dict[str, str], limits: Any) -> None:
    assert rate_limits(lowered(headers)) == limits


@given(
    st.dictionaries(st.sampled_from(["x-ratelimit-reset-a", "x-ratelimit-limit", "ratelimit"]), st.text(max_size=20))
)
def test_no_header_makes_rate_limits_raise(headers: dict[str, str]) -> None:
    found = rate_limits(lowered(headers))
    assert found is None or all(isinstance(value, float) for value in found.values())


def test_the_request_id_is_found_in_any_case() -> None:
    assert request_id(lowered({"X-Request-Id": "a"})) == "a"
    assert request_id(lowered({"request-id": "b"})) == "b"
    assert request_id(lowered({"apim-request-id": "c", "content-type": "x"})) == "c"
    assert request_id(lowered(None)) is None
