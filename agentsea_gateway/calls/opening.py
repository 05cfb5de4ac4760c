"""Opening a stream: a candidate is asked, and read up to its first content; until then, failover (G05)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from agentsea_gateway.calls.attempts import Attempts
from agentsea_gateway.calls.source import source_of
from agentsea_gateway.stream import Stream
from agentsea_gateway.stream_events import Done, is_content

if TYPE_CHECKING:
    from agentsea_gateway.calls.source import Source
    from agentsea_gateway.calls.trial import Trial
    from agentsea_gateway.stream_events import StreamEvent


class Opened:
    """A stream that brought its first content (or its whole end): its source and the events that were read."""

    __slots__ = ("events", "source")

    def __init__(self, source: Source, events: list[StreamEvent]) -> None:
        self.source = source
        self.events = events


class Opening(Attempts[Opened]):
    """The attempts to open a stream."""

    streaming = True
    stream: type[Stream] = Stream

    __slots__ = ()

    def ask(self, trial: Trial) -> Opened:
        """Open the candidate's stream and read up to its first content."""
        source = source_of(trial.binding.stream(self.messages, trial.call, self.options))
        try:
            return Opened(source, _head(source))
        except BaseException:
            source.close()
            raise

    def serve(self, trial: Trial, answer: Opened) -> Stream:
        """The stream is open: from here on it is the caller's, and nobody fails over any more."""
        now = self.clock.monotonic()
        try:
            if any(map(is_content, answer.events)):
                self.first_content(trial, now)
            return self.stream(self, trial, answer.source, answer.events, opened_at=now)
        except BaseException:
            answer.source.close()
            raise


def _head(source: Source) -> list[StreamEvent]:
    events: list[StreamEvent] = []
    while True:
        batch = source.next_batch()
        events += batch
        if any(is_content(event) or type(event) is Done for event in batch):
            return events
