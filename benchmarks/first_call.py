"""What a fresh program pays until its first answer: run as a child, one client, then it is over.

python -m benchmarks.first_call NAME URL     -> "CPU-seconds wall-seconds resident-bytes"
"""

from __future__ import annotations

import os
import sys
import time

from benchmarks.client import PROMPT
from benchmarks.clients import ALL


def main(name: str, url: str) -> None:
    """Load, open, ask; CPU from the interpreter's own start on."""
    out = os.dup(1)
    os.dup2(2, 1)  # clients print
    began = time.perf_counter()
    client = ALL[name]()
    client.load()
    client.open([url])
    client.ask(PROMPT)
    cpu, wall = time.process_time(), time.perf_counter() - began
    from benchmarks.memory import resident  # behind the clock

    os.write(out, f"{cpu} {wall} {resident()}\n".encode())
    os._exit(0)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
