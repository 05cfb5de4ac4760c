"""A scene for faults: a gateway over raw servers, asked as a user asks, and what must hold whatever happened.

    with scene(spoken, [REQUEST, RST], mode="stream") as at:       # candidate "a" plays this, "b" is healthy
        told = at.ask()
        assert (told.served_by, at.hits()) == ("b", {"a": 1, "b": 1})

At its end the gateway is closed; by then no attempt may be under way and no connection open at any server.
"""

from __future__ import annotations

import contextlib
import time
from typing import TYPE_CHECKING, Any

from attrs import frozen

from agentsea_gateway import Candidate, Gateway
from agentsea_gateway.errors import GatewayError
from agentsea_gateway.stream_events import Content, Done
from raw_server import REQUEST, RawServer, Repeat
from support.lateness import Margin

if TYPE_CHECKING:
    import ssl
    from collections.abc import Iterator, Sequence

    from agentsea_gateway import Attempt, ProviderHealth, Response, Route
    from raw_server import Step
    from support.spoken import Spoken

MODES = ("plain", "stream", "watched")
LATE = Margin(0.1)  # seconds by which a deadline may be missed
SOON = 2.0  # seconds in which a connection must be gone


@frozen
class Told:
    """What one call told its caller: a response or an error, the text of its stream, and how long it took."""

    response: Response | None
    error: GatewayError | None
    text: str
    seconds: float

    @property
    def route(self) -> Route:
        """The call's route, wherever it hangs."""
        route = self.response.route if self.response is not None else self.error.route  # type: ignore[union-attr]
        assert route is not None
        return route

    @property
    def served_by(self) -> str | None:
        """Who served."""
        return None if self.response is None else self.response.served_by

    @property
    def tried(self) -> list[tuple[str, str]]:
        """Candidate and outcome of every attempt."""
        return [(attempt.candidate, attempt.outcome) for attempt in self.route.attempts]

    @property
    def first(self) -> Attempt:
        """The first attempt."""
        return self.route.attempts[0]


def ask(gw: Gateway, mode: str = "plain", messages: Any = "Hi", **given: Any) -> Told:
    """One call, plain, as a stream read to its end, or watched; a GatewayError is part of what it tells."""
    begun = time.monotonic()
    response, error, text = None, None, ""
    try:
        if mode == "stream":
            with gw.stream(messages, **given) as stream:
                for event in stream:
                    if isinstance(event, Content):
                        text += event.text
                response = stream.response
            assert isinstance(event, Done)
            assert event.response is response
        else:
            response = gw.completion(messages, watch=mode == "watched", **given)
            text = response.content
    except GatewayError as raised:
        error = raised
    return Told(response, error, text, time.monotonic() - begun)


class Scene:
    """A gateway and the servers behind its candidates, by the candidates' names."""

    def __init__(self, gw: Gateway, servers: dict[str, RawServer], mode: str) -> None:
        self.gw = gw
        self.servers = servers
        self.mode = mode

    def ask(self, messages: Any = "Hi", **given: Any) -> Told:
        """One call in the scene's mode, after which no attempt may be under way."""
        told = ask(self.gw, self.mode, messages, **given)
        assert {name: health.in_flight for name, health in self.gw.health().items() if health.in_flight} == {}
        return told

    def hits(self) -> dict[str, int]:
        """How many requests each server read."""
        return {name: server.hits for name, server in self.servers.items()}

    def health(self, name: str) -> ProviderHealth:
        """One candidate's health."""
        return self.gw.health()[name]

    def counts(self) -> dict[str, tuple[int, int]]:
        """Calls and errors by candidate."""
        return {name: (health.calls, health.errors) for name, health in self.gw.health().items()}

    def are_gone(self, *names: str) -> bool:
        """Whether every connection to these servers ends soon."""
        until = time.monotonic() + SOON
        connections = [ended for name in names for ended in self.servers[name].ended]
        return all(ended.wait(max(0.0, until - time.monotonic())) for ended in connections)


@contextlib.contextmanager
def scene(
    spoken: Spoken,
    *scripts: Sequence[Step],
    mode: str = "plain",
    backup: Sequence[Step] | bool = True,
    root: str | None = None,
    scheme: str | None = None,
    tls: ssl.SSLContext | None = None,
    connection: dict[str, Any] | None = None,
    **settings: Any,
) -> Iterator[Scene]:
    """Candidate "a" over a server with these scripts (or at `root`), and "b" over a healthy one (or with the script
    `backup`, or none at all where that is False). `connection` goes to a's provider, the rest to the Gateway; `scheme`
    takes the place of a's own."""
    with contextlib.ExitStack() as stack:
        servers = {}
        if root is None:
            servers["a"] = stack.enter_context(RawServer(*scripts, tls=tls))
            root = root_of(servers["a"], scheme)
        candidates = [Candidate("a", spoken.provider(root, **(connection or {})), "model-x")]
        if backup is not False:
            played = [Repeat([REQUEST, spoken.good(mode)])] if backup is True else backup
            servers["b"] = stack.enter_context(RawServer(played))
            candidates.append(Candidate("b", spoken.provider(root_of(servers["b"])), "model-x"))
        gw = Gateway(candidates, **{"timeout": 10.0, **settings})
        at = Scene(gw, servers, mode)
        try:
            yield at
        finally:
            gw.close()
        left = {name: health.in_flight for name, health in gw.health().items()}
        assert not any(left.values()), f"permits left: {left}"
        assert at.are_gone(*servers), "a connection was left open"


def root_of(server: RawServer, scheme: str | None = None) -> str:
    """The server's address without a path."""
    own, _, rest = server.url.partition("://")
    return f"{scheme or own}://{rest.partition('/')[0]}"
