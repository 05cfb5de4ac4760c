"""One watched call: the provider is asked for a stream, the caller gets the plain answer.

First-token and idle patience hold for a plain call too, so a provider that goes silent is left after seconds, not after
a minute; and since the caller has seen nothing, a break at any point fails over.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from agentsea_gateway.calls.completion import Completion
from agentsea_gateway.calls.demands import met
from agentsea_gateway.calls.source import source_of
from agentsea_gateway.errors import ProviderError
from agentsea_gateway.stream_events import Done, is_content

if TYPE_CHECKING:
    from agentsea_gateway.call import Patience
    from agentsea_gateway.calls.source import Source
    from agentsea_gateway.calls.trial import Trial
    from agentsea_gateway.response import Response


class Watched(Completion):
    """The attempts of a watched call. A candidate that cannot stream is asked plainly."""

    __slots__ = ()

    def ask(self, trial: Trial) -> Response:
        """The Response that the candidate's stream ends in."""
        if not trial.binding.can_stream:
            return super().ask(trial)
        end = trial.call.limit, trial.call.patience
        trial.call.bound(end, self.config.first_token_timeout, "first_token")
        source = source_of(trial.binding.stream(self.messages, trial.call, self.options))
        try:
            answer = self._read(trial, source, end)
        except ProviderError:
            trial.broke_off(source.partial(), self.messages)
            raise
        finally:
            source.close()
        if self.demand is None and trial.binding.forms is None:
            return answer
        return met(self, trial, answer)

    def _read(self, trial: Trial, source: Source, end: tuple[float, Patience]) -> Response:
        silent = True
        while True:
            batch = source.next_batch()
            if any(map(is_content, batch)):
                if silent:
                    self.first_content(trial, self.clock.monotonic())
                    silent = False
                trial.call.bound(end, self.config.idle_timeout, "idle")
            if isinstance(batch[-1], Done):
                return batch[-1].response
