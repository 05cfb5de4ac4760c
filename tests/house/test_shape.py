"""The shape of the house: files and functions of a readable size, and no module that shadows the standard library."""

from __future__ import annotations

import ast
import sys

from support.source import functions, modules

FILE_LINES, FUNCTION_LINES = 400, 40

# Longer on purpose, with the reason. Short lists, or the rule is wrong.
EXCUSED_FILES: dict[str, str] = {}
EXCUSED_FUNCTIONS: dict[str, str] = {}


def body_lines(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Lines of a function from its `def` on, without its docstring."""
    lines = (node.end_lineno or node.lineno) - node.lineno + 1
    first = node.body[0]
    if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant) and isinstance(first.value.value, str):
        lines -= (first.end_lineno or first.lineno) - first.lineno + 1
    return lines


def test_files_stay_readable() -> None:
    large = {name for name, module in modules().items() if module.text.count("\n") > FILE_LINES}
    assert large == set(EXCUSED_FILES)


def test_functions_stay_short() -> None:
    long = {
        f"{name}.{node.name}"
        for name, module in modules().items()
        for node in functions(module)
        if body_lines(node) > FUNCTION_LINES
    }
    assert long == set(EXCUSED_FUNCTIONS)


def test_no_module_is_named_like_one_of_the_standard_library() -> None:
    names = {name: name.rpartition(".")[2] for name in modules()}
    assert not [name for name, last in names.items() if last in sys.stdlib_module_names and last != "__main__"]


def test_every_module_says_what_it_is_for() -> None:
    silent = [name for name, module in modules().items() if not ast.get_docstring(module.tree)]
    assert not silent


def test_every_module_postpones_its_annotations() -> None:
    late = "from __future__ import annotations"
    assert not [name for name, module in modules().items() if len(module.tree.body) > 1 and late not in module.text]
