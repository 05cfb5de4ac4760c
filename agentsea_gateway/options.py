"""The options of a call: OpenAI's chat names, checked before anything is sent."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, TypedDict

from agentsea_gateway.aside import load
from agentsea_gateway.errors import InvalidRequestError
from agentsea_gateway.messages import check_json

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping


class Options(TypedDict, total=False):
    """What a call may ask for. Who cannot express an option says so in the route; nothing is dropped silently.

    max_tokens          at most so many tokens of output
    temperature, top_p, top_k, seed, stop, presence_penalty, frequency_penalty
                        sampling, as OpenAI's chat API names it
    tools, tool_choice, parallel_tool_calls
                        functions the model may call, in OpenAI's shape
    response_format     a pydantic model (or another type that it knows), a JSON schema, or OpenAI's dict: {"type":
                        "json_schema", "json_schema": {"name": …, "schema": …}} or {"type": "json_object"}. The value is
                        `response.parsed`; an answer that does not fit is an InvalidAnswerError, and fails over
    reasoning_effort    "none", "minimal", "low", "medium", "high", "xhigh", "max"
    reasoning_budget    tokens the model may spend on reasoning, where the vendor takes a number
    user, metadata      who is asking, for the vendor's records
    extra_body          merged last into the request's body, as it is
    extra_headers       sent beside the provider's own headers
    """

    max_tokens: int
    temperature: float
    top_p: float
    top_k: int
    seed: int
    stop: str | list[str]
    presence_penalty: float
    frequency_penalty: float
    tools: list[dict[str, Any]]
    tool_choice: str | dict[str, Any]
    parallel_tool_calls: bool
    response_format: dict[str, Any] | type[Any]
    reasoning_effort: Literal["none", "minimal", "low", "medium", "high", "xhigh", "max"]
    reasoning_budget: int
    user: str
    metadata: dict[str, Any]
    extra_body: dict[str, Any]
    extra_headers: dict[str, str]


KNOWN = frozenset(Options.__annotations__)
RESERVED = frozenset(
    (
        "exclude",
        "timeout",
        "wait",
        "validate",
        "model",
        "session_key",
        "tags",
        "max_cost",
        "priority",
        "on_break",
        "hedge",
    )
)

_INTEGERS = frozenset(("max_tokens", "top_k", "seed", "reasoning_budget"))
_NUMBERS = frozenset(("temperature", "top_p", "presence_penalty", "frequency_penalty"))
_SHAPES: Mapping[str, tuple[type | tuple[type, ...], str]] = {
    "stop": ((str, list, tuple), "a string or a list of strings"),
    "tools": ((list, tuple), 'a list of {"type": "function", "function": …}'),
    "tool_choice": ((str, dict), '"auto", "none", "required" or {"type": "function", "function": {"name": …}}'),
    "parallel_tool_calls": (bool, "True or False"),
    "response_format": (dict, 'a dict such as {"type": "json_object"}'),
    "reasoning_effort": (str, '"none", "minimal", "low", "medium", "high", "xhigh" or "max"'),
    "user": (str, "a string"),
    "metadata": (dict, "a dict"),
    "extra_body": (dict, "a dict"),
    "extra_headers": (dict, "a dict of strings"),
}

_NO_TYPES = (dict, str, bytes, int, float, list, tuple)
_MEMBERS: Mapping[str, tuple[type, str]] = {
    "stop": (str, "a string"),
    "tools": (dict, 'a dict such as {"type": "function", "function": {"name": …, "parameters": …}}'),
    "extra_headers": (str, "a string"),
}


def check_options(options: Mapping[str, Any], known: Collection[str] = KNOWN) -> None:
    """Raise InvalidRequestError for an unknown name (with a suggestion), a wrong type, or what JSON cannot hold."""
    for name, value in options.items():
        if name not in known:
            raise InvalidRequestError(_unknown(name, known))
        if name == "response_format" and not isinstance(value, _NO_TYPES):
            continue  # a type: `structured` makes a dict of it, or refuses it
        _check_type(name, value)
        check_json(value, name)


def _check_type(name: str, value: Any) -> None:
    if name in _INTEGERS:
        if type(value) is not int or (value < 1 and name != "seed"):
            raise InvalidRequestError(f"{name} is {value!r}; give a whole number{'' if name == 'seed' else ' above 0'}")
    elif name in _NUMBERS:
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            raise InvalidRequestError(f"{name} is {value!r}; give a number")
    elif name in _SHAPES:
        shape, words = _SHAPES[name]
        if not isinstance(value, shape):
            raise InvalidRequestError(f"{name} is a {type(value).__name__}; give {words}")
        if name in _MEMBERS and not isinstance(value, str):
            _check_members(name, value, *_MEMBERS[name])


def _check_members(name: str, value: Any, kind: type, words: str) -> None:
    for place, member in value.items() if isinstance(value, dict) else enumerate(value):
        if not isinstance(member, kind):
            raise InvalidRequestError(f"{name}[{place!r}] is a {type(member).__name__}; give {words}")


def _unknown(name: str, known: Collection[str]) -> str:
    load("difflib")
    from difflib import get_close_matches  # only where somebody mistyped

    if name in RESERVED:
        return f"{name!r} is not supported here yet; it is reserved for the gateway"
    close = get_close_matches(name, [*known, "timeout", "exclude", "wait", "system"], n=1)
    hint = f"did you mean {close[0]!r}?" if close else "what only one vendor knows goes into extra_body={…}"
    return f"unknown option {name!r}; {hint}"
