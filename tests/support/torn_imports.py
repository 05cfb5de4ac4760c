"""A program: interrupts a first import at one instant after the other, each in a forked child whose other thread then
wants the same module. Prints what became of them as JSON.

python torn_imports.py call|import STEP
"""

from __future__ import annotations

import json
import os
import sys
import threading
from functools import partial
from typing import TYPE_CHECKING, Any

from agentsea_gateway import Candidate, Gateway
from agentsea_gateway.errors import APIConnectionError
from agentsea_gateway.testing import FakeClock, ScriptedProvider
from support.interrupting import PACKAGE, Interrupter

if TYPE_CHECKING:
    from collections.abc import Callable

PATIENCE = {"call": 10.0, "import": 1.0}  # seconds until the other thread counts as hung
IMPORTLIB = "<frozen importlib._bootstrap>"
STRUCK, UNSEEN, HUNG, OVER = range(4)


REFUSED = APIConnectionError("refused", sent=False)
GATEWAY = Gateway([Candidate("a", ScriptedProvider(REFUSED, "ok"))], clock=FakeClock())


def call() -> None:
    """The first retry of a process: it loads tenacity."""
    GATEWAY.completion("Hi")


def plain_import() -> None:
    import tenacity  # noqa: F401


def others_can_still_import(patience: float) -> bool:
    thread = threading.Thread(target=plain_import, daemon=True)
    thread.start()
    thread.join(patience)
    return not thread.is_alive()


def interrupted(action: Callable[[], object], patience: float, number: int) -> int:
    """In a child: what became of an interrupt at that instant."""
    interrupter = Interrupter(number, inside=(PACKAGE, IMPORTLIB))
    try:
        interrupter.run(action)
    except KeyboardInterrupt:
        return STRUCK if others_can_still_import(patience) else HUNG
    return OVER if interrupter.where is None else UNSEEN


def in_child(work: Callable[[], int]) -> int:
    child = os.fork()
    if child == 0:
        found = UNSEEN
        try:
            found = work()
        finally:
            os._exit(found)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def main(way: str, step: str) -> None:
    action = {"call": call, "import": plain_import}[way]
    hung: list[int] = []
    struck = unseen = 0
    number = 1
    while (became := in_child(partial(interrupted, action, PATIENCE[way], number))) != OVER:
        struck += became == STRUCK
        unseen += became == UNSEEN
        if became == HUNG:
            hung.append(number)
            break
        number += int(step)
    found: dict[str, Any] = {"struck": struck, "unseen": unseen, "hung": hung, "instants": number}
    print(json.dumps(found))


if __name__ == "__main__":
    main(*sys.argv[1:])
