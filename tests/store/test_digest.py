"""The digest of a request: equal where the same is asked, different wherever the answer might be."""

from __future__ import annotations

from typing import Any

import pytest

from agentsea_gateway.store.digest import digest, of_messages, of_request

ASKED: list[dict[str, Any]] = [{"role": "user", "content": "Hi"}]


def test_the_order_of_options_and_of_a_messages_keys_does_not_matter() -> None:
    turned = [{"content": "Hi", "role": "user"}]
    assert of_request(ASKED, {"seed": 1, "top_p": 1}) == of_request(turned, {"top_p": 1, "seed": 1})


def test_the_order_inside_a_schema_does() -> None:
    """A model sees properties in the order in which they were written."""
    one, other = {"a": 1, "b": 2}, {"b": 2, "a": 1}
    assert of_request(ASKED, {"response_format": one}) != of_request(ASKED, {"response_format": other})


def test_a_tuple_asks_what_a_list_asks() -> None:
    assert of_request(ASKED, {"stop": ("a", "b")}) == of_request(ASKED, {"stop": ["a", "b"]})


@pytest.mark.parametrize(
    ("messages", "options"),
    [
        ([{"role": "user", "content": "Hi "}], {}),
        ([{"role": "system", "content": "Hi"}], {}),
        ([*ASKED, *ASKED], {}),
        ([{"role": "user", "content": [{"type": "text", "text": "Hi"}]}], {}),
        (ASKED, {"temperature": 0}),
        (ASKED, {"temperature": 0.5}),
        (ASKED, {"seed": True}),
        (ASKED, {"seed": 1}),
    ],
)
def test_what_differs_has_another_digest(messages: list[dict[str, Any]], options: dict[str, Any]) -> None:
    assert of_request(messages, options) != of_request(ASKED, {})


def test_values_do_not_run_into_each_other() -> None:
    assert digest("ab", "c") != digest("a", "bc")
    assert digest(["a"], ["b"]) != digest(["a", "b"], [])


def test_a_digest_is_the_same_in_every_process() -> None:
    assert of_messages(ASKED) == "e76960af5905d0e02dab2777c413a227"
