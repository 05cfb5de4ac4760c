"""The text of a stream alone, piece by piece, for a view or a loop that wants nothing else."""

from __future__ import annotations

from typing import TYPE_CHECKING

from agentsea_gateway.stream_events import Content

if TYPE_CHECKING:
    from types import TracebackType
    from typing import Self

    from agentsea_gateway.stream import Stream


class TextStream:
    """The text of a stream as an iterator of strings; owns the stream."""

    __slots__ = ("__weakref__", "_over", "_stream")

    def __init__(self, stream: Stream) -> None:
        self._stream = stream
        self._over = False  # as with a generator: nothing comes behind its end, an error or its close

    @property
    def stream(self) -> Stream:
        """The stream it reads: for `served_by`, `route` and, once done, `response`."""
        return self._stream

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> str:
        # No generator: a dropped one would run its `finally` inside the collector, and settling takes the lock.
        if self._over:
            raise StopIteration
        try:
            text = self._next_text()
        except BaseException:
            self.close()
            raise
        if text:
            return text
        self._over = True
        raise StopIteration

    def _next_text(self) -> str:
        for event in self._stream:
            if type(event) is Content and event.text:
                return event.text
        return ""

    def close(self) -> None:
        """Close the stream (WSGI servers call this when the client goes away)."""
        self._over = True
        self._stream.close()

    def __repr__(self) -> str:
        return f"TextStream({self._stream!r})"

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()
