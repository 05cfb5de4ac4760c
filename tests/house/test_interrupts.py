"""What Ctrl-C would tear: an import on a call's way (importlib's locks stay taken), a loop inside the `try` that cleans
up behind it (Python 3.13 does not guard the jump back to a loop's beginning, its issue 130279)."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from support.source import Module, functions, imports, modules

if TYPE_CHECKING:
    from collections.abc import Iterator

ON_THE_WAY = (
    "calls",
    "cost",
    "dialects",
    "gateway",
    "health",
    "messages",
    "models",
    "options",
    "outcomes",
    "providers",
    "response",
    "route",
    "schema",
    "state",
    "store",
    "stream",
    "structured",
    "telemetry",
    "text_stream",
    "tokens",
    "transport",
    "verdict",
)

# Function -> why its import needs no care.
BUILDING = "while the gateway or a provider is built, which is an import's time"
SHOWING = "a notebook's"
LOADED = "loaded by what stands before it"
SAFE = {
    "aws_credentials._frozen": LOADED,
    "aws_credentials._opened": BUILDING,
    "aws_credentials.credentials": LOADED,
    "aws_credentials.headers": LOADED,
    "binding._forms": BUILDING,
    "gateway.__init__": BUILDING,
    "gateway._close_all": "contextlib is loaded by the interpreter itself",
    "google_token._default": BUILDING,
    "google_token._refresh": LOADED,
    "health._repr_html_": SHOWING,
    "health._repr_markdown_": SHOWING,
    "http_provider._transport": BUILDING,
    "proxy._of_the_environment": BUILDING,
    "resolve._provider": BUILDING,
    "resolve._third_party": BUILDING,
    "response._repr_html_": SHOWING,
    "response._repr_markdown_": SHOWING,
    "route._repr_html_": SHOWING,
    "route._repr_markdown_": SHOWING,
    "route.priced": "in the program's own time, like any import of its own",
    "structured._adapted": LOADED,
    "tariff._written": LOADED,
    "transport.__getattr__": BUILDING,
    "transport._in_children": BUILDING,
}


def on_the_way() -> list[Module]:
    return [module for name, module in modules().items() if name.split(".")[0] in ON_THE_WAY]


def loaded_aside(function: ast.AST) -> set[str]:
    """The modules that a function loads aside, by name."""
    return {
        node.args[0].value
        for node in ast.walk(function)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "load"
        if isinstance(node.args[0], ast.Constant)
    }


def careless() -> set[str]:
    found = set()
    for module in on_the_way():
        for function in functions(module):
            aside = loaded_aside(function)
            inside = range(function.lineno, (function.end_lineno or 0) + 1)
            local = [item.target for item in imports(module) if item.local and item.line in inside]
            if not set(local) <= aside:
                found.add(f"{module.name.rpartition('.')[2]}.{function.name}")
    return found


def test_what_a_call_imports_on_its_way_is_imported_aside() -> None:
    assert careless() - set(SAFE) == set()


def test_listed_exceptions_still_exist() -> None:
    assert set(SAFE) - careless() == set()


# -- loops -------------------------------------------------------------------------------------------------------------

CLEANING_UP = ("calls", "stream", "text_stream", "state", "transport")


def guards(node: ast.AST) -> bool:
    """Whether it is a `try` that does something even where an interrupt ends it."""
    if not isinstance(node, ast.Try):
        return False
    caught = [handler.type for handler in node.handlers]
    return bool(node.finalbody) or any(it is None or ast.unparse(it) == "BaseException" for it in caught)


def own_nodes(statements: list[ast.stmt]) -> Iterator[ast.AST]:
    """What runs in the same frame."""
    for statement in statements:
        if not isinstance(statement, (ast.FunctionDef, ast.ClassDef)):
            yield statement
            for field in ("body", "orelse", "finalbody"):
                yield from own_nodes(getattr(statement, field, []))


def test_no_loop_stands_inside_the_try_that_cleans_up_behind_it() -> None:
    wrong = [
        f"{name}:{loop.lineno} {function.name}"
        for name, module in modules().items()
        if name.split(".")[0] in CLEANING_UP
        for function in functions(module)
        for node in own_nodes(function.body)
        if guards(node) and isinstance(node, ast.Try)
        for loop in own_nodes(node.body)
        if isinstance(loop, (ast.For, ast.While))
    ]
    assert not wrong
