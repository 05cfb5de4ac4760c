"""The directive `shown`: Python whose last line is shown as a notebook would show it, below its code.

The blocks of one page share their names. They run while the site is built, so they are on a FakeClock: the same picture
every time.
"""

from __future__ import annotations

import ast
from typing import Any

from docutils import nodes
from docutils.parsers.rst import Directive


class Shown(Directive):
    """A code block and the picture of its last expression."""

    has_content = True

    def run(self) -> list[nodes.Node]:
        """The code, and the HTML of what it ends in."""
        source = "\n".join(self.content)
        env = self.state.document.settings.env
        names = env.temp_data.setdefault(f"shown {env.docname}", {})
        block = nodes.literal_block(source, source, language="python")
        return [block, nodes.raw("", f'<div class="shown">{picture(source, names)}</div>', format="html")]


def picture(source: str, names: dict[str, Any]) -> str:
    """Run `source` with `names`, and show the value of its last line."""
    tree = ast.parse(source)
    last = tree.body.pop()
    assert isinstance(last, ast.Expr), "the last line has to be an expression"
    exec(compile(tree, "shown", "exec"), names)
    shown = eval(compile(ast.Expression(last.value), "shown", "eval"), names)
    return shown._repr_html_()


def setup(app: Any) -> dict[str, bool]:
    """Make the directive known."""
    app.add_directive("shown", Shown)
    return {"parallel_read_safe": True}
