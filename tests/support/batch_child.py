"""A batch in a process of its own, to be killed or interrupted: URL, journal and number of rows come as arguments.

Prints what the consumer has seen, and on Ctrl-C what is left then.
"""

from __future__ import annotations

import signal
import sys
import threading
import time

from agentsea_gateway import Candidate, Gateway
from agentsea_gateway.providers import OpenAI

THREADS = 8


def gateway(url: str) -> Gateway:
    """A gateway over one server."""
    return Gateway([Candidate("box", OpenAI(api_key="sk-sandbox", base_url=url), "m")])


def main() -> None:
    """Run the batch."""
    signal.signal(signal.SIGINT, signal.default_int_handler)  # tests in the background have it ignored
    url, journal, rows = sys.argv[1:]
    seen = 0
    with gateway(url) as gw:
        try:
            for result in gw.map(range(int(rows)), "row {}", threads=THREADS, journal=journal):
                assert result.content == f"sandbox: row {result.index}"
                seen += 1
        except KeyboardInterrupt:
            left = time.monotonic()
            while threading.active_count() > 1 and time.monotonic() - left < 2:
                time.sleep(0.01)
            print(f"interrupted after {seen}, threads left: {threading.active_count() - 1}", flush=True)
            raise
        print(f"done {seen}", flush=True)


if __name__ == "__main__":
    main()
