"""The command `agentsea ask`: its options; what it does stands in `asking`."""

from __future__ import annotations

import argparse

from agentsea_gateway.commands.models import VARIABLE

STRATEGIES = ("failover", "round-robin", "cost", "latency")

DESCRIPTION = f"""\
Ask for one completion and print it. Several models fail over: the first that
serves answers. Keys come from the variables that 'agentsea providers' lists.

  agentsea ask -m openai/gpt-4.1 -m anthropic/claude-opus-4-8 "Why is the sky blue?"
  git diff | agentsea ask "Write a commit message for this:" -

Without -m the models stand in {VARIABLE}, separated by commas; no model is
chosen for you, since models differ in price and age. On a terminal the answer
is shown as it comes; in a pipe it is written once it is whole, so that a break
at any point still fails over."""


def add(parser: argparse.ArgumentParser) -> None:
    """Describe the command and its options."""
    parser.description = DESCRIPTION
    parser.add_argument("prompt", nargs="*", metavar="PROMPT", help=_HELP["prompt"])
    parser.add_argument("-m", "--model", action="append", metavar="PROVIDER/MODEL", help=_HELP["model"])
    parser.add_argument("-s", "--system", metavar="TEXT", help="a system prompt")
    parser.add_argument("-o", "--option", action="append", type=_pair, metavar="NAME=VALUE", help=_HELP["option"])
    parser.add_argument("--strategy", choices=STRATEGIES, default="failover", help=_HELP["strategy"])
    parser.add_argument("--timeout", type=_seconds, metavar="S", help="seconds for the whole call (default 120)")
    shape = parser.add_mutually_exclusive_group()
    shape.add_argument("--stream", action="store_true", default=None, help="print the answer as it comes")
    shape.add_argument("--no-stream", dest="stream", action="store_false", help="print it once it is whole")
    shape.add_argument("--json", action="store_true", help=_HELP["json"])
    parser.add_argument("--explain", action="store_true", help=_HELP["explain"])


_HELP = {
    "prompt": "the prompt, words joined by blanks; '-' stands for what is piped in; without one all of it is read",
    "model": "a model to ask; give it again for those that may take over",
    "option": "an option of the call, such as max_tokens=200 (a JSON value, else text); may be given again",
    "strategy": "who is asked first (default failover: as given)",
    "json": "print one JSON object: content, served_by, model, stop_reason, usage, cost, route",
    "explain": "say on the error output who was tried, who was not, and why",
}


def run(args: argparse.Namespace) -> int:
    """Ask; the exit status."""
    from agentsea_gateway.commands.asking import ask

    return ask(args)


def _seconds(text: str) -> float:
    try:
        found = float(text)
    except ValueError:
        found = -1.0
    if not 0 < found <= 1e9:
        raise argparse.ArgumentTypeError(f"{text!r} will not do; give a number of seconds above 0")
    return found


def _pair(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not name or not equals:
        raise argparse.ArgumentTypeError(f"{text!r} will not do; give NAME=VALUE, such as max_tokens=200")
    return name, value
