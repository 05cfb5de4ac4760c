"""Who plays in the demo: three sandbox providers of two dialects, and the gateway in front of them."""

from __future__ import annotations

import random
from contextlib import ExitStack
from typing import TYPE_CHECKING, NamedTuple, Self

from agentsea_gateway.breaker import BreakerPolicy
from agentsea_gateway.candidate import Candidate
from agentsea_gateway.gateway import Gateway
from agentsea_gateway.providers.anthropic import Anthropic
from agentsea_gateway.providers.openai import OpenAI
from agentsea_gateway.routing.sequence import RoundRobin
from agentsea_gateway.testing.replies import Reply
from agentsea_gateway.testing.sandbox import Sandbox

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType
    from typing import Any

    from agentsea_gateway.demo.measures import Measures
    from agentsea_gateway.telemetry import Event
    from agentsea_gateway.testing.recorded import Request

TIMEOUT = 10.0  # seconds for one call, failover included
PAUSE = 0.012  # seconds between the words of a stream, in a show of the usual length


class Role(NamedTuple):
    """A provider of the demo: the dialect it speaks and how fast it answers (seconds, give or take a third)."""

    name: str
    speaks: str
    latency: float


ROLES = (Role("alpha", "OpenAI", 0.09), Role("beta", "Anthropic", 0.07), Role("gamma", "OpenAI", 0.12))
DYING = "beta"


def answer_to(question: str, name: str) -> str:
    """What the provider of this name says."""
    return f"{name} heard {question!r} and answers in a few words, so that a stream has something to tell."


class Cast:
    """The sandboxes and the gateway; a context manager that closes all of them."""

    def __init__(self, measures: Measures, listener: Callable[[Event], object]) -> None:
        with ExitStack() as stack:  # whatever fails half-way, nothing stays open
            self.boxes = {role.name: stack.enter_context(_sandbox(role, measures)) for role in ROLES}
            self.gateway = stack.enter_context(
                Gateway(
                    [_candidate(role, self.boxes[role.name]) for role in ROLES],
                    strategy=RoundRobin(),
                    breaker=BreakerPolicy(reset=measures.reset),
                    timeout=TIMEOUT,
                    options={"max_tokens": 100},
                    listeners=[listener],
                )
            )
            self._open = stack.pop_all()

    def kill(self) -> None:
        """Let the dying one die: its port is closed, its connections break."""
        self.boxes[DYING].kill()

    def revive(self) -> None:
        """Let it come back, on the same port."""
        self.boxes[DYING].revive()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._open.__exit__(kind, error, traceback)


def _sandbox(role: Role, measures: Measures) -> Sandbox:
    rng = random.Random(f"{measures.seed} {role.name}")  # only the sandbox's own thread draws from it

    def answer(request: Request) -> Reply:
        latency = role.latency * measures.pace * rng.uniform(0.67, 1.33)
        return Reply(answer_to(request.text, role.name), latency=latency, pause=PAUSE * measures.pace)

    return Sandbox(answer, name=role.name, keep=0)


def _candidate(role: Role, box: Sandbox) -> Candidate:
    # No proxy, whatever the environment says: the way is loopback.
    common: dict[str, Any] = {"api_key": box.api_key, "proxies": {}}
    if role.speaks == "Anthropic":
        return Candidate(role.name, Anthropic(base_url=box.anthropic_url, **common), "sandbox-model")
    return Candidate(role.name, OpenAI(base_url=box.openai_url, **common), "sandbox-model")
