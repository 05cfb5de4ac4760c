"""One client through every fault, in a process of its own: run as a child, it tells as JSON lines what happened.

python -m benchmarks.faults.trying NAME PORT
"""

from __future__ import annotations

import json
import os
import pickle
import sys
import threading
import time
from typing import TYPE_CHECKING, Any

from benchmarks.answers import KEY
from benchmarks.clients import ALL
from benchmarks.faults.server import FAULTS, FIRST, SECOND, STREAMS_ONLY

if TYPE_CHECKING:
    from collections.abc import Callable

    from benchmarks.client import Client

TIMEOUT = 1.0  # what every client is told
PATIENCE = 20.0  # seconds after which a call is given up
CALLS = 30  # of each child after a fork


class Told:
    """What one call did: `text` or `error`, and how long it took."""

    def __init__(self) -> None:
        self.pieces: list[str] = []
        self.error: BaseException | None = None
        self.seconds: float | None = None

    def as_row(self) -> dict[str, Any]:
        """As the parent gets it."""
        text = "".join(self.pieces)
        if self.seconds is None:
            outcome = "hung"
        elif self.error is not None:
            outcome = "error"
        else:
            outcome = {FIRST: "first", SECOND: "second"}.get(text, "truncated")
        name = type(self.error).__name__ if self.error is not None else None
        return {"outcome": outcome, "error": name, "text": len(text), "seconds": self.seconds}


class Trying:
    """The trials of one client."""

    def __init__(self, name: str, port: int, tell: Callable[[dict[str, Any]], None]) -> None:
        self.kind = ALL[name]
        self.port = port
        self.tell = tell

    def url(self, behaviour: str) -> str:
        """See FaultServer.url."""
        return f"http://127.0.0.1:{self.port}/{behaviour.replace(' ', '_')}/v1"

    def client(self, *behaviours: str) -> Client:
        """A fresh one, over servers that behave so."""
        client = self.kind()
        client.load()
        client.open([self.url(behaviour) for behaviour in behaviours], TIMEOUT)
        return client

    def run(self) -> None:
        """Every trial, one after the other."""
        self.call(self.client("second", "second"), "ask")  # imports and lazy parts are no part of a fault
        for fault in FAULTS:
            for how in self.ways(fault):
                told = self.call(self.client(fault, "second"), how)
                self.tell({"fault": fault, "how": how, **told.as_row()})
        error = self.call(self.client("429", "429"), "ask").error
        self.tell({"about": "pickle", "said": pickled(error)})
        self.tell({"about": "key", "said": self.shown(error)})
        self.tell({"about": "fork", "said": self.forked()})

    def ways(self, fault: str) -> list[str]:
        """How the client can meet a fault."""
        plain = [] if fault in STREAMS_ONLY and not self.kind.watches else ["ask"]
        return [*plain, "stream"] if self.kind.streams else plain

    def call(self, client: Client, how: str) -> Told:
        """One call, given up after a while."""
        told = Told()

        def work() -> None:
            began = time.monotonic()
            try:
                if how == "ask":
                    told.pieces.append(client.ask("Hello"))
                else:
                    for piece in client.stream("Hello"):
                        told.pieces.append(piece)
            except BaseException as error:
                told.error = error
            told.seconds = time.monotonic() - began

        thread = threading.Thread(target=work, daemon=True)
        thread.start()
        thread.join(PATIENCE)
        return told

    def shown(self, error: BaseException | None) -> str:
        """Where the key can be read."""
        client = self.client("second", "second")
        client.ask("Hello")
        held = [getattr(client, name) for name in ("gateway", "client", "session") if hasattr(client, name)]
        texts = {
            "its repr": " ".join(map(repr, held)),
            "its vars": " ".join(repr(getattr(each, "__dict__", "")) for each in held),
            **_of_error(error),
        }
        places = [place for place, text in texts.items() if KEY in text]
        return f"in {' and '.join(places)}" if places else "nowhere"

    def forked(self) -> str:
        """Two children of a warm parent ask at the same time: whose answers does each get?"""
        client = self.client("echo", "echo")
        client.ask("parent")
        pipes = [self._child(client, name) for name in ("one", "two")]
        said = [_read(reader, pid) for reader, pid in pipes]
        if said == ["right", "right"]:
            return "every child its own answers"
        return "; ".join(dict.fromkeys(each for each in said if each != "right"))

    def _child(self, client: Client, name: str) -> tuple[int, int]:
        reader, writer = os.pipe()
        pid = os.fork()
        if pid:
            os.close(writer)
            return reader, pid
        try:
            os.write(writer, _asked(client, name).encode())
        finally:
            os._exit(0)


def _asked(client: Client, name: str) -> str:
    wrong, errors = 0, []
    for number in range(CALLS):
        try:
            wrong += client.ask(f"{name} {number}") != f"{name} {number}"
        except Exception as error:
            errors.append(type(error).__name__)
    found = [f"{wrong} of {CALLS} answers were another's"] if wrong else []
    found += [f"{len(errors)} of {CALLS} calls failed ({errors[0]})"] if errors else []
    return ", ".join(found) or "right"


def _read(reader: int, pid: int) -> str:
    import select
    import signal

    said = b""
    if select.select([reader], [], [], PATIENCE)[0]:
        said = os.read(reader, 1000)
    else:
        os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    os.close(reader)
    return said.decode() or "a child hung or died"


def pickled(error: BaseException | None) -> str:
    """Whether an error survives a trip to another process."""
    if error is None:
        return "no error to pickle"
    name = type(error).__name__
    try:
        copy = pickle.loads(pickle.dumps(error))
    except Exception as failure:
        return f"{name}: {type(failure).__name__}"
    same = type(copy) is type(error) and str(copy) == str(error)
    return f"{name}: the same" if same else f"{name}: not the same"


def _of_error(error: BaseException | None) -> dict[str, str]:
    texts = []
    while error is not None and len(texts) < 10:
        texts += [repr(error), str(error), repr(vars(error))]
        error = error.__cause__ or error.__context__
    return {"an error": " ".join(texts)}


def main(name: str, port: int) -> None:
    """Run, and tell on the standard output."""
    out = os.dup(1)
    os.dup2(2, 1)  # clients print
    Trying(name, port, lambda row: os.write(out, (json.dumps(row) + "\n").encode())).run()
    os._exit(0)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
