"""Writes docs/hosts.md, the page of services, from the rows that the package carries: `python .ci/hosts.py`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from agentsea_gateway.providers.catalogue import Service, services
from agentsea_gateway.providers.hosts import HOSTS

if TYPE_CHECKING:
    from agentsea_gateway.dialects.openai_chat.quirks import Quirks

PAGE = Path(__file__).resolve().parent.parent / "docs" / "hosts.md"
BEGINNING = """\
# Hosts

What can stand before the slash in `"provider/model"`, and the environment variables that say how to log in: the names
are those of the vendors' own documentation. `agentsea providers` shows the same list, and which of them are configured.

Any other server is a `Candidate` with a `base_url`: `OpenAI(api_key, base_url=…)`, `OpenAIResponses`, `Anthropic`,
`Mistral`, `Ollama` and `Cohere` in `agentsea_gateway.providers` all take one.

This page is written from the rows in the package by `.ci/hosts.py`.
"""
LEFT_OUT = """\
## What is left out for a host

An option that a host does not know is left out and named in `response.degraded`; what it names differently is
translated, and what it cannot do at all is refused before the call, so that the next candidate may take it. What only
one host knows goes into `extra_body`. A row is what the host's documentation says; to a server that you name with
`base_url=` everything is sent.
"""


def page() -> str:
    """The whole page."""
    found = services()
    away = [service for service in found if not service.local]
    own = [service for service in found if service.local]
    return "\n".join(
        (
            BEGINNING,
            *_table("Services", away),
            *_table("Servers of your own", own),
            LEFT_OUT,
            *_quirks(),
            "## Sources\n",
            *(f"- `{service.name}`: {service.source}" for service in found),
            "",
        )
    )


def _table(title: str, rows: list[Service]) -> list[str]:
    found = [f"## {title}\n", "| name | service | has to be set | read too | dialect |", "|---|---|---|---|---|"]
    for row in rows:
        needs = " and ".join(" or ".join(map(_code, group)) for group in row.variables)
        too = ", ".join(map(_code, row.optional))
        found.append(f"| `{row.name}` | {row.title} | {needs or '–'} | {too or '–'} | `{row.dialect}` |")
    notes = [f"- `{row.name}`: {row.note}" for row in rows if row.note]
    return [*found, "", *notes, *([""] if notes else [])]


def _code(text: str) -> str:
    return f"`{text}`"


def _quirks() -> list[str]:
    rows = [
        f"| `{host.name}` | {'; '.join(_differences(host.quirks)) or 'nothing'} |"
        for host in HOSTS.values()
        if host.quirks is not None
    ]
    return ["| host | left out or changed |", "|---|---|", *rows, ""]


def _differences(quirks: Quirks) -> list[str]:
    found = [", ".join(map(_code, sorted(quirks.refused)))] if quirks.refused else []
    if quirks.efforts:
        words = ", ".join(f"`{given}` becomes `{taken}`" for given, taken in quirks.efforts.items())
        found.append(f"of `reasoning_effort` {words}")
    if not quirks.schemas:
        found.append("a JSON schema in `response_format` is refused")
    if not quirks.names:
        found.append("`name` of messages")
    if not quirks.developer:
        found.append("`developer` messages become `system`")
    if not quirks.cache_marks:
        found.append("`cache_control`")
    if not quirks.tool_media:
        found.append("images in tool results move into a user message")
    return found


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
    sys.stdout.write(f"wrote {PAGE}\n")
