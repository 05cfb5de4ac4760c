"""What a strategy is, and what it gets to know. Anyone can write one: an object with `order(candidates, context)`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from attrs import frozen

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from agentsea_gateway.candidate import Candidate
    from agentsea_gateway.health import ProviderHealth


NOTHING: Mapping[str, Any] = {}


@frozen
class RoutingContext:
    """What a strategy may look at.

    counter    this call's own number, from 0, one more with every planned call
    health     candidate name to ProviderHealth; read lazily, so looking at nobody costs nothing
    streaming  whether the call is a stream
    messages   what is asked, as dicts in OpenAI's chat shape; not to be changed
    options    the call's options, over the gateway's default ones
    time       Unix time
    """

    counter: int
    health: Mapping[str, ProviderHealth]
    streaming: bool = False
    messages: Sequence[Mapping[str, Any]] = ()
    options: Mapping[str, Any] = NOTHING
    time: float = 0.0


class Strategy(Protocol):
    """Puts the candidates that may be tried now in order; those it leaves out are not tried.

    It is called without the lock, from many threads at once: keep it pure. One that raises, or returns something else
    than candidates it was given, does not break the call: configured order is used, and the route says so.
    """

    def order(self, candidates: Sequence[Candidate], context: RoutingContext) -> Sequence[Candidate]: ...
