"""The command `agentsea demo`: its options, and the way from them to the show."""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

CALLS, THREADS, SECONDS, SEED = 400, 16, 6.0, 1  # what a show is unless told otherwise
PATIENCE = 10.0  # seconds for a breaker to blow, and then to close again

DESCRIPTION = """\
Three sandbox providers, real HTTP on loopback, no key and no network. Threads
ask a gateway; one provider dies and comes back meanwhile. Exit status 0 only if
every call was served and the dead one was recovered."""


def add(parser: argparse.ArgumentParser) -> None:
    """Describe the command and its options."""
    parser.description = DESCRIPTION
    parser.add_argument("--calls", type=_number(int, 60, 100_000), default=CALLS, metavar="N", help=_HELP["calls"])
    parser.add_argument("--threads", type=_number(int, 1, 200), default=THREADS, metavar="N", help=_HELP["threads"])
    parser.add_argument("--seconds", type=_number(float, 0.5, 60), default=SECONDS, metavar="S", help=_HELP["seconds"])
    parser.add_argument("--seed", type=int, default=SEED, metavar="N", help=_HELP["seed"])
    parser.add_argument("--plain", action="store_true", help=_HELP["plain"])


_HELP = {
    "calls": f"how often to ask, at least; every twelfth call is a stream (default {CALLS})",
    "threads": f"how many threads ask (default {THREADS})",
    "seconds": f"about how long it takes, if the threads keep up (default {SECONDS:g})",
    "seed": f"of the providers' latencies (default {SEED})",
    "plain": "plain lines, as where the output is no terminal",
}


def run(args: argparse.Namespace) -> int:
    """Play the demo on the standard output; the exit status."""
    from agentsea_gateway.demo.measures import Measures
    from agentsea_gateway.demo.screen import screen_for
    from agentsea_gateway.demo.show import play

    measures = Measures(args.calls, args.threads, args.seconds, args.seed, max(PATIENCE, args.seconds))
    complaint = play(measures, screen_for(sys.stdout, plain=args.plain, seconds=args.seconds))
    if complaint is None:
        return 0
    sys.stderr.write(f"agentsea demo: {complaint}\n")
    return 1


def _number(kind: type[int] | type[float], least: float, most: float) -> Callable[[str], float]:
    """A converter of an option's text to a number within bounds."""
    noun = "a whole number" if kind is int else "a number"

    def convert(text: str) -> float:
        try:
            found = kind(text)
        except ValueError:
            found = kind(-1)
        if not least <= found <= most:
            raise argparse.ArgumentTypeError(f"{text!r} will not do; give {noun} from {least} to {most:_}")
        return found

    return convert
