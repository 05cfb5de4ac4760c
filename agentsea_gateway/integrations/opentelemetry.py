"""Spans and metrics of every call, by OpenTelemetry's conventions for generative AI: a listener.

from agentsea_gateway.integrations.opentelemetry import OpenTelemetry

gateway = Gateway([…], listeners=[OpenTelemetry()])
"""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any

try:
    from opentelemetry.metrics import get_meter_provider
    from opentelemetry.trace import SpanKind, Status, StatusCode, get_tracer_provider, set_span_in_context
except ImportError:
    raise ImportError("OpenTelemetry is not installed: pip install 'agentsea-gateway[opentelemetry]'") from None

from agentsea_gateway import __version__, telemetry
from agentsea_gateway.integrations import genai_attributes as attributes
from agentsea_gateway.integrations import genai_conventions as names

if TYPE_CHECKING:
    from opentelemetry.context import Context
    from opentelemetry.metrics import Meter, MeterProvider
    from opentelemetry.trace import Span, Tracer, TracerProvider

    from agentsea_gateway.request import Request
    from agentsea_gateway.route import Attempt
    from agentsea_gateway.telemetry import Event

SCOPE = "agentsea_gateway"


class OpenTelemetry:
    """A listener that makes a span of every call and of every attempt in it, and counts.

    tracer_provider, meter_provider   None: the program's own, as it has set them by then
    capture_content                   put prompts and answers on the spans; they are your users' own words

    The call's span (kind client, `chat MODEL`) is a child of the caller's current span, begins with the call and ends
    with it, a stream's at the stream's end, whichever thread that is in; a stream that was dropped is told of at the
    gateway's next call. The attempts are its children. It is not made the current span: what a provider of yours
    records is a sibling. The names stand in `genai_conventions`.
    """

    def __init__(
        self,
        *,
        tracer_provider: TracerProvider | None = None,
        meter_provider: MeterProvider | None = None,
        capture_content: bool = False,
    ) -> None:
        tracers = tracer_provider or get_tracer_provider()
        meters = meter_provider or get_meter_provider()
        self._tracer = tracers.get_tracer(SCOPE, __version__, schema_url=names.SCHEMA_URL)
        self._counts = _Counts(meters.get_meter(SCOPE, __version__, schema_url=names.SCHEMA_URL))
        self._capture_content = capture_content
        self._under_way: dict[Request, tuple[Span, int, bool]] = {}  # since when (ns), and whether it streams

    def __call__(self, event: Event) -> None:
        """Take one event."""
        if isinstance(event, telemetry.RouteStart):
            self._begin(event)
        elif isinstance(event, telemetry.RouteStop):
            self._end(event)
        elif not isinstance(event, telemetry.AttemptStop):  # those stand on the route
            self._counts.of_candidate(event)

    def _begin(self, event: telemetry.RouteStart) -> None:
        now = time.time_ns()
        asked = attributes.of_request(event.request, streaming=event.streaming)
        span = self._tracer.start_span(names.CHAT, kind=SpanKind.CLIENT, attributes=asked, start_time=now)
        if self._capture_content and span.is_recording():
            span.set_attribute(names.INPUT_MESSAGES, _as_text(attributes.messages_of(event.request.messages)))
        self._under_way[event.request] = span, now, event.streaming

    def _end(self, event: telemetry.RouteStop) -> None:
        request = event.request
        under_way = None if request is None else self._under_way.pop(request, None)
        if under_way is None:  # it began before this listener was there
            return
        span, began, streaming = under_way
        context = set_span_in_context(span)
        found = attributes.of_end(event)
        if span.is_recording():
            self._describe(span, event, found, streaming=streaming)
            for attempt in event.route.attempts:
                _trace_attempt(self._tracer, context, attempt, began)
        self._counts.of_route(event, found, context, streaming=streaming)
        span.end(began + int(event.latency_ms * 1e6))

    def _describe(self, span: Span, event: telemetry.RouteStop, found: dict[str, Any], *, streaming: bool) -> None:
        span.set_attributes(found)
        if names.REQUEST_MODEL in found:
            span.update_name(f"{names.CHAT} {found[names.REQUEST_MODEL]}")
        if streaming and event.route.attempts:
            first = attributes.seconds(event.route.attempts[-1].first_token_ms)
            if first is not None:
                span.set_attribute(names.FIRST_CHUNK, first)
        if event.outcome == "error":
            span.set_status(Status(StatusCode.ERROR, event.error))
        if self._capture_content and event.response is not None:
            span.set_attribute(names.OUTPUT_MESSAGES, _as_text(attributes.answer_of(event.response)))


def _trace_attempt(tracer: Tracer, context: Context, attempt: Attempt, began: int) -> None:
    start = began + int(attempt.started_ms * 1e6)
    found = attributes.of_attempt(attempt)
    span = tracer.start_span(f"attempt {attempt.candidate}", context, attributes=found, start_time=start)
    if attempt.error is not None:
        span.set_status(Status(StatusCode.ERROR, attempt.message))
    span.end(start + int(attempt.latency_ms * 1e6))


class _Counts:
    """The metrics."""

    def __init__(self, meter: Meter) -> None:
        def histogram(name: str, unit: str, description: str, buckets: tuple[float, ...]) -> Any:
            return meter.create_histogram(
                name, unit=unit, description=description, explicit_bucket_boundaries_advisory=buckets
            )

        self._duration = histogram(*names.DURATION)
        self._tokens = histogram(*names.TOKENS)
        self._first_chunk = histogram(*names.FIRST_CHUNK_AFTER)
        self._attempt = histogram(*names.ATTEMPT_DURATION)
        self._blown = meter.create_counter(*names.BLOWN)
        self._benched = meter.create_counter(*names.BENCHED)

    def of_route(self, event: telemetry.RouteStop, found: dict[str, Any], context: Context, *, streaming: bool) -> None:
        """Count a call, of which `found` is known, its attempts and their tokens."""
        kinds = (names.PROVIDER, names.REQUEST_MODEL, names.RESPONSE_MODEL, names.ERROR)
        common = {names.OPERATION: names.CHAT, **{name: found[name] for name in kinds if name in found}}
        if not found.get(names.CACHED):
            self._duration.record(event.latency_ms / 1000, common, context)
        for attempt in event.route.attempts:
            self._of_attempt(attempt, context)
            first = attributes.seconds(attempt.first_token_ms)
            if streaming and first is not None:
                self._first_chunk.record(first, common, context)

    def _of_attempt(self, attempt: Attempt, context: Context) -> None:
        found = attributes.of_attempt(attempt)
        kinds = (names.PROVIDER, names.CANDIDATE, names.OUTCOME, names.ERROR)
        self._attempt.record(attempt.latency_ms / 1000, {name: found[name] for name in kinds if name in found}, context)
        if attempt.usage is None or attempt.usage_source != "reported":
            return
        common = {names.OPERATION: names.CHAT, **attributes.of_model(attempt)}
        for ours, kind in names.TOKEN_TYPES.items():
            count = getattr(attempt.usage, ours)
            if count is not None:
                self._tokens.record(count, {**common, names.TOKEN_TYPE: kind}, context)

    def of_candidate(self, event: Event) -> None:
        """Count what happened to a candidate."""
        if isinstance(event, telemetry.BreakerBlown):
            self._blown.add(1, {names.CANDIDATE: event.candidate})
        elif isinstance(event, telemetry.CandidateBenched):
            self._benched.add(1, {names.CANDIDATE: event.candidate})


def _as_text(value: Any) -> str:
    """Spans hold no structures: JSON, as the conventions say."""
    return json.dumps(value, ensure_ascii=False, default=str)
