"""Options: OpenAI's names, and what is none of them is refused with the fix."""

from __future__ import annotations

from typing import Any

import pytest

from agentsea_gateway.errors import InvalidRequestError
from agentsea_gateway.options import KNOWN, RESERVED, check_options

TOOL = {"type": "function", "function": {"name": "weather", "parameters": {"type": "object"}}}

GOOD: dict[str, list[Any]] = {
    "max_tokens": [1, 10**6],
    "temperature": [0, 0.0, 1, 2.5],
    "top_p": [1],
    "top_k": [40],
    "seed": [0, -5],
    "stop": ["END", ["a", "b"], ("a",), []],
    "presence_penalty": [-2.0],
    "frequency_penalty": [0.1],
    "tools": [[TOOL], (TOOL,), []],
    "tool_choice": ["auto", {"type": "function", "function": {"name": "weather"}}],
    "parallel_tool_calls": [True, False],
    "response_format": [{"type": "json_object"}],
    "reasoning_effort": ["low"],
    "reasoning_budget": [1024],
    "user": ["u-1"],
    "metadata": [{"a": {"b": [1, None]}}],
    "extra_body": [{"logprobs": True}],
    "extra_headers": [{"x-trace": "1"}],
}


@pytest.mark.parametrize(("name", "value"), [(name, value) for name, values in GOOD.items() for value in values])
def test_what_is_right_passes(name: str, value: Any) -> None:
    check_options({name: value})


def test_every_option_was_tried() -> None:
    assert set(GOOD) == KNOWN


BAD: dict[str, tuple[str, Any, str]] = {
    "text for a number": ("max_tokens", "5", "max_tokens is '5'; give a whole number above 0"),
    "a float for a whole number": ("max_tokens", 5.0, "max_tokens is 5.0"),
    "a flag for a whole number": ("seed", True, "seed is True; give a whole number$"),
    "zero": ("max_tokens", 0, "max_tokens is 0; give a whole number above 0"),
    "a flag for a number": ("temperature", True, "temperature is True; give a number"),
    "text for a temperature": ("temperature", "hot", "temperature is 'hot'; give a number"),
    "nan": ("temperature", float("nan"), "temperature is nan; JSON has no such number"),
    "infinity": ("top_p", float("inf"), "top_p is inf"),
    "a number for a text": ("user", 5, "user is a int; give a string"),
    "a set": ("stop", {"a"}, "stop is a set; give a string or a list of strings"),
    "a stop that is none": ("stop", ["a", 5], r"stop\[1\] is a int; give a string"),
    "one tool": ("tools", TOOL, "tools is a dict; give a list of"),
    "a tool that is none": ("tools", [TOOL, "weather"], r"tools\[1\] is a str; give .*\"function\""),
    "a number for a flag": ("parallel_tool_calls", 1, "parallel_tool_calls is a int; give True or False"),
    "text for a dict": ("response_format", "json", "response_format is a str; give a dict such as"),
    "bytes": ("metadata", {"x": b"y"}, "metadata.x is a bytes, which JSON cannot hold"),
    "a nested nan": ("extra_body", {"x": [float("nan")]}, r"extra_body.x\[0\] is nan"),
    "a lone surrogate": ("user", "\ud83d", "user holds a lone surrogate at 0"),
    "a header that is none": ("extra_headers", {"x": 5}, r"extra_headers\['x'\] is a int; give a string"),
}


@pytest.mark.parametrize(("name", "value", "words"), BAD.values(), ids=BAD)
def test_what_is_wrong_is_named_with_its_fix(name: str, value: Any, words: str) -> None:
    with pytest.raises(InvalidRequestError, match=words):
        check_options({name: value})


UNKNOWN = {
    "temprature": "did you mean 'temperature'?",
    "max_token": "did you mean 'max_tokens'?",
    "tool": "did you mean 'tools'?",
    "exlude": "did you mean 'exclude'?",
    "timeout_": "did you mean 'timeout'?",
    "sistem": "did you mean 'system'?",
    "flavour": r"what only one vendor knows goes into extra_body=\{…\}",
}


@pytest.mark.parametrize(("name", "words"), UNKNOWN.items())
def test_an_unknown_name_comes_with_a_suggestion(name: str, words: str) -> None:
    with pytest.raises(InvalidRequestError, match=f"unknown option '{name}'; {words}"):
        check_options({name: 1})


@pytest.mark.parametrize("name", sorted(RESERVED))
def test_what_is_reserved_says_so(name: str) -> None:
    with pytest.raises(InvalidRequestError, match=f"'{name}' is .*reserved for the gateway"):
        check_options({name: 1})
