"""The command `agentsea doctor`: its options; what it looks at stands in `checkup`."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import argparse

DESCRIPTION = """\
Look for what keeps calls from being served: which services the environment
configures, keys that look wrong, addresses that cannot be used, who answers and
how fast. Each configured service is asked for its list of models, which costs
nothing. Keys are never shown. Exit status 1 where something is wrong, or where
nothing is configured."""


def add(parser: argparse.ArgumentParser) -> None:
    """Describe the command and its options."""
    parser.description = DESCRIPTION
    parser.add_argument("--offline", action="store_true", help="ask nobody: look at the environment alone")
    parser.add_argument("--json", action="store_true", help="print one JSON object")


def run(args: argparse.Namespace) -> int:
    """Look, and print what was found; the exit status."""
    from agentsea_gateway.commands.checkup import examine

    return examine(offline=args.offline, as_json=args.json)
