"""The package's own source as data: modules, syntax trees and what they import, for the tests of the house."""

from __future__ import annotations

import ast
import functools
from pathlib import Path
from typing import NamedTuple

import agentsea_gateway

ROOT = Path(agentsea_gateway.__file__).parent
PACKAGE = ROOT.name


class Module(NamedTuple):
    """One file of the package."""

    name: str  # dotted, without the package's own name; "" is the package itself
    path: Path
    text: str
    tree: ast.Module


class Import(NamedTuple):
    """One import: of `from a import b` the target is `a.b` where that is a module, else `a` with the name `b`."""

    target: str
    name: str
    line: int
    typing_only: bool
    local: bool


@functools.cache
def modules() -> dict[str, Module]:
    """Every module of the package by its dotted name below the package."""
    found = {}
    for path in sorted(ROOT.rglob("*.py")):
        parts = path.relative_to(ROOT).with_suffix("").parts
        name = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
        text = path.read_text(encoding="utf-8")
        found[name] = Module(name, path, text, ast.parse(text))
    return found


def functions(module: Module) -> list[ast.FunctionDef | ast.AsyncFunctionDef]:
    """Every function and method of a module."""
    return [node for node in ast.walk(module.tree) if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))]


def imports(module: Module) -> list[Import]:
    """Everything a module imports, anywhere in it."""
    found: list[Import] = []

    def visit(node: ast.AST, typing_only: bool, local: bool) -> None:
        for child in ast.iter_child_nodes(node):
            inside = local or isinstance(child, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda))
            if isinstance(child, (ast.Import, ast.ImportFrom)):
                found.extend(Import(*what, child.lineno, typing_only, inside) for what in _imported(child))
            elif isinstance(child, ast.If) and "TYPE_CHECKING" in ast.unparse(child.test):
                visit(ast.Module(child.body, []), True, inside)
                visit(ast.Module(child.orelse, []), typing_only, inside)
            else:
                visit(child, typing_only, inside)

    visit(module.tree, False, False)
    return found


def _imported(node: ast.Import | ast.ImportFrom) -> list[tuple[str, str]]:
    if isinstance(node, ast.Import):
        return [(alias.name, "") for alias in node.names]
    assert node.level == 0, "relative imports are not used in this package"
    base = node.module or ""
    return [_own_import(base, alias.name) for alias in node.names]


def _own_import(base: str, name: str) -> tuple[str, str]:
    package, _, inner = f"{base}.{name}".partition(".")
    return (f"{base}.{name}", "") if package == PACKAGE and inner in modules() else (base, name)
