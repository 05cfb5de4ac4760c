"""One plain call: a candidate is asked for a whole answer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from agentsea_gateway.calls.attempts import Attempts
from agentsea_gateway.calls.demands import met
from agentsea_gateway.response import Response, checked_response
from agentsea_gateway.telemetry import DEBUG

if TYPE_CHECKING:
    from agentsea_gateway.calls.trial import Trial


class Completion(Attempts[Response]):
    """The attempts of a plain call."""

    __slots__ = ()

    def ask(self, trial: Trial) -> Response:
        """The candidate's Response."""
        answer = trial.binding.complete(self.messages, trial.call, self.options)
        answer = checked_response(answer, "what complete() returned")
        if self.demand is None and trial.binding.forms is None:
            return answer
        return met(self, trial, answer)

    def serve(self, trial: Trial, answer: Response) -> Response:
        """Settle, and complete the answer with who served it and how."""
        permit = trial.permit
        ended = self.clock.monotonic()
        ran = ended - permit.started
        latency = ran if trial.asked_at is None else ended - trial.asked_at
        change = self.state.settle(permit, "success", ended, latency_ms=latency * 1000)
        trial.came = answer
        self.note_attempt(trial.ended("success", ran, began=self.began))
        if change is not None:
            self.core.announce(change, self.wall(ended))
        response = self.completed(answer, trial.binding.name)
        if self.config.listeners or self.core.is_logged(DEBUG):
            self.announce_end("ok", response)
        return response

    def completed(self, answer: Response, served_by: str) -> Response:
        """A copy: a plain provider may hand the same object to many callers."""
        route = self.route(served_by)
        if self.config.keep_raw:
            return answer.with_fields(served_by=served_by, route=route)
        return answer.with_fields(served_by=served_by, route=route, raw=None)
