"""The command `agentsea`: a table of commands, each loaded only when it is named."""

from __future__ import annotations

import argparse
import os
import sys
from importlib import import_module
from typing import TYPE_CHECKING, Any, NamedTuple, NoReturn, Protocol, cast

from agentsea_gateway import __version__

if TYPE_CHECKING:
    from collections.abc import Sequence

FAILED, INTERRUPTED, READER_GONE = 1, 130, 141
EXIT_STATUS = """\
exit status:
  0    it went well
  1    it did not, or something was found wrong; one line says why
  2    the command line or the configuration is wrong; one line says where
  130  interrupted with Ctrl-C
  141  whoever read the output went away
"""


class Command(Protocol):
    """What a command's module offers. Importing it must be cheap: what is heavy, `run` imports."""

    def add(self, parser: argparse.ArgumentParser) -> None:
        """Describe the command and its options."""
        ...

    def run(self, args: argparse.Namespace) -> int:
        """Do it; the exit status."""
        ...


class Entry(NamedTuple):
    """A row of the table: the command's module, and what it does in a few words."""

    module: str
    help: str

    def load(self) -> Command:
        """The module itself."""
        return cast("Command", import_module(self.module))


COMMANDS = {
    "ask": Entry("agentsea_gateway.commands.ask", "ask for one completion, from one or several models"),
    "doctor": Entry("agentsea_gateway.commands.doctor", "look for what is wrong: keys, addresses, answers"),
    "providers": Entry("agentsea_gateway.commands.providers", "list the services and the variables they need"),
    "demo": Entry("agentsea_gateway.demo.command", "watch a provider die and come back while every call is served"),
}


class Looks(argparse.RawDescriptionHelpFormatter):
    """How help looks; leaves room for the commands' names, whose indentation argparse forgets."""

    def __init__(self, prog: str, **given: Any) -> None:
        super().__init__(prog, **given)
        self._action_max_length = 4 + max(map(len, COMMANDS))


class Parser(argparse.ArgumentParser):
    """An argument parser whose complaints are one line."""

    def error(self, message: str) -> NoReturn:
        """Say what is wrong and where to look; exit status 2."""
        self.exit(2, f"{self.prog}: {message} (see '{self.prog} --help')\n")

    def options(self) -> list[str]:
        """The options that there are, as they are written."""
        return [*self._option_string_actions]


def main(argv: Sequence[str] | None = None) -> int:
    """Run `agentsea` with these arguments (None: the process's own) and return its exit status."""
    _open_what_is_closed()
    try:
        status = _run(sys.argv[1:] if argv is None else argv)
        sys.stdout.flush()
    except KeyboardInterrupt:
        return _complain("interrupted", INTERRUPTED)
    except BrokenPipeError:
        _drop_output()
        return READER_GONE
    except OSError as error:  # a full disk, no more sockets: the message says it, a traceback would not help
        _drop_output()
        return _complain(str(error), FAILED)
    return status


def _run(arguments: Sequence[str]) -> int:
    parser, commands = _parsers(arguments)
    args, unknown = parser.parse_known_args(arguments)
    if unknown:
        named = commands.get(args.command, parser)
        named.error(_what_is_unknown(named, unknown))
    if args.command is None:
        parser.error(f"give a command: {', '.join(COMMANDS)}")
    return COMMANDS[args.command].load().run(args)


def _what_is_unknown(parser: Parser, arguments: Sequence[str]) -> str:
    option = next((argument for argument in arguments if argument.startswith("-")), None)
    if option is None:
        return f"unrecognized arguments: {' '.join(arguments)}"
    from difflib import get_close_matches  # only where somebody mistyped

    name = option.partition("=")[0]
    close = get_close_matches(name, parser.options(), n=1, cutoff=0.7)
    return f"unknown option {name}" + (f"; did you mean {close[0]}?" if close else "")


def _parsers(arguments: Sequence[str]) -> tuple[Parser, dict[str, Parser]]:
    """The parser and those of the commands; a command that the arguments do not name stays unloaded."""
    looks: dict[str, Any] = {"formatter_class": Looks, "allow_abbrev": False}
    parser = Parser(
        prog="agentsea",
        description="Which LLM provider should serve a completion now, and what happens when it does not?",
        epilog=f"'agentsea COMMAND --help' tells more about one.\n\n{EXIT_STATUS}",
        **looks,
    )
    parser.add_argument("--version", action="version", version=f"agentsea {__version__}")
    rows = parser.add_subparsers(title="commands", dest="command", metavar="COMMAND", parser_class=Parser)
    commands = {
        name: rows.add_parser(name, help=row.help, epilog=EXIT_STATUS, **looks) for name, row in COMMANDS.items()
    }
    for name in COMMANDS.keys() & set(arguments):
        COMMANDS[name].load().add(commands[name])
    return parser, commands


def _complain(message: str, status: int) -> int:
    sys.stderr.write(f"agentsea: {message}\n")
    return status


def _open_what_is_closed() -> None:
    """Started with a closed output (`>&-`) a process has none: what is written goes nowhere then."""
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: SIM115 - open until the end


def _drop_output() -> None:
    """Nobody takes what is still buffered: without this the interpreter would complain about it at its end."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, sys.stdout.fileno())
    except OSError:  # it is no file, so nothing is lost
        pass
    os.close(nowhere)
