"""A provider without a network: it answers from a script, and remembers what it was asked."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from types import EllipsisType
from typing import TYPE_CHECKING, Any

from attrs import frozen

from agentsea_gateway.calls.assembly import Assembly
from agentsea_gateway.clock import SYSTEM
from agentsea_gateway.errors import APIConnectionError, APITimeoutError, MalformedResponseError
from agentsea_gateway.response import Response
from agentsea_gateway.stream_events import Content, Done, Start, StreamEvent, Thinking, ToolCallDelta
from agentsea_gateway.testing.replies import pieces

if TYPE_CHECKING:
    from agentsea_gateway.call import Call
    from agentsea_gateway.clock import Clock

Raised = BaseException | type[BaseException]
Part = str | float | StreamEvent | Raised | EllipsisType
"""A piece of text, seconds to wait, a stream event, an exception to raise, or `...`: the end, but without Done."""

Told = str | Response | Raised | Sequence[Part]
Item = Told | Callable[[Any, Mapping[str, Any]], Any]
"""What one call gets: a text, a Response, an exception, Parts in order, or a function of (messages, options) that
returns one of these."""


@frozen
class ScriptedCall:
    """One call that a scripted provider got."""

    messages: Any
    options: Mapping[str, Any]
    streamed: bool


class ScriptedCompletions:
    """A scripted provider that cannot stream.

    script    what the first calls get, one Item each
    default   what every call gets after that
    latency   seconds that every call takes, before whatever the script says
    clock     where those seconds pass; None: on the call's own clock, so a gateway on a FakeClock moves that
    name      the kind of service, as errors and events name it

    It honours the call's time as an HTTP provider does: what would take longer than the call allows ends in an
    APITimeoutError at that moment, and `cancel()` ends a wait. Thread-safe.
    """

    def __init__(
        self,
        *script: Item,
        default: Item = "ok",
        latency: float = 0.0,
        clock: Clock | None = None,
        name: str = "scripted",
    ) -> None:
        self.name = name
        self.latency = latency
        self._clock = clock
        self._lock = threading.Lock()
        self._script: deque[Item] = deque(script)  # guarded by _lock
        self._default = default  # guarded by _lock
        self._calls: list[ScriptedCall] = []  # guarded by _lock

    def script(self, *items: Item) -> None:
        """Give the next calls these, one each and in this order."""
        with self._lock:
            self._script.extend(items)

    def always(self, item: Item) -> None:
        """Give every call this, once the script is used up."""
        with self._lock:
            self._default = item

    @property
    def calls(self) -> list[ScriptedCall]:
        """The calls so far, in order."""
        with self._lock:
            return [*self._calls]

    @property
    def hits(self) -> int:
        """How many calls there were."""
        with self._lock:
            return len(self._calls)

    def complete(self, messages: Any, *, call: Call | None = None, **options: Any) -> Response:
        """The next answer of the script, whole."""
        item = self._next(messages, options, streamed=False)
        self._pause(self.latency, call)
        for event in self._events(item, options, call):
            if isinstance(event, Done):
                return event.response
        raise MalformedResponseError("truncated: the script ends without Done")

    def _next(self, messages: Any, options: Mapping[str, Any], *, streamed: bool) -> Told:
        with self._lock:
            self._calls.append(ScriptedCall(messages, options, streamed))
            item = self._script.popleft() if self._script else self._default
        while not isinstance(item, type) and callable(item):
            item = item(messages, options)
        return item

    def _events(self, item: Told, options: Mapping[str, Any], call: Call | None) -> Iterator[StreamEvent]:
        """What the item says, as a stream says it; raises and waits where it says so."""
        if isinstance(item, (BaseException, type)):
            raise _fresh(item)
        if isinstance(item, Response):
            yield from _told(item)
            return
        parts: Sequence[Part] = pieces(item, None) if isinstance(item, str) else item
        assembly = Assembly()
        begun = Start(model=options.get("model"))
        for part in (begun, *parts):
            if isinstance(part, (BaseException, type)):
                raise _fresh(part)
            if isinstance(part, EllipsisType):
                return
            if isinstance(part, (int, float)):
                self._pause(part, call)
                continue
            event = Content(part) if isinstance(part, str) else part
            yield event
            if isinstance(event, Done):
                return
            assembly.add(event)
        found = assembly.partial()
        yield Done.of(found.with_fields(stop_reason="tool_use" if found.tool_calls else "stop"))

    def _pause(self, seconds: float, call: Call | None) -> None:
        if seconds <= 0:
            return
        clock = self._clock or (SYSTEM if call is None else call.clock)
        if call is None:
            clock.sleep(seconds)
            return
        left = call.remaining()
        stop = _Stop()
        call.attach(stop)
        try:
            stopped = clock.wait(stop.event, max(0.0, min(seconds, left)))
        finally:
            call.attach(None)
        if stopped:
            raise APIConnectionError("cancelled")
        if seconds > left:
            raise APITimeoutError(f"no answer within the time of the call ({call.patience})", patience=call.patience)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.name!r}, hits={self.hits})"


class ScriptedProvider(ScriptedCompletions):
    """A scripted provider that can also stream: a text comes word by word, Parts as they are written.

    >>> provider = ScriptedProvider("Hello", ValueError("lost my way"), ["one ", 0.5, "two", ConnectionError("cut")])
    >>> provider.complete([]).content
    'Hello'
    >>> [type(event).__name__ for event in ScriptedProvider("Hello there").stream([])]
    ['Start', 'Content', 'Content', 'Done']
    """

    def __init__(
        self,
        *script: Item,
        default: Item = "ok",
        latency: float = 0.0,
        clock: Clock | None = None,
        name: str = "scripted",
    ) -> None:
        super().__init__(*script, default=default, latency=latency, clock=clock, name=name)
        self._open = 0  # guarded by _lock

    @property
    def open_streams(self) -> int:
        """Streams that were begun and are neither at their end nor closed."""
        with self._lock:
            return self._open

    def stream(self, messages: Any, *, call: Call | None = None, **options: Any) -> Iterator[StreamEvent]:
        """The next answer of the script, as a stream that ends in Done."""
        return self._streamed(self._next(messages, options, streamed=True), options, call)

    def _streamed(self, item: Told, options: Mapping[str, Any], call: Call | None) -> Iterator[StreamEvent]:
        self._count(1)
        try:
            self._pause(self.latency, call)
            yield from self._events(item, options, call)
        finally:
            self._count(-1)

    def _count(self, change: int) -> None:
        with self._lock:
            self._open += change


class _Stop:
    """What a waiting provider attaches to its call."""

    __slots__ = ("event",)

    def __init__(self) -> None:
        self.event = threading.Event()

    def close(self) -> None:
        self.event.set()


def _fresh(error: Raised) -> Raised:
    """An error to raise; one that was raised before would grow by a traceback each time, and keep what that holds."""
    return error.with_traceback(None) if isinstance(error, BaseException) else error


def _told(response: Response) -> Iterator[StreamEvent]:
    """A whole Response as events."""
    yield Start(response.id, response.model)
    if response.thinking:
        yield Thinking(response.thinking)
    for text in pieces(response.content, None):
        yield Content(text)
    for index, call in enumerate(response.tool_calls):
        yield ToolCallDelta(index, call.id, call.name)
        yield ToolCallDelta(index, arguments=call.raw_arguments)
    yield Done.of(response)
