"""A call of a gateway with a cache: looked up first, kept at the end.

An answer is kept under the candidate that gave it, and serves every call that may ask that candidate the same: adding
a candidate keeps what is there, and `exclude` holds for stored answers too.
"""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from functools import partial
from typing import TYPE_CHECKING, Any

import attrs

from agentsea_gateway import telemetry
from agentsea_gateway.calls.demands import again
from agentsea_gateway.calls.opening import Opening
from agentsea_gateway.calls.replay import Replay
from agentsea_gateway.calls.stopping import Stoppable, StoppableWatched
from agentsea_gateway.errors import InvalidRequestError
from agentsea_gateway.route import Route
from agentsea_gateway.store.cache import MODES
from agentsea_gateway.store.codec import decoded, encoded
from agentsea_gateway.store.digest import digest, of_messages
from agentsea_gateway.stream import Stream

if TYPE_CHECKING:
    from collections.abc import Callable

    from agentsea_gateway.calls.attempts import Attempts
    from agentsea_gateway.calls.binding import Binding
    from agentsea_gateway.calls.core import Core
    from agentsea_gateway.calls.stopping import Stopper
    from agentsea_gateway.request import Request
    from agentsea_gateway.response import Response
    from agentsea_gateway.store.cache import Cache
    from agentsea_gateway.stream_events import Done

NOTHING = Decimal(0)


def completed(core: Core, kind: Callable[[Core, Request], Attempts[Any]], request: Request, mode: Any) -> Response:
    """The stored answer, or the one of the call that `kind` makes; `mode` is the call's own `cache`."""
    shelf = Shelf.of(core, request, mode)
    found = shelf and shelf.look_up()
    if found:
        return found
    answer: Response = kind(core, request).run()
    return shelf.keep(answer) if shelf else answer


def answered(core: Core, request: Request, mode: Any, *, watched: bool, stopper: Stopper) -> Response:
    """The same for a row of a batch."""
    kind = StoppableWatched if watched else Stoppable
    return completed(core, partial(kind, stopper=stopper), request, mode)


def opened(core: Core, request: Request, mode: Any) -> Stream:
    """The same for a stream."""
    shelf = Shelf.of(core, request, mode)
    found = shelf and shelf.look_up(streaming=True)
    if found:
        return Replay(found)
    opening = Opening(core, request) if shelf is None else KeptOpening(core, request)
    stream: Stream = opening.run()
    if isinstance(stream, KeptStream):
        stream.shelf = shelf
    return stream


class Shelf:
    """Where the answer to one request stands: its key for each candidate that may be asked."""

    __slots__ = ("_cache", "_core", "_failed", "_keys", "_reads", "_request", "_writes")

    def __init__(self, core: Core, request: Request, cache: Cache, *, reads: bool, writes: bool) -> None:
        self._core = core
        self._request = request
        self._cache = cache
        self._reads = reads
        self._writes = writes
        self._failed: str | None = None
        asked = of_messages(request.messages)
        self._keys = {
            name: _key(binding, request, asked)
            for name, binding in core.bindings.items()
            if name not in request.exclude
        }

    @classmethod
    def of(cls, core: Core, request: Request, mode: Any) -> Shelf | None:
        """The shelf of this request; None where the cache is off. Raises InvalidRequestError for a wrong `mode`."""
        cache = core.config.cache
        if not (mode is None or isinstance(mode, bool) or (isinstance(mode, str) and mode in MODES)):
            raise InvalidRequestError(f'cache is {mode!r}; give True, False, "rw", "read" or "write"')
        if cache is None and mode:
            raise InvalidRequestError(f"cache is {mode!r}, but this gateway has none; build it with cache=…")
        if cache is None or mode is False:
            return None
        return cls(core, request, cache, reads=cache.reads and mode != "write", writes=cache.writes and mode != "read")

    def look_up(self, *, streaming: bool = False) -> Response | None:
        """The stored answer, if there is one; the time this takes is the call's."""
        if not self._reads or not self._keys:
            return None
        clock = self._core.config.clock
        began = clock.monotonic()
        try:
            kept = self._cache.find([*self._keys.values()], clock.time())
            answer = None if kept is None else decoded(kept.answer)
        except Exception as error:
            self._give_up(error)
            kept = answer = None
        took = clock.monotonic() - began
        if kept is None or answer is None:
            self._request.timeout -= took
            return None
        served_by = next(name for name, key in self._keys.items() if key == kept.key)
        answer = again(self._request.demand, self._core.bindings[served_by].forms, answer)
        if answer is None:
            self._request.timeout -= took
            return None
        return self._given(answer, served_by, kept.stored_at, took * 1000, streaming=streaming)

    def _given(
        self, answer: Response, served_by: str, stored_at: float, took_ms: float, *, streaming: bool
    ) -> Response:
        core = self._core
        cached_at = datetime.fromtimestamp(stored_at, UTC)
        route = Route(core.strategy_name, (), (), (), took_ms, served_by, cached_at=cached_at)
        response = answer.with_fields(served_by=served_by, route=route, cost=NOTHING)
        if core.is_heard():
            telemetry.emit(core.config.listeners, telemetry.RouteStart(self._request, streaming))
            core.tell_end(telemetry.RouteStop(0, took_ms, served_by, "ok", route, self._request, response))
        return response

    def keep(self, answer: Response) -> Response:
        """Store a whole answer; the answer again, its route saying so where the cache has failed."""
        key = self._keys.get(answer.served_by or "")
        if self._writes and key is not None and self._failed is None:
            try:
                text = encoded(answer.with_fields(route=None))
                self._cache.keep(key, text, self._core.config.clock.time())
            except Exception as error:
                self._give_up(error)
        if self._failed is None or answer.route is None:
            return answer
        return answer.with_fields(route=attrs.evolve(answer.route, cache_error=self._failed))

    def _give_up(self, error: Exception) -> None:
        self._failed = f"{type(error).__name__}: {error}"
        self._cache.give_up(error)


class KeptStream(Stream):
    """A stream whose answer is stored at its proven end."""

    __slots__ = ("shelf",)

    shelf: Shelf | None

    def _finish(self, done: Done) -> Done:
        done = super()._finish(done)
        if self.shelf is not None:
            self._response = self.shelf.keep(done.response)
            self.route = self._response.route or self.route
            done = type(done).of(self._response)
        return done


class KeptOpening(Opening):
    """The attempts to open such a stream."""

    stream = KeptStream

    __slots__ = ()


def _key(binding: Binding, request: Request, asked: str) -> str:
    """Everything that changes this candidate's answer. Time limits and who else may be asked do not."""
    provider = binding.candidate.provider
    kind = f"{type(provider).__module__}.{type(provider).__qualname__}"
    where = str(getattr(provider, "base_url", ""))
    options = {**binding.options, **request.options, **binding.overrides}
    options_asked = sorted(options.items())
    return digest(
        binding.name, kind, binding.provider_name, where, binding.model, options_asked, binding.systems, asked
    )
