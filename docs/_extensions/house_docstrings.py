"""Makes reStructuredText of the package's docstrings, which are written to be read in an editor.

They have paragraphs, `code` between single backticks, blocks that are indented, examples with a prompt, and lists whose
names and explanations stand in two columns:

    timeout   seconds for the whole call, with
              a second line where it needs one
"""

from __future__ import annotations

import re
from typing import Any

NAMES = r"[\w`\"*=…][\w`\"*./=\[\], …-]*?"
ENTRY = re.compile(rf"^(?P<names>{NAMES}) {{2,}}(?P<text>\S.*)$")
ALONE = re.compile(rf"^(?P<names>{NAMES})$")
TWO_IN_A_LINE = re.compile(r";  +(?=\w+  +\S)")
STARS = re.compile(r"\*{3}")
GIVEN = (".Stream", ".TextStream", ".Results")  # objects that nobody constructs
ROW = re.compile(r"Host\(name='([\w-]+)', .*note='[^']*'\)")
CODE = re.compile(r"(?<!`)`([^`\n]+)`(?!`)")


def rewritten(lines: list[str]) -> list[str]:
    """The docstring's lines as reStructuredText."""
    found: list[str] = []
    for paragraph in paragraphs(lines):
        found += converted(paragraph)
        found.append("")
    return found


def paragraphs(lines: list[str]) -> list[list[str]]:
    """The lines between blank ones."""
    found: list[list[str]] = [[]]
    for line in lines:
        if line.strip():
            found[-1].append(line.rstrip())
        elif found[-1]:
            found.append([])
    return [paragraph for paragraph in found if paragraph]


def converted(paragraph: list[str]) -> list[str]:
    """One paragraph: an example or text as it is, an indented block as it is typed, two columns as a list."""
    if paragraph[0].startswith(">>>"):
        return paragraph
    if paragraph[0].startswith(" "):
        return ["::", "", *["    " + line for line in paragraph]]
    at = beginning(paragraph)
    head = [code(line) for line in paragraph[:at]]
    return head + ([""] if head and at < len(paragraph) else []) + columns(paragraph[at:])


def beginning(paragraph: list[str]) -> int:
    """The line from which on a paragraph stands in two columns; its length, where it never does."""
    fits = [is_entry(paragraph, number) or line.startswith("  ") for number, line in enumerate(paragraph)]
    for number, line in enumerate(paragraph):
        if all(fits[number:]):
            return number if is_entry(paragraph, number) and not line.startswith(" ") else len(paragraph)
    return len(paragraph)


def is_entry(paragraph: list[str], number: int) -> bool:
    """Whether this line begins an entry: a name, and its explanation beside it or indented below."""
    line = paragraph[number]
    below = paragraph[number + 1] if number + 1 < len(paragraph) else ""
    return bool(ENTRY.match(line)) or (bool(ALONE.match(line)) and below.startswith("    "))


def columns(lines: list[str]) -> list[str]:
    """Entries of two columns as a definition list."""
    found: list[str] = []
    for line in [entry for both in lines for entry in TWO_IN_A_LINE.split(both)]:
        entry = ENTRY.match(line) or (None if line.startswith(" ") else ALONE.match(line))
        if entry is None:
            found.append("    " + code(line.strip()))
        else:
            found.append(", ".join([f"``{name.strip('`')}``" for name in entry["names"].split(", ")]))
            found += ["    " + code(text) for text in [entry.groupdict().get("text")] if text]
    return found


def code(text: str) -> str:
    """Single backticks as reStructuredText's code."""
    return STARS.sub(r"\\*\\*\\*", CODE.sub(r"``\1``", text))


def readable(signature: str | None) -> str | None:
    """A signature without what only Sphinx and attrs understand."""
    if signature is None:
        return None
    signature = ROW.sub(r"HOSTS['\1']", signature)
    return signature.replace(" = NOTHING", " = …").replace("=NOTHING", "=…")


def setup(app: Any) -> dict[str, bool]:
    """Hook into autodoc."""

    def rewrite(_app: Any, _what: str, _name: str, _object: Any, _options: Any, lines: list[str]) -> None:
        lines[:] = rewritten(lines)

    def reread(
        _app: Any, _what: str, name: str, _object: Any, _options: Any, signature: str | None, result: str | None
    ) -> tuple[str | None, str | None]:
        return "" if name.endswith(GIVEN) else readable(signature), readable(result)

    app.connect("autodoc-process-docstring", rewrite)
    app.connect("autodoc-process-signature", reread)
    return {"parallel_read_safe": True}
