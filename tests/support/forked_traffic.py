"""A program: forks while four threads call without a pause, and prints what each child got.

python forked_traffic.py FORKS

A process of its own: a thread may hold coverage.py's lock at a fork, and its tracer would hang in the child.
"""

from __future__ import annotations

import sys
import threading
from typing import TYPE_CHECKING, Any

from agentsea_gateway import Candidate, Gateway, Response
from agentsea_gateway.stream_events import Content, Done
from support.children import in_child

if TYPE_CHECKING:
    from collections.abc import Iterator


class Instant:
    """Answers at once, and streams."""

    def complete(self, messages: Any) -> Response:
        return Response("ok")

    def stream(self, messages: Any) -> Iterator[Any]:
        yield Content("a")
        yield Content("b")
        yield Done.of(Response("ab"))


def in_flight(gateway: Gateway) -> int:
    return gateway.health()["it"].in_flight


def main(forks: int) -> None:
    gateway = Gateway([Candidate("it", Instant())])
    stop = threading.Event()

    def traffic() -> None:
        while not stop.is_set():
            gateway.completion("Hi")
            next(gateway.stream("Hi"))

    threads = [threading.Thread(target=traffic) for _ in range(4)]
    for thread in threads:
        thread.start()
    try:
        for _ in range(forks):
            print(*in_child(lambda: (gateway.completion("Hi").content, in_flight(gateway))))
    finally:
        stop.set()
        for thread in threads:
            thread.join()
    print("left", in_flight(gateway))


if __name__ == "__main__":
    main(int(sys.argv[1]))
