"""From a row to what is asked: format strings, functions, rows as they are; and mistakes that are named."""

from __future__ import annotations

from collections import namedtuple
from typing import Any

import pytest

from agentsea_gateway.batch.prompt import maker_of
from agentsea_gateway.errors import InvalidRequestError

Point = namedtuple("Point", "x y")


class Columns:
    """A row as data frames give it: columns by name, no dict."""

    def keys(self) -> list[str]:
        return ["first name"]

    def __getitem__(self, name: str) -> str:
        return {"first name": "Ada"}[name]


@pytest.mark.parametrize(
    ("prompt", "row", "asked"),
    [
        ("Say {}", "hi", "Say hi"),
        ("Say {0} {0}", 7, "Say 7 7"),
        ("Say {}", None, "Say None"),
        ("{a} and {b}", {"a": 1, "b": 2, "c": 3}, "1 and 2"),
        ("Dear {first name}", Columns(), "Dear Ada"),
        ("{} then {}", ("a", "b"), "a then b"),
        ("{} then {}", ["a", "b"], "a then b"),
        ("{x}, {y}, {}", Point(1, 2), "1, 2, 1"),
        ("{p[0]:>3}", {"p": ["a"]}, "  a"),
        ('{{"json": {}}}', 1, '{"json": 1}'),
        ("the same for all", 1, "the same for all"),
        ("{} of it", {"a": 1}, "{'a': 1} of it"),
    ],
)
def test_a_format_string_takes_the_row(prompt: str, row: Any, asked: str) -> None:
    assert maker_of(prompt)(row) == {"messages": asked}


def test_text_in_a_row_is_no_format_string() -> None:
    assert maker_of("Say {text}")({"text": "{secret} {0}"}) == {"messages": "Say {secret} {0}"}


def test_a_function_returns_messages_or_arguments() -> None:
    messages = [{"role": "user", "content": "Hi"}]
    assert maker_of(lambda row: row)(messages) == {"messages": messages}
    assert maker_of(lambda row: {"messages": row, "seed": 1})("Hi") == {"messages": "Hi", "seed": 1}


def test_without_a_prompt_the_row_is_what_is_asked() -> None:
    assert maker_of(None)("Hi") == {"messages": "Hi"}
    assert maker_of(None)({"messages": "Hi", "seed": 1}) == {"messages": "Hi", "seed": 1}


@pytest.mark.parametrize(("prompt", "said"), [("a { b", "no format string"), ("a } b", "no format string"), (7, "int")])
def test_a_bad_prompt_is_refused_before_anything_is_read(prompt: Any, said: str) -> None:
    with pytest.raises(InvalidRequestError, match=said):
        maker_of(prompt)


@pytest.mark.parametrize(
    ("prompt", "row", "said"),
    [
        ("{colour}", {"color": 1}, "names 'colour'"),
        ('{"a": {text}}', {"text": 1}, "where braces are meant"),
        ("{} {}", "one", "does not have"),
        (None, {"role": "user", "content": "Hi"}, 'without "messages"'),
    ],
)
def test_a_row_that_does_not_fit_is_named(prompt: Any, row: Any, said: str) -> None:
    with pytest.raises(InvalidRequestError, match=said):
        maker_of(prompt)(row)
