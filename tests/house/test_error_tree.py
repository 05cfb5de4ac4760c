"""The error tree: drawn as it is, complete, documented, and every error survives pickle and copy."""

from __future__ import annotations

import copy
import inspect
import pickle
import re

import pytest

from agentsea_gateway import errors
from agentsea_gateway.response import Response

CLASSES = [
    found for found in vars(errors).values() if inspect.isclass(found) and found.__module__ == errors.__name__
]  # fmt: skip
LINE = re.compile(r"^(?P<indent> {4}(?:[│ ]*[├└]── )?)(?P<name>[A-Z]\w+)(?: +(?P<words>\S.*))?$")


def drawn() -> dict[str, tuple[str | None, str]]:
    """Name -> (parent's name, the words behind it), as the module's docstring draws the tree."""
    found: dict[str, tuple[str | None, str]] = {}
    path: list[str] = []
    for line in (errors.__doc__ or "").splitlines():
        if match := LINE.match(line):
            depth = len(match["indent"]) // 4 - 1
            path = [*path[:depth], match["name"]]
            found[match["name"]] = (path[-2] if depth else None, match["words"] or "")
    return found


def example(kind: type[errors.GatewayError]) -> errors.GatewayError:
    """An error with every field filled in."""
    given = {
        name: Response("so far") if name == "partial" else f"a {name}"
        for name, parameter in inspect.signature(kind).parameters.items()
        if parameter.kind is inspect.Parameter.KEYWORD_ONLY
    }
    if issubclass(kind, errors.APIConnectionError):
        given |= {"status_code": 503, "body": "<html>", "candidate": "primary", "request_id": "req_1"}
    return kind("it broke", **given)


def test_the_tree_is_drawn_as_it_is() -> None:
    parents = {kind.__name__: kind.__bases__[0].__name__ for kind in CLASSES if kind is not errors.GatewayError}
    assert {name: parent for name, (parent, _) in drawn().items() if parent} == parents
    assert set(drawn()) == {kind.__name__ for kind in CLASSES}


def test_the_outcome_that_is_drawn_stands_on_the_class() -> None:
    outcomes = ("failure", "throttled", "benched", "own_fault")
    for name, (_, words) in drawn().items():
        last = words.split()[-1] if words else ""
        if last in outcomes:
            assert getattr(errors, name).outcome == last


@pytest.mark.parametrize("kind", CLASSES, ids=lambda kind: kind.__name__)
def test_every_error_is_documented(kind: type) -> None:
    assert kind.__doc__
    assert "__doc__" in vars(kind)


@pytest.mark.parametrize("kind", CLASSES, ids=lambda kind: kind.__name__)
@pytest.mark.parametrize("clone", [lambda error: pickle.loads(pickle.dumps(error)), copy.copy, copy.deepcopy])
def test_every_error_survives_pickle_and_copy(kind: type[errors.GatewayError], clone: object) -> None:
    error = example(kind)
    again = clone(error)  # type: ignore[operator]
    assert type(again) is kind
    assert (str(again), again.args, vars(again)) == (str(error), error.args, vars(error))
